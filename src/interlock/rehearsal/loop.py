"""A virtual-time, seeded asyncio loop: waiting moves time, nothing touches the machine, and every choice has a seed.

It stands on private attributes of asyncio's selector loop; `test_loop.py` pins that they exist on each supported Python.
"""

import asyncio
import random
import selectors
from collections.abc import Callable, Mapping
from contextvars import Context, copy_context
from heapq import heappop, heappush
from itertools import count
from typing import Any, Final

from typing_extensions import override

STEPS_MAX: Final = 2_000_000
RESOLUTION: Final = 1e-9


class Crash(BaseException):
    """The process died here. No `except Exception` of the platform can swallow it."""


class _NullSelector(selectors.BaseSelector):
    """Never touches the machine."""

    @override
    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        raise RuntimeError("a real socket inside the simulation")

    @override
    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        raise KeyError(fileobj)

    @override
    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return {}

    @override
    def close(self) -> None:
        pass

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        raise RuntimeError("nothing is waited for here")


class _Due:
    """What the loop is to call: as much of an `asyncio.Handle` as asyncio asks of one."""

    __slots__ = ("args", "callback", "context", "is_cancelled")

    def __init__(
        self, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None
    ) -> None:
        self.callback = callback
        self.args = args
        self.context = context or copy_context()
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True

    def cancelled(self) -> bool:
        return self.is_cancelled


class SimLoop(asyncio.SelectorEventLoop):
    """The desk's own asyncio code runs on it unmodified; `shuffle` permutes what is ready in each turn.

    To wait is to move virtual time. What is due at the same time comes in the order in which it was put off.
    """

    def __init__(self, seed: int, *, shuffle: bool = True) -> None:
        self.virtual = 0.0
        self.steps = 0
        self.steps_max = STEPS_MAX
        self.failure: dict[str, Any] | None = None
        self.choices = random.Random(seed)  # noqa: S311 - a seed must give the same choices
        self.shuffle = shuffle
        self._dues: list[_Due] = []
        self._timers: list[tuple[float, int, _Due]] = []
        self._count = count()
        super().__init__(_NullSelector())
        self.set_exception_handler(self._fail)

    def _make_self_pipe(self) -> None:
        self._ssock = self._csock = None
        self._internal_fds = 0

    def _close_self_pipe(self) -> None:
        pass

    @override
    def time(self) -> float:
        return self.virtual

    @override
    def call_soon(  # type: ignore[override]  # nobody asks for more than a handle that can be cancelled
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Any:
        due = _Due(callback, args, context)
        self._dues.append(due)
        return due

    call_soon_threadsafe = call_soon  # type: ignore[assignment]  # there is one thread

    @override
    def call_at(  # type: ignore[override]  # as above
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> Any:
        due = _Due(callback, args, context)
        heappush(self._timers, (when, next(self._count), due))
        return due

    @override
    def call_later(  # type: ignore[override]  # as above
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> Any:
        due = _Due(callback, args, context)
        heappush(self._timers, (self.virtual + delay, next(self._count), due))
        return due

    @override
    def run_in_executor(  # type: ignore[override]  # whatever its signature, it refuses
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> Any:
        raise RuntimeError("threads are banned in the simulation")

    @override
    def close(self) -> None:
        self._dues.clear()
        self._timers.clear()
        super().close()

    def _fail(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.failure = self.failure or context

    def _run_once(self) -> None:
        """One turn: what was ready when it began, and what is due by then."""
        dues, self._dues = self._dues, []
        if self.shuffle and len(dues) > 1:
            self.choices.shuffle(dues)
        self.steps += 1
        if self.steps > self.steps_max:
            raise RuntimeError("step budget exceeded: a livelock")
        self._move_on(dues)
        for due in dues:
            if not due.is_cancelled:
                self._call(due)
        if self.failure:
            raise RuntimeError(f"unhandled in a callback: {self.failure}")

    def _move_on(self, dues: list[_Due]) -> None:
        """Moves time to the next timer where nothing is ready, and adds every timer that is due."""
        timers = self._timers
        while timers and timers[0][2].is_cancelled:
            heappop(timers)
        if not dues:
            if not timers:
                raise RuntimeError("deadlock: nothing is scheduled")
            self.virtual = max(self.virtual, timers[0][0])
        while timers and timers[0][0] < self.virtual + RESOLUTION:
            dues.append(heappop(timers)[2])

    def _call(self, due: _Due) -> None:
        try:
            due.context.run(due.callback, *due.args)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - whatever a callback raises ends the run
            self.call_exception_handler({"message": f"in {due.callback}", "exception": error})
