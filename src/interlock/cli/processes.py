"""Children of a door: started with their own environment, watched, killed when told to, and never left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import httpx

from interlock.errors import Unreachable
from interlock.host.facts import rss_max_mb

GRACE_S: Final = 10.0
LOOK_S: Final = 0.02
PROGRAM: Final = str(Path(sys.executable).with_name("interlock"))


@dataclass(slots=True)
class Child:
    """One `interlock` process. `rss_max_mb` is the largest memory it was seen to hold, over all its lives."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    rss_max_mb: float = 0.0
    lives: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> Self:
        """A new life; what it says goes to its log."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program, by the interpreter that runs us
                (sys.executable, PROGRAM, *self.arguments),
                env={**_inherited(), **self.environment},
                stdout=log if self.name != "simulator" else subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        self.lives += 1
        return self

    def first_line(self) -> dict[str, str]:
        """The JSON that the process says first."""
        if self._process is None or self._process.stdout is None:
            raise Unreachable(f"The {self.name} was not started.")
        line = self._process.stdout.readline()
        if not line:
            raise Unreachable(f"The {self.name} ended before it was ready: {self.last_words()}")
        said: dict[str, str] = json.loads(line)
        return said

    @property
    def pid(self) -> int:
        """Its process id in this life."""
        return self._process.pid if self._process else 0

    def is_alive(self) -> bool:
        """Whether this life goes on; looking also notes how much memory it holds."""
        if self._process is None or self._process.poll() is not None:
            return False
        self.rss_max_mb = max(self.rss_max_mb, rss_max_mb(self.pid) or 0.0)
        return True

    def kill(self) -> None:
        """SIGKILL: no goodbye, no clean-up."""
        self.is_alive()
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for who does not listen."""
        self.is_alive()
        self._end(signal.SIGTERM)

    def last_words(self) -> str:
        """The last line of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def _end(self, how: signal.Signals) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.send_signal(how)
        try:
            process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Ear:
    """Where children say that they are ready, as they would to a service manager: they have recovered, and their door is open."""

    def __init__(self) -> None:
        self.address: Final = f"@interlock-demo-{os.getpid()}"
        self._line: Final = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.bind(f"\0{self.address[1:]}")
        self._line.setblocking(False)  # noqa: FBT003 - the name of the switch is the method

    def hears_ready(self) -> bool:
        """Whether somebody has said so since this was last asked."""
        said = False
        while True:
            try:
                said = self._line.recv(4096).startswith(b"READY=1") or said
            except BlockingIOError:
                return said

    def close(self) -> None:
        """Listens no more."""
        self._line.close()


def answers(url: str) -> bool:
    """Whether a page is there."""
    try:
        return httpx.get(url, timeout=2).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def wait_until_ready(child: Child, is_ready: Callable[[], bool], seconds: float) -> float:
    """After how many seconds it was ready; raises when the child ends or the time is over first."""
    began = time.monotonic()
    while time.monotonic() < began + seconds:
        if not child.is_alive():
            raise Unreachable(f"The {child.name} ended: {child.last_words()}")
        if is_ready():
            return time.monotonic() - began
        time.sleep(LOOK_S)
    raise Unreachable(f"The {child.name} was not ready after {seconds:g} s: {child.last_words()}")


def _inherited() -> dict[str, str]:
    """What a child needs of our environment, and nothing else: no setting of ours or of the predecessor's leaks into it."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "SSL_CERT_FILE", "VIRTUAL_ENV")
    return {name: os.environ[name] for name in kept if name in os.environ}  # noqa: TID251 - passed on to a child, not read
