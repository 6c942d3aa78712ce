"""Their journal: the owner's transfers and the charges are read, executions are not, and what cannot be read is told."""

import json
from decimal import Decimal

import pytest

from interlock.errors import Unreachable
from interlock.protocol.crypto_com.transfers import CHARGES, OWNERS, transfers
from interlock.values import Instant


def row(kind: str, amount: str = "6.5", **changes: object) -> dict[str, object]:
    sound: dict[str, object] = {
        "account_id": "ce075cef-1234-4321-bd6e-gf9007351e64",
        "event_date": "2023-06-15",
        "journal_type": kind,
        "journal_id": "6530219460124075091",
        "transaction_qty": amount,
        "transaction_cost": amount,
        "realized_pnl": "0",
        "event_timestamp_ms": 1686804665013,
        "event_timestamp_ns": "1686804665013642422",
        "instrument_name": "USD",
    }
    return {**sound, **changes}


def said(*rows: dict[str, object]) -> bytes:
    return json.dumps({"data": rows}).encode()


def test_a_deposit_is_read_with_its_currency_amount_and_time() -> None:
    (told,) = transfers(said(row("ONCHAIN_DEPOSIT"))).whole()

    assert (told.id, told.currency, told.amount) == ("6530219460124075091", "USD", Decimal("6.5"))
    assert told.at == Instant(1686804665013642)
    (coarse,) = transfers(said(row("ONCHAIN_DEPOSIT", event_timestamp_ns=None))).whole()
    assert coarse.at == Instant.of_ms(1686804665013)
    assert told.is_owners


@pytest.mark.parametrize(
    ("kind", "amount", "read"),
    [
        ("ONCHAIN_WITHDRAWAL", "6.5", "-6.5"),
        ("ONCHAIN_WITHDRAWAL", "-6.5", "-6.5"),
        ("ONCHAIN_DEPOSIT", "-6.5", "6.5"),
        ("SUBACCOUNT_TX", "-6.5", "-6.5"),
        ("SUBACCOUNT_TX", "6.5", "6.5"),
    ],
)
def test_a_withdrawal_leaves_however_its_sign_is_written(kind: str, amount: str, read: str) -> None:
    (told,) = transfers(said(row(kind, amount))).whole()

    assert told.amount == Decimal(read)


def test_interest_is_a_charge_and_no_transfer_of_the_owner() -> None:
    (told,) = transfers(said(row("MARGIN_TRADE_INTEREST", "-0.2"))).whole()

    assert not told.is_owners
    assert not OWNERS & CHARGES


def test_executions_and_their_fees_are_told_by_the_trades_alone() -> None:
    rows: list[dict[str, object]] = [
        row("TRADING", journal_id=1),
        row("TRADE_FEE", journal_id=2),
        {"journal_type": "NEW"},
    ]

    assert transfers(said(*rows)).whole() == ()


def test_a_transfer_that_cannot_be_read_makes_the_list_unreachable() -> None:
    with pytest.raises(Unreachable):
        transfers(said(row("SUBACCOUNT_TX", transaction_qty="much"))).whole()
    timeless = row("SUBACCOUNT_TX", event_timestamp_ms=None, event_timestamp_ns=None)
    with pytest.raises(Unreachable):
        transfers(said(timeless)).whole()
    with pytest.raises(Unreachable):
        transfers(b'{"rows": []}')
