"""The reading half of the store and of the market file, in memory: it shows what it was given, and breaks where it is told to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

from interlock.account import (
    Balance,
    DayOpen,
    EquityPoint,
    Figures,
    InFlight,
    Lot,
    Mode,
    Spot,
    Standing,
    Switches,
    Tenure,
)
from interlock.errors import StoreTrouble
from interlock.evidence.incident import Incident
from interlock.evidence.picture import Decided, Picture
from interlock.evidence.proof import AuditRun
from interlock.evidence.telling import Delivery
from interlock.evidence.timeline import OrderRecord
from interlock.market import Tick
from interlock.orders.intent import Intent
from interlock.ports import Nudge
from interlock.strategy.proposal import Purpose
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, Known, Side, Unknown
from tests.fakes.goods import NOW

FIGURES = Known(Figures(Decimal(10_000), Decimal(0), Decimal(0)), NOW)


class Bell:
    """Nobody sleeps in these tests."""

    def set(self) -> None:
        return


@dataclass(slots=True)
class StillClock:
    """Stands until it is moved. Monotonic time moves with it."""

    at: Instant = NOW

    def now(self) -> Instant:
        return self.at

    def monotonic(self) -> float:
        return self.at.micros / 1_000_000

    def nudge(self, who: str) -> Nudge:
        del who
        return Bell()

    def attend(self, names: Sequence[str]) -> None:
        """Time waits for nobody here."""

    async def settled(self) -> None:
        """Nobody looks from outside."""

    async def wait(self, who: str, until: Instant, backstop: float) -> None:
        del who, until, backstop


@dataclass(slots=True)
class ShownBooks:
    """Books that can only be read.

    `down`: nobody answers; `missing`: tables that are gone; `garbled`: rows that say nothing; `broken`: a defect.
    """

    mode: Mode = Mode.SIM
    switches: Switches = field(
        default_factory=lambda: Switches(Mode.SIM, Mode.SIM, Mode.SIM, None, enabled=True)
    )
    figures: Known[Figures] | Unknown = FIGURES
    watchlist: tuple[WatchlistRow, ...] = ()
    lots: tuple[tuple[Lot, tuple[Intent, ...]], ...] = ()
    intents: tuple[Intent, ...] = ()
    decisions: tuple[Decided, ...] = ()
    equity: tuple[EquityPoint, ...] = ()
    incidents: tuple[Incident, ...] = ()
    audits: tuple[AuditRun, ...] = ()
    delivery: Delivery = field(default_factory=Delivery)
    tenure: Tenure | None = field(default_factory=lambda: Tenure(3, "abcdef", Mode.SIM, NOW))
    day: DayOpen | None = None
    breaker: str | None = None
    records: dict[str, OrderRecord] = field(default_factory=dict)
    commits: int = 0
    readings: int = 0
    down: bool = False
    broken: bool = False
    missing: tuple[str, ...] = ()
    garbled: bool = False

    def version(self) -> int:
        self._look()
        return self.commits

    def picture(self, now: Instant, *, limit: int = 200) -> Picture:
        self._look()
        self.readings += 1
        return Picture(
            at=now,
            tenure=self.tenure,
            switches=self.switches,
            figures=self.figures,
            balances=self._balances(),
            day=self.day,
            watchlist=self.watchlist,
            lots=tuple(lot for lot, _ in self.lots),
            intents=self.intents[:limit],
            decisions=self.decisions[:limit],
            equity=self.equity[:limit],
            incidents=self.incidents,
            audits=self.audits,
            delivery=self.delivery,
        )

    def standing(self, now: Instant) -> Standing:
        self._look()
        del now
        return Standing(
            switches=self.switches,
            figures=self.figures,
            balances=self._balances(),
            day=self.day,
            lots=tuple(lot for lot, _ in self.lots),
            in_flight=tuple(_in_flight(i) for i in self.intents if not i.ended),
            breaker=self.breaker,
            epoch=self.tenure.epoch if self.tenure else None,
            clock=Known(timedelta(0), NOW),
        )

    def open_lots(self) -> tuple[tuple[Lot, tuple[Intent, ...]], ...]:
        self._look()
        return self.lots

    def decided(self, symbol: str, at: Instant | None) -> Decided | None:
        self._look()
        found = (d for d in self.decisions if d.signal.symbol == symbol)
        return next((d for d in found if at is None or d.at <= at), None)

    def order_record(self, named: str) -> OrderRecord | None:
        self._look()
        return self.records.get(named)

    def table_names(self) -> frozenset[str]:
        if self.down:
            raise StoreTrouble("The database does not answer.")
        return frozenset({"account"})

    def remains(
        self, now: Instant
    ) -> tuple[Picture, Standing, tuple[tuple[Lot, tuple[Intent, ...]], ...]]:
        whole = replace(self, missing=())
        picture = replace(whole.picture(now), missing=self.missing)
        return picture, whole.standing(now), whole.open_lots()

    def kill(self, **changes: object) -> None:
        """Changes the switches, as one commit."""
        self.switches = replace(self.switches, **changes)  # type: ignore[arg-type] # the names are those of Switches; a wrong one fails at once
        self.commits += 1

    def _balances(self) -> Known[Mapping[str, Balance]] | Unknown:
        if isinstance(self.figures, Unknown):
            return self.figures
        equity = self.figures.value.equity
        return Known({"USD": Balance("USD", equity, equity)}, self.figures.as_of)

    def _look(self) -> None:
        if self.down or self.missing or self.garbled:
            raise StoreTrouble("The books cannot be read.")
        if self.broken:
            raise RuntimeError("a defect, with a secret in its text: hunter2")


@dataclass(slots=True)
class ShownMarket:
    """A market file that can only be read."""

    prices: dict[str, Tick] = field(default_factory=dict)
    beats: dict[str, Instant] = field(default_factory=dict)

    def ticks(self) -> Mapping[str, Tick]:
        return dict(self.prices)

    def heartbeats(self) -> Mapping[str, Instant]:
        return dict(self.beats)


def tick(symbol: str = "BTC_USDT", last: str = "50000", at: Instant = NOW) -> Tick:
    rate = Decimal(last)
    return Tick(symbol, rate, rate, rate, at)


def _in_flight(intent: Intent) -> InFlight:
    asked = intent.proposal
    return InFlight(
        intent_id=intent.id,
        symbol=asked.symbol,
        base=asked.instrument.base,
        side=Side(asked.side),
        purpose=Purpose(asked.purpose),
        funding=Spot(),
        reserved=intent.reserved,
        state=str(intent.state),
        lot_id=asked.lot_id,
    )
