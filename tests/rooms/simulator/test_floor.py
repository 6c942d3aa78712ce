"""Markets halt, end, thin out and change their grid, data stand still, and a person trades by hand: seen as any client sees it."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.errors import BadInput
from interlock.simulator.engine import Engine
from interlock.simulator.floor import Thinness
from interlock.values import number_text
from tests.rooms.simulator.person import BTC, COIN, FALLING, Person, exchange
from tests.rooms.simulator.test_properties import (
    commands,
    money_is_conserved,
    play,
    reservations_are_those_of_open_orders,
    thin,
)
from tests.rooms.simulator.test_shapes import CLOSE, identities

HOUR = timedelta(hours=1)
TICKER = f"get-tickers?instrument_name={BTC}"
CANDLES = f"get-candlestick?instrument_name={BTC}&timeframe=1h&count=2"
BOOK = f"get-book?instrument_name={BTC}&depth=10"
TRADES = f"get-trades?instrument_name={BTC}"
SEEN = (TICKER, CANDLES, BOOK, TRADES)


def seen(person: Person) -> list[dict[str, Any]]:
    return [person.get(path) for path in SEEN]


def falling() -> Person:
    return Person(exchange(FALLING, balances={"USDT": "10000", COIN: "1"}))


def later(person: Person, span: timedelta = HOUR) -> None:
    person.engine.advance(person.engine.now + span)


# -- halts


def test_a_halted_market_refuses_orders_and_keeps_those_that_rest() -> None:
    person = falling()
    resting = person.buy(price="49000", client_oid="rests")
    person.engine.floor.halt(BTC, person.engine.now)

    assert person.buy(client_oid="late")["code"] == 309
    assert person.stop("48000")["code"] == 309
    later(person, 3 * HOUR)
    assert person.detail(resting)["status"] == "ACTIVE"
    amended = person.ask(
        "amend-order", orig_client_oid="rests", new_price="48000", new_quantity="0.001"
    )
    assert amended["code"] == 309
    assert person.ask("cancel-order", client_oid="rests")["code"] == 0


def test_what_is_seen_of_a_halted_market_stands_still_and_goes_on_when_it_ends() -> None:
    person = falling()
    later(person, timedelta(minutes=10))
    person.engine.floor.halt(BTC, person.engine.now)
    before = seen(person)

    later(person)

    assert seen(person) == before
    person.engine.floor.resume(BTC, person.engine.now)
    assert [now != then for now, then in zip(seen(person), before, strict=True)] == [True] * 4


def test_when_a_halt_ends_what_the_price_has_passed_is_met_then_and_not_before() -> None:
    person = falling()
    resting, stop = person.buy(price="49000"), person.stop("48900")
    person.engine.floor.halt(BTC, person.engine.now)
    later(person, timedelta(hours=1, minutes=55))
    assert person.engine.books()["fills"] == []

    person.engine.floor.resume(BTC, person.engine.now)
    later(person, timedelta(0))

    assert person.detail(resting)["status"] == "FILLED"
    assert person.detail(stop, advanced=True)["status"] == "FILLED"
    at = {fill["create_time"] for fill in person.engine.books()["fills"]}
    assert at == {person.engine.now.ms}


def test_an_order_that_rests_through_a_halt_waits_for_the_price_as_before() -> None:
    one, other = falling(), falling()
    for person in (one, other):
        person.buy(price="49000")
    one.engine.floor.halt(BTC, one.engine.now)
    later(one, timedelta(minutes=5))
    one.engine.floor.resume(BTC, one.engine.now)
    later(other, timedelta(minutes=5))

    for person in (one, other):
        later(person, 3 * HOUR)

    assert one.engine.books()["fills"] == other.engine.books()["fills"]


def test_what_the_account_holds_of_a_halted_coin_keeps_its_worth() -> None:
    person = falling()
    person.engine.floor.halt(BTC, person.engine.now)
    before = person.ask("user-balance")["result"]

    later(person, 2 * HOUR)

    assert person.ask("user-balance")["result"] == before


# -- endings


def test_a_delisted_market_cancels_what_is_open_and_takes_no_more() -> None:
    person = falling()
    resting, stop = person.buy(price="49000"), person.stop("48000")
    person.engine.floor.delist(BTC, person.engine.now)

    assert person.detail(resting)["status"] == "CANCELED"
    assert person.detail(stop, advanced=True)["status"] == "CANCELED"
    assert person.reserved("USDT") == 0
    assert person.buy(client_oid="late")["code"] == 208
    assert _row(person)["tradable"] is False
    assert person.get(TICKER)["result"]["data"] == []
    assert person.get(BOOK)["result"]["data"][0]["asks"] == []


def test_the_candles_of_a_delisted_market_end() -> None:
    person = falling()
    person.engine.floor.delist(BTC, person.engine.now)
    before = person.get(CANDLES)

    later(person, 5 * HOUR)

    assert person.get(CANDLES) == before
    assert before["result"]["data"]


def test_a_market_that_was_removed_is_not_listed() -> None:
    person = falling()
    person.engine.floor.delist(BTC, person.engine.now, remove=True)

    assert person.buy()["code"] == 209
    assert person.get(TICKER)["code"] == 40004
    assert BTC not in {row["symbol"] for row in person.get("get-instruments")["result"]["data"]}
    assert person.ask("user-balance")["code"] == 0


def test_a_market_ends_once_and_for_one_exchange_alone() -> None:
    person = falling()
    person.engine.floor.delist(BTC, person.engine.now)

    with pytest.raises(BadInput):
        person.engine.floor.resume(BTC, person.engine.now)
    assert _row(falling())["tradable"] is True


# -- grids


def test_another_grid_is_shown_and_holds_for_orders_to_come() -> None:
    person = falling()
    resting = person.buy("0.00111", price="49000.01", client_oid="rests")
    person.engine.floor.regrid(BTC, Decimal("0.5"), Decimal("0.0001"))

    row = _row(person)
    assert (row["price_tick_size"], row["quote_decimals"]) == ("0.5", 1)
    assert (row["qty_tick_size"], row["quantity_decimals"]) == ("0.0001", 4)
    assert person.buy("0.001", price="49000.25")["code"] == 308
    assert person.buy("0.00111", price="49000")["code"] == 213
    assert person.buy("0.0011", price="49000.5")["code"] == 0
    assert person.detail(resting)["status"] == "ACTIVE"
    assert _amended(person, "49000.02") == 308
    assert person.get(TICKER)["result"]["data"][0]["k"] == "50005.0"


def test_an_order_off_the_new_grid_is_met_at_its_old_price() -> None:
    person = falling()
    resting = person.buy("0.00111", price="49000.01")
    person.engine.floor.regrid(BTC, Decimal(1), Decimal("0.001"))

    later(person, 2 * HOUR)

    row = person.detail(resting)
    assert (row["status"], row["avg_price"]) == ("FILLED", "49000.01")


# -- thin markets


@pytest.mark.parametrize(
    ("thinness", "filled", "last"),
    [
        (Thinness(depth=Decimal("0.002")), "0.002", "50005.00"),
        (Thinness(volume_share=Decimal("0.000003")), "0.003", "50005.00"),
        (
            Thinness(ladder=((0, Decimal("0.001")), (100, Decimal("0.003")))),
            "0.004",
            "50006.00",
        ),
        (Thinness(half_spread=Decimal("0.01")), "0.01", "50500.00"),
    ],
)
def test_a_thin_market_gives_less_or_dearer(thinness: Thinness, filled: str, last: str) -> None:
    person = falling()
    person.engine.floor.thin(BTC, thinness, person.engine.now)

    made = person.buy("0.01", price="55000", time_in_force="IMMEDIATE_OR_CANCEL")

    assert person.detail(made)["cumulative_quantity"] == filled
    assert person.engine.books()["fills"][-1]["traded_price"] == last
    person.engine.floor.thin(BTC, Thinness(), person.engine.now)
    assert person.get(BOOK)["result"]["data"][0]["asks"][0][0] == "50005.00"


@pytest.mark.parametrize("configured", [{"depth": "7"}, {"ladder": ((0, "7"), (9, "8"))}])
def test_what_is_said_for_now_takes_the_place_of_what_was_configured(
    configured: dict[str, Any],
) -> None:
    person = Person(exchange(FALLING, **configured))

    for thinness, sizes in (
        (Thinness(depth=Decimal(2)), ["2"]),
        (Thinness(volume_share=Decimal("0.003")), ["3"]),
        (Thinness(ladder=((0, Decimal(4)), (1, Decimal(5)))), ["4", "5"]),
        (Thinness(), ["7", "8"] if "ladder" in configured else ["7"]),
    ):
        person.engine.floor.thin(BTC, thinness, person.engine.now)
        asks = person.get(BOOK)["result"]["data"][0]["asks"]
        assert [number_text(Decimal(level[1])) for level in asks] == sizes


def test_a_wider_spread_meets_a_resting_order_later() -> None:
    one, other = falling(), falling()
    for person in (one, other):
        person.buy(price="49000")
    one.engine.floor.thin(BTC, Thinness(half_spread=Decimal("0.005")), one.engine.now)

    for person in (one, other):
        later(person, 2 * HOUR)

    wide, narrow = (person.engine.books()["fills"][0]["create_time"] for person in (one, other))
    assert wide > narrow


@pytest.mark.parametrize(
    "thinness",
    [
        Thinness(depth=Decimal(-1)),
        Thinness(half_spread=Decimal(1)),
        Thinness(ladder=((-1, Decimal(1)),)),
        Thinness(ladder=((0, Decimal(-1)),)),
    ],
)
def test_a_book_that_cannot_be_is_refused(thinness: Thinness) -> None:
    person = falling()

    with pytest.raises(BadInput):
        person.engine.floor.thin(BTC, thinness, person.engine.now)


# -- gaps


def test_a_price_jumps_when_its_next_bar_opens_and_meets_what_it_passes_there() -> None:
    person = falling()
    later(person, timedelta(minutes=30))
    resting, stop = person.buy(price="46000"), person.stop("47000")
    before = person.get(TICKER)
    person.engine.floor.gap(BTC, Decimal("0.9"), person.engine.now)
    assert person.get(TICKER) == before

    later(person, timedelta(minutes=30))

    fills = person.engine.books()["fills"]
    assert {fill["traded_price"] for fill in fills} == {"46000.00", "45445.45"}
    assert person.detail(resting)["status"] == "FILLED"
    assert person.detail(stop, advanced=True)["status"] == "FILLED"
    closed, forming = person.get(CANDLES)["result"]["data"]
    assert (closed["c"], forming["o"]) == ("50500.00", "45450.00")


def test_a_jump_here_is_none_at_another_exchange_that_plays_the_same_recording() -> None:
    person, other = falling(), falling()
    person.engine.floor.gap(BTC, Decimal("0.9"), person.engine.now)

    later(person)
    later(other)

    assert person.get(CANDLES)["result"]["data"][-1]["o"] == "45450.00"
    assert other.get(CANDLES)["result"]["data"][-1]["o"] == "50500.00"


@pytest.mark.parametrize("factor", ["0", "-1", "0.001", "101"])
def test_a_price_does_not_jump_out_of_the_world(factor: str) -> None:
    person = falling()

    with pytest.raises(BadInput):
        person.engine.floor.gap(BTC, Decimal(factor), person.engine.now)


# -- frozen data


@pytest.mark.parametrize("symbol", [BTC, None])
def test_frozen_data_stand_still_while_trading_goes_on(symbol: str | None) -> None:
    person = falling()
    resting = person.buy(price="49000")
    person.engine.floor.freeze(symbol, person.engine.now)
    before = seen(person)

    later(person, 3 * HOUR)

    assert seen(person) == before
    assert person.detail(resting)["status"] == "FILLED"
    assert person.buy(price="53000")["code"] == 0
    assert person.engine.books()["fills"][-1]["traded_price"] != "50005.00"
    person.engine.floor.thaw(symbol)
    assert person.get(TICKER)["result"]["data"][0]["t"] == person.engine.now.ms


# -- a person


def test_what_a_person_orders_by_hand_is_on_the_account_under_ids_of_the_exchange() -> None:
    person = falling()
    told: Any = person.engine.floor.hand(
        "private/create-order",
        {"instrument_name": BTC, "side": "BUY", "type": "MARKET", "notional": "100"},
        person.engine.now,
    )

    row = person.detail(told)
    assert row["exec_inst"] == ["NOTIONAL_ORDER"]
    assert Decimal(row["cumulative_value"]) > 99
    assert len(row["client_oid"]) == 19
    assert person.engine.books()["accepts"][0]["method"] == "hand"
    assert person.engine.books()["requests"] == {"private/get-order-detail": 1}


def test_a_person_is_refused_what_anybody_is_refused() -> None:
    person = falling()
    order = {"instrument_name": BTC, "side": "BUY", "type": "LIMIT", "price": "50000"}

    told: Any = person.engine.floor.hand(
        "private/create-order", order | {"quantity": "10"}, person.engine.now
    )

    assert told["code"] == 306
    assert person.detail(told)["status"] == "REJECTED"


def test_a_person_cancels_what_a_client_ordered() -> None:
    person = falling()
    person.buy(price="49000", client_oid="mine")

    told = person.engine.floor.hand(
        "private/cancel-order", {"client_oid": "mine"}, person.engine.now
    )

    assert told["code"] == 0
    assert person.ask("get-order-detail", client_oid="mine")["result"]["status"] == "CANCELED"


@pytest.mark.parametrize("method", ["private/user-balance", "public/get-book", "private/nothing"])
def test_a_hand_only_acts(method: str) -> None:
    person = falling()

    with pytest.raises(BadInput):
        person.engine.floor.hand(method, {}, person.engine.now)


@pytest.mark.parametrize(("currency", "amount"), [("USDT", "-10001"), ("ETH", "-1")])
def test_nobody_takes_out_what_is_not_free(currency: str, amount: str) -> None:
    person = falling()

    with pytest.raises(BadInput):
        person.engine.transfer(currency, Decimal(amount))
    assert person.held("USDT") == 10000


# -- whatever happens

BY_VALUE: dict[str, object] = {
    "instrument_name": BTC,
    "side": "BUY",
    "type": "MARKET",
    "notional": "70",
}
floors: st.SearchStrategy[tuple[str, Callable[[Engine], object]]] = st.sampled_from(
    [
        ("halt", lambda e: e.floor.halt(BTC, e.now)),
        ("resume", lambda e: e.floor.resume(BTC, e.now)),
        ("thin", lambda e: e.floor.thin(BTC, Thinness(depth=Decimal("0.002")), e.now)),
        ("wide", lambda e: e.floor.thin(BTC, Thinness(half_spread=Decimal("0.01")), e.now)),
        ("usual", lambda e: e.floor.thin(BTC, Thinness(), e.now)),
        ("freeze", lambda e: e.floor.freeze(None, e.now)),
        ("gap", lambda e: e.floor.gap(BTC, Decimal("0.97"), e.now)),
        ("thaw", lambda e: e.floor.thaw(None)),
        ("in", lambda e: e.transfer("USDT", Decimal("12.5"))),
        ("out", lambda e: e.transfer("USDT", Decimal(-900))),
        ("coin out", lambda e: e.transfer(COIN, Decimal("-0.01"))),
        ("hand", lambda e: e.floor.hand("private/create-order", BY_VALUE, e.now)),
        ("hand off", lambda e: e.floor.hand("private/cancel-all-orders", {}, e.now)),
        ("delist", lambda e: e.floor.delist(BTC, e.now)),
    ]
)


def happens(engine: Engine, what: Callable[[Engine], object]) -> None:
    """Something happens, or cannot."""
    try:
        what(engine)
    except BadInput:
        return


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(commands, floors), max_size=30))
def test_whatever_happens_to_markets_and_by_hand_the_books_hold(sequence: list[Any]) -> None:
    engine, is_halted, traded = thin(), False, 0

    for n, (name, what) in enumerate(sequence):
        person = Person(engine)
        if callable(what):
            happens(engine, what)
        else:
            play(engine, (name, what), n)
        books, before = engine.books(), traded
        traded = len(books["fills"])
        assert not is_halted or traded == before
        is_halted = is_halted_after(name, is_halted=is_halted)
        money_is_conserved(books)
        reservations_are_those_of_open_orders(books)
        row = person.ask("user-balance")["result"]["data"][0]
        assert all(abs(off) <= CLOSE for off in identities(row).values())


def is_halted_after(name: str, *, is_halted: bool) -> bool:
    """What each word means for trading."""
    if name == "resume":
        return False
    return is_halted or name in {"halt", "delist"}


def _row(person: Person) -> dict[str, Any]:
    rows = person.get("get-instruments")["result"]["data"]
    return next(dict(row) for row in rows if row["symbol"] == BTC)


def _amended(person: Person, price: str) -> int:
    asked = {"orig_client_oid": "rests", "new_price": price, "new_quantity": "0.002"}
    return int(person.ask("amend-order", **asked)["code"])
