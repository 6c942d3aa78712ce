"""What is listed and on which grid, as recorded: 930 instruments and the risk parameters, shared by every engine of the process.

All of it is listed; only what has a replay can be traded. The two public answers are encoded once. One exchange may change its own
listing while it runs; the recording and every other exchange keep theirs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
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


@dataclass(slots=True)
class Listing:
    """The instruments by symbol, the haircut by currency, the encoded results of the two public lists, and the index of each derivative."""

    instruments: Mapping[str, Listed]
    haircuts: Mapping[str, Decimal]
    instruments_json: bytes
    risk_json: bytes
    indices: Mapping[str, str]

    def change(self, symbol: str, **fields: object) -> Listed:
        """Lists an instrument with other fields of its row from now on."""
        rows = self._rows()
        row = next(each for each in rows if each["symbol"] == symbol)
        row |= fields
        listed = self.instruments[symbol]
        changed = replace(
            listed,
            tick=Decimal(row["price_tick_size"]),
            lot=Decimal(row["qty_tick_size"]),
            price_decimals=row["quote_decimals"],
            tradable=row["tradable"] and listed.tradable,
        )
        self.instruments = {**self.instruments, symbol: changed}
        self._encode(rows)
        return changed

    def remove(self, symbol: str) -> None:
        """Lists an instrument no more."""
        self.instruments = {name: each for name, each in self.instruments.items() if name != symbol}
        self._encode([row for row in self._rows() if row["symbol"] != symbol])

    def _rows(self) -> list[dict[str, Any]]:
        return msgspec.json.decode(self.instruments_json, type=dict[str, list[dict[str, Any]]])[
            "data"
        ]

    def _encode(self, rows: list[dict[str, Any]]) -> None:
        self.instruments_json = msgspec.json.encode({"data": rows})


def listing(only: tuple[str, ...] = ()) -> Listing:
    """The recorded listing, or only these symbols of it, to be changed by one exchange."""
    return replace(_only(only) if only else _recorded())


@cache
def _only(symbols: tuple[str, ...]) -> Listing:
    whole = listing()
    kept = {name: each for name, each in whole.instruments.items() if name in symbols}
    rows = [row for row in recordings.instruments() if row["symbol"] in symbols]
    bases = {each.base for each in kept.values()} | {each.quote for each in kept.values()}
    risk = dict(recordings.risk_parameters())
    limits = [row for row in risk["base_currency_config"] if row["instrument_name"] in bases]
    return replace(
        whole,
        instruments=kept,
        instruments_json=msgspec.json.encode({"data": rows}),
        risk_json=msgspec.json.encode(risk | {"base_currency_config": limits}),
    )


@cache
def _recorded() -> Listing:
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
        margin_buy=row["margin_buy_enabled"],
        margin_sell=row["margin_sell_enabled"],
        leverage_max=min(Decimal(row["max_leverage"]), Decimal(limits[LEVERAGE])),
        short_max=_limit(limits, "max_short_sell_limit"),
    )


def _limit(limits: Mapping[str, str], name: str) -> Decimal | None:
    return Decimal(limits[name]) if name in limits else None
