"""Spot on margin: what may be borrowed follows the leverage sent, a debt is a negative quantity, costs by the hour, and can be called."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.simulator.books.events import BalanceChanged
from interlock.simulator.market.listing import listing
from interlock.simulator.recordings import Series
from tests.rooms.simulator.person import BTC, COIN, FLAT, QUIET, START, Person, bars, exchange
from tests.rooms.simulator.test_shapes import CLOSE, identities

HOUR = timedelta(hours=1)
RATE = Decimal("0.00001")
ZERO = Decimal(0)
# Two quiet hours and then half the price.
HALVING = bars(FLAT, FLAT, (50000.0, 50000.0, 25000.0, 25000.0), *[(25000.0,) * 4] * 20)
DOUBLING = bars(FLAT, FLAT, (50000.0, 100000.0, 50000.0, 100000.0), *[(100000.0,) * 4] * 20)

quantities = st.integers(min_value=100, max_value=200_000).map(lambda n: f"{n / 100000:.5f}")
leverages = st.integers(min_value=10, max_value=1000).map(lambda n: str(Decimal(n) / 10))
sides = st.sampled_from(["BUY", "SELL"])


def borrower(**changes: Any) -> Person:  # noqa: ANN401 - whatever an exchange is made of
    return Person(exchange(margin=True, **changes))


def debt(person: Person, currency: str) -> Decimal:
    return max(-person.held(currency), ZERO)


@pytest.mark.parametrize("more", [{}, {"leverage": "3"}])
def test_without_margin_access_a_margin_order_is_refused_and_never_made_a_spot_order(
    more: dict[str, str],
) -> None:
    person = Person(exchange())

    refused = person.buy(spot_margin="MARGIN", **more)

    assert (refused["code"], person.last, "result" in refused) == (416, 400, False)
    assert person.engine.books()["orders"] == []


def test_a_leverage_without_margin_is_ignored_and_nothing_is_borrowed() -> None:
    person = borrower()

    assert person.buy("0.01", leverage="5")["code"] == 0
    assert person.buy("1", leverage="5")["code"] == 306
    assert debt(person, "USDT") == 0


def test_what_a_margin_buy_lacks_is_borrowed_and_shown_as_a_negative_quantity() -> None:
    person = borrower()

    row = person.detail(person.on_margin("BUY", "0.4", "3"))

    assert (row["status"], row["exec_inst"]) == ("FILLED", ["MARGIN_ORDER"])
    coins = {each["instrument_name"]: each for each in person.wealth()["position_balances"]}
    owed = Decimal("0.4") * Decimal(row["avg_price"]) - 10000
    assert Decimal(coins["USDT"]["quantity"]) == -owed
    assert Decimal(coins[COIN]["quantity"]) == Decimal("0.4") * Decimal("0.995")
    assert Decimal(person.wealth()["total_borrow"]) == owed
    assert Decimal(coins["USDT"]["hourly_interest_rate"]) == RATE


def test_what_a_margin_sale_lacks_is_borrowed_in_coins_and_buying_repays_it() -> None:
    person = borrower()

    assert person.on_margin("SELL", "0.1", "2")["code"] == 0
    assert debt(person, COIN) == Decimal("0.1")
    person.order("BUY", "0.11", type="MARKET")

    assert person.held(COIN) == Decimal("0.11") * Decimal("0.995") - Decimal("0.1")
    assert person.wealth()["total_borrow"] == "0"


def test_a_margin_order_that_the_account_can_pay_borrows_nothing() -> None:
    person = borrower()

    assert person.on_margin("BUY", "0.1", "10")["code"] == 0

    assert debt(person, "USDT") == 0


def test_too_little_margin_is_told_with_the_ids_of_an_order_that_is_rejected() -> None:
    person = borrower()

    refused = person.on_margin("BUY", "0.5", "2", client_oid="greedy")

    assert (refused["code"], refused["message"], person.last) == (609, "INSUFFICIENT_MARGIN", 400)
    row = person.detail(refused)
    assert (row["status"], row["reason"], row["client_oid"]) == ("REJECTED", 609, "greedy")
    assert person.ask("get-order-history")["result"]["data"] == [row]
    assert person.engine.books()["balances"] == {"USDT": "10000"}
    assert person.pledged("USDT") == 0


@settings(max_examples=60, deadline=None)
@given(sides, quantities, leverages)
def test_never_is_more_borrowed_than_the_leverage_sent_lets(
    side: str, quantity: str, leverage: str
) -> None:
    person = borrower()
    before = Decimal(person.wealth()["total_collateral_value"])

    answer = person.on_margin(side, quantity, leverage)

    assert answer["code"] in {0, 609}
    bound = min(Decimal(leverage), listing().instruments[BTC].leverage_max)
    assert Decimal(person.wealth()["total_borrow"]) <= (bound - 1) * before
    assert person.buy("0.001", client_oid="next")["code"] != 301


@settings(max_examples=40, deadline=None)
@given(sides, quantities, leverages, leverages)
def test_a_higher_leverage_never_admits_less(
    side: str, quantity: str, one: str, other: str
) -> None:
    low, high = sorted((one, other), key=Decimal)

    if borrower().on_margin(side, quantity, low)["code"] == 0:
        assert borrower().on_margin(side, quantity, high)["code"] == 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(sides, quantities, leverages), min_size=1, max_size=6))
def test_every_identity_of_the_balance_holds_with_a_debt(
    orders: list[tuple[str, str, str]],
) -> None:
    person = borrower(balances={"USDT": "10000", COIN: "0.1"})

    for n, (side, quantity, leverage) in enumerate(orders):
        price = {"type": "LIMIT", "price": "45000" if side == "BUY" else "55000"} if n % 2 else {}
        person.on_margin(side, quantity, leverage, client_oid=f"oid-{n}", **price)
        row = person.wealth()
        assert {k: v for k, v in identities(row).items() if abs(v) > CLOSE} == {}
        values = {
            each["instrument_name"]: Decimal(each["market_value"])
            for each in row["position_balances"]
        }
        margin, used = Decimal(row["total_margin_balance"]), Decimal(row["used_position_limit"])
        assert Decimal(row["total_borrow"]) == sum(-v for v in values.values() if v < 0)
        assert Decimal(row["position_limit"]) == 20 * margin
        assert abs(Decimal(row["total_effective_leverage"]) - used / margin) < Decimal("1e-6")
        assert row["has_risk"] is not row["terminatable"] or not Decimal(row["total_borrow"])


def test_the_effective_leverage_is_what_was_asked_for() -> None:
    person = borrower()

    person.on_margin("BUY", "0.39", "2", type="LIMIT", price="50100")

    assert Decimal("1.9") < Decimal(person.wealth()["total_effective_leverage"]) <= 2


def test_an_open_margin_order_pledges_and_gives_back_when_it_ends() -> None:
    person = borrower()
    free = person.wealth()["total_available_balance"]

    made = person.on_margin("BUY", "0.3", "3", type="LIMIT", price="45000")

    assert (person.pledged("USDT"), person.reserved("USDT")) == (Decimal(13500), ZERO)
    assert Decimal(person.wealth()["total_position_im"]) == Decimal(3500) / 50
    assert person.buy("0.001", client_oid="poor")["code"] == 306
    person.ask("cancel-order", order_id=made["result"]["order_id"])
    assert person.pledged("USDT") == 0
    assert person.wealth()["total_available_balance"] == free


def test_a_second_order_borrows_only_what_the_first_has_left() -> None:
    person = borrower()
    for n in range(2):
        answer = person.on_margin(
            "BUY", "0.3", "2", type="LIMIT", price="45000", client_oid=f"oid-{n}"
        )

    assert answer["code"] == 609


def test_an_amended_margin_order_is_asked_for_its_margin_again() -> None:
    person = borrower()
    person.on_margin("BUY", "0.3", "2", type="LIMIT", price="45000", client_oid="one")

    more = person.ask(
        "amend-order",
        orig_client_oid="one",
        client_oid="two",
        new_price="45000",
        new_quantity="0.6",
    )

    assert more["code"] == 609
    assert person.pledged("USDT") == Decimal("0.3") * 45000


def test_the_account_bounds_the_leverage_that_is_sent() -> None:
    bold, careful = borrower(), borrower()
    careful.ask("change-account-settings", leverage="2")

    for person, code in ((bold, 0), (careful, 609)):
        made = person.on_margin("BUY", "0.4", "3", type="LIMIT", price="50100")
        assert made["code"] == code


def test_a_margin_order_without_a_leverage_has_that_of_the_account() -> None:
    bold, careful = borrower(), borrower()
    careful.ask("change-account-settings", leverage="1")

    assert bold.buy("0.4", spot_margin="MARGIN")["code"] == 0
    assert debt(bold, "USDT") > 0
    assert careful.buy("0.4", spot_margin="MARGIN")["code"] == 609


def test_an_order_that_would_be_called_at_once_is_refused() -> None:
    collateral = 15 * 9800
    lacking = 3 * 50100 - 10000
    assert lacking < collateral

    refused = borrower().on_margin("BUY", "3", "16", type="LIMIT", price="50100")

    assert refused["code"] == 609


def test_no_more_coins_are_lent_than_the_recorded_limit() -> None:
    person = borrower(balances={"USDT": "50000000"})
    assert listing().instruments[BTC].short_max == 200

    codes = [
        person.on_margin("SELL", "18", "5", type="LIMIT", price="55000", client_oid=f"oid-{n}")[
            "code"
        ]
        for n in range(12)
    ]

    assert codes == [0] * 11 + [609]


def test_an_instrument_that_is_not_enabled_for_margin_lends_nothing() -> None:
    series = replace(QUIET, symbol="CRO_USD")
    person = borrower(series=series, balances={"USD": "1000000", "CRO": "5"})
    asked = {"instrument_name": "CRO_USD", "side": "SELL", "type": "MARKET"}

    assert listing().instruments["CRO_USD"].margin_buy
    assert not listing().instruments["CRO_USD"].margin_sell
    lent = {"spot_margin": "MARGIN", "leverage": "2"}
    assert person.ask("create-order", quantity="5", **asked, **lent)["code"] == 0
    again = person.ask("create-order", quantity="1", client_oid="short", **asked, **lent)
    assert again["code"] == 609


@pytest.mark.parametrize("leverage", ["0", "0.5", "101", "-2", "three", "", "1e1", True, [3]])
def test_a_leverage_that_is_none_is_refused_and_no_order_is_made(leverage: object) -> None:
    person = borrower()

    refused = person.buy(spot_margin="MARGIN", leverage=leverage)

    assert (refused["code"], person.last) == (226, 400)
    assert person.engine.books()["orders"] == []


def test_a_margin_order_may_say_in_its_instructions_what_it_is_and_a_spot_order_may_not() -> None:
    person = borrower()
    both = ["MARGIN_ORDER", "POST_ONLY"]

    made = person.buy(spot_margin="MARGIN", leverage="2", exec_inst=both, price="40000")

    assert sorted(person.detail(made)["exec_inst"]) == ["MARGIN_ORDER", "POST_ONLY"]
    assert person.buy(exec_inst=["MARGIN_ORDER"], client_oid="spot")["code"] == 219


def test_a_trigger_on_margin_asks_for_margin_when_it_fires_and_not_before() -> None:
    person = borrower(series=HALVING)
    lent = {"spot_margin": "MARGIN", "leverage": "2"}
    enough = person.stop("40000", "0.2", client_oid="enough", **lent)
    greedy = person.stop("40000", "0.5", client_oid="greedy", **lent)

    person.engine.advance(START + 2 * HOUR)

    assert person.detail(enough, advanced=True)["status"] == "FILLED"
    rejected = person.detail(greedy, advanced=True)
    assert (rejected["status"], rejected["reject_reason"]) == ("REJECTED", "609")
    assert person.wealth()["position_balances"][0]["quantity"] == str(person.held(COIN))
    assert Decimal("0.2") <= debt(person, COIN) < Decimal("0.2001")


# -- interest


@settings(max_examples=30, deadline=None)
@given(st.integers(min_value=0, max_value=59), st.integers(min_value=0, max_value=1500))
def test_each_full_hour_of_a_debt_costs_its_interest_once(begins: int, lasts: int) -> None:
    person = borrower()
    engine = person.engine
    engine.advance(START + timedelta(minutes=begins))
    person.on_margin("BUY", "0.4", "3")
    owed = debt(person, "USDT")

    engine.advance(engine.now + timedelta(minutes=lasts))

    hours = (begins + lasts) // 60
    for _ in range(hours):
        owed += (owed * RATE).quantize(Decimal("1e-12"))
    assert debt(person, "USDT") == owed
    kept = person.ask("get-transactions", journal_type="MARGIN_TRADE_INTEREST", limit=100)
    rows = kept["result"]["data"]
    assert len(rows) == hours
    assert {row["instrument_name"] for row in rows} <= {"USDT"}
    paid = -sum(Decimal(row["transaction_qty"]) for row in rows)
    assert paid == Decimal(engine.books()["interest"].get("USDT", "0"))


def test_interest_is_an_event_of_the_clock_and_ends_with_the_debt() -> None:
    person = borrower()
    engine = person.engine
    assert engine.next_event() is None

    engine.advance(START + timedelta(minutes=10))
    person.on_margin("BUY", "0.4", "3")
    seen, stirs = engine.events.count, engine.stirs
    assert engine.next_event() == START + HOUR
    engine.advance(START + HOUR)

    told = [each for each in engine.events.since(seen) if isinstance(each, BalanceChanged)]
    assert [(each.currency, -each.total) for each in told] == [("USDT", debt(person, "USDT"))]
    assert engine.stirs == stirs + 1
    assert engine.next_event() == START + 2 * HOUR
    person.order("SELL", "0.398", type="MARKET")
    assert debt(person, "USDT") == 0
    assert engine.next_event() is None


def test_at_a_full_hour_interest_is_taken_before_an_order_that_repays_is_executed() -> None:
    jumping = bars(*[FLAT] * 3, *[(60000.0,) * 4] * 20)
    person = borrower(series=jumping)
    person.on_margin("BUY", "0.4", "3")
    owed = debt(person, "USDT")
    person.sell("0.398", price="55000", client_oid="target")

    person.engine.advance(START + HOUR)

    assert debt(person, "USDT") == 0
    paid = Decimal(person.engine.books()["interest"]["USDT"])
    assert paid == (owed * RATE).quantize(Decimal("1e-12"))


def test_money_that_comes_in_repays_the_debt() -> None:
    person = borrower()
    person.on_margin("BUY", "0.4", "3")

    person.engine.transfer("USDT", debt(person, "USDT"))

    assert person.held("USDT") == 0
    assert (person.wealth()["total_borrow"], person.wealth()["has_risk"]) == ("0", False)


# -- the margin call


def test_in_a_margin_call_entries_are_refused_and_what_lowers_the_risk_goes_through() -> None:
    person = borrower(balances={"USDT": "10000", COIN: "0.5"})
    person.on_margin("SELL", "0.6", "3", client_oid="short")
    person.engine.margin_call(on=True)

    refused = person.on_margin("BUY", "0.5", "3", client_oid="entry")
    assert (refused["code"], refused["message"]) == (301, "ACCOUNT_IS_IN_MARGIN_CALL")
    assert person.last == 500
    assert person.on_margin("SELL", "0.1", "3", client_oid="more")["code"] == 301
    assert person.wealth()["has_risk"] is True
    assert person.order("BUY", "0.10051", type="MARKET", client_oid="cover")["code"] == 0
    assert person.wealth()["total_borrow"] == "0"
    assert person.buy("0.001", client_oid="spot")["code"] == 301
    person.engine.margin_call(on=False)
    assert person.buy("0.001", client_oid="again")["code"] == 0


def test_in_a_margin_call_a_sale_repays_and_a_stop_still_fires() -> None:
    person = borrower(series=HALVING)
    person.on_margin("BUY", "0.3", "3")
    person.engine.margin_call(on=True)

    assert person.sell("0.1", client_oid="sale")["code"] == 0
    stop = person.stop("40000", "0.1", client_oid="stop")
    person.engine.advance(START + 2 * HOUR)

    assert person.detail(stop, advanced=True)["status"] == "FILLED"


@pytest.mark.parametrize(
    ("series", "side", "quantity", "is_gone"),
    [
        (HALVING, "BUY", "0.38", False),
        (HALVING, "BUY", "0.4", True),
        (DOUBLING, "SELL", "0.19", False),
        (DOUBLING, "SELL", "0.2", True),
    ],
)
def test_a_margin_that_is_used_up_is_called_by_itself_and_nothing_is_sold(
    series: Series, side: str, quantity: str, *, is_gone: bool
) -> None:
    person = borrower(series=series)
    person.on_margin(side, quantity, "3", client_oid="entry")
    before = person.wealth()
    assert (before["has_risk"], before["is_liquidating"]) == (True, False)
    assert Decimal(before["total_available_balance"]) > 0

    person.engine.advance(START + 2 * HOUR)

    row = person.wealth()
    assert Decimal(row["total_available_balance"]) < 0
    assert row["is_liquidating"] is is_gone
    assert person.on_margin("BUY", "0.3", "3", client_oid="more")["code"] == 301
    assert len(person.engine.books()["fills"]) == 1


def test_the_interest_and_the_debt_are_shown_to_nobody_who_has_no_margin() -> None:
    row = Person(exchange()).wealth()

    assert {each["hourly_interest_rate"] for each in row["position_balances"]} == {"0"}
    assert (row["has_risk"], row["terminatable"], row["total_borrow"]) == (False, True, "0")


def test_margin_access_is_told_among_the_accounts() -> None:
    def access(person: Person) -> object:
        return person.ask("get-accounts")["result"]["master_account"]["margin_access"]

    assert (access(Person(exchange())), access(borrower())) == ("DISABLED", "ENABLED")
