"""Self-trade prevention: an order does not meet another of the account that bears its mark; the incoming one says which of them ends."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.simulator.books.events import OrderChanged
from tests.rooms.simulator.person import COIN, FALLING, START, Person, exchange

PREVENTED = 43012
# The quote of a quiet market is 49,995 to 50,005; half of that lies between the two.
BETWEEN, ABOVE = "50001", "50010"


def marked(prevention: str, number: object = 7) -> dict[str, object]:
    return {"stp_scope": "M", "stp_inst": prevention, "stp_id": number}


def holder(depth: str | None = None) -> Person:
    return Person(exchange(balances={"USDT": "10000", COIN: "1"}, depth=depth))


def state(person: Person, client_oid: str) -> tuple[str, str, int]:
    row = person.ask("get-order-detail", client_oid=client_oid)["result"]
    return row["status"], row["cumulative_quantity"], row["reason"]


@pytest.mark.parametrize(
    ("prevention", "resting", "incoming"),
    [
        ("M", ("CANCELED", "0", PREVENTED), ("ACTIVE", "0", 0)),
        ("T", ("ACTIVE", "0", 0), ("CANCELED", "0", PREVENTED)),
        ("B", ("CANCELED", "0", PREVENTED), ("CANCELED", "0", PREVENTED)),
    ],
)
def test_of_two_orders_that_would_meet_the_one_that_was_named_ends(
    prevention: str, resting: tuple[str, str, int], incoming: tuple[str, str, int]
) -> None:
    person = holder()
    person.sell("0.01", price=BETWEEN, client_oid="rests", **marked("M"))

    answer = person.buy("0.01", price="50003", client_oid="comes", **marked(prevention))

    assert answer["code"] == 0
    assert state(person, "rests") == resting
    assert state(person, "comes") == incoming
    assert person.engine.books()["fills"] == []
    events = person.engine.events.since(0)
    changes = [each.order for each in events if isinstance(each, OrderChanged)]
    told = {each.wish.client_oid: (each.status.value, each.reason) for each in changes}
    assert told == {"rests": (resting[0], resting[2]), "comes": (incoming[0], incoming[2])}


def test_an_order_takes_what_stands_ahead_of_the_own_one_and_ends_there() -> None:
    person = holder(depth="0.02")
    person.sell("0.01", price=ABOVE, client_oid="rests", **marked("T"))

    person.buy("0.05", price="50020", client_oid="comes", **marked("T"))

    assert state(person, "comes") == ("CANCELED", "0.02", PREVENTED)
    assert state(person, "rests") == ("ACTIVE", "0", 0)
    assert person.reserved("USDT") == 0


def test_an_order_that_finds_enough_ahead_of_the_own_one_does_not_meet_it() -> None:
    person = holder()
    person.sell("0.01", price=ABOVE, client_oid="rests", **marked("T"))

    person.buy("0.05", price="50020", client_oid="comes", **marked("B"))

    assert state(person, "comes") == ("FILLED", "0.05", 0)
    assert state(person, "rests") == ("ACTIVE", "0", 0)


@pytest.mark.parametrize(
    "other",
    [{}, marked("M", 8), {"stp_scope": "S", "stp_inst": "M", "stp_id": 7}],
)
def test_orders_that_bear_different_marks_pass_each_other(other: dict[str, object]) -> None:
    person = holder()
    person.sell("0.01", price=BETWEEN, client_oid="rests", **other)

    person.buy("0.01", price="50003", client_oid="comes", **marked("B"))

    assert state(person, "rests") == state(person, "comes") == ("ACTIVE", "0", 0)


def test_a_market_sale_meets_the_own_buy_and_the_reservation_comes_back() -> None:
    person = holder()
    person.buy("0.01", price="49999", client_oid="rests", **marked("M"))

    person.order("SELL", "0.01", type="MARKET", client_oid="comes", **marked("M"))

    assert state(person, "rests") == ("CANCELED", "0", PREVENTED)
    assert state(person, "comes") == ("FILLED", "0.01", 0)
    assert person.reserved("USDT") == person.reserved(COIN) == 0


def test_the_mark_of_the_account_is_that_of_every_order_that_says_nothing() -> None:
    person = holder()
    person.ask("change-account-settings", **marked("B"))
    person.sell("0.01", price=BETWEEN, client_oid="rests")

    person.buy("0.01", price="50003", client_oid="comes")
    person.ask("change-account-settings", stp_scope="D")
    person.sell("0.01", price=BETWEEN, client_oid="later")
    person.buy("0.01", price="50003", client_oid="last")

    assert state(person, "rests") == state(person, "comes") == ("CANCELED", "0", PREVENTED)
    assert state(person, "later") == state(person, "last") == ("ACTIVE", "0", 0)


def test_what_a_trigger_has_become_bears_its_mark() -> None:
    person = Person(exchange(FALLING, balances={"USDT": "10000", COIN: "1"}, depth="0.002"))
    person.buy("0.01", price="48900", client_oid="rests", **marked("M"))
    person.stop("49000", "0.01", client_oid="stop", **marked("T"))

    person.engine.advance(START + timedelta(hours=3))

    assert state(person, "rests")[0] == "ACTIVE"
    assert state(person, "stop") == ("CANCELED", "0.002", PREVENTED)


@pytest.mark.parametrize(
    "wrong",
    [
        {"stp_scope": "M"},
        {"stp_inst": "M"},
        {"stp_id": 3},
        {"stp_scope": "D", "stp_inst": "M"},
        {"stp_scope": "X", "stp_inst": "M"},
        {"stp_scope": "M", "stp_inst": "X"},
        {"stp_scope": "M", "stp_inst": "M", "stp_id": -1},
        {"stp_scope": "M", "stp_inst": "M", "stp_id": 32768},
        {"stp_scope": "M", "stp_inst": "M", "stp_id": "seven"},
        {"stp_scope": ["M"], "stp_inst": "M"},
    ],
)
def test_half_a_mark_or_a_wrong_one_is_refused(wrong: dict[str, object]) -> None:
    person = holder()

    assert person.buy("0.01", **wrong)["code"] == 40004
    assert person.last == 400
    assert person.engine.books()["orders"] == []


orders = st.lists(
    st.tuples(
        st.sampled_from(["BUY", "SELL"]),
        st.integers(min_value=49990, max_value=50010),
        st.sampled_from(["M", "T", "B"]),
        st.integers(min_value=0, max_value=1),
    ),
    max_size=12,
)


@settings(max_examples=80, deadline=None)
@given(orders)
def test_no_two_open_orders_of_one_mark_ever_cross(
    sequence: list[tuple[str, int, str, int]],
) -> None:
    person = holder(depth="0.01")

    for n, (side, price, prevention, number) in enumerate(sequence):
        mark = marked(prevention, number)
        person.order(side, "0.005", price=str(price), client_oid=f"oid-{n}-{number}", **mark)
        rows = person.ask("get-open-orders")["result"]["data"]
        for mine in (0, 1):
            own = [row for row in rows if row["client_oid"].endswith(f"-{mine}")]
            bids = [Decimal(row["limit_price"]) for row in own if row["side"] == "BUY"]
            asks = [Decimal(row["limit_price"]) for row in own if row["side"] == "SELL"]
            assert not bids or not asks or max(bids) < min(asks)
