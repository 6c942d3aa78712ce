"""Spot on margin: how much may be borrowed, what stands behind it, when it no longer suffices, and what it costs.

All money of the account stands behind all its debts. A coin counts with its haircut off, a debt in full. With a leverage of L the
account may owe L - 1 times its collateral, and an order must leave enough when it is executed. Nothing is liquidated here: in a margin
call the account may only sell what it owns and buy what it owes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from interlock.simulator.books.orders import ZERO, Order, Stp
from interlock.simulator.books.wallet import Wallet
from interlock.simulator.config import Config
from interlock.simulator.market.replay import Market
from interlock.values import Instant, Side

LEVERAGE_MAX: Final = Decimal(50)
HOUR: Final = timedelta(hours=1)
HOUR_MICROS: Final = 3_600_000_000
INTEREST_DIGITS: Final = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands behind the debts, in USD: all money at market, the same with haircuts off, and what is owed or pledged but not owned."""

    equity: Decimal
    collateral: Decimal
    owed: Decimal

    def initial(self, leverage: Decimal) -> Decimal:
        """The initial margin: what the debts need at this leverage, and the haircuts."""
        return self.owed / leverage + self.equity - self.collateral

    def suffices(self, leverage: Decimal) -> bool:
        """Whether the money covers the initial margin."""
        return not self.owed or self.equity >= self.initial(leverage)

    def is_gone(self, leverage: Decimal) -> bool:
        """Whether the money does not even cover the maintenance margin, which is half of the initial one."""
        return bool(self.owed) and 2 * self.equity < self.initial(leverage)


@dataclass(slots=True)
class Settings:
    """What the account has set for itself, and whether it was called from outside."""

    leverage: Decimal
    stp: Stp | None = None
    is_called: bool = False


class Margin:
    """The one account's credit."""

    def __init__(
        self, config: Config, market: Market, wallet: Wallet, haircuts: Mapping[str, Decimal]
    ) -> None:
        self._config: Final = config
        self._market: Final = market
        self._wallet: Final = wallet
        self._haircuts: Final = haircuts
        self.settings: Final = Settings(LEVERAGE_MAX if config.margin else Decimal(1))

    def standing(self, now: Instant) -> Standing:
        """How the account stands at the prices of now."""
        return self._standing(self._wallet.total, now)

    def is_called(self, now: Instant) -> bool:
        """Whether the account is in a margin call: its margin is used up, or somebody said so."""
        if self.settings.is_called:
            return True
        return self._has_debt() and not self.standing(now).suffices(self.settings.leverage)

    def is_gone(self, now: Instant) -> bool:
        """Whether an exchange that liquidates would do it now."""
        return self._has_debt() and self.standing(now).is_gone(self.settings.leverage)

    def admits(self, order: Order, needed: Decimal, lacking: Decimal, now: Instant) -> bool:
        """Whether what the order lacks of all that it needs of the currency that it spends may be borrowed."""
        listed, spent = order.wish.listed, order.reserved_in
        is_buy = order.wish.side is Side.BUY
        if not (listed.margin_buy if is_buy else listed.margin_sell):
            return False
        shorted = drawn(self._wallet, spent) + lacking
        if not is_buy and listed.short_max is not None and shorted > listed.short_max:
            return False
        before = self.standing(now)
        owed = before.owed + lacking * self._market.usd(spent, now)
        if owed > (self._leverage(order) - 1) * before.collateral:
            return False
        return self._after(order, needed, now).suffices(self.settings.leverage)

    def _leverage(self, order: Order) -> Decimal:
        """What was sent, bounded by the account and by the instrument."""
        asked = order.wish.leverage or Decimal(1)
        return min(asked, self.settings.leverage, order.wish.listed.leverage_max)

    def _after(self, order: Order, needed: Decimal, now: Instant) -> Standing:
        """How the account would stand when the order is executed at its own terms, at the prices of now."""
        wish, rate = order.wish, self._config.taker_rate
        price, quote = (
            self._market.usd(name, now) for name in (wish.listed.base, wish.listed.quote)
        )
        received = order.remaining * (1 - rate)
        if wish.side is Side.SELL:
            received = received * price / quote if quote else ZERO
        totals = dict(self._wallet.total)
        for currency, change in ((order.reserved_in, -needed), (order.received_in, received)):
            totals[currency] = totals.get(currency, ZERO) + change
        return self._standing(totals, now)

    def _standing(self, totals: Mapping[str, Decimal], now: Instant) -> Standing:
        names = sorted({*totals, *self._wallet.pledged})
        prices = {currency: self._market.usd(currency, now) for currency in names}
        worth = {currency: totals.get(currency, ZERO) * prices[currency] for currency in names}
        kept = {
            name: amount * (1 - haircut(amount, name, self._haircuts))
            for name, amount in worth.items()
        }
        owed = (drawn(self._wallet, name, totals.get(name, ZERO)) * prices[name] for name in names)
        return Standing(sum(worth.values(), ZERO), sum(kept.values(), ZERO), sum(owed, ZERO))

    def _has_debt(self) -> bool:
        return self._config.margin and any(
            self._wallet.available(c) < 0 for c in self._wallet.total
        )


def drawn(wallet: Wallet, currency: str, total: Decimal | None = None) -> Decimal:
    """What is owed of a currency, or will be when every open order is executed."""
    held = wallet.total.get(currency, ZERO) if total is None else total
    asked = wallet.reserved.get(currency, ZERO) + wallet.pledged.get(currency, ZERO)
    return max(asked - held, ZERO)


def haircut(amount: Decimal, currency: str, haircuts: Mapping[str, Decimal]) -> Decimal:
    """What of a currency does not count as collateral; a debt counts in full."""
    return haircuts.get(currency, ZERO) if amount > 0 else ZERO


def hourly_interest(debt: Decimal, rate: Decimal) -> Decimal:
    """What a debt costs for the hour, in its own currency."""
    return (debt * rate).quantize(INTEREST_DIGITS, ROUND_HALF_EVEN)


def next_hour(now: Instant) -> Instant:
    """The first full hour after now."""
    return Instant((now.micros // HOUR_MICROS + 1) * HOUR_MICROS)
