"""The chain of the books."""
