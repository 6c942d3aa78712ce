"""The migrations: one chain for the books, one for the market file. Each step is frozen once it was released."""
