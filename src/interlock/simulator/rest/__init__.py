"""What the simulated exchange answers: who may ask, how a request is read, every method of REST v1, and the rows that it shows."""
