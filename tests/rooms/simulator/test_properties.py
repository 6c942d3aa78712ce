"""Whatever is asked in whatever order: no money appears, reservations are those of open orders, ends are ends, ids are found."""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from itertools import product
from operator import itemgetter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.errors import BadInput
from interlock.simulator.books.events import BalanceChanged, BookTaken, Moved, OrderChanged, Traded
from interlock.simulator.books.orders import Order
from interlock.simulator.engine import Engine
from interlock.simulator.rest.rows import movement_row, order_row, trade_row
from tests.rooms.simulator.person import BTC, COIN, FALLING, Person, exchange
from tests.rooms.simulator.test_shapes import CLOSE, identities

OPEN = {"PENDING", "ACTIVE"}
Command = tuple[str, dict[str, object]]
NOTHING: dict[str, object] = {}

quantities = st.integers(min_value=1, max_value=3000).map(lambda n: f"{n / 100000:.5f}")
prices = st.integers(min_value=47000, max_value=53000).map(lambda n: f"{n}.00")
sides = st.sampled_from(["BUY", "SELL"])
tifs = st.sampled_from(["GOOD_TILL_CANCEL", "IMMEDIATE_OR_CANCEL", "FILL_OR_KILL"])

limits = st.fixed_dictionaries(
    {
        "side": sides,
        "quantity": quantities,
        "price": prices,
        "time_in_force": tifs,
        "type": st.just("LIMIT"),
        "exec_inst": st.sampled_from([[], [], ["POST_ONLY"], ["SMART_POST_ONLY"]]),
        "fee_instrument_name": st.sampled_from([None, "USDT"]),
    }
)
markets = st.fixed_dictionaries({"side": sides, "quantity": quantities, "type": st.just("MARKET")})
credit = st.fixed_dictionaries(
    {"spot_margin": st.just("MARGIN"), "leverage": st.sampled_from(["1", "2", "3.5", "10", "50"])}
)
marks = st.fixed_dictionaries(
    {
        "stp_scope": st.just("M"),
        "stp_inst": st.sampled_from(["M", "T", "B"]),
        "stp_id": st.integers(min_value=0, max_value=1),
    }
)
extras: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}), credit, marks, st.builds(lambda one, other: one | other, credit, marks)
)
by_value = st.fixed_dictionaries(
    {
        "side": st.just("BUY"),
        "type": st.just("MARKET"),
        "notional": st.integers(min_value=1, max_value=3000).map(str),
    }
)
triggers = st.fixed_dictionaries(
    {
        "side": sides,
        "quantity": quantities,
        "ref_price": prices,
        "type": st.sampled_from(["STOP_LOSS", "TAKE_PROFIT"]),
    }
)
limited = st.fixed_dictionaries(
    {
        "side": sides,
        "quantity": quantities,
        "ref_price": prices,
        "price": prices,
        "type": st.sampled_from(["STOP_LIMIT", "TAKE_PROFIT_LIMIT"]),
    }
)
changes = st.fixed_dictionaries(
    {
        "n": st.integers(min_value=0, max_value=20),
        "new_quantity": quantities,
        "new_price": st.one_of(prices, st.just("0")),
    }
)
pairs = st.fixed_dictionaries(
    {"side": sides, "quantity": quantities, "price": prices, "ref_price": prices}
)
transfers = st.fixed_dictionaries(
    {
        "currency": st.sampled_from(["USDT", COIN]),
        "amount": st.integers(min_value=-500, max_value=500),
    }
)


def with_extras(*orders: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Orders of these kinds, some of them on credit, some marked against self-trades."""
    return st.builds(lambda order, extra: order | extra, st.one_of(*orders), extras)


ordinary: st.SearchStrategy[Command] = st.tuples(
    st.just("create-order"), with_extras(limits, markets, by_value)
)
others: st.SearchStrategy[Command] = st.one_of(
    st.tuples(st.just("advanced/create-order"), with_extras(triggers, limited)),
    st.tuples(st.sampled_from(["amend-order", "advanced/amend-order"]), changes),
    st.tuples(st.just("advanced/create-oco"), pairs),
    st.tuples(
        st.sampled_from(["cancel-all-orders", "advanced/cancel-all-orders"]), st.just(NOTHING)
    ),
    st.tuples(
        st.sampled_from(["cancel-order", "advanced/cancel-order"]),
        st.fixed_dictionaries({"n": st.integers(min_value=0, max_value=20)}),
    ),
    st.tuples(st.just("transfer"), transfers),
    st.tuples(
        st.just("margin-call"),
        st.fixed_dictionaries({"on": st.sampled_from([False, False, False, True])}),
    ),
    st.tuples(
        st.just("change-account-settings"),
        st.one_of(marks, st.fixed_dictionaries({"leverage": st.sampled_from(["1", "4", "50"])})),
    ),
    st.tuples(
        st.just("wait"), st.fixed_dictionaries({"minutes": st.integers(min_value=0, max_value=200)})
    ),
)


commands = st.booleans().flatmap(lambda orders: ordinary if orders else others)


def borrowing(side: str, quantity: str) -> list[Command]:
    """An order that the account cannot pay alone."""
    terms = {"type": "MARKET", "spot_margin": "MARGIN", "leverage": "3"}
    return [("create-order", {"side": side, "quantity": quantity, **terms})]


# Hypothesis begins small: without a debt at the beginning few would ever be met.
openings = st.sampled_from([[], borrowing("BUY", "0.03"), borrowing("SELL", "0.02")])
sequences = st.builds(
    lambda first, rest: first + rest, openings, st.lists(commands, min_size=1, max_size=25)
)


def play(engine: Engine, command: Command, n: int) -> Person:
    """Does one command; orders are named by their turn."""
    person, (what, params) = Person(engine), command
    if what == "wait":
        engine.advance(engine.now + timedelta(minutes=int(str(params["minutes"]))))
    elif what == "transfer":
        share = Decimal(1) if params["currency"] == "USDT" else Decimal("0.00001")
        with suppress(BadInput):
            engine.transfer(str(params["currency"]), int(str(params["amount"])) * share)
    elif what == "margin-call":
        engine.margin_call(on=bool(params["on"]))
    elif what == "change-account-settings":
        person.ask(what, **params)
    elif what.endswith("cancel-order"):
        person.ask(what, client_oid=f"oid-{params['n']}")
    elif what.endswith("amend-order"):
        old = {"orig_client_oid": f"oid-{params['n']}", "client_oid": f"oid-{n}"}
        person.ask(what, **(params | old))
    elif what.endswith("create-oco"):
        person.ask(what, order_list=legs(params, n))
    elif what.endswith("cancel-all-orders"):
        person.ask(what)
    else:
        person.ask(what, instrument_name=BTC, client_oid=f"oid-{n}", **params)
    return person


def legs(params: Mapping[str, object], n: int) -> list[dict[str, object]]:
    """The limit and the stop of a pair."""
    one = {"instrument_name": BTC, "side": params["side"], "quantity": params["quantity"]}
    limit = {"type": "LIMIT", "price": params["price"], "client_oid": f"oid-{n}"}
    stop = {"type": "STOP_LOSS", "ref_price": params["ref_price"], "client_oid": f"stop-{n}"}
    return [one | limit, one | stop]


def thin() -> Engine:
    """Two levels that do not hold much, and an account that owns less than its orders ask for."""
    return exchange(
        FALLING,
        balances={"USDT": "1000", COIN: "0.01"},
        ladder=((0, "0.02"), (50, "0.01")),
        margin=True,
    )


@settings(max_examples=60, deadline=None)
@given(sequences)
def test_any_sequence_of_commands_keeps_the_books(sequence: list[Command]) -> None:
    engine, ended = thin(), dict[str, Any]()

    for n, command in enumerate(sequence):
        person = play(engine, command, n)
        books = engine.books()
        money_is_conserved(books)
        reservations_are_those_of_open_orders(books)
        for row in books["orders"]:
            assert ended.get(row["order_id"], row) == row
            if row["status"] not in OPEN:
                ended[row["order_id"]] = row
            assert "NOTIONAL_ORDER" in row["exec_inst"] or Decimal(
                row["cumulative_quantity"]
            ) <= Decimal(row["quantity"])
        row = person.ask("user-balance")["result"]["data"][0]
        assert all(abs(off) <= CLOSE for off in identities(row).values())


def money_is_conserved(books: dict[str, Any]) -> None:
    """Opening (transfers are in it) plus fills, without fees and interest, is what is held, in every currency."""
    held = {name: Decimal(text) for name, text in books["opening"].items()}
    for fill in books["fills"]:
        sign = 1 if fill["side"] == "BUY" else -1
        quantity, price = Decimal(fill["traded_quantity"]), Decimal(fill["traded_price"])
        held[COIN] += sign * quantity
        held["USDT"] -= sign * quantity * price
        held[fill["fee_instrument_name"]] += Decimal(fill["fees"])
    for currency, paid in books["interest"].items():
        held[currency] -= Decimal(paid)
    assert held == {name: Decimal(text) for name, text in books["balances"].items()}


def reservations_are_those_of_open_orders(books: dict[str, Any]) -> None:
    """A resting buy holds back price times what remains, and the fee if it is paid on top, a resting sale what remains.

    A margin order pledges as much.
    """
    expected = {
        (kept, currency): Decimal(0)
        for kept in ("reserved", "pledged")
        for currency in ("USDT", COIN)
    }
    for row in books["orders"]:
        if row["status"] == "ACTIVE" and row["order_type"] == "LIMIT":
            left = Decimal(row["quantity"]) - Decimal(row["cumulative_quantity"])
            buys = row["side"] == "BUY"
            price = Decimal(row["limit_price"]) if buys else Decimal(1)
            on_top = Decimal("1.005") if buys and row["fee_instrument_name"] == "USDT" else 1
            kept = "pledged" if "MARGIN_ORDER" in row["exec_inst"] else "reserved"
            expected[kept, "USDT" if buys else COIN] += left * price * on_top
    assert {each: Decimal(books[each[0]].get(each[1], "0")) for each in expected} == expected


@settings(max_examples=60, deadline=None)
@given(sequences)
def test_when_everything_is_cancelled_nothing_is_reserved(sequence: list[Command]) -> None:
    engine = thin()
    for n, command in enumerate(sequence):
        play(engine, command, n)
    person = Person(engine)

    person.ask("advanced/cancel-all-orders")
    person.ask("cancel-all-orders")

    books = engine.books()
    held_back = [*books["reserved"].values(), *books["pledged"].values()]
    assert {Decimal(text) for text in held_back} <= {Decimal(0)}
    assert not [row for row in books["orders"] if row["status"] in OPEN]


@settings(max_examples=60, deadline=None)
@given(sequences)
def test_at_most_one_leg_of_a_pair_is_executed(sequence: list[Command]) -> None:
    engine = thin()
    for n, command in enumerate(sequence):
        play(engine, command, n)
    engine.advance(engine.now + timedelta(hours=12))

    executed = Counter(
        row["list_id"]
        for row in engine.books()["orders"]
        if "list_id" in row and Decimal(row["cumulative_quantity"])
    )
    assert set(executed.values()) <= {1}


@settings(max_examples=60, deadline=None)
@given(sequences)
def test_the_events_replay_to_the_books(sequence: list[Command]) -> None:
    engine = thin()
    for n, command in enumerate(sequence):
        play(engine, command, n)
    books = engine.books()
    orders, balances = dict[str, Order](), dict[str, tuple[Decimal, Decimal]]()
    fills, moved = list[Any](), list[Any]()

    for event in engine.events.since(0):
        match event:
            case OrderChanged(order):
                orders[order.id] = order
            case BalanceChanged(currency, total, reserved):
                balances[currency] = (total, reserved)
            case Traded(trade):
                fills.append(trade_row(trade))
            case Moved(movement):
                moved.insert(0, movement_row(movement))
            case BookTaken():
                pass

    shown = [order_row(orders[each], engine.config) for each in sorted(orders)]
    assert shown == sorted(books["orders"], key=itemgetter("order_id"))
    held_back = Counter[tuple[str, str]]()
    for order in orders.values():
        kept = "pledged" if order.wish.on_credit else "reserved"
        held_back[kept, order.reserved_in] += order.reserved  # type: ignore[assignment] # a Counter sums decimals as well
    for kept, currency in product(("pledged", "reserved"), ("USDT", COIN)):
        assert Decimal(books[kept].get(currency, "0")) == held_back[kept, currency]
    assert fills == books["fills"]
    assert moved == books["journal"]
    held = {name: Decimal(text) for name, text in books["balances"].items()}
    assert {name: balances.get(name, (held[name],))[0] for name in held} == held
    back = {name: Decimal(text) for name, text in books["reserved"].items()}
    told = {name: balances[name][1] for name in back}
    assert told == back


@settings(max_examples=30, deadline=None)
@given(sequences)
def test_every_id_ever_given_out_is_found_again_and_each_fill_is_there_once(
    sequence: list[Command],
) -> None:
    engine = thin()
    for n, command in enumerate(sequence):
        play(engine, command, n)
    person, books = Person(engine), engine.books()
    orders, fills = books["orders"], books["fills"]

    for row in orders:
        world = "advanced/" if "exchange_order_id" in row else ""
        for named in ("order_id", "client_oid"):
            read = person.ask(f"{world}get-order-detail", **{named: row[named]})["result"]
            # A read shows of an open order all but its rates.
            assert read.items() <= row.items() if row["status"] == "ACTIVE" else read == row
    assert len({fill["trade_id"] for fill in fills}) == len(fills)
    filled = {row["order_id"]: Decimal(row["cumulative_quantity"]) for row in orders}
    for order_id in {fill["order_id"] for fill in fills}:
        booked = sum(Decimal(f["traded_quantity"]) for f in fills if f["order_id"] == order_id)
        assert booked == filled[order_id]


@settings(max_examples=20, deadline=None)
@given(sequences)
def test_the_same_inputs_give_the_same_bytes(sequence: list[Command]) -> None:
    one, other = thin(), thin()
    for n, command in enumerate(sequence):
        play(one, command, n)
        play(other, command, n)

    assert one.books() == other.books()
    for path in ("get-tickers", "get-candlestick?instrument_name=BTC_USDT&timeframe=4h"):
        asked = ("GET", f"/exchange/v1/public/{path}", b"")
        assert one.handle(*asked) == other.handle(*asked)


@settings(max_examples=20, deadline=None)
@given(sequences, st.integers(min_value=1, max_value=300))
def test_going_in_many_steps_is_going_at_once(sequence: list[Command], minutes: int) -> None:
    one, other = thin(), thin()
    for n, command in enumerate(sequence):
        play(one, command, n)
        play(other, command, n)
    end = one.now + timedelta(hours=10)

    one.advance(end)
    while other.now < end:
        other.advance(min(end, other.now + timedelta(minutes=minutes)))

    assert one.books() == other.books()


@settings(max_examples=40, deadline=None)
@given(sequences)
def test_an_account_without_margin_never_owes_whatever_it_asks_for(sequence: list[Command]) -> None:
    engine = exchange(FALLING, balances={"USDT": "1000", COIN: "0.01"})

    for n, command in enumerate(sequence):
        play(engine, command, n)
        books = engine.books()
        assert all(
            Decimal(text) >= Decimal(books["reserved"].get(name, "0"))
            for name, text in books["balances"].items()
        )
    assert (books["pledged"], books["interest"]) == ({}, {})


def test_a_seed_moves_the_ids_and_nothing_else() -> None:
    one, other = Person(exchange()), Person(exchange(seed=7))
    moved = {"order_id", "trade_id", "trade_match_id"}

    first, second = one.detail(one.buy()), other.detail(other.buy())

    assert first["order_id"] != second["order_id"]
    assert {k: v for k, v in first.items() if k not in moved} == {
        k: v for k, v in second.items() if k not in moved
    }
