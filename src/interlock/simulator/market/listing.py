"""What is listed and on which grid, as recorded: 930 instruments and the risk parameters, shared by every engine of the process.

All of it is listed; only what has a replay can be traded. The two public answers are encoded once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Final

import msgspec

from interlock.simulator import recordings

LEVERAGE: Final = "max_product_leverage_for_spot"


@dataclass(frozen=True, slots=True)
class Listed:
    """One instrument: tick in quote per base, lot in base, decimals of a price, the least and greatest value of an order in quote.

    What may be borrowed for it: quote for a buy, base for a sale (no more than `short_max`), up to `leverage_max`.
    """

    symbol: str
    base: str
    quote: str
    tick: Decimal
    lot: Decimal
    price_decimals: int
    tradable: bool
    value_min: Decimal | None
    value_max: Decimal | None
    margin_buy: bool = False
    margin_sell: bool = False
    leverage_max: Decimal = Decimal(1)
    short_max: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The instruments by symbol, the haircut by currency, and the encoded results of the two public lists."""

    instruments: Mapping[str, Listed]
    haircuts: Mapping[str, Decimal]
    instruments_json: bytes
    risk_json: bytes


@cache
def listing() -> Listing:
    """The recorded listing."""
    rows, risk = recordings.instruments(), recordings.risk_parameters()
    limits = {row["instrument_name"]: row for row in risk["base_currency_config"]}
    default = {LEVERAGE: risk[f"default_{LEVERAGE}"]}
    return Listing(
        instruments={
            row["symbol"]: _listed(row, default | limits.get(row["base_ccy"], {})) for row in rows
        },
        haircuts={name: Decimal(row.get("minimum_haircut", "0")) for name, row in limits.items()},
        instruments_json=msgspec.json.encode({"data": rows}),
        risk_json=msgspec.json.encode(risk),
    )


def _listed(row: Mapping[str, Any], limits: Mapping[str, str]) -> Listed:
    return Listed(
        symbol=row["symbol"],
        base=row["base_ccy"],
        quote=row["quote_ccy"],
        tick=Decimal(row["price_tick_size"]),
        lot=Decimal(row["qty_tick_size"]),
        price_decimals=row["quote_decimals"],
        tradable=row["tradable"] and row["inst_type"] == "CCY_PAIR",
        value_min=_limit(limits, "min_order_notional_usd"),
        value_max=_limit(limits, "max_order_notional_usd"),
        margin_buy=row["margin_buy_enabled"],
        margin_sell=row["margin_sell_enabled"],
        leverage_max=min(Decimal(row["max_leverage"]), Decimal(limits[LEVERAGE])),
        short_max=_limit(limits, "max_short_sell_limit"),
    )


def _limit(limits: Mapping[str, str], name: str) -> Decimal | None:
    return Decimal(limits[name]) if name in limits else None
