"""The steps of an order's life as rows, in the very transaction that took them: state, listing, figures, each with whose word it was."""

from interlock.evidence.timeline import CONFIRMED, FIGURES, Step
from interlock.orders.intent import Intent
from interlock.store.records import STEPS
from interlock.store.rows import Rows
from interlock.values import Instant, number_text


def keep_step(  # noqa: PLR0913, PLR0917 - everything that a step is made of
    rows: Rows, intent_id: str, at: Instant, word: str, source: str, said: str
) -> None:
    """Writes one step behind those that are there."""
    n = len(rows.find(STEPS, intent_id=intent_id)) + 1
    rows.add(STEPS, Step(intent_id, n, at, word, source, said))


def keep_steps(rows: Rows, before: Intent, after: Intent, now: Instant, source: str) -> None:
    """Writes what changed between the two: that the exchange listed it, its figures, its state."""
    if before.confirmed_at is None and after.confirmed_at is not None:
        said = f"listed as it was asked for, as of {after.confirmed_at}"
        keep_step(rows, after.id, now, CONFIRMED, source, said)
    if after.state is not before.state:
        keep_step(rows, after.id, now, after.state, source, _said(after))
    elif after.filled > before.filled:
        keep_step(rows, after.id, now, FIGURES, source, _figures(after))


def _said(intent: Intent) -> str:
    """The state, with what the exchange said of it."""
    parts = (
        str(intent.state),
        f"order {intent.order_id}" if intent.order_id else "",
        _figures(intent) if intent.filled else "",
        intent.refusal or "",
    )
    return ", ".join(part for part in parts if part)


def _figures(intent: Intent) -> str:
    wish = intent.proposal
    asked = number_text(wish.quantity.size)
    done = f"{number_text(intent.filled)} of {asked} {wish.instrument.base} executed"
    return f"{done} for {number_text(intent.value)} {wish.instrument.quote}"
