"""Being the only one: who waits says why, and who cannot renew goes on until the lease is over, and no longer."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import structlog

from interlock.account import Mode, Tenure
from interlock.desk.leading import RENEWAL, Lease, keep, opened, take
from interlock.errors import LeaseLost, NewerSchema, StoreTrouble
from interlock.rehearsal.store import dict_books
from tests.fakes.goods import NOW

SECOND = timedelta(seconds=1)
Holder = tuple[str, timedelta]


@dataclass(slots=True)
class Row:
    """A lease on a clock that moves by what is rested. `answers` are what the database says, the last one for ever."""

    answers: list[Holder | Exception | None]
    ttl: timedelta = 5 * SECOND
    now: timedelta = timedelta(0)
    ends: timedelta = timedelta(0)
    said: list[str] = field(default_factory=list)

    def take(self) -> Holder | None:
        return self._answer()

    def renew(self) -> None:
        self.check()
        if self._answer() is None:
            self.ends = self.now + self.ttl

    def check(self) -> None:
        if self.now >= self.ends:
            raise LeaseLost("over")

    def release(self) -> None:
        self.ends = timedelta(0)

    async def rest(self, span: timedelta) -> None:
        self.now += span

    def _answer(self) -> Holder | None:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def lines_of_taking(row: Row) -> list[tuple[object, object]]:
    lease: Lease = row
    with structlog.testing.capture_logs() as said:
        asyncio.run(take(lease, "engine", row.rest))
    return [(line["event"], line.get("holder")) for line in said]


def test_who_waits_says_each_reason_once() -> None:
    ann, bob = ("ann", SECOND), ("bob", SECOND)
    down = StoreTrouble("down")

    assert lines_of_taking(Row([ann, ann, bob, down, down, None])) == [
        ("standing by", "ann"),
        ("standing by", "bob"),
        ("standing by", "down"),
        ("holding", None),
    ]


def test_a_newer_schema_is_nothing_to_wait_for() -> None:
    """Fault N4."""
    with pytest.raises(NewerSchema):
        lines_of_taking(Row([NewerSchema("x9999")]))


def test_a_database_that_is_back_in_time_costs_nothing() -> None:
    row = Row([StoreTrouble("down"), None, LeaseLost("taken")], ends=5 * SECOND)

    with pytest.raises(LeaseLost, match="taken"):
        asyncio.run(keep(row, row.rest))
    assert row.now == 3 * RENEWAL


def test_who_cannot_renew_ends_when_the_lease_is_over_and_not_before() -> None:
    """Fault N3."""
    row = Row([StoreTrouble("down")], ends=5 * SECOND)

    with pytest.raises(LeaseLost, match="over"):
        asyncio.run(keep(row, row.rest))
    assert row.now == 3 * RENEWAL


def test_who_needs_opened_books_waits_for_an_engine() -> None:
    books, waits = dict_books(), list[Tenure]()

    async def an_engine_comes(span: timedelta) -> None:
        del span
        waits.append(books.open(Mode.SIM, NOW))

    assert asyncio.run(opened(books, an_engine_comes)) == waits[0]
