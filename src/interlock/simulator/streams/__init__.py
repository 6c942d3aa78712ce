"""The sockets of the simulated exchange: what is said on them, who listens, and what goes wrong on the way. The engine knows none of it.

The front reads the engine's events from where it stopped, after each request and each step of the clock; a gap is never filled.
"""
