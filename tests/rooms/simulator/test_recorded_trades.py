"""A symbol that is replayed from recorded trades has exactly those on its tape, their prices and no others, and their candles."""

from decimal import Decimal

import numpy as np
import pytest

from interlock.simulator import recordings
from interlock.simulator.config import Config, demo_key
from interlock.simulator.engine import Engine
from interlock.simulator.floor import Thinness
from interlock.simulator.front.serve import ServeOptions, configuration
from interlock.simulator.recordings import Tape
from interlock.values import Instant
from tests.rooms.simulator.person import Person

NAME = "cryptocom_BTC-USD_trades"
TAPE = recordings.trades(NAME)
FIRST, LAST = Instant(int(TAPE.time_ns[0]) // 1000), Instant(int(TAPE.time_ns[-1]) // 1000)


def at(number: int) -> Instant:
    return Instant(int(TAPE.time_ns[number]) // 1000)


@pytest.fixture
def engine() -> Engine:
    money = {"USD": Decimal(1_000_000), "BTC": Decimal(10)}
    return Engine(Config(at(0), {TAPE.symbol: TAPE}, (demo_key(0),), money))


@pytest.fixture
def someone(engine: Engine) -> Person:
    return Person(engine)


def test_the_tape_has_the_recorded_prints_and_no_others(engine: Engine, someone: Person) -> None:
    engine.advance(at(149))

    rows = someone.get("get-trades?instrument_name=BTC_USD&count=150")["result"]["data"]

    assert len(rows) == 150
    for n, row in enumerate(reversed(rows)):
        assert (row["d"], row["m"]) == (TAPE.trade_id[n], TAPE.match_id[n])
        assert Decimal(row["p"]) == Decimal(str(TAPE.price[n]))
        assert Decimal(row["q"]) == Decimal(str(TAPE.quantity[n]))
        assert row["s"] == str(TAPE.taker_side[n]).lower()


def test_the_price_is_that_of_the_last_trade_and_stands_at_its_time(
    engine: Engine, someone: Person
) -> None:
    engine.advance(Instant(at(700).micros + 1))
    (row,) = someone.get("get-tickers?instrument_name=BTC_USD")["result"]["data"]

    newest = int(np.searchsorted(TAPE.time_ns // 1000, engine.now.micros, side="right")) - 1
    assert Decimal(row["a"]) == Decimal(str(TAPE.price[newest]))
    assert row["t"] == at(newest).ms


def test_candles_are_folded_from_the_trades_also_the_one_that_forms(
    engine: Engine, someone: Person
) -> None:
    engine.advance(at(2500))
    page = "get-candlestick?instrument_name=BTC_USD&timeframe=1m&count=300"

    rows = someone.get(page)["result"]["data"]

    times, prices = TAPE.time_ns // 1_000_000, [Decimal(str(each)) for each in TAPE.price]
    for row in rows:
        ends = min(row["t"] + 60_000, engine.now.ms + 1)
        inside = np.flatnonzero((times >= row["t"]) & (times < ends))
        own = [prices[n] for n in inside if n <= 2500]
        told = [Decimal(row[name]) for name in "ohlc"]
        assert told == [own[0], max(own), min(own), own[-1]]
        volume = sum(Decimal(str(TAPE.quantity[n])) for n in inside if n <= 2500)
        assert Decimal(row["v"]) == volume


def test_no_more_is_taken_than_the_last_trade_exchanged(engine: Engine, someone: Person) -> None:
    engine.advance(at(10))
    someone.order("BUY", "5", instrument_name="BTC_USD", type="MARKET")

    fills = engine.books()["fills"]

    newest = int(np.searchsorted(TAPE.time_ns // 1000, engine.now.micros, side="right")) - 1
    assert [Decimal(fill["traded_quantity"]) for fill in fills] == [
        Decimal(str(TAPE.quantity[newest]))
    ]


def test_a_resting_order_is_met_by_the_first_trade_at_its_price_and_then_by_the_next(
    engine: Engine, someone: Person
) -> None:
    limit = Decimal(str(min(TAPE.price[:2000]))) + 5
    someone.order("BUY", "2", instrument_name="BTC_USD", price=str(limit))
    engine.advance(LAST)

    fills = engine.books()["fills"]

    level = limit / Decimal("1.0001")
    reached = [n for n in range(len(TAPE.time_ns)) if Decimal(str(TAPE.price[n])) <= level]
    assert fills[0]["create_time_ns"] == str(at(reached[0]).micros * 1000)
    assert all(Decimal(fill["traded_price"]) == limit for fill in fills)
    later = [n for n in reached if at(n) > at(reached[0])]
    assert fills[1]["create_time_ns"] == str(at(later[0]).micros * 1000)


def test_when_the_recording_is_over_nothing_can_be_had(engine: Engine, someone: Person) -> None:
    engine.advance(Instant(LAST.micros + 120_000_000))
    someone.order("BUY", "1", instrument_name="BTC_USD", type="MARKET")

    assert engine.books()["fills"] == []


def test_trades_are_served_by_their_name_and_begin_now_on_the_clock_of_the_wall() -> None:
    wall = Instant.of_iso("2026-11-25T13:00:30+00:00")
    config = configuration(ServeOptions(candles=(NAME,), start=at(100)), wall)

    (tape,) = config.replay.values()

    assert isinstance(tape, Tape)
    assert 0 <= wall.ms - int(tape.time[100]) < 60_000
    assert (tape.time_ns // 1_000_000 == tape.time).all()


def test_from_the_minute_after_a_gap_on_trades_and_candles_are_at_so_many_times_their_price(
    engine: Engine, someone: Person
) -> None:
    engine.advance(at(700))
    engine.floor.gap("BTC_USD", Decimal("0.5"), engine.now)
    edge = Instant(engine.now.micros // 60_000_000 * 60_000_000 + 60_000_000)
    engine.advance(Instant(edge.micros + 30_000_000))

    rows = someone.get("get-trades?instrument_name=BTC_USD&count=150")["result"]["data"]
    candles = someone.get("get-candlestick?instrument_name=BTC_USD&timeframe=1m")["result"]["data"]

    known = {
        str(name): Decimal(str(price))
        for name, price in zip(TAPE.trade_id, TAPE.price, strict=True)
    }
    behind = [row for row in rows if row["t"] >= edge.ms]
    assert behind
    for row in behind:
        assert abs(Decimal(row["p"]) - known[row["d"]] / 2) <= Decimal("0.01")
    (candle,) = [row for row in candles if row["t"] == edge.ms]
    assert Decimal(behind[0]["p"]) == Decimal(candle["c"])
    before = [Decimal(row["c"]) for row in candles if row["t"] < edge.ms]
    assert min(before) > Decimal(candle["h"]) * Decimal("1.5")


def test_a_thin_market_holds_the_share_of_the_last_trade_that_was_said(engine: Engine) -> None:
    engine.advance(at(10))
    page = "get-book?instrument_name=BTC_USD"
    person = Person(engine)
    whole = Decimal(person.get(page)["result"]["data"][0]["asks"][0][1])
    engine.floor.thin("BTC_USD", Thinness(volume_share=Decimal("0.25")), engine.now)

    assert Decimal(person.get(page)["result"]["data"][0]["asks"][0][1]) == whole / 4
