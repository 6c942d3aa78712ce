"""Whatever its siblings do and whatever a row says: the guardian gives every other lot its stop, and takes none away on a guess."""

import asyncio
from typing import Any

import pytest

from interlock.desk.day import Day
from interlock.store.records import FILLS, LOTS, OUTBOX, WATCHLIST
from interlock.store.rows import Table
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant
from tests.rehearsal.by_hand import MINUTE, House
from tests.rehearsal.sweep import quietly


@pytest.fixture(autouse=True)
def _quiet() -> None:
    quietly()


def poison(house: House, table: Table[Any], column: str, *key: object) -> None:
    """One cell of a row says what nobody can read."""
    rows: dict[Any, Any] = house.books._ground.tables[table.name]  # type: ignore[attr-defined]  # noqa: SLF001 - a defect of the disk
    cells = list(rows[key])
    cells[table.columns.index(column)] = "much"
    rows[key] = tuple(cells)


def marks(house: House) -> set[str]:
    shown = house.books._ground.tables["incidents"].keys()  # type: ignore[attr-defined]  # noqa: SLF001 - the picture reads the poisoned rows too
    return {str(key[0]) for key in shown}


def test_a_lot_that_cannot_be_read_keeps_its_stop_and_the_others_get_theirs() -> None:
    house = House()
    sick = house.buy("sick")
    house.turn("settler", "guardian", "settler")
    house.wait(MINUTE)
    well = house.buy("well")
    house.turn("settler")
    poison(house, LOTS, "remaining", sick.id)

    house.turn("guardian", "settler", "guardian")

    served = {intent.proposal.lot_id for intent, _ in house.books.live_intents()}
    assert served == {sick.id, well.id}
    assert len(house.stops()) == 2, "no stop was taken away, and one was given"
    assert f"poison:lots:{sick.id}" in marks(house)


def test_an_execution_that_cannot_be_read_keeps_no_other_lot_from_its_stop() -> None:
    house = House()
    house.buy("sick")
    house.turn("settler")
    (done,) = house.books.fills()
    poison(house, FILLS, "price", done.trade_id)
    house.wait(MINUTE)
    well = house.buy("well")

    house.turn("settler", "guardian", "settler", "guardian")

    served = {i.proposal.lot_id for i, _ in house.books.live_intents() if i.confirmed_at}
    assert well.id in served


@pytest.mark.parametrize(("table", "column"), [(WATCHLIST, "trade_amount_usd"), (OUTBOX, "topic")])
def test_a_row_of_the_watchlist_or_the_outbox_never_keeps_a_lot_from_its_stop(
    table: Table[Any], column: str
) -> None:
    house = House()
    house.books.watch(WatchlistRow("AAA_USDT"), "owner", house.now())
    house.buy("entry")
    house.turn("settler")
    key = next(iter(house.books._ground.tables[table.name]))  # type: ignore[attr-defined]  # noqa: SLF001 - any of them
    poison(house, table, column, *key)

    house.turn("guardian", "settler")

    assert len(house.stops()) == 1


class Raises:
    """A pass that never gets to its end."""

    name = "monitor"
    backstop = 30.0

    async def once(self) -> Instant:
        raise ZeroDivisionError("a defect")


def test_a_pass_that_raises_each_time_ends_itself_alone() -> None:
    house = House()
    day: Day = house.desk.day
    house.buy("entry")
    house.turn("settler")
    for _ in range(5):
        asyncio.run(day._try(Raises()))  # noqa: SLF001 - one turn under the supervisor
    house.turn("guardian", "settler")

    assert day.failures.in_a_row["monitor"] == 5
    assert len(house.stops()) == 1
