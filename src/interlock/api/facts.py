"""What the probe may know of a symbol for scope ORDER, from memory alone; what is not at hand is Unknown, and blocks."""

from collections.abc import Callable

from interlock.api.memory import Snapshot
from interlock.evidence.picture import Decided
from interlock.risk.question import Facts
from interlock.values import Instrument, Known, Unknown

Instruments = Callable[[str], Known[Instrument] | Unknown]
NEEDED = ("ema10", "ma50")


def no_instruments(symbol: str) -> Unknown:
    """Nobody gave the API the list of instruments."""
    return Unknown(f"the instruments are not at hand for {symbol}")


def facts(symbol: str, shown: Snapshot, decided: Decided | None, instruments: Instruments) -> Facts:
    """The facts of one symbol as the last decision and the last price left them."""
    picture, tick = shown.picture, shown.ticks.get(symbol)
    rows = (row for row in picture.watchlist if row.symbol == symbol and not row.is_deleted)
    return Facts(
        instrument=instruments(symbol),
        tick=Known(tick, tick.at) if tick else Unknown("no price was heard"),
        bar_ended=decided.signal.ends if decided else Unknown("no bar was decided"),
        indicators_known=decided is not None and _are_numbers(decided),
        row=next(rows, None),
        epoch=picture.tenure.epoch if picture.tenure and shown.is_led else None,
        close=decided.signal.close if decided else Unknown("no bar was decided"),
    )


def _are_numbers(decided: Decided) -> bool:
    """Whether every indicator that an entry needs was a number at the decided bar."""
    values = decided.signal.values
    return all(isinstance(values.get(name), float | int) for name in NEEDED)
