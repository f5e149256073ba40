"""Who may send, how fast, and what became of it: keys at the door, off unless a file of keys is given."""
