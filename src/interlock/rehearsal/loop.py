"""A virtual-time, seeded asyncio loop: waiting moves time, nothing touches the machine, and every choice has a seed.

It stands on private attributes of asyncio's selector loop; `test_loop.py` pins that they exist on each supported Python.
"""

import asyncio
import random
import selectors
from collections.abc import Callable, Mapping
from typing import Any

from typing_extensions import override

STEPS_MAX = 2_000_000


class Crash(BaseException):
    """The process died here. No `except Exception` of the platform can swallow it."""


class _NullSelector(selectors.BaseSelector):
    """Never touches the machine: to wait is to move virtual time."""

    def __init__(self) -> None:
        self.loop: SimLoop | None = None

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
        if timeout is None:
            raise RuntimeError("deadlock: nothing is scheduled")
        if timeout > 0 and self.loop is not None:
            self.loop.virtual += timeout
        return []


class SimLoop(asyncio.SelectorEventLoop):
    """The desk's own asyncio code runs on it unmodified; `shuffle` permutes what is ready in each turn."""

    def __init__(self, seed: int, *, shuffle: bool = True) -> None:
        self.virtual = 0.0
        self.steps = 0
        self.steps_max = STEPS_MAX
        self.failure: dict[str, Any] | None = None
        self.choices = random.Random(seed)  # noqa: S311 - a seed must give the same choices
        self.shuffle = shuffle
        selector = _NullSelector()
        super().__init__(selector)
        selector.loop = self
        self._clock_resolution = 1e-9
        self.set_exception_handler(self._fail)

    def _make_self_pipe(self) -> None:
        self._ssock = self._csock = None
        self._internal_fds = 0

    def _close_self_pipe(self) -> None:
        pass

    def _write_to_self(self) -> None:
        pass

    @override
    def time(self) -> float:
        return self.virtual

    @override
    def run_in_executor(  # type: ignore[override]  # whatever its signature, it refuses
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> Any:
        raise RuntimeError("threads are banned in the simulation")

    def _fail(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.failure = self.failure or context

    def _run_once(self) -> None:
        ready = self._ready  # type: ignore[attr-defined] # asyncio's own queue, pinned by test_loop.py
        if self.shuffle and len(ready) > 1:
            batch = list(ready)
            self.choices.shuffle(batch)
            ready.clear()
            ready.extend(batch)
        self.steps += 1
        if self.steps > self.steps_max:
            raise RuntimeError("step budget exceeded: a livelock")
        super()._run_once()  # type: ignore[misc] # as above
        if self.failure:
            raise RuntimeError(f"unhandled in a callback: {self.failure}")
