"""The one life table of an order: intents, code, store, logs and documents all use these states.

An end is an end. A timeout is never an end: silence is UNKNOWN, and UNKNOWN is left by evidence alone.
Every pair that the table does not list is refused and raises.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from interlock.errors import BrokenInvariant


class State(StrEnum):
    """Where in its life an order is."""

    SENDING = "SENDING"
    ACKED = "ACKED"
    WORKING = "WORKING"
    CANCELLING = "CANCELLING"
    UNKNOWN = "UNKNOWN"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    NOT_PLACED = "NOT_PLACED"


# How long the exchange's word about a cancel is waited for, before it is asked for again.
CANCEL_RETRY: Final = timedelta(seconds=5)

ENDS: Final = frozenset(
    {State.FILLED, State.CANCELLED, State.EXPIRED, State.REJECTED, State.NOT_PLACED}
)
FINAL_WORDS: Final = frozenset({State.FILLED, State.CANCELLED, State.EXPIRED, State.REJECTED})

TABLE: Final[dict[State, frozenset[State]]] = {
    State.SENDING: frozenset({State.ACKED, State.REJECTED, State.UNKNOWN, State.NOT_PLACED}),
    State.ACKED: FINAL_WORDS | {State.WORKING},
    State.WORKING: FINAL_WORDS | {State.CANCELLING},
    State.CANCELLING: FINAL_WORDS | {State.WORKING},
    State.UNKNOWN: FINAL_WORDS | {State.ACKED, State.WORKING, State.NOT_PLACED},
    **{end: frozenset() for end in ENDS},
}

MEANINGS: Final[Mapping[State, str]] = MappingProxyType(
    {
        State.SENDING: "Written with its verdict, its reservation and its attempt; its bytes may leave, and nothing was heard.",
        State.ACKED: "The exchange has taken it; whether it stands or was executed it has not said.",
        State.WORKING: "It stands at the exchange; what of it was executed is booked, the rest waits.",
        State.CANCELLING: "We have asked the exchange to let go of it; it may still be executed.",
        State.UNKNOWN: "It may have arrived and nobody said so: counted as executed whole, and left by evidence alone.",
        State.FILLED: "The exchange says that all of it was executed.",
        State.CANCELLED: "The exchange says that it is gone; what was executed before stays executed.",
        State.EXPIRED: "The exchange says that its time was over; what was executed before stays executed.",
        State.REJECTED: "The exchange has refused it, and no attempt of it is in doubt.",
        State.NOT_PLACED: "It never left, or was proven absent by two looks at different endpoints after its horizon.",
    }
)

# The exchange may say at once what the table reaches in steps: an answer that outran the acknowledgement counts as it.
_VIA: Final[dict[State, State]] = {State.SENDING: State.ACKED}


def move(now: State, to: State) -> State:
    """The state after `to` was evidenced while in `now`; the same state again is no move.

    Evidence in SENDING counts as the acknowledgement first; a cancel of ours takes ACKED through WORKING.
    An end that hears another end, or an older word, stays (a late fill is booked by the ledger, not by the life).
    """
    if now is to:
        return now
    if now in ENDS:
        return _after_the_end(now, to)
    if to in TABLE[now]:
        return to
    through = _VIA.get(now)
    if through is not None and to in TABLE[through]:
        return to
    if now is State.ACKED and to is State.CANCELLING:
        return to
    if _is_older_word(now, to):
        return now
    raise BrokenInvariant(f"An order cannot go from {now} to {to}.")


def _is_older_word(now: State, to: State) -> bool:
    """Whether `to` is a word that a slower channel says of an order that we already know to be further on."""
    order = (State.SENDING, State.ACKED, State.WORKING, State.CANCELLING)
    return now in order and to in order and order.index(to) < order.index(now)


def _after_the_end(now: State, to: State) -> State:
    if now is State.NOT_PLACED and to not in {State.SENDING, State.UNKNOWN}:
        raise BrokenInvariant(f"An order proven absent was seen as {to}.")
    return now
