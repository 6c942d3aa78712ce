"""A study: one SQLite file with what was asked (the manifest) and one row per evaluated candidate. Written by one process alone.

What the file says is kept is kept: a transaction ends on the disk before its results count. A study whose manifest is not what is asked
now is refused, never continued. Nothing in it tells the time but how long each evaluation took.
"""

import fcntl
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final, NamedTuple, TextIO

import msgspec

from interlock.errors import Misuse, StoreTrouble
from interlock.research.candidates import Candidate, Goal, Metrics, Result

SUFFIX: Final = ".sqlite"
VERSION: Final = 1
SCREEN: Final = "screen"
EXACT: Final = "exact"
UNSEEN: Final = "unseen"

TABLES: Final = """
CREATE TABLE manifest (
    data_hash TEXT NOT NULL, code TEXT NOT NULL, config_hash TEXT NOT NULL, seed INTEGER NOT NULL, command TEXT NOT NULL,
    config TEXT NOT NULL
) STRICT;
CREATE TABLE result (
    stage TEXT NOT NULL, number INTEGER NOT NULL, subject TEXT NOT NULL, params TEXT NOT NULL, metrics TEXT NOT NULL,
    failure TEXT NOT NULL, elapsed_s REAL NOT NULL,
    PRIMARY KEY (stage, number), UNIQUE (stage, subject, params)
) STRICT, WITHOUT ROWID;
"""
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number", order="sorted")


class AnotherStudy(Misuse):
    """There is a study of this name, and it is about something else."""

    remedy = (
        "Give another --study, or delete the file of the old one; results of two are never mixed."
    )


class NoStudy(Misuse):
    """There is no study of this name."""

    remedy = "`interlock sweep list` names those that are."


class Busy(Misuse):
    """Another process writes this study."""

    remedy = "Wait for the other sweep to end, or stop it: its results are kept."


@dataclass(frozen=True, slots=True)
class Manifest:
    """What results depend on: the bars, the code, what was asked (`config`, by its hash) and the seed; `command` only tells of it."""

    data_hash: str
    code: str
    config_hash: str
    seed: int
    command: str
    config: str

    def differs(self, other: "Manifest") -> list[str]:
        """What makes two studies two."""
        asked = {"data_hash": "bars", "code": "code", "config_hash": "settings", "seed": "seed"}
        return [word for name, word in asked.items() if getattr(self, name) != getattr(other, name)]


class Row(NamedTuple):
    """One result as it is written: JSON in canonical order."""

    stage: str
    number: int
    subject: str
    params: str
    metrics: str
    failure: str
    elapsed_s: float

    @property
    def figures(self) -> Metrics:
        """The figures of the row."""
        return msgspec.json.decode(self.metrics, type=dict[str, float | int | str | None])


class Study:
    """An open study. `looked_at` opens one for reading, `continued` the one that is written."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path: Final = path
        self._connection: Final = connection
        with _trouble(path):
            self.manifest: Final = _manifest(connection)

    def keep(self, stage: str, results: Sequence[Result]) -> list[Row]:
        """Writes results that arrived together, all of them or none."""
        rows = [_row(stage, each) for each in results]
        with _trouble(self.path), self._connection:
            self._connection.executemany("INSERT INTO result VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        return rows

    def result(self, stage: str, candidate: Candidate) -> Result:
        """What was kept of a candidate, under whatever number it was tried."""
        asked = "SELECT * FROM result WHERE stage = ? AND subject = ? AND params = ?"
        with _trouble(self.path):
            found = self._connection.execute(asked, (stage, *candidate.key)).fetchone()
        row = Row(*found)
        return Result(candidate, row.figures, row.failure, row.elapsed_s)

    def rows(self, stage: str | None = None) -> list[Row]:
        """The rows of a stage or of all, in the order of their numbers."""
        asked = "SELECT * FROM result WHERE ?1 IS NULL OR stage = ?1 ORDER BY stage, number"
        with _trouble(self.path):
            return [Row(*found) for found in self._connection.execute(asked, (stage,))]

    def best(self, stage: str, goal: Goal, count: int, subject: str | None = None) -> list[Row]:
        """The best rows of a stage, of one subject or of all; of equal ones the first tried."""
        rows = [row for row in self.rows(stage) if subject in {None, row.subject}]
        return best_of(rows, goal, count)

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()


def best_of(rows: Sequence[Row], goal: Goal, count: int) -> list[Row]:
    """The best of these rows; what has no such figure is none of them."""
    known = [(value, row) for row in rows if (value := goal.of(row.figures)) is not None]
    return [row for _, row in sorted(known, key=lambda each: -each[0])[:count]]


@contextmanager
def continued(path: Path, asked: Manifest) -> Iterator[Study]:
    """The study of this file, made when there is none; AnotherStudy when it is about something else, Busy while another writes it."""
    with _trouble(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_suffix(".lock").open("w", encoding="utf-8")
    with lock:
        _hold(lock, path)
        with _trouble(path):
            connection = sqlite3.connect(path, isolation_level="IMMEDIATE")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            _make(connection, asked)
        with closing(Study(path, connection)) as study:
            differs = asked.differs(study.manifest)
            if differs:
                raise AnotherStudy(f"The study {path.stem} has other {' and '.join(differs)}.")
            yield study


@contextmanager
def looked_at(path: Path) -> Iterator[Study]:
    """A study to be read, while another process may write it."""
    if not path.exists():
        raise NoStudy(f"There is no study {path.stem}.")
    with _trouble(path):
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)
    with closing(Study(path, connection)) as study:
        yield study


def studies(folder: Path) -> list[Path]:
    """The files of all studies in a folder, by name."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def _hold(lock: TextIO, path: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Busy(f"The study {path.stem} is being written.") from error


def _make(connection: sqlite3.Connection, asked: Manifest) -> None:
    """Tables and manifest in one transaction: a file has both or neither."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == VERSION:
        return
    if version:
        raise StoreTrouble(f"A study of version {version} is not read by this one.")
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for statement in TABLES.split(";\n"):
            connection.execute(statement)
        connection.execute("INSERT INTO manifest VALUES (?, ?, ?, ?, ?, ?)", astuple(asked))
        connection.execute(f"PRAGMA user_version = {VERSION}")


def _manifest(connection: sqlite3.Connection) -> Manifest:
    return Manifest(*connection.execute("SELECT * FROM manifest").fetchone())


def _row(stage: str, result: Result) -> Row:
    subject, params = result.candidate.key
    metrics = _ENCODER.encode(result.metrics).decode()
    number = result.candidate.number
    return Row(stage, number, subject, params, metrics, result.failure, result.elapsed_s)


@contextmanager
def _trouble(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StoreTrouble(f"The study {path} cannot be used: {error}.") from error
