"""Research: backtest, sweep, walk-forward and their reports, on the very rows that trade.

The columns of a strategy are computed at once; the row (sizing, judge, intent, ledger, protection) walks only where a decision is
taken, and fills are those of `matching`. Nothing here is imported by a platform that trades.
"""
