"""Margin as rows: the lock that a refusal for margin leaves on its symbol, and the alarm when the account is levered beyond its lots.

The lock is an incident like every freeze, so that each door shows it; unlike the others it ends by itself, at the time it names.
"""

from typing import Final

from interlock.account import AccountReading, Margin
from interlock.evidence.incident import Incident
from interlock.orders.intent import Intent
from interlock.protocol.crypto_com.codes import INSUFFICIENT_MARGIN
from interlock.risk.permission_rules import MARGIN_LOCK
from interlock.store.incidents import CRITICAL, close_incidents, write_incident
from interlock.store.records import INCIDENTS, LOTS, OPEN, WATCHLIST
from interlock.store.rows import Rows
from interlock.store.standing import FREEZE, MARGIN_LOCK_LASTS, is_over
from interlock.values import Instant, number_text

OVERLEVERED: Final = "margin:leverage"


def lock_if_refused(rows: Rows, before: Intent, after: Intent, now: Instant) -> None:
    """Locks margin entries of the symbol when this word said that the exchange refused a margin order for lack of margin (609)."""
    is_news = after.refusal is not None and after.refusal != before.refusal
    is_609 = is_news and (after.refusal or "").split(" ")[0] == str(INSUFFICIENT_MARGIN)
    if not is_609 or not isinstance(after.proposal.funding, Margin):
        return
    symbol = after.proposal.symbol
    until = (now + MARGIN_LOCK_LASTS).iso()
    text = (
        f"609: the account's margin did not suffice; no margin entry of {symbol} before {until}. "
        "Lower exposure or the row's leverage, or add funds; nothing is sent on spot instead."
    )
    fingerprint = f"{FREEZE}:{MARGIN_LOCK}:{symbol}"
    known = rows.get(INCIDENTS, fingerprint)
    if known is not None and known.closed_at is None:
        # The lock counts from the latest refusal, not from the first.
        count = known.count + 1
        rows.put(INCIDENTS, Incident(fingerprint, CRITICAL, text, now, count))
    else:
        write_incident(rows, Incident(fingerprint, CRITICAL, text, now))


def end_locks(rows: Rows, now: Instant) -> None:
    """Closes the locks whose time is over."""
    over = [i.fingerprint for i in rows.sound(INCIDENTS, open=OPEN)[0] if is_over(i, now)]
    close_incidents(rows, over, now)


def watch_leverage(rows: Rows, reading: AccountReading, now: Instant) -> None:
    """Alarms while the exchange says that the account is levered beyond the most that any margin lot or row admits.

    Where a lot or a row cannot be read nobody knows what it admits: an alarm neither begins nor ends by that.
    """
    found = reading.leverage
    lots, lost = rows.sound(LOTS, open=OPEN)
    watched, unread = rows.sound(WATCHLIST)
    if lost or unread:
        return
    fundings = [lot.funding for lot in lots]
    admitted = [f.leverage for f in fundings if isinstance(f, Margin) and f.leverage is not None]
    rows_on = [row for row in watched if row.trade_on_margin and not row.is_deleted]
    admitted += [row.leverage for row in rows_on if row.leverage is not None]
    if found is None or not admitted or found <= max(admitted):
        close_incidents(rows, (OVERLEVERED,), now)
        return
    text = (
        f"The exchange levers the account {number_text(round(found, 4))} times, more than the "
        f"{number_text(max(admitted))} of any row or lot: lower exposure."
    )
    write_incident(rows, Incident(OVERLEVERED, CRITICAL, text, now))
