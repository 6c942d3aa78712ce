"""Our orders against the exchange's complete lists, both ways: what is live there and here, and what has ended there and here.

A list in which one of ours is missing although the exchange knows it to be live is not whole; a history that shows what ended before
its window, or leaves out what ended within it, does not do what it was asked. Neither is evidence of anything.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from interlock.orders.evidence import Absent, OrderFact
from interlock.orders.intent import Intent
from interlock.orders.life import ENDS, State
from interlock.values import Instant

# So far may the exchange's clock and ours, and the time an answer takes, move an order into another window.
MARGIN: Final = timedelta(minutes=2)
OUT_OF_SIGHT: Final = frozenset({State.SENDING, State.UNKNOWN, State.CANCELLING})
TOLD_OF: Final = frozenset({State.FILLED, State.CANCELLED, State.EXPIRED})


@dataclass(frozen=True, slots=True)
class Difference:
    """One order that is not here what it is there, and how."""

    client_oid: str
    why: str


def unresolved(live: Iterable[Intent], now: Instant, grace: timedelta) -> tuple[Difference, ...]:
    """Orders whose outcome nobody has known for longer than the grace."""
    late = (i for i in live if i.state in OUT_OF_SIGHT and now - i.updated_at > grace)
    return tuple(Difference(i.client_oid, f"{i.state} since {i.updated_at}") for i in late)


def to_look_up(live: Iterable[Intent], listed: Iterable[OrderFact]) -> tuple[Intent, ...]:
    """Orders that we hold for live and that no list of open orders shows."""
    open_there = {fact.client_oid for fact in listed}
    return tuple(i for i in live if i.client_oid not in open_there and not i.ended)


def not_live(
    looked_up: Iterable[tuple[Intent, OrderFact | Absent]], now: Instant, grace: timedelta
) -> tuple[Difference, ...]:
    """What the exchange's own detail says of those: within the grace our books may still be on their way."""
    late = ((i, look) for i, look in looked_up if now - i.updated_at > grace)
    told = ((i, _difference(i, look)) for i, look in late if i.state not in OUT_OF_SIGHT)
    return tuple(Difference(i.client_oid, why) for i, why in told)


def _difference(intent: Intent, look: OrderFact | Absent) -> str:
    if isinstance(look, Absent):
        return f"{intent.state} here, and the exchange does not know it"
    if look.state in ENDS:
        return f"{intent.state} here, {look.state} there"
    return f"{look.state} there, and the list of open orders leaves it out"


def history_gaps(
    intents: Sequence[Intent], told: Iterable[OrderFact], since: Instant, now: Instant
) -> tuple[Difference, ...]:
    """What a history since an instant shows too much, too little, or otherwise than our books; `intents` are those of its class."""
    ours = {intent.client_oid: intent for intent in intents}
    history = {fact.client_oid: fact for fact in told}
    checks: tuple[tuple[Callable[[Intent], bool], str], ...] = (
        (
            lambda i: i.client_oid in history and _ended_before(i, since),
            "outside the window asked for",
        ),
        (
            lambda i: i.client_oid not in history and _ended_within(i, since, now),
            "ended, and the history leaves it out",
        ),
        (lambda i: i.client_oid in history and _lives_on(i, now), "ended there and live here"),
    )
    return tuple(
        Difference(oid, why)
        for oid, intent in ours.items()
        for holds, why in checks
        if holds(intent)
    )


def _ended_before(intent: Intent, since: Instant) -> bool:
    return intent.ended and intent.updated_at < since - MARGIN


def _ended_within(intent: Intent, since: Instant, now: Instant) -> bool:
    """Both its birth and its end lie in the window, by whichever of them the exchange keeps its history."""
    return (
        intent.state in TOLD_OF
        and intent.created_at > since + MARGIN
        and intent.updated_at < now - MARGIN
    )


def _lives_on(intent: Intent, now: Instant) -> bool:
    return not intent.ended and intent.updated_at < now - MARGIN
