"""Their wallet as our account reading, and their fee rate. What is missing is unknown, never zero.

Equity is total_cash_balance + total_session_unrealized_pnl (reserved amounts and loans are in it); exposure is total_position_cost
+ the value of borrowed coins. All accounts of a reply are summed; nothing depends on their order. (platform 19.1, 19.2)
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import msgspec

from interlock.account import AccountReading, Balance, FeeRate
from interlock.errors import BadInput, Unreachable
from interlock.protocol.crypto_com.wire import decode, number
from interlock.values import Instant, decimal_of

BALANCE: Final = "private/user-balance"
FEE_RATE: Final = "private/get-fee-rate"
ACCOUNT_CURRENCY: Final = "USD"
_BPS: Final = Decimal(10000)

# A figure as the exchange writes it: a text, or a whole number. An empty text is a missing figure.
_Figure = str | int | None


class _Coin(msgspec.Struct):
    instrument_name: str | None = None
    currency: str | None = None
    quantity: _Figure = None
    balance: _Figure = None
    reserved_qty: _Figure = None
    order: _Figure = None
    max_withdrawal_balance: _Figure = None
    available: _Figure = None
    market_value: _Figure = None


class _Account(msgspec.Struct):
    instrument_name: str | None = None
    total_cash_balance: _Figure = None
    total_session_unrealized_pnl: _Figure = None
    total_position_cost: _Figure = None
    position_balances: list[_Coin] | None = None
    balances: list[_Coin] | None = None
    accounts: list[_Coin] | None = None


class _Wallet(_Account):
    data: list[_Account] | None = None


class _FeeRate(msgspec.Struct):
    effective_spot_maker_rate_bps: Decimal
    effective_spot_taker_rate_bps: Decimal


@dataclass(frozen=True, slots=True)
class _Holding:
    """One coin of one account: its balance, and what its debt is worth in account currency."""

    balance: Balance
    borrowed: Decimal


def account(result: bytes, as_of: Instant) -> AccountReading:
    """The reading in the result of user-balance; a shape or a figure that we do not know raises Unreachable."""
    wallet = decode(result, _Wallet, BALANCE)
    accounts = wallet.data if wallet.data is not None else [wallet]
    try:
        holdings = [_holding(coin, one) for one in accounts for coin in _coins(one)]
        equity = sum((_equity(one) for one in accounts), Decimal(0))
        cost = sum(
            (_needed(one.total_position_cost, "position cost") for one in accounts), Decimal(0)
        )
    except BadInput as error:
        raise Unreachable(f"The wallet cannot be read: {error}") from error
    if not accounts:
        raise Unreachable("The wallet was answered without an account.")
    exposure = cost + sum((holding.borrowed for holding in holdings), Decimal(0))
    return AccountReading(_summed(h.balance for h in holdings), equity, exposure, as_of)


def fee_rate(result: bytes) -> FeeRate:
    """The spot rates in the result of get-fee-rate, from basis points to fractions."""
    rates = decode(result, _FeeRate, FEE_RATE)
    try:
        maker = number(rates.effective_spot_maker_rate_bps) / _BPS
        taker = number(rates.effective_spot_taker_rate_bps) / _BPS
    except BadInput as error:
        raise Unreachable(f"The fee rate cannot be read: {error}") from error
    return FeeRate(maker, taker)


def _coins(one: _Account) -> Sequence[_Coin]:
    found = [
        rows for rows in (one.position_balances, one.balances, one.accounts) if rows is not None
    ]
    if not found:
        raise BadInput("it names no balances.")
    return found[0]


def _equity(one: _Account) -> Decimal:
    cash = _needed(one.total_cash_balance, "cash balance")
    unrealised = _figure(one.total_session_unrealized_pnl)
    if unrealised is not None:
        return cash + unrealised
    if _figure(one.total_position_cost):
        raise BadInput("it shows positions but not what they have made.")
    return cash


def _holding(coin: _Coin, one: _Account) -> _Holding:
    currency = (coin.instrument_name or coin.currency or "").partition("_")[0]
    if not currency:
        raise BadInput("a balance names no currency.")
    total = _needed(_first(coin.quantity, coin.balance), f"quantity of {currency}")
    reserved = _figure(_first(coin.reserved_qty, coin.order)) or Decimal(0)
    most = _figure(_first(coin.max_withdrawal_balance, coin.available))
    available = total - reserved if most is None else min(total - reserved, most)
    is_debt = total < 0 and currency != (one.instrument_name or ACCOUNT_CURRENCY)
    borrowed = _debt(coin, currency) if is_debt else Decimal(0)
    return _Holding(Balance(currency, total, available), borrowed)


def _debt(coin: _Coin, currency: str) -> Decimal:
    """What a borrowed coin is worth; a debt without a price is unknown."""
    value = _figure(coin.market_value)
    if not value:
        raise BadInput(f"{currency} is borrowed, and its value is not named.")
    return abs(value)


def _summed(balances: Iterable[Balance]) -> dict[str, Balance]:
    found: dict[str, Balance] = {}
    for one in balances:
        so_far = found.get(one.currency, Balance(one.currency, Decimal(0), Decimal(0)))
        found[one.currency] = Balance(
            one.currency, so_far.total + one.total, so_far.available + one.available
        )
    return found


def _first(*figures: _Figure) -> _Figure:
    return next((figure for figure in figures if figure not in {None, ""}), None)


def _figure(figure: _Figure) -> Decimal | None:
    return None if figure in {None, ""} else number(decimal_of(figure))


def _needed(figure: _Figure, what: str) -> Decimal:
    found = _figure(figure)
    if found is None:
        raise BadInput(f"its {what} is missing.")
    return found
