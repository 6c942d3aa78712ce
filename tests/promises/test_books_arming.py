"""What an owner may rely on of pause and arming: durable, once, and what is confirmed is what was shown."""

from dataclasses import replace
from datetime import timedelta

import pytest

from interlock.account import Kill, Mode, Stage, Tenure
from interlock.errors import BadInput
from interlock.evidence.incident import Incident
from interlock.evidence.proof import CheckRow
from interlock.evidence.requests import Arming, Offer, OwnersRequest, What
from interlock.store.books import RowBooks
from interlock.strategy.proposal import Purpose
from tests.promises.conftest import Shelf
from tests.promises.wishes import (
    MINUTE,
    NOON,
    SECOND,
    armed,
    ask,
    bought,
    entry,
    journal_of,
    reading,
    stop,
)

WALL = NOON + timedelta(days=900)
OFFER = Offer("C0FFEE", Arming.ENTRIES, "ann", "looked at it", WALL + MINUTE)


def killed(books: RowBooks, who: str = "bob", why: str = "enough") -> None:
    books.switch(who, why, NOON, mode=None, kill=True)


def test_the_first_step_shows_what_would_change_and_changes_nothing(books: RowBooks) -> None:
    armed(books)
    killed(books)
    books.note(NOON, incidents=(Incident("breaker:protection", "FAIL", "no stop", NOON),))

    told = books.offer_arm(OFFER)

    assert any("engaged by bob" in line and "enough" in line for line in told)
    assert "no stop -> closed" in told
    assert books.switches().kill is not None
    assert books.standing(NOON).breaker == "no stop"


def test_the_second_step_does_exactly_that_and_says_who_and_why(shelf: Shelf) -> None:
    books = shelf.books()
    armed(books)
    killed(books)
    books.note(NOON, incidents=(Incident("breaker:protection", "FAIL", "no stop", NOON),))
    books.offer_arm(OFFER)

    books.confirm_arm("C0FFEE", WALL, NOON + SECOND)

    assert shelf.books().switches().kill is None
    assert shelf.books().standing(NOON + SECOND).breaker is None
    last = journal_of(books, "kill")[-1]
    assert (last.who, last.why, last.new) == ("ann", "looked at it", "clear")


@pytest.mark.parametrize(
    ("code", "at", "why"),
    [("BADBAD", WALL, "no code"), ("C0FFEE", WALL + MINUTE + SECOND, "a minute")],
)
def test_another_code_and_a_late_one_arm_nothing(
    books: RowBooks, code: str, at: object, why: str
) -> None:
    armed(books)
    killed(books)
    books.offer_arm(OFFER)

    with pytest.raises(BadInput, match=why):
        books.confirm_arm(code, at, NOON)  # type: ignore[arg-type] # an Instant among the parameters
    assert books.switches().kill is not None


def test_a_code_is_used_once(books: RowBooks) -> None:
    armed(books)
    killed(books)
    books.offer_arm(OFFER)
    books.confirm_arm("C0FFEE", WALL, NOON)
    killed(books)

    with pytest.raises(BadInput):
        books.confirm_arm("C0FFEE", WALL, NOON)
    assert books.switches().kill is not None


def test_what_has_changed_since_it_was_shown_is_not_armed(books: RowBooks) -> None:
    armed(books)
    killed(books)
    books.offer_arm(OFFER)
    books.note(NOON, incidents=(Incident("breaker:protection", "FAIL", "no stop", NOON),))

    with pytest.raises(BadInput, match="not what was shown"):
        books.confirm_arm("C0FFEE", WALL, NOON)
    assert books.standing(NOON).breaker == "no stop"


def test_a_pause_keeps_entries_back_right_before_the_first_byte_and_nothing_else(
    shelf: Shelf,
) -> None:
    books = shelf.books()
    tenure = armed(books)
    lot = bought(books, tenure)
    _, buy = ask(books, tenure, entry("another"))
    _, guard = ask(books, tenure, stop(lot.id))
    books.pause("ann", "lunch", NOON, on=True)
    books.pause("bob", "dinner", NOON + SECOND, on=True)

    assert shelf.books().switches().pause == Kill("ann", "lunch", NOON)
    assert not books.may_send(buy, NOON, Purpose.ENTRY)
    assert books.may_send(guard, NOON, Purpose.PROTECT)
    assert books.pause("ann", "back", NOON, on=False).pause is None


def test_a_pause_is_not_ended_by_arming(books: RowBooks) -> None:
    armed(books)
    books.pause("ann", "lunch", NOON, on=True)
    books.offer_arm(OFFER)

    assert books.confirm_arm("C0FFEE", WALL, NOON).pause is not None


def test_what_the_owner_asks_stands_until_it_is_answered_and_is_answered_once(
    shelf: Shelf,
) -> None:
    books = shelf.books()
    tenure = armed(books)
    asked = OwnersRequest("r1", What.KILL, "ann", "enough", NOON)
    books.request(asked)
    books.request(asked)
    assert shelf.books().requests() == (asked,)

    row = CheckRow("entries", passed=True, compared=2, found="live=0")
    done = replace(asked, answered_at=NOON + SECOND, passed=True, rows=(row,))
    books.answer_request(tenure.epoch, done)
    books.answer_request(tenure.epoch, asked)

    assert shelf.books().requests() == ()
    assert shelf.books().requested("r1") == done


def test_arming_ends_what_was_asked_under_the_kill_switch(books: RowBooks) -> None:
    armed(books)
    killed(books)
    books.request(OwnersRequest("r1", What.FLATTEN, "ann", "enough", NOON))
    books.offer_arm(OFFER)
    books.confirm_arm("C0FFEE", WALL, NOON)

    done = books.requested("r1")
    assert done is not None
    assert books.requests() == ()
    assert not done.passed


STAGE = replace(OFFER, what=Arming.STAGE)


def live(books: RowBooks) -> Tenure:
    tenure = books.open(Mode.LIVE, NOON)
    books.switch("owner", "test", NOON, mode=Mode.LIVE, kill=None)
    books.account_read(NOON, reading(NOON))
    return tenure


def test_live_begins_in_the_first_stage_and_counts_its_orders(shelf: Shelf) -> None:
    books = shelf.books()
    tenure = live(books)
    assert books.standing(NOON).stage == Stage(0)
    ask(books, tenure, entry())

    assert shelf.books().standing(NOON).stage == Stage(1)


def test_widening_the_first_stage_is_a_recorded_act_in_two_steps(shelf: Shelf) -> None:
    books = shelf.books()
    live(books)
    (line,) = books.offer_arm(STAGE)
    assert line == "the first stage holds: 0 of 20 orders of at most 10 were made"
    assert books.standing(NOON).stage == Stage(0)

    books.confirm_arm("C0FFEE", WALL, NOON)
    assert shelf.books().standing(NOON).stage is None
    (change,) = journal_of(books, "stage")
    assert (change.who, change.why, change.new) == ("ann", "looked at it", "widened")


def test_arming_live_after_a_kill_begins_the_first_stage_anew(books: RowBooks) -> None:
    tenure = live(books)
    ask(books, tenure, entry())
    books.offer_arm(STAGE)
    books.confirm_arm("C0FFEE", WALL, NOON)
    killed(books)
    books.offer_arm(OFFER)
    books.confirm_arm("C0FFEE", WALL, NOON + SECOND)

    assert books.standing(NOON + SECOND).stage == Stage(0)


def test_books_of_sim_have_no_first_stage(books: RowBooks) -> None:
    armed(books)

    assert books.standing(NOON).stage is None
