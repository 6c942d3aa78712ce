"""The door of the runbook: one signed, read-only look at the account of the configured exchange, for a person or the verifier.

It shows an account or raises. An account without a balance is none, and the simulator that mode SIM starts is no exchange.
"""

import asyncio
from typing import Any, Final

from interlock.account import AccountReading, Mode
from interlock.errors import NotAuthorised, Unreachable
from interlock.evidence.diagnosis import LIKELY_CAUSE
from interlock.settings import Settings, read
from interlock.values import number_text
from interlock.wiring.looks import read_account

WORDS_MAX: Final = 60


class CryptoComTradeClient:
    """What the runbook knows of the old client: it signs with the environment's key, and only reads."""

    def get_account_summary(self) -> dict[str, Any]:
        """The account as the exchange shows it now; a refused authentication is a RuntimeError, as the runbook prints it."""
        settings = read()
        if _is_simulated(settings):
            raise RuntimeError("The SIM transport shows no account of the exchange (mode SIM).")
        try:
            reading = asyncio.run(read_account(settings))
        except NotAuthorised as refused:
            raise RuntimeError(_shut_out(refused)) from refused
        return _summary(reading)


def _is_simulated(settings: Settings) -> bool:
    return settings.sim.control is not None or settings.mode is Mode.SIM


def _shut_out(refused: NotAuthorised) -> str:
    """The refusal within 200 characters: code and words first, then the most likely cause, which is not a proven one."""
    said = f"{refused.code} {refused.message[:WORDS_MAX]}"
    return f"Crypto.com refused authentication: {said}. Most likely: {LIKELY_CAUSE}; run `interlock doctor`."


def _summary(reading: AccountReading) -> dict[str, Any]:
    if not reading.balances:
        raise Unreachable("The exchange shows an account without a single balance.")
    balances = [
        {
            "currency": balance.currency,
            "balance": number_text(balance.total),
            "available": number_text(balance.available),
        }
        for balance in reading.balances.values()
    ]
    account = {
        "equity": number_text(reading.equity),
        "exposure": number_text(reading.exposure),
        "balances": balances,
    }
    return {"accounts": [account], "as_of": reading.as_of.iso()}
