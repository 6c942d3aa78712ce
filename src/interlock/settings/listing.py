"""The settings one by one, as `interlock config` lists them; a secret is shown as *** when it is set."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel

from interlock.settings.model import Section, Settings
from interlock.values import Secret

PREFIX: Final = "INTERLOCK__"
HIDDEN: Final = "***"


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting as `interlock config` shows it; a secret's value is *** when set."""

    name: str
    alias: str
    value: str
    source: str
    effect: str


@dataclass(frozen=True, slots=True)
class Leaf:
    """One setting of the sections: its path, and what is said of it."""

    path: tuple[str, ...]
    alias: str
    effect: str
    secret: bool

    @property
    def name(self) -> str:
        """The variable that sets it."""
        return PREFIX + "__".join(self.path).upper()


def rows(settings: Settings) -> tuple[SettingRow, ...]:
    """Every setting with its value, source and effect, in the order of the sections."""
    return tuple(_row(settings, leaf) for leaf in LEAVES)


def _row(settings: Settings, leaf: Leaf) -> SettingRow:
    value: object = settings
    for part in leaf.path:
        value = getattr(value, part)
    source = settings.source(".".join(leaf.path))
    return SettingRow(leaf.name, leaf.alias, _shown(value), source, leaf.effect)


def _shown(value: object) -> str:
    match value:
        case Secret():
            return HIDDEN if value else ""
        case tuple():
            return ",".join(value)
        case bool():
            return str(value).lower()
        case None:
            return ""
        case _:
            return str(value)


def _leaves(model: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[Leaf]:
    for name, field in model.model_fields.items():
        inner, path = field.annotation, (*above, name)
        if isinstance(inner, type) and issubclass(inner, Section):
            yield from _leaves(inner, path)
        else:
            extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
            yield Leaf(path, str(extra.get("alias", "")), field.description or "", inner is Secret)


LEAVES: Final = tuple(_leaves(Settings))
