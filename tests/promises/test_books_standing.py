"""What the standing counts and remembers for the judge: the clock, the flow of orders, and the lots that nothing protects."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from interlock.account import Standing, Tenure
from interlock.evidence.incident import Incident
from interlock.orders.evidence import Source
from interlock.orders.life import State
from interlock.orders.ruling import Ruling
from interlock.risk.limits import Limits
from interlock.risk.verdict import Blocked, Objection
from interlock.store.books import RowBooks
from interlock.store.standing import DISARMED
from interlock.values import Instant, Known, Unknown
from tests.promises.conftest import Shelf
from tests.promises.wishes import (
    HOUR,
    MINUTE,
    NOON,
    SECOND,
    Throttles,
    armed,
    ask,
    bought,
    entry,
    fact,
    learn,
    reading,
    stop,
)

LISTED = Source.ADVANCED_OPEN_ORDERS
TOO_MANY = Objection("REPEATED_EXECUTION", "GUARDRAIL_BLOCKED", "20", "20", "20 entries bought.")


def test_the_clock_is_as_old_as_the_reading_that_told_it(books: RowBooks) -> None:
    armed(books)
    assert isinstance(books.standing(NOON).clock, Unknown)
    for ahead in (timedelta(seconds=-7, microseconds=3), timedelta(0)):
        books.account_read(NOON, replace(reading(NOON), clock_offset=ahead))
        assert books.standing(NOON + HOUR).clock == Known(ahead, NOON)
    books.account_read(NOON + MINUTE, Unknown("40101"))
    assert books.standing(NOON + MINUTE).clock == Known(timedelta(0), NOON)
    books.account_read(NOON + MINUTE, reading(NOON + MINUTE))
    assert isinstance(books.standing(NOON + MINUTE).clock, Unknown)


def test_every_request_of_the_last_minute_is_counted_cancels_and_stops_too(books: RowBooks) -> None:
    tenure = armed(books)
    lot = bought(books, tenure)
    order, attempt = ask(books, tenure, stop(lot.id), NOON + SECOND)
    learn(books, tenure, NOON + SECOND, fact(order, State.WORKING))
    assert attempt.n == 1
    books.cancel_attempt(tenure.epoch, NOON + 2 * SECOND, order.id)

    counted = [books.standing(NOON + timedelta(seconds=s)).messages for s in (2, 60, 61, 62, 63)]

    assert counted == [3, 3, 2, 1, 0]


def test_an_entry_counts_as_executed_unless_it_is_known_that_it_bought_nothing(
    books: RowBooks,
) -> None:
    tenure = armed(books)
    bought(books, tenure, "bought")
    unfilled, _ = ask(books, tenure, entry("unfilled"))
    learn(books, tenure, NOON, fact(unfilled, State.CANCELLED))
    ask(books, tenure, entry("on its way"))

    assert books.standing(NOON + HOUR).executions == 2
    assert books.standing(NOON + HOUR + SECOND).executions == 0
    assert books.standing(NOON).entry_keys == {"bought", "unfilled", "on its way"}


def too_many(books: RowBooks, tenure: Tenure, at: Instant) -> None:
    def ruling(_standing: Standing, _throttles: Throttles) -> Ruling:
        return Ruling(verdict=Blocked(entry(), at, (TOO_MANY,)))

    books.rule(tenure.epoch, at, ruling)


def test_too_many_executions_disarm_until_a_person_arms_anew(books: RowBooks) -> None:
    tenure = armed(books)
    bought(books, tenure)
    assert books.standing(NOON).disarmed is None

    too_many(books, tenure, NOON + SECOND)
    too_many(books, tenure, NOON + MINUTE)

    standing = books.standing(NOON + 9 * HOUR)
    assert (standing.disarmed, standing.breaker) == ("20 entries bought.", None)
    (incident,) = books.picture(NOON).incidents
    assert incident == Incident(DISARMED, "FAIL", "20 entries bought.", NOON + SECOND)
    books.note(NOON + 2 * MINUTE, closed=(DISARMED,))
    after = books.standing(NOON + 2 * MINUTE)
    assert (after.disarmed, after.executions) == (None, 0)


def test_another_objection_disarms_nobody(books: RowBooks) -> None:
    tenure = armed(books)

    def ruling(_standing: Standing, _throttles: Throttles) -> Ruling:
        return Ruling(verdict=Blocked(entry(), NOON, (replace(TOO_MANY, rule="PER_DAY"),)))

    books.rule(tenure.epoch, NOON, ruling)
    assert books.standing(NOON).disarmed is None


@pytest.mark.parametrize(
    ("confirmed", "size", "naked"),
    [(True, "0.01", False), (True, "0.005", True), (False, "0.01", True), (None, "0", True)],
)
def test_a_lot_is_naked_when_no_confirmed_stop_covers_it_past_the_deadline(
    shelf: Shelf,
    confirmed: bool | None,  # noqa: FBT001 (a column of the table)
    size: str,
    naked: bool,  # noqa: FBT001 (a column of the table)
) -> None:
    books = shelf.books(Limits(protection_deadline=timedelta(seconds=30)))
    tenure = armed(books)
    lot = bought(books, tenure)
    if confirmed is not None:
        order, _ = ask(books, tenure, stop(lot.id, size=size), NOON + SECOND)
        if confirmed:
            learn(books, tenure, NOON + SECOND, fact(order, State.WORKING, source=LISTED))

    deadline = NOON + 31 * SECOND  # it was opened a second after noon
    assert books.standing(deadline).naked == ()
    late = books.standing(deadline + timedelta(microseconds=1))
    assert late.naked == ((lot.id,) if naked else ())


def test_what_an_order_in_flight_would_sell_at_is_known(books: RowBooks) -> None:
    tenure = armed(books)
    ask(books, tenure, entry())

    (flying,) = books.standing(NOON).in_flight
    assert flying.limit == Decimal(50000)
