"""The journal is sealed: whatever is changed, taken away, added or exchanged in it up to the last seal is found and named."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from interlock.account import Mode
from interlock.evidence.seal import Head, Verified
from interlock.rehearsal.store import INSTALL_ID, DictGround, dict_books
from interlock.risk.limits import Limits
from interlock.store import open_books
from interlock.store.books import RowBooks
from interlock.store.rows import Cell, Table
from interlock.store.sealing import JOURNAL, LATER
from interlock.values import Unknown
from tests.promises.wishes import NOON, armed, ask, bought, entry


def _traded(books: RowBooks) -> RowBooks:
    tenure = armed(books)
    bought(books, tenure, "first")
    ask(books, tenure, entry("second"))
    return books


def _head(books: RowBooks) -> Head | None:
    last = None
    while (made := books.seal(NOON)) is not None:
        last = Head(made.n, made.head)
    return last


def test_what_was_written_is_sealed_once_and_holds(books: RowBooks) -> None:
    head = _head(_traded(books))
    found = books.verify_journal(head)

    assert found.holds, found.wrong
    assert found.sealed > 8
    assert found.unsealed == 0
    assert books.seal(NOON) is None


def test_what_was_written_since_is_said_to_be_unsealed(books: RowBooks) -> None:
    head = _head(_traded(books))
    books.pause("owner", "lunch", NOON, on=True)
    found = books.verify_journal(head)

    assert found.holds
    assert found.unsealed == 1


def test_an_order_that_goes_on_changes_nothing_that_was_sealed(books: RowBooks) -> None:
    tenure = armed(books)
    _head(books)
    bought(books, tenure, "first")
    head = _head(books)
    books.open(Mode.SIM if books.switches().venue is Mode.SIM else Mode.LIVE, NOON)

    assert books.verify_journal(head).holds


def test_a_head_that_cannot_be_read_is_not_taken_for_none(books: RowBooks) -> None:
    head = _head(_traded(books))

    assert head is not None
    assert not books.verify_journal(Unknown("no disk")).holds
    assert not books.verify_journal(None).holds
    assert not books.verify_journal(Head(head.n, "0" * 64)).holds
    assert not books.verify_journal(Head(head.n + 1, head.head)).holds


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Books that traded and are sealed, with the head beside them."""
    with closing(_open(tmp_path)) as books:
        head = _head(_traded(books))
    assert head is not None
    (tmp_path / "head").write_text(f"{head.n} {head.head}", encoding="utf-8")
    return tmp_path


def _open(folder: Path) -> RowBooks:
    return open_books(folder, limits=Limits(), bound=Mode.LIVE, enabled=True, install_id=INSTALL_ID)


def _verified(folder: Path) -> Verified:
    n, head = (folder / "head").read_text(encoding="utf-8").split()
    with closing(_open(folder)) as books:
        return books.verify_journal(Head(int(n), head))


def _by_hand(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "books.sqlite")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


@dataclass(frozen=True, slots=True)
class Lain:
    """Books in dictionaries that traded and are sealed, and each row of their journal."""

    ground: DictGround
    head: Head | None

    def rows(self) -> Iterator[tuple[Table[Any], tuple[Cell, ...]]]:
        kept = {table: list(self.ground.tables[table.name]) for table in JOURNAL[:6] + JOURNAL[7:]}
        return ((table, key) for table, keys in kept.items() for key in keys)

    def verified(self) -> Verified:
        return dict_books(self.ground).verify_journal(self.head)


@pytest.fixture
def lain() -> Lain:
    ground = DictGround()
    return Lain(ground, _head(_traded(dict_books(ground))))


def test_each_row_that_is_taken_away_is_missed(lain: Lain) -> None:
    assert lain.verified().holds
    for table, key in lain.rows():
        lying = lain.ground.tables[table.name]
        lain.ground.tables[table.name] = {k: row for k, row in lying.items() if k != key}
        assert not lain.verified().holds
        lain.ground.tables[table.name] = lying


def test_each_lasting_cell_that_is_changed_is_named(lain: Lain) -> None:
    """Fault N14."""
    for table, key in lain.rows():
        lying = lain.ground.tables[table.name]
        for n, name in enumerate(table.columns):
            row = list(lying[key])
            row[n] = f"{row[n]}!"
            lain.ground.tables[table.name] = {**lying, key: tuple(row)}
            if name not in LATER[table]:
                wrong = lain.verified().wrong
                assert len(wrong) == 1
                assert wrong[0].startswith(f"{table.name} ")
        lain.ground.tables[table.name] = lying


def test_each_two_rows_that_change_places_are_named(lain: Lain) -> None:
    rows = list(lain.rows())
    for (table, key), (other, next_key) in pairwise(rows):
        lying = lain.ground.tables[table.name]
        if table is other:
            swapped = {**lying, key: lying[next_key], next_key: lying[key]}
            lain.ground.tables[table.name] = swapped
            wrong = [each for each in lain.verified().wrong if "was reordered" in each]
            assert len(wrong) == 2 or not table.key
            assert not lain.verified().holds
            lain.ground.tables[table.name] = lying


def test_a_row_that_is_taken_out_of_the_file_is_missed(folder: Path) -> None:
    """Fault N14."""
    _by_hand(folder, "DELETE FROM settings_changes WHERE seq = 1")

    assert _verified(folder).wrong == ("settings_changes 1 is missing",)


def test_rows_that_change_places_are_named(folder: Path) -> None:
    _by_hand(
        folder,
        "UPDATE settings_changes SET seq = -1 WHERE seq = 1",
        "UPDATE settings_changes SET seq = 1 WHERE seq = 2",
        "UPDATE settings_changes SET seq = 2 WHERE seq = -1",
        "UPDATE verdicts SET rowid = -1 WHERE rowid = 1",
        "UPDATE verdicts SET rowid = 1 WHERE rowid = 2",
        "UPDATE verdicts SET rowid = 2 WHERE rowid = -1",
    )

    assert len([w for w in _verified(folder).wrong if "verdicts" in w and "reordered" in w]) == 2


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE seals SET at = at + 1 WHERE n = 1",
        "DELETE FROM seals WHERE n = 1",
        "DELETE FROM seals",
        "UPDATE seals SET rows = '[]'",
    ],
)
def test_a_seal_that_is_changed_or_taken_away_is_found(folder: Path, change: str) -> None:
    _by_hand(folder, change)

    assert any("seal" in each for each in _verified(folder).wrong)


def test_an_order_that_is_not_what_its_steps_made_of_it_is_named(folder: Path) -> None:
    _by_hand(folder, "UPDATE order_intents SET status = 'CANCELLED' WHERE status = 'FILLED'")

    assert [w for w in _verified(folder).wrong if w.startswith("order_intents")]


def test_a_ledger_that_is_not_what_the_executions_made_of_it_is_named() -> None:
    ground = DictGround()
    books = _traded(dict_books(ground))
    for rows in (ground.tables["postings"], ground.tables["entries"]):
        for key in [key for key in rows if str(key[0]).startswith("trade")]:
            del rows[key]

    assert books.verify_journal(_head(books)).wrong == ("fills trade-of-first has no entry",)


def test_a_posting_that_was_changed_before_it_was_sealed_is_named(tmp_path: Path) -> None:
    with closing(_open(tmp_path)) as books:
        tenure = armed(books)
        head = _head(books)
        bought(books, tenure, "first")
    assert head is not None
    (tmp_path / "head").write_text(f"{head.n} {head.head}", encoding="utf-8")
    assert _verified(tmp_path).holds
    _by_hand(
        tmp_path, "update postings set amount = '7' where rowid = (select max(rowid) from postings)"
    )

    found = _verified(tmp_path)

    assert not found.holds
    assert "does not sum to zero" in found.wrong[0]
