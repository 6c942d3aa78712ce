"""Programs run by the lab: each ends well in time, or the lab has failed with what it said. Nothing is skipped, nothing is guessed."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CGROUPS: Final = "/sys/fs/cgroup"
MINUTES: Final = 60.0


class LabFailed(Exception):
    """A step could not be run, or did not show what it had to show."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a program said, and the code it left with."""

    code: int
    out: str
    err: str

    @property
    def last(self) -> str:
        """The last line of stdout."""
        lines = self.out.strip().splitlines()
        return lines[-1] if lines else ""


def ran(
    *words: str,
    wait: float = 2 * MINUTES,
    stdin: str | None = None,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Said:
    """What it said, however it ended; it must end in time."""
    try:
        done = subprocess.run(
            words,
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=wait,
            env=environ,
            cwd=folder,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LabFailed(f"{' '.join(words)}: {error}") from error
    return Said(done.returncode, done.stdout, done.stderr)


def must(
    *words: str,
    wait: float = 2 * MINUTES,
    stdin: str | None = None,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> str:
    """What it said, when it ended well."""
    said = ran(*words, wait=wait, stdin=stdin, environ=environ, folder=folder)
    if said.code != 0:
        told = f"{said.out.strip()}\n{said.err.strip()}"[-3000:]
        raise LabFailed(f"{' '.join(words)} ended with {said.code}:\n{told}")
    return said.out


def until(what: str, holds: Callable[[], bool], seconds: float, pause: float = 0.5) -> float:
    """Waits until it holds, and says how long that took; in vain is a failure."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds:
            raise LabFailed(f"{what}: not within {seconds:g} s")
        time.sleep(pause)
    return time.monotonic() - began


def say(line: str) -> None:
    """One line of the drill."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def check(what: str, holds: object, found: object = "") -> None:
    """One line of evidence; what does not hold ends the lab."""
    shown = f": {found}" if str(found) else ""
    say(f"{'PASS' if holds else 'FAIL'}  {what}{shown}")
    if not holds:
        raise LabFailed(f"{what}{shown}")


def cgroups_are_writable() -> bool:
    """Whether the machine's control groups are as they must be: a lab that spoilt them would spoil them for everybody."""
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _, where, _, options, *_ = line.split()
        if where == CGROUPS:
            return "rw" in options.split(",")
    return False
