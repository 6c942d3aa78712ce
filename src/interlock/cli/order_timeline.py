"""`interlock orders show ID`: what happened to one order, in the order of time, with the evidence of each line and who said it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from rich.table import Table
from rich.text import Text

from interlock.cli.asking import NotRunning, exchange
from interlock.cli.saying import dated, say_json, say_rich
from interlock.errors import BadInput
from interlock.settings import Settings

OK: Final = 200
NOT_THERE: Final = frozenset({404, 422})
GOOD: Final = frozenset({"filled", "booked", "protected", "confirmed by listing", "acknowledged"})
BAD: Final = frozenset({"unknown", "no answer", "not sent", "stop asked for"})
MINUTE_S: Final = 60
HOUR_S: Final = 3600


def show(settings: Settings, named: str, *, as_json: bool) -> None:
    """Says the timeline of the order that bears this name."""
    status, body = exchange(settings, "GET", f"/api/orders/{quote(named, safe='')}")
    if status in NOT_THERE:
        raise BadInput(str(body.get("reason", "")))
    if status != OK:
        raise NotRunning(f"The platform answers {status}: {body.get('reason', 'no reason')}")
    if as_json:
        say_json(body)
        return
    order = body["order"]
    say_rich(Text.assemble((body["sentence"], "bold"), "  ", (order["state"], _style("ended"))))
    say_rich(Text(f"{order['client_oid']}, order {order['order_id'] or '-'}, {dated(body)}"))
    say_rich(_table(body["timeline"]))


def _table(lines: list[Mapping[str, Any]]) -> Table:
    table = Table(header_style="bold", box=None, pad_edge=False)
    for name in ("time (UTC)", "after", "", "event", "what", "evidence", "who"):
        table.add_column(name, overflow="fold")
    for row in _rows(lines):
        table.add_row(*row)
    return table


def _rows(lines: list[Mapping[str, Any]]) -> Iterator[tuple[Text, ...]]:
    """Time in full once a day, then what passed since the line before."""
    before: datetime | None = None
    for line in lines:
        at = datetime.fromisoformat(line["at"]) if line["at"] else None
        style = _style(line["event"])
        yield (
            Text(_time(at, before)),
            Text(_passed(at, before), "dim", justify="right"),
            Text("●" if at else "○", style),
            Text(line["event"], style),
            Text(line["said"]),
            Text(line["source"], "dim"),
            Text(line["who"], "dim"),
        )
        before = at or before


def _style(event: str) -> str:
    if event in GOOD:
        return "green"
    return "red" if event in BAD else "bold" if event == "ended" else "cyan"


def _time(at: datetime | None, before: datetime | None) -> str:
    if at is None:
        return "not kept"
    is_same_day = before is not None and before.date() == at.date()
    return at.strftime("%H:%M:%S.%f")[:12] if is_same_day else at.strftime("%Y-%m-%d %H:%M:%S")


def _passed(at: datetime | None, before: datetime | None) -> str:
    if at is None or before is None:
        return ""
    seconds = (at - before).total_seconds()
    if seconds < 1:
        return f"+{seconds * 1000:.1f} ms"
    if seconds < MINUTE_S:
        return f"+{seconds:.1f} s"
    if seconds < HOUR_S:
        return f"+{seconds / MINUTE_S:.0f} min"
    return f"+{seconds / HOUR_S:.1f} h"
