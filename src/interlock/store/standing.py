"""The standing as the rows tell it, and what a reading of the wallet leaves in them.

What was never read, or cannot be computed, is Unknown with its why. An open incident whose fingerprint begins with `freeze:CODE:SCOPE`
freezes that symbol or base, and one that begins with `breaker:` opens the protection breaker, until it is closed.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from interlock.account import Balance, DayOpen, Figures, Freeze, InFlight, Mode, Standing, Switches
from interlock.errors import StoreTrouble
from interlock.ledger.book import opening
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.ports import AccountReading, EquityPoint
from interlock.risk.limits import Limits
from interlock.store.entries import write_entry
from interlock.store.intent_rows import INTENTS
from interlock.store.records import (
    ACCOUNT,
    BALANCES,
    DAYS,
    EQUITY,
    INCIDENTS,
    LOTS,
    OPEN,
    THE_ACCOUNT,
    AccountRow,
)
from interlock.store.rows import Rows
from interlock.strategy.proposal import Purpose
from interlock.values import Instant, Known, Unknown

DAY: Final = timedelta(days=1)
DAY_OPEN_AGE_MAX: Final = timedelta(minutes=15)
UNKNOWN_OUTCOME: Final = "UNKNOWN_OUTCOME_FREEZE"
FREEZE: Final = "freeze"
BREAKER: Final = "breaker"
RANK: Final = {Mode.OFF: 0, Mode.SIM: 1, Mode.LIVE: 2}
NOT_COUNTED: Final = frozenset({State.REJECTED, State.NOT_PLACED})


@dataclass(frozen=True, slots=True)
class Terms:
    """What the environment lays down for these books: the caps, the highest mode, and whether trading is enabled at all."""

    limits: Limits
    bound: Mode
    enabled: bool


def account_of(rows: Rows) -> AccountRow | None:
    """The account's row; None before the books were first opened."""
    return rows.get(ACCOUNT, THE_ACCOUNT)


def opened_account(rows: Rows) -> AccountRow:
    """The account's row; books that were never opened have none."""
    account = account_of(rows)
    if account is None:
        raise StoreTrouble("These books were never opened by an engine: start one first.")
    return account


def standing_of(rows: Rows, terms: Terms, now: Instant) -> Standing:
    """The standing, read in one go."""
    account = account_of(rows)
    day = rows.get(DAYS, now.day())
    live = rows.find(INTENTS, live=OPEN)
    marked = rows.find(INCIDENTS, open=OPEN)
    entries = _entries_since(rows, now.floor(DAY), now - terms.limits.entry_cooldown)
    breakers = (i.text for i in marked if i.fingerprint.startswith(f"{BREAKER}:"))
    marks = ([*i.fingerprint.split(":", 2), i.text] for i in marked)
    frozen = (Freeze(m[2], m[1], m[3]) for m in marks if m[0] == FREEZE and len(m) == 4)  # noqa: PLR2004 - freeze, code, scope, text
    return Standing(
        switches=switches_of(account, terms),
        figures=figures_of(rows, account, day),
        balances=balances_of(rows, account),
        day=day,
        lots=tuple(rows.find(LOTS, open=OPEN)),
        in_flight=tuple(_in_flight(intent) for intent in live),
        freezes=(*_unknown_outcomes(live), *frozen),
        entries_today=Counter(_base(i) for i in entries if i.created_at >= now.floor(DAY)),
        last_entry={_base(i): i.created_at for i in entries},
        breaker=next(breakers, None),
        epoch=account.epoch if account else None,
    )


def switches_of(account: AccountRow | None, terms: Terms) -> Switches:
    """The switches; books that were never opened have none that can be read."""
    if account is None:
        return Switches(Mode.OFF, terms.bound, Mode.OFF, None, terms.enabled, readable=False)
    return account.switches(terms.bound, enabled=terms.enabled)


def figures_of(
    rows: Rows, account: AccountRow | None, day: DayOpen | None
) -> Known[Figures] | Unknown:
    """The newest figures with the day's loss; unknown as long as any of the three is."""
    newest = rows.find(EQUITY, newest=True, limit=1)
    if account is None or not newest:
        return Unknown("the account was never read")
    if account.unknown_why is not None:
        return Unknown(account.unknown_why)
    if day is None:
        return Unknown("the account was not read yet on this UTC day")
    loss = day.loss_pct(newest[0].equity)
    if loss is None:
        return Unknown("the day did not open with equity above zero")
    return Known(Figures(newest[0].equity, newest[0].exposure, loss), newest[0].at)


def balances_of(rows: Rows, account: AccountRow | None) -> Known[Mapping[str, Balance]] | Unknown:
    """The wallet as it was last read."""
    if account is None or account.read_at is None:
        return Unknown("the account was never read")
    if account.unknown_why is not None:
        return Unknown(account.unknown_why)
    return Known({b.currency: b for b in rows.find(BALANCES)}, account.read_at)


def keep_reading(
    rows: Rows, account: AccountRow, reading: AccountReading, limits: Limits, now: Instant
) -> None:
    """Keeps a reading: balances, equity record, the day's opening with its latch, and at first sight the opening entries."""
    _keep_balances(rows, reading.balances)
    rows.put(EQUITY, EquityPoint(reading.as_of, reading.equity, reading.exposure))
    _keep_day(rows, reading, limits, now)
    opened_at = account.opened_at
    if opened_at is None:
        opened_at = reading.as_of
        for balance in reading.balances.values():
            if balance.total:
                write_entry(rows, opening(balance.currency, balance.total, reading.as_of))
    kept = replace(account, read_at=reading.as_of, opened_at=opened_at, unknown_why=None)
    rows.put(ACCOUNT, kept)


def _keep_balances(rows: Rows, balances: Mapping[str, Balance]) -> None:
    """What a complete reading does not name is not there any more."""
    zero = Decimal(0)
    for balance in rows.find(BALANCES):
        if balance.currency not in balances:
            rows.put(BALANCES, Balance(balance.currency, zero, zero))
    for balance in balances.values():
        rows.put(BALANCES, balance)


def _keep_day(rows: Rows, reading: AccountReading, limits: Limits, now: Instant) -> None:
    """The day opens with the last record up to midnight, if young enough, else late with its first; a latch holds until it ends."""
    kept = rows.get(DAYS, now.day())
    day = kept or _opened(rows, reading, now)
    loss = day.loss_pct(reading.equity)
    if day.latched_at is None and loss is not None and loss >= limits.max_daily_loss_pct:
        day = replace(day, latched_at=now)
    if day != kept:
        rows.put(DAYS, day)


def _opened(rows: Rows, reading: AccountReading, now: Instant) -> DayOpen:
    midnight = now.floor(DAY)
    before = rows.find(
        EQUITY, newest=True, limit=1, since=midnight - DAY_OPEN_AGE_MAX, until=midnight
    )
    if before:
        return DayOpen(now.day(), before[0].equity, before[0].at, late=False)
    return DayOpen(now.day(), reading.equity, reading.as_of, late=True)


def _entries_since(rows: Rows, midnight: Instant, cooled: Instant) -> list[Intent]:
    """The entries that were accepted or may have been, oldest first: of this day, and of the cool-down that reaches into the last."""
    made = rows.find(INTENTS, since=min(midnight, cooled), purpose=Purpose.ENTRY.value)
    return [intent for intent in made if intent.state not in NOT_COUNTED]


def _base(intent: Intent) -> str:
    return intent.proposal.instrument.base


def _in_flight(intent: Intent) -> InFlight:
    wish = intent.proposal
    return InFlight(
        intent_id=intent.id,
        symbol=wish.symbol,
        base=_base(intent),
        side=wish.side,
        purpose=wish.purpose.value,
        funding=wish.funding,
        reserved=intent.reserved,
        state=intent.state.value,
        lot_id=wish.lot_id,
    )


def _unknown_outcomes(live: Sequence[Intent]) -> list[Freeze]:
    """A tenure reads what an earlier one was sending as UNKNOWN, so UNKNOWN is all that must be asked for."""
    return [
        Freeze(i.proposal.symbol, UNKNOWN_OUTCOME, f"the outcome of {i.client_oid} is not known")
        for i in live
        if i.state is State.UNKNOWN
    ]
