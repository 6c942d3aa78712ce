"""The exchange shuts us out (40101) while something is at stake: who is refused asks no more, and all is whole when the door opens."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from typing_extensions import override

from interlock.ports import Books
from interlock.protection.plan import TARGET
from interlock.protection.view import is_resting
from interlock.rehearsal.judge import violations
from interlock.rehearsal.script import BY_PLAN, BY_TARGET, Script, stage
from interlock.rehearsal.seams import Seams
from interlock.rehearsal.world import World
from interlock.strategy.proposal import Purpose
from tests.rehearsal.sweep import quietly

FOR_EVER = 10**9
SHUT = timedelta(minutes=10)
ONCE_A_MINUTE = 12
WORKS = ("ACTIVE", "PENDING", "NEW")
ASKS = ("send private/", "books.cancel_attempt begins", "books.further_attempt begins")


@pytest.fixture(autouse=True)
def _quiet() -> None:
    quietly()


@dataclass
class Door(Seams):
    """Seams at which the exchange's door is watched: it shuts when `moment` has come, and opens ten minutes later."""

    world: World | None = None
    moment: Callable[[Books], bool] = lambda _: False
    began: int | None = None
    meanwhile: tuple[str, ...] = ()
    shut: tuple[int, list[Any]] = (0, [])
    opened: tuple[int, list[Any]] = (0, [])

    @override
    def point(self, name: str) -> None:
        super().point(name)
        world = self.world
        if world is None or self.began is not None or not name.startswith("books."):
            return
        if self.moment(world.open_books()):
            self.began, self.shut = len(self.names), self._seen(world)
            world.engine.access.allow([])
            world.loop.call_later(SHUT.total_seconds(), self.open)

    def open(self) -> None:
        assert self.world is not None
        self.meanwhile, self.opened = tuple(self.names[self.began :]), self._seen(self.world)
        self.world.engine.access.allow(None)

    @staticmethod
    def _seen(world: World) -> tuple[int, list[Any]]:
        """How many intents there are, and the stops that rest."""
        intents = world.open_books().picture(world.now(), limit=1000).intents
        orders = world.engine.books()["orders"]
        stops = [o for o in orders if o["order_type"] == "STOP_LOSS" and o["status"] in WORKS]
        return len(intents), stops


def behind_a_door(script: Script, moment: Callable[[Books], bool]) -> tuple[World, Door]:
    """The script, played with a door that shuts at this moment."""
    world = stage(script)
    door = Door(world=world, moment=moment)
    world.seams = door
    world.run()
    return world, door


def naked(books: Books) -> bool:
    """A lot is open, and no order serves it yet."""
    return any(
        all(leg.proposal.purpose is Purpose.ENTRY for leg in s) for _, s in books.open_lots()
    )


def guarded(books: Books) -> bool:
    """The stop of a lot rests."""
    return any(is_resting(leg) for _, legs in books.open_lots() for leg in legs)


def leaving(books: Books) -> bool:
    """A lot is to be sold, and its stop is still there."""
    return any(lot.exit_reason == TARGET for lot, _ in books.open_lots())


@pytest.mark.parametrize(
    ("script", "moment", "hours", "stops", "knocks"),
    [(BY_TARGET, naked, 0.4, 0, 9), (BY_TARGET, guarded, 0.4, 1, 0), (BY_PLAN, leaving, 6.4, 1, 9)],
)
def test_shut_out_with_a_lot_nothing_is_hammered_no_stop_is_lost_and_it_ends_guarded_or_flat(
    script: Script, moment: Callable[[Books], bool], hours: float, stops: int, knocks: int
) -> None:
    world, door = behind_a_door(replace(script, hours=hours), moment)
    (intents, resting), (intents_after, resting_after) = door.shut, door.opened

    asked = [name for name in door.meanwhile if name.startswith(ASKS)]
    assert knocks <= len(asked) <= ONCE_A_MINUTE
    assert intents_after - intents <= ONCE_A_MINUTE
    assert len(resting) == stops
    assert resting_after == resting
    assert violations(world) == []


def test_a_buy_signal_while_we_are_shut_out_is_told_blocked_as_unknown_and_never_sent() -> None:
    world = stage(replace(BY_TARGET, start="2024-02-29T00:50:00", hours=0.4))
    world.after = timedelta(seconds=60)
    world.meanwhile = lambda: world.engine.arm("refuse", "private/user-balance", FOR_EVER, 40101)
    world.run()

    picture = world.open_books().picture(world.now(), limit=1000)
    (made,) = [d for d in picture.decisions if d.signal.decision == "BUY"]
    assert (made.outcome, made.code) == ("BLOCKED", "RISK_GUARD_BLOCKED")
    (alert,) = [m for m in world.open_books().undelivered(world.now(), 100) if "BUY" in m.text]
    assert "XRP_USDT" in alert.text
    assert picture.intents == ()
    assert world.engine.books()["requests"].get("private/create-order", 0) == 0


def test_a_stop_whose_answer_was_lost_is_not_asked_for_again_while_acts_are_refused() -> None:
    world = stage(replace(BY_TARGET, hours=0.2))
    world.engine.arm("lose_request", "private/advanced/create-oco", 1, 0)
    world.engine.arm("refuse", "private/advanced/create-oco", FOR_EVER, 40101)
    again = list[int]()
    world.after = timedelta(seconds=60)
    world.meanwhile = lambda: again.append(world.seams.names.count("books.further_attempt begins"))
    world.run()

    assert again == [1]
    assert violations(world) == []
