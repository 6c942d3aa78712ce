"""`interlock health`: the seed's JSON, or with `--guard` one word and an exit code."""

from typing import Annotated, Any, Final

import typer

from interlock.cli.asking import NotRunning, exchange
from interlock.cli.saying import AsJson, say, say_json, say_table
from interlock.settings import read

PARTS: Final = ("market_data", "market_updater", "signal_monitor", "telegram", "trade_system")
ANSWERS: Final = (200, 503)

Guard = Annotated[bool, typer.Option("--guard", help="PASS or FAIL, exit 0 or 1.")]


def health(*, guard: Guard = False, as_json: AsJson = False) -> None:
    """Show whether the platform is well; exit 1 when it is not."""
    if guard:
        _guard()
        return
    status, body = exchange(read(), "GET", "/api/health/system")
    if status not in ANSWERS:
        raise NotRunning(f"The platform answers {status}.")
    if as_json:
        say_json(body)
    else:
        _say(body)
    raise typer.Exit(1 if body["global_status"] == "FAIL" else 0)


def _guard() -> None:
    """One line, PASS or FAIL, whatever happens: what could not be asked has failed."""
    try:
        _, body = exchange(read(), "GET", "/api/health/system")
    except (NotRunning, TimeoutError):
        body = {}
    is_well = body.get("global_status") == "PASS" and body.get("db_status") == "up"
    typer.echo("PASS" if is_well else "FAIL")
    raise typer.Exit(0 if is_well else 1)


def _say(body: dict[str, Any]) -> None:
    rows = [(part, body[part]["status"], _figures(body[part])) for part in PARTS]
    say_table(f"{body['global_status']} as of {body['timestamp']}", ("", "", ""), rows)
    details = body["details"]
    ready, exchange_is = details["ready_to_trade"], details["exchange"]
    say(f"database {body['db_status']}, signed exchange access {exchange_is['status']}")
    say("ready to trade" if ready["allowed"] else f"no entry: {'; '.join(ready['why'])}")


def _figures(part: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in part.items() if key != "status")
