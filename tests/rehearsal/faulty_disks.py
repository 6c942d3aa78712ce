"""Lives of the books in processes of their own, each on a disk that fails at one chosen call of the kernel: strace makes it fail.

A life says each fact once it was acknowledged, sends only what was written, and goes on after trouble as a supervised pass does: only
what the desk itself calls an end ends it. Afterwards the file is judged, and a life without faults must be able to begin on it.
"""

import ctypes
import multiprocessing
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from interlock.desk.day import MUST_END
from interlock.errors import StoreTrouble
from tests.promises.wishes import armed
from tests.rehearsal.disks import FILE, Said, integrity, looking, missing, opened, work

STRACE: Final = "/usr/bin/strace"
PATIENCE_S: Final = 30.0
MAY_BE_TRACED_BY_ANYBODY: Final = (0x59616D61, ctypes.c_ulong(-1))
ENDED: Final = 3
SHUT: Final = 4
KILLED: Final = -9
ABOUT: Final = re.compile(r"\(\d+<([^>]*)>")

_processes: Final = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__, "interlock.store.migrate"])


@dataclass(frozen=True, slots=True)
class Fault:
    """What a call of the kernel does instead of its work."""

    call: str
    does: str
    for_ever: bool = False

    def at(self, number: int) -> str:
        return f"inject={self.call}:{self.does}:when={number}{'+' if self.for_ever else ''}"


KILL: Final = Fault("pwrite64", "signal=SIGKILL")
FULL: Final = Fault("pwrite64", "error=ENOSPC")
CLOSED: Final = Fault("pwrite64", "error=EROFS", for_ever=True)
NOT_SYNCED: Final = Fault("fdatasync", "error=EIO")
FOLDER_NOT_SYNCED: Final = Fault("fsync", "error=EIO")


def live(folder: str, orders: int, mouth: Connection) -> None:
    """A life: it works until its orders are done, and ends without a word to its files, as every process may."""
    ctypes.CDLL(None).prctl(*MAY_BE_TRACED_BY_ANYBODY)
    mouth.recv()
    try:
        books = opened(Path(folder))
        tenure = armed(books)
    except MUST_END:
        os._exit(ENDED)
    except StoreTrouble:
        os._exit(SHUT)
    for number in range(orders):
        try:
            for said in work(books, tenure, 1, f"{number}-"):
                mouth.send(said)
        except MUST_END:
            os._exit(ENDED)
        except StoreTrouble as trouble:
            mouth.send(("trouble", str(trouble), 0))
    os._exit(0)


@dataclass(frozen=True, slots=True)
class Endured:
    """What a life said, how it ended, and which file the call that failed was about."""

    said: tuple[Said, ...]
    code: int
    struck: str

    @property
    def facts(self) -> list[Said]:
        return [each for each in self.said if each[0] != "trouble"]


def endure(folder: Path, orders: int, log: Path, fault: str = "") -> Endured:
    """One life on this folder, watched by strace, which makes its calls fail as `fault` says."""
    ours, theirs = _processes.Pipe()
    life = _processes.Process(target=live, args=(str(folder), orders, theirs))
    life.start()
    theirs.close()
    words = ["-e", fault] if fault else ["-e", "trace=pwrite64,fdatasync,fsync"]
    with subprocess.Popen(
        [STRACE, "-y", "-o", str(log), *words, "-p", str(life.pid)],
        stderr=subprocess.PIPE,
        text=True,
    ) as watcher:
        assert watcher.stderr is not None
        assert "attached" in watcher.stderr.readline()
        ours.send("go")
        said = tuple(_all_said(ours))
        life.join(PATIENCE_S)
    assert life.exitcode is not None
    struck = [line for line in log.read_text().splitlines() if "(INJECTED)" in line]
    return Endured(said, life.exitcode, ABOUT.findall(struck[0])[0] if struck else "")


def _all_said(mouth: Connection) -> list[Said]:
    said: list[Said] = []
    try:
        while mouth.poll(PATIENCE_S):
            said.append(mouth.recv())
    except EOFError:
        mouth.close()
    return said


def judged(folder: Path, life: Endured) -> list[str]:
    """What contradicts the promise: a fact that is lost, half a transaction, a damaged file, a next life that cannot begin."""
    wrong: list[str] = []
    if (folder / FILE).exists():
        with looking(folder) as connection:
            wrong += missing(connection, life.facts) if life.facts else []
            wrong += integrity(connection)
    elif life.facts:
        wrong.append("the file is gone")
    try:
        books = opened(folder)
        armed(books)
        books.close()
    except (StoreTrouble, *MUST_END) as error:
        wrong.append(f"the next life cannot begin: {error}")
    return wrong


@dataclass(frozen=True, slots=True)
class Swept:
    """At how many calls a life was made to fail, how each ended, and what contradicted the promise."""

    call: str
    does: str
    points: int
    ended: int
    killed: int
    troubled: int
    violations: tuple[str, ...]


Allowed = Callable[[Endured], bool]


def is_over(life: Endured) -> bool:
    """It ended there and then: nothing was said of trouble and gone on from.

    SQLite asks the folder to be synced too and does not mind when it is not: the store syncs it itself, before it is written to.
    """
    is_ended = life.code in {ENDED, SHUT} and len(life.facts) == len(life.said)
    return is_ended or (life.code == 0 and FILE not in life.struck)


def is_killed(life: Endured) -> bool:
    return life.code == KILLED


def went_on(life: Endured) -> bool:
    """It lived on, or could not begin, or gave up in doubt."""
    return life.code in {0, ENDED, SHUT}


def sweep(  # noqa: PLR0913 - what fails, for whom, where and how often
    folder: Path, fault: Fault, orders: int, allowed: Allowed, *, is_new: bool, step: int = 1
) -> Swept:
    """The fault at the first call, the second, … the last of a life: on books that it makes itself, or on books that stand."""
    ground = folder / "ground"
    folder.mkdir(exist_ok=True)
    if not is_new:
        opened(ground).close()
    total = count(folder, ground, fault.call, orders)
    lives, wrong = [], []
    for number in range(1, total + 1, step):
        place = folder / f"life{number}"
        if not is_new:
            shutil.copytree(ground, place)
        life = endure(place, orders, folder / "calls", fault.at(number))
        lives.append(life)
        said = judged(place, life)
        said += (
            [] if allowed(life) else [f"it ended with {life.code}, having said {life.said[-1:]}"]
        )
        wrong += [f"{fault.call} {number} of {total}: {each}" for each in said]
        shutil.rmtree(place, ignore_errors=True)
    codes = [life.code for life in lives]
    troubled = sum(len(life.facts) < len(life.said) for life in lives)
    ended = codes.count(ENDED) + codes.count(SHUT)
    return Swept(
        fault.call, fault.does, len(lives), ended, codes.count(KILLED), troubled, tuple(wrong)
    )


def count(folder: Path, ground: Path, call: str, orders: int) -> int:
    """How often a life without faults makes this call."""
    place, log = folder / "counted", folder / "calls"
    if ground.exists():
        shutil.copytree(ground, place)
    life = endure(place, orders, log)
    assert life.code == 0, life
    return sum(line.startswith(f"{call}(") for line in log.read_text().splitlines())
