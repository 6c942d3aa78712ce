"""The simulated exchange behind ports: HTTP, the control port, the stepping clock, and the process that serves them."""
