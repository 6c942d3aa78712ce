"""The account's own truth at the simulated exchange: its orders and their lives, its money, and what happened to both."""
