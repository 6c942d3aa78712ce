"""What moved the money besides orders is told: transfers in the journal and in the wallet's histories, what all was worth, the settings."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.errors import BadInput
from interlock.simulator.books.events import BalanceChanged, Moved
from tests.rooms.simulator.person import COIN, FALLING, START, Person, exchange

HOUR = timedelta(hours=1)


def moved() -> Person:
    """A deposit of coins, an hour later a withdrawal of dollars, an hour later a deposit of dollars."""
    person = Person(exchange())
    for currency, amount in ((COIN, "0.5"), ("USDT", "-250.5"), ("USDT", "20")):
        person.engine.transfer(currency, Decimal(amount))
        person.engine.advance(person.engine.now + HOUR)
    return person


def test_transfers_are_in_the_journal_newest_first_among_the_trades() -> None:
    person = moved()
    person.buy("0.001")
    person.engine.advance(person.engine.now + HOUR)
    person.engine.transfer("USDT", Decimal(30))

    rows = person.ask("get-transactions")["result"]["data"]

    assert [
        (row["journal_type"], row["instrument_name"], row["transaction_qty"]) for row in rows
    ] == [
        ("ONCHAIN_DEPOSIT", "USDT", "30"),
        ("TRADING", "BTC_USDT", "0.001"),
        ("TRADE_FEE", COIN, "-0.000005"),
        ("ONCHAIN_DEPOSIT", "USDT", "20"),
        ("ONCHAIN_WITHDRAWAL", "USDT", "-250.5"),
        ("ONCHAIN_DEPOSIT", COIN, "0.5"),
    ]
    assert len({row["journal_id"] for row in rows}) == len(rows)
    assert {frozenset(row) for row in rows} == {frozenset(rows[0])}
    assert person.ask("get-transactions", limit=2)["result"]["data"] == rows[:2]
    of_coin = person.ask("get-transactions", instrument_name=COIN)["result"]["data"]
    assert [row["journal_type"] for row in of_coin] == ["ONCHAIN_DEPOSIT"]
    typed = person.ask("get-transactions", journal_type="ONCHAIN_WITHDRAWAL")["result"]["data"]
    assert [row["transaction_qty"] for row in typed] == ["-250.5"]


def test_the_histories_of_the_wallet_have_texts_for_numbers() -> None:
    person = moved()

    deposits, withdrawals = person.ask("get-deposit-history"), person.ask("get-withdrawal-history")

    assert (deposits["code"], type(deposits["id"])) == ("0", str)
    rows = deposits["result"]["deposit_list"]
    assert [(row["currency"], row["amount"]) for row in rows] == [("USDT", "20"), (COIN, "0.5")]
    assert {type(value) for row in rows for value in row.values()} == {str}
    (out,) = withdrawals["result"]["withdrawal_list"]
    assert (out["currency"], out["amount"], out["create_time"]) == (
        "USDT",
        "250.5",
        str((START + HOUR).ms),
    )


@pytest.mark.parametrize(
    ("asked", "amounts"),
    [
        ({"currency": COIN}, ["0.5"]),
        ({"page_size": 1}, ["20"]),
        ({"page_size": 1, "page": 1}, ["0.5"]),
        ({"page_size": 1, "page": 2}, []),
        ({"start_ts": (START + HOUR).ms}, ["20"]),
        ({"end_ts": (START + HOUR).ms}, ["0.5"]),
    ],
)
def test_deposits_are_told_by_currency_page_and_time(
    asked: dict[str, Any], amounts: list[str]
) -> None:
    rows = moved().ask("get-deposit-history", **asked)["result"]["deposit_list"]

    assert [row["amount"] for row in rows] == amounts


def test_a_transfer_is_an_event_with_the_balance_that_it_left() -> None:
    engine = exchange()

    engine.transfer("USDT", Decimal(-1))

    told = engine.events.since(0)
    assert [type(each) for each in told] == [Moved, BalanceChanged]
    assert isinstance(told[1], BalanceChanged)
    assert told[1].total == Decimal(9999)


def test_more_than_is_free_cannot_be_taken_out() -> None:
    person = Person(exchange())
    person.buy("0.1", price="40000")

    with pytest.raises(BadInput):
        person.engine.transfer("USDT", Decimal("-6000.01"))
    assert person.held("USDT") == 10000
    person.engine.transfer("USDT", Decimal(-6000))
    assert person.ask("user-balance")["result"]["data"][0]["total_cash_balance"] == "4000"


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["BUY", "SELL", "IN", "OUT"]), st.integers(1, 90)), max_size=12
    )
)
def test_the_history_of_the_balance_is_what_was_shown_then(steps: list[tuple[str, int]]) -> None:
    person = Person(exchange(FALLING, balances={"USDT": "10000", COIN: "1"}))
    engine, shown = person.engine, dict[int, str]()

    for n, (what, minutes) in enumerate(steps):
        if what in {"IN", "OUT"}:
            engine.transfer("USDT", Decimal(10 if what == "IN" else -10))
        else:
            person.order(what, "0.001", type="MARKET", client_oid=f"oid-{n}")
        shown[engine.now.ms] = person.wealth()["total_cash_balance"]
        engine.advance(engine.now + timedelta(minutes=minutes))
        shown[engine.now.ms] = person.wealth()["total_cash_balance"]

    for at, worth in shown.items():
        asked = {"timeframe": "H1", "end_time": at, "limit": 1}
        told = person.ask("user-balance-history", **asked)["result"]
        assert told == {"instrument_name": "USD", "data": [{"t": at, "c": worth}]}


def test_the_history_of_the_balance_goes_back_by_days_or_hours_to_the_beginning() -> None:
    person = Person(exchange())
    person.engine.advance(START + timedelta(days=1, hours=12))

    days = person.ask("user-balance-history")["result"]["data"]
    hours = person.ask("user-balance-history", timeframe="H1")["result"]["data"]

    assert [row["t"] for row in days] == [(START + timedelta(hours=h)).ms for h in (12, 36)]
    assert len(hours) == 37
    assert person.ask("user-balance-history", timeframe="M1")["code"] == 40003


# -- settings


def test_settings_are_shown_as_they_were_set_and_the_answer_to_a_change_has_no_result() -> None:
    person = Person(exchange())
    assert person.ask("get-account-settings")["result"] == [
        {"leverage": "1", "stp_id": "0", "stp_scope": "NULL_VAL", "stp_inst": "NULL_VAL"}
    ]

    done = person.ask(
        "change-account-settings", stp_scope="S", stp_inst="T", stp_id=32767, leverage=3
    )

    assert (done["code"], "result" in done) == (0, False)
    assert person.ask("get-account-settings")["result"] == [
        {"leverage": "3", "stp_id": "32767", "stp_scope": "S", "stp_inst": "T"}
    ]
    person.ask("change-account-settings", stp_scope="D")
    assert person.ask("get-account-settings")["result"][0]["stp_scope"] == "NULL_VAL"
    assert person.ask("get-account-settings")["result"][0]["leverage"] == "3"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, 40004),
        ({"stp_scope": "M"}, 40004),
        ({"stp_scope": "Q", "stp_inst": "M"}, 40004),
        ({"stp_scope": "M", "stp_inst": "M", "stp_id": 32768}, 40004),
        ({"leverage": 0}, 226),
        ({"leverage": 51}, 226),
        ({"leverage": "much"}, 226),
        ({"stp_scope": "M", "stp_inst": "M", "leverage": 51}, 226),
    ],
)
def test_a_wrong_setting_changes_nothing(asked: dict[str, object], code: int) -> None:
    person = Person(exchange())
    before = person.ask("get-account-settings")["result"]

    assert person.ask("change-account-settings", **asked)["code"] == code
    assert person.ask("get-account-settings")["result"] == before


def test_the_leverage_of_the_account_may_be_set_by_its_own_method() -> None:
    person = Person(exchange())
    account = person.ask("get-accounts")["result"]["master_account"]["uuid"]

    done = person.ask("change-account-leverage", account_id=account, leverage=7)

    assert (done["code"], "result" in done) == (0, False)
    assert person.ask("get-account-settings")["result"][0]["leverage"] == "7"
    assert person.ask("change-account-leverage", account_id="another", leverage=7)["code"] == 401
    assert person.ask("change-account-leverage", account_id=account)["code"] == 40004
