"""The timeline of one order: from what decided it to its end, each line with its time, its evidence, and who said it.

Nothing is invented: a step whose time nobody kept has no time, and stands where it belongs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from interlock.account import Lot
from interlock.evidence.picture import Decided
from interlock.ledger.book import Entry
from interlock.orders.evidence import Fill
from interlock.orders.intent import Attempt, Intent, Request
from interlock.orders.life import ENDS, State
from interlock.risk.verdict import Approved, Verdict
from interlock.strategy.proposal import Purpose
from interlock.values import Instant, number_text

EXCHANGE: Final = "exchange"
PLATFORM: Final = "platform"
CONFIRMED: Final = "CONFIRMED"
CLOSING: Final = "CLOSING"
MOVED: Final = "MOVED"
FIGURES: Final = "FIGURES"
# Whose word a source is; every other is the exchange's own.
OURS: Final = frozenset({"restart", "coverage", "gate", "trader", "guardian", "monitor"})
NOT_SENT: Final = "NOT_SENT"


@dataclass(frozen=True, slots=True)
class Step:
    """One move in the life of an order as it was written down: `word` is the state, `source` whose word it was."""

    intent_id: str
    n: int
    at: Instant
    word: str
    source: str
    said: str


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt with when it was answered."""

    attempt: Attempt
    answered_at: Instant | None


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution with its entry in the ledger, and when it was booked (None: not kept then)."""

    fill: Fill
    booked_at: Instant | None
    entry: Entry | None


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """All that the books keep of one order. `stops` are the stops and targets of its lot, each with its own steps."""

    intent: Intent
    decided: Decided | None
    verdict: Verdict | None
    tried: tuple[Tried, ...]
    steps: tuple[Step, ...]
    executions: tuple[Execution, ...]
    lot: Lot | None
    stops: tuple[tuple[Intent, tuple[Step, ...]], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline; `at` is None when nobody kept its time."""

    at: Instant | None
    event: str
    said: str
    source: str
    who: str


def timeline(record: OrderRecord) -> tuple[Line, ...]:
    """Every line, in the order of its time; what happened at one instant stays in the order of the day."""
    lines = [*_wanted(record), *_sent(record), *_lived(record), *_moved(record), *_kept(record)]
    return _in_time(lines)


def sentence(intent: Intent) -> str:
    """What was asked for, in one line."""
    wish = intent.proposal
    price = wish.trigger or wish.limit
    at = f" at {number_text(price.rate)}" if price else ""
    return f"{wish.purpose} {wish.side} {number_text(wish.quantity.size)} {wish.symbol} {wish.type}{at}"


def _in_time(lines: Sequence[Line]) -> tuple[Line, ...]:
    """A line without a time stands where the one before it stands."""
    placed: list[tuple[int, int, Line]] = []
    last = 0
    for n, line in enumerate(lines):
        last = line.at.micros if line.at else last
        placed.append((last, n, line))
    return tuple(line for _, _, line in sorted(placed, key=lambda each: each[:2]))


def _wanted(record: OrderRecord) -> Iterator[Line]:
    intent, made = record.intent, record.decided
    if made is not None:
        signal = made.signal
        because = " ".join(signal.because())
        said = f"{signal.decision} {signal.symbol} on the bar {signal.bar.iso()[:16]}. {because}"
        yield Line(made.at, "decided", said, f"decision {signal.id}", f"strategy {signal.strategy}")
    if record.verdict is not None:
        word = "approved" if isinstance(record.verdict, Approved) else "blocked"
        yield Line(
            record.verdict.at, "judged", f"{word}: {sentence(intent)}", _verdict(intent), "judge"
        )
    reserved = intent.proposal.value
    held = f", reserves {reserved}" if intent.proposal.purpose is Purpose.ENTRY else ""
    said = f"{intent.client_oid}{held}"
    yield Line(intent.created_at, "written", said, f"intent {intent.id}", "trader")


def _verdict(intent: Intent) -> str:
    return f"verdict {intent.verdict_id}"


def _sent(record: OrderRecord) -> Iterator[Line]:
    for tried in record.tried:
        yield from _attempted(tried)


def _attempted(tried: Tried) -> Iterator[Line]:
    attempt, source = tried.attempt, f"attempt {tried.attempt.n}"
    name = "cancel" if attempt.request is Request.CANCEL else "create"
    said = f"{name}, nonce {attempt.nonce}, epoch {attempt.epoch}"
    if attempt.outcome == NOT_SENT:
        yield Line(tried.answered_at, "not sent", said, source, "gate")
        return
    if attempt.left_at is None:
        said = f"{said}; written {attempt.at}, when it left was not kept"
    yield Line(
        attempt.left_at or attempt.at, "sent", said, source, f"engine, epoch {attempt.epoch}"
    )
    if attempt.outcome is None:
        yield Line(None, "no answer", f"{name}: no answer was written", source, PLATFORM)
    else:
        yield Line(tried.answered_at, "answered", f"{name}: {attempt.outcome}", source, EXCHANGE)


def _lived(record: OrderRecord) -> Iterator[Line]:
    for step in record.steps:
        yield Line(step.at, _event(step.word), step.said, step.source, _who(step.source))
    told = {step.word for step in record.steps}
    if record.intent.ended and record.intent.state not in told:
        said = f"{record.intent.state}; who said so was not kept"
        yield Line(record.intent.updated_at, "ended", said, f"intent {record.intent.id}", PLATFORM)


def _event(word: str) -> str:
    named = {
        State.ACKED: "acknowledged",
        State.WORKING: "working",
        State.CANCELLING: "cancelling",
        State.UNKNOWN: "unknown",
        CONFIRMED: "confirmed by listing",
        FIGURES: "executed in part",
        CLOSING: "to be closed",
        MOVED: "its stop is to be raised",
    }
    return "ended" if word in ENDS else named.get(word, word.lower())


def _who(source: str) -> str:
    return PLATFORM if source in OURS else EXCHANGE


def _moved(record: OrderRecord) -> Iterator[Line]:
    for done in record.executions:
        fill = done.fill
        side = "maker" if fill.is_maker else "taker"
        said = (
            f"{number_text(fill.quantity)} at {number_text(fill.price)}, "
            f"fee {number_text(fill.fee)} {fill.fee_currency}, {side}"
        )
        yield Line(fill.at, "filled", said, f"trade {fill.trade_id}", EXCHANGE)
        if done.entry is not None:
            kept = "" if done.booked_at else "; when it was booked was not kept"
            said = f"{_postings(done.entry)}{kept}"
            yield Line(done.booked_at, "booked", said, f"entry {done.entry.cause}", "ledger")


def _postings(entry: Entry) -> str:
    told = (f"{p.account} {p.amount:+f} {p.currency}" for p in entry.postings if p.amount)
    return ", ".join(told)


def _kept(record: OrderRecord) -> Iterator[Line]:
    """Whether its lot is guarded, and what became of it; told of the entry that opened it."""
    lot = record.lot
    if lot is None or record.intent.proposal.purpose is not Purpose.ENTRY:
        return
    for stop, steps in record.stops:
        name, event = ("stop", "protected") if stop.is_stop else ("target", "target listed")
        said = f"{sentence(stop)}, {stop.state}"
        if stop.confirmed_at is None:
            yield Line(stop.created_at, f"{name} asked for", said, stop.client_oid, "guardian")
        else:
            listed = next((s for s in steps if s.word == CONFIRMED), None)
            source = f"{listed.source if listed else 'listing'}, order {stop.order_id}"
            at = listed.at if listed else stop.confirmed_at
            yield Line(at, event, said, source, EXCHANGE)
    if lot.closed_at is not None:
        gain = lot.proceeds - lot.cost * lot.sold / lot.bought if lot.bought else Decimal(0)
        said = f"sold {number_text(lot.sold)} {lot.base}, {gain:+.2f} {lot.quote} before fees"
        yield Line(lot.closed_at, "lot closed", said, f"lot {lot.id}", "ledger")
