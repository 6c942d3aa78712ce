"""Writes docs/simulator_faults.md from the vocabulary of the simulator's faults: nobody edits that page by hand."""

from pathlib import Path
from typing import Final

from interlock.simulator.faults import FAULTS, SECONDS_MAX, Fault

PAGE: Final = Path(__file__).parents[1] / "docs" / "simulator_faults.md"
HEAD: Final = f"""# Faults of the simulator

*Written by `python scripts/simulator_faults.py` from the vocabulary in the code; a test compares them.*

The URL of the control port is `control` in the simulator's first line. It ends in a token: whoever has it may ask, nobody else is
answered, and no page of another origin and no other name than an address or `localhost` either. `--control-token` fixes it, for labs of
one's own: a command line can be read by everybody on the machine. Opened in a browser, the URL shows what the exchange does.

```sh
curl -s "$control/control/arm" -d '{{"fault": "lose_answer", "method": "private/create-order"}}'
curl -s "$control/control/arm" -d '{{"fault": "lag", "method": "private/get-order-detail", "by_seconds": 5, "seconds": 60}}'
curl -s "$control/control/faults"
```

## A request

`POST /control/arm` arms one fault. All but `fault` may be left out.

| field | says |
|---|---|
| `method` | which method meets it; `*`: any |
| `count` | how many requests meet it; left out: one, or with `seconds` all of them |
| `seconds` | for how long on the exchange's clock, at most {SECONDS_MAX:.0f} |
| `key`, `source` | only requests by this key, only from this address |
| `by_seconds`, `code`, `word` | where the table names them, with what holds if they are left out |

A request meets at most one of the faults that are about it, the oldest first; beside it one of `lag` and one of `clock_skew`. A fault
counts where it takes effect: `GET /control/faults` shows what is armed and what has fired, as does `faults_fired` in `GET /control/books`.
`POST /control/disarm` takes one back (`{{"fault": "lag"}}`) or all (`{{}}`). What takes effect later is an event of the exchange's clock,
so that the same seed and the same faults give the same bytes, in process and over HTTP.

| fault | what happens | takes effect | its sender hears | reads |
|---|---|---|---|---|
"""
TAIL: Final = """
A command on the user socket meets those marked *; silence is then an answer that does not come.

- `refuse` with `code` 42901 and `seconds` is a burst of the rate limit, with 40101 or 40103 an address or a key that was taken away for a
  while, with 40801 or 50001 (and `refuse_after`) an outcome that nobody knows.
- `accept_late` bears at most 60 s, because the nonce is checked when the request arrives, and is good for 60 s.
- `lag` shows orders, trades and balances as they stood `by_seconds` ago, on the methods it is armed for; acts are done at once, and the
  sockets tell at once. It reaches back over the newest 50,000 events.
- `clock_skew` moves the nonce window and the Date header alone: times within answers, and events, keep the exchange's own time.

## The exchange as a whole

| to | body | does |
|---|---|---|
| `/control/restart` | `{"seconds": 3}` | every connection ends now, answers on their way are lost, the books stay; for so long it is away |
| `/control/allowlist` | `{"addresses": ["127.0.0.2"], "code": 40103}` | from where every key (or `key`) may come, and how others are told |
| `/control/key` | `{"revoked": true}` or `{"permission": "read"}` | takes a key away or brings it back; its sockets are closed |

## News on a socket

`POST /control/stream`; `GET /control/streams` shows who listens and which of these have fired.

| body | does |
|---|---|
| `{"fault": "drop", "channel": "user.order", "count": 2}` | the next news of a channel (`*`: any) to each listener are lost |
| `{"fault": "duplicate", …}`, `{"fault": "reorder", …}` | they are said twice, or after the next |
| `{"fault": "delay", "seconds": 2, …}` | they are said late |
| `{"fault": "close", "code": 1006, "socket": "user"}` | closes now with 1000, 1006 (a cut) or 1013, one kind of socket or both |
| `{"fault": "stall", "seconds": 10}` | nothing is said for so long, heartbeats included; then everything that waited |

A lost `book.update` is a `pu` that does not follow; silence is a stall; an event that comes twice or late is what a client must bear.
"""


def page() -> str:
    """The whole page."""
    return "".join((HEAD, *(_row(fault) for fault in FAULTS.values()), TAIL))


def _row(fault: Fault) -> str:
    mark = " *" if fault.is_wireless else ""
    effect = fault.effect.value.replace("by_seconds", "`by_seconds`")
    return f"| `{fault.name}`{mark} | {fault.law} | {effect} | {fault.heard.value} | {_reads(fault)} |\n"


def _reads(fault: Fault) -> str:
    read = []
    if fault.by is not None:
        read.append(f"`by_seconds` {fault.by.usual:g} ({fault.by.least:g} to {fault.by.most:g})")
    if fault.code is not None:
        read.append(f"`code` {fault.code}")
    if fault.word is not None:
        read.append(f"`word` {fault.word}")
    return ", ".join(read)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
