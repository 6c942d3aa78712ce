"""A program of the host, run with words and never by a shell: what it said and how it ended, or why nobody can say."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from interlock.values import Unknown

WAIT: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Ran:
    """A program that ended by itself: its exit code and both of its texts."""

    code: int
    stdout: str
    stderr: str

    @property
    def last_line(self) -> str:
        """The last line of stdout that says anything; empty when none does."""
        said = [line.strip() for line in self.stdout.splitlines() if line.strip()]
        return said[-1] if said else ""


def run(
    words: Sequence[str],
    *,
    wait: timedelta = WAIT,
    stdin: str = "",
    folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Ran | Unknown:
    """What the program said; Unknown when it is absent, may not be run, or did not end in time (then all of it is ended)."""
    try:
        program = subprocess.Popen(  # noqa: S603 - the words are ours, and no shell reads them
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=environ,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        return Unknown(f"{words[0]} cannot be run: {error.strerror}")
    with program:
        try:
            stdout, stderr = program.communicate(stdin, timeout=wait.total_seconds())
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, signal.SIGKILL)
            return Unknown(f"{words[0]} did not end in {wait.total_seconds():g} s")
        except BaseException:  # a stop of ours, passed on: nothing is left running
            os.killpg(program.pid, signal.SIGKILL)
            raise
    return Ran(program.returncode, stdout, stderr)
