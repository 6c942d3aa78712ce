"""The answer to user-balance, from the wallet and the market: every identity of the exchange's figures holds.

One dollar of any kind counts as one USD; a coin without a price here counts as nothing. Every figure is cut to eight decimals by
itself, and the sums are sums of the figures shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Final

from interlock.simulator.books.orders import ZERO
from interlock.simulator.books.wallet import Wallet
from interlock.simulator.market.replay import Market
from interlock.values import Instant, number_text

CENTS: Final = Decimal("1e-8")
LEVERAGE_DIGITS: Final = Decimal("1e-6")
POSITION_LIMIT: Final = 20
DOLLAR: Final = "USD"


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
            "hourly_interest_rate": "0",
        }


def balance_row(
    wallet: Wallet, market: Market, haircuts: Mapping[str, Decimal], now: Instant
) -> dict[str, object]:
    """The one row of user-balance."""
    coins = [
        _coin(currency, wallet, market.usd(currency, now), haircuts.get(currency, ZERO))
        for currency in sorted(wallet.total)
        if wallet.total[currency]
    ]
    margin = sum((coin.market_value for coin in coins), ZERO)
    collateral = sum((coin.collateral for coin in coins), ZERO)
    used = sum((coin.market_value for coin in coins if coin.currency != DOLLAR), ZERO)
    haircut = margin - collateral
    figures = {
        "total_available_balance": margin - haircut,
        "total_margin_balance": margin,
        "total_initial_margin": haircut,
        "total_haircut": haircut,
        "total_position_im": ZERO,
        "total_maintenance_margin": _cut(haircut / 2),
        "total_position_cost": ZERO,
        "total_cash_balance": sum((coin.worth for coin in coins), ZERO),
        "total_collateral_value": collateral,
        "total_session_unrealized_pnl": ZERO,
        "total_session_realized_pnl": ZERO,
        "total_effective_leverage": _leverage(used, margin),
        "position_limit": POSITION_LIMIT * margin,
        "used_position_limit": used,
        "total_borrow": ZERO,
        "margin_score": ZERO,
    }
    return {name: number_text(figure) for name, figure in figures.items()} | {
        "instrument_name": DOLLAR,
        "position_balances": [coin.row() for coin in coins],
        "credit_limits": [],
        "is_liquidating": False,
        "has_risk": False,
        "terminatable": True,
    }


def _coin(currency: str, wallet: Wallet, price: Decimal, haircut: Decimal) -> Coin:
    quantity = wallet.total[currency]
    reserved = wallet.reserved.get(currency, ZERO)
    market_value = _cut((quantity - reserved) * price)
    return Coin(
        currency,
        quantity,
        reserved,
        _cut(quantity - reserved),
        _cut(quantity * price),
        market_value,
        haircut,
        _cut(market_value * (1 - haircut)),
    )


def _leverage(used: Decimal, margin: Decimal) -> Decimal:
    return (used / margin).quantize(LEVERAGE_DIGITS, ROUND_DOWN) if margin else ZERO


def _cut(amount: Decimal) -> Decimal:
    return amount.quantize(CENTS, ROUND_DOWN)
