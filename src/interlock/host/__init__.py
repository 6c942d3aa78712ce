"""Facts of the host, and its wall clock."""
