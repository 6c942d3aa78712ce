"""Whether the order itself is well made: known instrument, on the grid, within its lot, of a size that can be meant and protected."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import wraps
from typing import Final

from interlock.account import Margin, Spot
from interlock.risk.finding import (
    MISSING,
    NOT_ASKED,
    Said,
    age_text,
    limit_text,
    shown,
    span_text,
)
from interlock.risk.question import Question
from interlock.strategy.proposal import Proposal, Purpose
from interlock.strategy.sizing import Unsized, no_amount, too_coarse
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Side, Unknown, number_text

INSTRUMENT_AGE_MAX: Final = timedelta(hours=24)
MIN_NOTIONAL: Final = Decimal(1)  # documented for spot; used where the exchange names none

BAD_FORMAT: Final = "INVALID_ORDER_FORMAT"

AskOrder = Callable[[Question, Proposal], Said]


def of_order(rule: AskOrder, *codes: str) -> Callable[[Question], Said]:
    """The rule about a proposal, as a rule about a question: where nothing could be sized for one of `codes`, that is its answer."""

    @wraps(rule)
    def ask(asked: Question) -> Said:
        match asked.wish:
            case Unsized(code=code) as unsized if code in codes:
                return Said(unsized.found, unsized.limit, code, unsized.reason)
            case Unsized():
                return Said(NOT_ASKED, NOT_ASKED)
            case proposal:
                return rule(asked, proposal)

    return ask


def instrument(asked: Question, proposal: Proposal) -> Said:
    """The instrument is known, from a young list, and is the one the order was made for; an entry needs it tradable as funded."""
    known = asked.facts.instrument
    limit = span_text(INSTRUMENT_AGE_MAX)
    if isinstance(known, Unknown):
        reason = f"{asked.symbol} is not known: {known.why}."
        return Said(MISSING, limit, "INSTRUMENT_UNKNOWN", reason)
    age = asked.at - known.as_of
    found = age_text(age, INSTRUMENT_AGE_MAX)
    is_used = known.value is proposal.instrument or known.value == proposal.instrument
    if age > INSTRUMENT_AGE_MAX or not is_used:
        reason = f"What is known of {asked.symbol} is {found} s old, or not what was used."
        return Said(found, limit, "INSTRUMENT_UNKNOWN", reason)
    return _tradable(proposal, found, limit)


def _tradable(proposal: Proposal, found: str, limit: str) -> Said:
    book = proposal.instrument
    if proposal.purpose is not Purpose.ENTRY:
        return Said(found, limit)
    if not book.tradable:
        return Said("halted", "tradable", BAD_FORMAT, f"{book.symbol} is not tradable.")
    match proposal.funding:
        case Margin() if not book.margin_buy:
            return Said("spot", "margin", BAD_FORMAT, f"{book.symbol} is not bought on margin.")
        case Margin(leverage) if leverage is not None and leverage > book.max_leverage:
            most = number_text(book.max_leverage)
            text = shown(leverage, book.max_leverage)
            reason = f"{book.symbol} admits a leverage of {most}, not {text}."
            return Said(text, most, BAD_FORMAT, reason)
        case _:
            return Said(found, limit)


def grid(asked: Question, proposal: Proposal) -> Said:
    """Prices, trigger and quantity lie on tick and lot, above zero; a limit order has its limit, and a pair its target above its stop."""
    del asked
    book = proposal.instrument
    found = str(proposal.quantity)
    limit = f"{limit_text(book.price_tick)} {limit_text(book.lot)}"
    prices = (proposal.limit, proposal.trigger, proposal.target)
    on_grid = all(book.holds(price, proposal.quantity) for price in prices)
    is_priced = proposal.purpose is not Purpose.ENTRY or proposal.limit is not None
    is_right_way = proposal.purpose is not Purpose.ENTRY or proposal.side is Side.BUY
    if on_grid and is_priced and is_right_way and _is_single_or_pair(proposal):
        return Said(found, limit)
    reason = (
        f"{proposal.side} {found} at {proposal.limit or proposal.trigger} is off the grid or bare."
    )
    return Said(found, limit, BAD_FORMAT, reason)


def _is_single_or_pair(proposal: Proposal) -> bool:
    """Whether it is one order, or a stop on spot with a target above it."""
    stop, target = proposal.trigger, proposal.target
    if target is None:
        return True
    return stop is not None and stop.rate < target.rate and proposal.funding == Spot()


def never_more(asked: Question, proposal: Proposal) -> Said:
    """An exit names its lot, sells what that lot still has, and is funded as it was: it never raises exposure."""
    if proposal.purpose is Purpose.ENTRY:
        return Said("entry", "entry")
    lot = next((lot for lot in asked.standing.lots if lot.id == proposal.lot_id), None)
    found = number_text(proposal.quantity.size)
    if lot is None:
        return Said(found, MISSING, BAD_FORMAT, f"{proposal.purpose} names no open lot.")
    limit = number_text(lot.remaining)
    fits = proposal.quantity.size <= lot.remaining and proposal.side is Side.SELL
    if fits and lot.symbol == proposal.symbol and lot.funding == proposal.funding:
        return Said(found, limit)
    reason = f"{proposal.purpose} of {proposal.quantity} does not fit lot {lot.id} of {limit}."
    return Said(found, limit, BAD_FORMAT, reason)


def amount(asked: Question) -> Said:
    """The owner named an amount for one entry, or a share of an equity that is known."""
    row = asked.facts.row
    sum_ = None if row is None else row.trade_amount_usd
    if sum_ is None or not sum_.is_finite():
        reason = no_amount(row or WatchlistRow(asked.symbol))
        return Said(MISSING, "0", "INVALID_TRADE_AMOUNT", reason)
    found = number_text(sum_)
    if sum_ > 0:
        return Said(found, "0")
    return Said(found, "0", "INVALID_TRADE_AMOUNT", f"An amount of {found} buys nothing.")


def amount_cap(asked: Question) -> Said:
    """Neither the amount nor the order passes the cap per order; what is above it is refused, never cut down."""
    cap = asked.limits.usd_per_order_max
    limit = limit_text(cap)
    row = asked.facts.row
    sums = [row.trade_amount_usd] if row and row.trade_amount_usd is not None else []
    if isinstance(asked.wish, Proposal):
        sums.append(asked.wish.value.amount)
    if not sums:
        return Said(NOT_ASKED, limit)
    found = shown(max(sums), cap)
    if all(each <= cap for each in sums):
        return Said(found, limit)
    reason = f"The order may spend {found}, more than {limit}."
    return Said(found, limit, "GUARDRAIL_BLOCKED", reason)


def quantity_cap(asked: Question, proposal: Proposal) -> Said:
    """No more base than the cap per order buys at the ask, whatever the limit price says."""
    tick = asked.facts.tick
    if isinstance(tick, Unknown) or tick.value.ask is None:
        return Said(NOT_ASKED, NOT_ASKED)
    most = asked.limits.usd_per_order_max / tick.value.ask
    size = proposal.quantity.size
    found = number_text(size)
    limit = number_text(proposal.instrument.quantity_down(most).size)
    if size <= most:
        return Said(found, limit)
    reason = f"The order is of {proposal.quantity}; {limit} is what the cap per order buys."
    return Said(found, limit, "GUARDRAIL_BLOCKED", reason)


def notional(asked: Question, proposal: Proposal) -> Said:
    """The order is worth at least what the exchange takes."""
    del asked
    least = proposal.instrument.min_notional or MIN_NOTIONAL
    value = proposal.value.amount
    found, limit = shown(value, least), limit_text(least)
    if value >= least:
        return Said(found, limit)
    reason = f"The order is worth {found}; the exchange takes {limit} and more."
    return Said(found, limit, "MIN_NOTIONAL_NOT_MET", reason)


def protectable(asked: Question, proposal: Proposal) -> Said:
    """Stop and target survive the rounding to the tick."""
    del asked
    tick = limit_text(proposal.instrument.price_tick)
    if proposal.protection is None or proposal.limit is None:
        reason = "The entry carries no stop and target."
        return Said(MISSING, tick, "TICK_TOO_COARSE", reason)
    found = number_text(proposal.protection.stop_distance)
    coarse = too_coarse(proposal.instrument, proposal.limit, proposal.protection)
    return Said(found, tick, "TICK_TOO_COARSE", coarse) if coarse else Said(found, tick)
