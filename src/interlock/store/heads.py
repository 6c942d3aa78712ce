"""The head of the journal outside the database: one small file of the data folder, written whole or not at all."""

import json
import os
from pathlib import Path
from typing import Final

from interlock.errors import StoreTrouble
from interlock.evidence.seal import Head, Seal
from interlock.values import Unknown

FILE: Final = "journal.head"


def keep_head(folder: Path, made: Seal) -> None:
    """Keeps the head of this seal in place of the one before."""
    path = folder / FILE
    fresh = path.with_suffix(".head.new")
    text = json.dumps({"n": made.n, "at": made.at.iso(), "head": made.head})
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{text}\n")
        fresh.replace(path)
    except OSError as error:
        raise StoreTrouble(f"{path}: {error}.") from error


def kept_head(folder: Path) -> Head | Unknown | None:
    """The head that lies there; None where none was ever kept."""
    path = folder / FILE
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Head(int(told["n"]), str(told["head"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        return Unknown(f"{path} cannot be read: {type(error).__name__}")
