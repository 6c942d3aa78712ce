"""What the owner may rely on of the outbox: what happened is told, once, in the transaction in which it happened; or not at all."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NoReturn

import pytest
from typing_extensions import override

from interlock.account import Tenure
from interlock.errors import BadInput, BrokenInvariant
from interlock.evidence.incident import Incident
from interlock.evidence.telling import Delivery, Expired, Message, Said, Topic, Unsaid
from interlock.orders.life import State
from interlock.orders.ruling import Ruling
from interlock.ports import Books
from interlock.store.books import RowBooks
from interlock.values import Instant
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
    sale,
    signal,
)

ALERT = "BUY BTC_USDT at 50000.5. RSI 28 is below 30."


def waiting(books: Books, now: Instant = NOON + HOUR) -> tuple[Message, ...]:
    return books.undelivered(now, 100)


def texts(messages: Sequence[Message]) -> list[str]:
    return [message.text for message in messages]


def blocked(bar: Instant = NOON) -> Ruling:
    return Ruling(signal=signal(bar), emitted=True, block="TRADE_DISABLED", alert=ALERT)


def speak(books: Books, tenure: Tenure, bar: Instant = NOON) -> None:
    books.rule(tenure.epoch, bar, lambda _s, _t: blocked(bar))


def incident(text: str = "down", at: Instant = NOON) -> Incident:
    return Incident("pass:settler", "FAIL", text, at)


def test_an_emitted_signal_is_told_with_what_became_of_its_order(shelf: Shelf) -> None:
    books = shelf.books()
    tenure = armed(books)

    speak(books, tenure)
    (told,) = waiting(shelf.books())

    assert told == Message(
        1, f"signal:{signal().id}", Topic.SIGNAL, f"{ALERT} No order: TRADE_DISABLED.", NOON, NOON
    )


def test_a_signal_that_was_kept_back_is_not_told(books: RowBooks) -> None:
    tenure = armed(books)

    books.rule(tenure.epoch, NOON, lambda _s, _t: Ruling(signal=signal()))
    books.note(NOON, signals=())

    assert waiting(books) == ()


def test_the_same_bar_decided_again_is_silent(books: RowBooks) -> None:
    tenure = armed(books)

    speak(books, tenure)
    speak(books, tenure)

    assert len(waiting(books)) == 1


def test_what_was_rolled_back_is_not_told_and_what_is_told_was_not_rolled_back(
    shelf: Shelf,
) -> None:
    books = shelf.books()
    tenure = armed(books)

    with pytest.raises(BrokenInvariant):
        books.rule(tenure.epoch, NOON, lambda _s, _t: replace(blocked(), block=None))
    with pytest.raises(BadInput):
        books.rule(tenure.epoch, NOON, lambda _s, _t: _exit_of_nothing())
    with pytest.raises(BadInput):
        books.note(NOON, signals=(signal(),), incidents=(incident(),))
    with pytest.raises(_Interrupted):
        books.note(NOON, incidents=(incident(),), closed=_Cut(("x",)))

    assert waiting(shelf.books()) == ()
    assert shelf.books().picture(NOON).incidents == ()


def _exit_of_nothing() -> Ruling:
    return Ruling(signal=signal(), emitted=True, exits=("no lot",), alert=ALERT)


class _Interrupted(Exception):
    """The process dies between the incident and the end of its transaction."""


class _Cut(tuple[str, ...]):
    """Words whose reading is where the process dies."""

    __slots__ = ()

    @override
    def __iter__(self) -> NoReturn:
        raise _Interrupted


def test_an_incident_is_told_when_it_opens_and_when_it_is_over_and_not_when_it_repeats(
    books: RowBooks,
) -> None:
    armed(books)

    books.note(NOON, incidents=(incident(),))
    books.note(NOON + SECOND, incidents=(incident("still down", NOON + SECOND),))
    books.note(NOON + MINUTE, closed=("pass:settler", "pass:other"))
    books.note(NOON + MINUTE, closed=("pass:settler",))
    books.note(NOON + HOUR, incidents=(incident("again", NOON + HOUR),))

    assert texts(waiting(books)) == [
        "FAIL pass:settler: down",
        "Over: pass:settler: still down",
        "FAIL pass:settler: again",
    ]


def test_an_incident_that_opens_twice_in_one_instant_opened_once(books: RowBooks) -> None:
    armed(books)

    for _ in range(2):
        books.note(NOON, incidents=(incident(),), closed=("pass:settler",))

    assert texts(waiting(books)) == ["FAIL pass:settler: down", "Over: pass:settler: down"]


def test_an_incident_found_in_evidence_is_told(books: RowBooks) -> None:
    tenure = armed(books)
    intent = bought(books, tenure)
    before = len(waiting(books))

    other = fill(intent, "trade-of-entry", "0.02")
    learn(books, tenure, NOON + MINUTE, other)
    learn(books, tenure, NOON + MINUTE, other)

    (told,) = waiting(books)[before:]
    assert (told.topic, told.at) == (Topic.INCIDENT, NOON + MINUTE)
    assert "fill:trade-of-entry" in told.text


def test_a_lot_is_told_once_when_it_opens_and_once_when_it_closes(books: RowBooks) -> None:
    tenure = armed(books)
    intent, _ = ask(books, tenure, entry())
    part = fill(intent, "1", "0.004", fee="0.00002")
    rest = fill(intent, "2", "0.006", fee="0.00003")

    learn(books, tenure, NOON, fact(intent, State.WORKING, "0.004"), part)
    learn(books, tenure, NOON + SECOND, part, rest, fact(intent, State.FILLED, "0.01"))
    opened, *_ = waiting(books)
    out, _ = ask(books, tenure, sale(intent.id, size="0.0099"))
    exit_fill = replace(fill(out, "3", "0.0099", NOON + MINUTE, fee="1"), price=Decimal(51000))
    for _ in range(2):
        learn(books, tenure, NOON + MINUTE, fact(out, State.FILLED, "0.0099"), exit_fill)

    assert opened.text == "Bought 0.004 BTC for 200 USDT."
    assert [m.text for m in waiting(books) if m.topic is Topic.LOT] == [
        opened.text,
        "Sold 0.0099 BTC for 504.9 USDT, bought for 500 USDT; result after fees: 3.9 USDT.",
    ]


def test_a_lot_too_small_to_sell_is_told_as_it_is(books: RowBooks) -> None:
    tenure = armed(books)
    intent, _ = ask(books, tenure, entry())

    crumb = fill(intent, "1", "0.00001")
    learn(books, tenure, NOON, fact(intent, State.CANCELLED, "0.00001"), crumb)

    assert [m.text for m in waiting(books) if m.topic is Topic.LOT] == [
        "Bought 0.00001 BTC for 0.5 USDT.",
        "Closed BTC_USDT: the 0.00001 BTC that it holds are too little for any order.",
    ]


def test_what_is_due_comes_first_and_the_oldest_of_it_first(books: RowBooks) -> None:
    tenure = armed(books)
    for minute in range(4):
        speak(books, tenure, NOON + minute * MINUTE)
    one, two, three, four = waiting(books)

    books.heard(one.id, Unsaid("Unreachable", NOON + 10 * MINUTE), NOON + 5 * MINUTE)
    books.heard(two.id, Unsaid("Unreachable", NOON + 6 * MINUTE), NOON + 5 * MINUTE)

    at_five = [m.id for m in waiting(books, NOON + 5 * MINUTE)]
    at_six = [m.id for m in waiting(books, NOON + 6 * MINUTE)]
    assert at_five == [three.id, four.id, two.id, one.id]
    assert at_six == [two.id, three.id, four.id, one.id]
    assert len(books.undelivered(NOON, 2)) == 2


def test_what_was_said_or_given_up_is_not_said_again(shelf: Shelf) -> None:
    books = shelf.books()
    tenure = armed(books)
    for minute in range(3):
        speak(books, tenure, NOON + minute * MINUTE)
    one, two, three = waiting(books)

    books.heard(one.id, Said("77"), NOON + HOUR)
    books.heard(one.id, Unsaid("Unreachable", NOON), NOON + HOUR)
    books.heard(two.id, Expired(), NOON + HOUR)
    books.heard(two.id, Said("78"), NOON + HOUR)
    books.heard(one.id, Expired(), NOON + HOUR)

    assert waiting(shelf.books()) == (three,)
    with pytest.raises(BadInput):
        books.heard(99, Said("79"), NOON)


def test_a_failure_is_kept_with_its_class_and_its_next_try(books: RowBooks) -> None:
    tenure = armed(books)
    speak(books, tenure)
    (told,) = waiting(books)

    books.heard(told.id, Unsaid("Unreachable", NOON + MINUTE), NOON + SECOND)
    (after,) = waiting(books)

    assert (after.attempts, after.last_error, after.due_at) == (1, "Unreachable", NOON + MINUTE)
    assert after.at == NOON


def test_how_telling_goes_is_unknown_until_the_first_attempt(books: RowBooks) -> None:
    tenure = armed(books)
    assert books.picture(NOON).delivery == Delivery()

    speak(books, tenure)
    speak(books, tenure, NOON + MINUTE)
    one, _ = waiting(books)
    assert books.picture(NOON).delivery == Delivery(None, 0, NOON)

    books.heard(one.id, Expired(), NOON + HOUR)
    assert books.picture(NOON).delivery == Delivery(None, 0, NOON + MINUTE)


def test_failures_in_a_row_are_counted_until_one_message_is_heard(shelf: Shelf) -> None:
    books = shelf.books()
    tenure = armed(books)
    speak(books, tenure)
    (told,) = waiting(books)

    for n in range(1, 4):
        books.heard(told.id, Unsaid("Unreachable", NOON + HOUR), NOON)
        assert shelf.books().picture(NOON).delivery == Delivery(
            last_send_ok=False, failures_in_row=n, oldest_unsent=NOON
        )
    books.heard(told.id, Said("1"), NOON)

    assert books.picture(NOON).delivery == Delivery(last_send_ok=True)
