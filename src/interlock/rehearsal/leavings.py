"""What a performance leaves behind: words that are still written, no secret anywhere, nothing that grew without bound (I13, I14, I18)."""

import base64
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import quote

from interlock.orders.evidence import PARKED_MAX
from interlock.rehearsal.store import Key, Row
from interlock.rehearsal.world import World
from interlock.store.records import ATTEMPTS, OUTBOX, PARKED

Tables = dict[str, dict[Key, Row]]

TASKS_MAX: Final = 64
FRAMES_MAX: Final = 1000
LINES_MAX: Final = 1
ATTEMPTS_MAX: Final = 64
ROWS_MAX: Final = 3000  # of one table, in a rehearsal of a few hours
TEXT_MAX: Final = 4096


def left(world: World, tables: Tables, told: Sequence[str]) -> Iterator[str]:
    """What is wrong with what was left."""
    yield from _unkept(tables, told)
    yield from _secrets(world, tables, told)
    yield from _unbounded(world, tables)


def _unkept(tables: Tables, told: Sequence[str]) -> Iterator[str]:
    """The owner may have read each of these words just before a death."""
    place = OUTBOX.columns.index("text")
    kept = {row[place] for row in tables.get(OUTBOX.name, {}).values()}
    for said in sorted(set(told)):
        if said not in kept:
            yield f"I13: the owner heard what nobody knows any more: {said[:60]}"


def _secrets(world: World, tables: Tables, told: Sequence[str]) -> Iterator[str]:
    secret = world.key.secret.reveal()
    cells = (c for rows in tables.values() for row in rows.values() for c in row)
    places = {
        "stored": "\0".join(cell for cell in cells if isinstance(cell, str)),
        "said": "\0".join(told),
        "traced": "\0".join(world.seams.names),
    }
    for what, text in places.items():
        if any(form in text for form in forms(secret)):
            yield f"I14: the secret of the key was {what}"


def forms(secret: str) -> tuple[str, ...]:
    """The secret, and what it looks like when it was wrapped; its last letters are left to the padding."""
    plain = secret.encode()
    whole = plain[: len(plain) // 3 * 3]
    coded = base64.b64encode(whole).decode()
    return (secret, coded, coded.translate(str.maketrans("+/", "-_")), plain.hex(), quote(secret))


def _unbounded(world: World, tables: Tables) -> Iterator[str]:
    counts = (
        ("tasks", world.tasks_max, TASKS_MAX),
        ("frames that wait", world.frames_max, FRAMES_MAX),
        ("open lines", len(world.sockets.lines), LINES_MAX),
        ("parked events", len(tables.get(PARKED.name, {})), PARKED_MAX),
        *((f"rows of {name}", len(rows), ROWS_MAX) for name, rows in tables.items()),
    )
    for what, count, most in counts:
        if count > most:
            yield f"I18: {count} {what}, more than {most}"
    place, words = ATTEMPTS.columns.index("intent_id"), OUTBOX.columns.index("text")
    asked = Counter(row[place] for row in tables.get(ATTEMPTS.name, {}).values())
    for intent_id, count in asked.items():
        if count > ATTEMPTS_MAX:
            yield f"I18: {count} attempts of {intent_id}, more than {ATTEMPTS_MAX}"
    longest = max((len(str(r[words])) for r in tables.get(OUTBOX.name, {}).values()), default=0)
    if longest > TEXT_MAX:
        yield f"I18: a message of {longest} letters, more than {TEXT_MAX}"
