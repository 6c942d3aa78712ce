"""What whoever listens may rely on: what is heard of an unknown id waits, is read when the id is known, and is never dropped."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st

from interlock.account import Tenure
from interlock.ledger.book import wallet
from interlock.orders.evidence import (
    PARKED_MAX,
    Ear,
    Evidence,
    Fill,
    Listening,
    OrderFact,
    Source,
)
from interlock.orders.life import State
from interlock.ports import Books
from interlock.rehearsal.store import dict_books
from interlock.store.books import RowBooks
from interlock.values import Instant
from tests.promises.conftest import Shelf
from tests.promises.wishes import (
    HOUR,
    MINUTE,
    NOON,
    SECOND,
    armed,
    ask,
    bought,
    entry,
    fact,
    fill,
    learn,
    state_of,
    stop,
)

Word = TypeVar("Word", OrderFact, Fill)


def of_child(word: Word) -> Word:
    """The same word about the order that a trigger became."""
    return replace(word, client_oid="", order_id="child")


def theirs(word: Word) -> Word:
    """The same word about an order that somebody made by hand."""
    return replace(word, client_oid="by hand", order_id="h")


def hear(books: Books, tenure: Tenure, at: Instant, *words: OrderFact | Fill) -> None:
    """What the stream said in one go."""
    facts = tuple(w for w in words if isinstance(w, OrderFact))
    fills = tuple(w for w in words if isinstance(w, Fill))
    books.learn(tenure.epoch, at, Evidence(facts, fills, is_heard=True))


def test_an_execution_of_an_unknown_order_waits_and_moves_no_money(books: RowBooks) -> None:
    tenure = armed(books)
    intent = bought(books, tenure)
    before = wallet(books.entries())
    trade = theirs(fill(intent, "m", "0.5"))

    hear(books, tenure, NOON + SECOND, trade)
    hear(books, tenure, NOON + MINUTE, trade)

    assert [(p.key, p.at, p.told) for p in books.parked()] == [("fill:m", NOON + SECOND, trade)]
    assert wallet(books.entries()) == before


def test_what_waits_is_still_there_when_the_books_are_opened_again(shelf: Shelf) -> None:
    books = shelf.books()
    tenure = armed(books)
    intent = bought(books, tenure)
    hear(books, tenure, NOON, theirs(fill(intent, "m", "0.5")))
    waits = books.parked()
    books.close()

    assert shelf.books().parked() == waits != ()


def test_asking_books_a_strangers_execution_once_and_it_waits_no_more(books: RowBooks) -> None:
    tenure = armed(books)
    intent = bought(books, tenure)
    trade = theirs(fill(intent, "m", "0.5"))
    hear(books, tenure, NOON + SECOND, trade)

    learn(books, tenure, NOON + MINUTE, trade)

    assert books.parked() == ()
    assert wallet(books.entries())["BTC"] == Decimal("0.51")


def test_a_childs_execution_closes_its_lot_when_the_trigger_names_the_child(
    books: RowBooks,
) -> None:
    tenure = armed(books)
    lot = bought(books, tenure)
    guard, _ = ask(books, tenure, stop(lot.id))
    hear(books, tenure, NOON + SECOND, of_child(fill(guard, "c", "0.01")))
    assert len(books.parked()) == 1
    assert len(books.open_lots()) == 1

    fired = fact(guard, State.FILLED, "0.01", Source.ADVANCED_STREAM)
    hear(books, tenure, NOON + 2 * SECOND, replace(fired, spawned_order_id="child"))

    assert books.parked() == ()
    assert books.open_lots() == ()
    assert {each.trade_id for each in books.fills()} == {"c", "trade-of-entry"}


def test_a_childs_word_heard_before_its_id_is_read_with_the_id(books: RowBooks) -> None:
    tenure = armed(books)
    lot = bought(books, tenure)
    guard, _ = ask(books, tenure, stop(lot.id))
    child = of_child(fact(guard, State.FILLED, "0.01", Source.USER_STREAM))
    hear(books, tenure, NOON, child)

    learn(
        books,
        tenure,
        NOON,
        replace(
            fact(guard, State.WORKING, source=Source.ADVANCED_DETAIL), spawned_order_id="child"
        ),
    )

    assert state_of(books, guard).state is State.FILLED
    assert books.parked() == ()


def test_a_strangers_order_waits_for_a_minute_and_a_look(books: RowBooks) -> None:
    tenure = armed(books)
    intent, _ = ask(books, tenure, entry())
    hear(
        books,
        tenure,
        NOON,
        theirs(fact(intent, State.WORKING, source=Source.USER_STREAM)),
    )

    hear(books, tenure, NOON + HOUR)
    learn(books, tenure, NOON + 59 * SECOND)
    assert len(books.parked()) == 1

    learn(books, tenure, NOON + MINUTE)
    assert books.parked() == ()
    assert books.picture(NOON).incidents == ()


def test_an_execution_that_asking_never_confirms_is_told(books: RowBooks) -> None:
    tenure = armed(books)
    intent = bought(books, tenure)
    hear(books, tenure, NOON, theirs(fill(intent, "m", "0.5")))

    learn(books, tenure, NOON + timedelta(minutes=9))
    assert books.picture(NOON).incidents == ()
    learn(books, tenure, NOON + timedelta(minutes=10))

    assert [i.fingerprint for i in books.picture(NOON).incidents] == ["fill:m"]
    assert books.parked() == ()


def test_a_full_place_takes_no_more_and_says_so() -> None:
    books = dict_books()
    tenure = armed(books)
    intent = bought(books, tenure)
    many = [theirs(fill(intent, f"m{n}", "0.5")) for n in range(PARKED_MAX + 3)]

    hear(books, tenure, NOON, *many)

    assert len(books.parked()) == PARKED_MAX
    assert [(i.fingerprint, i.count) for i in books.picture(NOON).incidents] == [
        ("stream:parked", 3)
    ]


def test_how_the_stream_stands_is_shown_in_its_own_tenure_alone(shelf: Shelf) -> None:
    books = shelf.books()
    tenure = armed(books)
    how = Listening(Ear.GAP, NOON, tenure.epoch, "the line broke")
    books.listening(how)
    assert books.picture(NOON).listening == how

    books.open(tenure.venue, NOON + MINUTE)
    assert books.picture(NOON).listening is None


# The words of one entry and of one stop with its child, in the order in which they came about.
def _story(books: Books, tenure: Tenure) -> list[OrderFact | Fill]:
    lot = bought(books, tenure)
    guard, _ = ask(books, tenure, stop(lot.id))
    stream, advanced = Source.USER_STREAM, Source.ADVANCED_STREAM
    child = fact(guard, State.WORKING, "0.004", stream)
    return [
        fact(guard, State.WORKING, source=advanced),
        replace(fact(guard, State.WORKING, source=advanced), spawned_order_id="child"),
        of_child(fill(guard, "c1", "0.004")),
        of_child(child),
        of_child(fill(guard, "c2", "0.006")),
        of_child(fact(guard, State.FILLED, "0.01", stream)),
        replace(fact(guard, State.FILLED, "0.01", advanced), spawned_order_id="child"),
    ]


@given(st.data())
def test_in_whatever_order_and_however_often_it_is_heard_the_books_come_out_the_same(
    data: st.DataObject,
) -> None:
    books = dict_books()
    tenure = armed(books)
    story = _story(books, tenure)
    order = data.draw(st.permutations([*range(len(story)), *range(len(story))]))
    at = NOON
    while order:
        size = data.draw(st.integers(1, len(order)))
        batch, order = order[:size], order[size:]
        at += SECOND
        hear(books, tenure, at, *(story[n] for n in batch))

    assert books.parked() == ()
    assert books.open_lots() == ()
    assert sorted(f.trade_id for f in books.fills()) == ["c1", "c2", "trade-of-entry"]
    assert wallet(books.entries())["BTC"] == 0
    assert books.picture(NOON).incidents == ()
    states = [i.state for i in books.picture(NOON).intents]
    assert states == [State.FILLED, State.FILLED]
