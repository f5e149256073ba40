"""TCP between the parts of a stack, with the faults that networks have."""
