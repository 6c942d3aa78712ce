"""The name plate of the runbook's import path: the client behind it lives in our rooms, nothing lives here."""

from interlock.cli.runbook import CryptoComTradeClient

__all__ = ["CryptoComTradeClient"]
