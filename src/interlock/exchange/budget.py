"""How often each method is asked: below the published limits, whatever the line and our clock do to the times in between.

A slot that was used is free again only when its window has passed since the answer came: the exchange cannot have counted later than
that, so no jitter brings two requests closer together than it admits. What is measured are seconds of the loop, which no jump of the clock
moves. Each method has slots of its own: a cancel waits for cancels alone.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from interlock.errors import Starved
from interlock.exchange.windows import Pause


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests within so long."""

    count: int
    window: timedelta


# The published limits less a margin (protocol 7): 15 and 30 in 100 ms, 1 a second, 3 in 100 ms, 100 a second.
TENTH: Final = timedelta(milliseconds=105)
SECOND: Final = timedelta(milliseconds=1050)
PUBLIC: Final = Limit(80, SECOND)
PRIVATE: Final = Limit(2, TENTH)
METHODS: Final = MappingProxyType(
    {
        "private/create-order": Limit(12, TENTH),
        "private/cancel-order": Limit(12, TENTH),
        "private/get-order-detail": Limit(24, TENTH),
        "private/get-trades": Limit(1, SECOND),
        "private/get-order-history": Limit(1, SECOND),
    }
)


def published(method: str) -> Limit | None:
    """What the exchange admits of a method, less our margin."""
    return METHODS.get(method, PUBLIC if method.startswith("public/") else PRIVATE)


def unlimited(method: str) -> Limit | None:  # noqa: ARG001 - it answers for any method
    """Where time stands still between steps nobody counts."""
    return None


@dataclass(slots=True)
class _Lane:
    """The slots of one method: how many are not in use, and at which second of the loop each of those may be used again."""

    limit: Limit
    slots: asyncio.Semaphore
    free_at: deque[float] = field(default_factory=deque)


class Budget:
    """The slots of every method of one key. `pause` lets time pass; who asks says for how long a slot is waited for."""

    def __init__(self, pause: Pause, limit_of: Callable[[str], Limit | None] = published) -> None:
        self._pause: Final = pause
        self._limit_of: Final = limit_of
        self._lanes: Final[dict[str, _Lane]] = {}

    @asynccontextmanager
    async def turn(self, method: str, patience: timedelta) -> AsyncIterator[None]:
        """One request of this method is made inside; Starved when no slot was free in time, and then nothing was."""
        lane = self._lane(method)
        if lane is None:
            yield
            return
        await _take(lane, method, patience)
        free_at, second = lane.free_at.popleft(), asyncio.get_running_loop().time
        try:
            wait = free_at - second()
            if wait > 0:
                await self._pause(timedelta(seconds=wait))
            yield
        finally:
            lane.free_at.append(second() + lane.limit.window.total_seconds())
            lane.slots.release()

    def _lane(self, method: str) -> _Lane | None:
        lane = self._lanes.get(method)
        limit = lane.limit if lane else self._limit_of(method)
        if lane is None and limit is not None:
            never_used = deque([0.0] * limit.count)
            lane = self._lanes[method] = _Lane(limit, asyncio.Semaphore(limit.count), never_used)
        return lane


async def _take(lane: _Lane, method: str, patience: timedelta) -> None:
    if not lane.slots.locked():
        await lane.slots.acquire()
        return
    try:
        async with asyncio.timeout(patience.total_seconds()):
            await lane.slots.acquire()
    except TimeoutError as error:
        raise Starved(method, patience) from error
