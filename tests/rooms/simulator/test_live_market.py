"""A market that is told what it costs as it comes: nothing is known beforehand, and what is old is unknown."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from interlock.errors import BadInput, BadSettings, Misuse
from interlock.simulator.config import Config, demo_key
from interlock.simulator.engine import Engine
from interlock.simulator.front.feed import MarketAt
from interlock.simulator.front.serve import ServeOptions, configuration
from interlock.values import Instant
from tests.rooms.simulator.person import START, Person, exchange

SECOND = timedelta(seconds=1)
TICKER = "get-tickers?instrument_name=BTC_USDT"


def frame(channel: str, *rows: object, **more: object) -> bytes:
    told = {"channel": channel, "instrument_name": "BTC_USDT", "data": rows}
    return json.dumps(told | more).encode()


def book(bid: str, ask: str, size: str = "1") -> bytes:
    sides = {"bids": [[bid, size, "1"]], "asks": [[ask, size, "1"], ["99999", "5", "1"]]}
    return frame("book", sides | {"t": 0})


def trade(price: str, number: int, at: Instant) -> bytes:
    row = {"d": str(number), "t": at.ms, "p": price, "q": "0.5", "s": "SELL", "i": "BTC_USDT"}
    return frame("trade", row | {"m": str(number)})


def ticker(price: str, at: Instant) -> bytes:
    row = {"h": "51000", "l": "49000", "v": "3", "vv": "150000", "c": "0.01", "b": "1", "k": "2"}
    return frame("ticker", row | {"i": "BTC_USDT", "a": price, "t": at.ms, "oi": "0"})


def candle(at: Instant, close: str) -> dict[str, object]:
    return {"o": "1", "h": "90000", "l": "1", "c": close, "v": "2", "t": at.ms}


class Listener:
    """An engine that is fed, and what it was fed, with the time of each."""

    def __init__(self, **changes: Any) -> None:  # noqa: ANN401 - whatever an exchange is made of
        money = {"USDT": Decimal(100_000), "BTC": Decimal(1)}
        config = Config(START, {}, (demo_key(0),), money, live=("BTC_USDT",))
        self.engine = Engine(replace(config, **changes))
        self.person = Person(self.engine)
        self.heard: list[tuple[Instant, bytes]] = []

    def hear(self, *frames: bytes, after: timedelta = SECOND) -> None:
        self.engine.advance(self.engine.now + after)
        for each in frames:
            self.heard.append((self.engine.now, each))
            self.engine.feed(each)

    def at(self, bid: str, ask: str, size: str = "1") -> None:
        number = len(self.heard)
        self.hear(trade(bid, number, self.engine.now), book(bid, ask, size))

    @property
    def fills(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.engine.books()["fills"]
        return found


@pytest.fixture
def market() -> Listener:
    return Listener()


def test_before_anything_was_said_an_order_is_refused(market: Listener) -> None:
    assert market.person.buy()["code"] == 309
    market.hear(trade("50000", 1, START))
    assert market.person.buy()["code"] == 309
    market.hear(book("49999", "50001"))
    assert market.person.buy()["code"] == 0


def test_an_order_takes_what_the_real_book_holds_level_by_level(market: Listener) -> None:
    market.at("50000", "50001", "0.4")
    market.person.order("BUY", "0.6", price="60000", time_in_force="IMMEDIATE_OR_CANCEL")

    assert [(each["traded_price"], each["traded_quantity"]) for each in market.fills] == [
        ("50001.00", "0.4")
    ]
    market.person.order("BUY", "0.1", price="60000", time_in_force="IMMEDIATE_OR_CANCEL")
    assert len(market.fills) == 1


def test_what_was_taken_is_there_again_when_the_book_is_told_anew(market: Listener) -> None:
    market.at("50000", "50001", "0.4")
    market.person.buy("0.6", price="50001")
    market.hear(ticker("50000", market.engine.now))
    assert [each["taker_side"] for each in market.fills] == ["TAKER"]

    market.hear(book("50000", "50001", "0.4"))

    assert [each["taker_side"] for each in market.fills] == ["TAKER", "MAKER"]
    assert sum(Decimal(each["traded_quantity"]) for each in market.fills) == Decimal("0.6")


def test_less_than_a_lot_is_nothing_to_take(market: Listener) -> None:
    market.at("50000", "50001")
    market.person.buy("0.5", price="49500")

    market.at("49000", "49001", "0.000000001")

    assert market.fills == []


def test_a_resting_order_is_met_when_the_book_comes_to_it(market: Listener) -> None:
    market.at("50000", "50001")
    market.person.buy("0.5", price="49500")
    market.at("49600", "49601")
    assert market.fills == []

    market.at("49000", "49001")

    (fill,) = market.fills
    assert (fill["traded_price"], fill["taker_side"]) == ("49500.00", "MAKER")
    assert fill["create_time_ns"] == str(market.engine.now.micros * 1000)


def test_a_stop_that_the_price_jumps_over_sells_at_the_price_after_the_jump(
    market: Listener,
) -> None:
    market.at("50000", "50001")
    market.person.stop("49000", "0.5")
    market.hear(book("47000", "47001"))
    assert market.fills == []

    market.hear(trade("47000", 9, market.engine.now))

    (fill,) = market.fills
    assert (fill["traded_price"], fill["side"]) == ("47000.00", "SELL")


def test_of_several_trades_in_one_frame_each_is_a_price(market: Listener) -> None:
    market.at("50000", "50001")
    market.person.stop("49000", "0.5")
    rows = [
        {"d": str(n), "t": START.ms + 5000 + n, "p": price, "q": "1", "s": "SELL", "m": "1"}
        for n, price in ((3, "50000"), (2, "48999"), (1, "50000"))
    ]

    market.hear(frame("trade", *rows))
    assert len(market.fills) == 1

    market.hear(frame("trade", *rows))
    tape = market.person.get("get-trades?instrument_name=BTC_USDT")["result"]["data"]
    told = [row["d"] for row in tape if row["d"] in {"1", "2", "3"}]
    assert told == []
    market.engine.advance(START + timedelta(seconds=6))
    tape = market.person.get("get-trades?instrument_name=BTC_USDT")["result"]["data"]
    assert [row["d"] for row in tape if row["d"] in {"1", "2", "3"}] == ["3", "2", "1"]


def test_when_nothing_is_heard_prices_are_unknown_and_the_ticker_stands_still(
    market: Listener,
) -> None:
    market.at("50000", "50001")
    market.hear(ticker("50000", market.engine.now))
    market.person.buy("0.1", price="49000")
    told = market.person.get(TICKER)["result"]["data"]
    market.engine.advance(market.engine.now + 11 * SECOND)

    assert market.person.get(TICKER)["result"]["data"] == told
    assert market.person.get("get-book?instrument_name=BTC_USDT")["result"]["data"][0]["asks"] == []
    assert market.person.buy()["code"] == 309
    assert market.person.order("SELL", "0.1", type="MARKET")["code"] == 309
    assert market.person.ask("cancel-order", client_oid="oid-0")["code"] == 0

    market.at("50000", "50001")
    assert market.person.buy("0.1")["code"] == 0


def test_the_ticker_is_the_one_that_was_told(market: Listener) -> None:
    market.hear(ticker("50000", START), book("49999", "50001"))

    (row,) = market.person.get(TICKER)["result"]["data"]

    assert (row["a"], row["h"], row["c"], row["t"]) == ("50000", "51000", "0.01", START.ms)


def test_candles_are_those_that_were_told_and_longer_ones_are_folded(market: Listener) -> None:
    hour = timedelta(hours=1)
    rows = [candle(START + n * hour, str(100 + n)) for n in range(-8, 1)]
    market.hear(frame("candlestick", *rows, interval="1h"))
    market.hear(frame("candlestick", candle(START, "222"), interval="1h", ut=1))

    def page(timeframe: str) -> list[dict[str, Any]]:
        asked = f"get-candlestick?instrument_name=BTC_USDT&timeframe={timeframe}"
        found: list[dict[str, Any]] = market.person.get(asked)["result"]["data"]
        return found

    assert [row["c"] for row in page("1h")] == [f"{100 + n}.00" for n in range(-8, 0)] + ["222.00"]
    assert [row["c"] for row in page("4h")] == ["95.00", "99.00", "222.00"]
    assert page("1m") == []

    market.hear(frame("candlestick", candle(START - hour, "333"), interval="1h"))
    assert [row["c"] for row in page("4h")] == ["95.00", "333.00", "222.00"]


@pytest.mark.parametrize(
    "bad",
    [
        b"{",
        frame("book"),
        frame("book", {"asks": [["x", "1"]], "bids": []}),
        frame("trade", {"d": "1", "t": 1, "p": "1", "q": "1", "s": "SIDEWAYS"}),
        frame("ticker", {"a": "dear", "t": 1}),
        frame("candlestick", candle(START, "-1"), interval="1m"),
        frame("candlestick", {**candle(START, "2"), "t": 10**18}, interval="1m"),
        frame("book", {"asks": [["NaN", "1"]], "bids": [["1", "1"]]}),
        frame("book", {"asks": [["5", "-1"]], "bids": [["1", "1"]]}),
        frame("trade", {"d": "1", "t": 10**17, "p": "1", "q": "1", "s": "BUY"}),
        frame("trade", {"d": "1", "t": 1, "p": "0", "q": "1", "s": "BUY"}),
        frame("ticker", {"a": "Infinity", "t": 1}),
        frame("funding", {}),
        frame("book", {"asks": [["1"]], "bids": []}).replace(b"BTC", b"DOGE"),
    ],
)
def test_what_cannot_be_read_is_bad_input_and_no_price(market: Listener, bad: bytes) -> None:
    if bad != frame("book"):
        with pytest.raises(BadInput):
            market.hear(bad)
    assert market.person.buy()["code"] == 309
    assert market.person.get(TICKER)["result"]["data"] == []


def test_the_same_frames_and_orders_give_the_same_books() -> None:
    def life(heard: list[tuple[Instant, bytes]] | None) -> tuple[Any, list[tuple[Instant, bytes]]]:
        """Twelve looks at a falling and rising market, orders in between: told as it comes, or from a record."""
        market = Listener()
        record = iter(heard or ())
        for n in range(24):
            bid = 50_000 + (n % 7) * 300 - (n % 5) * 450
            if heard is None:
                market.at(str(bid), str(bid + 1), "0.05")
            else:
                for at, each in (next(record), next(record)):
                    market.engine.advance(at)
                    market.engine.feed(each)
            market.person.buy("0.08", price=str(bid - 200), client_oid=f"b{n}")
            market.person.stop(str(bid - 300), "0.01", client_oid=f"s{n}")
        return market.engine.books(), market.heard

    books, heard = life(None)
    again, _ = life(heard)

    assert len(books["fills"]) > 10
    assert json.dumps(books) == json.dumps(again)


def test_a_recording_is_told_nothing() -> None:
    with pytest.raises(Misuse):
        exchange().feed(book("1", "2"))


def test_a_real_market_cannot_be_stepped() -> None:
    options = ServeOptions(stepping=True, market=MarketAt(("BTC_USDT",)))
    with pytest.raises(BadSettings):
        configuration(options, START)
