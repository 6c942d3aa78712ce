"""What can be traded, as the exchange last listed it. A list older than a day is unknown."""

from datetime import timedelta
from typing import Final

from interlock.ports import Clock, Exchange
from interlock.values import Instant, Instrument, Known, Unknown

REFRESH: Final = timedelta(hours=6)
AGE_MAX: Final = timedelta(hours=24)


class Instruments:
    """The list, read when it is first needed and again every six hours."""

    def __init__(self, exchange: Exchange, clock: Clock) -> None:
        self._exchange = exchange
        self._clock = clock
        self._listed: dict[str, Instrument] = {}
        self._read_at: Instant | None = None

    async def refresh(self) -> None:
        """Reads the list when it is not young; raises what the exchange client raises."""
        now = self._clock.now()
        if self._read_at is not None and now - self._read_at < REFRESH:
            return
        listed = await self._exchange.instruments()
        self._listed = {instrument.symbol: instrument for instrument in listed}
        self._read_at = now

    def get(self, symbol: str) -> Known[Instrument] | Unknown:
        """One instrument, or why it is unknown."""
        if self._read_at is None or self._clock.now() - self._read_at > AGE_MAX:
            return Unknown("the instrument list was not read within a day")
        found = self._listed.get(symbol)
        return Known(found, self._read_at) if found else Unknown(f"{symbol} is not listed")
