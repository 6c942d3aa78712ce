"""Their tickers and candlesticks as ticks and closed bars."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from interlock.errors import BadInput, Unreachable
from interlock.market import Bar, Tick
from interlock.protocol.crypto_com.market import TIMEFRAMES, bars, bars_params, ticks
from interlock.values import Instant

HOUR = timedelta(hours=1)
NOON = Instant.of_iso("2024-03-01T12:00:00")
TICKER = {"i": "BTC_USDT", "a": "62000.5", "b": "62000.4", "k": "62000.6", "t": NOON.ms}
CANDLE = {"o": "10", "h": "12", "l": "9", "c": "11", "v": "3", "t": NOON.ms}


def data(*rows: object, **more: object) -> bytes:
    return json.dumps({"data": rows, **more}).encode()


def candle(hours: int, **more: object) -> dict[str, Any]:
    return {**CANDLE, "t": (NOON + hours * HOUR).ms, **more}


def read(*rows: object, closed_by: Instant = NOON + 9 * HOUR) -> tuple[tuple[Bar, ...], int]:
    found = bars(data(*rows), "BTC_USDT", HOUR, closed_by)
    return found.facts, len(found.skipped)


def test_a_ticker_is_last_bid_and_ask() -> None:
    rows = ticks(data({**TICKER, "t": str(NOON.ms)}))
    prices = Decimal("62000.5"), Decimal("62000.4"), Decimal("62000.6")
    assert rows.facts == (Tick("BTC_USDT", *prices, NOON),)
    (cheap,) = ticks(data({**TICKER, "a": "0.002", "b": "0.001", "k": "0.003"})).facts
    assert (cheap.last, cheap.bid, cheap.ask) == tuple(map(Decimal, ("0.002", "0.001", "0.003")))


@pytest.mark.parametrize("side", [None, "0", "-1"])
def test_a_side_that_the_book_does_not_have_is_none(side: str | None) -> None:
    """Fault F5."""
    (tick,) = ticks(data({**TICKER, "b": side, "k": side})).facts
    assert (tick.bid, tick.ask) == (None, None)


def test_a_symbol_that_was_never_traded_or_is_not_ours_has_no_tick() -> None:
    rows = ticks(data({**TICKER, "a": None}, {**TICKER, "i": "BTCUSD-PERP"}, TICKER))
    assert (len(rows.facts), rows.skipped) == (1, ())


@pytest.mark.parametrize("last", ["0", "-5", "x", "NaN", "1e99", 5.5e300])
def test_a_price_that_cannot_be_is_reported_and_no_tick(last: object) -> None:
    """Faults F2, F3."""
    rows = ticks(data({**TICKER, "a": last}, TICKER))
    assert (len(rows.facts), len(rows.skipped)) == (1, 1)


def test_bars_come_ascending_and_once() -> None:
    facts, _ = read(candle(2), candle(0), candle(1), candle(1))
    assert [bar.opens for bar in facts] == [NOON, NOON + HOUR, NOON + 2 * HOUR]


def test_a_bar_that_still_forms_is_no_bar() -> None:
    """Fault F11."""
    facts, _ = read(candle(0), candle(1), closed_by=NOON + 2 * HOUR - timedelta(microseconds=1))
    assert [bar.opens for bar in facts] == [NOON]
    facts, _ = read(candle(0), candle(1), closed_by=NOON + 2 * HOUR)
    assert len(facts) == 2


@pytest.mark.parametrize(
    "bad", [{"h": "8"}, {"l": "0"}, {"v": "-1"}, {"t": NOON.ms + 1}, {"c": None}, {"o": ""}]
)
def test_a_candle_that_cannot_be_is_reported_and_loses_no_other(bad: dict[str, Any]) -> None:
    facts, skipped = read(candle(1, **bad) | bad, candle(0))
    assert (len(facts), skipped) == (1, 1)


def test_bars_of_another_symbol_are_no_answer() -> None:
    """Fault F12."""
    with pytest.raises(Unreachable):
        bars(data(CANDLE, instrument_name="ETH_USDT"), "BTC_USDT", HOUR, NOON + HOUR)


def test_one_bar_more_is_asked_for_since_the_newest_may_still_form() -> None:
    params = bars_params("BTC_USDT", HOUR, NOON, 50)
    assert params == {
        "instrument_name": "BTC_USDT",
        "timeframe": "1h",
        "count": 51,
        "end_ts": NOON.ms,
    }
    assert bars_params("BTC_USDT", HOUR, NOON, 300)["count"] == 300
    assert bars_params("BTC_USDT", HOUR, NOON, -1)["count"] == 1


def test_a_span_is_asked_for_by_the_name_that_says_its_length() -> None:
    units = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "D": timedelta(days=1)}

    for span, name in TIMEFRAMES.items():
        assert span == int(name[:-1]) * units[name[-1]]


def test_a_span_that_the_exchange_does_not_have_is_refused() -> None:
    with pytest.raises(BadInput):
        bars_params("BTC_USDT", timedelta(hours=3), NOON, 1)
