"""The probe: would this entry be allowed now. It is the live gate's own code; it signs, sends, latches and writes nothing.

Bodies are those of the functional specification, byte for byte when written as compact JSON: the keys stand in their order.
"""

from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from interlock.account import Figures, Standing
from interlock.market import Fresh, Tick, freshness
from interlock.risk.finding import RAISED, Finding, objections
from interlock.risk.guard import CODE, examine_guard
from interlock.risk.limits import Limits
from interlock.risk.order_rules import examine_order
from interlock.risk.probe_request import ProbeErrors, ProbeRequest, Scope, read
from interlock.risk.question import Facts, GuardQuestion, Question, is_latched
from interlock.risk.remedies import remedy
from interlock.risk.verdict import Objection
from interlock.strategy.distances import stop_distance, target_distance
from interlock.strategy.proposal import OrderType, Proposal, Protection, Purpose, TimeInForce
from interlock.strategy.shelf import SHELF
from interlock.strategy.sizing import Unsized, collar, spending
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, Instrument, Known, Price, Quantity, Unknown

__all__ = [
    "ProbeErrors",
    "ProbeRequest",
    "Scope",
    "answer",
    "needs_a_fresh_record",
    "read",
    "unavailable",
]

Body = dict[str, Any]
Answer = tuple[int, Body]
"""An HTTP status and its JSON body."""

UNKNOWN_FIGURES: Final = (
    "Provide account_equity, total_margin_exposure, daily_loss_pct"
    " for probe when exchange unavailable"
)


def answer(
    request: ProbeRequest | ProbeErrors,
    standing: Standing,
    limits: Limits,
    now: Instant,
    facts: Facts | None = None,
) -> Answer:
    """200, 400 or 422 with its body; 503 when a rule of the guard could not be evaluated. `facts` are needed for scope ORDER alone."""
    if isinstance(request, ProbeErrors):
        return _invalid(request)
    guard = examine_guard(_guard_question(request, standing, limits, now))
    if any(each.said.found == RAISED for each in guard):
        return unavailable()
    if request.scope is Scope.GUARD:
        return _answer_guard(guard)
    if facts is None:
        return unavailable()
    row = None if facts.row is None else spending(facts.row, standing.figures)
    known = replace(facts, row=row)
    wish = _wish(request, known, limits)
    return _answer_order(guard, examine_order(Question(wish, standing, known, limits, now)))


def unavailable() -> Answer:
    """The answer when nobody can say: never allowed."""
    return 503, _no("risk guard unavailable")


def needs_a_fresh_record(
    request: ProbeRequest | ProbeErrors, standing: Standing, limits: Limits, now: Instant
) -> bool:
    """Whether the answer needs figures of the account that are unknown or too old: who asks may wait for fresh ones."""
    if isinstance(request, ProbeErrors) or None not in _supplied(request):
        return False
    figures = standing.figures
    if isinstance(figures, Unknown):
        return True
    return not isinstance(freshness(figures.as_of, now, limits.equity_age_max), Fresh)


def _guard_question(
    request: ProbeRequest, standing: Standing, limits: Limits, now: Instant
) -> GuardQuestion:
    """The guard's question; an exposure that was supplied is complete, a recorded one lacks what is in flight."""
    is_recorded = request.exposure is None
    return GuardQuestion(
        value=request.value,
        funding=request.funding,
        figures=_figures(request, standing, now),
        switches=standing.switches,
        latched=is_latched(standing),
        margin_in_flight=standing.margin_in_flight() if is_recorded else Decimal(0),
        limits=limits,
        at=now,
    )


def _supplied(request: ProbeRequest) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    return request.equity, request.exposure, request.daily_loss_pct


def _figures(request: ProbeRequest, standing: Standing, now: Instant) -> Known[Figures] | Unknown:
    """The figures supplied; what was not supplied comes from the record, and is as old as that."""
    equity, exposure, loss = _supplied(request)
    if equity is not None and exposure is not None and loss is not None:
        return Known(Figures(equity, exposure, loss), now)
    record = standing.figures
    if isinstance(record, Unknown):
        return record
    merged = Figures(
        record.value.equity if equity is None else equity,
        record.value.exposure if exposure is None else exposure,
        record.value.daily_loss_pct if loss is None else loss,
    )
    return Known(merged, record.as_of)


def _wish(request: ProbeRequest, facts: Facts, limits: Limits) -> Proposal | Unsized:
    """The entry that the desk would have to send for this request, at its price or at the collar."""
    if isinstance(facts.instrument, Unknown):
        why = f"{request.symbol} is not known: {facts.instrument.why}."
        return Unsized(
            request.symbol, request.funding, "INSTRUMENT_UNKNOWN", "missing", "known", why
        )
    book = facts.instrument.value
    limit = _limit(request, book, facts.tick, limits)
    if limit is None:
        why = f"The ask of {request.symbol} is not known."
        return Unsized(request.symbol, request.funding, "DATA_MISSING", "missing", "known", why)
    size = book.quantity_down(request.value / limit.rate)
    return Proposal(
        key="probe",
        purpose=Purpose.ENTRY,
        instrument=book,
        side=request.side,
        type=OrderType.LIMIT,
        tif=TimeInForce.IMMEDIATE_OR_CANCEL,
        quantity=size if request.quantity is None else Quantity(request.quantity, book.base),
        funding=request.funding,
        limit=limit,
        protection=_protection(facts.row, limit),
    )


def _limit(
    request: ProbeRequest, book: Instrument, tick: Known[Tick] | Unknown, limits: Limits
) -> Price | None:
    if request.price is not None:
        return Price(request.price, book.base, book.quote)
    ask = None if isinstance(tick, Unknown) else tick.value.ask
    return None if ask is None else book.price_down(collar(ask, limits.entry_slippage_pct_max))


def _protection(row: WatchlistRow | None, limit: Price) -> Protection | None:
    """Stop and target as the row would set them without a bar: its percentages, the preset's, or the mode's."""
    if row is None:
        return None
    preset = SHELF.get(row.preset)
    declared = (preset.stop, preset.target) if preset else (None, None)
    stop = stop_distance(row, declared[0], limit.rate, Unknown("no bar is decided"))
    target = target_distance(row, declared[1], limit.rate, stop)
    if isinstance(stop.size, Unknown) or isinstance(target.size, Unknown):
        return None
    return Protection(stop.size, target.size, stop.source, target.source)


def _answer_guard(guard: tuple[Finding, ...]) -> Answer:
    """The answer of the guard alone: unknown figures have a body of their own, unless a graver rule objects."""
    found = objections(guard)
    graver = [each for each in found if each.rule != "EQUITY"]
    if not found:
        return 200, {"allowed": True}
    if not graver:
        return 400, _no(UNKNOWN_FIGURES)
    return 400, _no(graver[0].reason) | {"objections": [_letter(each) for each in graver]}


def _answer_order(guard: tuple[Finding, ...], order: tuple[Finding, ...]) -> Answer:
    """The answer of every rule: the guard's objections by their letters, then the order's by their codes."""
    letters = {finding.rule for finding in guard}
    found = objections(guard + order)
    rules = {"rules": [_row(each) for each in guard + order]}
    if not found:
        return 200, {"allowed": True} | rules
    first = found[0]
    reason = UNKNOWN_FIGURES if first.rule == "EQUITY" else first.reason
    listed = [_letter(each) if each.rule in letters else _code(each) for each in found]
    return 400, _no(reason) | {"objections": listed} | rules


def _invalid(errors: ProbeErrors) -> Answer:
    first = errors.problems[0]
    listed = [{"field": each.field, "problem": each.problem} for each in errors.problems]
    body = _no(f"{first.field}: {first.problem}") | {"errors": listed}
    return 422, body | {"reason_code": "INVALID_REQUEST"}


def _no(reason: str) -> Body:
    return {"allowed": False, "reason": reason, "reason_code": CODE}


def _letter(objection: Objection) -> Body:
    return {"rule": objection.rule, "found": objection.found, "limit": objection.limit}


def _code(objection: Objection) -> Body:
    return {"rule": objection.code, "found": objection.found, "limit": objection.limit}


def _row(finding: Finding) -> Body:
    """One rule with what it found; one that did not pass tells its remedy too."""
    said = finding.said
    row = {"rule": finding.rule, "passed": said.passed, "found": said.found, "limit": said.limit}
    return row if said.passed else row | {"remedy": remedy(finding.rule)}
