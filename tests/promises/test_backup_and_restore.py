"""A backup is whole or none, and put in place only where nothing is lost by it; restored books enter nothing until somebody looked."""

import json
import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from interlock.account import Mode
from interlock.errors import BadInput, InterlockError, NewerSchema, StoreTrouble, WrongVenue
from interlock.evidence.requests import What
from interlock.orders.life import State
from interlock.settings import Settings, read
from interlock.store import FolderLease
from interlock.store.backup import checked, manifest_path
from interlock.store.books import RowBooks
from interlock.wiring.acts import request_of
from interlock.wiring.adapters import open_books
from interlock.wiring.keeping import Restored, backup, restore, verify_journal
from tests.promises.wishes import NOON, ask, bought, entry

SIM = "http://127.0.0.1:1/exchange/v1"
LIVE = "https://api.crypto.com/exchange/v1"


def _settings(folder: Path, rest: str = SIM) -> Settings:
    given = {"INTERLOCK__DATA": str(folder), "INTERLOCK__MODE": "SIM"}
    return read({**given, "INTERLOCK__EXCHANGE__REST_URL": rest})


@dataclass(frozen=True, slots=True)
class Place:
    """An installation that bought, with a backup made before it asked for more."""

    settings: Settings
    file: Path

    def books(self) -> RowBooks:
        return open_books(self.settings)

    def restored(self, *, over: bool = True, other_install: bool = False) -> Restored:
        return restore(
            self.settings,
            self.file,
            "owner",
            "a test",
            NOON,
            over=over,
            other_install=other_install,
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    settings = _settings(tmp_path / "data")
    there = Place(settings, tmp_path / "copies" / "first")
    with closing(there.books()) as books:
        tenure = books.open(Mode.SIM, NOON)
        books.switch("owner", "go", NOON, mode=Mode.SIM, kill=None)
        bought(books, tenure, "first")
        backup(settings, there.file, NOON)
        ask(books, tenure, entry("second"))
    return there


def test_a_backup_is_one_sound_file_that_nobody_else_reads(place: Place) -> None:
    told = checked(place.file)

    assert told.venue == "SIM"
    assert told.seals == 1
    assert told.newest == NOON.iso()
    for path in (place.file, manifest_path(place.file)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(list(place.file.parent.iterdir())) == 2


def test_a_backup_overwrites_nothing(place: Place) -> None:
    before = place.file.read_bytes()
    with pytest.raises(BadInput):
        backup(place.settings, place.file, NOON)

    assert place.file.read_bytes() == before


def test_there_is_no_backup_of_books_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreTrouble):
        backup(_settings(tmp_path / "none"), tmp_path / "file", NOON)

    assert not (tmp_path / "none").exists()


def test_what_is_restored_is_what_was_backed_up_and_its_journal_holds(place: Place) -> None:
    place.restored()
    with closing(place.books()) as books:
        assert [intent.state for intent in books.intents()] == [State.FILLED]
        assert len(books.fills()) == 1

    assert verify_journal(place.settings).wrong == ()


def test_restored_books_enter_nothing_and_say_why(place: Place) -> None:
    place.restored()
    with closing(place.books()) as books:
        pause = books.switches().pause
        assert pause is not None
        assert pause.who == "owner"
        assert "restored" in books.open_marks()
        assert [asked.what for asked in books.requests()] == [What.RECONCILE]
        books.pause("owner", "I looked", NOON, on=False)
        assert "restored" not in books.open_marks()


def test_no_epoch_and_no_nonce_is_used_twice(place: Place) -> None:
    with closing(place.books()) as books:
        lost = books.open(Mode.SIM, NOON)
        nonce = books.nonce(lost.epoch, NOON + timedelta(seconds=30))
    place.restored()
    with closing(place.books()) as books:
        tenure = books.open(Mode.SIM, NOON)
        assert tenure.epoch > lost.epoch
        assert books.nonce(tenure.epoch, NOON) > nonce


def test_the_books_that_were_there_stay_beside(place: Place) -> None:
    kept = place.restored().kept

    assert kept is not None
    with closing(sqlite3.connect(kept)) as rows:
        assert rows.execute("SELECT count(*) FROM order_intents").fetchone() == (2,)


def test_books_that_are_there_are_not_replaced_unasked(place: Place) -> None:
    with pytest.raises(BadInput, match="--over"):
        place.restored(over=False)
    with closing(place.books()) as books:
        assert len(books.intents()) == 2


def test_books_that_cannot_be_read_are_replaced_and_kept(place: Place) -> None:
    books = place.settings.data / "books.sqlite"
    books.write_bytes(b"not a database at all" * 1000)
    kept = place.restored().kept

    assert kept is not None
    assert kept.read_bytes().startswith(b"not a database")
    assert verify_journal(place.settings).holds


def test_lost_books_come_back_in_an_empty_folder(place: Place, tmp_path: Path) -> None:
    there = replace(place, settings=_settings(tmp_path / "new"))
    assert there.restored(over=False).kept is None

    assert verify_journal(there.settings).holds


def test_nothing_is_restored_under_a_running_engine(place: Place) -> None:
    lease = FolderLease(place.settings.data)
    assert lease.take() is None
    try:
        with pytest.raises(BadInput, match=f"process {os.getpid()}"):
            place.restored()
    finally:
        lease.release()


def test_books_of_the_other_venue_are_not_restored(place: Place, tmp_path: Path) -> None:
    with pytest.raises(WrongVenue):
        replace(place, settings=_settings(tmp_path / "live", LIVE)).restored()


def test_books_of_another_installation_need_a_word(place: Place, tmp_path: Path) -> None:
    other = replace(place, settings=_settings(tmp_path / "other"))
    with closing(other.books()) as books:
        books.open(Mode.SIM, NOON)
    with pytest.raises(BadInput, match="--other-install"):
        other.restored()
    other.restored(other_install=True)
    with closing(other.books()) as books:
        tenure = books.tenure()
    assert tenure is not None
    assert tenure.install_id == checked(place.file).install_id


def test_an_owners_word_from_before_is_not_done_a_second_time(place: Place) -> None:
    asked = request_of(place.settings, What.FLATTEN, "owner", "out", NOON)
    later = replace(place, file=place.file.with_name("later"))
    backup(later.settings, later.file, NOON)
    later.restored()
    with closing(place.books()) as books:
        found = books.requested(asked.id)
    assert found is not None
    assert found.answered_at == NOON
    assert not found.passed


@pytest.mark.parametrize("at", [0, 100, 5000, -1])
def test_a_damaged_backup_is_refused(place: Place, at: int) -> None:
    content = bytearray(place.file.read_bytes())
    content[at] ^= 1
    place.file.write_bytes(content)
    with pytest.raises(StoreTrouble):
        place.restored()
    with closing(place.books()) as books:
        assert len(books.intents()) == 2


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("schema", "b9999", NewerSchema),
        ("format", "interlock-books-2", NewerSchema),
        ("install_id", "another", StoreTrouble),
        ("venue", "LIVE", InterlockError),
        ("seals", 7, StoreTrouble),
    ],
)
def test_a_manifest_that_says_something_else_is_refused(
    place: Place, field: str, value: object, error: type[InterlockError]
) -> None:
    beside = manifest_path(place.file)
    told = json.loads(beside.read_text(encoding="utf-8"))
    beside.write_text(json.dumps({**told, field: value}), encoding="utf-8")
    with pytest.raises(error):
        place.restored()


def test_a_backup_without_its_manifest_is_none(place: Place) -> None:
    manifest_path(place.file).unlink()
    with pytest.raises(StoreTrouble, match="no backup"):
        place.restored()


def test_a_journal_that_lost_its_end_is_found_by_the_head_that_lies_outside(place: Place) -> None:
    with closing(place.books()) as books:
        books.pause("owner", "later", NOON, on=True)
    backup(place.settings, place.file.with_name("later"), NOON)
    data = place.settings.data
    for suffix in ("-wal", "-shm"):
        (data / f"books.sqlite{suffix}").unlink(missing_ok=True)
    (data / "books.sqlite").write_bytes(place.file.read_bytes())

    assert "rows were lost" in verify_journal(place.settings).wrong[0]
