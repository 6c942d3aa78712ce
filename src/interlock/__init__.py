"""Interlock: an automated trading platform that cannot trade unless it is proven safe to.

The pure rooms stand in a row, in the order in which a datum walks through them (ARCHITECTURE.md); each imports only rooms before it.
"""
