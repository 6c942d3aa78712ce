"""Orders and stops against the exchange's lists, both ways: what we hold for live and they do not, and what they list and we do not."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from interlock.account import Lot
from interlock.orders.evidence import Absent, OrderFact
from interlock.orders.intent import PREFIX as MARK
from interlock.orders.intent import Intent
from interlock.orders.learning import after_fact
from interlock.orders.life import FINAL_WORDS
from interlock.reconcile.difference import Action, Difference, Foreign, Kind, Ours, Policy, Theirs
from interlock.reconcile.intents import OUT_OF_SIGHT
from interlock.strategy.proposal import Purpose
from interlock.values import Instant, Unknown

PREFIX: Final = "reconcile:"
FOREIGN: Final = {
    Foreign.IGNORE: Action.NOTHING,
    Foreign.ALARM: Action.ALARM,
    Foreign.CANCEL: Action.CANCEL,
}


def orders(ours: Ours, theirs: Theirs, policy: Policy, now: Instant) -> Iterator[Difference]:
    """Every difference between our orders and theirs; none where their lists could not be read."""
    if isinstance(theirs.listed, Unknown):
        return
    yield from _known_to_both(ours, theirs.listed, now)
    yield from _not_listed(theirs, policy, now)
    yield from _out_of_sight(ours, policy, now)
    yield from _strangers(ours, theirs, policy)
    yield from _stops(ours, theirs.listed, policy, now)


def _known_to_both(ours: Ours, listed: tuple[OrderFact, ...], now: Instant) -> Iterator[Difference]:
    by_oid = {intent.client_oid: intent for intent in ours.intents}
    for fact in listed:
        intent = by_oid.get(fact.client_oid)
        if intent is not None:
            yield from _against(intent, fact, now)


def _against(intent: Intent, fact: OrderFact, now: Instant) -> Iterator[Difference]:
    """The exchange's word about an order: adopted when it tells more, an alarm when it cannot be true beside what we know."""
    learnt = after_fact(intent, fact, now)
    evidence = f"{fact.source} at {fact.as_of}"
    if learnt.contradiction is not None or (intent.ended and fact.state not in FINAL_WORDS):
        reason = learnt.contradiction or f"{intent.state} here, {fact.state} there"
        mark = f"{PREFIX}differs:{intent.client_oid}"
        yield Difference(
            Kind.ORDER_DIFFERS, intent.client_oid, reason, Action.ALARM, evidence, mark
        )
    elif learnt.intent != intent:
        before, after = _figures(intent), _figures(learnt.intent)
        reason = f"{before} here, {after} there"
        yield Difference(
            Kind.ORDER_DIFFERS, intent.client_oid, reason, Action.ADOPT, evidence, about=fact
        )
    elif fact.quantity != intent.proposal.quantity.size:
        reason = f"{intent.proposal.quantity.size:f} was asked for, {fact.quantity:f} is there"
        mark = f"{PREFIX}size:{intent.client_oid}"
        yield Difference(
            Kind.ORDER_DIFFERS, intent.client_oid, reason, Action.ALARM, evidence, mark
        )


def _figures(intent: Intent) -> str:
    listed = " and listed" if intent.confirmed_at else ""
    return f"{intent.state}{listed} with {intent.filled:f} executed"


def _not_listed(theirs: Theirs, policy: Policy, now: Instant) -> Iterator[Difference]:
    """Ours that live and that no list shows, by their own detail."""
    for intent, look in theirs.looked:
        if isinstance(look, OrderFact):
            yield from _against(intent, look, now)
        elif intent.state not in OUT_OF_SIGHT and now - intent.updated_at > policy.grace:
            yield _not_there(intent, look)


def _not_there(intent: Intent, look: Absent) -> Difference:
    reason = f"{intent.state} here, and the exchange does not know it"
    evidence = f"no list, and {look.source} at {look.asked_at}"
    mark = f"{PREFIX}gone:{intent.client_oid}"
    return Difference(
        Kind.ORDER_NOT_THERE, intent.client_oid, reason, Action.ALARM, evidence, mark, intent
    )


def _out_of_sight(ours: Ours, policy: Policy, now: Instant) -> Iterator[Difference]:
    for intent in ours.intents:
        if intent.state in OUT_OF_SIGHT and now - intent.updated_at > policy.grace:
            yield Difference(
                Kind.OUTCOME_UNKNOWN,
                intent.client_oid,
                f"{intent.state} since {intent.updated_at}",
                Action.ASK,
                "no evidence has ended it",
                f"{PREFIX}unknown:{intent.client_oid}",
                intent,
            )


def _strangers(ours: Ours, theirs: Theirs, policy: Policy) -> Iterator[Difference]:
    """Orders that no intent asked for: with our mark they should not exist (an alarm), by hand the policy says."""
    oids = {intent.client_oid for intent in ours.intents}
    ids = {i.order_id for i in ours.intents} | {i.spawned_order_id for i in ours.intents}
    lists = {i.list_id for i in ours.intents if i.list_id is not None}
    mark = f"{MARK}{ours.install_id[:6]}-"
    listed = () if isinstance(theirs.listed, Unknown) else theirs.listed
    told = {fact.order_id: fact for fact in (*theirs.history, *listed)}
    for fact in told.values():
        if fact.client_oid in oids or fact.order_id in ids or fact.list_id in lists:
            continue
        if fact.client_oid.startswith(mark):
            yield _marked(fact)
        elif fact in listed and policy.foreign is not Foreign.IGNORE:
            yield _by_hand(fact, policy.foreign)


def _marked(fact: OrderFact) -> Difference:
    reason = f"{_said(fact)} bears our mark, and no intent asked for it"
    return Difference(
        Kind.ORDER_WITH_OUR_MARK,
        fact.client_oid,
        reason,
        Action.ALARM,
        f"{fact.source} at {fact.as_of}",
        f"{PREFIX}mark:{fact.order_id}",
    )


def _by_hand(fact: OrderFact, foreign: Foreign) -> Difference:
    return Difference(
        Kind.ORDER_BY_HAND,
        fact.order_id,
        f"{_said(fact)} was not placed by us",
        FOREIGN[foreign],
        f"{fact.source} at {fact.as_of}",
        f"{PREFIX}hand:{fact.order_id}" if foreign is Foreign.ALARM else None,
        fact,
    )


def _said(fact: OrderFact) -> str:
    return f"{fact.side} {fact.quantity:f} {fact.symbol} {fact.state}"


def _stops(
    ours: Ours, listed: tuple[OrderFact, ...], policy: Policy, now: Instant
) -> Iterator[Difference]:
    there = {fact.client_oid: fact for fact in listed}
    for lot, legs in ours.lots:
        yield from _missing(lot, legs, there, policy, now)
    open_ids = {lot.id for lot, _ in ours.lots}
    orphans = [
        intent
        for intent in ours.intents
        if intent.proposal.purpose is Purpose.PROTECT
        and intent.client_oid in there
        and intent.proposal.lot_id not in open_ids
        and not intent.ended
    ]
    # A pair goes as a whole, with its stop.
    whole = {intent.id for intent in orphans if intent.list_id is not None}
    for intent in orphans:
        if intent.leader not in whole:
            reason = f"the lot {intent.proposal.lot_id} is closed"
            evidence = f"listed as order {intent.order_id}"
            yield Difference(
                Kind.STOP_ORPHAN, intent.client_oid, reason, Action.CANCEL, evidence, about=intent
            )


def _missing(
    lot: Lot,
    legs: tuple[Intent, ...],
    there: dict[str, OrderFact],
    policy: Policy,
    now: Instant,
) -> Iterator[Difference]:
    """A lot that is not being sold, is older than its deadline, and has less on the list than can be sold of it."""
    instrument = legs[0].proposal.instrument if legs else None
    if instrument is None or lot.exit_reason is not None or lot.is_dust(instrument):
        return
    stops = (leg for leg in legs if leg.is_stop)
    sizes = (there[s.client_oid].quantity for s in stops if s.client_oid in there)
    covered = sum(sizes, Decimal(0))
    if covered < lot.sellable(instrument) and now - lot.opened_at > policy.deadline:
        size = lot.sellable(instrument)
        reason = f"{size:f} {lot.base} can be sold, and stops for {covered:f} are listed"
        mark = f"{PREFIX}naked:{lot.id}"
        yield Difference(
            Kind.STOP_MISSING, lot.id, reason, Action.ALARM, "the list of triggers", mark
        )
