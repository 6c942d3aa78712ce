"""The journal of the books: which tables only ever grow, and what of each of their rows lasts; sealing and verifying it.

An intent and an attempt get their outcome later: what was decided of them lasts, and each step of what became of them is a row of its own.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from interlock.errors import BrokenInvariant
from interlock.evidence.seal import PAGE, Head, Seal, Verified, Written, sealed, verify
from interlock.evidence.timeline import Step
from interlock.ledger.book import Entry, entry_of
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.store.entries import read_entries
from interlock.store.intent_rows import INTENTS
from interlock.store.records import (
    ABSENCES,
    ATTEMPTS,
    CHANGES,
    DECISIONS,
    ENTRIES,
    FILLS,
    POSTINGS,
    SEALS,
    STEPS,
    VERDICTS,
)
from interlock.store.rows import Rows, Table
from interlock.values import Instant, Unknown

# In the order in which they are sealed; behind each, what of its rows is still to come.
LATER: Final[dict[Table[Any], frozenset[str]]] = {
    CHANGES: frozenset(),
    VERDICTS: frozenset(),
    INTENTS: frozenset(
        {
            *("status", "live", "order_id", "spawned_order_id", "filled", "value", "refusal"),
            *("reserved", "list_id", "confirmed_at", "updated_at"),
        }
    ),
    ATTEMPTS: frozenset(("outcome", "answered_at", "left_at")),
    DECISIONS: frozenset(),
    STEPS: frozenset(),
    ABSENCES: frozenset(),
    FILLS: frozenset(),
    ENTRIES: frozenset(),
    POSTINGS: frozenset(),
}
JOURNAL: Final = tuple(LATER)


def seal(rows: Rows, now: Instant) -> Seal | None:
    """Seals what was written since the last seal, at most a page of each table; None when nothing was."""
    last = last_seal(rows)
    fresh = unsealed(rows, last)
    if not fresh:
        return None
    made = sealed(last, fresh, now)
    rows.add(SEALS, made)
    return made


def last_seal(rows: Rows) -> Seal | None:
    """The newest seal."""
    return next(iter(rows.find(SEALS, newest=True, limit=1)), None)


def unsealed(rows: Rows, last: Seal | None) -> Sequence[Written]:
    """At most a page of each table that was written since."""
    places = last.places if last else {}
    return [row for table in JOURNAL for row in _written(rows, table, places.get(table.name, 0))]


def verified(rows: Rows, outside: Head | Unknown | None) -> Verified:
    """The whole journal, row by row, against its seals and against the head that lies outside."""
    return verify(rows.find(SEALS), _everything(rows), outside)


def rebuilt(rows: Rows) -> tuple[str, ...]:
    """Where orders and ledger are not what the journal makes of them."""
    steps: dict[str, Step] = {}
    # By their numbers: a clock that was set back dates a later step before an earlier one.
    for step in sorted(rows.find(STEPS), key=lambda step: step.n):
        if step.word in State.__members__:
            steps[step.intent_id] = step
    lives = [each for i in rows.find(INTENTS) if (each := _life(i, steps.get(i.id)))]
    try:
        entries = {entry.cause: entry for entry in read_entries(rows)}
    except BrokenInvariant as error:
        return (*lives, str(error))
    made = (booked.fill for booked in rows.find(FILLS))
    ledger = (_booked(entry_of(fill, *fill.symbol.split("_", 1)), entries) for fill in made)
    return (*lives, *(each for each in ledger if each))


def _life(intent: Intent, step: Step | None) -> str | None:
    """Books before their fifth schema kept no steps."""
    if step is None or step.word == intent.state:
        return None
    return f"order_intents {intent.id} says {intent.state}, and its last step {step.word}"


def _booked(entry: Entry, entries: dict[str, Entry]) -> str | None:
    kept = entries.get(entry.cause)
    if kept is None:
        return f"fills {entry.cause} has no entry"
    return None if kept.postings == entry.postings else f"entries {entry.cause} is not its fill's"


def _everything(rows: Rows) -> Iterator[Written]:
    for table in JOURNAL:
        place = 0
        while page := _written(rows, table, place):
            yield from page
            place = page[-1].place


def _written(rows: Rows, table: Table[Any], after: int) -> list[Written]:
    lasts = [n for n, name in enumerate(table.columns) if name not in LATER[table]]
    keys = [table.columns.index(name) for name in table.key]
    return [
        Written(
            table.name,
            place,
            "/".join(str(cells[k]) for k in keys) or str(place),
            [cells[n] for n in lasts],
        )
        for place, cells in rows.written(table, after, PAGE)
    ]
