"""What is shown of the books: every decision with what became of it, and the whole of them read in one go."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from interlock.account import Balance, DayOpen, EquityPoint, Figures, Lot, Switches, Tenure
from interlock.evidence.incident import Incident
from interlock.evidence.proof import AuditRun
from interlock.evidence.telling import Delivery
from interlock.market import Tick
from interlock.orders.evidence import Listening
from interlock.orders.intent import Intent
from interlock.risk.verdict import Verdict
from interlock.strategy.signal import Signal
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, Known, Unknown


@dataclass(frozen=True, slots=True)
class Decided:
    """A stored decision with what became of it: the record that `why` shows.

    `outcome` is one of WAIT, SUPPRESSED, ORDERED, EXIT, BLOCKED; `code` the stored reason code; the verdict carries all objections.
    """

    signal: Signal
    at: Instant
    outcome: str
    code: str | None
    verdict: Verdict | None
    intent_id: str | None


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that the API shows, read in one go: newest first where it is a list of events; `missing` are tables that are gone."""

    at: Instant
    tenure: Tenure | None
    switches: Switches
    figures: Known[Figures] | Unknown
    balances: Known[Mapping[str, Balance]] | Unknown
    day: DayOpen | None
    watchlist: tuple[WatchlistRow, ...]
    lots: tuple[Lot, ...]
    intents: tuple[Intent, ...]
    decisions: tuple[Decided, ...]
    equity: tuple[EquityPoint, ...]
    incidents: tuple[Incident, ...]
    audits: tuple[AuditRun, ...]
    heartbeats: Mapping[str, Instant] = field(default_factory=dict)
    ticks: Mapping[str, Tick] = field(default_factory=dict)
    delivery: Delivery = field(default_factory=Delivery)
    listening: Listening | None = None
    missing: tuple[str, ...] = ()
