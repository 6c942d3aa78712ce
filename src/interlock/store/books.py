"""The books of one account: the transactions that the port names, each begun, done and committed as one.

They are written once, over rows; whether a database or a dictionary keeps the rows makes no difference to what is decided here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from interlock.account import (
    AccountReading,
    DayOpen,
    Lot,
    Mode,
    Standing,
    Switches,
    Tenure,
    Transfer,
)
from interlock.errors import BadInput, WrongVenue
from interlock.evidence.incident import Incident
from interlock.evidence.picture import Decided, Picture
from interlock.evidence.proof import AuditRun
from interlock.evidence.requests import Offer, OwnersRequest
from interlock.evidence.seal import Head, Seal, Verified
from interlock.evidence.telling import Message, Mute, Saying
from interlock.evidence.timeline import OrderRecord
from interlock.ledger.book import Entry
from interlock.orders import learning as words
from interlock.orders.evidence import Answer, Evidence, Fill, Listening, Parked
from interlock.orders.intent import Attempt, Intent
from interlock.orders.ruling import Ruling
from interlock.reconcile.adoption import Adopted
from interlock.risk.verdict import Verdict
from interlock.store import (
    adopting,
    arming,
    journal,
    learning,
    order_path,
    outbox,
    parking,
    restoring,
    sealing,
)
from interlock.store.again import again
from interlock.store.entries import read_entries
from interlock.store.intent_rows import INTENTS
from interlock.store.margin import end_locks, watch_leverage
from interlock.store.order_news import tell_order
from interlock.store.order_record import order_record
from interlock.store.records import (
    ACCOUNT,
    DAYS,
    FILLS,
    INCIDENTS,
    LISTENING,
    OPEN,
    OWED,
    REQUESTS,
    WATCHLIST,
    AccountRow,
)
from interlock.store.restoring import Floor
from interlock.store.rows import Ground, Left, Rows
from interlock.store.standing import (
    Terms,
    account_of,
    keep_reading,
    opened_account,
    standing_of,
    switches_of,
)
from interlock.store.transfers import book_transfers
from interlock.strategy.proposal import Purpose
from interlock.strategy.signal import Signal
from interlock.strategy.throttle import ThrottleState
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, Unknown


class RowBooks:
    """The port `Books` over rows. `install_id` is used once, when the books are made; afterwards the stored one speaks."""

    def __init__(self, ground: Ground, terms: Terms, install_id: str) -> None:
        if not install_id:
            raise BadInput("An installation has an id.")
        self._ground = ground
        self._terms = terms
        self._install_id = install_id

    def close(self) -> None:
        """Lets go of the file; nothing is lost by not calling it."""
        self._ground.close()

    # -- opening and switches
    @again
    def open(self, venue: Mode, now: Instant) -> Tenure:
        """Begins a tenure."""
        with self._ground.change(vital=True) as rows:
            account = account_of(rows)
            if account is None:
                account = self._founded(venue, now)
            if account.venue is not venue:
                raise WrongVenue(f"These books belong to {account.venue}, not to {venue}.")
            account = replace(account, epoch=account.epoch + 1, began_at=now)
            rows.put(ACCOUNT, account)
            _recover(rows, now)
            return account.tenure

    @again
    def switch(
        self, who: str, why: str, now: Instant, *, mode: Mode | None, kill: bool | None
    ) -> Switches:
        """Changes mode or kill switch, with who, why and when."""
        with self._ground.change(vital=True) as rows:
            return journal.switch(rows, self._terms, who, why, now, mode, kill=kill)

    def switches(self) -> Switches:
        """The switches as they stand."""
        with self._ground.look() as rows:
            return switches_of(account_of(rows), self._terms)

    @again
    def pause(self, who: str, why: str, now: Instant, *, on: bool) -> Switches:
        """Keeps new entries back, or lets them be made again, with who, why and when."""
        with self._ground.change(vital=True) as rows:
            return arming.pause(rows, self._terms, who, why, now, on=on)

    @again
    def offer_arm(self, offered: Offer) -> tuple[str, ...]:
        """Writes that the owner wants to arm, and says what would change."""
        with self._ground.change() as rows:
            return arming.offer(rows, self._terms, offered)

    @again
    def confirm_arm(self, code: str, wall: Instant, now: Instant) -> Switches:
        """Arms exactly what was shown under this code."""
        with self._ground.change() as rows:
            return arming.confirm(rows, self._terms, code, wall, now)

    @again
    def clear_daily_loss(self, who: str, why: str, now: Instant) -> bool:
        """Clears today's daily-loss latch, with who, why and when."""
        with self._ground.change() as rows:
            return journal.clear_daily_loss(rows, self._terms, who, why, now)

    @again
    def mute(self, who: str, why: str, now: Instant, *, on: bool) -> Mute | None:
        """Keeps the owner's messages back, or lets them go again, with who, why and when."""
        with self._ground.change() as rows:
            return journal.mute(rows, who, why, now, on=on)

    @again
    def watch(self, row: WatchlistRow, who: str, now: Instant) -> WatchlistRow:
        """Adds or edits one row of the watchlist."""
        with self._ground.change() as rows:
            return journal.watch(rows, row, who, now)

    # -- the order path
    @again
    def rule(
        self,
        epoch: int,
        now: Instant,
        ruling: Callable[[Standing, Mapping[str, ThrottleState]], Ruling],
    ) -> tuple[Ruling, Attempt | None]:
        """The one transaction of an order."""
        with self._ground.change() as rows:
            return order_path.rule(rows, self._terms, epoch, now, ruling)

    @again
    def further_attempt(
        self, epoch: int, now: Instant, intent_id: str, verdict: Verdict
    ) -> Attempt | None:
        """A further attempt of the same intent, or None when the verdict blocks or the order may not be asked for again."""
        with self._ground.change() as rows:
            return order_path.further_attempt(rows, epoch, now, intent_id, verdict)

    @again
    def cancel_attempt(self, epoch: int, now: Instant, intent_id: str) -> Attempt | None:
        """A durable attempt to cancel, and CANCELLING."""
        with self._ground.change(vital=True) as rows:
            return order_path.cancel_attempt(rows, epoch, now, intent_id)

    @again
    def nonce(self, epoch: int, now: Instant) -> int:
        """The next nonce."""
        with self._ground.change(vital=True) as rows:
            return order_path.next_nonce(rows, order_path.held(rows, epoch), now)

    @again
    def may_send(self, attempt: Attempt, now: Instant, purpose: Purpose) -> bool:
        """Says whether the bytes may leave, right before the first of them."""
        with self._ground.change(vital=True) as rows:
            return order_path.may_send(rows, self._terms, attempt, now, purpose)

    @again
    def answered(self, attempt: Attempt, answer: Answer, now: Instant) -> Intent:
        """Records the answer and moves the life."""
        with self._ground.change(vital=True) as rows:
            return order_path.answered(rows, attempt, answer, now)

    @again
    def learn(self, epoch: int, now: Instant, evidence: Evidence) -> tuple[Intent, ...]:
        """Books evidence; returns the intents that changed."""
        with self._ground.change(vital=True) as rows:
            return learning.learn(rows, order_path.held(rows, epoch), now, evidence)

    @again
    def adopt(self, epoch: int, now: Instant, found: Sequence[Adopted]) -> None:
        """Writes orders that restored books did not know as intents again."""
        with self._ground.change() as rows:
            adopting.adopt(rows, order_path.held(rows, epoch), now, found)

    @again
    def flag_exit(self, epoch: int, now: Instant, lot_id: str, reason: str) -> None:
        """Makes the closing of a lot a durable plan."""
        with self._ground.change() as rows:
            order_path.held(rows, epoch)
            order_path.flag(rows, now, lot_id, reason)

    @again
    def raise_high(self, epoch: int, now: Instant, lot_id: str, bid: Decimal) -> None:  # noqa: ARG002 - the port's own list
        """Keeps the highest bid that an open lot has seen."""
        with self._ground.change() as rows:
            order_path.held(rows, epoch)
            order_path.raise_high(rows, lot_id, bid)

    @again
    def raise_stop(self, epoch: int, now: Instant, lot_id: str, level: Decimal, why: str) -> None:
        """Keeps the least that the stop of a lot stands at."""
        with self._ground.change() as rows:
            order_path.held(rows, epoch)
            order_path.raise_stop(rows, now, lot_id, level, why)

    # -- account and evidence
    @again
    def account_read(self, now: Instant, reading: AccountReading | Unknown) -> None:
        """Keeps what the exchange said of the wallet."""
        with self._ground.change() as rows:
            account = opened_account(rows)
            if isinstance(reading, Unknown):
                rows.put(ACCOUNT, replace(account, unknown_why=reading.why))
            else:
                keep_reading(rows, account, reading, self._terms.limits, now)
                end_locks(rows, now)
                watch_leverage(rows, reading, now)

    @again
    def transferred(
        self, epoch: int, now: Instant, transfers: Sequence[Transfer]
    ) -> tuple[Transfer, ...]:
        """Books what came or went without an order."""
        with self._ground.change() as rows:
            return book_transfers(rows, order_path.held(rows, epoch), transfers, now)

    def day(self, now: Instant) -> DayOpen | None:
        """How this UTC day began."""
        with self._ground.look() as rows:
            return rows.get(DAYS, now.day())

    @again
    def note(
        self,
        now: Instant,
        *,
        signals: Sequence[Signal] = (),
        incidents: Sequence[Incident] = (),
        closed: Sequence[str] = (),
        audit: AuditRun | None = None,
    ) -> None:
        """Journals what moves no money."""
        with self._ground.change() as rows:
            journal.note(rows, now, signals, incidents, closed, audit)

    @again
    def request(self, asked: OwnersRequest) -> None:
        """Writes what the owner asks of the engine."""
        with self._ground.change() as rows:
            opened_account(rows)
            rows.add(REQUESTS, asked)

    @again
    def answer_request(self, epoch: int, asked: OwnersRequest) -> None:
        """Keeps the answer to a request, once."""
        with self._ground.change() as rows:
            order_path.held(rows, epoch)
            known = rows.get(REQUESTS, asked.id)
            if known is not None and known.answered_at is None:
                rows.put(REQUESTS, asked)

    def requested(self, request_id: str) -> OwnersRequest | None:
        """One request, answered or not."""
        with self._ground.look() as rows:
            return rows.get(REQUESTS, request_id)

    def requests(self) -> tuple[OwnersRequest, ...]:
        """Every request that was not answered yet, oldest first."""
        with self._ground.look() as rows:
            return tuple(rows.find(REQUESTS, open=OPEN))

    @again
    def heard(self, message_id: int, outcome: Saying, now: Instant) -> None:
        """Keeps what became of one message of the outbox."""
        with self._ground.change() as rows:
            outbox.heard(rows, message_id, outcome, now)

    @again
    def listening(self, how: Listening) -> None:
        """Keeps how the user stream stands."""
        with self._ground.change() as rows:
            rows.put(LISTENING, how)

    @again
    def restored(self, floor: Floor, who: str, why: str, now: Instant) -> Tenure:
        """Says in books that came from a backup that they did: nothing is entered until somebody has looked."""
        with self._ground.change() as rows:
            return restoring.restored(rows, self._terms, floor, who, why, now)

    @again
    def seal(self, now: Instant) -> Seal | None:
        """Seals what the journal holds since the last seal; nothing is locked when that is nothing."""
        with self._ground.look() as rows:
            if not sealing.unsealed(rows, sealing.last_seal(rows)):
                return None
        with self._ground.change() as rows:
            return sealing.seal(rows, now)

    # -- reading
    def verify_journal(self, outside: Head | Unknown | None) -> Verified:
        """The journal against its seals; where they hold, orders and ledger against the journal."""
        with self._ground.look() as rows:
            found = sealing.verified(rows, outside)
            return replace(found, wrong=sealing.rebuilt(rows)) if found.holds else found

    def parked(self) -> tuple[Parked, ...]:
        """What was heard of ids that nobody knows and still waits, oldest first."""
        with self._ground.look() as rows:
            return tuple(parking.waiting(rows))

    def undelivered(self, now: Instant, limit: int) -> tuple[Message, ...]:
        """What is still to be said."""
        with self._ground.look() as rows:
            account = account_of(rows)
            is_muted = account is not None and account.mute is not None
            return () if is_muted else outbox.undelivered(rows, now, limit)

    def watchlist(self) -> tuple[WatchlistRow, ...]:
        """Every row, the deleted ones too, by symbol."""
        with self._ground.look() as rows:
            return tuple(sorted(rows.sound(WATCHLIST)[0], key=lambda row: row.symbol))

    def standing(self, now: Instant) -> Standing:
        """The standing without a lock."""
        with self._ground.look() as rows:
            return standing_of(rows, self._terms, now)

    def live_intents(self) -> tuple[tuple[Intent, tuple[Attempt, ...]], ...]:
        """Every intent that has not ended, or whose executions are not fully booked, with its attempts."""
        with self._ground.look() as rows:
            owed = (rows.get(INTENTS, each.intent_id) for each in rows.find(OWED, open=OPEN))
            sound, _ = rows.sound(INTENTS, live=OPEN)
            live = [*sound, *(each for each in owed if each is not None)]
            return tuple((intent, order_path.attempts_of(rows, intent)) for intent in live)

    def intents(self) -> tuple[Intent, ...]:
        """Every intent, oldest first."""
        with self._ground.look() as rows:
            return tuple(rows.find(INTENTS))

    def open_marks(self) -> frozenset[str]:
        """The fingerprints of all incidents that are open."""
        with self._ground.look() as rows:
            return frozenset(each.fingerprint for each in rows.find(INCIDENTS, open=OPEN))

    def open_lots(self) -> tuple[tuple[Lot, tuple[Intent, ...]], ...]:
        """Every open lot with all intents that serve it."""
        with self._ground.look() as rows:
            return journal.open_lots(rows)

    def unreadable(self) -> tuple[str, ...]:
        """The rows that cannot be read, each by its table and key."""
        with self._ground.look() as rows:
            return journal.unreadable(rows)

    def entries(self) -> tuple[Entry, ...]:
        """The whole ledger, oldest first."""
        with self._ground.look() as rows:
            return read_entries(rows)

    def fills(self) -> tuple[Fill, ...]:
        """All executions booked, oldest first."""
        with self._ground.look() as rows:
            return tuple(booked.fill for booked in rows.find(FILLS))

    def picture(self, now: Instant, *, limit: int = 200) -> Picture:
        """Everything to show."""
        with self._ground.look() as rows:
            return journal.picture(rows, self._terms, now, limit)

    def decided(self, symbol: str, at: Instant | None) -> Decided | None:
        """The newest decision about a symbol, or the one in force at an instant."""
        with self._ground.look() as rows:
            return journal.decided(rows, symbol, at)

    def order_record(self, named: str) -> OrderRecord | None:
        """All that is kept of one order."""
        with self._ground.look() as rows:
            return order_record(rows, named)

    def tenure(self) -> Tenure | None:
        """Whose turn it is, from the account's row alone; None before the books were first opened."""
        with self._ground.look() as rows:
            account = account_of(rows)
            return account.tenure if account else None

    def table_names(self) -> frozenset[str]:
        """The names of the tables that are really there."""
        return self._ground.table_names()

    def remains(self, now: Instant) -> tuple[Picture, Standing, journal.OpenLots]:
        """What can be read although tables are missing, and which."""
        tables = self._ground.table_names()
        with self._ground.look() as rows:
            return journal.remains(Left(rows, tables), self._terms, now)

    def version(self) -> int:
        """A number that moves when anything was committed, by this process or another."""
        return self._ground.version()

    def _founded(self, venue: Mode, now: Instant) -> AccountRow:
        """New books: mode OFF, kill clear, no tenure yet."""
        if venue is Mode.OFF:
            raise BadInput("Books belong to SIM or to LIVE; OFF is no venue.")
        return AccountRow(venue, self._install_id, epoch=0, began_at=now)


def _recover(rows: Rows, now: Instant) -> None:
    """What an earlier tenure was sending has an unknown outcome."""
    for intent in rows.find(INTENTS, live=OPEN):
        after = words.interrupted(intent, order_path.attempts_of(rows, intent), now)
        if after != intent:
            rows.put(INTENTS, after)
            tell_order(rows, intent, after, now, "restart")
