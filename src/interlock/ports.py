"""Every need of the desk, on one page. Four seams: Transport, Books with MarketFile (the store), Clock, Notifier.

Everything else runs unchanged in live, demo, rehearsal and test. `Exchange` is what the desk asks of the client, which stands
over the Transport. A transaction of the store is a plain function without an await: it is committed when it returns, or nothing of it is.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Protocol

from interlock.account import (
    AccountReading,
    DayOpen,
    FeeRate,
    Lot,
    Mode,
    Standing,
    Switches,
    Tenure,
    Transfer,
)
from interlock.evidence.incident import Incident
from interlock.evidence.picture import Decided, Picture
from interlock.evidence.proof import AuditRun
from interlock.evidence.requests import Offer, OwnersRequest
from interlock.evidence.seal import Seal
from interlock.evidence.telling import Message, Mute, Saying
from interlock.evidence.timeline import OrderRecord
from interlock.ledger.book import Entry
from interlock.market import Bar, Tick, Window
from interlock.orders.evidence import (
    Absent,
    Answer,
    Evidence,
    Fill,
    Heard,
    Listening,
    OrderFact,
    Parked,
)
from interlock.orders.intent import Attempt, Intent
from interlock.orders.ruling import Ruling
from interlock.reconcile.adoption import Adopted
from interlock.risk.verdict import Verdict
from interlock.strategy.contract import Declared
from interlock.strategy.manage import Held
from interlock.strategy.proposal import Purpose
from interlock.strategy.signal import Opinion, Signal
from interlock.strategy.throttle import ThrottleState
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, Instrument, Known, Unknown

# ---------------------------------------------------------------- transport


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: HTTP status, the exact bytes, and the server's own time from its Date header (None: unreadable)."""

    status: int
    body: bytes
    date: Instant | None = None


Gate = Callable[[], None]
"""Asked in the step that writes the first byte of a request; raises NotSent when these bytes must not leave any more."""


def open_gate() -> None:
    """Whatever asks may always leave."""


class Transport(Protocol):
    """Carries the bytes of one request to the exchange. It does not retry, redirect, sign or read."""

    async def request(self, verb: str, path: str, body: bytes, gate: Gate = open_gate) -> Reply:
        """The reply; raises NotSent when no byte left, Unreachable when bytes left and no whole reply came."""


class Line(Protocol):
    """One open socket to the exchange: whole frames, in order, until it breaks. It answers nothing by itself and reads nothing."""

    async def say(self, frame: bytes) -> None:
        """Sends one frame; raises Unreachable when the line is broken."""

    async def hear(self) -> bytes:
        """The next frame; raises Unreachable when the line is broken."""

    async def hang_up(self) -> None:
        """Ends the line; once it is broken this does nothing."""


Dial = Callable[[], Awaitable[Line]]
"""Opens a line; raises NotSent when nobody answers. It does not try again."""

# ---------------------------------------------------------------- exchange client


class Exchange(Protocol):
    """What the desk asks of the exchange. Reads raise Refused, Unreachable or NotSent; requests that act answer with a value."""

    async def instruments(self) -> tuple[Instrument, ...]:
        """Every spot instrument, with its minimum notional where the exchange names one."""

    async def ticks(self) -> tuple[Tick, ...]:
        """The newest prices of all symbols."""

    async def bars(self, symbol: str, span: timedelta, end: Instant, count: int) -> tuple[Bar, ...]:
        """Up to 300 bars that had closed by `end`, ascending; the forming bar is never among them."""

    async def account(self) -> AccountReading:
        """The wallet now."""

    async def fee_rate(self) -> FeeRate:
        """What a trade costs."""

    async def place(self, intent: Intent, nonce: int, gate: Gate = open_gate) -> Answer:
        """Asks for the order with exactly this nonce. Stop orders go to the advanced endpoint."""

    async def cancel(self, intent: Intent, nonce: int, gate: Gate = open_gate) -> Answer:
        """Asks to cancel the order; only its terminal state, read back, says that it is cancelled."""

    async def cancel_foreign(self, fact: OrderFact, nonce: int) -> Answer:
        """Asks to cancel an order that the exchange listed and nobody here asked for, by its order id."""

    def shut_until(self) -> Instant | None:
        """Until when no request that acts leaves, because the exchange does not accept us; None when it may."""

    async def order(self, intent: Intent) -> OrderFact | Absent:
        """The order by its client_oid at the detail endpoint of its kind."""

    async def open_orders(self, *, advanced: bool) -> tuple[OrderFact, ...]:
        """The complete list of open orders of one class: ordinary, or advanced (triggers)."""

    async def history(self, since: Instant, *, advanced: bool) -> tuple[OrderFact, ...]:
        """Orders of one class that ended since; raises Unreachable when the window could not be read to its end."""

    async def transfers(self, since: Instant) -> tuple[Transfer, ...]:
        """What came or went without an order since, by the exchange's journal, oldest first, complete."""

    async def fills(self, since: Instant) -> tuple[Fill, ...]:
        """Executions since, oldest first, complete; at most one call a second."""


class Stream(Protocol):
    """What the exchange says unasked of our orders, executions and wallet, while somebody listens."""

    async def open(self) -> None:
        """Listens from now on. Raises NotAuthorised, Refused, Unreachable or NotSent when that cannot be."""

    def is_open(self) -> bool:
        """Whether somebody listens: the line stands, and its heartbeat is not missing."""

    def take(self) -> Heard:
        """Everything that came since this was last asked, in order, and what made it less than whole."""

    async def prove(self) -> None:
        """Returns when all that was said before this call can be taken; raises Unreachable when nobody answers."""

    async def close(self) -> None:
        """Listens no more."""


# ---------------------------------------------------------------- clock and notifier


class Nudge(Protocol):
    """A contentless event, set after a commit. A lost one costs an interval, never a fact."""

    def set(self) -> None:
        """Somebody has something to do."""


class Clock(Protocol):
    """Two kinds of time: business time, which may step, and monotonic time, which only measures."""

    def now(self) -> Instant:
        """Business time: bars, freshness, nonce, day, deadlines."""

    def monotonic(self) -> float:
        """Seconds for intervals, time-outs and heartbeats."""

    def nudge(self, who: str) -> Nudge:
        """The bell that wakes the pass `who` before its time."""

    async def wait(self, who: str, until: Instant, backstop: float) -> None:
        """Lets the pass `who` rest until business time `until`, its nudge, or `backstop` monotonic seconds, whichever is first."""

    def attend(self, names: Sequence[str]) -> None:
        """Says which passes rest on this clock: where time steps, it steps when all of them rest."""

    async def settled(self) -> None:
        """Returns when nobody is in the middle of a simulated instant; at once where time is real."""


class Notifier(Protocol):
    """Says something to the owner, and knows whether it was heard."""

    async def send(self, text: str) -> str:
        """The id that the messenger gave the message.

        Raises Unreachable when it gave none, AskedToWait when it named a time before which it wants nothing more.
        """


# ---------------------------------------------------------------- strategies of the owner's own


class Strategist(Protocol):
    """Runs the owner's own strategies where they can harm nothing. It raises nothing: who was not heard is Unknown, with the reason."""

    async def declared(self, name: str) -> Declared | Unknown:
        """What the strategy of this name declares of itself."""

    async def ask(self, name: str, window: Window, lots: Sequence[Held] = ()) -> Opinion | Unknown:
        """What it says of the newest bar of this window, with an answer for each of these lots, within its deadline."""


# ---------------------------------------------------------------- store


class Books(Protocol):
    """The books of one account. Each method is one transaction; those that move money lock the account row first.

    A method raises StoreTrouble when the books cannot be read or written, LeaseLost when `epoch` is no longer current.
    """

    # -- opening and switches
    def open(self, venue: Mode, now: Instant) -> Tenure:
        """Begins a tenure.

        Stamps the venue at creation (WrongVenue if it is the other), counts the epoch up, and reads every intent in SENDING with an
        unanswered attempt as UNKNOWN. Starting is recovery.
        """

    def switch(
        self, who: str, why: str, now: Instant, *, mode: Mode | None, kill: bool | None
    ) -> Switches:
        """Changes mode or kill switch, with who, why and when; returns the switches as they now stand."""

    def switches(self) -> Switches:
        """The switches as they stand."""

    def pause(self, who: str, why: str, now: Instant, *, on: bool) -> Switches:
        """Keeps new entries back, or no longer, with who, why and when; an engaged pause keeps who engaged it."""

    def offer_arm(self, offered: Offer) -> tuple[str, ...]:
        """Writes that the owner wants to arm, and says what would change; nothing changes yet. A newer offer replaces an older."""

    def confirm_arm(self, code: str, wall: Instant, now: Instant) -> Switches:
        """Arms exactly what was shown under this code, once; BadInput for another code, a late one, or when that has changed."""

    def clear_daily_loss(self, who: str, why: str, now: Instant) -> bool:
        """Clears today's daily-loss latch, with who, why and when; whether there was one.

        BadInput while the day's loss is at its limit, or is not known: it would latch again at once, or nobody can say.
        """

    def mute(self, who: str, why: str, now: Instant, *, on: bool) -> Mute | None:
        """Keeps the owner's messages back, or lets them go again, with who, why and when; returns the mute as it now stands.

        While it is on, messages are written and none of them is due. An engaged mute keeps who engaged it.
        """

    def watch(self, row: WatchlistRow, who: str, now: Instant) -> WatchlistRow:
        """Adds or edits one row; a stale version is refused with BadInput; every changed field is journalled."""

    # -- the order path
    def rule(
        self,
        epoch: int,
        now: Instant,
        ruling: Callable[[Standing, Mapping[str, ThrottleState]], Ruling],
    ) -> tuple[Ruling, Attempt | None]:
        """The one transaction of an order.

        Locks the account, reads the standing and the throttle states (by `side:symbol:strategy`), asks the pure `ruling`, and
        writes signal, throttle, verdict, intent, reservation, exits and send attempt 1 together.  A signal whose id is already
        decided, or an intent whose key exists, is not written again: the earlier one is returned without an attempt. The nonce is
        max(last + 1, now in ms), kept in the account row.
        """

    def further_attempt(
        self, epoch: int, now: Instant, intent_id: str, verdict: Verdict
    ) -> Attempt | None:
        """A further attempt of the same intent (same client_oid, own nonce), or None when the verdict blocks.

        After NotSent or 42901, or, for PROTECT, REDUCE and FLATTEN in UNKNOWN, after a complete look that found nothing.
        """

    def cancel_attempt(self, epoch: int, now: Instant, intent_id: str) -> Attempt | None:
        """A durable attempt to cancel, and CANCELLING; None when the order has ended or is of unknown outcome."""

    def nonce(self, epoch: int, now: Instant) -> int:
        """The next nonce, for a request that belongs to no intent; kept in the account row before it is used."""

    def may_send(self, attempt: Attempt, now: Instant, purpose: Purpose) -> bool:
        """Right before the first byte.

        Is the epoch ours, the verdict at most 2 s old, and for an ENTRY every switch clear? When not, the attempt is recorded as
        not sent and its intent ends NOT_PLACED.
        """

    def answered(self, attempt: Attempt, answer: Answer, now: Instant) -> Intent:
        """Records the answer and moves the life.

        Accepted ACKED, Refused REJECTED, Unreachable UNKNOWN, NotSent NOT_PLACED; SEEN_BEFORE codes (204, 205, 40006) and a refused
        cancel prove no end and wait for evidence.
        """

    def learn(self, epoch: int, now: Instant, evidence: Evidence) -> tuple[Intent, ...]:
        """Books evidence.

        Lives move along the table, each fill once per trade id with its entry and its lot, absences are kept until they cover the
        horizon (NOT_PLACED). Fills of orders that are not ours touch no lot but are entries. Returns the intents that changed.
        What was heard of an id that nobody knows is parked, and read again with each later evidence.
        """

    def adopt(self, epoch: int, now: Instant, found: Sequence[Adopted]) -> None:
        """Writes orders that restored books did not know as intents again, once, and books what the exchange says of them."""

    def flag_exit(self, epoch: int, now: Instant, lot_id: str, reason: str) -> None:
        """Makes the closing of a lot a durable plan; a lot that has a reason keeps it."""

    def raise_high(self, epoch: int, now: Instant, lot_id: str, bid: Decimal) -> None:
        """Keeps the highest bid that an open lot has seen; a lower one changes nothing."""

    def raise_stop(self, epoch: int, now: Instant, lot_id: str, level: Decimal, why: str) -> None:
        """Keeps the least that the stop of a lot stands at; a lower one changes nothing, nor does any for a lot that none may move."""

    # -- account and evidence
    def account_read(self, now: Instant, reading: AccountReading | Unknown) -> None:
        """Keeps what the exchange said of the wallet.

        Equity record, day opening, daily-loss latch, opening entries at first sight. Unknown makes the figures unknown at once.
        """

    def transferred(
        self, epoch: int, now: Instant, transfers: Sequence[Transfer]
    ) -> tuple[Transfer, ...]:
        """Books what came or went without an order, once per journal id, and returns what was new.

        What the owner moved since the day opened is no gain and no loss of that day. What happened before the books began is in
        their opening, and is not booked.
        """

    def day(self, now: Instant) -> DayOpen | None:
        """How this UTC day began; None before its first reading."""

    def note(
        self,
        now: Instant,
        *,
        signals: Sequence[Signal] = (),
        incidents: Sequence[Incident] = (),
        closed: Sequence[str] = (),
        audit: AuditRun | None = None,
    ) -> None:
        """Journals what moves no money: WAIT signals (once per bar), incidents opened or repeated, fingerprints closed, an audit."""

    def request(self, asked: OwnersRequest) -> None:
        """Writes what the owner asks of the engine; whoever holds the account does it and answers."""

    def answer_request(self, epoch: int, asked: OwnersRequest) -> None:
        """Keeps the answer to a request, once."""

    def requested(self, request_id: str) -> OwnersRequest | None:
        """One request, answered or not."""

    def requests(self) -> tuple[OwnersRequest, ...]:
        """Every request that was not answered yet, oldest first."""

    def heard(self, message_id: int, outcome: Saying, now: Instant) -> None:
        """Keeps what became of one message of the outbox, named by our own id. One that was said or given up stays so."""

    def listening(self, how: Listening) -> None:
        """Keeps how the user stream stands."""

    def seal(self, now: Instant) -> Seal | None:
        """Chains what was written into the journal since the last seal, at most a page of it; None when nothing was."""

    # -- reading
    def parked(self) -> tuple[Parked, ...]:
        """What was heard of ids that nobody knows and still waits, oldest first."""

    def undelivered(self, now: Instant, limit: int) -> tuple[Message, ...]:
        """What is still to be said: first what is due, the oldest first, then what waits for a further try; at most `limit`.

        Nothing while the messenger is muted.
        """

    def watchlist(self) -> tuple[WatchlistRow, ...]:
        """Every row, the deleted ones too, by symbol."""

    def standing(self, now: Instant) -> Standing:
        """The standing without a lock, for looking and probing."""

    def live_intents(self) -> tuple[tuple[Intent, tuple[Attempt, ...]], ...]:
        """Every intent that has not ended, or whose executions are not fully booked, with its attempts."""

    def intents(self) -> tuple[Intent, ...]:
        """Every intent, oldest first."""

    def open_marks(self) -> frozenset[str]:
        """The fingerprints of all incidents that are open."""

    def open_lots(self) -> tuple[tuple[Lot, tuple[Intent, ...]], ...]:
        """Every open lot with all intents that serve it."""

    def unreadable(self) -> tuple[str, ...]:
        """Rows of open lots, legs, live intents and watchlist that cannot be read and are left out; they block entries alone."""

    def entries(self) -> tuple[Entry, ...]:
        """The whole ledger, oldest first."""

    def fills(self) -> tuple[Fill, ...]:
        """All executions booked, oldest first."""

    def picture(self, now: Instant, *, limit: int = 200) -> Picture:
        """Everything to show; heartbeats and ticks are the market file's and come empty."""

    def decided(self, symbol: str, at: Instant | None) -> Decided | None:
        """The newest decision about a symbol, or the one in force at an instant."""

    def order_record(self, named: str) -> OrderRecord | None:
        """All that is kept of the order with this id or beginning of one; BadInput when several bear it, or it is too short."""

    def version(self) -> int:
        """A number that moves when anything was committed, by this process or another."""


class MarketFile(Protocol):
    """What the market said, in a file of its own that may be deleted and refilled."""

    def keep_bars(self, bars: Sequence[Bar]) -> None:
        """Stores closed bars, each once."""

    def keep_ticks(self, ticks: Sequence[Tick]) -> None:
        """Stores the newest tick per symbol."""

    def beat(self, who: str, now: Instant) -> None:
        """A loop finished a cycle."""

    def keep_instruments(self, listed: Sequence[Instrument], now: Instant) -> None:
        """Keeps what is listed now in place of what was listed before."""

    def instrument(self, symbol: str) -> Known[Instrument] | Unknown:
        """One instrument as of its last listing, however old, or why it is unknown."""

    def window(self, symbol: str, span: timedelta, count: int) -> Window:
        """The newest `count` closed bars."""

    def ticks(self) -> Mapping[str, Tick]:
        """The newest tick per symbol."""

    def heartbeats(self) -> Mapping[str, Instant]:
        """When each loop last finished a cycle."""
