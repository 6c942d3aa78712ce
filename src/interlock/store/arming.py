"""Pausing, and arming in two steps: what is confirmed is exactly what was shown, within its minute, once.

Arming clears the kill switch, the protection breaker and the stop after too many executions, and ends what was asked of the engine
under them. A pause ends by `resume` alone.
"""

from dataclasses import replace
from typing import Final

from interlock.account import Mode, Switches
from interlock.errors import BadInput
from interlock.evidence.proof import CheckRow
from interlock.evidence.requests import Arming, Offer, What
from interlock.risk.flow_rules import STAGE_ORDERS, STAGE_USD
from interlock.store.incidents import close_incidents
from interlock.store.journal import switch
from interlock.store.records import (
    ACCOUNT,
    CHANGES,
    INCIDENTS,
    OFFERS,
    OPEN,
    REQUESTS,
    THE_ACCOUNT,
    AccountRow,
    Change,
    Offered,
)
from interlock.store.rows import Rows
from interlock.store.standing import (
    BREAKER,
    DISARMED,
    Terms,
    opened_account,
    stage_of,
    switches_of,
)
from interlock.values import Instant

USED: Final = Instant(0)
# Books that came from a backup: whoever ends the pause has looked.
RESTORED: Final = "restored"


def pause(  # noqa: PLR0913 - the port's own list
    rows: Rows, terms: Terms, who: str, why: str, now: Instant, *, on: bool
) -> Switches:
    """Engages or ends the pause; a change of nothing is no change."""
    account = opened_account(rows)
    if on != (account.pause is not None):
        words = ("off", "on") if on else ("on", "off")
        rows.add(CHANGES, Change(now, who, "account", "pause", *words, why))
        engaged = (who, why, now) if on else (None, None, None)
        account = replace(account, pause_who=engaged[0], pause_why=engaged[1], pause_at=engaged[2])
        rows.put(ACCOUNT, account)
        if not on:
            close_incidents(rows, (RESTORED,), now)
    return switches_of(account, terms)


def offer(rows: Rows, terms: Terms, offered: Offer) -> tuple[str, ...]:
    """Keeps the offer, and says what it would change."""
    lines = _would_change(rows, terms, offered.what)
    text = "\n".join(lines)
    kept = Offered(offered.code, offered.what, offered.who, offered.why, text, offered.until)
    rows.put(OFFERS, kept)
    return lines


def confirm(rows: Rows, terms: Terms, code: str, wall: Instant, now: Instant) -> Switches:
    """Does what was offered under this code."""
    offered = rows.get(OFFERS, THE_ACCOUNT)
    if offered is None or offered.until == USED or offered.code != code:
        raise BadInput(f"{code} is no code that waits to be confirmed: ask for one.")
    if wall > offered.until:
        raise BadInput(f"The code {code} was good for a minute, which is over: ask for another.")
    if "\n".join(_would_change(rows, terms, Arming(offered.what))) != offered.offer:
        raise BadInput("What would be armed is not what was shown any more: look at it again.")
    rows.put(OFFERS, replace(offered, until=USED))
    return _arm(rows, terms, offered, now)


def _arm(rows: Rows, terms: Terms, offered: Offered, now: Instant) -> Switches:
    if offered.what == Arming.STAGE:
        return _widen(rows, terms, offered, now)
    account = opened_account(rows)
    if account.kill is not None and account.venue is Mode.LIVE:
        rows.put(ACCOUNT, replace(account, armed_at=now, widened_at=None))
    switches = switch(rows, terms, offered.who, offered.why, now, None, kill=False)
    open_marks = [i.fingerprint for i in rows.find(INCIDENTS, open=OPEN)]
    close_incidents(rows, [m for m in open_marks if m.startswith(_CLEARED)], now)
    for asked in rows.find(REQUESTS, open=OPEN):
        if asked.what in (What.KILL, What.FLATTEN):
            row = CheckRow(asked.what, passed=False, compared=0, found="armed before it was done")
            rows.put(REQUESTS, replace(asked, answered_at=now, passed=False, rows=(row,)))
    return switches


def _widen(rows: Rows, terms: Terms, offered: Offered, now: Instant) -> Switches:
    """The first stage is over, by a recorded act."""
    account, stage = opened_account(rows), stage_of(rows, opened_account(rows))
    if stage is not None:
        before = f"first, {stage.made} orders made"
        change = Change(now, offered.who, "account", "stage", before, "widened", offered.why)
        rows.add(CHANGES, change)
        account = replace(account, widened_at=now)
        rows.put(ACCOUNT, account)
    return switches_of(account, terms)


_CLEARED: Final = (f"{BREAKER}:", DISARMED)


def _would_change(rows: Rows, terms: Terms, what: Arming) -> tuple[str, ...]:
    """Each thing that arming would change, in words that name what stands now."""
    account = opened_account(rows)
    if what is Arming.STAGE:
        return (_stage_in_words(rows, account),)
    kill = account.kill
    told = [f"mode {account.mode}, at most {terms.bound}, venue {account.venue}"]
    told.append(
        f"kill switch engaged by {kill.who} at {kill.at}: {kill.why} -> clear"
        if kill
        else "kill switch is clear"
    )
    marked = rows.find(INCIDENTS, open=OPEN)
    told += [f"{i.text} -> closed" for i in marked if i.fingerprint.startswith(_CLEARED)]
    if account.pause is not None:
        told.append(f"paused by {account.pause.who}: entries wait for `interlock resume`")
    if account.venue is Mode.LIVE:
        again = " -> begins anew" if kill else ""
        told.append(f"{_stage_in_words(rows, account)}{again}")
    return tuple(told)


def _stage_in_words(rows: Rows, account: AccountRow) -> str:
    if account.venue is not Mode.LIVE:
        return "books of SIM have no first stage"
    stage = stage_of(rows, account)
    if stage is None:
        return "the first stage was widened"
    return f"the first stage holds: {stage.made} of {STAGE_ORDERS} orders of at most {STAGE_USD} were made"
