"""The stepping clock, seen from a process: time stands still until every pass has rested, then it moves to the next event.

One pass at a time holds the baton, in the order in which they attend, so that the same seed gives the same requests on any machine.
"""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import aiohttp

from interlock.errors import Unreachable
from interlock.ports import MarketFile
from interlock.values import Instant

PROCESS: Final = "platform"
LOOK_S: Final = 0.25


async def no_pause(span: timedelta) -> None:
    """Between two steps time stands still, and the simulator's limits with it: nobody has to wait for the next page."""


@dataclass(slots=True)
class Bell:
    """Remembers that a pass was nudged."""

    rung: bool = False

    def set(self) -> None:
        """Ring it."""
        self.rung = True


@dataclass(slots=True)
class Rest:
    """A pass that waits: until when, and the promise that wakes it."""

    until: Instant
    woken: asyncio.Future[None]


async def read_time(control: str) -> Instant:
    """The simulated exchange's time, asked without taking part in its steps."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
            session.get(f"{control.rstrip('/')}/control/state") as reply,
        ):
            state: dict[str, int] = await reply.json()
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise Unreachable("The simulator's clock does not answer.") from error
    return Instant(int(state["now_us"]))


class SteppingClock:
    """The `Clock` of a platform whose exchange is the simulator with its stepping clock.

    `stirred` is the pass that hears of the exchange's own doings, as by a user stream. Time moves only when every pass
    has finished its cycle, so each is alive at the new time: `market` keeps that as their heartbeat.
    """

    def __init__(self, control: str, stirred: str, market: MarketFile) -> None:
        self._control = control.rstrip("/")
        self._rota: tuple[str, ...] = ()
        self._stirred = stirred
        self._market = market
        self._bells: dict[str, Bell] = {}
        self._resting: dict[str, Rest] = {}
        self._now = Instant(0)
        self._session: aiohttp.ClientSession | None = None
        self._step: asyncio.Task[None] | None = None
        self._all_rest = asyncio.Event()

    def attend(self, names: Sequence[str]) -> None:
        """The rota: time steps when each of them has rested, and the baton goes round in this order."""
        self._rota = tuple(names)

    async def settled(self) -> None:
        """Returns when every pass rests, so that a look does not see half of a step; after a moment it returns anyhow."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await self._all_rest.wait()

    async def start(self) -> None:
        """Registers this process; from now on time moves only when it rests."""
        timeout = aiohttp.ClientTimeout(total=None, connect=5)
        self._session = aiohttp.ClientSession(timeout=timeout)
        answer = await self._ask("register", {"process": PROCESS})
        self._now = Instant(int(answer["now_us"]))

    async def close(self) -> None:
        """Leaves; time stands still for this process until it registers again."""
        if self._step is not None:
            self._step.cancel()
        if self._session is not None:
            await self._session.close()

    def now(self) -> Instant:
        """The simulated exchange's time."""
        return self._now

    def monotonic(self) -> float:
        """Seconds of the real machine."""
        return time.monotonic()

    def nudge(self, who: str) -> Bell:
        """The bell of one pass; who does not attend never hears it."""
        return self._bells.setdefault(who, Bell())

    async def wait(self, who: str, until: Instant, backstop: float) -> None:  # noqa: ARG002 - a backstop is real time, which does not exist here
        """Rests until business time `until` or a nudge."""
        rest = Rest(until, asyncio.get_running_loop().create_future())
        self._resting[who] = rest
        self._pass_on()
        await rest.woken

    def _pass_on(self) -> None:
        """Gives the baton to the next pass that is due; when none is, lets time step."""
        if len(self._resting) < len(self._rota):
            return
        due = next((name for name in self._rota if self._is_due(name)), None)
        if due is None:
            self._all_rest.set()
            self._step = asyncio.create_task(self._let_time_step())
            return
        self._all_rest.clear()
        self.nudge(due).rung = False
        rest = self._resting.pop(due)
        if not rest.woken.done():
            rest.woken.set_result(None)

    def _is_due(self, name: str) -> bool:
        return self.nudge(name).rung or self._resting[name].until <= self._now

    async def _let_time_step(self) -> None:
        until = min(rest.until for rest in self._resting.values())
        try:
            answer = await self._ask("idle", {"process": PROCESS, "until_us": until.micros})
        except Unreachable as error:
            for rest in self._resting.values():
                rest.woken.set_exception(error)
            return
        self._now = Instant(int(answer["now_us"]))
        for name in self._rota:
            self._market.beat(name, self._now)
        if answer["stirred"]:
            self.nudge(self._stirred).set()
        self._pass_on()

    async def _ask(self, what: str, body: dict[str, object]) -> dict[str, int]:
        if self._session is None:
            raise Unreachable("The stepping clock was not started.")
        try:
            async with self._session.post(f"{self._control}/control/{what}", json=body) as reply:
                answer: dict[str, int] = await reply.json()
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Unreachable("The simulator's clock does not answer.") from error
        return answer
