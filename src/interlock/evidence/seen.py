"""What a run saw of the host, each part with the instant at which it was seen; what could not be seen says why.

These are facts and no verdicts: a program that ended, an answer that came, a unit as its manager describes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from interlock.values import Instant, Known, Unknown

T = TypeVar("T")
Fact = Known[T] | Unknown
NOT_RUN: Final = Unknown("not run: an earlier check blocked")


@dataclass(frozen=True, slots=True)
class Ended:
    """A program that ended by itself: its exit code, and what it wrote on stdout and stderr."""

    code: int
    stdout: str
    stderr: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of stdout that say anything."""
        return tuple(line.strip() for line in self.stdout.splitlines() if line.strip())

    @property
    def last_line(self) -> str:
        """The last of them; empty when there is none."""
        return self.lines[-1] if self.lines else ""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: its status, 0 when nobody answered in time, and its JSON object, None when it was none."""

    status: int
    body: Mapping[str, object] | None

    @property
    def code(self) -> str:
        """The status in three digits, 000 for silence."""
        return f"{self.status:03d}"

    def says(self, *path: str) -> object:
        """What the body says under these keys; None when it says nothing there."""
        found: object = self.body
        for key in path:
            found = found.get(key) if isinstance(found, Mapping) else None
        return found


@dataclass(frozen=True, slots=True)
class Bind:
    """A listening socket: its local address, its port, and whether only this very host reaches it."""

    address: str
    port: int
    is_loopback: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a journal."""

    at: Instant
    text: str


@dataclass(frozen=True, slots=True)
class Invocation:
    """One run of a service: the id that its manager gave it, the manager's word for how it ended, and what it said."""

    id: str
    result: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer as its manager describes it."""

    enabled: Fact[str] = NOT_RUN
    active: Fact[str] = NOT_RUN
    next_elapse: Fact[Instant] = NOT_RUN


@dataclass(frozen=True, slots=True)
class Backend:
    """The backend as whoever runs it describes it: its name, its state, and whether it is well."""

    name: str
    state: str
    is_well: bool


@dataclass(frozen=True, slots=True)
class Checkout:
    """The code of this host: HEAD before and after the pull, how the pull went, and whether files differ from HEAD."""

    before: Fact[str]
    pulled: Fact[str]
    after: Fact[str]
    is_dirty: Fact[bool]
