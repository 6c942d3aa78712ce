"""A row that cannot be read keeps nobody from guarding the others: it is left out, named, and nothing is entered meanwhile."""

import contextlib
import sqlite3

from interlock.evidence.incident import Incident
from interlock.orders.life import State
from interlock.store.intent_rows import INTENTS
from interlock.store.records import FILLS, LOTS, OUTBOX, WATCHLIST
from interlock.store.rows import Table
from interlock.strategy.proposal import Purpose
from interlock.strategy.watchlist import WatchlistRow
from tests.promises.conftest import Shelf
from tests.promises.wishes import NOON, SECOND, armed, ask, bought, entry, fact, fill, learn, stop


def poison(shelf: Shelf, table: Table, column: str, key: object) -> None:  # type: ignore[type-arg] # any of the tables
    """One cell of one row says what nobody can read."""
    if shelf.folder is None:
        rows = shelf.ground.tables[table.name]
        cells = list(rows[key,])  # type: ignore[index] # the key of the fake
        cells[table.columns.index(column)] = "much"
        rows[key,] = tuple(cells)  # type: ignore[index] # as above
        return
    with contextlib.closing(sqlite3.connect(shelf.folder / "books.sqlite")) as file, file:
        file.execute("PRAGMA ignore_check_constraints=ON")
        asked = f"UPDATE {table.name} SET {column} = 'much' WHERE {table.key[0]} = ?"  # noqa: S608 - names of ours
        file.execute(asked, (key,))


def test_a_poison_lot_is_named_blocks_entries_and_the_others_are_guarded(shelf: Shelf) -> None:
    books = shelf.books()
    tenure = armed(books)
    sick, well = bought(books, tenure, "sick"), bought(books, tenure, "well")
    poison(shelf, LOTS, "remaining", sick.id)

    assert [lot.id for lot, _ in books.open_lots()] == [well.id]
    assert books.unreadable() == (f"lots:{sick.id}",)
    assert books.standing(NOON).breaker is not None, "nobody knows what it holds"
    _, guard = ask(books, tenure, stop(well.id))
    assert books.may_send(guard, NOON, Purpose.PROTECT)


def test_a_poison_leg_leaves_its_lot_to_a_person_and_no_other(shelf: Shelf) -> None:
    books = shelf.books()
    tenure = armed(books)
    sick, well = bought(books, tenure, "sick"), bought(books, tenure, "well")
    guard, _ = ask(books, tenure, stop(sick.id, "sick stop"))
    poison(shelf, INTENTS, "quantity", guard.id)

    assert [lot.id for lot, _ in books.open_lots()] == [well.id]
    assert books.unreadable() == (f"order_intents:{guard.id}",)
    ask(books, tenure, stop(well.id))
    assert guard.id not in {intent.id for intent, _ in books.live_intents()}


def test_a_poison_fill_keeps_no_other_order_from_being_settled(shelf: Shelf) -> None:
    """Fault A21."""
    books = shelf.books()
    tenure = armed(books)
    bought(books, tenure, "sick")
    poison(shelf, FILLS, "price", "trade-of-sick")
    other, _ = ask(books, tenure, entry("well"))

    words = (fact(other, State.FILLED, "0.01"), fill(other, "trade-of-well", "0.01"))
    changed = learn(books, tenure, NOON + SECOND, *words)
    assert [intent.state for intent in changed] == [State.FILLED]


def test_a_poison_row_of_the_watchlist_is_left_out_and_the_others_are_watched(shelf: Shelf) -> None:
    books = shelf.books()
    armed(books)
    for symbol in ("AAA_USDT", "BTC_USDT"):
        books.watch(WatchlistRow(symbol), "owner", NOON)
    poison(shelf, WATCHLIST, "trade_amount_usd", "AAA_USDT")

    assert [row.symbol for row in books.watchlist()] == ["BTC_USDT"]
    assert books.unreadable() == ("watchlist_items:AAA_USDT",)


def test_a_poison_message_keeps_no_other_from_being_told(shelf: Shelf) -> None:
    books = shelf.books()
    armed(books)
    books.note(NOON, incidents=(Incident("one", "FAIL", "first", NOON),))
    poison(shelf, OUTBOX, "topic", 1)
    books.note(NOON, incidents=(Incident("two", "FAIL", "second", NOON),))

    (told,) = books.undelivered(NOON, 10)
    assert told.id == 2
    assert "second" in told.text


def test_sound_books_name_nothing(shelf: Shelf) -> None:
    books = shelf.books()
    bought(books, armed(books))

    assert books.unreadable() == ()
