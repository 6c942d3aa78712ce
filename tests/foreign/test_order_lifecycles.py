"""Every recorded life of an order is lived again by the engine: the same requests on the market that was there, event for event.

What a market was is read off the executions: the price at which it stood, and what stood at each level.
"""

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from interlock.protocol.crypto_com.signing import signature
from interlock.simulator.books.events import OrderChanged, Traded
from interlock.simulator.config import Config, demo_key
from interlock.simulator.engine import Engine
from interlock.simulator.recordings import Series
from interlock.simulator.rest.rows import order_row
from interlock.simulator.switches import Switches
from interlock.values import Instant

HERE: Final = Path(__file__).parent / "exchange" / "recorded" / "order_lifecycles.json"
START: Final = Instant.of_iso("2026-01-01T00:00:00")
HOUR_MS: Final = 3_600_000
TICK: Final = Decimal("0.00001")
PAIR: Final = "CRO_USD"
# Where an order was executed is compared; who it was, and when, is not.
LIVED: Final = (
    "status",
    "side",
    "order_type",
    "time_in_force",
    "exec_inst",
    "quantity",
    "limit_price",
    "order_value",
    "avg_price",
    "cumulative_quantity",
    "cumulative_value",
    "cumulative_fee",
    "fee_instrument_name",
)
# What was ordered in 2024 is worth less than the exchange takes now: it is lived again a hundred times as large.
LEAST: Final = Decimal(1)
LARGER: Final = 100
LIVES: Final = {
    f"{name}-{life['order_id']}": life
    for name, lives in json.loads(HERE.read_bytes())["scenarios"].items()
    for life in lives
}


@dataclass(frozen=True)
class Market:
    """The last price, and what stood at each price that was met, best first."""

    last: Decimal
    levels: tuple[tuple[Decimal, Decimal], ...]
    rate: Decimal


def orders(life: dict[str, Any]) -> list[dict[str, Any]]:
    return [event["order"] for event in life["events"] if "order" in event]


def figures(row: dict[str, Any], times: int = 1) -> dict[str, object]:
    """What is compared: to the letter, but amounts as numbers where the order is lived larger."""
    kept: dict[str, object] = {name: row[name] for name in LIVED if name in row}
    if times == 1:
        return kept
    texts = ("status", "side", "order_type", "time_in_force", "fee_instrument_name")
    return {
        name: Decimal(value) if isinstance(value, str) and name not in texts else value
        for name, value in kept.items()
    }


def scale(life: dict[str, Any]) -> int:
    return LARGER if Decimal(orders(life)[0]["order_value"]) < LEAST else 1


def scaled(row: dict[str, Any], times: int) -> dict[str, Any]:
    if times == 1:
        return row
    grown = {name: str(Decimal(row[name]) * times) for name in ("quantity", "order_value")}
    return row | grown


def executions(life: dict[str, Any]) -> list[tuple[Decimal, Decimal]]:
    """Price and quantity of each execution: the differences between what was told."""
    seen, quantity, value = list[tuple[Decimal, Decimal]](), Decimal(0), Decimal(0)
    for row in orders(life):
        done, worth = Decimal(row["cumulative_quantity"]), Decimal(row["cumulative_value"])
        if done > quantity:
            seen.append(((worth - value) / (done - quantity), done - quantity))
        quantity, value = done, worth
    return seen


def market(life: dict[str, Any]) -> Market:
    """What must have stood there: one more lot at the last level of an order that was not stopped by the market's end."""
    row, met = orders(life)[-1], executions(life)
    value, quantity = Decimal(row["order_value"]), Decimal(row["quantity"])
    done = Decimal(row["cumulative_quantity"])
    rate = Decimal(row["cumulative_fee"]) / (done or 1)
    if row["side"] == "SELL" and done:
        rate = Decimal(row["cumulative_fee"]) / Decimal(row["cumulative_value"])
    if not met:
        away = Decimal("1.4") if row["side"] == "BUY" else Decimal("0.7")
        last = Decimal(row["limit_price"]) * away
        return Market(last, ((last, Decimal(1)),), rate)
    levels = (*met[:-1], (met[-1][0], met[-1][1] + 100))
    last = met[0][0]
    if row["order_type"] == "MARKET" and row["side"] == "SELL":
        last = (value / quantity / Decimal("0.95") / TICK).to_integral_value() * TICK
    return Market(last, levels, rate)


def engine(life: dict[str, Any]) -> Engine:
    """An exchange on that market, which does not move."""
    there = market(life)
    best = there.levels[0][0]
    ladder = tuple((int(abs(price - best) / TICK), size) for price, size in there.levels)
    column = np.full(48, float(there.last))
    opens = START.ms - HOUR_MS + HOUR_MS * np.arange(48, dtype=np.int64)
    series = Series(PAIR, HOUR_MS, opens, column, column, column, column, np.full(48, 1e6))
    return Engine(
        Config(
            start=START,
            replay={PAIR: series},
            keys=(demo_key(0),),
            balances={"USD": Decimal(100), "CRO": Decimal(100)},
            taker_rate=there.rate,
            half_spread=abs(there.last - best) / there.last,
            ladders={PAIR: ladder},
            switches=Switches(price_band=Decimal(1)),
        )
    )


def asked(life: dict[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """The recorded requests; where only the order was recorded, the one that it shows."""
    requests = [event for event in life["events"] if event["kind"] == "request/response"]
    for event in requests:
        yield event["method"], ast.literal_eval(event["request"].removeprefix("params="))
    if not requests:
        row = orders(life)[0]
        params = {"instrument_name": PAIR, "side": row["side"], "type": row["order_type"]}
        params["fee_instrument_name"] = row["fee_instrument_name"]
        if "limit_price" in row:
            yield (
                "private/create-order",
                params | {"price": row["limit_price"], "quantity": row["quantity"]},
            )
        else:
            yield "private/create-order", params | {"notional": row["order_value"]}
    if orders(life)[-1]["status"] == "CANCELED" and "limit_price" in orders(life)[-1]:
        yield "private/cancel-order", {}


def ask(exchange: Engine, method: str, params: dict[str, str]) -> dict[str, Any]:
    exchange.advance(exchange.now + timedelta(milliseconds=1))
    key, nonce = demo_key(0), str(exchange.now.ms)
    sig = signature(key.secret, method, "1", key.key, params, nonce)
    body = {"id": 1, "method": method, "params": params, "nonce": exchange.now.ms}
    sent = json.dumps(body | {"api_key": key.key, "sig": sig}).encode()
    answer = exchange.handle("POST", f"/exchange/v1/{method}", sent)
    assert answer is not None
    read: dict[str, Any] = json.loads(answer.body)
    return read


@pytest.mark.parametrize("name", LIVES)
def test_a_recorded_life_is_lived_again_event_for_event(name: str) -> None:
    life = LIVES[name]
    exchange = engine(life)
    own, told = "", list[dict[str, object]]()

    for method, params in asked(life):
        named = dict(params)
        if method == "private/create-order" and "quantity" in params:
            named["quantity"] = str(int(params["quantity"]) * scale(life))
        elif method != "private/create-order":
            named["order_id"] = own
        before = exchange.events.count
        answer = ask(exchange, method, named)
        if answer["code"] == 212:
            break
        assert answer["code"] == 0
        own = answer["result"]["order_id"]
        told += [
            figures(order_row(event.order, exchange.config), scale(life))
            for event in exchange.events.since(before)
            if isinstance(event, OrderChanged)
        ]

    waits = {"status": "ACTIVE", "cumulative_quantity": Decimal(0) if scale(life) > 1 else "0"}
    recorded = [figures(scaled(row, scale(life)), scale(life)) for row in orders(life)]
    for row, after in zip(recorded, [*recorded[1:], None], strict=True):
        if row == after:
            continue
        # That an order was accepted and waits was not always recorded.
        while row["status"] != "ACTIVE" and waits.items() <= told[0].items():
            told = told[1:]
        now, told = told[0], told[1:]
        assert {key: now[key] for key in row} == row
    assert told == []
    trades = [event.trade for event in exchange.events.since(0) if isinstance(event, Traded)]
    done = [(trade.done.price, trade.done.quantity) for trade in trades]
    assert done == executions(life)


def test_a_fee_in_quote_is_charged_in_quote_though_the_order_counts_it_in_base() -> None:
    life = LIVES["market_buy_notional_filled_more_than_quantity_field-4989988582753137070"]
    exchange = engine(life)

    ask(exchange, *next(asked(life)))

    trade = next(e.trade for e in exchange.events.since(0) if isinstance(e, Traded))
    assert (trade.fee_currency, trade.done.fee) == ("USD", Decimal("0.00454572"))
    books = exchange.books()
    assert books["orders"][0]["cumulative_fee"] == "0.0828"
    assert books["balances"]["CRO"] == "118"
    assert Decimal(books["balances"]["USD"]) == 100 - Decimal("0.9882") - Decimal("0.00454572")
