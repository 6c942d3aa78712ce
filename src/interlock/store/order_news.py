"""What the owner reads of an order's life: created, executed, cancelled, failed, unknown, and that a stop is listed; each once.

Created is not executed, failed means that the exchange never had it, and unknown means that nobody knows yet. What was blocked
before anyone heard is a decision, and not told here. A stop that we took away ourselves is part of an exit, which tells of itself.
"""

from typing import Final

from interlock.evidence.telling import Topic
from interlock.orders.intent import Intent, Request, target_of
from interlock.orders.life import State
from interlock.store.intent_rows import INTENTS
from interlock.store.order_steps import keep_steps
from interlock.store.outbox import tell
from interlock.store.records import ATTEMPTS
from interlock.store.rows import Rows
from interlock.strategy.proposal import Purpose
from interlock.values import Instant, number_text

WHY_NOT: Final = {State.REJECTED: "It refused it, and has not said why yet."}
ABSENT: Final = "No byte left, or it was proven absent."


def tell_order(  # noqa: PLR0913 - the change, when, who said so, and what its lot already told
    rows: Rows,
    before: Intent,
    after: Intent,
    now: Instant,
    source: str = "answer",
    *,
    is_told_by_lot: bool = False,
) -> None:
    """Keeps each step that changed, and tells it if it is news; `source` is whose word it was."""
    keep_steps(rows, before, after, now, source)
    event = _event(before, after)
    if event is None or (event == "executed" and is_told_by_lot):
        return
    if event in ("cancelled", "expired") and _is_leg_that_had_to_go(rows, after):
        return
    text = f"{event.capitalize()}: {_order(after)}{_said(event, after)} [{source}]"
    tell(rows, Topic.ORDER, _key(event, after), text, now)


def _key(event: str, intent: Intent) -> str:
    """Each event of an order is one; exits of a lot that fail the same way again and again are one too."""
    lot_id = intent.proposal.lot_id
    if event == "failed" and lot_id is not None:
        return f"lot:{lot_id}:{intent.proposal.purpose}:failed:{intent.refusal or intent.state}"
    return f"order:{intent.id}:{event}"


def _event(before: Intent, after: Intent) -> str | None:
    if before.confirmed_at is None and after.confirmed_at is not None and after.leader is None:
        return "protected"
    if before.state is after.state:
        return None
    match after.state:
        case State.FILLED:
            return "executed"
        case State.CANCELLED | State.EXPIRED | State.UNKNOWN:
            return after.state.value.lower()
        case State.REJECTED | State.NOT_PLACED:
            return "failed"
        case _:
            return None if after.proposal.purpose is Purpose.PROTECT else "created"


def _is_leg_that_had_to_go(rows: Rows, intent: Intent) -> bool:
    """Whether it is a leg that we asked to cancel, or that the execution of the other leg of its pair ended."""
    if intent.proposal.purpose is not Purpose.PROTECT:
        return False
    other = intent.leader or (target_of(intent).id if intent.is_pair else intent.id)
    both = sorted({intent.id, other})
    sent = [each for one in both for each in rows.find(ATTEMPTS, intent_id=one)]
    sibling = rows.get(INTENTS, other)
    is_asked = any(each.attempt.request is Request.CANCEL for each in sent)
    return is_asked or (other != intent.id and sibling is not None and sibling.filled > 0)


def _order(intent: Intent) -> str:
    wish = intent.proposal
    price = wish.trigger or wish.limit
    at = f" at {number_text(price.rate)}" if price else ""
    size = number_text(wish.quantity.size)
    number = f", order {intent.order_id}" if intent.order_id else ""
    return f"{wish.purpose} {wish.side} {size} {wish.symbol}{at}{number}"


def _said(event: str, intent: Intent) -> str:
    """What the event means beyond its name."""
    done = f"{number_text(intent.filled)} {intent.proposal.instrument.base}"
    match event:
        case "executed":
            return f"; {done} for {number_text(intent.value)} {intent.proposal.instrument.quote}."
        case "cancelled" | "expired":
            return f"; {done} of it was executed."
        case "failed":
            return f"; the exchange never had it. {intent.refusal or WHY_NOT.get(intent.state, ABSENT)}"
        case "unknown":
            return "; nobody knows yet whether the exchange has it, and nothing is sent again."
        case "protected":
            return "; the exchange lists it."
        case _:
            return "; it is not executed yet."
