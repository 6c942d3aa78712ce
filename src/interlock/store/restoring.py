"""What is written into books that came from a backup, before any engine sees them.

They know less than the exchange. So entries are paused until a person resumes, the wallet counts as unread, the engine reconciles over
days, and no owner's word from before is done a second time.
"""

from dataclasses import dataclass, replace
from typing import Final

from interlock.account import Tenure
from interlock.evidence.incident import Incident
from interlock.evidence.proof import CheckRow
from interlock.evidence.requests import OwnersRequest, What
from interlock.store.arming import RESTORED, pause
from interlock.store.incidents import CRITICAL, write_incident
from interlock.store.records import ACCOUNT, CHANGES, OPEN, REQUESTS, Change
from interlock.store.rows import Rows
from interlock.store.standing import Terms, opened_account
from interlock.values import Instant

UNREAD: Final = "the books were restored, and the account was not read since"
AGAIN: Final = "the books were restored before it was done: ask again"


@dataclass(frozen=True, slots=True)
class Floor:
    """What the lost books had come to, as far as it is known: no epoch and no nonce is used twice. `newest` ends the backup."""

    newest: Instant
    epoch: int = 0
    nonce: int = 0


def restored(  # noqa: PLR0913, PLR0917 - who, why, when, and what the lost books had come to
    rows: Rows, terms: Terms, floor: Floor, who: str, why: str, now: Instant
) -> Tenure:
    """Pauses, opens the incident, and asks the engine to reconcile."""
    pause(rows, terms, who, f"restored from a backup: {why}", now, on=True)
    account = opened_account(rows)
    kept = replace(
        account,
        epoch=max(account.epoch, floor.epoch),
        last_nonce=max(account.last_nonce, floor.nonce),
        unknown_why=UNREAD,
    )
    rows.put(ACCOUNT, kept)
    rows.add(CHANGES, Change(now, who, "books", "restored", None, f"as of {floor.newest}", why))
    text = (
        f"The books were restored as of {floor.newest}: {why}. What the exchange knows since is booked, orders that no intent knows are"
        " told. Entries are paused until `interlock resume`."
    )
    write_incident(rows, Incident(RESTORED, CRITICAL, text, now))
    _answer_all(rows, now)
    rows.add(REQUESTS, OwnersRequest(f"restored-{now.micros}", What.RECONCILE, who, why, now))
    return kept.tenure


def _answer_all(rows: Rows, now: Instant) -> None:
    for asked in rows.find(REQUESTS, open=OPEN):
        row = CheckRow(asked.what, passed=False, compared=0, found=AGAIN)
        rows.put(REQUESTS, replace(asked, answered_at=now, passed=False, rows=(row,)))
