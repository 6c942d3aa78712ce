"""The herald: says what waits in the outbox, the oldest first, one message in each pass, and keeps whether it was heard.

Delivery is at least once. The books learn of a message only after the messenger took it: a crash between the two says it again
with the restart, and loses none. A silent messenger costs the herald its own time and nobody else's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog

from interlock.errors import AskedToWait, Unreachable
from interlock.evidence.telling import Expired, Message, Said, Topic, Unsaid
from interlock.ports import Books, Clock, Notifier
from interlock.values import Instant

_log = structlog.get_logger("herald")

SOON: Final = timedelta(seconds=1)
PAUSE_MAX: Final = timedelta(seconds=60)
WAIT_MAX: Final = timedelta(hours=1)
BATCH: Final = 20
# How long a message is worth saying; what an incident tells is worth it for ever.
WORTH: Final = {
    Topic.SIGNAL: timedelta(minutes=10),
    Topic.ORDER: timedelta(hours=6),
    Topic.LOT: timedelta(days=1),
}


@dataclass(slots=True)
class Herald:
    """One pass: gives up what is too old, says one message. `mark` ends each text: whose platform speaks.

    After a failure it is quiet for a while, longer with each in a row, and the message that failed stands behind the others.
    """

    books: Books
    notifier: Notifier
    clock: Clock
    mark: str
    span: timedelta
    name: str = "herald"
    backstop: float = 2.0
    _failures: int = 0
    _quiet_until: Instant = field(default_factory=lambda: Instant(0))

    async def once(self) -> Instant:
        """Says the next message; due again when one more may be said, else with the next bar or a nudge."""
        now = self.clock.now()
        if now < self._quiet_until:
            return self._quiet_until
        waiting = self.books.undelivered(now, BATCH)
        alive = [message for message in waiting if not self._give_up(message, now)]
        tries = [message.due_at for message in alive]
        if alive and alive[0].due_at <= now:
            again_at = await self._say(alive[0])
            tries = tries[1:] if again_at is None else [again_at, *tries[1:]]
        return self._due(tries, is_more=len(waiting) == BATCH)

    def _due(self, tries: Sequence[Instant], *, is_more: bool) -> Instant:
        soon = max(self.clock.now() + SOON, self._quiet_until)
        if is_more:
            return soon
        return max(soon, min(tries, default=soon.floor(self.span) + self.span + SOON))

    def _give_up(self, message: Message, now: Instant) -> bool:
        worth = WORTH.get(message.topic)
        if worth is None or now - message.at <= worth:
            return False
        self.books.heard(message.id, Expired(), now)
        return True

    async def _say(self, message: Message) -> Instant | None:
        """When it must be said again; None when it was heard."""
        try:
            theirs = await self.notifier.send(self._text(message))
        except Unreachable as error:
            return self._not_heard(message, error)
        self._failures = 0
        self.books.heard(message.id, Said(theirs), self.clock.now())
        return None

    def _not_heard(self, message: Message, error: Unreachable) -> Instant:
        now = self.clock.now()
        self._failures += 1
        if isinstance(error, AskedToWait):
            self._quiet_until = now + min(error.retry_after, WAIT_MAX)
            again_at = self._quiet_until
        else:
            self._quiet_until = now + _pause(self._failures)
            again_at = self._quiet_until + _pause(message.attempts + 1)
        _log.warning("not heard", message=message.id, error=type(error).__name__, text=str(error))
        self.books.heard(message.id, Unsaid(type(error).__name__, again_at), now)
        return again_at

    def _text(self, message: Message) -> str:
        """The message with whose it is and when it was written, so that a late or a second one is known as such."""
        return f"{message.text}\n{self.mark} {message.at.iso()[:19]} UTC"


@dataclass(slots=True)
class Silent:
    """The herald while there is nobody to tell: what was written waits, and the heart beats."""

    clock: Clock
    name: str = "herald"
    backstop: float = 30.0

    async def once(self) -> Instant:
        """Says nothing."""
        return self.clock.now() + PAUSE_MAX


def _pause(count: int) -> timedelta:
    return min(PAUSE_MAX, timedelta(seconds=2 ** min(count, 6)))
