"""What people and the platform's own machine do meanwhile, a word each."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from types import MappingProxyType
from typing import Final

from interlock.account import Mode
from interlock.rehearsal.machine import HostileMachine, Messenger
from interlock.rehearsal.schedule import Act
from interlock.rehearsal.script import leave
from interlock.rehearsal.seams import Cue
from interlock.rehearsal.world import World

OWNER: Final = "owner"
WHY: Final = "a rehearsal"


def machine_of(world: World) -> HostileMachine:
    """The machine of a world that was staged for a schedule."""
    assert isinstance(world.machine, HostileMachine)
    return world.machine


def messenger_of(world: World) -> Messenger:
    """The messenger of a world that was staged for a schedule."""
    assert isinstance(world.notifier, Messenger)
    return world.notifier


def enlist(world: World, act: Act, told: Callable[[Act], None]) -> None:
    """Lets an act be done at its time, or at its seam; `told` hears of it right before."""

    def do() -> None:
        told(act)
        ACTS[act.do](world, act.by)

    def wait_for_seam() -> None:
        world.seams.cues.append(Cue(act.on, act.nth, do))

    world.loop.call_later(act.at, wait_for_seam if act.on else do)


def _kill(world: World, by: float) -> None:
    del by
    world.open_books().switch(OWNER, WHY, world.now(), mode=None, kill=True)


def _unkill(world: World, by: float) -> None:
    del by
    world.open_books().switch(OWNER, WHY, world.now(), mode=Mode.SIM, kill=False)


def _pause(world: World, by: float) -> None:
    del by
    world.open_books().pause(OWNER, WHY, world.now(), on=True)


def _resume(world: World, by: float) -> None:
    del by
    world.open_books().pause(OWNER, WHY, world.now(), on=False)


def _leave(world: World, by: float) -> None:
    del by
    leave(world)
    if world.clock is not None:
        world.clock.nudge("guardian").set()


def _lower(world: World, by: float) -> None:
    """The owner halves what is bought (0), or buys nothing any more (1), in the row of the first symbol."""
    books = world.open_books()
    row = next(row for row in books.watchlist() if row.symbol == world.row.symbol)
    amount = row.trade_amount_usd
    new = (
        replace(row, trade_enabled=False)
        if by or amount is None
        else replace(row, trade_amount_usd=amount / 2)
    )
    books.watch(replace(new, updated_at=world.now()), OWNER, world.now())


def _down(world: World, by: float) -> None:
    """The process is gone, and for so long nothing starts it again."""
    world.up.clear()
    world.loop.call_later(by, world.up.set)
    world.end_life()


def _rotate(world: World, by: float) -> None:
    """The owner revokes the key and starts the platform with its successor."""
    del by
    if world.spare is None:
        return
    world.key, world.spare = world.spare, world.key
    world.engine.access.change(revoked=False, permission=None, name=world.key.key)
    world.engine.access.change(revoked=True, permission=None, name=world.spare.key)
    world.end_life()


def _stall(world: World, by: float) -> None:
    """The whole process stands still: time goes on and it does not."""
    world.loop.virtual += by


def _clock(world: World, by: float) -> None:
    machine_of(world).skew += timedelta(seconds=by)


def _still(world: World, by: float) -> None:
    """Our clock stands still for so long, and is right afterwards."""
    machine = machine_of(world)
    machine.stands_at = machine.tells(world.now())
    world.loop.call_later(by, partial(_ticks, world))


def _ticks(world: World) -> None:
    machine_of(world).stands_at = None


def _rival(world: World, by: float) -> None:
    """Another engine has taken the lease; it is gone at once, and whoever had it before may not send any more."""
    del by
    world.rivals += 1
    world.open_books().open(Mode.SIM, world.now())


def _busy(world: World, by: float) -> None:
    machine_of(world).busy += round(by)


def _hidden(world: World, by: float) -> None:
    machine_of(world).hidden += round(by)


def _torn(world: World, by: float) -> None:
    machine_of(world).torn = round(by)


def _unplugged(world: World, by: float) -> None:
    machine_of(world).unplugged += round(by)


def _deaf(world: World, by: float) -> None:
    messenger_of(world).deaf += round(by)


def _lossy(world: World, by: float) -> None:
    messenger_of(world).lossy += round(by)


def _hurried(world: World, by: float) -> None:
    messenger_of(world).hurried += round(by)


def _unheard(world: World, by: float) -> None:
    """So many more calls of the socket are answered by nobody."""
    world.sockets.refuses += round(by)


def _mute(world: World, by: float) -> None:
    """So many more answers on the socket do not come through."""
    world.sockets.mute += round(by)


def _garbage(world: World, by: float) -> None:
    del by
    world.sockets.garble()


ACTS: Final[Mapping[str, Callable[[World, float], None]]] = MappingProxyType(
    {
        "kill": _kill,
        "unkill": _unkill,
        "pause": _pause,
        "resume": _resume,
        "leave": _leave,
        "lower": _lower,
        "down": _down,
        "rotate": _rotate,
        "stall": _stall,
        "clock": _clock,
        "still": _still,
        "rival": _rival,
        "busy": _busy,
        "hidden": _hidden,
        "torn": _torn,
        "unplugged": _unplugged,
        "deaf": _deaf,
        "lossy": _lossy,
        "hurried": _hurried,
        "unheard": _unheard,
        "mute": _mute,
        "garbage": _garbage,
    }
)
