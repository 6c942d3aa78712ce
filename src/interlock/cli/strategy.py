"""`interlock strategy`: which strategies there are, and a first one of the owner's own.

The owner's are loaded in a process of their own, as the engine loads them; one that cannot be is named with the reason.
"""

import asyncio
from contextlib import AsyncExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from interlock.cli.saying import AsJson, say, say_json, say_table
from interlock.errors import BadInput, Unreachable
from interlock.settings import Settings, read
from interlock.strategist.template import written
from interlock.strategist.words import Card, Shelf, card_of
from interlock.strategy.classics import CLASSICS
from interlock.strategy.shelf import SHELF
from interlock.values import Unknown
from interlock.wiring.adapters import STRATEGIES, strategist_of


class Act(StrEnum):
    """What can be asked."""

    LIST = "list"
    NEW = "new"


def strategy(
    act: Annotated[Act, typer.Argument(help="list, or new NAME.")] = Act.LIST,
    name: Annotated[str, typer.Argument(help="What a new one is called, such as my-cross.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """List every strategy with its parameters, or write a new one with its test into the data folder."""
    settings = read()
    if act is Act.NEW:
        _write(settings.data / STRATEGIES, name)
        return
    shelf = asyncio.run(own(settings))
    rows = [*map(_standing, SHELF), *((card, "own") for card in shelf.cards)]
    if as_json:
        listed = [_row(card, kind) for card, kind in rows]
        say_json({"strategies": listed, "broken": shelf.broken})
        return
    say_table(
        f"{len(rows)} strategies",
        ["name", "kind", "timeframe", "warm-up", "parameters", "says"],
        [(c.name, kind, _hours(c), c.bars_needed, _parameters(c), c.says) for c, kind in rows],
    )
    for place, why in shelf.broken.items():
        say(f"{place} was not loaded: {why}")


async def own(settings: Settings) -> Shelf:
    """What the owner's own process of strategies loads."""
    async with AsyncExitStack() as stack:
        found = await strategist_of(settings, stack).shelf()
    if isinstance(found, Unknown):
        raise Unreachable(f"The strategies in {settings.data / STRATEGIES}: {found.why}.")
    return found


def check_name(settings: Settings, name: str) -> None:
    """BadInput, with the names that there are, unless some strategy bears this one."""
    if name in SHELF:
        return
    shelf = asyncio.run(own(settings))
    names = [*SHELF, *(card.name for card in shelf.cards)]
    if name not in names:
        broken = "".join(f" {place} was not loaded: {why}." for place, why in shelf.broken.items())
        raise BadInput(f"{name!r} is no strategy; there are {', '.join(names)}.{broken}")


def _write(folder: Path, name: str) -> None:
    files = written(name)
    if name in SHELF or any((folder / each).exists() for each in files):
        raise BadInput(f"There is a strategy {name!r} already.")
    folder.mkdir(parents=True, exist_ok=True)
    for each, text in files.items():
        (folder / each).write_text(text, encoding="utf-8")
        say(str(folder / each))


def _standing(name: str) -> tuple[Card, str]:
    return card_of(SHELF[name], "interlock"), "classic" if name in CLASSICS else "preset"


def _row(card: Card, kind: str) -> dict[str, object]:
    ranges = {
        name: {"default": p.default, "low": p.low, "high": p.high, "step": p.step}
        for name, p in card.parameters.items()
    }
    return {
        "name": card.name,
        "kind": kind,
        "timeframe_s": card.timeframe_ms // 1000,
        "bars_needed": card.bars_needed,
        "parameters": ranges,
        "says": card.says,
        "source": card.source,
    }


def _hours(card: Card) -> str:
    return f"{card.timeframe_ms / 3_600_000:g} h"


def _parameters(card: Card) -> str:
    return ", ".join(f"{name}={p.default:g}" for name, p in card.parameters.items())
