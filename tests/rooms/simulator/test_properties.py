"""Whatever is asked in whatever order: no money appears, reservations are those of open orders, ends are ends, ids are found."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from operator import itemgetter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.simulator.books.events import BalanceChanged, BookTaken, Moved, OrderChanged, Traded
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
by_value = st.fixed_dictionaries(
    {
        "side": st.just("BUY"),
        "type": st.just("MARKET"),
        "notional": st.integers(min_value=1, max_value=2000).map(str),
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
commands: st.SearchStrategy[Command] = st.one_of(
    st.tuples(st.just("create-order"), st.one_of(limits, markets, by_value)),
    st.tuples(st.just("advanced/create-order"), st.one_of(triggers, limited)),
    st.tuples(st.sampled_from(["amend-order", "advanced/amend-order"]), changes),
    st.tuples(st.just("advanced/create-oco"), pairs),
    st.tuples(
        st.sampled_from(["cancel-all-orders", "advanced/cancel-all-orders"]), st.just(NOTHING)
    ),
    st.tuples(
        st.sampled_from(["cancel-order", "advanced/cancel-order"]),
        st.fixed_dictionaries({"n": st.integers(min_value=0, max_value=20)}),
    ),
    st.tuples(
        st.just("wait"), st.fixed_dictionaries({"minutes": st.integers(min_value=0, max_value=200)})
    ),
)


def play(engine: Engine, command: Command, n: int) -> Person:
    """Does one command; orders are named by their turn."""
    person, (what, params) = Person(engine), command
    if what == "wait":
        engine.advance(engine.now + timedelta(minutes=int(str(params["minutes"]))))
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
    """Two levels that do not hold much."""
    return exchange(
        FALLING, balances={"USDT": "5000", COIN: "0.05"}, ladder=((0, "0.01"), (50, "0.005"))
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(commands, max_size=25))
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
    """Opening plus fills and fees is what is held, in every currency."""
    held = {name: Decimal(text) for name, text in books["opening"].items()}
    for fill in books["fills"]:
        sign = 1 if fill["side"] == "BUY" else -1
        quantity, price = Decimal(fill["traded_quantity"]), Decimal(fill["traded_price"])
        held[COIN] += sign * quantity
        held["USDT"] -= sign * quantity * price
        held[fill["fee_instrument_name"]] += Decimal(fill["fees"])
    assert held == {name: Decimal(text) for name, text in books["balances"].items()}


def reservations_are_those_of_open_orders(books: dict[str, Any]) -> None:
    """A resting buy holds back price times what remains, and the fee if it is paid on top, a resting sale what remains."""
    expected = {"USDT": Decimal(0), COIN: Decimal(0)}
    for row in books["orders"]:
        if row["status"] == "ACTIVE" and row["order_type"] == "LIMIT":
            left = Decimal(row["quantity"]) - Decimal(row["cumulative_quantity"])
            buys = row["side"] == "BUY"
            price = Decimal(row["limit_price"]) if buys else Decimal(1)
            on_top = Decimal("1.005") if buys and row["fee_instrument_name"] == "USDT" else 1
            expected["USDT" if buys else COIN] += left * price * on_top
    reserved = {name: Decimal(text) for name, text in books["reserved"].items()}
    assert {name: reserved.get(name, Decimal(0)) for name in expected} == expected


@settings(max_examples=60, deadline=None)
@given(st.lists(commands, max_size=25))
def test_when_everything_is_cancelled_nothing_is_reserved(sequence: list[Command]) -> None:
    engine = thin()
    for n, command in enumerate(sequence):
        play(engine, command, n)
    person = Person(engine)

    person.ask("advanced/cancel-all-orders")
    person.ask("cancel-all-orders")

    books = engine.books()
    assert {Decimal(text) for text in books["reserved"].values()} <= {Decimal(0)}
    assert not [row for row in books["orders"] if row["status"] in OPEN]


@settings(max_examples=60, deadline=None)
@given(st.lists(commands, max_size=25))
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
@given(st.lists(commands, max_size=25))
def test_the_events_replay_to_the_books(sequence: list[Command]) -> None:
    engine = thin()
    for n, command in enumerate(sequence):
        play(engine, command, n)
    books = engine.books()
    orders, balances = dict[str, Any](), dict[str, tuple[Decimal, Decimal]]()
    fills, moved = list[Any](), list[Any]()

    for event in engine.events.since(0):
        match event:
            case OrderChanged(order):
                orders[order.id] = order_row(order, engine.config)
            case BalanceChanged(currency, total, reserved):
                balances[currency] = (total, reserved)
            case Traded(trade):
                fills.append(trade_row(trade))
            case Moved(movement):
                moved.insert(0, movement_row(movement))
            case BookTaken():
                pass

    assert sorted(orders.values(), key=itemgetter("order_id")) == sorted(
        books["orders"], key=itemgetter("order_id")
    )
    assert fills == books["fills"]
    assert moved == books["journal"]
    held = {name: Decimal(text) for name, text in books["balances"].items()}
    assert {name: balances.get(name, (held[name],))[0] for name in held} == held
    back = {name: Decimal(text) for name, text in books["reserved"].items()}
    told = {name: balances[name][1] for name in back}
    assert told == back


@settings(max_examples=30, deadline=None)
@given(st.lists(commands, max_size=20))
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
        assert person.ask(f"{world}get-order-detail", order_id=row["order_id"])["result"] == row
        assert person.ask(f"{world}get-order-detail", client_oid=row["client_oid"])["result"] == row
    assert len({fill["trade_id"] for fill in fills}) == len(fills)
    filled = {row["order_id"]: Decimal(row["cumulative_quantity"]) for row in orders}
    for order_id in {fill["order_id"] for fill in fills}:
        booked = sum(Decimal(f["traded_quantity"]) for f in fills if f["order_id"] == order_id)
        assert booked == filled[order_id]


@settings(max_examples=20, deadline=None)
@given(st.lists(commands, max_size=15))
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
@given(st.lists(commands, max_size=15), st.integers(min_value=1, max_value=300))
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


def test_a_seed_moves_the_ids_and_nothing_else() -> None:
    one, other = Person(exchange()), Person(exchange(seed=7))
    moved = {"order_id", "trade_id", "trade_match_id"}

    first, second = one.detail(one.buy()), other.detail(other.buy())

    assert first["order_id"] != second["order_id"]
    assert {k: v for k, v in first.items() if k not in moved} == {
        k: v for k, v in second.items() if k not in moved
    }
