"""What is done with the books as a whole: their journal verified, a backup made of them, and one put in their place."""

from contextlib import closing

from interlock.evidence.proof import CheckRow
from interlock.evidence.seal import Verified
from interlock.settings import Settings
from interlock.store.heads import kept_head
from interlock.wiring.adapters import open_books


def verify_journal(settings: Settings) -> Verified:
    """The journal of the books, against its seals and the head that lies in the data folder."""
    with closing(open_books(settings)) as books:
        # The head is kept after its seal was committed: read in this order, it never runs ahead of what is looked at.
        outside = kept_head(settings.data)
        return books.verify_journal(outside)


def journal_row(settings: Settings) -> CheckRow:
    """The verified journal as a row of an audit, which quotes its head."""
    found = verify_journal(settings)
    told = f"sealed up to {found.last.told}" if found.last else "never sealed"
    wrong = "".join(f"; {each}" for each in found.wrong[:3])
    compared = found.sealed + found.unsealed
    said = f"{told}, {found.sealed} rows, {found.unsealed} unsealed{wrong}"
    return CheckRow("journal", passed=found.holds, compared=compared, found=said)
