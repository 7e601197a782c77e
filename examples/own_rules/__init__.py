"""A coffee bar that tests its own programme: what it promises itself is a law of four lines."""
