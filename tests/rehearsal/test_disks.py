"""What a disk may lose under the books, and what of it the platform notices (A17, H4, H5, H14, H15, A13)."""

import contextlib
import copy
import os
import resource
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from interlock.account import Mode
from interlock.errors import StoreTrouble
from interlock.orders.evidence import Accepted
from interlock.rehearsal.judge import violations
from interlock.rehearsal.store import INSTALL_ID, DictGround, dict_books
from interlock.risk.limits import Limits
from interlock.store import open_books
from interlock.store.books import RowBooks
from interlock.store.files import BOOKS_FILE
from interlock.store.stamp import FILE as STAMP
from tests.promises.wishes import MINUTE, NOON, armed, ask, bought, entry
from tests.rehearsal.disks import flip_log, flip_pages, opened, tear
from tests.rehearsal.half_migrated import die_in_migration
from tests.rehearsal.older_books import ASKED, BRIEF, SOLD, outlive
from tests.rehearsal.sweep import quietly

SIXTEENTH = 16
ACCEPTED = Accepted("an order")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_a_log_that_is_torn_off_anywhere_holds_the_whole_transactions_before_it_and_no_other(
    tmp_path: Path,
) -> None:
    """A17, H4: here at every sixteenth sector; `make prove` does every one."""
    torn = tear(tmp_path, orders=17, nth=5, of=SIXTEENTH)

    assert torn.violations == ()
    assert torn.commits >= 50
    assert torn.points >= 420


def test_a_bit_that_flipped_in_the_log_ends_it_there_and_halves_no_transaction(
    tmp_path: Path,
) -> None:
    """H4: SQLite says nothing of it. What was committed from there on is gone: the exchange is asked what it knows of (C11)."""
    flipped = flip_log(tmp_path, orders=3)

    assert flipped.violations == ()
    assert flipped.shorter == flipped.bits >= 100


def test_a_bit_that_flipped_in_the_file_is_refused_or_told_where_it_holds_the_file_together(
    tmp_path: Path,
) -> None:
    """H4: every page's header is under check; within a row only a seal could tell, so what is unseen is counted and not denied."""
    flipped = flip_pages(tmp_path, orders=2)

    assert flipped.violations == ()
    assert flipped.refused + flipped.told >= flipped.bits // 2
    assert flipped.unseen <= flipped.bits // 10


def test_books_that_were_there_are_never_made_anew(folder: Path) -> None:
    """H5: an empty place where books were is trouble; who wants new books says so by moving the stamp."""
    books = opened(folder)
    bought(books, armed(books))
    books.close()
    (folder / BOOKS_FILE).unlink()

    with pytest.raises(StoreTrouble, match="missing"):
        opened(folder)
    assert not (folder / BOOKS_FILE).exists()

    (folder / STAMP).unlink()
    books = opened(folder)
    assert books.tenure() is None
    books.close()


def test_the_books_of_another_installation_are_refused(tmp_path: Path) -> None:
    """H5: their order ids are others, so nothing of ours would be found under them."""
    for name in ("ours", "theirs"):
        books = opened(tmp_path / name)
        armed(books)
        books.close()
    (tmp_path / "theirs" / BOOKS_FILE).replace(tmp_path / "ours" / BOOKS_FILE)

    with pytest.raises(StoreTrouble, match="belongs to the installation"):
        opened(tmp_path / "ours")


def test_an_older_copy_of_our_own_books_is_opened_and_a_folder_without_a_stamp_gets_one(
    folder: Path,
) -> None:
    """H5: a backup may be brought back, and books that are older than the stamp keep their id."""
    books = opened(folder)
    tenure = armed(books)
    books.close()
    (folder / STAMP).unlink()

    books = opened(folder)
    assert books.open(Mode.SIM, NOON + MINUTE).install_id == tenure.install_id
    books.close()
    assert (folder / STAMP).read_text().strip() == tenure.install_id


def test_an_order_that_a_restored_backup_does_not_know_is_found_and_not_placed_twice(
    folder: Path,
) -> None:
    """H5, C11: the same signal has the same id, so the exchange says that it has the order, and it is adopted."""
    quietly()
    backup = folder.with_name("backup.sqlite")

    def open_again() -> RowBooks:
        return open_books(
            folder, limits=Limits(), bound=Mode.SIM, enabled=True, install_id=INSTALL_ID
        )

    def back_up() -> None:
        with contextlib.closing(sqlite3.connect(folder / BOOKS_FILE)) as books:
            books.execute("VACUUM INTO ?", (str(backup),))

    def restore() -> None:
        for name in (BOOKS_FILE, f"{BOOKS_FILE}-wal", f"{BOOKS_FILE}-shm"):
            (folder / name).unlink(missing_ok=True)
        shutil.copy(backup, folder / BOOKS_FILE)

    assert violations(outlive(open_again, back_up, restore, ASKED, BRIEF)) == []


def test_a_lot_that_was_sold_since_the_backup_is_told_and_nothing_is_bought_again() -> None:
    """H5, C11: a bar that is over is not decided again, so nobody adopts its orders; the audit names them."""
    quietly()
    ground, backup = DictGround(), DictGround()

    def back_up() -> None:
        backup.tables = copy.deepcopy(ground.tables)

    def restore() -> None:
        ground.tables = backup.tables

    world = outlive(lambda: dict_books(ground, bound=Mode.SIM), back_up, restore, SOLD)

    entries = [order for order in world.engine.books()["orders"] if order["side"] == "BUY"]
    assert len(entries) == 1
    assert "audit" in world.open_books().open_marks()


def test_a_migration_that_dies_at_any_statement_has_not_happened_and_happens_at_the_next_start(
    tmp_path: Path,
) -> None:
    """A13, H11: all steps are one transaction, so there is no mixed schema to trade on. `make release-figures` dies at every one."""
    died, wrong = die_in_migration(tmp_path, step=7)

    assert wrong == []
    assert died >= 4


@contextlib.contextmanager
def no_descriptors_left() -> Iterator[None]:
    """Nothing more can be opened in this process, until the block ends."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    descriptor = os.open("/", os.O_RDONLY)
    os.close(descriptor)
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptor, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_without_file_descriptors_new_books_are_not_opened_and_open_ones_go_on_to_cancel(
    folder: Path,
) -> None:
    """H14: whoever holds the books keeps the descriptors that a cancel needs."""
    books = opened(folder)
    tenure = armed(books)
    intent, attempt = ask(books, tenure, entry("resting"))
    books.answered(attempt, ACCEPTED, NOON)

    with no_descriptors_left():
        with pytest.raises(StoreTrouble):
            opened(folder)
        assert books.cancel_attempt(tenure.epoch, NOON, intent.id) is not None
    books.close()


def test_a_long_look_holds_no_writer_up(folder: Path) -> None:
    """H15: who reads sees what was when it began, and whoever writes does not wait for it."""
    books = opened(folder)
    tenure = armed(books)
    with contextlib.closing(sqlite3.connect(folder / BOOKS_FILE, timeout=0)) as report:
        report.execute("BEGIN")
        before = report.execute("SELECT count(*) FROM order_intents").fetchone()
        for number in range(20):
            ask(books, tenure, entry(f"e{number}"))
        assert report.execute("SELECT count(*) FROM order_intents").fetchone() == before
    assert len(books.intents()) == 20
    books.close()
