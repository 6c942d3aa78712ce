"""Where a script of the host stands: the installation, its settings, its profile, and how to ask the backend something."""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from interlock.host.commands import Ran, run
from interlock.host.compose import Compose
from interlock.host.notes import Notes
from interlock.host.web import get
from interlock.settings import Settings
from interlock.values import Unknown

BACKEND: Final = "backend-aws"
INSIDE_WAIT: Final = timedelta(seconds=100)


class Profile(StrEnum):
    """How the platform stands on a host."""

    AWS = "aws"
    HOST = "host"


@dataclass(frozen=True, slots=True)
class Here:
    """One installation. `row` is where a step leaves what it found, `every` the seconds between two tries of the guard."""

    root: Path
    profile: Profile
    settings: Settings
    row: Path | None = None
    every: float = 2.0

    @property
    def compose(self) -> Compose | None:
        """The stack; None where there are no containers."""
        return Compose(self.root) if self.profile is Profile.AWS else None

    @property
    def notes(self) -> Notes:
        """What is kept from one night to the next."""
        return Notes(self.root / self.settings.host.evidence_dir)

    def interlock(self, words: Sequence[str], stdin: str = "") -> Ran | Unknown:
        """Runs `interlock` where the backend runs, with the backend's own settings."""
        if self.compose is not None:
            told = ("interlock", *words)
            return self.compose.execute(BACKEND, told, stdin=stdin, wait=INSIDE_WAIT)
        ours = str(Path(sys.executable).with_name("interlock"))
        return run((ours, *words, "--root", str(self.root)), stdin=stdin, wait=INSIDE_WAIT)

    def status(self, path: str, wait: timedelta) -> int | Unknown:
        """The HTTP status of a path of the API."""
        page = get(self.address(path), wait=wait)
        return page if isinstance(page, Unknown) else page.status

    def address(self, path: str) -> str:
        """Where a path of the API is found."""
        return f"http://127.0.0.1:{self.settings.api.port}{path}"

    def rest(self, seconds: float) -> None:
        """Waits, at the pace of this host."""
        time.sleep(seconds * float(self.settings.host.pace))

    def script(self, name: str) -> str:
        """A script of this installation."""
        return str(self.root / "scripts" / "aws" / f"{name}.sh")


def tries(here: Here, count: int, every: float, holds: Callable[[], bool]) -> bool:
    """Whether it came to hold in so many tries, one every so many seconds."""
    for number in range(count):
        if number:
            here.rest(every)
        if holds():
            return True
    return False
