"""The standing: one consistent picture of the account, read under the account's lock, on which a trade is judged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from interlock.account.figures import Balance, DayOpen, Figures
from interlock.account.funding import Funding, Margin
from interlock.account.lots import Lot
from interlock.account.switches import Switches
from interlock.values import Instant, Known, Side, Unknown


@dataclass(frozen=True, slots=True)
class InFlight:
    """An intent whose end is not known to us: counted as if it had been filled.

    `reserved` is in quote; `state` is a word of the one life table.
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


@dataclass(frozen=True, slots=True)
class Freeze:
    """Entries on `scope` (a symbol or a base) are frozen, and why."""

    scope: str
    code: str
    why: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What the judge may know. Whatever could not be read is Unknown with its why, and blocks."""

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

    def frozen(self, symbol: str, base: str) -> Freeze | None:
        """The first freeze that covers this symbol or its base."""
        return next((f for f in self.freezes if f.scope in (symbol, base)), None)
