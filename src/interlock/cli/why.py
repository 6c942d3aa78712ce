"""`interlock why`: the record of one decision, from the bar to the order or to the objections."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from interlock.cli.asking import NotRunning, exchange
from interlock.cli.saying import AsJson, say, say_json, say_table
from interlock.errors import BadInput
from interlock.settings import read

NOT_FOUND = 404
BAD_INPUT = 422
OK = 200

Symbol = Annotated[str, typer.Argument(help="Such as BTC_USDT.")]
At = Annotated[
    str | None, typer.Option("--at", help="The decision in force at this ISO 8601 time.")
]


def why(symbol: Symbol, at: At = None, *, as_json: AsJson = False) -> None:
    """Tell why a symbol was or was not traded."""
    query = f"?at={quote(at, safe='')}" if at else ""
    status, body = exchange(read(), "GET", f"/api/why/{quote(symbol, safe='')}{query}")
    if status in (NOT_FOUND, BAD_INPUT):
        raise BadInput(str(body.get("reason", "")))
    if status != OK:
        raise NotRunning(f"The platform answers {status}: {body.get('reason', 'no reason')}")
    if as_json:
        say_json(body)
    else:
        _say(body)


def _say(body: dict[str, Any]) -> None:
    signal, verdict = body["signal"], body["verdict"]
    ending = f"{body['outcome']} {body['code'] or ''}".strip()
    say(
        f"{body['symbol']}: {signal['decision']} by {signal['strategy']} at {body['at']} -> {ending}"
    )
    say(f"bar {signal['bar']}, close {signal['close']}, index {signal['index']} %")
    flags = [(f["name"], f["holds"], f["because"]) for f in signal["flags"]]
    say_table("because", ("flag", "holds", "reason"), flags)
    values = sorted(signal["values"].items())
    say_table("indicators", ("name", "value"), [(name, _value(value)) for name, value in values])
    if verdict is None:
        say("It was not judged: nothing was proposed.")
    elif verdict["objections"]:
        parts = ("rule", "found", "limit", "reason", "remedy")
        rows = [tuple(o[part] for part in parts) for o in verdict["objections"]]
        say_table("objections, gravest first", parts, rows)
    else:
        say(f"{verdict['word']}: no rule objected; intent {body['intent_id']}.")


def _value(value: object) -> object:
    return f"unknown: {value['unknown']}" if isinstance(value, dict) else value
