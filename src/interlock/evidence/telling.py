"""What the owner is told, and what is known of its being heard: a message is heard when the messenger gave it an id, and not before."""

from dataclasses import dataclass
from enum import StrEnum

from interlock.values import Instant


class Topic(StrEnum):
    """What a message tells of; how long it is worth telling depends on it."""

    SIGNAL = "SIGNAL"
    LOT = "LOT"
    ORDER = "ORDER"
    INCIDENT = "INCIDENT"


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to tell the owner, written in the transaction of what it tells of; `dedup_key` makes it one, whatever is replayed.

    `due_at` is when it may be tried next. It is delivered once the messenger gave it a `message_id`, and given up at `expired_at`.
    """

    id: int
    dedup_key: str
    topic: Topic
    text: str
    at: Instant
    due_at: Instant
    attempts: int = 0
    sent_at: Instant | None = None
    message_id: str | None = None
    last_error: str | None = None
    expired_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """The messenger took the message and gave it this id."""

    message_id: str


@dataclass(frozen=True, slots=True)
class Unsaid:
    """The messenger gave no id: the class of the error, and when to try again."""

    error: str
    again_at: Instant


@dataclass(frozen=True, slots=True)
class Expired:
    """Nobody needs to hear it any more; it was not tried again."""


Saying = Said | Unsaid | Expired


@dataclass(frozen=True, slots=True)
class Mute:
    """Somebody wants quiet: what happens is written to the outbox and waits there. Trading is not affected."""

    who: str
    why: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Delivery:
    """How telling goes: the last attempt (None: there was none), failures in a row, since when the oldest message waits, the mute."""

    last_send_ok: bool | None = None
    failures_in_row: int = 0
    oldest_unsent: Instant | None = None
    mute: Mute | None = None
