"""The standing as the rows tell it, and what a reading of the wallet leaves in them.

What was never read, or cannot be computed, is Unknown with its why. An open incident whose fingerprint begins with `freeze:CODE:SCOPE`
freezes that symbol or base, one that begins with `breaker:` opens the protection breaker, and `disarmed:` stops entering, until a person
closes it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from interlock.account import (
    AccountReading,
    Balance,
    DayOpen,
    EquityPoint,
    Figures,
    Freeze,
    InFlight,
    Lot,
    Mode,
    Stage,
    Standing,
    Switches,
)
from interlock.errors import StoreTrouble
from interlock.health.cover import Cover, covered
from interlock.ledger.book import opening
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.risk.limits import Limits
from interlock.store.entries import write_entry
from interlock.store.intent_rows import INTENTS
from interlock.store.records import (
    ACCOUNT,
    ATTEMPTS,
    BALANCES,
    CHANGES,
    DAYS,
    EQUITY,
    INCIDENTS,
    LOTS,
    OPEN,
    THE_ACCOUNT,
    AccountRow,
    Change,
)
from interlock.store.rows import Rows
from interlock.strategy.proposal import Purpose
from interlock.values import Instant, Known, Unknown

DAY: Final = timedelta(days=1)
DAY_OPEN_AGE_MAX: Final = timedelta(minutes=15)
UNKNOWN_OUTCOME: Final = "UNKNOWN_OUTCOME_FREEZE"
FREEZE: Final = "freeze"
CALENDAR: Final = "calendar"
BREAKER: Final = "breaker"
DISARMED: Final = "disarmed:executions"
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
    live, poison = rows.sound(INTENTS, live=OPEN)
    marked, unread = rows.sound(INCIDENTS, open=OPEN)
    lots, lost = rows.sound(LOTS, open=OPEN)
    poisoned = (*poison, *unread, *lost)
    limits = terms.limits
    hour = now - limits.execution_window
    entries = _entries_since(rows, min(now.floor(DAY), now - limits.entry_cooldown, hour))
    repeated = rows.get(INCIDENTS, DISARMED)
    armed = repeated.closed_at if repeated else None
    breakers = (i.text for i in marked if i.fingerprint.startswith(f"{BREAKER}:"))
    marks = ([*i.fingerprint.split(":", 2), i.text] for i in marked)
    frozen = (Freeze(m[2], m[1], m[3]) for m in marks if m[0] == FREEZE and len(m) == 4)  # noqa: PLR2004 - freeze, code, scope, text
    return Standing(
        switches=switches_of(account, terms),
        figures=figures_of(rows, account, day),
        balances=balances_of(rows, account),
        day=day,
        lots=tuple(lots),
        in_flight=tuple(_in_flight(intent) for intent in live),
        freezes=(*_unknown_outcomes(live), *frozen),
        entries_today=Counter(map(_base, _made_since(entries, now.floor(DAY)))),
        last_entry={_base(i): i.created_at for i in entries},
        breaker=next(breakers, _poisoned(poisoned)),
        epoch=account.epoch if account else None,
        clock=_clock_of(account),
        entry_keys=frozenset(i.proposal.key for i in entries),
        messages=sum(map(len, rows.sound(ATTEMPTS, since=now - limits.message_window))),
        executions=sum(map(_may_have_bought, _made_since(entries, max(hour, armed or hour)))),
        disarmed=repeated.text if repeated and armed is None else None,
        naked=tuple(_naked(rows, account, lots, live, now, limits)),
        stage=stage_of(rows, account),
    )


def stage_of(rows: Rows, account: AccountRow | None) -> Stage | None:
    """The first stage, with the orders that were made in it; None in SIM, and once it was widened."""
    if account is None or account.venue is not Mode.LIVE or account.widened_at is not None:
        return None
    return Stage(len(_entries_since(rows, account.armed_at or Instant(0))))


def _poisoned(keys: Sequence[object]) -> str | None:
    """A row that cannot be read keeps entries back: nobody knows what it holds. What serves the other lots goes on."""
    return f"{len(keys)} rows of the books cannot be read: {keys[0]}" if keys else None


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
    if day.unpriced is not None:
        return Unknown(f"the day's loss: {day.unpriced}")
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
    ahead = reading.clock_offset
    kept = replace(
        account,
        read_at=reading.as_of,
        opened_at=opened_at,
        unknown_why=None,
        clock_offset=None if ahead is None else ahead // timedelta(microseconds=1),
    )
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
    if kept is None:
        _end_latch(rows, now)
    day = kept or _opened(rows, reading, now)
    loss = day.loss_pct(reading.equity)
    if day.latched_at is None and loss is not None and loss >= limits.max_daily_loss_pct:
        day = replace(day, latched_at=now)
    if day != kept:
        rows.put(DAYS, day)


def _end_latch(rows: Rows, now: Instant) -> None:
    """The latch of the day before ends with that day, and the journal says so."""
    for before in rows.find(DAYS, newest=True, limit=1):
        if before.latched_at is not None:
            why = f"the UTC day {before.day} is over"
            rows.add(CHANGES, latch_cleared(before.latched_at, CALENDAR, why, now))


def latch_cleared(latched_at: Instant, who: str, why: str, now: Instant) -> Change:
    """The daily loss may be made again: what the journal keeps of it."""
    return Change(now, who, "account", "daily_loss", f"latched at {latched_at}", "clear", why)


def _opened(rows: Rows, reading: AccountReading, now: Instant) -> DayOpen:
    midnight = now.floor(DAY)
    before = rows.find(
        EQUITY, newest=True, limit=1, since=midnight - DAY_OPEN_AGE_MAX, until=midnight
    )
    if before:
        return DayOpen(now.day(), before[0].equity, before[0].at, late=False)
    return DayOpen(now.day(), reading.equity, reading.as_of, late=True)


def _entries_since(rows: Rows, start: Instant) -> list[Intent]:
    """The entries that were accepted or may have been, oldest first."""
    made, _ = rows.sound(INTENTS, since=start, purpose=Purpose.ENTRY.value)
    return [intent for intent in made if intent.state not in NOT_COUNTED]


def _made_since(entries: Sequence[Intent], start: Instant) -> list[Intent]:
    return [intent for intent in entries if intent.created_at >= start]


def _may_have_bought(entry: Intent) -> bool:
    """Whether it bought, or nobody can say yet that it did not."""
    return not entry.ended or entry.filled > 0


def _clock_of(account: AccountRow | None) -> Known[timedelta] | Unknown:
    if account is None or account.read_at is None or account.clock_offset is None:
        return Unknown("the exchange told no time that could be read")
    return Known(timedelta(microseconds=account.clock_offset), account.read_at)


def _naked(  # noqa: PLR0913, PLR0917 - what says how a lot is covered
    rows: Rows,
    account: AccountRow | None,
    lots: Sequence[Lot],
    live: Sequence[Intent],
    now: Instant,
    limits: Limits,
) -> Iterator[str]:
    """The lots without a confirmed stop past the deadline, and those of which nobody can say."""
    began_at, deadline = account.began_at if account else None, limits.protection_deadline
    for lot in lots:
        legs = [intent for intent in live if intent.proposal.lot_id == lot.id]
        if covered(lot, legs, began_at, now, deadline).is_stopped:
            continue
        # Only a lot that live orders do not protect is looked at with all that ever served it.
        found = covered(lot, rows.sound(INTENTS, serves=lot.id)[0], began_at, now, deadline)
        if found.overdue or found.cover is Cover.UNKNOWN:
            yield lot.id


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
        limit=wish.limit.rate if wish.limit else None,
    )


def _unknown_outcomes(live: Sequence[Intent]) -> list[Freeze]:
    """A tenure reads what an earlier one was sending as UNKNOWN, so UNKNOWN is all that must be asked for."""
    return [
        Freeze(i.proposal.symbol, UNKNOWN_OUTCOME, f"the outcome of {i.client_oid} is not known")
        for i in live
        if i.state is State.UNKNOWN
    ]
