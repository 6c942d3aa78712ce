"""Passes are supervised: one that raises ends only itself, and only what must end the process ends it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from typing_extensions import override

from interlock.account import Mode
from interlock.desk.day import Day
from interlock.errors import BrokenInvariant, ClockWentBack, LeaseLost, StoreTrouble
from interlock.host.clock import WallClock
from interlock.rehearsal.store import DictMarket, dict_books
from interlock.store.books import RowBooks
from interlock.values import Instant
from tests.fakes.goods import NOW
from tests.rehearsal.sweep import quietly


class DayIsOver(Exception):
    """Everybody came round often enough."""


@dataclass(slots=True)
class HurriedClock(WallClock):
    """Nobody rests for longer than a turn of the loop, and the day is over after so many rests."""

    rests: int = 16
    instant: Instant = NOW
    _bells: dict[str, asyncio.Event] = field(default_factory=dict)

    @override
    def now(self) -> Instant:
        self.instant += timedelta(seconds=1)
        return self.instant

    @override
    async def wait(self, who: str, until: Instant, backstop: float) -> None:
        """Whoever it is and however long it would rest, it is back at once."""
        self.rests -= 1
        if self.rests < 0:
            raise DayIsOver
        await asyncio.sleep(0 * len((who, until, backstop)))


@dataclass(slots=True)
class Worker:
    """A pass that does its work, or raises; after `ends` passes it ends the day."""

    name: str
    raises: Exception | None = None
    heals_after: int = 10**9
    backstop: float = 1.0
    passes: int = 0

    async def once(self) -> Instant:
        self.passes += 1
        if self.raises is not None and self.passes <= self.heals_after:
            raise self.raises
        return NOW


def work(books: RowBooks, market: DictMarket, *workers: Worker) -> BaseException | None:
    """A short day; what ended it, if anything did."""

    return ending(Day(books, market, HurriedClock()), workers)


def ending(day: Day, workers: Sequence[Worker]) -> BaseException | None:
    """What ended the day before it was over."""
    try:
        asyncio.run(day.work(workers))
    except BaseExceptionGroup as group:
        first = group.exceptions[0]
        return None if isinstance(first, DayIsOver) else first
    raise AssertionError("a day ends by an error, or when it is over")


@pytest.fixture(autouse=True)
def _quiet() -> None:
    quietly()


@pytest.fixture
def books() -> RowBooks:
    ours = dict_books()
    ours.open(Mode.SIM, NOW)
    return ours


def test_a_pass_that_raises_each_time_stops_no_other(books: RowBooks) -> None:
    bad, good, market = Worker("monitor", ValueError("x")), Worker("guardian"), DictMarket()

    assert work(books, market, bad, good) is None
    assert good.passes > 3
    assert bad.passes > 3
    assert "guardian" in market.beats
    assert "monitor" not in market.beats


def test_three_failures_in_a_row_open_one_incident_and_a_success_closes_it(books: RowBooks) -> None:
    work(books, DictMarket(), Worker("monitor", ValueError("x")))
    (incident,) = books.picture(NOW).incidents
    assert incident.fingerprint == "pass:monitor"
    assert "ValueError" in incident.text

    work(books, DictMarket(), Worker("monitor", ValueError("x"), heals_after=4))
    assert [i for i in books.picture(NOW).incidents if i.closed_at is None] == []


def test_a_pass_that_hangs_is_stuck_and_one_that_raises_is_not(books: RowBooks) -> None:
    clock = HurriedClock()
    day = Day(books, DictMarket(), clock)
    raising, hanging = Worker("monitor", ValueError("x")), Worker("guardian")
    long_ago = clock.monotonic() - 1000
    day.turns.update(monitor=clock.monotonic(), guardian=long_ago)

    assert day.stuck((raising, hanging)) == ("guardian",)


def test_the_day_has_recovered_when_the_settler_came_round_once(books: RowBooks) -> None:
    day = Day(books, DictMarket(), HurriedClock())
    passes = (Worker("settler", ValueError("x")), Worker("guardian"))
    assert not day.has_recovered(passes)

    assert ending(day, passes) is None
    assert day.has_recovered(passes)
    assert day.has_recovered((Worker("herald"),))


@pytest.mark.parametrize("error", [BrokenInvariant("no"), LeaseLost("gone")])
def test_a_broken_invariant_or_a_lost_lease_ends_the_process(
    books: RowBooks, error: Exception
) -> None:
    assert work(books, DictMarket(), Worker("trader", error), Worker("guardian")) is error


@dataclass(slots=True)
class SetBack(HurriedClock):
    """After so many looks it is set back by an hour, or by less than a second."""

    by: timedelta = timedelta(hours=1)
    looks: int = 8

    @override
    def now(self) -> Instant:
        self.looks -= 1
        if self.looks == 0:
            self.instant -= self.by
        return HurriedClock.now(self)  # a slotted dataclass knows no bare super()


@pytest.mark.parametrize(
    ("by", "error"), [(timedelta(hours=1), ClockWentBack), (timedelta(milliseconds=900), DayIsOver)]
)
def test_a_clock_that_is_set_back_ends_the_process_and_one_that_is_slewed_does_not(
    books: RowBooks, by: timedelta, error: type[Exception]
) -> None:
    day = Day(books, DictMarket(), SetBack(by=by))

    with pytest.raises(ExceptionGroup) as ended:
        asyncio.run(day.work((Worker("settler"), Worker("guardian"))))

    assert ended.group_contains(error)


@dataclass(slots=True)
class FullBooks:
    """Books that cannot be written for a while: of what is told meanwhile nothing is kept."""

    inner: RowBooks
    fails: int
    asked: int = 0

    def note(self, now: Instant, **more: object) -> None:
        self.asked += 1
        if self.asked <= self.fails:
            raise StoreTrouble("no space left")
        self.inner.note(now, **more)  # type: ignore[arg-type] # handed on as it came


def test_books_that_cannot_be_written_end_no_pass_and_the_incident_is_noted_later(
    books: RowBooks,
) -> None:
    bad, good = Worker("monitor", ValueError("x")), Worker("guardian")
    full = FullBooks(books, fails=2)

    assert work(full, DictMarket(), bad, good) is None  # type: ignore[arg-type] # all that a day asks of its books
    assert good.passes > 3
    assert [i.fingerprint for i in books.picture(NOW).incidents] == ["pass:monitor"]
    assert full.asked == 3
