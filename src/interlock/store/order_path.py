"""The order path, inside its transaction: what a ruling writes, further attempts, the last look before the first byte, and the answer.

Nothing is written of a ruling whose parts do not fit: an intent stands on an Approved of exactly its proposal, and every emitted
signal ends in exactly one of an intent, an exit, or a block code. Both legs of a pair are written with the one attempt that asks
for them, and what is said of that attempt is said of both.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from interlock.account import Mode, Standing, Switches
from interlock.errors import BadInput, BrokenInvariant, LeaseLost, Refused
from interlock.evidence.incident import Incident
from interlock.evidence.timeline import CLOSING, MOVED
from interlock.orders import learning
from interlock.orders.evidence import Answer
from interlock.orders.intent import Attempt, Intent, Request, target_of
from interlock.orders.life import State, move
from interlock.orders.ruling import Ruling
from interlock.protocol.crypto_com import codes
from interlock.risk.flow_rules import REPEATED_EXECUTION
from interlock.risk.verdict import Approved, Blocked, Verdict
from interlock.store.incidents import CRITICAL, contradicted, write_incident
from interlock.store.intent_rows import INTENTS
from interlock.store.margin import lock_if_refused
from interlock.store.order_news import tell_order
from interlock.store.order_steps import keep_step, keep_steps
from interlock.store.outbox import tell_signal
from interlock.store.records import (
    ABSENCES,
    ACCOUNT,
    ATTEMPTS,
    DECISIONS,
    LOTS,
    THROTTLES,
    VERDICTS,
    AccountRow,
    Decision,
    Judged,
    Sent,
)
from interlock.store.rows import Rows
from interlock.store.standing import DISARMED, RANK, Terms, opened_account, standing_of
from interlock.strategy.proposal import Purpose
from interlock.strategy.signal import Decision as Said
from interlock.strategy.throttle import ThrottleState
from interlock.values import Instant

VERDICT_AGE_MAX: Final = timedelta(seconds=2)
TOO_SOON: Final = frozenset({42901})
NONCE_WINDOW_MS: Final = 60_000
CANCELLABLE: Final = frozenset({State.ACKED, State.WORKING, State.CANCELLING})

Rule = Callable[[Standing, Mapping[str, ThrottleState]], Ruling]
Ruled = tuple[Ruling, Attempt | None]


def held(rows: Rows, epoch: int) -> AccountRow:
    """The account's row, when this epoch is still the current one."""
    account = opened_account(rows)
    if account.epoch != epoch:
        raise LeaseLost(f"The epoch is {account.epoch}, not {epoch}.")
    return account


def rule(rows: Rows, terms: Terms, epoch: int, now: Instant, ruling: Rule) -> Ruled:
    """Asks the ruling on the standing under the lock, and writes all of it; what was decided before is returned as it was."""
    account = held(rows, epoch)
    kept, _ = rows.sound(THROTTLES)
    throttles = {f"{t.side}:{t.symbol}:{t.strategy}": t for t in kept}
    standing = standing_of(rows, terms, now)
    found = ruling(standing, throttles)
    _check(found)
    earlier = _earlier(rows, found)
    if earlier is not None:
        return earlier, None
    if found.verdict is not None:
        _keep_verdict(rows, found.verdict)
        if standing.disarmed is None:
            _disarm(rows, found.verdict, now)
    attempt = None
    if found.intent is not None:
        for leg in _legs_asked(found.intent):
            rows.put(INTENTS, leg)
        attempt = _attempt(rows, account, found.intent.id, Request.CREATE, found.verdict, now)
    for lot_id in found.exits:
        flag(rows, now, lot_id, f"SIGNAL:{found.signal.id}" if found.signal else "SIGNAL")
    if found.throttle is not None:
        rows.put(THROTTLES, found.throttle)
    if found.signal is not None:
        made = _decision(found, now)
        rows.add(DECISIONS, made)
        tell_signal(rows, made)
    return found, attempt


def further_attempt(
    rows: Rows, epoch: int, now: Instant, intent_id: str, verdict: Verdict
) -> Attempt | None:
    """The same request again, on a verdict of its own; the target of a pair is asked for with its stop, never alone."""
    account = held(rows, epoch)
    intent = intent_of(rows, intent_id)
    if intent.leader is not None:
        return None
    _keep_verdict(rows, verdict)
    if not all(_is_unseen(rows, account, leg, now) for leg in legs_of(rows, intent)):
        return None
    if not isinstance(verdict, Approved):
        return None
    if verdict.proposal != intent.proposal:
        raise BrokenInvariant(f"The verdict {verdict.id} judged another order than {intent_id}.")
    return _attempt(rows, account, intent_id, Request.CREATE, verdict, now)


def cancel_attempt(rows: Rows, epoch: int, now: Instant, intent_id: str) -> Attempt | None:
    """CANCELLING, and the attempt that asks for it; none while an earlier one is still to be answered."""
    account = held(rows, epoch)
    intent = intent_of(rows, intent_id)
    own = (sent.attempt for sent in rows.find(ATTEMPTS, intent_id=intent_id))
    is_asked = any(
        a.request is Request.CANCEL and a.outcome is None and a.epoch == epoch for a in own
    )
    if intent.state not in CANCELLABLE or is_asked:
        return None
    # A pair goes as a whole, by the id of its list; without one each leg goes alone.
    legs = legs_of(rows, intent) if intent.list_id is not None else (intent,)
    for leg in (each for each in legs if each.state in CANCELLABLE):
        after = replace(leg, state=move(leg.state, State.CANCELLING), updated_at=now)
        rows.put(INTENTS, after)
        keep_steps(rows, leg, after, now, "trader")
    return _attempt(rows, account, intent_id, Request.CANCEL, None, now)


def may_send(rows: Rows, terms: Terms, attempt: Attempt, now: Instant, purpose: Purpose) -> bool:
    """Whether the bytes may leave; if not, the attempt did not leave, and that is written."""
    account = opened_account(rows)
    sent = _sent(rows, attempt)
    if sent.attempt.outcome is not None:
        return False
    switches = account.switches(terms.bound, enabled=terms.enabled)
    is_ours = account.epoch == attempt.epoch
    is_admitted = purpose is not Purpose.ENTRY or _admits_entry(switches)
    is_cancel = sent.attempt.request is Request.CANCEL
    if is_ours and (is_cancel or (is_admitted and _is_young(rows, sent, now))):
        return True
    _keep_outcome(rows, sent, learning.NOT_SENT, now)
    if not is_cancel:
        for leg in legs_of(rows, intent_of(rows, attempt.intent_id)):
            after = learning.after_not_sent(leg, attempts_of(rows, leg), now)
            if after != leg:
                rows.put(INTENTS, after)
                tell_order(rows, leg, after, now, "gate")
    return False


def answered(rows: Rows, attempt: Attempt, answer: Answer, now: Instant) -> Intent:
    """Writes the answer beside its attempt, and what it means for the order, or both legs of the pair; an answer is kept once."""
    sent = _sent(rows, attempt)
    intent = intent_of(rows, attempt.intent_id)
    if sent.attempt.outcome is not None:
        return intent
    outcome = learning.outcome_of(answer, _meaning(answer))
    left = replace(sent, attempt=replace(sent.attempt, left_at=attempt.left_at))
    kept = _keep_outcome(rows, left, outcome, now)
    for leg in legs_of(rows, intent):
        learnt = learning.after_answer(leg, attempts_of(rows, leg), kept, answer, now)
        if learnt.intent != leg:
            rows.put(INTENTS, learnt.intent)
            tell_order(rows, leg, learnt.intent, now)
            lock_if_refused(rows, leg, learnt.intent, now)
        if learnt.contradiction is not None:
            write_incident(rows, contradicted(leg, learnt.contradiction, now))
    return intent_of(rows, intent.id)


def flag(rows: Rows, now: Instant, lot_id: str, reason: str) -> None:
    """Makes the closing of a lot a plan; the first reason stays."""
    lot = rows.get(LOTS, lot_id)
    if lot is None:
        raise BadInput(f"There is no lot {lot_id}.")
    if lot.exit_reason is None and lot.closed_at is None:
        rows.put(LOTS, replace(lot, exit_reason=reason))
        keep_step(rows, lot_id, now, CLOSING, "guardian", reason)


def raise_high(rows: Rows, lot_id: str, bid: Decimal) -> None:
    """The highest bid that an open lot has seen; it never falls."""
    lot = rows.get(LOTS, lot_id)
    if lot is None:
        raise BadInput(f"There is no lot {lot_id}.")
    if lot.closed_at is None and (lot.high is None or bid > lot.high):
        rows.put(LOTS, replace(lot, high=bid))


def raise_stop(rows: Rows, now: Instant, lot_id: str, level: Decimal, why: str) -> None:
    """The least that the stop of an open lot stands at; it never falls, and a lot that nobody may move keeps its stop."""
    lot = rows.get(LOTS, lot_id)
    if lot is None:
        raise BadInput(f"There is no lot {lot_id}.")
    if lot.closed_at is None and lot.stop_floor is not None and level > lot.stop_floor:
        rows.put(LOTS, replace(lot, stop_floor=level))
        keep_step(rows, lot_id, now, MOVED, "monitor", why)


def intent_of(rows: Rows, intent_id: str) -> Intent:
    """The intent with this id."""
    intent = rows.get(INTENTS, intent_id)
    if intent is None:
        raise BadInput(f"There is no intent {intent_id}.")
    return intent


def legs_of(rows: Rows, intent: Intent) -> tuple[Intent, ...]:
    """The intent, and behind a stop that leads a pair its target."""
    return tuple(intent_of(rows, leg.id) for leg in _legs_asked(intent))


def attempts_of(rows: Rows, intent: Intent) -> tuple[Attempt, ...]:
    """Every attempt of an intent, oldest first; those of its leader are its own."""
    sent = rows.find(ATTEMPTS, intent_id=intent.id)
    if intent.leader is not None:
        sent += rows.find(ATTEMPTS, intent_id=intent.leader)
    return tuple(each.attempt for each in sorted(sent, key=lambda each: each.attempt.nonce))


def _legs_asked(intent: Intent) -> tuple[Intent, ...]:
    return (intent, target_of(intent)) if intent.is_pair else (intent,)


def _is_unseen(rows: Rows, account: AccountRow, leg: Intent, now: Instant) -> bool:
    """Whether a whole look found nothing of this leg since it was last asked for."""
    looks = learning.looked(rows.find(ABSENCES, client_oid=leg.client_oid), now)
    attempts = learning.by_its_clock(attempts_of(rows, leg), account.tenure)
    return learning.may_repeat(leg, looks, attempts)


def _check(found: Ruling) -> None:
    intent, verdict = found.intent, found.verdict
    if intent is not None:
        is_judged = isinstance(verdict, Approved) and verdict.proposal == intent.proposal
        if not is_judged or verdict is None or verdict.id != intent.verdict_id:
            raise BrokenInvariant(f"The intent {intent.id} stands on no approval of its order.")
    if found.signal is not None and found.emitted:
        ends = (intent is not None, bool(found.exits), _code(found) is not None)
        if sum(ends) != 1:
            raise BrokenInvariant(f"The signal {found.signal.id} ended in {sum(ends)} ways.")


def _code(found: Ruling) -> str | None:
    return found.block or (found.verdict.code if isinstance(found.verdict, Blocked) else None)


def _earlier(rows: Rows, found: Ruling) -> Ruling | None:
    """What was decided before under the same signal, or asked for under the same key."""
    decided = rows.get(DECISIONS, found.signal.id) if found.signal is not None else None
    if decided is not None:
        return _ruling_again(rows, decided)
    if found.intent is None:
        return None
    same = rows.find(INTENTS, idempotency_key=found.intent.proposal.key)
    if not same:
        return None
    judged = rows.get(VERDICTS, same[0].verdict_id)
    return Ruling(verdict=judged.verdict if judged else None, intent=same[0])


def _ruling_again(rows: Rows, decided: Decision) -> Ruling:
    judged = rows.get(VERDICTS, decided.verdict_id) if decided.verdict_id else None
    return Ruling(
        signal=decided.signal,
        emitted=decided.outcome in ("ORDERED", "EXIT", "BLOCKED"),
        verdict=judged.verdict if judged else None,
        intent=rows.get(INTENTS, decided.intent_id) if decided.intent_id else None,
        exits=decided.exits,
        block=decided.code,
        alert=decided.alert,
    )


def _decision(found: Ruling, now: Instant) -> Decision:
    if found.signal is None:
        raise BrokenInvariant("A decision needs a signal.")
    return Decision(
        signal=found.signal,
        at=now,
        outcome=_outcome(found),
        code=_code(found),
        verdict_id=found.verdict.id if found.verdict else None,
        intent_id=found.intent.id if found.intent else None,
        exits=found.exits,
        alert=found.alert,
    )


def _outcome(found: Ruling) -> str:
    if found.signal is not None and found.signal.decision is Said.WAIT:
        return "WAIT"
    if not found.emitted:
        return "SUPPRESSED"
    if found.intent is not None:
        return "ORDERED"
    return "EXIT" if found.exits else "BLOCKED"


def _attempt(  # noqa: PLR0913, PLR0917 - everything that an attempt is made of
    rows: Rows,
    account: AccountRow,
    intent_id: str,
    request: Request,
    verdict: Verdict | None,
    now: Instant,
) -> Attempt:
    """The next attempt with the next nonce."""
    nonce = next_nonce(rows, account, now)
    n = len(rows.find(ATTEMPTS, intent_id=intent_id)) + 1
    attempt = Attempt(intent_id, n, request, nonce, account.epoch, now)
    rows.add(ATTEMPTS, Sent(attempt, verdict.id if verdict else None))
    return attempt


def next_nonce(rows: Rows, account: AccountRow, now: Instant) -> int:
    """The next nonce: it goes back only from beyond the exchange's window, where a wrong clock had put it and none would be taken."""
    is_usable = account.last_nonce <= now.ms + NONCE_WINDOW_MS
    nonce = max(account.last_nonce + 1, now.ms) if is_usable else now.ms
    rows.put(ACCOUNT, replace(account, last_nonce=nonce))
    return nonce


def _keep_verdict(rows: Rows, verdict: Verdict) -> None:
    rows.add(VERDICTS, Judged(verdict.id, verdict.at, verdict))


def _disarm(rows: Rows, verdict: Verdict, now: Instant) -> None:
    """Too many executions stop entering until a person arms anew: the block outlives the hour in which they were counted."""
    objections = verdict.objections if isinstance(verdict, Blocked) else ()
    for objection in objections:
        if objection.rule == REPEATED_EXECUTION:
            write_incident(rows, Incident(DISARMED, CRITICAL, objection.reason, now))


def _sent(rows: Rows, attempt: Attempt) -> Sent:
    sent = rows.get(ATTEMPTS, attempt.intent_id, attempt.n)
    if sent is None:
        raise BrokenInvariant(f"Attempt {attempt.n} of {attempt.intent_id} was never written.")
    return sent


def _keep_outcome(rows: Rows, sent: Sent, outcome: str, now: Instant) -> Attempt:
    attempt = replace(sent.attempt, outcome=outcome)
    rows.put(ATTEMPTS, replace(sent, attempt=attempt, answered_at=now))
    return attempt


def _admits_entry(switches: Switches) -> bool:
    """Whether every switch admits an entry right now."""
    is_selected = switches.mode is switches.venue and switches.mode is not Mode.OFF
    return (
        switches.closed_by() is None
        and switches.pause is None
        and is_selected
        and RANK[switches.mode] <= RANK[switches.bound]
    )


def _is_young(rows: Rows, sent: Sent, now: Instant) -> bool:
    judged = rows.get(VERDICTS, sent.verdict_id) if sent.verdict_id else None
    return judged is not None and abs(now - judged.at) <= VERDICT_AGE_MAX


def _meaning(answer: Answer) -> learning.Meaning:
    match answer:
        case Refused(code=code) if code in codes.SEEN_BEFORE:
            return learning.Meaning.SEEN_BEFORE
        case Refused(code=code) if code in TOO_SOON:
            return learning.Meaning.TOO_SOON
        case _:
            return learning.Meaning.DEFINITE
