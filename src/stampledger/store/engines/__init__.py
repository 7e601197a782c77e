"""The database engines, one module each: what they do in their own way, and nothing else."""
