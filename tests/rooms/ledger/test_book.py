"""The ledger: every fill sums to zero per currency, and moves exactly the lot that its order names."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import BrokenInvariant
from interlock.ledger.book import (
    Account,
    Entry,
    Posting,
    close_if_done,
    entry_of,
    lot_after,
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
