"""A file of KEY=VALUE lines, as compose reads it: it is read, and never run.

Blank lines and comments say nothing; quotes around a value are taken off, and nothing within it is replaced. A line that is none of
this is told by file and number, never by its content: it may be a secret.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from interlock.errors import BadSettings

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
COMMENT: Final = re.compile(r"\s#")
QUOTES: Final = ('"', "'")


@dataclass(frozen=True, slots=True)
class EnvFile:
    """What a file says, and the permissions under which it lies there; a missing one says nothing."""

    path: Path
    values: Mapping[str, str]
    mode: int = 0

    @classmethod
    def read(cls, path: Path) -> Self:
        """The file as it is now; raises BadSettings when it cannot be read or understood."""
        try:
            return cls(path, dict(_pairs(path)), path.stat().st_mode)
        except FileNotFoundError:
            return cls(path, {})
        except OSError as error:
            raise BadSettings(f"{path} cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError:
            raise BadSettings(f"{path} is no text.") from None


def _pairs(path: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        said = line.strip()
        if not said or said.startswith("#"):
            continue
        name, _, rest = said.partition("=")
        value = _value(rest)
        if value is None or "=" not in said or not NAME.fullmatch(name.rstrip()):
            raise BadSettings(f"Line {number} of {path} is not KEY=VALUE.")
        yield name.rstrip(), value


def _value(said: str) -> str | None:
    """The value without its quotes and the comment behind it; None when a quote is not closed."""
    bare = said.strip()
    if not bare.startswith(QUOTES):
        return COMMENT.split(said, maxsplit=1)[0].strip()
    inner, closed, behind = bare[1:].partition(bare[0])
    is_whole = closed and (not behind or COMMENT.match(behind))
    return inner if is_whole else None
