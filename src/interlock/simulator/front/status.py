"""What the status page shows: the clock, prices, money, orders, fills, faults, listeners and the last requests, as they stand now."""

from collections.abc import Mapping
from typing import Any, Final

from interlock.simulator.engine import Engine
from interlock.simulator.front.page import Table, page
from interlock.simulator.requestlog import RequestLog
from interlock.simulator.streams.audience import Audience
from interlock.values import Instant

ROWS_MAX: Final = 20
FILLS: Final = 10
Row = dict[str, Any]


def status(engine: Engine, audience: Audience, log: RequestLog, mode: str) -> str:
    """The page."""
    counts, sockets = engine.counts(), audience.row()
    facts = {
        "clock": _time(engine.now.ms),
        "mode": "down" if engine.is_down else mode,
        "orders accepted": counts["orders"],
        "executions": counts["fills"],
    }
    listeners: Any = sockets["listeners"]
    tables = (
        _prices(engine),
        _balances(engine),
        _open_orders(engine),
        _fills(engine),
        _armed(engine),
        _fired(engine.faults.fired, sockets["faults_fired"]),
        _listeners(listeners),
        _requests(log),
    )
    lead = "A simulated exchange: nothing here is worth anything. It is not Crypto.com's."
    return page("interlock simulate", lead, facts, tables)


def _prices(engine: Engine) -> Table:
    found: Any = engine.tell("public/get-tickers", {})
    rows = [tuple(each[name] for name in "iabkhl") for each in found["data"][:ROWS_MAX]]
    return Table("Prices", ("symbol", "last", "bid", "ask", "high", "low"), rows)


def _balances(engine: Engine) -> Table:
    found: Any = engine.show("private/user-balance", {})
    rows = [
        (each["instrument_name"], each["quantity"], each["reserved_qty"], each["market_value"])
        for each in found["data"][0]["position_balances"][:ROWS_MAX]
    ]
    return Table("Balances", ("currency", "quantity", "reserved", "USD"), rows)


def _open_orders(engine: Engine) -> Table:
    found: list[tuple[Row, str]] = []
    for world in ("private/", "private/advanced/"):
        listed: Any = engine.show(f"{world}get-open-orders", {})
        found += [(row, row["ref_price"] if "advanced" in world else "") for row in listed["data"]]
    rows = [
        (
            _time(row["create_time"]),
            *(row[name] for name in ("instrument_name", "side", "order_type", "quantity")),
            row["cumulative_quantity"],
            row.get("limit_price"),
            trigger,
            row["client_oid"],
        )
        for row, trigger in found[:ROWS_MAX]
    ]
    columns = (
        "since",
        "symbol",
        "side",
        "type",
        "quantity",
        "filled",
        "limit",
        "trigger",
        "client_oid",
    )
    return Table(f"Open orders ({len(found)})", columns, rows, is_wide=True)


def _fills(engine: Engine) -> Table:
    found: Any = engine.show("private/get-trades", {"limit": FILLS})
    rows = [
        (
            _time(each["create_time"]),
            each["instrument_name"],
            each["side"],
            each["traded_quantity"],
            each["traded_price"],
            f"{each['fees']} {each['fee_instrument_name']}",
            each["taker_side"],
            each["client_oid"],
        )
        for each in found["data"]
    ]
    columns = ("at", "symbol", "side", "quantity", "price", "fee", "as", "client_oid")
    return Table("Last fills", columns, rows, is_wide=True)


def _armed(engine: Engine) -> Table:
    rows = [
        (
            each["fault"],
            each["method"],
            each.get("by_seconds"),
            "any" if each["left"] is None else each["left"],
            _time(each["until_us"] // 1000) if isinstance(each["until_us"], int) else "",
        )
        for each in engine.faults.armed(engine.now)
    ]
    return Table("Armed faults", ("fault", "method", "by", "left", "until"), rows)


def _fired(requests: Mapping[str, int], sockets: object) -> Table:
    streams = sockets if isinstance(sockets, dict) else {}
    rows = [("request", *each) for each in sorted(requests.items())]
    rows += [("socket", *each) for each in sorted(streams.items())]
    return Table("Fired faults", ("of a", "fault", "times"), rows)


def _listeners(found: list[Row]) -> Table:
    rows = [
        (
            each["socket"],
            each["source"],
            "yes" if each["authenticated"] else "no",
            each["waiting_bytes"],
            ", ".join(each["channels"]),
        )
        for each in found[:ROWS_MAX]
    ]
    columns = ("socket", "from", "proven", "bytes waiting", "channels")
    return Table(f"Listeners ({len(found)})", columns, rows, is_wide=True)


def _requests(log: RequestLog) -> Table:
    found: list[Row] = log.newest
    rows = [
        (
            each["at"][11:23],
            each["via"],
            each["source"],
            each["method"],
            each["status"],
            each["code"],
            ", ".join(each["faults"]),
            each["us"],
            _params(each["params"]),
        )
        for each in found
    ]
    bad = frozenset(
        n for n, each in enumerate(found) if each["code"] not in {0, "0", None} or each["faults"]
    )
    columns = ("at", "via", "from", "method", "status", "code", "faults", "µs", "params")
    return Table("Last requests", columns, rows, is_wide=True, bad=bad)


def _params(asked: object) -> str:
    named = asked if isinstance(asked, dict) else {}
    return "  ".join(f"{name}={named[name]}" for name in named)


def _time(ms: int) -> str:
    return Instant.of_ms(ms).iso()[:23].replace("T", " ")
