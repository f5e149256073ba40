"""The ground that every service stands on: what they share, and nothing else."""
