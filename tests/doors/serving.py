"""The API on a real socket of this process, for those who speak HTTP from outside: the CLI, the dashboard, a browser."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from interlock.api import build, issue
from interlock.host.door import Server, listen, server
from interlock.settings import read
from tests.fakes.shown import ShownBooks, ShownMarket, StillClock

PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Served:
    """A running API: its port, its data folder, and the environment in which others find it."""

    port: int
    data: Path
    clock: StillClock

    @property
    def environ(self) -> dict[str, str]:
        return {"INTERLOCK__DATA": str(self.data), "INTERLOCK__API__PORT": str(self.port)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def served(
    books: ShownBooks, market: ShownMarket, data: Path, port: int | None = None
) -> Iterator[Served]:
    """The API over these books, until the block ends."""
    here = Served(port or free_port(), data, StillClock())
    settings = read({**here.environ, "INTERLOCK__MODE": "SIM"})
    ours = server(build(books, market, settings, here.clock, issue(settings.token_file)))
    thread = threading.Thread(target=_serve, args=(ours, here.port))
    thread.start()
    try:
        wait_until(lambda: ours.started)
        yield here
    finally:
        ours.should_exit = True
        thread.join(PATIENCE_S)


def _serve(ours: Server, port: int) -> None:
    with listen("127.0.0.1", port, "INTERLOCK__API__PORT") as door:
        asyncio.run(ours.serve(sockets=[door]))


def wait_until(holds: object, seconds: float = PATIENCE_S) -> None:
    """Returns when it holds; fails when the patience is over."""
    assert callable(holds)
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to hold"
        time.sleep(0.02)
