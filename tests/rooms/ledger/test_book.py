"""The ledger: every fill sums to zero per currency, and moves exactly the lot that its order names."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.account import Transfer
from interlock.errors import BrokenInvariant
from interlock.ledger.book import (
    Account,
    Entry,
    Posting,
    close_if_done,
    entry_of,
    lot_after,
    moved,
    opening,
    realised,
    wallet,
)
from interlock.strategy.proposal import Purpose
from interlock.values import Side
from tests.fakes.goods import NOW, entry, exit_order, fill, intent, lot

sizes = st.decimals("0.00001", "100", places=5)
rates = st.decimals("0.01", "100000", places=2)
fees = st.decimals("0", "1", places=8)


@given(st.sampled_from(Side), sizes, rates, fees, st.sampled_from(["BTC", "USDT", "CRO"]))
def test_every_fill_sums_to_zero_in_each_currency(
    side: Side, size: Decimal, rate: Decimal, fee: Decimal, currency: str
) -> None:
    booked = entry_of(
        fill(side, str(size), str(rate), fee=str(fee), fee_currency=currency), "BTC", "USDT"
    )

    for unit in {p.currency for p in booked.postings}:
        assert sum(p.amount for p in booked.postings if p.currency == unit) == 0


def test_an_entry_that_does_not_sum_to_zero_cannot_be_made() -> None:
    with pytest.raises(BrokenInvariant):
        Entry("x", NOW, (Posting(Account.WALLET, "BTC", Decimal(1)),))
    across = (
        Posting(Account.WALLET, "BTC", Decimal(1)),
        Posting(Account.MARKET, "USDT", Decimal(-1)),
    )
    with pytest.raises(BrokenInvariant):
        Entry("x", NOW, across)


def test_the_wallet_after_a_buy_with_its_fee_in_base_holds_what_the_exchange_left() -> None:
    """Fault C15."""
    held = wallet([opening("USDT", Decimal(10000), NOW), entry_of(fill(), "BTC", "USDT")])

    assert held == {"USDT": Decimal(9950), "BTC": Decimal("0.000995")}


def test_a_lot_is_opened_enlarged_and_reduced_by_its_own_orders_alone() -> None:
    bought = intent(entry())
    first = lot_after(fill(size="0.0004", fee="0.000002", trade_id="a"), bought, None)
    assert first is not None
    whole = lot_after(fill(size="0.0006", fee="0.000003", trade_id="b"), bought, first)
    assert whole is not None
    assert whole.bought == Decimal("0.001")
    assert whole.remaining == Decimal("0.000995")

    sold = intent(exit_order(Purpose.REDUCE, whole.id, "0.00099"))
    rest = lot_after(
        fill(Side.SELL, "0.00099", "51000", fee="0.25", fee_currency="USDT"), sold, whole
    )
    assert rest is not None
    assert rest.remaining == Decimal("0.000005")
    assert close_if_done(rest, sold, NOW).closed_at == NOW


def test_an_exit_without_a_lot_opens_none() -> None:
    assert lot_after(fill(Side.SELL), intent(exit_order(Purpose.REDUCE, "gone")), None) is None


def test_profit_is_what_came_in_less_its_share_of_the_cost_and_the_fees() -> None:
    sold = lot(remaining="0", sold=Decimal("0.001"), proceeds=Decimal(51), fees=Decimal("0.25"))

    assert realised(sold) == Decimal("0.75")


@pytest.mark.parametrize(("is_owners", "other"), [(True, Account.EXTERNAL), (False, Account.FEES)])
def test_money_that_the_owner_moved_is_no_cost_and_a_charge_is(
    is_owners: bool,  # noqa: FBT001 - a case of the table
    other: Account,
) -> None:
    booked = moved(Transfer("j1", NOW, "USDT", Decimal(-3), "x", is_owners))

    assert wallet([booked]) == {"USDT": Decimal(-3)}
    assert {p.account: p.amount for p in booked.postings if p.account is not Account.WALLET} == {
        other: Decimal(3)
    }


def test_a_fee_that_was_paid_in_quote_is_a_cost_of_the_lot_and_one_in_base_leaves_less_of_it() -> (
    None
):
    bought = intent(entry())
    first = lot_after(fill(fee="0.02", fee_currency="USDT"), bought, None)
    whole = lot_after(fill(fee="0.03", fee_currency="USDT", trade_id="b"), bought, first)

    assert whole is not None
    assert (whole.fees, whole.cost, whole.remaining) == (
        Decimal("0.05"),
        Decimal(100),
        Decimal("0.002"),
    )
    sold = intent(exit_order(Purpose.REDUCE, whole.id))
    rest = lot_after(fill(Side.SELL, fee="0.25", fee_currency="USDT", trade_id="c"), sold, whole)
    assert rest is not None
    assert rest.fees == Decimal("0.30")
    in_coins = lot_after(fill(Side.SELL, "0.001", fee="0.00001"), sold, whole)
    assert in_coins is not None
    assert in_coins.remaining == Decimal("0.00099")


def test_a_lot_of_which_nothing_was_bought_has_neither_won_nor_lost() -> None:
    assert realised(lot("0", bought=Decimal(0), cost=Decimal(0))) == 0
