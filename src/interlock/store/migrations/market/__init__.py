"""The chain of the market file."""
