"""Which column is what: by its name, or, where a file names none, by what four prices and a volume can be.

An order of columns is taken only when every row agrees with it; two that would do are told apart by the market, which opens where it
closed. Two columns of volume are proven against each other: what was paid divided by what was bought is a price inside the bar.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from interlock.research.candles.table import BadBars

Floats = NDArray[np.float64]
PRICES: Final = ("open", "high", "low", "close")
TIME_NAMES: Final = (
    *("opentime", "opentimems", "unix", "timestamp", "time", "t", "ts", "startat", "start"),
    *("datetime", "date"),
)
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "open": ("open", "o", "openprice"),
    "high": ("high", "h", "highprice", "max"),
    "low": ("low", "l", "lowprice", "min"),
    "close": ("close", "c", "closeprice"),
    "volume": ("volume", "v", "vol", "basevolume", "basevol"),
}
WIDTH_MIN: Final = 6
# Volumes are printed rounded: their ratio may leave the bar's range by as much.
ROUNDING: Final = 1.5
PROVEN_SHARE: Final = 0.99
DECISIVE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Places:
    """Where things stand in a row. `prices` is empty where no name says it; `times` and `others` may hold several."""

    times: tuple[int, ...]
    prices: tuple[int, ...]
    volume: int
    others: tuple[int, ...]
    symbol: int | None


def places(names: Sequence[str] | None, width: int, symbol: str) -> Places:
    """The places that the names give; without names a time, four prices and a volume stand first, in an order still to be proven."""
    if names is None:
        if width < WIDTH_MIN:
            raise BadBars(f"It has {width} columns without names; time, prices and volume are six.")
        return Places((0,), (), 5, tuple(range(6, width)), None)
    plain = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in names]
    times = tuple(plain.index(name) for name in TIME_NAMES if name in plain)
    if not times:
        raise BadBars(f"None of its columns is a time: {', '.join(names)}.")
    base = symbol.partition("_")[0].lower()
    volumes = (*NAMES["volume"], f"volume{base}")
    others = (n for n, name in enumerate(plain) if "vol" in name or name == "turnover")
    volume = _place(plain, "volume", volumes)
    return Places(
        times=times[:1] if _is_plain(plain[times[0]]) else times,
        prices=tuple(_place(plain, price, NAMES[price]) for price in PRICES),
        volume=volume,
        others=tuple(n for n in others if n != volume and "taker" not in plain[n]),
        symbol=next((plain.index(name) for name in ("symbol", "pair") if name in plain), None),
    )


def _is_plain(name: str) -> bool:
    """Whether this name says that the bar opened then, so that no other column needs to be asked."""
    return name.startswith("opentime")


def _place(plain: Sequence[str], what: str, names: Sequence[str]) -> int:
    found = [n for name in names for n, each in enumerate(plain) if each == name]
    if not found:
        raise BadBars(f"None of its columns is the {what}: {', '.join(plain)}.")
    if plain.count(plain[found[0]]) > 1:
        raise BadBars(f"Two of its columns are called {plain[found[0]]}.")
    return found[0]


def order_of_prices(columns: Floats, follows: NDArray[np.bool_]) -> tuple[int, ...]:
    """Which of four unnamed columns is open, high, low and close.

    `columns` is 4 x bars, in order of time; `follows` says where a bar directly follows the one before it. BadBars when no order fits
    every row, or when two do and the market does not tell them apart.
    """
    fitting = [
        (opens, high, low, close)
        for opens, high, low, close in permutations(range(4))
        if (columns[high] >= columns.max(axis=0)).all()
        and (columns[low] <= columns.min(axis=0)).all()
    ]
    if not fitting:
        raise BadBars("No order of its four prices keeps every bar inside its own range.")
    # An exchange names the open before the close, so that among equals the first wins.
    scored = sorted(fitting, key=lambda order: (_jumps(columns, order, follows), order))
    best = scored[0]
    rivals = [each for each in scored[1:] if (each[0], each[3]) != (best[0], best[3])]
    if rivals and not _is_decisive(columns, best, rivals[0], follows) and best != (0, 1, 2, 3):
        raise BadBars("Its columns have no names, and which price is the open cannot be told.")
    return best


def _jumps(columns: Floats, order: tuple[int, ...], follows: NDArray[np.bool_]) -> float:
    """How far bars open from where the bars before them closed, in sum."""
    opens, close = columns[order[0]], columns[order[3]]
    return float(np.abs(opens[1:] - close[:-1])[follows].sum())


def _is_decisive(
    columns: Floats, best: tuple[int, ...], rival: tuple[int, ...], follows: NDArray[np.bool_]
) -> bool:
    return _jumps(columns, best, follows) < DECISIVE * _jumps(columns, rival, follows)


def proven_volume(
    volume: Floats, others: Iterator[Floats], low: Floats, high: Floats, lines: Sequence[int]
) -> tuple[Floats, int]:
    """The volume in base units, and in how many rows it stood in the place of what was paid.

    Another column proves it when nearly every row has one of the two in base and the other in quote; then a row that has neither is
    refused. A volume that nothing proves is taken by its name.
    """
    for other in others:
        straight, crossed = _is_paid(volume, other, low, high), _is_paid(other, volume, low, high)
        traded = (volume > 0) | (other > 0)
        if not traded.any() or (straight | crossed)[traded].mean() < PROVEN_SHARE:
            continue
        lost = np.flatnonzero(~straight & ~crossed & traded)
        if lost.size:
            raise BadBars("Neither volume is what the other one cost.", lines[int(lost[0])])
        swapped = crossed & ~straight
        return np.where(swapped, other, volume), int(swapped.sum())
    return volume, 0


def _is_paid(base: Floats, quote: Floats, low: Floats, high: Floats) -> NDArray[np.bool_]:
    return (quote >= base * low / ROUNDING) & (quote <= base * high * ROUNDING)
