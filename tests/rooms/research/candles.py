"""Real bars that ship, as a window, and as the files that people have."""

import json
from collections.abc import Sequence
from datetime import timedelta

from interlock.market import Window
from interlock.simulator import recordings
from interlock.values import Instant

HOUR = timedelta(hours=1)


def shipped(name: str = "binance_BTC-USDT_1h", first: int = 0, bars: int | None = None) -> Window:
    """A part of a series that ships."""
    found = recordings.load(name)
    arrays = (found.open, found.high, found.low, found.close, found.volume)
    part = slice(first, None if bars is None else first + bars)
    span = timedelta(milliseconds=found.timeframe_ms)
    return Window(found.symbol, span, found.open_time[part], *(a[part] for a in arrays))


def rows(window: Window) -> list[tuple[int, float, float, float, float, float]]:
    """Milliseconds, open, high, low, close, volume."""
    return list(zip(window.opens_ms.tolist(), *(a.tolist() for a in window.arrays), strict=True))


def csv(lines: Sequence[Sequence[object]]) -> bytes:
    return "".join(",".join(map(str, line)) + "\n" for line in lines).encode()


def pages_in_another_order(window: Window, page: int = 50) -> bytes:
    """No names; open, close, low, high; seconds; pages that begin with the last bar of the page before."""
    lines: list[list[object]] = []
    for n, (at, o, h, low, c, v) in enumerate(rows(window)):
        line: list[object] = [at // 1000, o, c, low, h, v, 1234 + n]
        lines += [line, line] if n and n % page == 0 else [line]
    return csv(lines)


def newest_first_with_swapped_volumes(window: Window, swapped_before: int) -> bytes:
    """Names on top, two columns of volume that have changed places in the older bars."""
    lines: list[list[object]] = []
    for n, (at, o, h, low, c, v) in enumerate(rows(window)):
        cost = round(v * (low + h) / 2, 2)
        volumes = [cost, round(v, 2)] if n < swapped_before else [v, cost]
        date = Instant.of_ms(at).iso()[:19].replace("T", " ")
        lines.append([at // 1000, date, "BTC/USD", o, h, low, c, *volumes])
    names = ["unix", "date", "symbol", "open", "high", "low", "close", "volume", "Volume USD"]
    return csv([names, *reversed(lines)])


def json_lines(window: Window) -> bytes:
    """As the exchange's own candlesticks."""
    keys = ("t", "o", "h", "l", "c", "v")
    lines = (json.dumps(dict(zip(keys, row, strict=True))) for row in rows(window))
    return "\n".join(lines).encode()
