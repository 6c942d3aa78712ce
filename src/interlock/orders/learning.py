"""How a word about an order changes its intent: pure, so that every store learns the same thing from the same evidence.

A word that cannot be true beside what is known moves nothing and is told as a contradiction. Cumulative figures never fall.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final

from interlock.account import Tenure
from interlock.errors import BrokenInvariant, NotSent, Refused, Unreachable
from interlock.orders.evidence import (
    HORIZON,
    LOOKS_MIN,
    Absent,
    Accepted,
    Answer,
    Fill,
    OrderFact,
    Source,
    proven_absent,
)
from interlock.orders.intent import Attempt, Intent, Request
from interlock.orders.life import CANCEL_RETRY, FINAL_WORDS, State, move
from interlock.strategy.proposal import OrderType, Purpose
from interlock.values import Instant, is_within

ACCEPTED: Final = "ACCEPTED"
NOT_SENT: Final = "NOT_SENT"
REFUSED: Final = "REFUSED"
SEEN_BEFORE: Final = "SEEN_BEFORE"
TOO_SOON: Final = "TOO_SOON"
UNREACHABLE: Final = "UNREACHABLE"

LISTINGS: Final = frozenset({Source.OPEN_ORDERS, Source.ADVANCED_OPEN_ORDERS})
ORDINARY: Final = frozenset(
    {Source.ORDER_DETAIL, Source.OPEN_ORDERS, Source.ORDER_HISTORY, Source.USER_STREAM}
)


@dataclass(frozen=True, slots=True)
class Learnt:
    """The intent after a word, and what in that word contradicts what was known (None: nothing)."""

    intent: Intent
    contradiction: str | None = None


class Meaning(StrEnum):
    """What a refusal proves, as the protocol classes its code: nothing was placed, an earlier request arrived, or we asked too often."""

    DEFINITE = REFUSED
    SEEN_BEFORE = SEEN_BEFORE
    TOO_SOON = TOO_SOON


def outcome_of(answer: Answer, meaning: Meaning) -> str:
    """The text that an attempt keeps of its answer; `meaning` is read for a refusal alone."""
    match answer:
        case Accepted():
            return ACCEPTED
        case NotSent():
            return NOT_SENT
        case Unreachable():
            return UNREACHABLE
        case Refused(code=code):
            return f"{meaning}:{code}"


def after_answer(
    intent: Intent, attempts: Sequence[Attempt], attempt: Attempt, answer: Answer, now: Instant
) -> Learnt:
    """The intent after the answer to `attempt`, whose outcome it and `attempts` (all of the intent) already hold.

    A refusal ends the order only when no create of it may have arrived; the answer to a cancel never ends anything. Of an order that
    was heard to be refused, the answer tells why.
    """
    if attempt.request is Request.CANCEL:
        return Learnt(intent)
    match answer:
        case Accepted(order_id=order_id, list_id=list_id):
            named = replace(intent, list_id=intent.list_id or list_id)
            return _moved(named, State.ACKED, now, intent, order_id=order_id)
        case Unreachable():
            return _moved_if_waiting(intent, State.UNKNOWN, now)
        case NotSent():
            return Learnt(after_not_sent(intent, attempts, now))
        case Refused(order_id=order_id, code=code, message=message):
            told = replace(
                intent, refusal=f"{code} {message}", order_id=intent.order_id or order_id
            )
            if intent.state is State.REJECTED and intent.refusal is None:
                return Learnt(replace(intent, refusal=told.refusal, updated_at=now))
            return _moved_if_waiting(told, _refused_to(intent, attempts, attempt), now, intent)


def after_not_sent(intent: Intent, attempts: Sequence[Attempt], now: Instant) -> Intent:
    """The intent when a create of it did not leave: NOT_PLACED as soon as none of them can have arrived."""
    if not _none_arrived(attempts):
        return intent
    return _moved_if_waiting(intent, State.NOT_PLACED, now).intent


def after_fact(intent: Intent, fact: OrderFact, now: Instant) -> Learnt:
    """The intent after the exchange's own word about its order, or about the order that its trigger became."""
    if (fact.symbol, fact.side) != (intent.proposal.symbol, intent.proposal.side):
        return Learnt(
            intent, f"{fact.symbol} {fact.side} was told of an order for another side or book"
        )
    is_child = _is_child(intent, fact)
    if not is_child and intent.order_id not in (None, fact.order_id):
        return Learnt(intent, f"a second order {fact.order_id} bears the id of {intent.order_id}")
    known = _with_ids(intent, fact, is_child=is_child)
    known = _with_figures(known, fact.filled, fact.value)
    if fact.refusal is not None and known.refusal is None:
        known = replace(known, refusal=f"{fact.refusal} by the order's own word")
    if _is_listed_as_asked(intent, fact):
        known = replace(known, confirmed_at=known.confirmed_at or fact.as_of)
    state = fact.state
    if is_child and state not in FINAL_WORDS:
        state = State.WORKING
    if state is State.WORKING and _is_leaving(intent, now):
        state = State.CANCELLING
    learnt = _moved(known, state, now, intent)
    return _without_overfill(_filled_whole(learnt))


def _is_leaving(intent: Intent, now: Instant) -> bool:
    """Whether its cancel was asked for so lately that a listing which still shows it may be older."""
    return intent.state is State.CANCELLING and is_within(intent.updated_at, now, CANCEL_RETRY)


def after_fills(intent: Intent, fills: Sequence[Fill], now: Instant) -> Learnt:
    """The intent after its executions (all that are booked): they prove that the order exists, and at least how much was done."""
    size = sum((fill.quantity for fill in fills), Decimal(0))
    value = sum((fill.quantity * fill.price for fill in fills), Decimal(0))
    known = _with_figures(intent, size, value)
    is_news = intent.state in (State.SENDING, State.UNKNOWN, State.NOT_PLACED) and bool(fills)
    state = State.ACKED if is_news else intent.state
    return _without_overfill(_moved(known, state, now, intent))


def after_absence(
    intent: Intent, looks: Sequence[Absent], attempts: Sequence[Attempt], now: Instant
) -> Intent:
    """The intent after all negative looks so far: NOT_PLACED when they cover the horizon of its last create, else unchanged."""
    nonces = [a.nonce for a in attempts if a.request is Request.CREATE]
    is_open = intent.state is State.UNKNOWN and not intent.filled
    if is_open and nonces and proven_absent(tuple(looks), max(nonces)):
        return replace(intent, state=move(intent.state, State.NOT_PLACED), updated_at=now)
    return intent


def interrupted(intent: Intent, attempts: Sequence[Attempt], now: Instant) -> Intent:
    """The intent as a new tenure reads it: SENDING with an attempt of unknown fate is UNKNOWN."""
    unanswered = any(attempt.outcome is None for attempt in attempts)
    if intent.state is State.SENDING and unanswered:
        return replace(intent, state=State.UNKNOWN, updated_at=now)
    return intent


def may_repeat(intent: Intent, looks: Sequence[Absent], attempts: Sequence[Attempt]) -> bool:
    """Whether the same request may be sent again: never an entry; an exit of unknown outcome after a whole look found nothing."""
    if intent.proposal.purpose is Purpose.ENTRY or intent.state is not State.UNKNOWN:
        return False
    last = max(attempt.at for attempt in attempts if attempt.request is Request.CREATE)
    return len({look.source for look in looks if look.asked_at >= last}) >= LOOKS_MIN


def by_its_clock(attempts: Sequence[Attempt], tenure: Tenure, now: Instant) -> tuple[Attempt, ...]:
    """The attempts as this tenure can date them.

    A nonce of an earlier tenure that lies a whole horizon ahead was made by a wrong clock: nobody takes it before then, and it left before
    this tenure began. As its time comes near it is believed again.
    """
    began = tenure.began_at

    def dated(attempt: Attempt) -> Attempt:
        is_ahead = Instant.of_ms(attempt.nonce) > now + HORIZON
        if attempt.epoch == tenure.epoch or not is_ahead:
            return attempt
        return replace(attempt, nonce=min(attempt.nonce, began.ms), at=min(attempt.at, began))

    return tuple(map(dated, attempts))


def looked(looks: Sequence[Absent], now: Instant) -> tuple[Absent, ...]:
    """The looks that were taken by now: one of a later time was dated by a wrong clock, and proves nothing yet."""
    return tuple(each for each in looks if each.asked_at <= now)


def owed(intent: Intent, booked: Decimal) -> Decimal:
    """How much of what the exchange says was executed is not yet booked, in base."""
    return max(intent.filled - booked, Decimal(0))


def _moved(
    intent: Intent,
    to: State,
    now: Instant,
    before: Intent | None = None,
    *,
    order_id: str | None = None,
) -> Learnt:
    before = before or intent
    known = replace(intent, order_id=intent.order_id or order_id)
    try:
        known = replace(known, state=move(intent.state, to))
    except BrokenInvariant as error:
        return Learnt(_stamped(before, known, now), str(error))
    return Learnt(_stamped(before, known, now))


def _moved_if_waiting(
    intent: Intent, to: State, now: Instant, before: Intent | None = None
) -> Learnt:
    """An answer moves only what waits for it: evidence that came before the answer is worth more."""
    is_waiting = intent.state in (State.SENDING, State.UNKNOWN)
    return _moved(intent, to, now, before or intent) if is_waiting else Learnt(before or intent)


def _refused_to(intent: Intent, attempts: Sequence[Attempt], attempt: Attempt) -> State:
    """A stop or an exit that came too soon stays open to be asked for again under the same id; an entry has had its bar."""
    is_too_soon = (attempt.outcome or "").startswith(TOO_SOON)
    is_repeated = is_too_soon and intent.proposal.purpose is not Purpose.ENTRY
    is_sure = _none_arrived(attempts) and not is_repeated
    return State.REJECTED if is_sure else State.UNKNOWN


def _stamped(before: Intent, after: Intent, now: Instant) -> Intent:
    return after if after == before else replace(after, updated_at=now)


def _none_arrived(attempts: Sequence[Attempt]) -> bool:
    """Whether every create is known to have placed nothing: not sent, or refused in plain words."""
    creates = [(a.outcome or "").split(":")[0] for a in attempts if a.request is Request.CREATE]
    return all(outcome in (NOT_SENT, REFUSED, TOO_SOON) for outcome in creates)


def _is_child(intent: Intent, fact: OrderFact) -> bool:
    if intent.proposal.type is not OrderType.STOP_LOSS:
        return False
    is_named = fact.order_id == intent.spawned_order_id
    return is_named or (fact.source in ORDINARY and fact.order_id != intent.order_id)


def _with_ids(intent: Intent, fact: OrderFact, *, is_child: bool) -> Intent:
    if is_child:
        return replace(intent, spawned_order_id=fact.order_id)
    spawned = fact.spawned_order_id or intent.spawned_order_id
    list_id = fact.list_id or intent.list_id
    return replace(intent, order_id=fact.order_id, spawned_order_id=spawned, list_id=list_id)


def _with_figures(intent: Intent, filled: Decimal, value: Decimal) -> Intent:
    return replace(intent, filled=max(intent.filled, filled), value=max(intent.value, value))


def _is_listed_as_asked(intent: Intent, fact: OrderFact) -> bool:
    """Whether a complete list shows a leg that rests as it was asked for: side, type, price and quantity; its side was compared before."""
    wish = intent.proposal
    if not intent.is_advanced or fact.source not in LISTINGS:
        return False
    is_stop = wish.type is OrderType.STOP_LOSS
    price, told = (wish.trigger, fact.trigger) if is_stop else (wish.limit, fact.limit)
    is_live = fact.state in (State.ACKED, State.WORKING)
    is_priced = price is not None and told == price.rate
    return is_live and is_priced and (fact.type, fact.quantity) == (wish.type, wish.quantity.size)


def _filled_whole(learnt: Learnt) -> Learnt:
    """FILLED without a figure, as a trigger may say it, is the whole quantity: its executions are still owed."""
    intent = learnt.intent
    if intent.state is State.FILLED and not intent.filled:
        return replace(learnt, intent=replace(intent, filled=intent.proposal.quantity.size))
    return learnt


def _without_overfill(learnt: Learnt) -> Learnt:
    """More than was asked for is recorded, never refused, and told."""
    filled, asked = learnt.intent.filled, learnt.intent.proposal.quantity.size
    if filled > asked and learnt.contradiction is None:
        return replace(learnt, contradiction=f"{filled:f} was executed of an order for {asked:f}")
    return learnt
