"""What moves a stepping clock: whenever everybody is idle it steps, at the pace that is wished, and tells those who wait."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from interlock.simulator.front.stepping import Seat, Step, Stepping
from interlock.values import Instant

HOUR: Final = timedelta(hours=1)


class Driver:
    """Moves a stepping clock whenever everybody is idle, and tells those who wait; `after` is done after each step."""

    def __init__(self, stepping: Stepping, after: Callable[[], None]) -> None:
        self.stepping: Final = stepping
        self._after: Final = after
        self.seconds_per_hour = 0.0
        self._waiting: Final[dict[Seat, asyncio.Future[Step]]] = {}
        self._changed: Final = asyncio.Event()

    def changed(self) -> None:
        """Something happened that may let the clock move."""
        self._changed.set()

    async def rest(self, seat: Seat, until: Instant | None) -> Step:
        """Waits for the next step. A newer wait of the same seat takes the place of an older one, which is told the time.

        A wait that is cut off, as by the death of the process, leaves the process busy.
        """
        self.stepping.rest(seat, until)
        self._tell(self._waiting.pop(seat, None), Step(self.stepping.now, stirred=False))
        waiting: asyncio.Future[Step] = asyncio.get_running_loop().create_future()
        self._waiting[seat] = waiting
        self.changed()
        try:
            return await waiting
        finally:
            if self._waiting.get(seat) is waiting:
                del self._waiting[seat]
                self.stepping.wake(seat)

    async def run(self) -> None:
        """Steps for ever."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._move()

    async def _move(self) -> None:
        target = self.stepping.target()
        if target is not None and self.seconds_per_hour > 0:
            await asyncio.sleep((target - self.stepping.now) / HOUR * self.seconds_per_hour)
            target = self.stepping.target()
        if target is None:
            return
        step = self.stepping.step(target)
        self._after()
        told = list(self._waiting.values())
        self._waiting.clear()
        for waiting in told:
            self._tell(waiting, step)

    @staticmethod
    def _tell(waiting: asyncio.Future[Step] | None, step: Step) -> None:
        if waiting is not None and not waiting.done():
            waiting.set_result(step)
