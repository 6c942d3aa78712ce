"""What an owner may rely on of margin: the lock after a refusal, the free margin, the leverage, and what each lot was charged."""

from dataclasses import replace
from decimal import Decimal
from typing import Final

import pytest

from interlock.account import Freeze, Funding, Margin, Spot, Tenure, Transfer
from interlock.errors import Refused
from interlock.evidence.incident import Incident
from interlock.ledger.book import realised, wallet
from interlock.orders.evidence import Evidence
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.store.books import RowBooks
from interlock.values import Instant, Known, Unknown
from tests.promises.conftest import Shelf
from tests.promises.wishes import HOUR, MINUTE, NOON, SECOND, armed, ask, entry, fact, fill, reading

LOCK: Final = "MARGIN_ERROR_609_LOCK"
ON_CREDIT: Final = Margin(Decimal(3))


def refused(
    books: RowBooks, tenure: Tenure, code: int = 609, funding: Funding = ON_CREDIT
) -> Intent:
    intent, attempt = ask(books, tenure, replace(entry(), funding=funding))
    assert intent.proposal.funding == funding
    return books.answered(attempt, Refused(code, "NO"), NOON + SECOND)


def locks(books: RowBooks, at: Instant) -> list[Freeze]:
    return [freeze for freeze in books.standing(at).freezes if freeze.code == LOCK]


def incidents(books: RowBooks, at: Instant) -> list[Incident]:
    return [each for each in books.picture(at).incidents if each.closed_at is None]


def test_609_ends_the_intent_and_locks_the_symbol_for_thirty_minutes(books: RowBooks) -> None:
    intent = refused(books, armed(books))

    assert intent.state is State.REJECTED
    assert intent.proposal.funding == ON_CREDIT
    (lock,) = locks(books, NOON + 30 * MINUTE)
    assert lock.scope == "BTC_USDT"
    assert "2024-03-01T12:30:01" in lock.why
    assert locks(books, NOON + 30 * MINUTE + SECOND) == []


def test_the_lock_outlives_the_process_and_ends_by_itself(shelf: Shelf) -> None:
    books = shelf.books()
    refused(books, armed(books))
    again = shelf.books()
    armed(again, NOON + MINUTE)

    assert len(locks(again, NOON + 29 * MINUTE)) == 1
    again.account_read(NOON + HOUR, reading(NOON + HOUR))
    assert [i for i in incidents(again, NOON + HOUR) if LOCK in i.fingerprint] == []


def test_a_lock_that_was_over_locks_anew(books: RowBooks) -> None:
    tenure = armed(books)
    refused(books, tenure)
    _, attempt = ask(books, tenure, replace(entry("later"), funding=ON_CREDIT), NOON + HOUR)
    books.answered(attempt, Refused(609, "NO"), NOON + HOUR)

    assert len(locks(books, NOON + HOUR + 29 * MINUTE)) == 1


def test_an_old_refusal_that_is_told_again_locks_nothing(books: RowBooks) -> None:
    tenure = armed(books)
    intent = refused(books, tenure)
    told = replace(fact(intent, State.REJECTED), refusal=609)
    (changed,) = books.learn(tenure.epoch, NOON + HOUR, Evidence(facts=(told,)))

    assert changed.refusal == intent.refusal
    assert locks(books, NOON + HOUR) == []


@pytest.mark.parametrize(
    ("code", "funding"), [(306, ON_CREDIT), (301, ON_CREDIT), (40101, ON_CREDIT), (609, Spot())]
)
def test_nothing_else_locks(books: RowBooks, code: int, funding: Funding) -> None:
    assert refused(books, armed(books), code, funding).state is State.REJECTED
    assert locks(books, NOON + MINUTE) == []


def test_a_refusal_that_only_the_order_itself_tells_locks_too(books: RowBooks) -> None:
    tenure = armed(books)
    intent, _ = ask(books, tenure, replace(entry(), funding=ON_CREDIT))
    told = replace(fact(intent, State.REJECTED), refusal=609)
    books.learn(tenure.epoch, NOON + SECOND, Evidence(facts=(told,)))

    assert len(locks(books, NOON + MINUTE)) == 1


def test_the_free_margin_is_what_the_exchange_says_or_unknown(books: RowBooks) -> None:
    armed(books)
    assert isinstance(books.standing(NOON).margin, Unknown)

    told = replace(reading(NOON + MINUTE), free_margin=Decimal("812.5"))
    books.account_read(NOON + MINUTE, told)

    assert books.standing(NOON + MINUTE).margin == Known(Decimal("812.5"), NOON + MINUTE)
    books.account_read(NOON + MINUTE, Unknown("40101"))
    assert isinstance(books.standing(NOON + MINUTE).margin, Unknown)


def lent(books: RowBooks, tenure: Tenure, key: str = "entry") -> Intent:
    intent, _ = ask(books, tenure, replace(entry(key), funding=ON_CREDIT))
    books.learn(
        tenure.epoch, NOON + SECOND, Evidence(fills=(fill(intent, f"trade-{key}", "0.01"),))
    )
    return intent


def test_a_leverage_above_that_of_any_lot_is_an_alarm_until_it_is_not(books: RowBooks) -> None:
    lent(books, armed(books))
    for leverage, count in (("3", 0), ("3.01", 1), ("4", 1), ("2", 0)):
        told = replace(reading(NOON + MINUTE), leverage=Decimal(leverage))
        books.account_read(NOON + MINUTE, told)
        found = incidents(books, NOON + MINUTE)
        assert [i.fingerprint for i in found] == ["margin:leverage"] * count


def test_interest_is_an_entry_and_is_shared_by_the_lots_that_borrowed(books: RowBooks) -> None:
    tenure = armed(books)
    for key in ("one", "two", "three"):
        lent(books, tenure, key)
    before = wallet(books.entries())["USDT"]
    charge = Transfer(
        "9", NOON + HOUR, "USDT", Decimal("-0.0000000001"), "MARGIN_TRADE_INTEREST", is_owners=False
    )
    for _ in range(2):
        books.transferred(tenure.epoch, NOON + HOUR, (charge,))

    assert wallet(books.entries())["USDT"] == before + charge.amount
    lots = [lot for lot, _ in books.open_lots()]
    assert sum(lot.interest for lot in lots) == -charge.amount
    assert all(lot.interest > 0 for lot in lots)
    assert all(
        realised(lot) == realised(replace(lot, interest=Decimal(0))) - lot.interest for lot in lots
    )


def test_a_lot_on_spot_pays_no_interest(books: RowBooks) -> None:
    tenure = armed(books)
    intent, _ = ask(books, tenure, entry())
    books.learn(tenure.epoch, NOON + SECOND, Evidence(fills=(fill(intent, "1", "0.01"),)))
    charge = Transfer(
        "9", NOON + HOUR, "USDT", Decimal(-1), "MARGIN_TRADE_INTEREST", is_owners=False
    )
    books.transferred(tenure.epoch, NOON + HOUR, (charge,))

    ((lot, _),) = books.open_lots()
    assert lot.interest == 0
    assert lot.funding == Spot()
