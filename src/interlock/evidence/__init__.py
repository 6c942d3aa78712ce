"""What we can prove: check rows, and the proof that they make or fail to make."""
