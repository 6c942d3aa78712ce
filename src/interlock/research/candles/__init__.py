"""Candles for research: read from any file or fetched, checked, kept under one name each, and opened again as a `market.Window`.

Nothing is invented and nothing is guessed: a file gives bars, or a reason with the line where it ends.
"""
