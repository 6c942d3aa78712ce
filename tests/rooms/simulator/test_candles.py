"""Candles are what was recorded: folded exactly, closed ones for ever the same, the forming one never ahead of the clock."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.market import Bar, fold
from interlock.simulator import recordings
from interlock.simulator.config import Config, demo_key
from interlock.simulator.engine import Engine
from interlock.simulator.recordings import Series
from interlock.values import Instant
from tests.rooms.simulator.person import BTC, FALLING, HOUR_MS, START, Person, exchange

HOUR = timedelta(hours=1)
SERIES = recordings.load("binance_BTC-USDT_1h")
DEMO = Instant.of_iso("2024-02-29T00:00:00+00:00")


def demo(now: Instant = DEMO) -> Person:
    return Person(Engine(Config(start=now, replay={BTC: SERIES}, keys=(demo_key(0),))))


def rows(person: Person, timeframe: str, **query: int) -> list[dict[str, Any]]:
    asked = "".join(f"&{name}={value}" for name, value in query.items())
    path = f"get-candlestick?instrument_name={BTC}&timeframe={timeframe}{asked}"
    found: list[dict[str, Any]] = person.get(path)["result"]["data"]
    return found


def recorded(series: Series, end: Instant, count: int) -> list[Bar]:
    """The newest `count` recorded bars that had closed by `end`."""
    span = timedelta(milliseconds=series.timeframe_ms)
    last = int((series.open_time <= (end - span).ms).sum())
    columns = (series.open, series.high, series.low, series.close, series.volume)
    return [
        Bar(
            series.symbol,
            Instant.of_ms(int(series.open_time[n])),
            span,
            *(Decimal(repr(float(column[n]))) for column in columns),
        )
        for n in range(last - count, last)
    ]


def as_bar(row: dict[str, Any], span: timedelta) -> Bar:
    numbers = (Decimal(row[name]) for name in ("o", "h", "l", "c", "v"))
    return Bar(BTC, Instant.of_ms(row["t"]), span, *numbers)


def test_closed_candles_are_the_recorded_ones_to_the_last_digit() -> None:
    found = rows(demo(), "1h", count=300, end_ts=DEMO.ms)

    assert [as_bar(row, HOUR) for row in found] == recorded(SERIES, DEMO, 300)
    assert len(found[0]["o"].split(".")[1]) == 2


@pytest.mark.parametrize(
    ("timeframe", "hours"), [("2h", 2), ("4h", 4), ("6h", 6), ("12h", 12), ("1D", 24)]
)
def test_coarser_candles_are_the_fold_of_the_recorded_ones(timeframe: str, hours: int) -> None:
    span = timedelta(hours=hours)

    found = rows(demo(), timeframe, count=50, end_ts=DEMO.ms)

    assert [as_bar(row, span) for row in found] == list(
        fold(recorded(SERIES, DEMO, 50 * hours), span)
    )


@pytest.mark.parametrize(
    ("timeframe", "opens"),
    [("7D", "2024-02-26"), ("14D", "2024-02-26"), ("1M", "2024-02-01"), ("D1", "2024-02-29")],
)
def test_long_candles_begin_on_mondays_and_on_the_first_of_the_month(
    timeframe: str, opens: str
) -> None:
    assert rows(demo(), timeframe)[-1]["t"] == Instant.of_iso(opens).ms


def test_a_page_has_twenty_five_candles_and_never_more_than_three_hundred() -> None:
    person = demo()

    assert len(rows(person, "1h")) == 25
    assert len(rows(person, "1h", count=5000)) == 300
    assert all(one["t"] + HOUR_MS == two["t"] for one, two in pairwise(rows(person, "1h")))


@pytest.mark.parametrize("scale", [1, 1000, 1_000_000])
def test_the_end_is_exclusive_in_every_unit_of_time(scale: int) -> None:
    end = (DEMO - HOUR).ms * scale

    assert rows(demo(), "1h", end_ts=end)[-1]["t"] == (DEMO - 2 * HOUR).ms
    assert rows(demo(), "1h", end_ts=(DEMO - HOUR).ms // 1000)[-1]["t"] == (DEMO - 2 * HOUR).ms


def test_a_start_cuts_the_page_and_the_count_outweighs_it() -> None:
    start = (DEMO - 5 * HOUR).ms

    assert [row["t"] for row in rows(demo(), "1h", start_ts=start, count=3)] == [
        (DEMO - n * HOUR).ms for n in (2, 1, 0)
    ]
    assert rows(demo(), "1h", start_ts=start)[0]["t"] == start


def test_history_reaches_back_before_the_start() -> None:
    december = Instant.of_iso("2023-12-01").ms

    assert (
        rows(demo(), "1h", start_ts=december, end_ts=december + HOUR_MS, count=300)[0]["t"]
        == december
    )


def test_a_timeframe_finer_than_the_recording_has_no_candles() -> None:
    assert rows(demo(), "5m") == []


def test_the_newest_candle_forms_along_the_path_and_closes_as_recorded() -> None:
    person = Person(exchange(FALLING))
    person.engine.advance(START)
    seen = []
    for minutes in (0, 20, 30, 40, 60):
        person.engine.advance(START + timedelta(minutes=minutes))
        row = rows(person, "1h", end_ts=(START + HOUR).ms)[-1]
        seen.append((row["o"], row["h"], row["l"], row["c"], row["v"]))

    assert seen == [
        ("50000.00", "50000.00", "50000.00", "50000.00", "0"),
        ("50000.00", "50000.00", "49900.00", "49900.00", "333.33333333"),
        ("50000.00", "50450.00", "49900.00", "50450.00", "500"),
        ("50000.00", "51000.00", "49900.00", "51000.00", "666.66666667"),
        ("50000.00", "51000.00", "49900.00", "50500.00", "1000"),
    ]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(min_value=0, max_value=30 * 24 * 3600),
    st.sampled_from(["1h", "4h", "1D", "7D", "1M"]),
)
def test_no_candle_and_no_ticker_knows_what_comes_after_now(seconds: int, timeframe: str) -> None:
    now = DEMO + timedelta(seconds=seconds)
    recent = recordings.between(SERIES, Instant.of_iso("2023-12-01").ms, SERIES.open_time[-1])
    whole, cut = (
        Person(Engine(Config(start=now, replay={BTC: series}, keys=(demo_key(0),))))
        for series in (recent, recordings.between(recent, 0, now.ms + 1))
    )

    page = rows(whole, timeframe)

    assert page == rows(cut, timeframe)
    assert whole.get("get-tickers") == cut.get("get-tickers")
    assert page[-1]["t"] <= now.ms
    if timeframe == "1h":
        assert page[-1]["c"] == whole.get("get-tickers")["result"]["data"][0]["a"]


def test_where_the_exchange_was_away_the_price_and_its_time_stand_still() -> None:
    hole = Instant.of_iso("2023-03-24T12:40:00+00:00")
    times = SERIES.open_time
    gaps = [int(one) for one, two in pairwise(times[-20000:]) if two - one > HOUR_MS]
    away = Instant.of_ms(gaps[-1]) + HOUR
    person = demo(away - timedelta(seconds=1))
    person.engine.advance(away + timedelta(minutes=30))

    ticker = person.get("get-tickers")["result"]["data"][0]

    assert hole.ms // 86_400_000 == away.ms // 86_400_000
    assert ticker["t"] == away.ms
    assert ticker["a"] == rows(person, "1h")[-1]["c"]
    assert (
        person.order("BUY", "0.001", price=ticker["k"], time_in_force="IMMEDIATE_OR_CANCEL")["code"]
        == 43004
    )


def test_the_ticker_shows_the_day_behind_it() -> None:
    ticker = demo().get("get-tickers")["result"]["data"][0]
    day = recorded(SERIES, DEMO, 24)

    assert Decimal(ticker["h"]) == max(bar.high for bar in day)
    assert Decimal(ticker["l"]) == min(bar.low for bar in day)
    assert Decimal(ticker["v"]) == sum(bar.volume for bar in day)
    assert Decimal(ticker["b"]) < Decimal(ticker["a"]) < Decimal(ticker["k"])
    assert Decimal(ticker["c"]) == ((Decimal(ticker["a"]) - day[0].open) / day[0].open).quantize(
        Decimal("0.0001")
    )
    assert ticker["t"] == DEMO.ms
