"""Makes anew what a store has lost, while the system runs: MongoDB, the tables, Redis."""
