"""The working day: updater, settler, monitor, guardian, auditor, herald and the trader they share; each one pass, callable by hand.

A pass reads the store at its start, asks the exchange, calls the row for every decision, and commits. It returns when it is next due.
"""
