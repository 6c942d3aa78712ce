"""What people and the platform's own machine do meanwhile, a word each, and how the machine comes to rest when chaos ends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from interlock.account import Mode
from interlock.errors import BrokenInvariant, StoreTrouble, Unreachable
from interlock.rehearsal.script import leave
from interlock.rehearsal.world import World

OWNER: Final = "owner"
WHY: Final = "a rehearsal"
# The store's transactions; everything else of it only looks.
WRITES: Final = frozenset(
    {
        "account_read",
        "answer_request",
        "answered",
        "cancel_attempt",
        "flag_exit",
        "further_attempt",
        "heard",
        "learn",
        "listening",
        "nonce",
        "note",
        "raise_high",
        "rule",
        "transferred",
    }
)  # fmt: skip - a list of names is read as a paragraph


@dataclass(slots=True)
class HostileMachine:
    """A host whose clock is off by `skew`, whose disk refuses `busy` more transactions, and hides the fate of `hidden` more."""

    skew: timedelta = timedelta()
    busy: int = 0
    hidden: int = 0
    hid: int = 0

    def may_write(self, what: str) -> None:
        if what in WRITES and self.busy:
            self.busy -= 1
            raise StoreTrouble("The books are locked by somebody else.")

    def wrote(self, what: str) -> None:
        if what in WRITES and self.hidden:
            self.hidden -= 1
            self.hid += 1
            raise BrokenInvariant("Nobody knows what was committed.")

    def heal(self) -> None:
        """Nothing goes wrong any more."""
        self.skew, self.busy, self.hidden = timedelta(), 0, 0


@dataclass(slots=True)
class Messenger:
    """`ports.Notifier`: it keeps what it heard; `deaf` more calls fail, and `lossy` more are heard and their answers lost."""

    heard: list[str]
    deaf: int = 0
    lossy: int = 0

    async def send(self, text: str) -> str:
        if self.deaf:
            self.deaf -= 1
            raise Unreachable("the messenger does not answer")
        self.heard.append(text)
        if self.lossy:
            self.lossy -= 1
            raise Unreachable("the messenger's answer was lost")
        return str(len(self.heard))


def machine_of(world: World) -> HostileMachine:
    """The machine of a world that was staged for a schedule."""
    assert isinstance(world.machine, HostileMachine)
    return world.machine


def messenger_of(world: World) -> Messenger:
    """The messenger of a world that was staged for a schedule."""
    assert isinstance(world.notifier, Messenger)
    return world.notifier


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


def _stall(world: World, by: float) -> None:
    """The whole process stands still: time goes on and it does not."""
    world.loop.virtual += by


def _clock(world: World, by: float) -> None:
    machine_of(world).skew += timedelta(seconds=by)


def _rival(world: World, by: float) -> None:
    """Another engine has taken the lease; it is gone at once, and whoever had it before may not send any more."""
    del by
    world.rivals += 1
    world.open_books().open(Mode.SIM, world.now())


def _busy(world: World, by: float) -> None:
    machine_of(world).busy += round(by)


def _hidden(world: World, by: float) -> None:
    machine_of(world).hidden += round(by)


def _deaf(world: World, by: float) -> None:
    messenger_of(world).deaf += round(by)


def _lossy(world: World, by: float) -> None:
    messenger_of(world).lossy += round(by)


def _unheard(world: World, by: float) -> None:
    """So many more calls of the socket are answered by nobody."""
    world.sockets.refuses += round(by)


ACTS: Final[Mapping[str, Callable[[World, float], None]]] = MappingProxyType(
    {
        "kill": _kill,
        "unkill": _unkill,
        "pause": _pause,
        "resume": _resume,
        "leave": _leave,
        "stall": _stall,
        "clock": _clock,
        "rival": _rival,
        "busy": _busy,
        "hidden": _hidden,
        "deaf": _deaf,
        "lossy": _lossy,
        "unheard": _unheard,
    }
)
