"""The tables of the books, one per kind of thing, but for the intent, which has a page of its own.

Some things carry beside them what only the books need to know: which verdict an attempt stands on, which intent a fill belongs to.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from interlock.account import Balance, DayOpen, EquityPoint, Kill, Lot, Mode, Switches, Tenure
from interlock.evidence.incident import Incident
from interlock.evidence.proof import AuditRun
from interlock.evidence.requests import OwnersRequest
from interlock.evidence.seal import Seal
from interlock.evidence.telling import Message, Mute
from interlock.evidence.timeline import Step
from interlock.ledger.book import Account, Posting
from interlock.orders.evidence import Absent, Fill, Listening, Parked
from interlock.orders.intent import Attempt
from interlock.risk.verdict import Approved, Verdict
from interlock.store.codec import flat
from interlock.store.rows import Table
from interlock.strategy.signal import Signal
from interlock.strategy.throttle import ThrottleState
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant


@dataclass(frozen=True, slots=True)
class AccountRow:
    """The one row that each money transaction locks: whose books these are, whose turn it is, and what may be entered.

    `opened_at` is the reading from which the opening entries were made, `read_at` the newest reading of the wallet;
    `unknown_why` says why nothing is known of the wallet at present. `clock_offset` is how many microseconds the exchange's clock
    was ahead of ours at that reading. `armed_at` began the first stage of LIVE (None: it began with the books), `widened_at` ended it.
    `free_margin` is what was left for initial margin at that reading, in account currency.
    """

    venue: Mode
    install_id: str
    epoch: int
    began_at: Instant
    last_nonce: int = 0
    mode: Mode = Mode.OFF
    kill_who: str | None = None
    kill_why: str | None = None
    kill_at: Instant | None = None
    mute_who: str | None = None
    mute_why: str | None = None
    mute_at: Instant | None = None
    opened_at: Instant | None = None
    read_at: Instant | None = None
    unknown_why: str | None = "the account was never read"
    clock_offset: int | None = None
    pause_who: str | None = None
    pause_why: str | None = None
    pause_at: Instant | None = None
    armed_at: Instant | None = None
    widened_at: Instant | None = None
    free_margin: Decimal | None = None

    @property
    def pause(self) -> Kill | None:
        """The pause; engaged in part is engaged."""
        if self.pause_who is None and self.pause_why is None and self.pause_at is None:
            return None
        at = self.pause_at or self.began_at
        return Kill(self.pause_who or "unknown", self.pause_why or "", at)

    @property
    def kill(self) -> Kill | None:
        """The kill switch; engaged in part is engaged."""
        if self.kill_who is None and self.kill_why is None and self.kill_at is None:
            return None
        return Kill(self.kill_who or "unknown", self.kill_why or "", self.kill_at or self.began_at)

    @property
    def mute(self) -> Mute | None:
        """The mute; one that cannot be read whole is none, so that nobody is kept in the dark by a broken row."""
        if self.mute_who is None or self.mute_why is None or self.mute_at is None:
            return None
        return Mute(self.mute_who, self.mute_why, self.mute_at)

    @property
    def tenure(self) -> Tenure:
        """The current tenure."""
        return Tenure(self.epoch, self.install_id, self.venue, self.began_at)

    def switches(self, bound: Mode, *, enabled: bool) -> Switches:
        """The switches, with what the environment admits."""
        return Switches(self.mode, bound, self.venue, self.kill, enabled, pause=self.pause)


@dataclass(frozen=True, slots=True)
class Offered:
    """What was shown to the owner who wants to arm, and until when (on the wall's clock) they may confirm exactly that."""

    code: str
    what: str
    who: str
    why: str
    offer: str
    until: Instant


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one setting changed: by whom, from what, to what, and why."""

    at: Instant
    who: str
    subject: str
    field: str
    old: str | None
    new: str | None
    why: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict as it was given."""

    id: str
    at: Instant
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Decision:
    """A signal, and what became of it."""

    signal: Signal
    at: Instant
    outcome: str
    code: str | None
    verdict_id: str | None
    intent_id: str | None
    exits: tuple[str, ...] = ()
    alert: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """An attempt, the verdict that it stands on (a cancel has none), and when it was answered."""

    attempt: Attempt
    verdict_id: str | None
    answered_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """An execution, the intent that it belongs to (None: not ours), and when it was booked (None: it was not kept then)."""

    fill: Fill
    intent_id: str | None
    booked_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Owed:
    """So much that the exchange says was executed of an ended order is not booked yet, in base."""

    intent_id: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class EntryHead:
    """An entry of the ledger without its postings."""

    cause: str
    at: Instant


@dataclass(frozen=True, slots=True)
class PostingRow:
    """The n-th posting of an entry."""

    cause: str
    n: int
    account: Account
    currency: str
    amount: Decimal

    @property
    def posting(self) -> Posting:
        """The posting itself."""
        return Posting(self.account, self.currency, self.amount)


@dataclass(frozen=True, slots=True)
class Tries:
    """How the last attempts to say something went; there is one row of it, or none before the first attempt."""

    last_send_ok: bool
    failures_in_row: int
    tried_at: Instant


THE_ACCOUNT: Final = 1
THE_MESSENGER: Final = 1
OPEN: Final = 1

ACCOUNT: Final = flat(
    "account", AccountRow, key=("id",), clock="id", derived={"id": lambda _: THE_ACCOUNT}
)
CHANGES: Final = flat("settings_changes", Change, key=(), clock="at")
WATCHLIST: Final = flat("watchlist_items", WatchlistRow, key=("symbol",), clock="symbol")
THROTTLES: Final = flat(
    "throttle_states", ThrottleState, key=("side", "symbol", "strategy"), clock="symbol"
)
VERDICTS: Final = flat(
    "verdicts",
    Judged,
    key=("id",),
    clock="at",
    derived={
        "answer": lambda j: "APPROVED" if isinstance(j.verdict, Approved) else "BLOCKED",
        "code": lambda j: None if isinstance(j.verdict, Approved) else j.verdict.code,
    },
)
DECISIONS: Final = flat(
    "decisions",
    Decision,
    key=("id",),
    clock="at",
    derived={
        "id": lambda d: d.signal.id,
        "symbol": lambda d: d.signal.symbol,
        "strategy_key": lambda d: d.signal.strategy,
        "bar_time": lambda d: d.signal.bar.micros,
        "decision": lambda d: d.signal.decision.value,
    },
)
ATTEMPTS: Final = flat("send_attempts", Sent, key=("intent_id", "n"), clock="at", spread="attempt")
ABSENCES: Final = flat(
    "absences", Absent, key=("client_oid", "source", "asked_at"), clock="asked_at"
)
FILLS: Final = flat("fills", Booked, key=("trade_id",), clock="at", spread="fill")
STEPS: Final = flat("order_steps", Step, key=("intent_id", "n"), clock="at")
OWED: Final = flat(
    "owed_fills",
    Owed,
    key=("intent_id",),
    clock="intent_id",
    derived={"open": lambda owed: int(owed.quantity > 0)},
)
PARKED: Final = flat(
    "parked_events",
    Parked,
    key=("key",),
    clock="at",
    derived={"open": lambda parked: int(parked.outcome is None)},
)
LISTENING: Final = flat(
    "user_stream", Listening, key=("id",), clock="id", derived={"id": lambda _: THE_ACCOUNT}
)
ENTRIES: Final = flat("entries", EntryHead, key=("cause",), clock="at")
POSTINGS: Final = flat("postings", PostingRow, key=("cause", "n"), clock="n")
LOTS: Final = flat(
    "lots",
    Lot,
    key=("id",),
    clock="opened_at",
    derived={"open": lambda lot: int(lot.closed_at is None)},
)
EQUITY: Final = flat("equity_records", EquityPoint, key=("at",), clock="at")
BALANCES: Final = flat("balances", Balance, key=("currency",), clock="currency")
DAYS: Final = flat("day_opens", DayOpen, key=("day",), clock="day")
INCIDENTS: Final = flat(
    "incidents",
    Incident,
    key=("fingerprint",),
    clock="opened_at",
    derived={"open": lambda incident: int(incident.closed_at is None)},
)
OFFERS: Final = flat(
    "arm_offers", Offered, key=("id",), clock="until", derived={"id": lambda _: THE_ACCOUNT}
)
REQUESTS: Final = flat(
    "owner_requests",
    OwnersRequest,
    key=("id",),
    clock="at",
    derived={"open": lambda asked: int(asked.answered_at is None)},
)
AUDITS: Final = flat("audit_runs", AuditRun, key=("at",), clock="at")
SEALS: Final = flat("seals", Seal, key=("n",), clock="n")


def _outbox(clock: str) -> Table[Message]:
    """One table, asked by one of its times."""
    return flat(
        "outbox",
        Message,
        key=("id",),
        clock=clock,
        derived={"open": lambda m: int(m.sent_at is None and m.expired_at is None)},
    )


OUTBOX: Final = _outbox("id")
OUTBOX_DUE: Final = _outbox("due_at")
OUTBOX_AGED: Final = _outbox("at")
TRIES: Final = flat(
    "messenger", Tries, key=("id",), clock="id", derived={"id": lambda _: THE_MESSENGER}
)
# Every table but that of the intents, which has a page of its own.
TABLES: Final[tuple[Table[Any], ...]] = (
    *(
        ACCOUNT,
        OFFERS,
        CHANGES,
        WATCHLIST,
        THROTTLES,
        VERDICTS,
        DECISIONS,
        ATTEMPTS,
        ABSENCES,
        FILLS,
        OWED,
    ),
    *(
        STEPS,
        ENTRIES,
        POSTINGS,
        LOTS,
        EQUITY,
        BALANCES,
        DAYS,
        INCIDENTS,
        REQUESTS,
        AUDITS,
        OUTBOX,
        TRIES,
    ),
    *(PARKED, LISTENING, SEALS),
)
