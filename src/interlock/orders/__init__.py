"""What we asked for: the intent, its attempts, the evidence about it, and the one life table."""
