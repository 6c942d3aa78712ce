"""The herald says everything at least once, the oldest first, and bothers nobody: not its siblings, not a messenger that is busy."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

import pytest
from typing_extensions import override

from interlock.account import Mode
from interlock.desk.herald import Herald
from interlock.evidence.incident import Incident
from interlock.host.clock import WallClock
from interlock.rehearsal.store import DictGround, dict_books
from interlock.store.books import RowBooks
from interlock.values import Instant
from tests.fakes.notify import Phone
from tests.promises.test_outbox import blocked
from tests.promises.wishes import HOUR, MINUTE, NOON, SECOND


@dataclass(slots=True)
class HeldClock(WallClock):
    """Stands where it is put."""

    instant: Instant = NOON
    _bells: dict[str, asyncio.Event] = field(default_factory=dict)

    @override
    def now(self) -> Instant:
        return self.instant


@dataclass(slots=True)
class Evening:
    """Books, a phone and a herald between them, over as many lives as a test takes."""

    phone: Phone = field(default_factory=Phone)
    clock: HeldClock = field(default_factory=HeldClock)
    ground: DictGround = field(default_factory=DictGround)
    books: RowBooks = field(init=False)
    herald: Herald = field(init=False)
    epoch: int = 0

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.books = dict_books(self.ground)
        self.epoch = self.books.open(Mode.SIM, self.clock.now()).epoch
        self.herald = Herald(self.books, self.phone, self.clock, "SIM abc", HOUR)

    def happens(self, name: str) -> None:
        """An incident."""
        self.books.note(
            self.clock.now(), incidents=(Incident(name, "FAIL", "it is so", self.clock.now()),)
        )

    def one_pass(self) -> timedelta:
        """One pass; how long it rests."""
        return asyncio.run(self.herald.once()) - self.clock.now()

    def goes_on(self, until: timedelta) -> None:
        """Passes when they are due, until so much later."""
        end = self.clock.now() + until
        while True:
            due = asyncio.run(self.herald.once())
            assert due > self.clock.now()
            if due > end:
                break
            self.clock.instant = due
        self.clock.instant = end


@pytest.fixture
def evening() -> Evening:
    return Evening()


def test_messages_are_said_one_in_each_pass_the_oldest_first(evening: Evening) -> None:
    for name in ("one", "two", "three"):
        evening.happens(name)

    said = []
    for _ in range(3):
        assert evening.one_pass() >= SECOND
        said.append([text.split(":")[0] for text in evening.phone.said])

    assert said == [["FAIL one"], ["FAIL one", "FAIL two"], ["FAIL one", "FAIL two", "FAIL three"]]


def test_everything_is_said_once_with_whose_it_is_and_when_it_was(evening: Evening) -> None:
    for name in ("one", "two"):
        evening.happens(name)

    evening.goes_on(MINUTE)

    assert evening.phone.said == [
        "FAIL one: it is so\nSIM abc 2024-03-01T12:00:00 UTC",
        "FAIL two: it is so\nSIM abc 2024-03-01T12:00:00 UTC",
    ]
    assert evening.books.undelivered(evening.clock.now(), 10) == ()
    assert evening.one_pass() > MINUTE, "with nothing to say it rests until the next bar"


def test_a_failure_is_no_failure_of_the_pass_and_is_tried_again_later_and_later(
    evening: Evening,
) -> None:
    """Fault J4."""
    evening.phone.fails = 3
    evening.happens("one")

    tries = []
    for _ in range(9):
        before = evening.phone.calls
        rest = evening.one_pass()
        if evening.phone.calls > before:
            tries.append(evening.clock.now())
        if evening.phone.said:
            break
        evening.clock.instant += rest

    gaps = [b - a for a, b in pairwise(tries)]
    assert len(tries) == 4
    assert gaps == sorted(gaps)
    assert gaps[0] >= 2 * SECOND
    assert max(gaps) <= 2 * MINUTE
    assert evening.books.picture(NOON).delivery.failures_in_row == 0

    evening.phone.fails = 1
    evening.happens("two")
    assert evening.one_pass() == 4 * SECOND, "a success ends the row of failures"


def test_a_message_that_is_never_taken_holds_up_no_other(evening: Evening) -> None:
    """Fault J1."""
    evening.phone.poison = "one"
    for name in ("one", "two", "three"):
        evening.happens(name)

    evening.goes_on(5 * MINUTE)

    assert len(evening.phone.said) == 2
    (left,) = evening.books.undelivered(evening.clock.now(), 10)
    assert "one" in left.text
    assert 3 < left.attempts < 20
    assert left.last_error == "Unreachable"


def test_a_silent_messenger_is_asked_at_most_once_a_minute_in_the_end(evening: Evening) -> None:
    evening.phone.fails = 10**6
    for number in range(50):
        evening.happens(f"n{number}")

    evening.goes_on(HOUR)

    assert evening.phone.calls < 70


def test_a_messenger_that_asks_for_patience_is_left_alone_until_then(evening: Evening) -> None:
    """Fault J2."""
    evening.phone.waits, evening.phone.patience = 1, timedelta(seconds=40)
    for name in ("one", "two"):
        evening.happens(name)

    assert evening.one_pass() == timedelta(seconds=40)
    evening.clock.instant += timedelta(seconds=39)
    assert evening.one_pass() == SECOND
    assert evening.phone.calls == 1
    evening.clock.instant += SECOND
    evening.one_pass()

    assert evening.phone.heard("one")


def test_nobody_can_ask_it_to_be_silent_for_ever(evening: Evening) -> None:
    evening.phone.waits, evening.phone.patience = 1, timedelta(days=10_000)
    evening.happens("one")

    evening.goes_on(2 * HOUR)

    assert evening.phone.heard("one")


def test_an_old_signal_is_given_up_and_an_old_incident_never(evening: Evening) -> None:
    evening.books.rule(evening.epoch, NOON, lambda _s, _t: blocked())
    evening.happens("one")
    evening.clock.instant = NOON + 10 * MINUTE + SECOND

    evening.goes_on(MINUTE)

    assert [text.split(":")[0] for text in evening.phone.said] == ["FAIL one"]
    assert evening.books.undelivered(evening.clock.now(), 10) == ()


def test_a_signal_is_said_as_long_as_it_is_young(evening: Evening) -> None:
    evening.books.rule(evening.epoch, NOON, lambda _s, _t: blocked())
    evening.clock.instant = NOON + 10 * MINUTE

    evening.one_pass()

    assert evening.phone.heard("TRADE_DISABLED")


def test_what_was_said_and_not_kept_is_said_again_after_a_restart(evening: Evening) -> None:
    evening.happens("one")
    asyncio.run(evening.phone.send("FAIL one: it is so"))

    evening.restart()
    evening.goes_on(MINUTE)
    evening.restart()
    evening.goes_on(MINUTE)

    assert len(evening.phone.heard("FAIL one")) == 2
