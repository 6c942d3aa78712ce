"""Whether the account has room for one more entry: positions, cool-down, counts, caps, protection, money."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from interlock.account import Balance, Margin
from interlock.market import Stale, freshness
from interlock.risk.finding import (
    MISSING,
    NOT_ASKED,
    Said,
    age_text,
    limit_text,
    seconds,
    shown,
    span_text,
)
from interlock.risk.guard import CODE
from interlock.risk.question import Question
from interlock.values import Unknown, number_text

# A wallet that cannot be read is neither too little money nor too much held: the guard's word, as for figures that are unknown.
UNREAD: Final = CODE


def one_in_flight(asked: Question) -> Said:
    """No other entry of the symbol and side is in flight."""
    count = sum(
        i.purpose == "ENTRY" and i.symbol == asked.symbol and i.side is asked.side
        for i in asked.standing.in_flight
    )
    if count == 0:
        return Said("0", "0")
    reason = f"An entry of {asked.symbol} is in flight."
    return Said(str(count), "0", "ORDER_CREATION_LOCK", reason)


def open_per_base(asked: Question) -> Said:
    """There is room for one more position of the base."""
    return _positions(asked.standing.open_positions(asked.base), asked.limits.open_per_base_max)


def open_total(asked: Question) -> Said:
    """There is room for one more position."""
    return _positions(asked.standing.open_positions(), asked.limits.open_total_max)


def cooldown(asked: Question) -> Said:
    """The last entry of the base is long enough ago."""
    least = asked.limits.entry_cooldown
    limit = span_text(least)
    last = asked.standing.last_entry.get(asked.base)
    if last is None:
        return Said("none", limit)
    since = asked.at - last
    found = age_text(since, least)
    if since >= least:
        return Said(found, limit)
    reason = f"The last entry of {asked.base} was {found} s ago."
    return Said(found, limit, "RECENT_ORDERS_COOLDOWN", reason)


def per_day(asked: Question) -> Said:
    """The base has an entry left for this UTC day."""
    made, most = asked.standing.entries_today.get(asked.base, 0), _most_per_day(asked)
    if made < most:
        return Said(str(made), str(most))
    reason = f"{asked.base} was entered {made} times today."
    return Said(str(made), str(most), "GUARDRAIL_BLOCKED", reason)


def portfolio_cap(asked: Question) -> Said:
    """What the wallet holds of the base and entries in flight are worth at most a few amounts; one unread is `RISK_GUARD_BLOCKED`."""
    row, tick = asked.facts.row, asked.facts.tick
    if row is None or row.trade_amount_usd is None:
        return Said(NOT_ASKED, NOT_ASKED)
    most = row.trade_amount_usd * asked.limits.portfolio_cap_multiple
    limit = limit_text(most)
    wallet = _wallet(asked)
    if isinstance(wallet, Unknown):
        return Said(MISSING, limit, UNREAD, wallet.why)
    if isinstance(tick, Unknown):
        reason = f"What {asked.base} is worth is not known."
        return Said(MISSING, limit, "PORTFOLIO_VALUE_CAP", reason)
    held = _total(wallet, asked.base) * tick.value.last
    value = held + _in_flight(asked, base=asked.base)
    found = shown(value, most)
    if value <= most:
        return Said(found, limit)
    reason = f"{asked.base} worth {found} is held or in flight, more than {limit}."
    return Said(found, limit, "PORTFOLIO_VALUE_CAP", reason)


def protection(asked: Question) -> Said:
    """The protection circuit breaker is closed."""
    breaker = asked.standing.breaker
    if breaker is None:
        return Said("closed", "closed")
    return Said("open", "closed", "PROTECTION_UNAVAILABLE", f"Protection is in doubt: {breaker}.")


def nothing_naked(asked: Question) -> Said:
    """Every lot that is older than the deadline has its stop confirmed."""
    count = len(asked.standing.naked)
    if count == 0:
        return Said("0", "0")
    reason = f"The lot {asked.standing.naked[0]} has no confirmed stop."
    return Said(str(count), "0", "PROTECTION_UNAVAILABLE", reason)


def available(asked: Question) -> Said:
    """An entry is covered by money, or margin, that no entry in flight is promised; a wallet unread, or old, is `RISK_GUARD_BLOCKED`."""
    row = asked.facts.row
    if row is None or row.trade_amount_usd is None:
        return Said(NOT_ASKED, NOT_ASKED)
    least = row.trade_amount_usd * asked.limits.available_multiple
    limit = limit_text(least)
    wallet = _wallet(asked)
    if isinstance(wallet, Unknown):
        return Said(MISSING, limit, UNREAD, wallet.why)
    if isinstance(asked.funding, Margin):
        return _free_margin(asked, asked.funding.leverage, least)
    quote = asked.symbol.rpartition("_")[2]
    free = _free(wallet, quote) - _in_flight(asked, quote=quote)
    found = shown(free, least)
    if free >= least:
        return Said(found, limit)
    reason = f"{found} {quote} are free, less than {limit}."
    return Said(found, limit, "INSUFFICIENT_AVAILABLE_BALANCE", reason)


def _free_margin(asked: Question, leverage: Decimal | None, value: Decimal) -> Said:
    """A margin entry takes its value by its leverage of what the exchange's own figures leave for initial margin."""
    if leverage is None or leverage < 1:
        return Said(MISSING, NOT_ASKED)  # rule B says it
    least = value / leverage
    limit = limit_text(least)
    margin = asked.standing.margin
    if isinstance(margin, Unknown):
        return Said(MISSING, limit, UNREAD, f"The free margin is not known: {margin.why}.")
    free = margin.value - asked.standing.initial_margin_in_flight()
    found = shown(free, least)
    if free >= least:
        return Said(found, limit)
    reason = f"{found} of margin is free, less than {limit}."
    return Said(found, limit, "INSUFFICIENT_AVAILABLE_BALANCE", reason)


def _positions(count: int, most: int) -> Said:
    if count < most:
        return Said(str(count), str(most))
    reason = f"{count} positions are open, and {most} is the most."
    return Said(str(count), str(most), "MAX_OPEN_TRADES_REACHED", reason)


def _most_per_day(asked: Question) -> int:
    return asked.limits.orders_per_base_and_day_max


def _wallet(asked: Question) -> Mapping[str, Balance] | Unknown:
    """The balances, if they are known and young."""
    balances = asked.standing.balances
    if isinstance(balances, Unknown):
        return Unknown(f"The balances are not known: {balances.why}.")
    age = freshness(balances.as_of, asked.at, asked.limits.equity_age_max)
    if isinstance(age, Stale):
        return Unknown(f"The balances are {number_text(seconds(age.age))} s old.")
    return balances.value


def _total(balances: Mapping[str, Balance], currency: str) -> Decimal:
    held = balances.get(currency)
    return max(held.total, Decimal(0)) if held else Decimal(0)


def _free(balances: Mapping[str, Balance], currency: str) -> Decimal:
    held = balances.get(currency)
    return held.available if held else Decimal(0)


def _in_flight(asked: Question, *, base: str | None = None, quote: str | None = None) -> Decimal:
    """What entries in flight of one base, or spot ones of one quote, may still cost."""
    entries = [i for i in asked.standing.in_flight if i.purpose == "ENTRY"]
    if base is not None:
        entries = [i for i in entries if i.base == base]
    if quote is not None:
        spot = (i for i in entries if not isinstance(i.funding, Margin))
        entries = [i for i in spot if i.symbol.endswith(f"_{quote}")]
    return sum((i.reserved for i in entries), Decimal(0))
