"""`interlock probe`: would this order pass. It asks the platform's own risk guard; nothing is signed or sent."""

import json
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import typer

from interlock.cli.asking import exchange
from interlock.cli.saying import AsJson, say, say_json, say_table
from interlock.errors import BadInput
from interlock.settings import read
from interlock.values import Side, decimal_of

ALLOWED = 200
BAD_INPUT = 422

Symbol = Annotated[str, typer.Argument(help="Such as BTC_USDT.")]
Which = Annotated[Side, typer.Argument(help="BUY or SELL.")]
Price = Annotated[str | None, typer.Option("--price", help="Price, in quote.")]
Quantity = Annotated[str | None, typer.Option("--quantity", help="Quantity, in base.")]
Value = Annotated[str | None, typer.Option("--value", help="Value in USD, instead of the two.")]
Leverage = Annotated[str | None, typer.Option("--leverage", help="On margin, with this leverage.")]
Scope = Annotated[str, typer.Option("--scope", help="guard: the risk guard; order: every rule.")]


def probe(  # noqa: PLR0913, PLR0917 (the options of a command are its arguments)
    symbol: Symbol,
    side: Which = Side.BUY,
    price: Price = None,
    quantity: Quantity = None,
    value: Value = None,
    leverage: Leverage = None,
    scope: Scope = "guard",
    *,
    as_json: AsJson = False,
) -> None:
    """Ask whether an entry would be allowed now; exit 0 when it would, 1 when it is blocked."""
    numbers = {
        "price": _number(price),
        "quantity": _number(quantity),
        "trade_value_usd": _number(value),
        "leverage": _number(leverage),
    }
    question = {
        "symbol": symbol,
        "side": side,
        "is_margin": leverage is not None,
        "scope": scope,
        **{name: number for name, number in numbers.items() if number is not None},
    }
    encoder = msgspec.json.Encoder(decimal_format="number")
    status, body = exchange(read(), "POST", "/api/risk/probe", encoder.encode(question))
    if status == BAD_INPUT:
        raise BadInput(f"{body.get('reason', json.dumps(body))}.")
    if as_json:
        say_json(body)
    else:
        _say(body)
    raise typer.Exit(0 if status == ALLOWED and body.get("allowed") is True else 1)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else decimal_of(text)


def _say(body: dict[str, Any]) -> None:
    say("allowed" if body.get("allowed") is True else f"blocked: {body.get('reason')}")
    objections = body.get("objections", [])
    if objections:
        rows = [(o["rule"], o["found"], o["limit"]) for o in objections]
        say_table("objections", ("rule", "found", "limit"), rows)
    for rule in body.get("rules", []):
        if "remedy" in rule:
            say(f"{rule['rule']}: {rule['remedy']}")
