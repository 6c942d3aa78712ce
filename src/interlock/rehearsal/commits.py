"""What each commit of the books did, held against the promises, and against what the exchange really has.

It looks at the rows that a commit wrote and at nothing else, and compares with the durable rows, never with what a life remembers.
The promises are said here in words of their own, so that a broken room of the row does not judge itself.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar

from interlock.evidence.seal import Head
from interlock.orders.intent import Attempt, Intent, Request, client_oid, target_of
from interlock.orders.life import State
from interlock.rehearsal.exposure import too_much
from interlock.rehearsal.store import Key, Row, Write
from interlock.rehearsal.world import World
from interlock.risk.limits import Limits
from interlock.risk.verdict import Approved
from interlock.store.intent_rows import INTENTS
from interlock.store.records import (
    ABSENCES,
    ACCOUNT,
    ATTEMPTS,
    DECISIONS,
    ENTRIES,
    FILLS,
    LOTS,
    OUTBOX,
    POSTINGS,
    SEALS,
    THE_ACCOUNT,
    VERDICTS,
    AccountRow,
    Booked,
    Sent,
)
from interlock.store.rows import Cell, Table
from interlock.strategy.proposal import Purpose
from interlock.values import Instant

T = TypeVar("T")
OID_MAX: Final = 36
LOOKS: Final = 2
NONCE_WINDOW_MS: Final = 60_000
# The nonce window of the exchange, the largest skew of a clock, and the margin (I5).
HORIZON: Final = timedelta(seconds=60 + 5 + 60)
PLACED_NOTHING: Final = frozenset({"NOT_SENT", "REFUSED", "TOO_SOON"})

_S: Final = State
_WORDS: Final = frozenset({_S.FILLED, _S.CANCELLED, _S.EXPIRED, _S.REJECTED})
# The edges of section 3 of the invariants, and what one transaction may pass through at once: an acknowledgement, a cancel of ours.
EDGES: Final = {
    _S.SENDING: _WORDS | {_S.ACKED, _S.WORKING, _S.UNKNOWN, _S.NOT_PLACED},
    _S.ACKED: _WORDS | {_S.WORKING, _S.CANCELLING},
    _S.WORKING: _WORDS | {_S.CANCELLING},
    _S.CANCELLING: _WORDS | {_S.WORKING},
    _S.UNKNOWN: _WORDS | {_S.ACKED, _S.WORKING, _S.NOT_PLACED},
}
ENDED: Final = _WORDS | {_S.NOT_PLACED}


@dataclass(slots=True)
class Commits:
    """The witness of one store. `sent` are the nonces whose bytes were let go; `shut_in` is the loop's turn in which entering ended."""

    world: World
    tables: dict[str, dict[Key, Row]]
    wrong: Callable[[str], None]
    limits: Limits = field(default_factory=Limits)
    oids: dict[str, str] = field(default_factory=dict)
    nonces: dict[int, tuple[str, int]] = field(default_factory=dict)
    signals: dict[tuple[Cell, ...], str] = field(default_factory=dict)
    judged: dict[str, Instant] = field(default_factory=dict)
    sent: set[int] = field(default_factory=set)
    accepted: set[str] = field(default_factory=set)
    shut_in: int = -1
    replaced_in: int = -1
    head: Head | None = None
    _first: dict[tuple[str, Key], Row | None] = field(default_factory=dict)
    _trades: dict[str, Any] = field(default_factory=dict)

    def see(self, writes: Sequence[Write]) -> None:
        """One commit, as it is durable now."""
        self._first = {}
        kinds: dict[str, None] = {}
        for table, key, before in writes:
            if table.name in CHECKS:
                self._first.setdefault((table.name, key), before)
                kinds[table.name] = None
        for name in CHECKS:
            if name in kinds:
                CHECKS[name](self)
        if LOTS.name in kinds or INTENTS.name in kinds:
            for text in too_much(self.tables, self.limits):
                self.wrong(text)

    # -- the durable rows

    def get(self, table: Table[T], *key: Cell) -> T | None:
        """The durable thing with this key."""
        row = self.tables.get(table.name, {}).get(key)
        return None if row is None else table.thing(row)

    def all(self, table: Table[T]) -> Iterator[T]:
        """All durable things of a table."""
        return (table.thing(row) for row in self.tables.get(table.name, {}).values())

    def account(self) -> AccountRow:
        """The account's row."""
        row = self.get(ACCOUNT, THE_ACCOUNT)
        assert row is not None
        return row

    def attempts(self, intent: Intent) -> list[Attempt]:
        """The creates that asked for an intent; those of a pair are its leader's."""
        owner = intent.leader or intent.id
        found = (each.attempt for each in self.all(ATTEMPTS))
        return [a for a in found if a.intent_id == owner and a.request is Request.CREATE]

    def _changes(self, table: Table[T]) -> Iterator[tuple[T | None, T]]:
        rows = self.tables[table.name]
        for (name, key), before in self._first.items():
            if name == table.name:
                yield None if before is None else table.thing(before), table.thing(rows[key])

    def _writes(self, table: Table[Any], *key: Cell) -> bool:
        """Whether this very commit made that row."""
        return self._first.get((table.name, key), ()) is None

    # -- what each kind of row must be

    def see_account(self) -> None:
        """I9, I2: epochs and nonces only grow. What ends entering is remembered with its moment."""
        for before, after in self._changes(ACCOUNT):
            if before is None:
                continue
            if after.epoch < before.epoch:
                self.wrong(f"I9: the epoch went from {before.epoch} back to {after.epoch}")
            # From beyond the window a wrong clock had put it there: none would be taken until then.
            is_back = 0 < before.last_nonce - after.last_nonce <= NONCE_WINDOW_MS
            if is_back:
                self.wrong(
                    f"I2: the nonce went from {before.last_nonce} back to {after.last_nonce}"
                )
            if after.epoch != before.epoch:
                self.replaced_in = self.world.loop.steps
            if is_shut(after) and not is_shut(before):
                self.shut_in = self.world.loop.steps

    def see_verdicts(self) -> None:
        """A verdict is given once; when it was is kept by the true clock."""
        for before, after in self._changes(VERDICTS):
            self.judged[after.id] = self.world.now()
            if before is not None:
                self.wrong(f"I3: the verdict {after.id} was given twice")

    def see_attempts(self) -> None:
        """I2, I3, I5, I9, I12: a request is written down once, by the current epoch, and answered once."""
        for before, after in self._changes(ATTEMPTS):
            if before is None:
                self._born_attempt(after)
            else:
                self._answered(before, after)

    def _born_attempt(self, sent: Sent) -> None:
        attempt, account = sent.attempt, self.account()
        named = f"attempt {attempt.n} of {attempt.intent_id}"
        if attempt.epoch != account.epoch:
            self.wrong(f"I9: {named} was written by epoch {attempt.epoch}, not {account.epoch}")
        if attempt.nonce in self.nonces:
            self.wrong(f"I2: {named} has the nonce of another")
        self.nonces[attempt.nonce] = (attempt.intent_id, attempt.n)
        intent = self.get(INTENTS, attempt.intent_id)
        if intent is None:
            self.wrong(f"I2: {named} has no intent")
            return
        if attempt.request is not Request.CREATE:
            return
        judged = self.get(VERDICTS, sent.verdict_id) if sent.verdict_id else None
        if judged is None or not isinstance(judged.verdict, Approved):
            self.wrong(f"I3: {named} stands on no approval")
        if intent.proposal.purpose is Purpose.ENTRY:
            if is_shut(account):
                self.wrong(f"I12: {named} enters though entering is shut")
            if attempt.n > 1 and intent.state is not State.SENDING:
                self.wrong(f"I5: {named} asks again for an entry in {intent.state}")

    def _answered(self, before: Sent, after: Sent) -> None:
        was, now = before.attempt, after.attempt
        named = f"attempt {now.n} of {now.intent_id}"
        same = (was.nonce, was.epoch, was.request, was.at, before.verdict_id)
        if same != (now.nonce, now.epoch, now.request, now.at, after.verdict_id):
            self.wrong(f"I2: {named} was written over")
        if was.outcome is not None and was.outcome != now.outcome:
            self.wrong(f"I2: {named} was answered {was.outcome} and then {now.outcome}")
        if now.outcome == "NOT_SENT" and now.nonce in self.sent:
            self.wrong(f"I5: {named} left and is called NOT_SENT")
        if now.outcome == "NOT_SENT" and now.request is Request.CANCEL and self._is_starved(now):
            self.wrong(f"I19: {named}, a cancel, was starved")

    def _is_starved(self, attempt: Attempt) -> bool:
        """Nobody shut us out, nobody has taken our place, and a line led out: only our own budget can have kept it."""
        exchange = self.world.exchange
        is_ours = attempt.epoch == self.account().epoch
        may_leave = exchange is not None and exchange.shut_until() is None
        return is_ours and may_leave and not self.world.machine.parted

    def see_intents(self) -> None:
        """I1, I2, I5, I10: how an order is born, lives and ends."""
        for before, after in self._changes(INTENTS):
            if before is None:
                self._born_intent(after)
            else:
                self._lived(before, after)

    def _born_intent(self, intent: Intent) -> None:
        oid = intent.client_oid
        if intent.state is not State.SENDING:
            self.wrong(f"I10: {oid} was born {intent.state}")
        if self.oids.setdefault(oid, intent.id) != intent.id:
            self.wrong(f"I1: {oid} names two intents")
        leader = self.get(INTENTS, intent.leader) if intent.leader else None
        due = client_oid(self.account().install_id, intent.proposal.key)
        if leader is not None:
            due = target_of(leader).client_oid
        if oid != due or len(oid) > OID_MAX:
            self.wrong(f"I1: {oid} is not the id of {intent.proposal.key}, which is {due}")
        asked_by = intent.leader or intent.id
        if not self._writes(VERDICTS, intent.verdict_id) or not self._writes(ATTEMPTS, asked_by, 1):
            self.wrong(f"I2: {oid} was not written together with its verdict and its attempt")
        self._one_of_its_bar(intent)

    def _one_of_its_bar(self, intent: Intent) -> None:
        decision = self.get(DECISIONS, intent.signal_id) if intent.signal_id else None
        if intent.proposal.purpose is not Purpose.ENTRY:
            return
        if decision is None:
            self.wrong(f"I1: the entry {intent.client_oid} has no signal")
            return
        signal = decision.signal
        bar = (signal.symbol, signal.strategy, signal.bar.micros, intent.proposal.side.value)
        if self.signals.setdefault(bar, intent.id) != intent.id:
            self.wrong(f"I1: the bar {bar} was entered twice")

    def _lived(self, before: Intent, after: Intent) -> None:
        oid, was, now = after.client_oid, before.state, after.state
        if was is not now and now not in EDGES.get(was, ()):
            self.wrong(f"I10: {oid} went from {was} to {now}")
        if after.filled < before.filled or after.value < before.value:
            self.wrong(f"I10: what was executed of {oid} fell")
        if (before.client_oid, before.proposal, before.verdict_id, before.leader) != (
            (oid, after.proposal, after.verdict_id, after.leader)
        ):
            self.wrong(f"I10: {oid} became another order")
        if before.order_id is not None and after.order_id != before.order_id:
            self.wrong(f"I10: {oid} was {before.order_id} and is {after.order_id}")
        if was is not now and now in ENDED:
            self._ended(before, after)

    def _ended(self, before: Intent, after: Intent) -> None:
        oid = after.client_oid
        if after.state is not State.NOT_PLACED:
            if any(o.is_open for o in self.world.engine.truth[1].bearers(oid)):
                self.wrong(f"I10: {oid} is called {after.state} and is open at the exchange")
            if after.state is State.REJECTED and oid in self.accepted and not self._refused(oid):
                self.wrong(f"I5: {oid} is called REJECTED and was accepted")
            return
        if oid in self.accepted:
            self.wrong(f"I5: ABANDONED_BUT_LIVE: {oid} is called NOT_PLACED and was accepted")
        attempts = self.attempts(after)
        if before.state is State.UNKNOWN and not self._is_covered(oid, attempts):
            self.wrong(f"I5: {oid} is called NOT_PLACED without coverage")
        if before.state is State.SENDING and not all(map(_placed_nothing, attempts)):
            self.wrong(f"I5: {oid} is called NOT_PLACED though an attempt may have arrived")

    def _refused(self, oid: str) -> bool:
        """Whether the exchange itself refused what it had accepted."""
        orders = self.world.engine.books()["orders"]
        return any(o["client_oid"] == oid and o["status"] == "REJECTED" for o in orders)

    def _is_covered(self, oid: str, attempts: list[Attempt]) -> bool:
        if attempts and all(map(_placed_nothing, attempts)):
            return True
        # What an earlier life asked for with a nonce that nobody takes yet had left before this one began; a look of a later time is none.
        now = self.world.machine.tells(self.world.now())
        life, began = self.account().epoch, self.account().began_at.ms
        far = (now + HORIZON).ms
        nonces = (
            min(a.nonce, began) if a.epoch != life and a.nonce > far else a.nonce for a in attempts
        )
        after = Instant.of_ms(max(nonces, default=0)) + HORIZON
        asked = (each for each in self.all(ABSENCES) if each.client_oid == oid)
        looks = (each for each in asked if each.asked_at <= now)
        return len({each.source for each in looks if each.asked_at > after}) >= LOOKS

    def see_fills(self) -> None:
        """I7: an execution is booked once, with its entry, as it was, and for the order that was executed."""
        for before, after in self._changes(FILLS):
            if before is not None:
                if before.fill != after.fill or before.intent_id != after.intent_id:
                    self.wrong(f"I7: the execution {after.fill.trade_id} was booked over")
            else:
                self._booked(after)

    def _booked(self, booked: Booked) -> None:
        fill = booked.fill
        if not self._writes(ENTRIES, fill.trade_id):
            self.wrong(f"I7: the execution {fill.trade_id} was booked without its entry")
        true = self._trade(fill.trade_id)
        if true is None:
            self.wrong(f"I7: the execution {fill.trade_id} never happened")
            return
        done = true.done
        said = (fill.side, fill.quantity, fill.price, fill.fee, fill.fee_currency, fill.symbol)
        if said != (
            (done.side, done.quantity, done.price, done.fee, true.fee_currency, true.listed.symbol)
        ):
            self.wrong(f"I7: the execution {fill.trade_id} was booked otherwise than it was")
        if booked.intent_id != self.oids.get(true.client_oid):
            self.wrong(f"I7: the execution {fill.trade_id} was booked for another order")

    def _trade(self, trade_id: str) -> Any:  # noqa: ANN401 - the exchange's own
        trades = self.world.engine.truth[1].trades
        for trade in trades[len(self._trades) :]:
            self._trades[trade.id] = trade
        return self._trades.get(trade_id)

    def see_entries(self) -> None:
        """I8: an entry is written once, with all its postings, and they sum to zero in each currency."""
        for before, entry in self._changes(ENTRIES):
            sums: dict[str, Decimal] = {}
            for _, row in self._changes(POSTINGS):
                if row.cause == entry.cause:
                    sums[row.currency] = sums.get(row.currency, Decimal(0)) + row.amount
            if before is not None:
                self.wrong(f"I8: the entry {entry.cause} was written over")
            elif not sums or any(sums.values()):
                self.wrong(f"I8: the entry {entry.cause} does not sum to zero: {sums}")

    def see_postings(self) -> None:
        """I8: a posting is written with its entry, and never over another."""
        for before, row in self._changes(POSTINGS):
            if before is not None or not self._writes(ENTRIES, row.cause):
                self.wrong(f"I8: a posting of {row.cause} was written over, or later")

    def see_lots(self) -> None:
        """I8: nobody holds less than nothing of a lot, or more than was bought."""
        for _, lot in self._changes(LOTS):
            if not 0 <= lot.remaining <= lot.bought:
                self.wrong(f"I8: the lot {lot.id} holds {lot.remaining} of {lot.bought}")

    def see_seals(self) -> None:
        """I20: seals are numbered one by one and never written over; the newest head is kept here, outside the books."""
        for before, seal in self._changes(SEALS):
            last = self.head.n if self.head else 0
            if before is not None or seal.n != last + 1:
                self.wrong(f"I20: seal {seal.n} was written after seal {last}")
            self.head = Head(seal.n, seal.head)

    def see_outbox(self) -> None:
        """I13: what is to be said is not changed, and what was said stays said."""
        for before, after in self._changes(OUTBOX):
            if before is None:
                continue
            if (before.text, before.dedup_key) != (after.text, after.dedup_key):
                self.wrong(f"I13: the message {after.id} was written over")
            if before.sent_at is not None and after.sent_at != before.sent_at:
                self.wrong(f"I13: the message {after.id} was said and is not said any more")


def is_shut(account: AccountRow) -> bool:
    """Whether a person keeps entries back."""
    return account.kill is not None or account.pause is not None or account.mode != account.venue


def _placed_nothing(attempt: Attempt) -> bool:
    return (attempt.outcome or "").partition(":")[0] in PLACED_NOTHING


# In this order: what later ones compare with was seen by earlier ones.
CHECKS: Final[dict[str, Callable[[Commits], None]]] = {
    ACCOUNT.name: Commits.see_account,
    VERDICTS.name: Commits.see_verdicts,
    INTENTS.name: Commits.see_intents,
    ATTEMPTS.name: Commits.see_attempts,
    FILLS.name: Commits.see_fills,
    ENTRIES.name: Commits.see_entries,
    POSTINGS.name: Commits.see_postings,
    LOTS.name: Commits.see_lots,
    OUTBOX.name: Commits.see_outbox,
    SEALS.name: Commits.see_seals,
}
