"""What is needed to make the library, and is no part of it."""
