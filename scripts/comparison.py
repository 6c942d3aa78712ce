"""Writes docs/comparison.md from runs of the naive bot and of ours in the same rehearsal: nobody edits that page by hand."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tests.rehearsal.comparison import TRIALS, Outcome, Trial, naive, ours
from tests.rehearsal.sweep import quietly

PAGE: Final = Path(__file__).parents[1] / "docs" / "comparison.md"
HEAD: Final = """# The same accidents, a naive bot and this one

*Written by `python -m scripts.comparison` from runs of both; a test runs them again and compares.*

Both live in the same rehearsal: the same virtual loop, the same simulated exchange with the same prices and faults, the same place to die.
Both get the same signal on XRP_USDT for 100 USDT, and both want a stop 2 % below. What is told here is what the exchange's own books say
at the end, eighteen minutes of virtual time later (an hour where acknowledgements are lost in a row or the price has to fall, two after
a purchase by hand). No figure is written by a person.

- **accepted**: entries that the exchange took. One is right; none is right where the order never arrived.
- **known**: those of them that the bot knows.
- **twice**: entries beyond the one that was wanted.
- **fills**: executions that the bot missed or counted beyond the true ones.
- **bare**: lots that no stop at the exchange guards; **at risk**: what they are worth, in USDT. What was bought by hand counts too.

| what happens | who | accepted | known | twice | fills | bare | at risk |
|---|---|---|---|---|---|---|---|
"""
TAIL: Final = """
How to read it:

- Where the order never left or never arrived, the naive bot buys later and ours does not buy: an intent that is proven absent ends as
  NOT_PLACED, and its signal is not ordered again. A missed entry costs an opportunity, a second one costs money.
- When every stop is refused ours sells the lot within 30 s and its breaker opens; the naive bot keeps the lot without a stop.
- What the owner buys by hand neither of them guards. Ours books its execution and leaves it alone: it is not ours to sell.
- N acknowledgements that are lost in a row give the naive bot N + 1 orders. Ours sends one, whatever is lost, because the same signal
  has the same order id and an outcome that is not known blocks the next entry of its symbol.

## What the naive bot is

Some ninety lines in `tests/rehearsal/naive.py`, written by us as a baseline, in the way in which such a bot is often written first. It
is no product of anybody, and no measure of any. It draws a new client order id for each request; takes no answer, a 5xx and a refusal
alike for a failure; orders again at its next turn while its signal stands and it knows of no order; writes the row of an order when the
acknowledgement is there; takes an order that was not found three times for lost; adds up what the socket tells; drops an order that was
cancelled, whatever had been filled; places the stop in the same breath as it sees the fill; and after a restart goes on with its rows.
Each of these can be mended; together they are why an order path needs more than a retry.

## What is published about others

From documentation and published reports of widely used trading frameworks and job runners, in our words. **None of it was measured by us**,
versions differ, and much of it may have been mended since.

| behaviour | what it can lead to | here |
|---|---|---|
"""
PUBLISHED: Final = (
    (
        "any exception while an order is placed marks it as failed or invalid",
        "an order that the exchange took is live and nobody follows it",
        "no answer is UNKNOWN; it blocks its symbol, and ends by evidence alone",
    ),
    (
        "the order's row is written after the exchange has answered, without an id of one's own",
        "each lost acknowledgement leaves one live order more",
        "intent, reservation and attempt are one transaction before the first byte leaves; the id follows from the signal",
    ),
    (
        "an order that is not found a few times in a row is given up as lost",
        "a late listing, or a late acceptance, becomes an order without an owner",
        "absence proves something only after the nonce window, with the lists read whole",
    ),
    (
        "an order that is never confirmed becomes rejected after some retries",
        "it may be live all the same, and its replacement beside it",
        "a timeout is never an end",
    ),
    (
        "an event for an id that nobody knows is logged and dropped",
        "an execution is lost",
        "it is parked, asked for, and booked or shown as foreign",
    ),
    (
        "fills that are inferred from differences, or marked as seen before they are applied",
        "an execution is counted twice, or never",
        "booked once by the exchange's trade id, in the transaction that applies it",
    ),
    (
        "cash is compared with the exchange once a day or at the start",
        "a difference lives on for hours",
        "compared with each reading of the wallet, and by the nightly audit from a cold start",
    ),
    (
        "steps of durable workflows run at least once; jobs that look stalled are run again",
        "a request to the exchange inside such a step is sent twice",
        "an attempt carries its nonce and is never signed again; an epoch keeps a process that wakes up late from sending",
    ),
    (
        "amounts are binary floats",
        "the last digit differs from the exchange's",
        "decimals, equal to the last digit or it is drift",
    ),
)
END: Final = """
Idempotency keys, as payment interfaces publish them, are the positive model: the first result is kept with its key, and the same key with
other words is an error.
"""


def page() -> str:
    """The whole page, from runs."""
    quietly()
    return "".join((HEAD, *(_rows(trial) for trial in TRIALS), TAIL, *map(_cells, PUBLISHED), END))


def _rows(trial: Trial) -> str:
    first = _cells((trial.title, "naive", *_figures(naive(trial))))
    return first + _cells(("", "**ours**", *_figures(ours(trial))))


def _figures(found: Outcome) -> Iterable[object]:
    yield from (found.accepted, found.known, found.duplicates, found.wrong_fills)
    yield from (found.naked, found.at_risk)


def _cells(cells: Iterable[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
