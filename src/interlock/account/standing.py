"""The standing: one consistent picture of the account, read under the account's lock, on which a trade is judged."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from interlock.account.figures import Balance, DayOpen, Figures
from interlock.account.funding import Funding, Margin
from interlock.account.lots import Lot
from interlock.account.switches import Switches
from interlock.values import Instant, Known, Side, Unknown


@dataclass(frozen=True, slots=True)
class InFlight:
    """An intent whose end is not known to us: counted as if it had been filled.

    `reserved` is in quote; `state` is a word of the one life table; `limit` is its limit price in quote per base, if it has one.
    """

    intent_id: str
    symbol: str
    base: str
    side: Side
    purpose: str
    funding: Funding
    reserved: Decimal
    state: str
    lot_id: str | None
    limit: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Freeze:
    """Entries on `scope` (a symbol or a currency) are frozen, and why."""

    scope: str
    code: str
    why: str


@dataclass(frozen=True, slots=True)
class Stage:
    """The first stage of LIVE: small orders, one position at a time, until a person widens it. `made` counts the orders in it."""

    made: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What the judge may know. Whatever could not be read is Unknown with its why, and blocks.

    `clock` is how far the exchange's clock is ahead of ours. `entry_keys` are the wishes that were asked for lately, `messages`
    the requests of the last minute, `executions` the entries of the last hour that bought or may have. `disarmed` says why
    entering waits for a person. `naked` are the lots whose stop is not confirmed past its deadline. `stage` is None once it was
    widened, and in SIM.
    """

    switches: Switches
    figures: Known[Figures] | Unknown
    balances: Known[Mapping[str, Balance]] | Unknown
    day: DayOpen | None
    lots: tuple[Lot, ...] = ()
    in_flight: tuple[InFlight, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    entries_today: Mapping[str, int] = field(default_factory=dict)
    last_entry: Mapping[str, Instant] = field(default_factory=dict)
    breaker: str | None = None
    epoch: int | None = None
    clock: Known[timedelta] | Unknown = Unknown("the exchange's clock was never read")  # noqa: RUF009 - frozen: safe as a default
    entry_keys: frozenset[str] = frozenset()
    messages: int = 0
    executions: int = 0
    disarmed: str | None = None
    naked: tuple[str, ...] = ()
    stage: Stage | None = None

    def open_positions(self, base: str | None = None) -> int:
        """Lots above dust plus entries in flight without a lot yet; of one base, or of all."""
        lots = {lot.id for lot in self.lots if base in (None, lot.base)}
        entries = {
            i.intent_id for i in self.in_flight if i.purpose == "ENTRY" and base in (None, i.base)
        }
        return len(lots | entries)

    def margin_in_flight(self) -> Decimal:
        """The reserved value of margin entries in flight, in quote."""
        entries = (i for i in self.in_flight if i.purpose == "ENTRY")
        return sum((i.reserved for i in entries if isinstance(i.funding, Margin)), Decimal(0))

    def committed(self) -> Decimal:
        """What open lots cost and entries in flight may cost, in quote."""
        return self._committed(self.lots, self.in_flight)

    def margin_committed(self) -> Decimal:
        """What is committed on margin, in quote."""
        lots = [lot for lot in self.lots if isinstance(lot.funding, Margin)]
        return self._committed(lots, [i for i in self.in_flight if isinstance(i.funding, Margin)])

    def _committed(self, lots: Iterable[Lot], orders: Iterable[InFlight]) -> Decimal:
        reserved = sum((i.reserved for i in orders if i.purpose == "ENTRY"), Decimal(0))
        return sum((lot.remaining * lot.average for lot in lots), reserved)

    def frozen(self, symbol: str, base: str) -> Freeze | None:
        """The first freeze that covers this symbol or its base."""
        return next((f for f in self.freezes if f.scope in (symbol, base)), None)
