"""Where an owner's own strategies run: in a process of their own, with a deadline and a bound on memory, and nobody else's secrets.

It is a wall against faults, not against malice: the code is the owner's, and runs as the owner.
"""
