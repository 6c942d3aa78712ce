"""Interest: every digit of a charge lands on a lot that borrowed when it was made, in proportion to what it had cost, and on no other."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.account import Lot, Margin, Spot, Transfer
from interlock.ledger.interest import DIGITS, INTEREST, charged
from tests.fakes.goods import NOW, lot

SECOND = timedelta(seconds=1)
costs = st.lists(st.decimals("0.01", "100000", places=8), min_size=1, max_size=5)
amounts = st.decimals("-1000", "-0.00000001", places=12)


def charge(amount: str | Decimal, kind: str = INTEREST) -> Transfer:
    return Transfer("j1", NOW, "USDT", Decimal(amount), kind, is_owners=False)


def borrower(cost: str | Decimal = "50", **more: object) -> Lot:
    changed: dict[str, object] = {"funding": Margin(Decimal(2)), "cost": Decimal(cost), **more}
    return replace(lot(), **changed)  # type: ignore[arg-type] # the names are those of Lot


@given(amounts, costs)
def test_the_shares_are_the_charge_to_its_last_digit_and_as_the_lots_had_cost(
    amount: Decimal, worth: list[Decimal]
) -> None:
    sharing = charged(charge(amount), [borrower(cost) for cost in worth])

    assert sum(each.interest for each in sharing) == -amount
    for each in sharing:
        exact = -amount * each.cost / sum(worth)
        assert abs(each.interest - exact) < DIGITS * len(worth)


def test_a_share_comes_on_top_of_what_the_lot_was_charged_before() -> None:
    (sharing,) = charged(charge("-0.5"), [borrower(interest=Decimal("0.25"))])

    assert sharing.interest == Decimal("0.75")


@pytest.mark.parametrize(
    "borrowed",
    [
        borrower(opened_at=NOW - SECOND),
        borrower(opened_at=NOW),
        borrower(opened_at=NOW - SECOND, closed_at=NOW),
        borrower(opened_at=NOW - SECOND, closed_at=NOW + SECOND),
        borrower("0.5"),
    ],
)
def test_a_margin_lot_that_was_open_at_that_instant_pays(borrowed: Lot) -> None:
    assert [each.interest for each in charged(charge("-1"), [borrowed])] == [Decimal(1)]


@pytest.mark.parametrize(
    "other",
    [
        borrower(opened_at=NOW + SECOND),
        borrower(opened_at=NOW + SECOND, closed_at=NOW + 2 * SECOND),
        borrower(opened_at=NOW - 2 * SECOND, closed_at=NOW - SECOND),
        borrower(quote="USD"),
        borrower("0"),
        lot(funding=Spot()),
    ],
)
def test_a_lot_that_did_not_borrow_this_currency_then_pays_nothing(other: Lot) -> None:
    assert charged(charge("-1"), [other]) == ()
    assert [each.interest for each in charged(charge("-1"), [other, borrower()])] == [Decimal(1)]


def test_what_is_no_interest_is_charged_to_no_lot() -> None:
    assert charged(charge("-1", "ADJUSTMENT"), [borrower()]) == ()
