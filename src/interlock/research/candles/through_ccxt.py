"""A program: the public candles of any exchange that ccxt knows, as JSON lines. It is run in a process of its own, without any key.

python -m interlock.research.candles.through_ccxt EXCHANGE SYMBOL TIMEFRAME START_MS END_MS [REST]
"""

import json
import sys
from collections.abc import Iterator
from typing import Any, Final

import ccxt

from interlock.research.candles.timeframe import span_of, step_of

PAGE: Final = 300


def candles(
    client: Any,  # noqa: ANN401 - ccxt has no types
    market: str,
    timeframe: str,
    start_ms: int,
    end_ms: int,
) -> Iterator[list[Any]]:
    """Each bar that opens at `start_ms` or later and had closed by `end_ms`, oldest first; a page without bars is passed over."""
    step = step_of(span_of(timeframe))
    since = start_ms
    while since < end_ms:
        page = client.fetch_ohlcv(market, timeframe.lower(), since=since, limit=PAGE)
        new = sorted(row for row in page if since <= row[0] <= end_ms - step)
        yield from new
        since = new[-1][0] + step if new else since + PAGE * step


def client_of(exchange: str, rest: str) -> Any:  # noqa: ANN401 - ccxt has no types
    """Ccxt's client of this exchange, keyless; its addresses are all `rest` where that is given."""
    client = getattr(ccxt, exchange)({"enableRateLimit": True})
    if rest:
        root = rest.removesuffix("/exchange/v1")
        client.urls["api"] = {"base": root, "v1": rest, "v2": f"{root}/v2"}
    return client


def main() -> None:
    """One line per bar; a trouble is one line of stderr and exit 1."""
    exchange, symbol, timeframe, start, end, *rest = sys.argv[1:]
    if exchange not in ccxt.exchanges:
        sys.exit(f"ccxt knows no exchange {exchange}")
    client = client_of(exchange, "".join(rest))
    market = symbol.replace("_", "/")
    try:
        for row in candles(client, market, timeframe, int(start), int(end)):
            sys.stdout.write(f"{json.dumps(row)}\n")
    except ccxt.BaseError as error:
        sys.exit(f"{type(error).__name__}: {str(error)[:200]}")


if __name__ == "__main__":
    main()
