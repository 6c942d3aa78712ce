"""What real exchanges printed: closed bars, a tape of trades, Crypto.com's list of instruments.

`MANIFEST.json` says of every file where it comes from, what it holds and what its bytes hash to;
`ATTRIBUTION.md` says it in words, and `LICENSES/` has the texts. Nothing here was corrected or
filled in: an outage is a hole, a dead market is a row of flat bars. A file that is not byte for
byte the one in the manifest is refused, never read in part.
"""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from interlock.errors import BadInput, InterlockError

HERE: Final = Path(__file__).parent


class UnknownRecording(BadInput):
    """No recording of this name is shipped."""

    remedy: ClassVar[str] = "Ask `interlock.simulator.recordings.available()` for the names."


class DamagedRecording(InterlockError):
    """A recording is not the file that its manifest describes."""

    remedy: ClassVar[str] = (
        "Install the package again, or restore the folder of recordings from version control."
    )


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Closed bars of one market, oldest first, each named by the time at which it opened.

    Times are milliseconds since 1970 UTC and multiples of `timeframe_ms`. Prices are in the quote
    currency, volume in the base currency; `Decimal(repr(float(x)))` is the number that the exchange
    printed. The symbol is spelled as Crypto.com spells it, whichever exchange printed the bars.
    The arrays are read-only. Bars may be missing where the exchange was away.
    """

    symbol: str
    timeframe_ms: int
    open_time: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Tape:
    """Trades of one market in the order in which they happened.

    `time` is milliseconds and `time_ns` nanoseconds since 1970 UTC. Ids, price and quantity are
    the text that the exchange printed: the ids have 19 digits, more than a float can hold.
    """

    symbol: str
    time: NDArray[np.int64]
    time_ns: NDArray[np.int64]
    trade_id: NDArray[np.str_]
    match_id: NDArray[np.str_]
    price: NDArray[np.str_]
    quantity: NDArray[np.str_]
    taker_side: NDArray[np.str_]


class _Entry(msgspec.Struct, frozen=True):
    file: str
    sha256: str
    symbol: str = ""
    timeframe_ms: int = 0


class _Manifest(msgspec.Struct, frozen=True):
    candles: dict[str, _Entry]
    trades: dict[str, _Entry]
    documents: dict[str, _Entry]


def available(folder: Path = HERE) -> tuple[str, ...]:
    """Name the series that `load` knows, in alphabetical order."""
    return tuple(sorted(_manifest(folder).candles))


def load(name: str, folder: Path = HERE) -> Series:
    """Read one whole series, such as `binance_BTC-USDT_1h`."""
    entry = _entry(_manifest(folder).candles, name)
    columns = _arrays(_proven(entry, folder))
    return Series(symbol=entry.symbol, timeframe_ms=entry.timeframe_ms, **columns)


def between(series: Series, start_ms: int, end_ms: int) -> Series:
    """Cut out the bars that open at or after the start and before the end, without copying."""
    first, last = np.searchsorted(series.open_time, [start_ms, end_ms])
    part = slice(first, last)
    return Series(
        symbol=series.symbol,
        timeframe_ms=series.timeframe_ms,
        open_time=series.open_time[part],
        open=series.open[part],
        high=series.high[part],
        low=series.low[part],
        close=series.close[part],
        volume=series.volume[part],
    )


def trades(name: str, folder: Path = HERE) -> Tape:
    """Read one tape of trades, such as `cryptocom_BTC-USD_trades`."""
    entry = _entry(_manifest(folder).trades, name)
    columns = _arrays(_proven(entry, folder))
    return Tape(symbol=entry.symbol, quantity=columns.pop("qty"), **columns)


def recorded(name: str, folder: Path = HERE) -> Series | Tape:
    """Read what goes by this name: bars or trades."""
    return trades(name, folder) if name in _manifest(folder).trades else load(name, folder)


def instruments(folder: Path = HERE) -> list[dict[str, Any]]:
    """Read the rows of a recorded `public/get-instruments`: its order, its fields, its types."""
    raw = _proven(_entry(_manifest(folder).documents, "instruments"), folder)
    return msgspec.json.decode(raw, type=list[dict[str, Any]])


def risk_parameters(folder: Path = HERE) -> dict[str, Any]:
    """Read the result of a recorded `public/get-risk-parameters`, order limits among it."""
    raw = _proven(_entry(_manifest(folder).documents, "risk_parameters"), folder)
    return msgspec.json.decode(raw, type=dict[str, Any])


def _manifest(folder: Path) -> _Manifest:
    try:
        return msgspec.json.decode((folder / "MANIFEST.json").read_bytes(), type=_Manifest)
    except (OSError, msgspec.MsgspecError) as cause:
        raise DamagedRecording(f"MANIFEST.json cannot be read: {cause}.") from cause


def _entry(listed: Mapping[str, _Entry], name: str) -> _Entry:
    if name not in listed:
        raise UnknownRecording(f"{name!r} is none of {', '.join(sorted(listed))}.")
    return listed[name]


def _proven(entry: _Entry, folder: Path) -> bytes:
    try:
        raw = (folder / entry.file).read_bytes()
    except OSError as cause:
        raise DamagedRecording(f"{entry.file} cannot be read: {cause}.") from cause
    if hashlib.sha256(raw).hexdigest() != entry.sha256:
        raise DamagedRecording(f"{entry.file} is not the file that MANIFEST.json describes.")
    return raw


def _arrays(raw: bytes) -> dict[str, NDArray[Any]]:
    with np.load(io.BytesIO(raw), allow_pickle=False) as npz:
        columns = {column: npz[column] for column in npz.files}
    for values in columns.values():
        values.flags.writeable = False
    return columns
