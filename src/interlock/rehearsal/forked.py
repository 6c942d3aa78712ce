"""A process that is forked from this one, says bytes on a pipe, and is ended by whatever signal it is told to be ended by.

Starting an interpreter and importing the platform costs a second, forking it some milliseconds. What forks has one thread, and holds
no database, no socket and no loop; a child never returns to what it was forked from.
"""

import asyncio
import os
import resource
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, NoReturn

from interlock.errors import Misuse

STDOUT: Final = 1
STDERR: Final = 2
ROOM: Final = 1 << 16
FIRST_OWN: Final = 3
FDS_MAX: Final = 4096
FAILED: Final = 70

Work = Callable[[int], Coroutine[Any, Any, None]]
"""What a child does; it is told where it may say something."""


class Forked:
    """One child and what it said so far."""

    def __init__(self, work: Work, log: Path) -> None:
        if threading.active_count() > 1:
            raise Misuse(
                "Only a process with a single thread may fork: run this in one of its own."
            )
        heard, said = os.pipe()
        self.began: Final = time.monotonic()
        self.pid: Final = os.fork()
        if not self.pid:
            _live(work, said, log)
        os.close(said)
        self._heard: Final = heard
        self.words = b""
        self.is_over = False
        self._is_gone = False

    def hears(self, word: bytes, seconds: float) -> bool:
        """Whether it has said this, or does so in time."""
        end = time.monotonic() + seconds
        while word not in self.words and not self.is_over:
            left = end - time.monotonic()
            if left <= 0 or not self.listen(left):
                return False
        return word in self.words

    def send(self, how: signal.Signals) -> None:
        """Sends it a signal."""
        os.kill(self.pid, how)

    def end(self, how: signal.Signals) -> None:
        """Ends it; returns when it is gone, and has heard all that it said."""
        self.send(how)
        self.wait()

    def wait(self) -> int:
        """How it ended: an exit code, or the negative number of a signal."""
        _, status = os.waitpid(self.pid, 0)
        self._is_gone = True
        while not self.is_over:
            self.listen(0.0)
        return os.waitstatus_to_exitcode(status)

    def close(self) -> None:
        """Ends it if it still lives: nobody is left behind."""
        if not self._is_gone:
            self.end(signal.SIGKILL)

    def listen(self, seconds: float) -> bool:
        """Whether something more was said in time, or it fell silent for ever."""
        ready, _, _ = select.select([self._heard], [], [], seconds)
        more = os.read(self._heard, ROOM) if ready else b""
        self.words += more
        if ready and not more:
            self.is_over = True
            os.close(self._heard)
        return bool(ready)


def _live(work: Work, said: int, log: Path) -> NoReturn:
    """The whole life of a child, in a process group of its own; nothing of what its parent holds stays open in it."""
    code = FAILED
    try:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        told = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(told, STDOUT)
        os.dup2(told, STDERR)
        os.dup2(said, FIRST_OWN)
        os.closerange(FIRST_OWN + 1, FDS_MAX)
        asyncio.run(_until_told(work(FIRST_OWN)))
        code = 0
    except BaseException:  # noqa: BLE001 - the last frame of a process: whatever ends it is written down, and nothing returns
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


async def _until_told(work: Coroutine[Any, Any, None]) -> None:
    """Works until SIGTERM, as `interlock run` does, or until the work ends by itself."""
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
