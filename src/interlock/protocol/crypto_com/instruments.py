"""Their instruments and order limits as ours: spot pairs quoted in USD or USDT, on the exchange's own ticks and lots.

Grids come from the tick sizes, never from the decimals; base and quote from their own fields, never from the symbol's text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import msgspec

from interlock.errors import BadInput
from interlock.protocol.crypto_com.wire import Rows, decode, flag, number, read_rows, rows_of
from interlock.values import Instrument, check_symbol

INSTRUMENTS: Final = "public/get-instruments"
RISK_PARAMETERS: Final = "public/get-risk-parameters"
SPOT: Final = "CCY_PAIR"
QUOTES: Final = frozenset({"USD", "USDT"})


@dataclass(frozen=True, slots=True)
class OrderLimits:
    """What the exchange admits for one base currency: the least order value in quote, and the most leverage on spot."""

    base: str
    min_notional: Decimal | None
    max_leverage: Decimal | None


class _Limits(msgspec.Struct):
    instrument_name: str
    min_order_notional_usd: Decimal | None = None
    max_product_leverage_for_spot: Decimal | None = None


class _Risk(msgspec.Struct):
    base_currency_config: list[msgspec.Raw]


class _Instrument(msgspec.Struct):
    symbol: str
    inst_type: str
    base_ccy: str = ""
    quote_ccy: str = ""
    price_tick_size: Decimal | None = None
    qty_tick_size: Decimal | None = None
    tradable: bool | str = False
    margin_buy_enabled: bool | str = False
    max_leverage: Decimal = Decimal(1)


def order_limits(result: bytes) -> Rows[OrderLimits]:
    """The order limits in the result of get-risk-parameters, one per base currency."""
    listed = decode(result, _Risk, RISK_PARAMETERS).base_currency_config
    return read_rows(listed, _Limits, _limits)


def instruments(result: bytes, limits: Mapping[str, OrderLimits]) -> Rows[Instrument]:
    """Our instruments in the result of get-instruments; what we do not trade is left out, what we cannot read is reported."""
    return rows_of(result, _Instrument, lambda row: _instrument(row, limits), INSTRUMENTS)


def _limits(row: _Limits) -> OrderLimits:
    return OrderLimits(
        row.instrument_name,
        _number_or_none(row.min_order_notional_usd),
        _number_or_none(row.max_product_leverage_for_spot),
    )


def _instrument(row: _Instrument, limits: Mapping[str, OrderLimits]) -> Instrument | None:
    if row.inst_type != SPOT or row.quote_ccy not in QUOTES:
        return None
    if row.price_tick_size is None or row.qty_tick_size is None or not row.base_ccy:
        raise BadInput(f"{row.symbol} has no grid.")
    own = limits.get(row.base_ccy)
    most = [number(row.max_leverage)]
    if own and own.max_leverage is not None:
        most.append(own.max_leverage)
    return Instrument(
        symbol=check_symbol(row.symbol),
        base=row.base_ccy,
        quote=row.quote_ccy,
        price_tick=number(row.price_tick_size),
        lot=number(row.qty_tick_size),
        tradable=flag(row.tradable),
        margin_buy=flag(row.margin_buy_enabled),
        max_leverage=min(most),
        min_notional=own.min_notional if own else None,
    )


def _number_or_none(value: Decimal | None) -> Decimal | None:
    return None if value is None else number(value)
