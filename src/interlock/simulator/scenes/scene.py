"""A scene: how an exchange is set up, and what is done to it when, read strictly from a scenario file (TOML).

A step waits for a time, or for the nth accepted order, execution or request of a method, or for a time after one of those; then it
says one control word. What a file gets wrong is told with its name and the key before anything begins.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from interlock.errors import BadInput
from interlock.simulator.cues import ACCEPT, FILL, Cue
from interlock.simulator.scenes.words import WORDS
from interlock.simulator.switches import switches_of
from interlock.values import Instant

SHIPPED: Final = Path(__file__).parent / "shipped"
TIMING: Final = ("after", "on", "nth")
_SPAN: Final = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h|d)")
_UNITS: Final = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}


class BadScenario(BadInput):
    """A scenario file says something that cannot be."""

    remedy = "`interlock simulate --scenarios` lists those that are shipped; docs/simulator_scenarios.md shows the format."


class Setup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the exchange begins; what is not said is as its options say."""

    seed: int | None = None
    start: datetime | None = None
    candles: tuple[str, ...] | None = None
    balances: dict[str, Decimal] | None = None
    depth: dict[str, Decimal] | None = None
    ladders: dict[str, tuple[tuple[int, Decimal], ...]] | None = None
    rate_limits: bool | None = None
    margin: bool | None = None
    switches: tuple[str, ...] | None = None

    def options(self) -> dict[str, Any]:
        """What is said, by the names of the options of an exchange that is served."""
        said = {name: getattr(self, name) for name in self.__struct_fields__}
        if self.start is not None:
            said["start"] = Instant.of_iso(self.start.isoformat())
        if self.switches is not None:
            said["switches"] = switches_of(self.switches)
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: when, and the word with what it asks for, in its shape. `said` is that as it stands in the file."""

    cue: Cue | None
    after: timedelta
    word: str
    asked: msgspec.Struct
    said: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scene:
    """A whole scenario: what it is called, one sentence of what it proves, how it begins, and what is done."""

    name: str
    title: str
    proves: str
    setup: Setup
    steps: tuple[Step, ...]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    title: str
    proves: str
    step: list[dict[str, Any]]
    setup: Setup = Setup()


def names() -> tuple[str, ...]:
    """What is shipped, in alphabetical order."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


def find(file_or_name: str) -> Scene:
    """The scenario of this name, or in this file."""
    shipped = file_or_name in names()
    path = SHIPPED / f"{file_or_name}.toml" if shipped else Path(file_or_name)
    try:
        return read(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise BadScenario(
            f"{file_or_name} is neither a file nor one of {', '.join(names())}."
        ) from error


def read(text: str, file: str) -> Scene:
    """The scenario that a text says; `file` is how it is called when something is wrong with it."""
    try:
        found = msgspec.convert(tomllib.loads(text), type=_File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadScenario(f"{file}: {error}.") from error
    steps = tuple(step_of(each, f"{file}: step {n}") for n, each in enumerate(found.step, start=1))
    return Scene(Path(file).stem, found.title, found.proves, found.setup, steps)


def step_of(said: Mapping[str, Any], where: str) -> Step:
    """The step that a file says; `where` is how it is called when something is wrong with it."""
    words = [key for key in said if key not in TIMING]
    if len(words) != 1 or words[0] not in WORDS:
        raise BadScenario(
            f"{where} says {', '.join(words) or 'nothing'}; it says one of {', '.join(WORDS)}."
        )
    word = words[0]
    after = _span(said.get("after", "0s"), where)
    return Step(_cue(said, after, where), after, word, _asked(word, said[word], where), said[word])


def _asked(word: str, body: object, where: str) -> msgspec.Struct:
    """What a word asks for; no key is passed over, whatever the shape would bear."""
    shape = WORDS[word].shape
    known = {field.encode_name for field in msgspec.structs.fields(shape)}
    unknown = sorted(set(body) - known) if isinstance(body, Mapping) else []
    if unknown:
        raise BadScenario(f"{where}: {word} knows no {', '.join(unknown)}; it knows {known}.")
    try:
        asked: msgspec.Struct = msgspec.convert(body, type=shape)
    except msgspec.ValidationError as error:
        raise BadScenario(f"{where}: {word}: {error}.") from error
    return asked


def _cue(said: Mapping[str, Any], after: timedelta, where: str) -> Cue | None:
    what, nth = said.get("on"), said.get("nth", 1)
    if what is None:
        if "nth" in said:
            raise BadScenario(f"{where}: nth counts what `on` names, and nothing is named.")
        return None
    is_method = isinstance(what, str) and what.startswith(("private/", "public/"))
    if what not in {ACCEPT, FILL} and not is_method:
        raise BadScenario(f"{where}: on is {ACCEPT}, {FILL} or a method of REST, not {what!r}.")
    if not isinstance(nth, int) or isinstance(nth, bool) or nth < 1:
        raise BadScenario(f"{where}: nth counts from 1, and {nth!r} is none of that.")
    return Cue(str(what), nth, after)


def _span(text: object, where: str) -> timedelta:
    found = _SPAN.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise BadScenario(f'{where}: after is a time such as "90s", "250ms" or "2h", not {text!r}.')
    return float(found[1]) * _UNITS[found[2]]
