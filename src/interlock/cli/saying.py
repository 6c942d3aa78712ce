"""How the look commands speak: a table for a person, or one JSON object on one line, with exact numbers, for a program."""

import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from interlock.values import number_text

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on the last line.")]
DASH: Final = "-"
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
# A pipe has no width of its own: there a row stays on one line.
_console = Console(highlight=False, width=None if sys.stdout.isatty() else 200)


def say_json(body: dict[str, Any]) -> None:
    """The object on one line."""
    typer.echo(_ENCODER.encode(body).decode())


def say_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A line of what it is, and a table of plain text: nothing in a cell is read as markup."""
    if title:
        say(title)
    table = Table(header_style="bold", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*(Text(text(value)) for value in row))
    _console.print(table)


def say_rich(thing: RenderableType) -> None:
    """Something that Rich draws; whoever makes it reads no cell as markup."""
    _console.print(thing)


def say(line: str) -> None:
    """One line of plain text."""
    _console.print(Text(line))


def text(value: object) -> str:
    """A value for a person; what is not known is a dash."""
    match value:
        case None:
            return DASH
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return number_text(value)
        case _:
            return str(value)


def dated(body: dict[str, Any]) -> str:
    """As of when it is true."""
    return f"as of {body.get('as_of', 'unknown')}"
