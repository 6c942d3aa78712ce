"""The kill switch, flipped at every seam: from its commit on no entry leaves, while stops, exits and cancels do; and what kill verifies."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from interlock.evidence.requests import OwnersRequest, What
from interlock.orders.life import State
from interlock.protection.plan import OWNER
from interlock.rehearsal.judge import violations
from interlock.rehearsal.script import BY_PLAN, BY_TARGET, Script, stage
from interlock.rehearsal.world import World
from interlock.strategy.proposal import Purpose
from tests.rehearsal.sweep import points, quietly
from tests.rehearsal.test_promises_of_the_desk import of, picture

SHORT = replace(BY_TARGET, hours=0.2)
STRIDE = 12
SENT = "sent private/create-order"
# From the last look on the very bytes are on their way: nothing can stop them, and nothing waits in between.
ON_ITS_WAY = (SENT, "books.may_send is done")


@pytest.fixture(autouse=True)
def _quiet() -> None:
    quietly()


def kill(world: World) -> None:
    world.open_books().switch("owner", "enough", world.now(), mode=None, kill=True)


def pause(world: World) -> None:
    world.open_books().pause("owner", "lunch", world.now(), on=True)


@pytest.mark.parametrize("flip", [kill, pause])
def test_after_the_commit_of_a_flip_no_entry_leaves_and_every_lot_gets_its_stop(
    flip: Callable[[World], None],
) -> None:
    seams = points(SHORT)
    assert SENT in seams, "undisturbed, an entry leaves"
    for number in places(seams):
        world = stage(SHORT)
        world.seams.acts[number] = partial(flip, world)
        world.run()

        later = world.seams.names[number + 1 :]
        is_under_way = world.seams.names[number] in ON_ITS_WAY
        assert later.count(SENT) <= int(is_under_way), (number, world.seams.names[number])
        assert violations(world) == [], number


def places(seams: tuple[str, ...]) -> list[int]:
    """Some seams up to the first entry, each around it, and some after it; none within a transaction, where nobody else writes."""
    at = seams.index(SENT)
    near = [*range(0, at, STRIDE), *range(at - 12, at + 12), *range(at, len(seams), STRIDE)]
    within = range(seams.index("books.rule begins"), seams.index("books.rule is done"))
    return sorted(set(near) - set(within))


def test_under_the_kill_switch_the_exit_still_leaves() -> None:
    world = stage(BY_PLAN)
    world.after = timedelta(minutes=30)
    world.meanwhile = lambda: kill(world)
    world.run()

    (sale,) = of(world, Purpose.REDUCE)
    assert sale.state is State.FILLED
    assert violations(world) == []


def asked_to(what: What, script: Script = SHORT) -> World:
    """The script, in which the owner kills after eight minutes, when a lot is held and guarded."""
    world = stage(script)
    world.after = timedelta(minutes=8)

    def act() -> None:
        kill(world)
        asked = OwnersRequest("r1", what, "owner", "enough", world.now())
        world.open_books().request(asked)
        if world.clock is not None:
            world.clock.nudge("steward").set()

    world.meanwhile = act
    return world


def test_a_kill_keeps_the_stop_and_reads_the_end_state_back() -> None:
    world = asked_to(What.KILL)
    world.run()

    done = world.open_books().requested("r1")
    assert done is not None
    assert done.passed
    assert [row.step for row in done.rows] == ["entries", "protection", "others"]
    assert done.rows[1].found == "lots=1 unprotected=0"
    assert len(world.open_books().open_lots()) == 1
    assert violations(world) == []


def test_a_kill_that_flattens_sells_every_lot_and_says_so_only_when_nothing_is_left() -> None:
    world = asked_to(What.FLATTEN)
    world.run()

    (lot,) = picture(world).lots
    (flat,) = of(world, Purpose.FLATTEN)
    done = world.open_books().requested("r1")
    assert lot.exit_reason == OWNER
    assert lot.closed_at is not None
    assert flat.state is State.FILLED
    assert done is not None
    assert done.answered_at is not None
    assert done.answered_at >= lot.closed_at
    assert [(row.step, row.passed) for row in done.rows][1] == ("flat", True)
    assert violations(world) == []


def test_whatever_instant_the_engine_dies_at_the_next_one_goes_on_with_the_flattening() -> None:
    undisturbed = asked_to(What.FLATTEN)
    undisturbed.run()
    names = undisturbed.seams.names
    begins = names.index("wake steward", len(names) // 2)
    for number in range(begins, len(names), 11):
        world = asked_to(What.FLATTEN, replace(SHORT, hours=0.4))
        world.seams.crashes = frozenset({number})
        world.run()

        done = world.open_books().requested("r1")
        assert world.lives == 2, number
        assert done is not None
        assert done.passed, number
        assert world.open_books().open_lots() == ()
        assert violations(world) == [], number


def test_a_kill_of_which_nobody_can_read_the_end_state_is_not_called_done() -> None:
    world = asked_to(What.KILL)
    world.engine.arm("refuse", "private/get-open-orders", 10**9, 50001)
    world.run()

    done = world.open_books().requested("r1")
    assert done is not None
    assert done.answered_at is None
