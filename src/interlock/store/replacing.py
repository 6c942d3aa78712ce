"""A file of books put in the place of another: the new one stands there whole at once, and the old one stays beside it."""

import contextlib
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from interlock.errors import BrokenInvariant, StoreTrouble
from interlock.store.files import BOOKS_FILE
from interlock.store.heads import FILE as HEAD_FILE
from interlock.store.restoring import Floor
from interlock.store.sqlite import trouble
from interlock.values import Instant

LOGS: Final = ("-wal", "-shm")


def draft_of(folder: Path, source: Path) -> Path:
    """A copy of a backup in the folder of its own name, in which it is made ready beside the books that it will replace."""
    ready = folder / "restoring"
    with trouble(ready):
        shutil.rmtree(ready, ignore_errors=True)
        ready.mkdir(mode=0o700, parents=True)
        shutil.copyfile(source, ready / BOOKS_FILE)
        (ready / BOOKS_FILE).chmod(0o600)
    return ready


def has_books(folder: Path) -> bool:
    """Whether books lie there, whatever is in them."""
    return (folder / BOOKS_FILE).exists()


def floor_of(folder: Path, newest: Instant) -> tuple[str | None, Floor]:
    """Whose the books are that lie there, and what they have come to; nothing is known of those that cannot be read."""
    path = folder / BOOKS_FILE
    try:
        with (
            trouble(path),
            closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as rows,
        ):
            found = rows.execute("SELECT install_id, epoch, last_nonce FROM account").fetchone()
    except (StoreTrouble, BrokenInvariant):
        return None, Floor(newest)
    return (found[0], Floor(newest, found[1], found[2])) if found else (None, Floor(newest))


def replace_books(folder: Path, ready: Path, stamp: str) -> Path | None:
    """Puts the books that were made ready in their place; where the old ones lie now."""
    path, kept = folder / BOOKS_FILE, folder / f"{BOOKS_FILE}.before-{stamp}"
    with trouble(path):
        was_there = path.exists()
        if was_there:
            _keep(path, kept)
        _fold(ready / BOOKS_FILE)
        (ready / BOOKS_FILE).replace(path)
        move_head(folder, ready, stamp)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    return kept if was_there else None


def move_head(folder: Path, ready: Path, stamp: str) -> None:
    """The head of the restored journal in place of the old one, which stays beside it; what was made ready is cleared away."""
    with trouble(folder):
        _move_if_there(folder / HEAD_FILE, folder / f"{HEAD_FILE}.before-{stamp}")
        _move_if_there(ready / HEAD_FILE, folder / HEAD_FILE)
        shutil.rmtree(ready)


def _keep(path: Path, kept: Path) -> None:
    """The log of the old books must not lie beside the new ones: it would be read into them.

    It is folded into its own file; that of a file which cannot be read is moved away with it.
    """
    with contextlib.suppress(sqlite3.Error):
        _fold(path)
    for suffix in LOGS:
        _move_if_there(
            path.with_name(f"{path.name}{suffix}"), kept.with_name(f"{kept.name}{suffix}")
        )
    kept.hardlink_to(path)


def _fold(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def _move_if_there(path: Path, to: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        path.rename(to)
