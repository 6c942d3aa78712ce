"""A backup: a copy of the books with a manifest beside it, which says whose they are, until when they reach, and the hash of the file.

What is made is read back before it is called a backup. Nothing is overwritten, and nobody but the owner reads either file.
"""

import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec

from interlock.account import Mode
from interlock.errors import BadInput, NewerSchema, StoreTrouble
from interlock.store.chains import BOOKS
from interlock.store.sqlite import trouble
from interlock.values import Instant

FORMAT: Final = "interlock-books-1"
NEWEST: Final = (
    ("account", "began_at"),
    ("settings_changes", "at"),
    ("decisions", "at"),
    ("send_attempts", "at"),
    ("order_steps", "at"),
    ("equity_records", "at"),
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """Whose books a file holds, in which schema, and their newest commit; the last seal of their journal; and what the file is."""

    format: str
    venue: str
    install_id: str
    schema: str
    epoch: int
    newest: str
    made_at: str
    seals: int
    head: str
    sha256: str = ""
    bytes: int = 0


def manifest_path(file: Path) -> Path:
    """Where the manifest of a backup lies."""
    return file.with_name(f"{file.name}.json")


def back_up(copy: Callable[[Path], None], file: Path, now: Instant) -> Manifest:
    """Makes the backup whole or not at all."""
    beside = manifest_path(file)
    for path in (file, beside):
        if path.exists():
            raise BadInput(f"{path} is there: a backup overwrites nothing.")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=file.parent) as folder:
            draft = Path(folder) / "books.sqlite"
            copy(draft)
            made = replace(
                inspect(draft), made_at=now.iso(), sha256=_hash(draft), bytes=draft.stat().st_size
            )
            file.hardlink_to(draft)
            _write(beside, msgspec.json.format(msgspec.json.encode(made)))
    except OSError as error:
        raise StoreTrouble(f"{file}: {error}.") from error
    return made


def checked(file: Path) -> Manifest:
    """The manifest of a backup that is what it says, whole, and of a schema that this version knows."""
    try:
        told = msgspec.json.decode(manifest_path(file).read_bytes(), type=Manifest)
        found = _hash(file)
    except (OSError, msgspec.MsgspecError) as error:
        raise StoreTrouble(f"{file} is no backup that can be read: {error}.") from error
    if told.format != FORMAT:
        raise NewerSchema(
            f"{file} is a backup of the format {told.format}, this version knows {FORMAT}."
        )
    if found != told.sha256:
        raise StoreTrouble(f"{file} is damaged: its hash is not that of its manifest.")
    if told.schema not in BOOKS.revisions:
        raise NewerSchema(f"{file} has the schema {told.schema}, this version knows {BOOKS.head}.")
    there = replace(inspect(file), made_at=told.made_at, sha256=found, bytes=told.bytes)
    if there != told:
        raise StoreTrouble(f"{file} does not hold what its manifest says.")
    return told


def inspect(file: Path) -> Manifest:
    """What a file of books says of itself, once it was found sound."""
    uri = f"{file.resolve().as_uri()}?mode=ro&immutable=1"
    with trouble(file), closing(sqlite3.connect(uri, uri=True)) as rows:
        sound = rows.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if sound != "ok":
            raise StoreTrouble(f"{file} is damaged: {sound}.")
        schema = rows.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        account = rows.execute("SELECT venue, install_id, epoch FROM account").fetchone()
        if account is None:
            raise StoreTrouble(
                f"{file} holds books that were never opened: there is nothing to keep."
            )
        ends = [rows.execute(f"SELECT max({c}) FROM {t}").fetchone()[0] for t, c in NEWEST]  # noqa: S608 - two words of ours
        seal = _last_seal(rows, schema)
    newest = Instant(max(end for end in ends if end is not None))
    return Manifest(
        FORMAT, Mode(account[0]), account[1], schema, account[2], newest.iso(), "", *seal
    )


def _last_seal(rows: sqlite3.Connection, schema: str) -> tuple[int, str]:
    """Books before their seventh schema were not sealed."""
    if schema < "b0007":
        return 0, ""
    found = rows.execute("SELECT n, head FROM seals ORDER BY n DESC LIMIT 1").fetchone()
    return (found[0], found[1]) if found else (0, "")


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, text: bytes) -> None:
    """A new file, or an error when one is there."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text + b"\n")
        file.flush()
        os.fsync(file.fileno())
