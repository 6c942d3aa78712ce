"""Drift: two wallets that know nothing of each other, and a difference that is said whatever it is."""

from decimal import Decimal

import pytest

from interlock.orders.evidence import OrderFact, Source
from interlock.orders.life import State
from interlock.reconcile.drift import Drift, drift
from interlock.reconcile.orphans import orphans
from interlock.values import Side, Unknown
from tests.fakes.goods import NOW, entry, intent

ONE = {"USDT": Decimal(1)}


@pytest.mark.parametrize(
    ("ledger", "exchange", "pct"),
    [
        ("10000", "9900", "1.0101"),
        ("10000", "9901", "0.9999"),
        ("10100", "10000", "1.0000"),
        ("0.5", "0", "50.0000"),
        ("0", "0", "0.0000"),
    ],
)
def test_the_drift_in_percent_follows_the_table(ledger: str, exchange: str, pct: str) -> None:
    found = drift({"USDT": Decimal(ledger)}, {"USDT": Decimal(exchange)}, ONE)

    assert isinstance(found, Drift)
    assert f"{found.pct:.4f}" == pct


def test_a_currency_without_a_price_is_unknown_and_never_worth_nothing() -> None:
    """Fault G12."""
    assert isinstance(drift({"XYZ": Decimal(1)}, {}, ONE), Unknown)


def test_nothing_to_compare_is_unknown() -> None:
    assert isinstance(drift({}, {}, ONE), Unknown)


def test_two_equal_values_of_different_coins_are_not_exact() -> None:
    prices = {"A": Decimal(1), "B": Decimal(1)}
    found = drift({"A": Decimal(5)}, {"B": Decimal(5)}, prices)

    assert isinstance(found, Drift)
    assert found.pct == 0
    assert not found.exact()


def test_every_currency_agrees_to_the_last_digit_or_the_wallets_are_not_exact() -> None:
    def compared(theirs: str) -> Drift:
        prices = {"A": Decimal(1), "B": Decimal(1)}
        found = drift(
            {"A": Decimal(5), "B": Decimal(7)}, {"A": Decimal(5), "B": Decimal(theirs)}, prices
        )
        assert isinstance(found, Drift)
        return found

    assert compared("7.000001").exact()
    assert compared("6.999999").exact()
    assert not compared("7.0000011").exact()
    assert not compared("6.9999989").exact()


def test_a_difference_is_what_the_exchange_holds_beyond_our_books() -> None:
    found = drift({"USDT": Decimal(5)}, {"USDT": Decimal(7)}, ONE)

    assert isinstance(found, Drift)
    assert [row.difference for row in found.rows] == [2]


def fact(client_oid: str) -> OrderFact:
    zero = Decimal(0)
    return OrderFact(
        client_oid=client_oid,
        order_id="9",
        symbol="BTC_USDT",
        side=Side.BUY,
        type=None,
        state=State.WORKING,
        quantity=zero,
        filled=zero,
        value=zero,
        trigger=None,
        source=Source.OPEN_ORDERS,
        as_of=NOW,
    )


def test_an_order_with_our_mark_and_no_intent_is_an_orphan_and_a_strangers_order_is_none() -> None:
    """Fault C11."""
    ours = intent(entry())
    listed = [fact(ours.client_oid), fact("ilabcdef-nobody"), fact("by-hand-1")]

    assert [o.client_oid for o in orphans("abcdef123", listed, [ours])] == ["ilabcdef-nobody"]
