"""How facts stand in Markdown: a cell, a row with its time, a table, a block. A fact that is not known is `UNKNOWN — why`."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from interlock.evidence.seen import Fact
from interlock.evidence.verification import said
from interlock.values import Instant, Unknown

CELL_MAX: Final = 300
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def stamp(at: Instant) -> str:
    """An instant to the second, as `date -u` writes it."""
    return f"{at.iso()[:19]}Z"


def cell(fact: Fact[object]) -> str:
    """The fact in a few words."""
    return f"UNKNOWN — {fact.why}" if isinstance(fact, Unknown) else _plain(fact.value)


def row_of(name: str, fact: Fact[object], value: str = "") -> tuple[str, str, str]:
    """Name, value and time of a fact; `value` says it in other words where it is known."""
    if isinstance(fact, Unknown):
        return name, cell(fact), "—"
    return name, value or cell(fact), stamp(fact.as_of)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; what would break a row is taken out of its cells."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(map(_safe, line))} |" for line in lines)


def fenced(text: str, kind: str = "") -> str:
    """A block of text as it is; a fence within it cannot close it."""
    return f"```{kind}\n{text.strip(chr(10)).replace('```', '` ` `')}\n```"


def json_block(body: object) -> str:
    """A JSON value, indented."""
    return fenced(msgspec.json.format(_ENCODER.encode(body)).decode(), "json")


def _plain(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else said(value)


def _safe(text: str) -> str:
    flat = " ".join(text.split()).replace("|", "\\|")
    return flat if len(flat) <= CELL_MAX else f"{flat[: CELL_MAX - 1]}…"
