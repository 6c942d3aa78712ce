"""What is written down is sanitised here: no secret, no chat, account numbers and order ids by their last four characters.

Facts become plain values by their own names; a secret among them is an error, since it has no plain form.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import timedelta
from numbers import Number
from typing import Any, Final

from interlock.errors import BrokenInvariant
from interlock.values import Instant, Known, Secret, Unknown

KEPT: Final = 4
LONG: Final = re.compile(r"(?<!\w)\d{8,}(?![\w.])")
ACCOUNT: Final = re.compile(r"\b[0-9A-Za-z]{8}-(?:[0-9A-Za-z]{4}-){3}[0-9A-Za-z]{12}\b")
CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]|\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Sanitiser:
    """Knows the secrets of this host, so that it can take them out of what others said."""

    secrets: tuple[Secret, ...] = ()

    def text(self, said: str) -> str:
        """The text without secrets, long numbers and accounts cut to their end."""
        for secret in self.secrets:
            said = secret.hide(said)
        for pattern in (LONG, ACCOUNT):
            said = pattern.sub(_cut, said)
        return CONTROL.sub("", said)

    def plain(self, value: object) -> Any:  # noqa: ANN401 - whatever JSON can hold
        """The value as JSON holds it, every text in it sanitised; raises BrokenInvariant on what has no plain form."""
        match value:
            case Unknown(why=why):
                return {"unknown": self.text(why)}
            case Known(value=known, as_of=at):
                return {"value": self.plain(known), "as_of": at.iso()}
            case Mapping():
                return {str(key): self.plain(each) for key, each in value.items()}
            case tuple() | list():
                return [self.plain(each) for each in value]
            case _ if is_dataclass(value) and not isinstance(value, Instant):
                return {each.name: self.plain(getattr(value, each.name)) for each in fields(value)}
            case _:
                return self._scalar(value)

    def _scalar(self, value: object) -> object:
        match value:
            case None | bool():
                return value
            case str():
                return self.text(value)
            case _ if isinstance(value, Number):
                return self.text(str(value)) if LONG.fullmatch(str(value)) else value
            case Instant():
                return value.iso()
            case timedelta():
                return str(value)
            case _:
                raise BrokenInvariant(f"A {type(value).__name__} has no plain form.")


def _cut(found: re.Match[str]) -> str:
    return f"…{found[0][-KEPT:]}"
