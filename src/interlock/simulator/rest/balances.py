"""The answer to user-balance, from the wallet and the market: every identity of the exchange's figures holds.

One dollar of any kind counts as one USD; a coin without a price here counts as nothing. Every figure is cut to eight decimals by
itself, and the sums are sums of the figures shown. A debt is a negative quantity and has no haircut; what margin orders may still borrow
is in the initial margin. How a debt enters leverage, limit and score is our reading: the exchange shows it and does not say how.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Final

from interlock.simulator.books.margin import drawn, haircut
from interlock.simulator.books.orders import ZERO
from interlock.simulator.books.wallet import Wallet
from interlock.simulator.market.replay import Market
from interlock.values import Instant, number_text

CENTS: Final = Decimal("1e-8")
LEVERAGE_DIGITS: Final = Decimal("1e-6")
POSITION_LIMIT: Final = 20
DOLLAR: Final = "USD"


@dataclass(frozen=True, slots=True)
class CreditTerms:
    """On what terms the account owes: haircuts by currency, interest per hour, its leverage; whether its margin is called, or gone."""

    haircuts: Mapping[str, Decimal]
    interest: Decimal
    leverage: Decimal
    is_called: bool
    is_gone: bool


@dataclass(frozen=True, slots=True)
class Coin:
    """One currency as it is shown: quantities in itself, values in USD."""

    currency: str
    quantity: Decimal
    reserved: Decimal
    free: Decimal
    worth: Decimal
    market_value: Decimal
    haircut: Decimal
    collateral: Decimal
    drawn: Decimal
    interest: Decimal

    def row(self) -> dict[str, object]:
        """Its entry among the position balances."""
        return {
            "quantity": number_text(self.quantity),
            "reserved_qty": number_text(self.reserved),
            "collateral_amount": number_text(self.collateral),
            "haircut": number_text(self.haircut),
            "collateral_eligible": True,
            "market_value": number_text(self.market_value),
            "max_withdrawal_balance": number_text(self.free),
            "instrument_name": self.currency,
            "hourly_interest_rate": number_text(self.interest),
        }


def balance_row(
    wallet: Wallet, market: Market, terms: CreditTerms, now: Instant
) -> dict[str, object]:
    """The one row of user-balance."""
    coins = [
        _coin(currency, wallet, market.usd(currency, now), terms)
        for currency in sorted({*wallet.total, *wallet.pledged})
        if wallet.total.get(currency) or wallet.pledged.get(currency)
    ]
    margin = sum((coin.market_value for coin in coins), ZERO)
    collateral = sum((coin.collateral for coin in coins), ZERO)
    borrowed = _total(-coin.market_value for coin in coins)
    used, cut_off = _used(coins), margin - collateral
    position = cut(sum((coin.drawn for coin in coins), ZERO) / terms.leverage)
    maintenance = cut((position + cut_off) / 2)
    figures = {
        "total_available_balance": margin - cut_off - position,
        "total_margin_balance": margin,
        "total_initial_margin": cut_off + position,
        "total_haircut": cut_off,
        "total_position_im": position,
        "total_maintenance_margin": maintenance,
        "total_position_cost": ZERO,
        "total_cash_balance": sum((coin.worth for coin in coins), ZERO),
        "total_collateral_value": collateral,
        "total_session_unrealized_pnl": ZERO,
        "total_session_realized_pnl": ZERO,
        "total_effective_leverage": _share(used, margin),
        "position_limit": POSITION_LIMIT * margin,
        "used_position_limit": used,
        "total_borrow": borrowed,
        "margin_score": _share(maintenance, margin) if borrowed else ZERO,
    }
    return {name: number_text(figure) for name, figure in figures.items()} | {
        "instrument_name": DOLLAR,
        "position_balances": [coin.row() for coin in coins],
        "credit_limits": [],
        "is_liquidating": terms.is_gone,
        "has_risk": terms.is_called or bool(borrowed),
        "terminatable": not borrowed,
    }


def _used(coins: Iterable[Coin]) -> Decimal:
    """What of the position limit is used: the coins that are held, or those that are owed, if they are worth more."""
    values = [coin.market_value for coin in coins if coin.currency != DOLLAR]
    return max(_total(values), _total(-value for value in values))


def _total(amounts: Iterable[Decimal]) -> Decimal:
    """The sum of those above zero."""
    return sum((amount for amount in amounts if amount > 0), ZERO)


def _coin(currency: str, wallet: Wallet, price: Decimal, terms: CreditTerms) -> Coin:
    quantity = wallet.total.get(currency, ZERO)
    reserved = wallet.reserved.get(currency, ZERO)
    market_value = cut((quantity - reserved) * price)
    shaved = haircut(market_value, currency, terms.haircuts)
    return Coin(
        currency,
        quantity,
        reserved,
        cut(quantity - reserved),
        cut(quantity * price),
        market_value,
        shaved,
        cut(market_value * (1 - shaved)),
        drawn(wallet, currency) * price,
        terms.interest,
    )


def _share(part: Decimal, whole: Decimal) -> Decimal:
    return (part / whole).quantize(LEVERAGE_DIGITS, ROUND_DOWN) if whole else ZERO


def cut(amount: Decimal) -> Decimal:
    """Eight decimals, the rest cut off."""
    return amount.quantize(CENTS, ROUND_DOWN)
