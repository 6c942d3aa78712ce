"""What whoever asks the exchange may rely on of the books: evidence moves lives, executions are booked once, silence proves nothing."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import Unreachable
from interlock.ledger.book import wallet
from interlock.orders.evidence import HORIZON, Accepted, Source
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
    look,
    sale,
    state_of,
    stop,
)

LISTED = Source.ADVANCED_OPEN_ORDERS


def _freezes(books: Books) -> list[str]:
    return [freeze.code for freeze in books.standing(NOON).freezes]


def test_a_fact_moves_the_life_and_only_changed_intents_are_named(books: RowBooks) -> None:
    tenure = armed(books)
    intent, attempt = ask(books, tenure, entry())
    ask(books, tenure, entry("other"))
    books.answered(attempt, Accepted("7"), NOON)
    word = replace(fact(state_of(books, intent), State.WORKING, "0.004"), order_id="7")

    (changed,) = learn(books, tenure, NOON + SECOND, word)

    assert (changed.state, changed.filled, changed.value) == (
        State.WORKING,
        Decimal("0.004"),
        Decimal(200),
    )
    assert learn(books, tenure, NOON + MINUTE, word) == ()


def test_a_fact_before_the_acknowledgement_counts_as_it(books: RowBooks) -> None:
    tenure = armed(books)
    intent, attempt = ask(books, tenure, entry())

    learn(books, tenure, NOON, fact(intent, State.FILLED, "0.01"))
    late = books.answered(attempt, Unreachable("cut"), NOON)

    assert late.state is State.FILLED
    assert late.order_id == "order-of-entry"


def test_a_word_about_an_order_of_somebody_else_changes_nothing(books: RowBooks) -> None:
    tenure = armed(books)
    intent, _ = ask(books, tenure, entry())
    stranger = replace(fact(intent, State.FILLED, "0.01"), client_oid="theirs", order_id="theirs")

    assert learn(books, tenure, NOON, stranger) == ()


def test_figures_never_fall_and_ends_are_ends(books: RowBooks) -> None:
    tenure = armed(books)
    intent, _ = ask(books, tenure, entry())
    learn(books, tenure, NOON, fact(intent, State.CANCELLED, "0.006"))

    learn(books, tenure, NOON, fact(intent, State.WORKING, "0.004"))

    after = state_of(books, intent)
    assert (after.state, after.filled) == (State.CANCELLED, Decimal("0.006"))


def test_a_second_order_under_one_id_is_an_incident_and_freezes_its_symbol(books: RowBooks) -> None:
    tenure = armed(books)
    intent, _ = ask(books, tenure, entry())
    learn(books, tenure, NOON, fact(intent, State.WORKING))
    assert _freezes(books) == []

    learn(books, tenure, NOON, replace(fact(intent, State.FILLED, "0.01"), order_id="another"))

    assert state_of(books, intent).state is State.WORKING
    assert _freezes(books) == ["UNKNOWN_OUTCOME_FREEZE"]
    (incident,) = books.picture(NOON).incidents
    books.note(NOON, closed=(incident.fingerprint,))
    assert _freezes(books) == []


def test_more_than_was_asked_for_is_recorded_and_told(books: RowBooks) -> None:
    """Fault C9."""
    tenure = armed(books)
    intent, _ = ask(books, tenure, entry())

    learn(books, tenure, NOON, fact(intent, State.FILLED, "0.02"), fill(intent, "t", "0.02"))

    assert state_of(books, intent).filled == Decimal("0.02")
    assert books.standing(NOON).lots[0].bought == Decimal("0.02")
    assert len(books.picture(NOON).incidents) == 1


# ---------------------------------------------------------------- executions


def test_an_execution_is_booked_once_with_its_entry_and_its_lot(shelf: Shelf) -> None:
    books = shelf.books()
    tenure = armed(books)
    intent, _ = ask(books, tenure, entry())
    trade = fill(intent, "t1", "0.004", fee="0.00002")
    learn(books, tenure, NOON, trade)
    before = (books.picture(NOON), books.entries(), books.fills())

    assert learn(books, tenure, NOON, trade, trade) == ()

    assert (books.picture(NOON), books.entries(), books.fills()) == before
    assert books.fills() == (trade,)
    ((lot, serving),) = books.open_lots()
    assert (lot.id, lot.bought, lot.remaining) == (intent.id, Decimal("0.004"), Decimal("0.00398"))
    assert [each.id for each in serving] == [intent.id]


def test_a_replay_with_other_contents_is_quarantined_and_the_first_stays(books: RowBooks) -> None:
    """Fault C8."""
    tenure = armed(books)
    intent, _ = ask(books, tenure, entry())
    trade = fill(intent, "t1", "0.004")
    learn(books, tenure, NOON, trade)

    learn(books, tenure, NOON, replace(trade, price=Decimal(1)))

    assert books.fills() == (trade,)
    assert [i.fingerprint for i in books.picture(NOON).incidents] == ["fill:t1"]


def test_an_execution_before_its_acknowledgement_is_normal(books: RowBooks) -> None:
    tenure = armed(books)
    intent, attempt = ask(books, tenure, entry())

    (changed,) = learn(books, tenure, NOON, fill(intent, "t1", "0.004"))
    acked = books.answered(attempt, Accepted("order-of-entry"), NOON)

    assert (changed.state, changed.filled) == (State.ACKED, Decimal("0.004"))
    assert (acked.state, acked.order_id) == (State.ACKED, "order-of-entry")
    assert books.picture(NOON).incidents == ()


def test_an_execution_finds_its_order_by_the_exchanges_id_alone(books: RowBooks) -> None:
    tenure = armed(books)
    intent, _ = ask(books, tenure, entry())
    trade = replace(fill(intent, "t1", "0.01"), client_oid="")

    learn(books, tenure, NOON, fact(intent, State.FILLED, "0.01"))
    learn(books, tenure, NOON, trade)

    assert books.standing(NOON).lots[0].bought == Decimal("0.01")


def test_an_execution_finds_its_order_by_an_id_that_came_in_the_same_round(books: RowBooks) -> None:
    tenure = armed(books)
    intent, _ = ask(books, tenure, entry())
    trade = replace(fill(intent, "t1", "0.01"), client_oid="")

    learn(books, tenure, NOON, fact(intent, State.FILLED, "0.01"), trade)

    assert books.standing(NOON).lots[0].bought == Decimal("0.01")


def test_executions_of_others_are_entries_and_touch_no_lot(books: RowBooks) -> None:
    tenure = armed(books)
    intent = bought(books, tenure)
    lots = books.standing(NOON).lots
    theirs = replace(fill(intent, "m", "0.5"), client_oid="by hand", order_id="h")

    assert learn(books, tenure, NOON, theirs) == ()

    assert books.standing(NOON).lots == lots
    assert wallet(books.entries())["BTC"] == Decimal("0.51")


def test_what_others_did_before_the_books_began_is_in_the_opening_already(books: RowBooks) -> None:
    tenure = armed(books)
    intent, _ = ask(books, tenure, entry())
    theirs = replace(fill(intent, "m", "0.5", NOON - HOUR), client_oid="by hand", order_id="h")

    learn(books, tenure, NOON, theirs)

    assert books.fills() == ()
    assert wallet(books.entries()) == {"USDT": Decimal(10000)}


def test_a_cancelled_order_keeps_its_executions_and_is_live_until_all_are_booked(
    books: RowBooks,
) -> None:
    tenure = armed(books)
    intent, _ = ask(books, tenure, entry())
    learn(books, tenure, NOON, fact(intent, State.CANCELLED, "0.006"), fill(intent, "a", "0.004"))

    assert [i.id for i, _ in books.live_intents()] == [intent.id]
    learn(books, tenure, NOON, fill(intent, "b", "0.002"))

    assert books.live_intents() == ()
    assert books.standing(NOON).lots[0].bought == Decimal("0.006")
    assert state_of(books, intent).state is State.CANCELLED


def test_an_entry_that_left_a_crumb_nobody_can_sell_holds_no_position(books: RowBooks) -> None:
    tenure = armed(books)
    intent, _ = ask(books, tenure, entry())
    learn(books, tenure, NOON, fill(intent, "a", "0.00009"))
    assert books.standing(NOON).open_positions() == 1

    learn(books, tenure, NOON, fact(intent, State.CANCELLED, "0.00009"))

    assert books.standing(NOON).open_positions() == 0
    assert wallet(books.entries())["BTC"] > 0


def test_a_trigger_is_confirmed_by_the_exchanges_listing_of_just_what_was_asked(
    books: RowBooks,
) -> None:
    tenure = armed(books)
    guard, _ = ask(books, tenure, stop(bought(books, tenure).id))
    listed = fact(guard, State.WORKING, source=LISTED)

    for unlike in (
        replace(listed, source=Source.ADVANCED_DETAIL),
        replace(listed, trigger=Decimal(48000)),
        replace(listed, quantity=Decimal("0.005")),
    ):
        learn(books, tenure, NOON, unlike)
        assert state_of(books, guard).confirmed_at is None
    learn(books, tenure, NOON, listed)

    assert state_of(books, guard).confirmed_at == listed.as_of


def test_the_child_of_a_fired_trigger_sells_the_lot_of_its_trigger(books: RowBooks) -> None:
    tenure = armed(books)
    guard, _ = ask(books, tenure, stop(bought(books, tenure).id))
    learn(books, tenure, NOON, fact(guard, State.WORKING, source=LISTED))
    fired = fact(state_of(books, guard), State.FILLED, source=Source.ADVANCED_DETAIL)
    child = replace(fill(guard, "c", "0.01"), client_oid="", order_id="child")

    learn(books, tenure, NOON, replace(fired, spawned_order_id="child"))
    assert [i.id for i, _ in books.live_intents()] == [guard.id], "its executions are still owed"
    learn(books, tenure, NOON, child)

    assert books.open_lots() == ()
    assert books.live_intents() == ()
    assert books.picture(NOON).lots[0].closed_at == child.at


def test_a_word_about_the_child_is_no_second_order(books: RowBooks) -> None:
    tenure = armed(books)
    guard, _ = ask(books, tenure, stop(bought(books, tenure).id))
    learn(books, tenure, NOON, fact(guard, State.WORKING, source=LISTED))
    child = replace(fact(guard, State.FILLED, "0.01"), order_id="child", type=None, trigger=None)

    learn(books, tenure, NOON, child)

    after = state_of(books, guard)
    assert (after.state, after.spawned_order_id) == (State.FILLED, "child")
    assert after.order_id == "order-of-stop"
    assert books.picture(NOON).incidents == ()


def test_an_exit_closes_its_lot_and_a_late_fill_of_the_entry_opens_it_again(
    books: RowBooks,
) -> None:
    tenure = armed(books)
    lot = bought(books, tenure)
    out, _ = ask(books, tenure, sale(lot.id))
    learn(books, tenure, NOON, fact(out, State.FILLED, "0.01"), fill(out, "s", "0.01", fee="0.5"))
    assert books.open_lots() == ()

    learn(books, tenure, NOON, fill(lot, "late", "0.003"))

    ((again, serving),) = books.open_lots()
    assert (again.remaining, again.proceeds, again.fees) == (
        Decimal("0.003"),
        Decimal(500),
        Decimal("0.5"),
    )
    assert {each.id for each in serving} == {lot.id, out.id}


sizes = st.lists(st.integers(1, 40), min_size=1, max_size=8)


@given(sizes, st.lists(st.integers(0, 7), max_size=12))
def test_however_executions_arrive_the_books_balance(parts: list[int], order: list[int]) -> None:
    books = dict_books()
    tenure = armed(books)
    intent, _ = ask(books, tenure, entry(size="1"))
    trades = [
        fill(intent, f"t{n}", f"0.{part:04}", NOON + timedelta(seconds=n + 1), fee=f"0.00000{part}")
        for n, part in enumerate(parts)
    ]

    for n in [*(each % len(trades) for each in order), *range(len(trades))]:
        learn(books, tenure, NOON, trades[n])

    whole = sum((t.quantity for t in trades), Decimal(0))
    fees = sum((t.fee for t in trades), Decimal(0))
    (lot,) = books.standing(NOON).lots
    held = wallet(books.entries())
    assert (lot.bought, lot.remaining) == (whole, whole - fees)
    assert (held["BTC"], held["USDT"]) == (whole - fees, 10000 - whole * 50000)
    assert state_of(books, intent).filled == whole
    assert list(books.fills()) == trades


# ---------------------------------------------------------------- silence


def test_an_unknown_outcome_freezes_its_symbol_and_counts_in_full(books: RowBooks) -> None:
    tenure = armed(books)
    intent, attempt = ask(books, tenure, entry())
    assert _freezes(books) == []
    books.answered(attempt, Unreachable("cut"), NOON)

    standing = books.standing(NOON)

    freeze = standing.frozen("BTC_USDT", "BTC")
    assert freeze is not None
    assert freeze.code == "UNKNOWN_OUTCOME_FREEZE"
    assert standing.frozen("ETH_USDT", "ETH") is None
    (flight,) = standing.in_flight
    assert (flight.intent_id, flight.reserved, flight.state) == (intent.id, Decimal(500), "UNKNOWN")


def test_silence_proves_absence_by_coverage_alone(shelf: Shelf) -> None:
    books = shelf.books()
    tenure = armed(books)
    intent, attempt = ask(books, tenure, entry())
    books.answered(attempt, Unreachable("cut"), NOON)
    early, late = NOON + HORIZON, NOON + HORIZON + SECOND

    for word in (
        look(intent, Source.ORDER_DETAIL, early),
        look(intent, Source.ORDER_HISTORY, early),
        look(intent, Source.ORDER_DETAIL, late),
        look(intent, Source.ORDER_DETAIL, late + SECOND),
    ):
        assert learn(books, tenure, word.asked_at, word) == ()
    again = shelf.books()
    (changed,) = learn(again, tenure, late, look(intent, Source.ORDER_HISTORY, late))

    assert changed.state is State.NOT_PLACED
    assert again.standing(NOON).freezes == ()
    assert again.live_intents() == ()


def test_an_order_that_was_seen_is_never_proven_absent(books: RowBooks) -> None:
    tenure = armed(books)
    intent, _ = ask(books, tenure, entry())
    learn(books, tenure, NOON, fact(intent, State.WORKING))
    late = NOON + HOUR

    for source in (Source.ORDER_DETAIL, Source.ORDER_HISTORY, Source.OPEN_ORDERS):
        assert learn(books, tenure, late, look(intent, source, late)) == ()


def test_an_order_that_was_proven_absent_and_is_seen_after_all_is_an_incident(
    books: RowBooks,
) -> None:
    """Fault C17."""
    tenure = armed(books)
    intent, attempt = ask(books, tenure, entry())
    books.answered(attempt, Unreachable("cut"), NOON)
    late = NOON + HOUR
    sources = (Source.ORDER_DETAIL, Source.ORDER_HISTORY)
    learn(books, tenure, late, *(look(intent, source, late) for source in sources))

    learn(books, tenure, late, fact(intent, State.FILLED, "0.01"), fill(intent, "t", "0.01", late))

    assert state_of(books, intent).state is State.NOT_PLACED
    assert _freezes(books) == ["UNKNOWN_OUTCOME_FREEZE"]
    assert len(books.open_lots()) == 1, "what was bought is guarded, whatever we believed"


@pytest.mark.parametrize("state", [State.REJECTED, State.CANCELLED, State.EXPIRED])
def test_an_ended_entry_reserves_nothing(books: RowBooks, state: State) -> None:
    tenure = armed(books)
    intent, _ = ask(books, tenure, entry())
    assert books.standing(NOON).in_flight[0].reserved == Decimal(500)

    learn(books, tenure, NOON, fact(intent, state))

    assert books.standing(NOON).in_flight == ()
    assert state_of(books, intent).reserved == 0


def test_a_word_may_come_at_any_time(books: RowBooks) -> None:
    """Instants of the exchange and of ours need not agree."""
    tenure = armed(books)
    intent, _ = ask(books, tenure, entry())

    learn(books, tenure, Instant(0), fact(intent, State.WORKING))

    assert state_of(books, intent).state is State.WORKING
