"""What one round of asking leaves in the rows: lives move, each execution is booked once with its entry and its lot, absences are kept."""

from dataclasses import dataclass, field, replace
from decimal import Decimal

from interlock.account import Lot
from interlock.evidence.incident import Incident
from interlock.ledger.book import entry_of
from interlock.ledger.booking import booked, lot_id_of, without_crumbs
from interlock.orders import learning
from interlock.orders.evidence import Absent, Evidence, Fill, OrderFact
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.store import parking
from interlock.store.entries import write_entry
from interlock.store.incidents import (
    CRITICAL,
    OF_LOT,
    close_incidents,
    contradicted,
    write_incident,
)
from interlock.store.intent_rows import INTENTS
from interlock.store.margin import lock_if_refused
from interlock.store.order_news import tell_order
from interlock.store.order_path import attempts_of
from interlock.store.outbox import tell_lot
from interlock.store.records import ABSENCES, FILLS, LOTS, OWED, AccountRow, Booked, Owed
from interlock.store.rows import Rows
from interlock.strategy.proposal import Purpose
from interlock.values import Instant


def learn(rows: Rows, account: AccountRow, now: Instant, evidence: Evidence) -> tuple[Intent, ...]:
    """Books the evidence: facts first, then executions, and absences last, because a positive word is worth more."""
    touched = _Touched(rows, now, account, is_heard=evidence.is_heard)
    for fact in evidence.facts:
        touched.by_fact(fact)
    touched.by_parked()
    for fill in sorted(evidence.fills, key=lambda each: (each.at, each.trade_id)):
        touched.by_fill(fill)
    touched.by_booked_fills()
    for absent in evidence.absences:
        touched.by_absence(absent)
    if not evidence.is_heard:
        parking.settle(rows, now)
    return touched.settle()


@dataclass(slots=True)
class _Touched:
    """The intents that one round of evidence spoke of, as they were and as they are now; and the lots that it moved, as they were."""

    rows: Rows
    now: Instant
    account: AccountRow
    is_heard: bool
    before: dict[str, Intent] = field(default_factory=dict)
    after: dict[str, Intent] = field(default_factory=dict)
    filled: dict[str, None] = field(default_factory=dict)
    lots: dict[str, Lot | None] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)

    def by_fact(self, fact: OrderFact) -> None:
        intent = self._whose(fact.client_oid, fact.order_id)
        if intent is not None:
            self.sources[intent.id] = fact.source.value
            self._learn(learning.after_fact(intent, fact, self.now))
        elif self.is_heard:
            parking.park(self.rows, fact, self.now)

    def by_parked(self) -> None:
        """What waits for an id that is known by now, orders before executions."""
        waits = parking.waiting(self.rows)
        for parked in sorted(waits, key=lambda each: isinstance(each.told, Fill)):
            if self._whose(parked.told.client_oid, parked.told.order_id) is None:
                continue
            parking.resolve(self.rows, parked, parking.READ)
            if isinstance(parked.told, Fill):
                self.by_fill(parked.told)
            else:
                self.by_fact(parked.told)

    def by_fill(self, fill: Fill) -> None:
        """A replay is nothing, one of another content is quarantined. What happened before the books began is in their opening."""
        known = self.rows.get(FILLS, fill.trade_id)
        if known is not None:
            # Its time is no content: two channels may name it to different digits.
            if replace(known.fill, at=fill.at) != fill:
                write_incident(self.rows, _quarantined(fill, self.now))
            return
        intent = self._whose(fill.client_oid, fill.order_id)
        opened_at = self.account.opened_at
        if intent is None and (opened_at is None or fill.at <= opened_at):
            return
        if intent is None and self.is_heard:
            parking.park(self.rows, fill, self.now)
            return
        self.rows.add(FILLS, Booked(fill, intent.id if intent else None, self.now))
        base, quote = fill.symbol.split("_", 1)
        write_entry(self.rows, entry_of(fill, base, quote))
        if intent is not None:
            self._move_lot(fill, intent)
            self.filled[intent.id] = None

    def by_booked_fills(self) -> None:
        for intent_id in self.filled:
            fills = [each.fill for each in self.rows.find(FILLS, intent_id=intent_id)]
            self._learn(learning.after_fills(self.after[intent_id], fills, self.now))

    def by_absence(self, absent: Absent) -> None:
        intent = self._whose(absent.client_oid, "")
        if intent is None:
            return
        self.rows.add(ABSENCES, absent)
        looks = learning.looked(self.rows.find(ABSENCES, client_oid=absent.client_oid), self.now)
        attempts = learning.by_its_clock(
            attempts_of(self.rows, intent), self.account.tenure, self.now
        )
        self.after[intent.id] = learning.after_absence(intent, looks, attempts, self.now)

    def settle(self) -> tuple[Intent, ...]:
        """Writes what changed; an ended order whose executions are not all booked is owed them."""
        changed = [each for each in self.after.values() if each != self.before[each.id]]
        for intent in changed:
            self.rows.put(INTENTS, intent)
        for intent in self.after.values():
            self._keep_owed(intent)
            self._close_crumbs(intent)
        self._tell_lots()
        for intent in changed:
            self._tell_order(intent)
            lock_if_refused(self.rows, self.before[intent.id], intent, self.now)
        return tuple(changed)

    def _tell_order(self, intent: Intent) -> None:
        """The exchange's latest word names its source; without one its executions or its absence spoke."""
        absent = "coverage" if intent.state is State.NOT_PLACED else "trade_history"
        tell_order(
            self.rows,
            self.before[intent.id],
            intent,
            self.now,
            self.sources.get(intent.id, absent),
            is_told_by_lot=self._is_told_by_lot(intent),
        )

    def _is_told_by_lot(self, intent: Intent) -> bool:
        """Whether this round opened the lot with all that was bought, or closed it: then its own message says the same."""
        lot_id = lot_id_of(intent)
        lot = self.rows.get(LOTS, lot_id) if lot_id else None
        if lot is None or lot.id not in self.lots:
            return False
        before = self.lots[lot.id]
        if intent.proposal.purpose is Purpose.ENTRY:
            return before is None and lot.bought >= intent.filled
        return lot.closed_at is not None and (before is None or before.closed_at is None)

    def _tell_lots(self) -> None:
        """Once the round is over: what it left of each lot is told, not each of its executions."""
        for lot_id, before in self.lots.items():
            lot = self.rows.get(LOTS, lot_id)
            if lot is not None:
                tell_lot(self.rows, before, lot, self.now)
            if lot is not None and lot.closed_at is not None:
                close_incidents(self.rows, [f"{what}:{lot.id}" for what in OF_LOT], self.now)

    def _close_crumbs(self, intent: Intent) -> None:
        lot = self.rows.get(LOTS, intent.id)
        owed = self.rows.get(OWED, intent.id)
        if lot is None or (owed is not None and owed.quantity):
            return
        swept = without_crumbs(lot, intent, self.now)
        if swept != lot:
            self._put_lot(lot, swept)

    def _keep_owed(self, intent: Intent) -> None:
        if not intent.ended:
            return
        fills = self.rows.find(FILLS, intent_id=intent.id)
        size = sum((each.fill.quantity for each in fills), Decimal(0))
        owed = Owed(intent.id, learning.owed(intent, size))
        known = self.rows.get(OWED, intent.id)
        if owed != known and (known is not None or owed.quantity):
            self.rows.put(OWED, owed)

    def _learn(self, learnt: learning.Learnt) -> None:
        intent = learnt.intent
        self.after[intent.id] = intent
        if learnt.contradiction is not None:
            write_incident(self.rows, contradicted(intent, learnt.contradiction, self.now))

    def _move_lot(self, fill: Fill, intent: Intent) -> None:
        lot_id = lot_id_of(intent)
        before = self.rows.get(LOTS, lot_id) if lot_id else None
        lot = booked(fill, intent, before)
        if lot is not None:
            self._put_lot(before, lot)

    def _put_lot(self, before: Lot | None, lot: Lot) -> None:
        self.lots.setdefault(lot.id, before)
        self.rows.put(LOTS, lot)

    def _whose(self, client_oid: str, order_id: str) -> Intent | None:
        """The intent that an id of ours, or an order id that the exchange gave to it or to its child, names."""
        found = self.rows.find(INTENTS, client_oid=client_oid) if client_oid else []
        found = found or (self.rows.find(INTENTS, order_id=order_id) if order_id else [])
        found = found or (self.rows.find(INTENTS, spawned_order_id=order_id) if order_id else [])
        touched = (each for each in self.after.values() if _is_named(each, client_oid, order_id))
        intent = found[0] if found else next(touched, None)
        if intent is None:
            return None
        self.before.setdefault(intent.id, intent)
        return self.after.setdefault(intent.id, intent)


def _is_named(intent: Intent, client_oid: str, order_id: str) -> bool:
    """Ids that this very round brought are not in the rows yet."""
    is_order = bool(order_id) and order_id in (intent.order_id, intent.spawned_order_id)
    return is_order or (bool(client_oid) and client_oid == intent.client_oid)


def _quarantined(fill: Fill, now: Instant) -> Incident:
    text = f"The execution {fill.trade_id} was told twice with different contents; the first stays."
    return Incident(f"fill:{fill.trade_id}", CRITICAL, text, now)
