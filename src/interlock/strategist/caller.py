"""Asks the process of the strategies, and ends it when it is late, loud or dead; the next question starts another.

It raises nothing: who was not heard is Unknown, with the reason. While it waits, everybody else goes on.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from interlock.errors import BadInput
from interlock.market import Window
from interlock.strategist.words import (
    HEAD,
    REPLY_MAX,
    Card,
    Failed,
    Reply,
    Shelf,
    Spoken,
    asked,
    declared_of,
    framed,
    length,
    opinion_of,
    reply_of,
)
from interlock.strategy.contract import Declared
from interlock.strategy.manage import Held
from interlock.strategy.signal import Opinion
from interlock.values import Unknown

DEADLINE_S: Final = 5.0
START_S: Final = 30.0
MEMORY_MAX: Final = 256 << 20
# Nothing of our own environment: no key, no token, no path. Each thread of a linear-algebra library would take its share of the memory.
ENVIRONMENT: Final = {"LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

Stamp = tuple[tuple[str, int, int], ...]


@dataclass(slots=True)
class Living:
    """The process that runs, what it said that it loaded, and what the files were then."""

    process: asyncio.subprocess.Process
    shelf: Shelf
    stamp: Stamp


@dataclass(slots=True)
class Worker:
    """The owner's strategies of one folder, in a process that lives as long as it behaves. Plays `Strategist`."""

    folder: Path
    deadline_s: float = DEADLINE_S
    memory: int = MEMORY_MAX
    start_s: float = START_S
    _living: Living | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def declared(self, name: str) -> Declared | Unknown:
        """What the strategy of this name declares of itself."""
        shelf = await self.shelf()
        if isinstance(shelf, Unknown):
            return shelf
        card = _card(shelf, name)
        try:
            return card if isinstance(card, Unknown) else declared_of(card)
        except BadInput as error:
            return Unknown(f"{name} declares what it may not: {error}")

    async def ask(self, name: str, window: Window, lots: Sequence[Held] = ()) -> Opinion | Unknown:
        """What it says of the newest bar of this window, with an answer for each of these lots, within its deadline."""
        async with self._turn:
            living = await self._lived()
            if isinstance(living, Unknown):
                return living
            said = await self._said(living, framed(asked(name, window, lots)), self.deadline_s)
            try:
                match said:
                    case Spoken():
                        return _whole(opinion_of(said), lots)
                    case Failed(why):
                        return Unknown(f"it raised {why}")
                    case Unknown():
                        return said
                    case _:
                        return await self._end("it answered something else")
            except BadInput as error:
                return Unknown(str(error))

    async def shelf(self) -> Shelf | Unknown:
        """What there is, and what could not be loaded."""
        async with self._turn:
            living = await self._lived()
            return living if isinstance(living, Unknown) else living.shelf

    async def close(self) -> None:
        """Ends the process, if there is one."""
        await self._end("closed")

    async def _lived(self) -> Living | Unknown:
        """The process, started when there is none, and anew when the files are others."""
        stamp = stamp_of(self.folder)
        living = self._living
        if living is not None and (living.stamp != stamp or living.process.returncode is not None):
            await self._end("its files changed")
        return await self._start(stamp) if self._living is None else self._living

    async def _start(self, stamp: Stamp) -> Living | Unknown:
        words = (str(self.folder), str(self.memory), str(os.getpid()))
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-m", "interlock.strategist.worker", *words),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=ENVIRONMENT,
                start_new_session=True,
            )
        except OSError as error:
            return Unknown(f"its process cannot be started: {error.strerror}")
        living = self._living = Living(process, Shelf([], {}), stamp)
        said = await self._said(living, b"", self.start_s)
        if isinstance(said, Unknown):
            return said
        if not isinstance(said, Shelf):
            return await self._end("it began with something else")
        living.shelf = said
        return living

    async def _said(self, living: Living, question: bytes, seconds: float) -> Reply | Unknown:
        """The reply; whoever is late, dead or no Strategist any more is ended."""
        try:
            async with asyncio.timeout(seconds):
                return await _exchanged(living.process, question)
        except TimeoutError:
            return await self._end(f"it gave no answer within {seconds:g} s")
        except (OSError, EOFError):
            return await self._end("its process died")
        except BadInput as error:
            return await self._end(str(error))
        except asyncio.CancelledError:
            await self._end("nobody waits any more")
            raise

    async def _end(self, why: str) -> Unknown:
        """Ends the process and all that it started."""
        living, self._living = self._living, None
        if living is not None:
            await _killed(living.process)
        return Unknown(why)


async def _exchanged(process: asyncio.subprocess.Process, question: bytes) -> Reply:
    there, back = process.stdin, process.stdout
    if there is None or back is None:
        raise EOFError
    there.write(question)
    await there.drain()
    size = length(await back.readexactly(HEAD), REPLY_MAX)
    return reply_of(await back.readexactly(size))


async def _killed(process: asyncio.subprocess.Process) -> None:
    """The whole group of the process is ended, and waited for."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.stdin is not None:
        process.stdin.close()
    await process.wait()


def stamp_of(folder: Path) -> Stamp:
    """What tells that the files are others."""
    facts = ((path.name, path.stat()) for path in sorted(folder.glob("*.py")))
    return tuple((name, fact.st_mtime_ns, fact.st_size) for name, fact in facts)


def _whole(said: Opinion, lots: Sequence[Held]) -> Opinion:
    if len(said.answers) != len(lots):
        raise BadInput(f"It answers for {len(said.answers)} lots of {len(lots)}.")
    return said


def _card(shelf: Shelf, name: str) -> Card | Unknown:
    found = next((card for card in shelf.cards if card.name == name), None)
    if found is not None:
        return found
    broken = "; ".join(f"{place}: {why}" for place, why in shelf.broken.items())
    return Unknown(f"there is no strategy of this name{f' ({broken})' if broken else ''}")
