"""What can be traded, as the exchange last listed it. A list older than a day is unknown.

The list is kept with the market data, so that a process that does not read it itself, and one that was just started, know it too.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from interlock.ports import Clock, MarketFile
from interlock.values import Instant, Instrument, Known, Unknown

REFRESH: Final = timedelta(hours=6)
AGE_MAX: Final = timedelta(hours=24)


class Instruments:
    """The list: read when a process first needs it and again every six hours, by whoever reads the market."""

    def __init__(self, market: MarketFile, clock: Clock) -> None:
        self._market = market
        self._clock = clock
        self._listed: dict[str, Instrument] = {}
        self._read_at: Instant | None = None

    @property
    def is_due(self) -> bool:
        """Whether this process should read the list from the exchange."""
        return self._read_at is None or self._clock.now() - self._read_at >= REFRESH

    def keep(self, listed: Sequence[Instrument]) -> None:
        """Keeps what the exchange lists now."""
        now = self._clock.now()
        self._market.keep_instruments(listed, now)
        self._listed = {instrument.symbol: instrument for instrument in listed}
        self._read_at = now

    def doubt(self) -> None:
        """The exchange refused something for its grid: what was read is read again, and until then it is what is known."""
        self._read_at = None

    def get(self, symbol: str) -> Known[Instrument] | Unknown:
        """One instrument, or why it is unknown."""
        found = self._own(symbol) or self._market.instrument(symbol)
        if isinstance(found, Known) and self._clock.now() - found.as_of > AGE_MAX:
            return Unknown("the instrument list was not read within a day")
        return found

    def _own(self, symbol: str) -> Known[Instrument] | None:
        found = self._listed.get(symbol)
        return Known(found, self._read_at) if found and self._read_at else None
