"""Pages of candles, folded from the bars of a market: closed ones as printed, and the one that still forms as far as the path has walked.

A timeframe finer than the bars has no candles. Rows are rendered once: a closed candle never changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from interlock.market import Bar
from interlock.simulator.market.replay import Source, exponent
from interlock.values import Instant, number_text

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
# Weeks and fortnights begin on Mondays; the fortnights are counted from this one.
MONDAY: Final = Instant.of_iso("2019-10-28").ms
MONTH: Final = 0

TIMEFRAMES: Final = MappingProxyType(
    {
        **{name: n * MINUTE for n in (1, 5, 15, 30) for name in (f"{n}m", f"M{n}")},
        **{name: n * HOUR for n in (1, 2, 4, 6, 12) for name in (f"{n}h", f"H{n}")},
        **{name: n * DAY for n in (1, 7, 14) for name in (f"{n}D", f"D{n}")},
        "1M": MONTH,
    }
)
"""Each spelling of a timeframe, in milliseconds; a calendar month has no length."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which candles are asked for: opening at or after `start` (if any) and before `end`, the newest `count` of them."""

    start: Instant | None
    end: Instant
    count: int


class Candles:
    """The candles of one source in one timeframe."""

    def __init__(self, source: Source, span_ms: int) -> None:
        self._source: Final = source
        opens = bucket_starts(source.opens, span_ms)
        folds = opens.size > 0 and _folds(span_ms, source.span_ms)
        firsts = np.flatnonzero(np.diff(opens, prepend=-1)) if folds else np.array([], np.int64)
        self._firsts: Final = firsts
        self._opens: Final = opens[firsts] if folds else np.array([], np.int64)
        self._rows: Final[dict[int, bytes]] = {}
        self.of: Final = source.opens

    def page(self, page: Page, now: Instant) -> bytes:
        """The candles of a page as they stand now: a JSON list, oldest first."""
        known = int(np.searchsorted(self._opens, now.ms, side="right"))
        last = min(known, int(np.searchsorted(self._opens, _ceil_ms(page.end), side="left")))
        first = 0
        if page.start is not None:
            first = int(np.searchsorted(self._opens, _ceil_ms(page.start), side="left"))
        first = max(first, last - page.count)
        rows = [self._row(n, now, forming=n == known - 1) for n in range(first, last)]
        return b"[" + b",".join(rows) + b"]"

    def _row(self, bucket: int, now: Instant, *, forming: bool) -> bytes:
        if forming:
            return self._render(bucket, self._seen(bucket, now))
        row = self._rows.get(bucket)
        if row is None:
            row = self._rows[bucket] = self._render(bucket, self._bars(bucket, self._end(bucket)))
        return row

    def _end(self, bucket: int) -> int:
        """The index after the last recorded bar of a bucket."""
        is_last = bucket + 1 == len(self._firsts)
        return len(self._source.opens) if is_last else int(self._firsts[bucket + 1])

    def _bars(self, bucket: int, end: int) -> list[Bar]:
        return [self._source.bar(n) for n in range(int(self._firsts[bucket]), end)]

    def _seen(self, bucket: int, now: Instant) -> list[Bar]:
        """The bars of the newest bucket, the last one cut off at now."""
        closed = self._bars(bucket, self._source.index_at(now))
        return [*closed, self._source.so_far(self._source.index_at(now), now)]

    def _render(self, bucket: int, bars: Sequence[Bar]) -> bytes:
        decimals = self._source.listed.price_decimals
        row = {
            "o": price_text(bars[0].open, decimals),
            "h": price_text(max(bar.high for bar in bars), decimals),
            "l": price_text(min(bar.low for bar in bars), decimals),
            "c": price_text(bars[-1].close, decimals),
            "v": number_text(sum((bar.volume for bar in bars), Decimal(0))),
            "t": int(self._opens[bucket]),
        }
        return msgspec.json.encode(row)


def price_text(price: Decimal, decimals: int) -> str:
    """A price with the decimals of its instrument, or more where the recording has more."""
    return f"{price:.{max(decimals, -exponent(price))}f}"


def bucket_starts(open_ms: NDArray[np.int64], span_ms: int) -> NDArray[np.int64]:
    """When the candle began to which a bar opening at each of these milliseconds belongs."""
    if span_ms == MONTH:
        months = open_ms.astype("datetime64[ms]").astype("datetime64[M]")
        return months.astype("datetime64[ms]").astype(np.int64)
    anchor = MONDAY if span_ms > DAY else 0
    starts: NDArray[np.int64] = (open_ms - anchor) // span_ms * span_ms + anchor
    return starts


def _folds(span_ms: int, bar_ms: int) -> bool:
    return span_ms == MONTH or (span_ms >= bar_ms and span_ms % bar_ms == 0)


def _ceil_ms(instant: Instant) -> int:
    return -(-instant.micros // 1000)
