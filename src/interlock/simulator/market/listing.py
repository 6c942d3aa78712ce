"""What is listed and on which grid, as recorded: 930 instruments and the risk parameters, shared by every engine of the process.

All of it is listed; only what has a replay can be traded. The two public answers are encoded once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec

from interlock.simulator import recordings


@dataclass(frozen=True, slots=True)
class Listed:
    """One instrument: tick in quote per base, lot in base, decimals of a price, the least and greatest value of an order in quote."""

    symbol: str
    base: str
    quote: str
    tick: Decimal
    lot: Decimal
    price_decimals: int
    tradable: bool
    value_min: Decimal | None
    value_max: Decimal | None


@dataclass(frozen=True, slots=True)
class Listing:
    """The instruments by symbol, the haircut by currency, the encoded results of the two public lists, and the index of each derivative."""

    instruments: Mapping[str, Listed]
    haircuts: Mapping[str, Decimal]
    instruments_json: bytes
    risk_json: bytes
    indices: Mapping[str, str]


@cache
def listing() -> Listing:
    """The recorded listing."""
    rows, risk = recordings.instruments(), recordings.risk_parameters()
    limits = {row["instrument_name"]: row for row in risk["base_currency_config"]}
    return Listing(
        instruments={row["symbol"]: _listed(row, limits.get(row["base_ccy"], {})) for row in rows},
        haircuts={name: Decimal(row.get("minimum_haircut", "0")) for name, row in limits.items()},
        instruments_json=msgspec.json.encode({"data": rows}),
        risk_json=msgspec.json.encode(risk),
        indices={r["symbol"]: r["underlying_symbol"] for r in rows if r.get("underlying_symbol")},
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
    )


def _limit(limits: Mapping[str, str], name: str) -> Decimal | None:
    return Decimal(limits[name]) if name in limits else None
