"""What an owner may rely on of an order's record: every step with its time and whose word it was, and nothing invented."""

from dataclasses import replace
from datetime import timedelta

import pytest

from interlock.errors import BadInput, Unreachable
from interlock.evidence.timeline import Line, timeline
from interlock.orders.evidence import Accepted, Source
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.ports import Books
from interlock.store.books import RowBooks
from interlock.strategy.proposal import Purpose
from tests.promises.wishes import (
    NOON,
    SECOND,
    approve,
    armed,
    ask,
    entry,
    fact,
    fill,
    learn,
    signal,
    stop,
)

MS = timedelta(milliseconds=1)


def lines(books: Books, intent: Intent) -> list[Line]:
    record = books.order_record(intent.client_oid)
    assert record is not None
    return list(timeline(record))


def lived(books: RowBooks) -> Intent:
    """A signal, its order, an execution, and a stop that the exchange lists."""
    tenure, said = armed(books), signal()
    ruled, attempt = books.rule(tenure.epoch, NOON, approve(entry(), tenure, NOON, said))
    assert ruled.intent is not None
    assert attempt is not None
    assert books.may_send(attempt, NOON, Purpose.ENTRY)
    bought = books.answered(replace(attempt, left_at=NOON + MS), Accepted("77"), NOON + 20 * MS)
    done = (
        fact(bought, State.FILLED, "0.01"),
        fill(bought, "t1", "0.01", NOON + 9 * MS),
    )
    learn(books, tenure, NOON + SECOND, *done)
    guard, _ = ask(books, tenure, stop(ruled.intent.id), NOON + SECOND)
    listed = fact(guard, State.ACKED, source=Source.ADVANCED_OPEN_ORDERS)
    learn(books, tenure, NOON + 2 * SECOND, listed)
    return ruled.intent


def test_an_order_is_told_from_its_decision_to_its_stop_with_the_time_of_each_step(
    books: RowBooks,
) -> None:
    told = lines(books, lived(books))

    assert [line.event for line in told] == [
        "decided",
        "judged",
        "written",
        "sent",
        "filled",
        "answered",
        "acknowledged",
        "ended",
        "booked",
        "protected",
    ]
    at = {line.event: line.at for line in told}
    assert at["sent"] == NOON + MS
    assert at["answered"] == at["acknowledged"] == NOON + 20 * MS
    assert at["booked"] == at["ended"] == NOON + SECOND
    assert at["protected"] == NOON + 2 * SECOND
    assert all(line.source and line.who for line in told)


def test_each_line_names_its_evidence_and_who_said_it(books: RowBooks) -> None:
    told = {line.event: line for line in lines(books, lived(books))}

    assert told["sent"].said.startswith("create, nonce ")
    assert told["sent"].source == "attempt 1"
    assert told["filled"].said == "0.01 at 50000, fee 0 BTC, taker"
    assert (told["filled"].source, told["filled"].who) == ("trade t1", "exchange")
    assert "wallet -500 USDT" in told["booked"].said
    assert told["booked"].source == "entry t1"
    assert told["ended"].source == "order_detail"
    assert told["protected"].source.startswith("advanced_open_orders, order ")


def test_silence_is_a_line_of_its_own_and_a_restart_says_so(books: RowBooks) -> None:
    tenure = armed(books)
    lost, attempt = ask(books, tenure, entry())
    books.answered(attempt, Unreachable("nobody"), NOON + SECOND)
    dead, _ = ask(books, tenure, entry("another"))
    books.open(tenure.venue, NOON + 5 * SECOND)

    assert [(line.event, line.source) for line in lines(books, lost)][-1] == ("unknown", "answer")
    told = lines(books, dead)
    assert (told[-1].event, told[-1].source, told[-1].who) == ("unknown", "restart", "platform")
    unanswered = next(line for line in told if line.event == "no answer")
    assert unanswered.at is None
    sent = next(line for line in told if line.event == "sent")
    assert "when it left was not kept" in sent.said


def test_an_order_is_found_by_each_of_its_ids_and_by_how_one_begins(books: RowBooks) -> None:
    intent = lived(books)
    own = intent.client_oid.partition("-")[2]

    for named in (intent.client_oid, intent.id, "77", own[:8], intent.client_oid[:14]):
        record = books.order_record(named)
        assert record is not None, named
        assert record.intent.id == intent.id
    assert books.order_record("never-heard-of") is None


def test_a_beginning_that_names_several_orders_or_too_little_names_none(books: RowBooks) -> None:
    intent = lived(books)

    with pytest.raises(BadInput, match="2 orders begin with"):
        books.order_record(intent.client_oid[:9])
    with pytest.raises(BadInput, match="4 characters"):
        books.order_record("il")


def test_a_lot_that_is_to_be_closed_says_since_when_and_why(books: RowBooks) -> None:
    intent = lived(books)
    books.flag_exit(1, NOON + 3 * SECOND, intent.id, "TARGET")

    told = lines(books, intent)[-1]
    assert (told.event, told.said, told.at) == ("to be closed", "TARGET", NOON + 3 * SECOND)
