"""What moves no money: switches and watchlist with every change journalled, decisions to wait, incidents, audits, and the picture."""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Final, TypeVar

from interlock.account import Lot, Mode, Standing, Switches
from interlock.errors import BadInput, WrongVenue
from interlock.evidence.incident import Incident
from interlock.evidence.picture import Decided, Picture
from interlock.evidence.proof import AuditRun
from interlock.evidence.telling import Mute
from interlock.market import Stale, freshness
from interlock.orders.evidence import Listening
from interlock.orders.intent import Intent
from interlock.store.incidents import close_incidents, write_incident
from interlock.store.intent_rows import INTENTS
from interlock.store.outbox import delivery
from interlock.store.records import (
    ACCOUNT,
    AUDITS,
    CHANGES,
    DAYS,
    DECISIONS,
    EQUITY,
    INCIDENTS,
    LISTENING,
    LOTS,
    OPEN,
    TABLES,
    THE_ACCOUNT,
    VERDICTS,
    WATCHLIST,
    AccountRow,
    Change,
    Decision,
)
from interlock.store.rows import Left, Rows
from interlock.store.standing import (
    RANK,
    Terms,
    account_of,
    balances_of,
    figures_of,
    latch_cleared,
    opened_account,
    standing_of,
    switches_of,
)
from interlock.strategy.signal import Decision as Said
from interlock.strategy.signal import Signal
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, Unknown, check_symbol

T = TypeVar("T")

OpenLots = tuple[tuple[Lot, tuple[Intent, ...]], ...]

PAGE: Final = 200
MACHINERY: Final = frozenset({"symbol", "version", "updated_at"})


def switch(  # noqa: PLR0913, PLR0917 - the port's own list: who, why, when and what
    rows: Rows,
    terms: Terms,
    who: str,
    why: str,
    now: Instant,
    mode: Mode | None,
    *,
    kill: bool | None,
) -> Switches:
    """Changes mode or kill switch; a change of nothing is no change, and an engaged kill keeps who engaged it."""
    account = opened_account(rows)
    if mode is not None:
        account = _with_mode(
            rows, terms, account, Change(now, who, "account", "mode", None, mode, why)
        )
    if kill is not None and kill != (account.kill is not None):
        words = ("clear", "engaged") if kill else ("engaged", "clear")
        rows.add(CHANGES, Change(now, who, "account", "kill", *words, why))
        engaged = (who, why, now) if kill else (None, None, None)
        account = replace(account, kill_who=engaged[0], kill_why=engaged[1], kill_at=engaged[2])
    rows.put(ACCOUNT, account)
    return switches_of(account, terms)


def clear_daily_loss(rows: Rows, terms: Terms, who: str, why: str, now: Instant) -> bool:
    """Clears today's latch, if there is one; not while the loss is at its limit, or is not known to be below it."""
    account, day = opened_account(rows), rows.get(DAYS, now.day())
    if day is None or day.latched_at is None:
        return False
    figures, limits = figures_of(rows, account, day), terms.limits
    if isinstance(figures, Unknown):
        raise BadInput(f"The day's loss is not known ({figures.why}): its latch stays.")
    if isinstance(freshness(figures.as_of, now, limits.equity_age_max), Stale):
        raise BadInput(f"The day's loss was last known at {figures.as_of}: its latch stays.")
    loss, most = figures.value.daily_loss_pct, limits.max_daily_loss_pct
    if loss >= most:
        text = f"The day's loss is {loss:.2f} %, and {most} % is the limit"
        raise BadInput(f"{text}: it would latch again at once.")
    rows.add(CHANGES, latch_cleared(day.latched_at, who, why, now))
    rows.put(DAYS, replace(day, latched_at=None))
    return True


def mute(rows: Rows, who: str, why: str, now: Instant, *, on: bool) -> Mute | None:
    """Engages or clears the mute; a change of nothing is no change, and an engaged mute keeps who engaged it."""
    account = opened_account(rows)
    if on == (account.mute is not None):
        return account.mute
    words = ("off", "on") if on else ("on", "off")
    rows.add(CHANGES, Change(now, who, "messenger", "mute", *words, why))
    engaged = (who, why, now) if on else (None, None, None)
    kept = replace(account, mute_who=engaged[0], mute_why=engaged[1], mute_at=engaged[2])
    rows.put(ACCOUNT, kept)
    return kept.mute


def _with_mode(rows: Rows, terms: Terms, account: AccountRow, change: Change) -> AccountRow:
    mode = Mode(change.new or Mode.OFF)
    if mode not in (Mode.OFF, account.venue):
        raise WrongVenue(f"These books belong to {account.venue}; {mode} cannot be selected.")
    if RANK[mode] > RANK[terms.bound]:
        raise BadInput(f"The environment admits no mode above {terms.bound}.")
    if mode is not account.mode:
        rows.add(CHANGES, replace(change, old=account.mode))
    return replace(account, mode=mode)


def watch(rows: Rows, row: WatchlistRow, who: str, now: Instant) -> WatchlistRow:
    """Adds or edits a row of the watchlist; whoever edits must have seen the newest version."""
    check_symbol(row.symbol)
    known = rows.get(WATCHLIST, row.symbol)
    if known is not None and known.version != row.version:
        raise BadInput(
            f"{row.symbol} is at version {known.version}, not {row.version}: read it again."
        )
    version = known.version + 1 if known else 1
    old = known or WatchlistRow(row.symbol)
    for name in (each.name for each in fields(row) if each.name not in MACHINERY):
        before, after = getattr(old, name), getattr(row, name)
        if before != after:
            texts = (_said(before), _said(after))
            rows.add(CHANGES, Change(now, who, row.symbol, name, *texts, ""))
    if known is None:
        rows.add(CHANGES, Change(now, who, row.symbol, "symbol", None, row.symbol, "added"))
    kept = replace(row, version=version, updated_at=now)
    rows.put(WATCHLIST, kept)
    return kept


def _said(value: object) -> str | None:
    return None if value is None else str(value)


def note(  # noqa: PLR0913, PLR0917 - the port's own list
    rows: Rows,
    now: Instant,
    signals: Sequence[Signal],
    incidents: Sequence[Incident],
    closed: Sequence[str],
    audit: AuditRun | None,
) -> None:
    """Journals decisions to wait once per bar, incidents, and an audit."""
    for signal in signals:
        if signal.decision is not Said.WAIT:
            raise BadInput(f"The {signal.decision} of {signal.symbol} must be ruled, not noted.")
        rows.add(DECISIONS, Decision(signal, now, "WAIT", None, None, None))
    for incident in incidents:
        write_incident(rows, incident)
    close_incidents(rows, closed, now)
    if audit is not None:
        rows.put(AUDITS, audit)


def picture(rows: Rows, terms: Terms, now: Instant, limit: int) -> Picture:
    """Everything to show, newest first where it is a list of events; every open lot and incident is in it whatever the limit."""
    account = account_of(rows)
    day = rows.get(DAYS, now.day())
    return Picture(
        at=now,
        tenure=account.tenure if account else None,
        switches=switches_of(account, terms),
        figures=figures_of(rows, account, day),
        balances=balances_of(rows, account),
        day=day,
        watchlist=tuple(rows.find(WATCHLIST)),
        lots=_with_open(rows.find(LOTS, newest=True, limit=limit), rows.find(LOTS, open=OPEN)),
        intents=tuple(rows.find(INTENTS, newest=True, limit=limit)),
        decisions=tuple(_decided(rows, d) for d in rows.find(DECISIONS, newest=True, limit=limit)),
        equity=tuple(rows.find(EQUITY, newest=True, limit=limit)),
        incidents=_with_open(
            rows.find(INCIDENTS, newest=True, limit=limit), rows.find(INCIDENTS, open=OPEN)
        ),
        audits=tuple(rows.find(AUDITS, newest=True, limit=limit)),
        delivery=delivery(rows, account.mute if account else None),
        listening=_listening(rows, account),
    )


def _listening(rows: Rows, account: AccountRow | None) -> Listening | None:
    """How the user stream stands in this tenure; None when nobody listens in it."""
    how = rows.get(LISTENING, THE_ACCOUNT)
    return how if how is not None and account is not None and how.epoch == account.epoch else None


def open_lots(rows: Rows) -> OpenLots:
    """Every open lot with all intents that serve it, the oldest first; of those of one instant by symbol, which no installation changes.

    What cannot be read is named by `unreadable`. Without all of its legs nobody can say what a lot still needs: it is left to a person,
    and the others are guarded.
    """
    found, _ = rows.sound(LOTS, open=OPEN)
    lots = sorted(found, key=lambda lot: (lot.opened_at, lot.symbol, lot.id))
    legs = ((lot, rows.sound(INTENTS, serves=lot.id)) for lot in lots)
    return tuple((lot, tuple(whole)) for lot, (whole, poison) in legs if not poison)


def unreadable(rows: Rows) -> tuple[str, ...]:
    """The rows that those who guard and settle cannot read, each by its table and key."""
    lots, lost = rows.sound(LOTS, open=OPEN)
    legs = (rows.sound(INTENTS, serves=lot.id)[1] for lot in lots)
    tables = (
        (LOTS.name, lost),
        *((INTENTS.name, poison) for poison in legs),
        (INTENTS.name, rows.sound(INTENTS, live=OPEN)[1]),
        (WATCHLIST.name, rows.sound(WATCHLIST)[1]),
    )
    named = (f"{name}:{':'.join(map(str, key))}" for name, keys in tables for key in keys)
    return tuple(sorted(set(named)))


def remains(left: Left, terms: Terms, now: Instant) -> tuple[Picture, Standing, OpenLots]:
    """What the tables that stand still say, as if the missing ones had no rows; the picture names those."""
    names = {INTENTS.name, *(table.name for table in TABLES)}
    shown = replace(picture(left, terms, now, PAGE), missing=tuple(sorted(names - left.tables)))
    return shown, standing_of(left, terms, now), open_lots(left)


def decided(rows: Rows, symbol: str, at: Instant | None) -> Decided | None:
    """The newest decision about a symbol, or the one in force at an instant."""
    found = rows.find(DECISIONS, symbol=symbol, until=at, newest=True, limit=1)
    return _decided(rows, found[0]) if found else None


def _decided(rows: Rows, made: Decision) -> Decided:
    judged = rows.get(VERDICTS, made.verdict_id) if made.verdict_id else None
    verdict = judged.verdict if judged else None
    return Decided(made.signal, made.at, made.outcome, made.code, verdict, made.intent_id)


def _with_open(newest: list[T], still_open: list[T]) -> tuple[T, ...]:
    older = [each for each in reversed(still_open) if each not in newest]
    return (*newest, *older)
