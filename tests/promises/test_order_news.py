"""What the owner may rely on of an order's news: each event once, with its role, its figures and whose word it was."""

from dataclasses import replace
from datetime import timedelta

import pytest

from interlock.account import Mode, Tenure
from interlock.errors import NotSent, Refused, Unreachable
from interlock.evidence.telling import Mute, Topic
from interlock.orders.evidence import LOOKS_MIN, Accepted, Answer, Source
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.ports import Books
from interlock.store.books import RowBooks
from interlock.strategy.proposal import Proposal, Purpose
from tests.promises.conftest import Shelf
from tests.promises.wishes import (
    HOUR,
    MINUTE,
    NOON,
    SECOND,
    armed,
    ask,
    bought,
    entry,
    fact,
    fill,
    learn,
    look,
    sale,
    signal,
    stop,
)

BUY = "ENTRY BUY 0.01 BTC_USDT at 50000"


def news(books: Books) -> list[str]:
    """What is told of orders alone."""
    waiting = books.undelivered(NOON + HOUR, 100)
    return [message.text for message in waiting if message.topic is Topic.ORDER]


def answered(books: Books, tenure: Tenure, wish: Proposal, answer: Answer) -> Intent:
    _, attempt = ask(books, tenure, wish)
    return books.answered(attempt, answer, NOON)


def test_an_accepted_order_is_created_and_not_yet_executed_and_told_once(shelf: Shelf) -> None:
    books = shelf.books()
    tenure = armed(books)

    intent = answered(books, tenure, entry(), Accepted("77"))
    learn(books, tenure, NOON, fact(intent, State.WORKING))

    assert news(shelf.books()) == [f"Created: {BUY}, order 77; it is not executed yet. [answer]"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Refused(306, "INSUFFICIENT_BALANCE"), "306 INSUFFICIENT_BALANCE"),
        (NotSent("no route"), "No byte left, or it was proven absent."),
    ],
)
def test_an_order_that_never_was_is_told_as_failed_with_its_reason(
    books: RowBooks, answer: Answer, why: str
) -> None:
    answered(books, armed(books), entry(), answer)

    assert news(books) == [f"Failed: {BUY}; the exchange never had it. {why} [answer]"]


def test_an_order_that_a_switch_kept_from_leaving_is_told_as_failed(books: RowBooks) -> None:
    tenure = armed(books)
    _, attempt = ask(books, tenure, entry())
    books.switch("owner", "enough", NOON, mode=None, kill=True)

    assert not books.may_send(attempt, NOON, Purpose.ENTRY)
    assert news(books) == [
        f"Failed: {BUY}; the exchange never had it. No byte left, or it was proven absent. [gate]"
    ]


def test_silence_is_told_as_unknown_and_its_end_by_what_proved_it(books: RowBooks) -> None:
    tenure = armed(books)
    intent = answered(books, tenure, entry(), Unreachable("nobody"))

    sources = (Source.ORDER_DETAIL, Source.OPEN_ORDERS, Source.ORDER_HISTORY)
    late = NOON + timedelta(minutes=10)
    learn(books, tenure, late, *(look(intent, source, late) for source in sources))

    unknown, failed = news(books)
    assert len(sources) >= LOOKS_MIN
    assert unknown.startswith(f"Unknown: {BUY}; nobody knows yet")
    assert failed.startswith(f"Failed: {BUY}; the exchange never had it.")
    assert failed.endswith("[coverage]")


def test_a_restart_tells_what_it_does_not_know(books: RowBooks) -> None:
    ask(books, armed(books), entry())

    for _ in range(2):
        books.open(Mode.SIM, NOON + MINUTE)

    (told,) = news(books)
    assert told.startswith(f"Unknown: {BUY}")
    assert told.endswith("[restart]")


def test_the_part_of_a_cancelled_entry_that_was_executed_is_told(books: RowBooks) -> None:
    tenure = armed(books)
    intent, _ = ask(books, tenure, entry())

    for _ in range(2):
        words = fact(intent, State.CANCELLED, "0.004"), fill(intent, "1", "0.004")
        learn(books, tenure, NOON, *words)

    assert news(books) == [
        f"Cancelled: {BUY}, order order-of-entry; 0.004 BTC of it was executed. [order_detail]"
    ]


def test_what_the_message_of_a_lot_says_is_not_said_again(books: RowBooks) -> None:
    tenure = armed(books)
    lot = bought(books, tenure)
    out, _ = ask(books, tenure, sale(lot.id))
    learn(books, tenure, NOON, fact(out, State.FILLED, "0.01"), fill(out, "2", "0.01"))

    assert news(books) == []


def test_an_execution_that_its_lot_did_not_tell_whole_is_told(books: RowBooks) -> None:
    tenure = armed(books)
    intent, _ = ask(books, tenure, entry())

    learn(books, tenure, NOON, fact(intent, State.WORKING, "0.004"), fill(intent, "1", "0.004"))
    learn(books, tenure, NOON, fact(intent, State.FILLED, "0.01"), fill(intent, "2", "0.006"))

    assert (
        news(books)[-1]
        == f"Executed: {BUY}, order order-of-entry; 0.01 BTC for 500 USDT. [order_detail]"
    )


def test_a_stop_is_told_once_the_exchange_lists_it_and_not_when_we_take_it_away(
    books: RowBooks,
) -> None:
    tenure = armed(books)
    lot = bought(books, tenure)
    leg = answered(books, tenure, stop(lot.id), Accepted("9"))

    for _ in range(2):
        listed = fact(leg, State.WORKING, source=Source.ADVANCED_OPEN_ORDERS)
        learn(books, tenure, NOON + SECOND, listed)
    books.cancel_attempt(tenure.epoch, NOON + MINUTE, leg.id)
    learn(books, tenure, NOON + MINUTE, fact(leg, State.CANCELLED))

    assert news(books) == [
        "Protected: PROTECT SELL 0.01 BTC_USDT at 49000, order 9; the exchange lists it. [advanced_open_orders]"
    ]


def test_a_stop_that_somebody_else_took_away_is_told(books: RowBooks) -> None:
    tenure = armed(books)
    lot = bought(books, tenure)
    leg = answered(books, tenure, stop(lot.id), Accepted("9"))

    learn(books, tenure, NOON + MINUTE, fact(leg, State.CANCELLED))

    assert news(books)[-1].startswith("Cancelled: PROTECT SELL 0.01 BTC_USDT at 49000, order 9")


def test_exits_that_fail_the_same_way_again_and_again_are_told_once(books: RowBooks) -> None:
    tenure = armed(books)
    lot = bought(books, tenure)

    for n in range(5):
        flatten = replace(sale(lot.id, f"flatten-{n}"), purpose=Purpose.FLATTEN)
        answered(books, tenure, flatten, Refused(140001, "API_DISABLED"))
    answered(books, tenure, stop(lot.id), Refused(140001, "API_DISABLED"))

    assert [text.split()[1] for text in news(books)] == ["FLATTEN", "PROTECT"]


def test_while_muted_everything_is_stored_and_nothing_is_due(shelf: Shelf) -> None:
    books = shelf.books()
    tenure = armed(books)

    assert books.mute("owner", "asleep", NOON, on=True) == Mute("owner", "asleep", NOON)
    answered(books, tenure, entry(), Accepted("77"))
    again = shelf.books()

    assert news(again) == []
    assert again.picture(NOON).delivery.mute == Mute("owner", "asleep", NOON)
    assert again.picture(NOON).delivery.oldest_unsent == NOON
    assert again.mute("other", "me too", NOON + HOUR, on=True) == Mute("owner", "asleep", NOON)
    assert again.mute("owner", "awake", NOON + HOUR, on=False) is None
    assert again.mute("owner", "awake", NOON + HOUR, on=False) is None
    assert len(news(books)) == 1


def test_a_mute_touches_neither_switch_nor_order(books: RowBooks) -> None:
    tenure = armed(books)
    before = books.standing(NOON).switches
    books.mute("owner", "asleep", NOON, on=True)

    intent, _ = ask(books, tenure, replace(entry(), key=signal().id))

    assert intent.state is State.SENDING
    assert books.standing(NOON).switches == before
