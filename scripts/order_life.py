"""Writes docs/order_life.md from the one life table: nobody edits that page by hand."""

from pathlib import Path
from typing import Final

from interlock.errors import BrokenInvariant
from interlock.orders.life import ENDS, MEANINGS, TABLE, State, move
from interlock.protocol.crypto_com.orders import STATES

PAGE: Final = Path(__file__).parents[1] / "docs" / "order_life.md"
HEAD: Final = """# The life of an order

*Written by `python scripts/order_life.py` from the table in the code; a test compares them.*

One table for every order, in code, store, logs and documents. An end is an end, and a timeout is never one: silence is UNKNOWN.

```mermaid
stateDiagram-v2
    [*] --> SENDING
"""
STATES_HEAD: Final = """```

| state | what it says | may become |
|---|---|---|
"""
WORDS_HEAD: Final = """
## What a word does in each state

Down: where the order is. Across: what evidence says of it. `=` keeps the state (the same word, an older one, or a word after the end); *no*
contradicts the table: the order stays where it is, and the contradiction is told as an incident.

"""
THEIRS_HEAD: Final = """
## Words of the exchange

A word that is not listed proves only that the order exists; it freezes the entries of its symbol until a person has looked.

| theirs | ours |
|---|---|
"""


def page() -> str:
    """The whole page."""
    edges = [f"    {a} --> {b}" for a in State for b in sorted(TABLE[a])]
    ends = [f"    {end} --> [*]" for end in State if end in ENDS]
    diagram = "\n".join([*edges, *ends, ""])
    states = "".join(f"| {s} | {MEANINGS[s]} | {_next(s)} |\n" for s in State)
    theirs = "".join(f"| `{word}` | {ours} |\n" for word, ours in sorted(STATES.items()))
    return HEAD + diagram + STATES_HEAD + states + WORDS_HEAD + _words() + THEIRS_HEAD + theirs


def _next(state: State) -> str:
    return ", ".join(sorted(TABLE[state])) or "nothing: it is an end"


def _words() -> str:
    head = "| | " + " | ".join(State) + " |\n|" + "---|" * (len(State) + 1) + "\n"
    rows = (f"| **{a}** | " + " | ".join(_after(a, b) for b in State) + " |\n" for a in State)
    return head + "".join(rows)


def _after(now: State, to: State) -> str:
    try:
        after = move(now, to)
    except BrokenInvariant:
        return "*no*"
    return "=" if after is now else after


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
