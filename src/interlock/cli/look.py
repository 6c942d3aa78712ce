"""The verbs that only look: status, orders, positions, balance, watchlist. Each asks the running platform and shows its age."""

from typing import Annotated

import typer

from interlock.cli.asking import ask
from interlock.cli.order_timeline import show
from interlock.cli.saying import AsJson, dated, say, say_json, say_table
from interlock.settings import read

Limit = Annotated[int, typer.Option("--limit", min=1, max=200, help="How many, newest first.")]


def status(*, as_json: AsJson = False) -> None:
    """Show mode, kill switch, equity, and whether an entry could be made now."""
    body = ask(read(), "/api/status")
    if as_json:
        say_json(body)
        return
    kill, pause = body["kill"], body["pause"]
    rows = [
        ("mode", f"{body['mode']} (at most {body['bound']}), venue {body['venue']}"),
        ("kill switch", f"engaged by {kill['who']}: {kill['why']}" if kill else "clear"),
        ("pause", f"by {pause['who']}: {pause['why']}" if pause else "no"),
        ("health", body["health"]),
        ("equity", body["equity"] if body["equity"] is not None else body["unknown"]),
        ("today", body["day_pnl"]),
        ("open positions", body["open_positions"]),
        ("orders in flight", body["orders_in_flight"]),
        ("unknown outcomes", body["unknown_outcomes"]),
        ("ready to trade", "yes" if body["ready_to_trade"] else "; ".join(body["why_not"])),
    ]
    say_table(dated(body), ("", ""), rows)


def orders(
    what: Annotated[str, typer.Argument(help="Nothing, or `show`.")] = "",
    named: Annotated[
        str, typer.Argument(metavar="[ID]", help="client_oid, order id, or how one of them begins.")
    ] = "",
    *,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Show the newest orders, or with `show ID` what happened to one of them."""
    if what == "show" and named:
        show(read(), named, as_json=as_json)
        return
    if what:
        raise typer.BadParameter("Say `interlock orders`, or `interlock orders show ID`.")
    body = ask(read(), f"/api/orders?limit={limit}")
    if as_json:
        say_json(body)
        return
    keys = (
        "created_at",
        "symbol",
        "side",
        "purpose",
        "quantity",
        "limit",
        "trigger",
        "filled",
        "state",
    )
    _rows(body, "orders", keys)


def positions(*, as_json: AsJson = False) -> None:
    """Show every open lot with its protection."""
    body = ask(read(), "/api/positions")
    if as_json:
        say_json(body)
        return
    keys = (
        "symbol",
        "quantity",
        "average",
        "last",
        "unrealised",
        "protection",
        "stop",
        "target",
        "age_s",
    )
    _rows(body, "positions", keys)


def balance(*, as_json: AsJson = False) -> None:
    """Show the wallet and what it is worth."""
    body = ask(read(), "/api/portfolio")
    if as_json:
        say_json(body)
        return
    balances = body["balances"]
    if balances["unknown"] is not None:
        say(f"The balances are unknown: {balances['unknown']}")
        return
    rows = [(b["currency"], b["total"], b["available"]) for b in balances["rows"]]
    say_table(
        f"{dated(body)}, read {balances['age_s']} s ago", ("currency", "total", "available"), rows
    )
    say(f"equity {body['equity'] if body['equity'] is not None else 'unknown'}")


def watchlist(*, as_json: AsJson = False) -> None:
    """Show every watched symbol with its price and the last decision."""
    body = ask(read(), "/api/watchlist")
    if as_json:
        say_json(body)
        return
    keys = (
        "symbol",
        "preset",
        "last",
        "price_age_s",
        "trade_enabled",
        "trade_amount_usd",
        "decision",
    )
    _rows(body, "watchlist", keys)


def _rows(body: dict[str, object], name: str, keys: tuple[str, ...]) -> None:
    found = body[name]
    rows = [[row[key] for key in keys] for row in found] if isinstance(found, list) else []
    say_table(f"{len(rows)} {name}, {dated(body)}", [key.replace("_", " ") for key in keys], rows)
