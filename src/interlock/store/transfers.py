"""What came or went without an order, as rows: an entry once per journal id, and no gain or loss of the day."""

from collections.abc import Sequence
from dataclasses import replace

from interlock.account import Transfer
from interlock.ledger.book import moved
from interlock.ledger.interest import charged
from interlock.store.entries import write_entry
from interlock.store.records import DAYS, LOTS, AccountRow
from interlock.store.rows import Rows
from interlock.values import Instant, number_text


def book_transfers(
    rows: Rows, account: AccountRow, transfers: Sequence[Transfer], now: Instant
) -> tuple[Transfer, ...]:
    """Books each transfer that is new; returns those."""
    began_at = account.opened_at
    if began_at is None:
        return ()
    young = (each for each in transfers if each.at > began_at)
    new = tuple(each for each in young if write_entry(rows, moved(each)))
    for each in new:
        for lot in charged(each, rows.sound(LOTS, quote=each.currency)[0]):
            rows.put(LOTS, lot)
        _keep_out_of_the_day(rows, each, now)
    return new


def _keep_out_of_the_day(rows: Rows, transfer: Transfer, now: Instant) -> None:
    day = rows.get(DAYS, now.day())
    if day is None or not transfer.is_owners or transfer.at <= day.as_of:
        return
    if transfer.value is None:
        amount = f"{number_text(transfer.amount)} {transfer.currency}"
        rows.put(DAYS, replace(day, unpriced=f"nobody knows what {amount} was worth"))
    else:
        rows.put(DAYS, replace(day, transfers=day.transfers + transfer.value))
