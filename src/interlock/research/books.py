"""The books of one run: cash, coins, open lots, the day, and the standing that they make, on which the judge decides.

They hold what the store and the exchange hold together, in decimals. Everything is known, and as of now: nobody has to ask.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from interlock.account import (
    Balance,
    DayOpen,
    Figures,
    InFlight,
    Lot,
    Margin,
    Mode,
    Standing,
    Switches,
    Transfer,
)
from interlock.ledger.interest import INTEREST, charged
from interlock.matching import Execution
from interlock.risk.limits import Limits
from interlock.values import Instant, Known

ZERO: Final = Decimal(0)
HUNDRED: Final = Decimal(100)
DAY: Final = timedelta(days=1)
HOUR_MICROS: Final = 3_600_000_000
DIGITS: Final = Decimal("1e-12")
EPOCH: Final = 1
SWITCHES: Final = Switches(Mode.SIM, Mode.SIM, Mode.SIM, None, enabled=True)
IN_TIME: Final = timedelta()

Worth = Callable[[str, Instant], Decimal]
"""What one unit of a base costs at an instant, in quote."""


@dataclass(frozen=True, slots=True)
class Posting:
    """What one execution or charge did: cash in quote, coins of `base`; for the curve."""

    at: Instant
    cash: Decimal
    base: str
    coins: Decimal


@dataclass(slots=True)
class Books:
    """One account in one quote currency."""

    quote: str
    cash: Decimal
    collateral: Decimal
    limits: Limits
    worth: Worth
    hourly_rate: Decimal
    coins: dict[str, Decimal] = field(default_factory=dict)
    lots: dict[str, Lot] = field(default_factory=dict)
    resting: dict[str, tuple[InFlight, ...]] = field(default_factory=dict)
    postings: list[Posting] = field(default_factory=list)
    day: DayOpen | None = None
    last_entry: dict[str, Instant] = field(default_factory=dict)
    entries_today: Counter[str] = field(default_factory=Counter)
    _entries: deque[Instant] = field(default_factory=deque)
    _messages: deque[Instant] = field(default_factory=deque)
    _accrued: Instant | None = None
    _charges: int = 0

    def standing(self, now: Instant) -> Standing:
        """The account as it stands now."""
        self.turn(now)
        equity = self.equity(now)
        self.latch(equity, now)
        exposure, pledged = self._on_margin(now)
        day = self.day
        loss = day.loss_pct(equity) if day is not None else None
        figures = Figures(equity, exposure, loss if loss is not None else ZERO)
        return Standing(
            switches=SWITCHES,
            figures=Known(figures, now),
            balances=Known(self._balances(), now),
            day=day,
            lots=tuple(self.lots.values()),
            in_flight=tuple(order for orders in self.resting.values() for order in orders),
            entries_today=self.entries_today,
            last_entry=self.last_entry,
            epoch=EPOCH,
            clock=Known(IN_TIME, now),
            messages=self._since(self._messages, now - self.limits.message_window),
            executions=self._since(self._entries, now - self.limits.execution_window),
            margin=Known(equity - pledged, now),
        )

    def equity(self, now: Instant) -> Decimal:
        """What all of it is worth now."""
        worth, held = self.worth, self.coins.items()
        return sum((size * worth(base, now) for base, size in held if size), self.money)

    @property
    def money(self) -> Decimal:
        """Cash, and other money that is not spent."""
        return self.cash + self.collateral

    def open_of(self, base: str) -> int:
        """How many lots of a base are open."""
        return sum(lot.base == base for lot in self.lots.values())

    def turn(self, now: Instant) -> None:
        """Opens the day that it is by now, with what the account was worth as it began; interest is charged until now."""
        self._accrue(now)
        begins = now.floor(DAY)
        if self.day is None or self.day.as_of < begins:
            equity = self.equity(begins)
            self.day = DayOpen(begins.day(), equity, begins, late=False)
            self.entries_today.clear()

    @property
    def may_latch(self) -> bool:
        """Whether the day's loss can still reach its limit: all that there is cannot be lost without a debt."""
        is_open = self.day is not None and self.day.latched_at is None
        return is_open and self.limits.max_daily_loss_pct < HUNDRED

    def latch(self, equity: Decimal, now: Instant) -> None:
        """Remembers that the day's loss has reached its limit: it holds until the next day."""
        day = self.day
        if day is None or day.latched_at is not None:
            return
        loss = day.loss_pct(equity)
        if loss is not None and loss >= self.limits.max_daily_loss_pct:
            self.day = replace(day, latched_at=now)

    def said(self, now: Instant, count: int = 1) -> None:
        """So many requests left for the exchange."""
        self._messages.extend([now] * count)

    def entered(self, base: str, now: Instant) -> None:
        """An entry was sent."""
        self.last_entry[base] = now
        self.entries_today[base] += 1

    def bought(self, now: Instant) -> None:
        """An entry was executed."""
        self._entries.append(now)

    def post(self, done: Execution, base: str, now: Instant) -> None:
        """One execution moves cash and coins."""
        self._accrue(now)
        self.cash += done.quote_change
        self.coins[base] = self.coins.get(base, ZERO) + done.base_change
        self.postings.append(Posting(now, done.quote_change, base, done.base_change))

    def keep(self, lot: Lot) -> None:
        """The lot as it is now; one that is closed is no longer kept here."""
        if lot.closed_at is None:
            self.lots[lot.id] = lot
        else:
            self.lots.pop(lot.id, None)
            self.resting.pop(lot.id, None)

    def _balances(self) -> dict[str, Balance]:
        held = {base: Balance(base, size, size) for base, size in self.coins.items()}
        held[self.quote] = Balance(self.quote, self.cash, self.cash)
        return held

    def _on_margin(self, now: Instant) -> tuple[Decimal, Decimal]:
        """What margin lots are worth now, and what they pledge of the equity, by their leverage."""
        exposure = pledged = ZERO
        for lot in self.lots.values():
            if isinstance(lot.funding, Margin):
                worth = lot.remaining * self.worth(lot.base, now)
                exposure += worth
                pledged += worth / (lot.funding.leverage or Decimal(1))
        return exposure, pledged

    def _accrue(self, now: Instant) -> None:
        """Charges what a debt has cost at every full hour since; interest that is charged is owed too."""
        since, self._accrued = self._accrued, now
        if since is None or self.cash >= 0 or not self.hourly_rate:
            return
        hours = now.micros // HOUR_MICROS - since.micros // HOUR_MICROS
        before = self.cash
        for _ in range(hours):
            self.cash += (self.cash * self.hourly_rate).quantize(DIGITS, ROUND_HALF_EVEN)
        if before != self.cash:
            self._share(self.cash - before, now)

    def _share(self, amount: Decimal, now: Instant) -> None:
        self._charges += 1
        self.postings.append(Posting(now, amount, "", ZERO))
        charge = Transfer(
            f"interest:{self._charges}", now, self.quote, amount, INTEREST, is_owners=False
        )
        for lot in charged(charge, self.lots.values()):
            self.keep(lot)

    @staticmethod
    def _since(times: deque[Instant], since: Instant) -> int:
        while times and times[0] <= since:
            times.popleft()
        return len(times)
