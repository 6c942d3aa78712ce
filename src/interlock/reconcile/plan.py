"""The plan of differences, a pure function of both sides, what was read of them, and the policy: one pass converges, the second is silent.

What was not read proves nothing. A balance is compared at the instant at which the wallet was read, with what is to be booked
already counted; one that nothing explains freezes its currency when two looks found the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from interlock.account import Transfer
from interlock.ledger.book import Entry, entry_of, moved, wallet
from interlock.orders.evidence import Fill
from interlock.reconcile.difference import (
    Action,
    Difference,
    Kind,
    Moved,
    Ours,
    Plan,
    Policy,
    Theirs,
)
from interlock.reconcile.drift import CENT
from interlock.reconcile.ours_and_listed import PREFIX, orders
from interlock.strategy.proposal import Purpose
from interlock.values import Instant, Unknown

MISMATCH: Final = "freeze:POSITION_MISMATCH_FREEZE"
Balances = Mapping[str, Decimal]


def plan(ours: Ours, theirs: Theirs, policy: Policy, now: Instant, earlier: Balances) -> Plan:
    """What both sides call for now; `earlier` is what an earlier look could not explain of each balance."""
    found = (
        *_not_seen(theirs),
        *orders(ours, theirs, policy, now),
        *_fills(ours, theirs),
        *_balances(ours, theirs, policy, earlier),
        *_lots(ours, theirs),
    )
    marks = {each.mark for each in found}
    over = tuple(sorted(_ours(ours.told) - marks)) if _is_whole(theirs) else ()
    return Plan(
        now,
        tuple(each for each in found if not _is_told(each, ours)),
        tuple(each for each in found if _is_told(each, ours)),
        over,
    )


def unexplained(ours: Ours, theirs: Theirs) -> Balances:
    """The exchange's wallet less ours, with everything counted that is to be booked; currencies that agree are not named."""
    if isinstance(theirs.wallet, Unknown):
        return {}
    until = theirs.as_of
    booked = [entry for entry in ours.entries if entry.at <= until]
    booked += [_entry(fill) for fill in missing_fills(ours, theirs) if fill.at <= until]
    booked += [moved(each) for each in new_transfers(ours, theirs)]
    held, zero = wallet(booked), Decimal(0)
    currencies = sorted({*held, *theirs.wallet})
    less = {c: theirs.wallet.get(c, zero) - held.get(c, zero) for c in currencies}
    return {currency: rest for currency, rest in less.items() if abs(rest) > CENT}


def missing_fills(ours: Ours, theirs: Theirs) -> Sequence[Fill]:
    """Executions since our books began that they know and we do not."""
    if isinstance(theirs.fills, Unknown):
        return ()
    known = {fill.trade_id for fill in ours.fills}
    return [f for f in theirs.fills if f.trade_id not in known and f.at > ours.opened_at]


def new_transfers(ours: Ours, theirs: Theirs) -> Sequence[Transfer]:
    """What their journal tells of the time between the opening of our books and the reading, and our ledger does not hold."""
    if isinstance(theirs.journal, Unknown):
        return ()
    known = {entry.cause for entry in ours.entries}
    within = (each for each in theirs.journal if ours.opened_at < each.at <= theirs.as_of)
    return [each for each in within if f"journal:{each.id}" not in known]


def _entry(fill: Fill) -> Entry:
    base, _, quote = fill.symbol.partition("_")
    return entry_of(fill, base, quote)


def _is_told(difference: Difference, ours: Ours) -> bool:
    """Whether it waits for a person who was told of it already."""
    waits = difference.action in (Action.ALARM, Action.FREEZE, Action.ASK)
    return waits and difference.mark is not None and difference.mark in ours.told


def _ours(told: frozenset[str]) -> set[str]:
    """The incidents that a reconciliation opened, and may end."""
    return {mark for mark in told if mark.startswith((PREFIX, MISMATCH))}


def _is_whole(theirs: Theirs) -> bool:
    return not isinstance(theirs.listed, Unknown) and not isinstance(theirs.wallet, Unknown)


def _not_seen(theirs: Theirs) -> Iterator[Difference]:
    parts = {"open orders": theirs.listed, "wallet": theirs.wallet}
    for name, part in parts.items():
        if isinstance(part, Unknown):
            yield Difference(Kind.NOT_SEEN, name, part.why, Action.ASK, "could not look")


def _fills(ours: Ours, theirs: Theirs) -> Iterator[Difference]:
    for fill in missing_fills(ours, theirs):
        said = f"{fill.side} {fill.quantity:f} {fill.symbol} at {fill.price:f}"
        evidence = f"trade {fill.trade_id} of order {fill.order_id}"
        reason = f"{said} is not booked"
        yield Difference(Kind.FILL_MISSING, fill.symbol, reason, Action.BOOK, evidence, about=fill)
    if isinstance(theirs.fills, Unknown):
        return
    known = {fill.trade_id for fill in theirs.fills}
    since = max(theirs.since, ours.opened_at)
    for fill in ours.fills:
        if since < fill.at <= theirs.as_of and fill.trade_id not in known:
            mark = f"{PREFIX}fill:{fill.trade_id}"
            reason = "it is booked, and the exchange does not know it"
            evidence = f"executions since {since}"
            yield Difference(
                Kind.FILL_NOT_THERE, fill.trade_id, reason, Action.ALARM, evidence, mark
            )


def _balances(
    ours: Ours, theirs: Theirs, policy: Policy, earlier: Balances
) -> Iterator[Difference]:
    kept_back = policy.moved is Moved.ALARM
    for each in new_transfers(ours, theirs):
        mark = f"{MISMATCH}:{each.currency}" if kept_back else None
        action = Action.FREEZE if kept_back else Action.BOOK
        reason = f"{each.amount:+f} {each.currency} by {each.kind} is not booked"
        evidence = f"journal {each.id} at {each.at}"
        yield Difference(
            Kind.TRANSFER,
            each.currency,
            reason,
            action,
            evidence,
            mark,
            None if kept_back else each,
        )
    for currency, rest in unexplained(ours, theirs).items():
        is_sure = earlier.get(currency) == rest
        reason = f"the exchange holds {rest:+f} {currency} that neither order nor journal explains"
        yield Difference(
            Kind.BALANCE,
            currency,
            reason,
            Action.FREEZE if is_sure else Action.ASK,
            f"wallet at {theirs.as_of}",
            f"{MISMATCH}:{currency}",
        )


def _lots(ours: Ours, theirs: Theirs) -> Iterator[Difference]:
    """The part of a balance that belongs to no lot is not negative: else somebody sold coins of a lot."""
    if isinstance(theirs.wallet, Unknown):
        return
    oids = {intent.client_oid for intent in ours.intents}
    moving = {f.symbol for f in missing_fills(ours, theirs) if f.client_oid in oids}
    rest = unexplained(ours, theirs)
    held: dict[str, Decimal] = {}
    for lot, legs in ours.lots:
        exits = (leg.filled for leg in legs if leg.proposal.purpose is not Purpose.ENTRY)
        is_settled = sum(exits, Decimal(0)) <= lot.sold
        if is_settled and lot.base not in rest and lot.symbol not in moving:
            held[lot.base] = held.get(lot.base, Decimal(0)) + lot.remaining
    for base, size in held.items():
        there = theirs.wallet.get(base, Decimal(0))
        if there + CENT < size:
            reason = f"our lots hold {size:f} {base}, the exchange {there:f}"
            evidence = f"wallet at {theirs.as_of}"
            mark = f"{MISMATCH}:{base}"
            yield Difference(Kind.LOT_NOT_HELD, base, reason, Action.FREEZE, evidence, mark)
