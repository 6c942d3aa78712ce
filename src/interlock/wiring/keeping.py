"""What is done with the books as a whole: their journal verified, a backup made of them, and one put in their place."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from interlock.desk.sealer import seal_all
from interlock.errors import BadInput, StoreTrouble, WrongVenue
from interlock.evidence.proof import CheckRow
from interlock.evidence.seal import Verified
from interlock.host.facts import this_life
from interlock.settings import Settings
from interlock.store.backup import Manifest, back_up, checked
from interlock.store.copying import copy_in, copy_out
from interlock.store.files import BOOKS_FILE, row_lease
from interlock.store.heads import keep_head, kept_head
from interlock.store.lease import FolderLease
from interlock.store.replacing import draft_of, floor_of, has_books, move_head, replace_books
from interlock.store.restoring import Floor
from interlock.values import Instant
from interlock.wiring.adapters import books_in, open_books, venue_of
from interlock.wiring.roles import ENGINE


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put in place, and where the books that stood there lie now; None: none stood there."""

    manifest: Manifest
    kept: Path | None


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


def backup(settings: Settings, file: Path, now: Instant) -> Manifest:
    """A backup of the books while whoever trades goes on; their journal is sealed first."""
    place = settings.database.url or settings.data
    if not settings.database.url and not has_books(settings.data):
        raise StoreTrouble(f"There are no books in {settings.data} to back up.")
    with closing(open_books(settings)) as books:
        seal_all(books, now, partial(keep_head, settings.data))
    return back_up(partial(copy_out, place), file, now)


def restore(  # noqa: PLR0913 - what is put in place, who says so, and what they admit
    settings: Settings,
    file: Path,
    who: str,
    why: str,
    now: Instant,
    *,
    over: bool = False,
    other_install: bool = False,
) -> Restored:
    """Puts the books of a backup in place of those that are there, in a state in which nothing is entered until somebody has looked."""
    told = checked(file)
    if told.venue != venue_of(settings):
        raise WrongVenue(
            f"{file} holds books of {told.venue}, and these settings name {venue_of(settings)}."
        )
    with _alone(settings):
        install_id, floor, is_empty = _found(settings, Instant.of_iso(told.newest))
        if not is_empty and not over:
            raise BadInput(
                "There are books already: `--over` keeps them beside and restores in their place."
            )
        if install_id not in (None, told.install_id) and not other_install:
            raise BadInput(
                f"{file} belongs to the installation {told.install_id}, these books to {install_id}: `--other-install` admits it."
            )
        stamp = now.iso().replace(":", "")
        ready = draft_of(settings.data, file)
        with closing(books_in(settings, ready)) as books:
            books.restored(floor, who, why, now)
            seal_all(books, now, partial(keep_head, ready))
        kept = _put(settings, ready, stamp, now, is_empty=is_empty)
    return Restored(told, kept)


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """No engine leads the account while its books are exchanged."""
    url = settings.database.url
    with ExitStack() as stack:
        if url:
            row = row_lease(url, ENGINE, this_life())
            stack.callback(row.close)
            stack.callback(row.release)
            holder: tuple[str, object] | None = row.take()
        else:
            folder = FolderLease(settings.data)
            stack.callback(folder.release)
            holder = folder.take()
        if holder is not None:
            raise BadInput(f"{holder[0]} holds the account: end the engine first.")
        yield


def _found(settings: Settings, newest: Instant) -> tuple[str | None, Floor, bool]:
    """Whose books are there, what they have come to, and whether there are none."""
    if not settings.database.url:
        install_id, floor = (
            floor_of(settings.data, newest) if has_books(settings.data) else (None, Floor(newest))
        )
        return install_id, floor, not has_books(settings.data)
    with closing(open_books(settings)) as books:
        tenure = books.tenure()
        if tenure is None:
            return None, Floor(newest), True
        return tenure.install_id, Floor(newest, tenure.epoch), False


def _put(
    settings: Settings, ready: Path, stamp: str, now: Instant, *, is_empty: bool
) -> Path | None:
    url = settings.database.url
    if not url:
        return replace_books(settings.data, ready, stamp)
    kept = None if is_empty else settings.data / f"books.before-{stamp}.sqlite"
    if kept is not None:
        back_up(partial(copy_out, url), kept, now)
    copy_in(ready / BOOKS_FILE, url)
    move_head(settings.data, ready, stamp)
    return kept
