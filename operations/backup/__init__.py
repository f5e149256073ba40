"""MongoDB's tweets in one file, and back."""
