"""What protects a lot, in the books: a pair is two orders with an id of their own and one request with one nonce; a high never falls."""

from dataclasses import replace
from decimal import Decimal

import pytest

from interlock.errors import BadInput, LeaseLost, NotSent, Refused, Unreachable
from interlock.orders.evidence import Accepted, Answer, Source
from interlock.orders.intent import Attempt, Intent, Request, target_of
from interlock.orders.life import State
from interlock.ports import Books
from interlock.risk.verdict import Approved
from interlock.store.books import RowBooks
from interlock.strategy.proposal import OrderType, Proposal, Purpose
from interlock.values import Price
from tests.promises.conftest import Shelf
from tests.promises.wishes import (
    BTC,
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
    state_of,
    stop,
)

LISTED = Source.ADVANCED_OPEN_ORDERS


def pair(lot_id: str) -> Proposal:
    return replace(stop(lot_id), target=Price(Decimal(52000), "BTC", "USDT"))


def asked(books: Books) -> tuple[Intent, Intent, Attempt]:
    """Both legs of a pair that serves a fresh lot, and the attempt that asks for them."""
    tenure = armed(books)
    lead, attempt = ask(books, tenure, pair(bought(books, tenure).id))
    return lead, state_of(books, target_of(lead)), attempt


def states(books: Books, *legs: Intent) -> list[State]:
    return [state_of(books, leg).state for leg in legs]


def test_both_legs_are_written_with_the_one_attempt_that_asks_for_them(books: RowBooks) -> None:
    lead, target, attempt = asked(books)

    assert target == target_of(lead)
    assert (target.proposal.type, target.proposal.limit) == (OrderType.LIMIT, lead.proposal.target)
    assert len({lead.client_oid, target.client_oid}) == 2
    assert all(len(leg.client_oid) <= 36 for leg in (lead, target))
    live = {intent.id: attempts for intent, attempts in books.live_intents()}
    assert live[lead.id] == live[target.id] == (attempt,)
    (_, legs), *_ = books.open_lots()
    assert {lead.id, target.id} <= {leg.id for leg in legs}


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Accepted(None, "6498"), State.ACKED),
        (Refused(140001, "disabled"), State.REJECTED),
        (Unreachable("cut"), State.UNKNOWN),
        (NotSent("no route"), State.NOT_PLACED),
    ],
)
def test_what_is_answered_is_true_of_both_legs(
    books: RowBooks, answer: Answer, state: State
) -> None:
    lead, target, attempt = asked(books)

    books.answered(attempt, answer, NOON)

    assert states(books, lead, target) == [state, state]
    lists = {state_of(books, leg).list_id for leg in (lead, target)}
    assert lists == {"6498" if isinstance(answer, Accepted) else None}


def test_a_pair_that_was_being_sent_when_the_process_died_is_unknown_as_a_whole(
    shelf: Shelf,
) -> None:
    lead, target, _ = asked(shelf.books())

    again = shelf.books()
    armed(again, NOON + MINUTE)

    assert states(again, lead, target) == [State.UNKNOWN, State.UNKNOWN]


def test_bytes_that_did_not_leave_in_time_placed_neither_leg(books: RowBooks) -> None:
    lead, target, attempt = asked(books)

    assert not books.may_send(attempt, NOON + MINUTE, Purpose.PROTECT)
    assert states(books, lead, target) == [State.NOT_PLACED, State.NOT_PLACED]


def test_a_lost_pair_is_asked_for_again_as_a_whole_once_neither_leg_was_seen(
    books: RowBooks,
) -> None:
    lead, target, attempt = asked(books)
    tenure = armed(books)
    books.answered(attempt, Unreachable("cut"), NOON)
    looks = (Source.ADVANCED_DETAIL, Source.ADVANCED_HISTORY)
    learn(books, tenure, NOON + SECOND, *(look(lead, where, NOON + SECOND) for where in looks))

    def again(leg: Intent) -> Attempt | None:
        verdict = Approved(leg.proposal, NOON + SECOND)
        return books.further_attempt(tenure.epoch, NOON + SECOND, leg.id, verdict)

    assert again(lead) is None  # nobody has looked for its target yet
    learn(books, tenure, NOON + SECOND, *(look(target, where, NOON + SECOND) for where in looks))
    assert again(target) is None  # it is never asked for alone
    second = again(lead)
    assert second is not None
    assert second.nonce > attempt.nonce


def test_a_pair_is_cancelled_as_a_whole_by_its_list(books: RowBooks) -> None:
    lead, target, attempt = asked(books)
    tenure = armed(books)
    books.answered(attempt, Accepted(None, "6498"), NOON)

    cancel = books.cancel_attempt(tenure.epoch, NOON + SECOND, lead.id)

    assert cancel is not None
    assert cancel.request is Request.CANCEL
    assert states(books, lead, target) == [State.CANCELLING, State.CANCELLING]


def test_legs_without_a_list_go_one_by_one(books: RowBooks) -> None:
    lead, target, attempt = asked(books)
    tenure = armed(books)
    books.answered(attempt, Unreachable("cut"), NOON)
    learn(books, tenure, NOON + SECOND, *(fact(leg, State.ACKED) for leg in (lead, target)))

    assert books.cancel_attempt(tenure.epoch, NOON + SECOND, lead.id) is not None
    assert states(books, lead, target) == [State.CANCELLING, State.ACKED]
    assert books.cancel_attempt(tenure.epoch, NOON + SECOND, target.id) is not None


def test_each_leg_is_found_by_its_own_id_and_names_the_list(books: RowBooks) -> None:
    lead, target, attempt = asked(books)
    tenure = armed(books)
    books.answered(attempt, Unreachable("cut"), NOON)
    limit = target.proposal.limit
    assert limit is not None
    learn(
        books,
        tenure,
        NOON + SECOND,
        replace(fact(lead, State.ACKED, source=LISTED), list_id="6498"),
        replace(fact(target, State.WORKING, source=LISTED), list_id="6498", limit=limit.rate),
    )

    found = [state_of(books, leg) for leg in (lead, target)]
    assert [leg.state for leg in found] == [State.ACKED, State.WORKING]
    assert all(leg.confirmed_at is not None and leg.list_id == "6498" for leg in found)


def test_a_target_listed_at_another_price_is_not_confirmed(books: RowBooks) -> None:
    lead, target, attempt = asked(books)
    tenure = armed(books)
    books.answered(attempt, Accepted(None, "6498"), NOON)
    listed = fact(target, State.WORKING, source=LISTED)

    learn(books, tenure, NOON + SECOND, replace(listed, limit=Decimal(52001)))

    assert state_of(books, target).confirmed_at is None
    assert state_of(books, lead).confirmed_at is None


def test_what_the_target_sold_is_booked_to_its_lot_and_the_stop_that_it_ended_is_no_news(
    books: RowBooks,
) -> None:
    lead, target, attempt = asked(books)
    tenure = armed(books)
    books.answered(attempt, Accepted(None, "6498"), NOON)
    learn(
        books,
        tenure,
        NOON + MINUTE,
        fact(lead, State.CANCELLED, source=Source.ADVANCED_HISTORY),
        fact(target, State.FILLED, "0.01", source=Source.ADVANCED_HISTORY),
        fill(target, "t-target", "0.01"),
    )

    assert states(books, lead, target) == [State.CANCELLED, State.FILLED]
    assert books.open_lots() == ()
    told = [message.text for message in books.undelivered(NOON + MINUTE, 100)]
    assert not [text for text in told if text.startswith("Cancelled")]


def test_the_high_of_a_lot_never_falls_and_a_stop_that_follows_is_kept(shelf: Shelf) -> None:
    books = shelf.books()
    tenure = armed(books)
    wish = entry()
    assert wish.protection is not None
    follows = replace(wish, protection=replace(wish.protection, trailing_pct=Decimal("1.5")))
    intent, _ = ask(books, tenure, follows)
    learn(books, tenure, NOON, fact(intent, State.FILLED, "0.01"), fill(intent, "t", "0.01"))

    for bid in ("50000", "51000", "50500"):
        books.raise_high(tenure.epoch, NOON, intent.id, Decimal(bid))

    ((lot, _),) = shelf.books().open_lots()
    assert (lot.trailing_pct, lot.high) == (Decimal("1.5"), Decimal(51000))
    with pytest.raises(LeaseLost):
        books.raise_high(tenure.epoch - 1, NOON, intent.id, Decimal(52000))


def test_a_stop_that_a_strategy_raised_is_kept_and_never_falls_and_no_other_lot_has_one(
    books: RowBooks, shelf: Shelf
) -> None:
    tenure = armed(books)
    wish = entry()
    assert wish.protection is not None
    follows = replace(wish, protection=replace(wish.protection, stop_floor=Decimal(0)))
    intent, _ = ask(books, tenure, follows)
    learn(books, tenure, NOON, fact(intent, State.FILLED, "0.01"), fill(intent, "t", "0.01"))
    stays = bought(books, tenure, "stays")

    for level in ("49500", "49700", "49600"):
        for lot_id in (intent.id, stays.id):
            books.raise_stop(tenure.epoch, NOON, lot_id, Decimal(level), "it rose")

    floors = {lot.id: lot.stop_floor for lot, _ in shelf.books().open_lots()}
    assert floors == {intent.id: Decimal(49700), stays.id: None}
    with pytest.raises(LeaseLost):
        books.raise_stop(tenure.epoch - 1, NOON, intent.id, Decimal(49900), "late")
    with pytest.raises(BadInput):
        books.raise_stop(tenure.epoch, NOON, "nobody", Decimal(1), "it rose")


def test_lots_of_one_instant_are_told_by_symbol_whatever_the_installation_is_called(
    books: RowBooks,
) -> None:
    tenure = armed(books)
    coins = [
        replace(BTC, symbol=f"{base}_USDT", base=base) for base in ("XRP", "BTC", "ETH", "ADA")
    ]
    for coin in coins:
        intent, _ = ask(books, tenure, entry(coin.base, coin))
        word = fact(intent, State.FILLED, "0.01")
        learn(books, tenure, NOON, word, fill(intent, f"t-{coin.base}", "0.01"))

    assert [lot.base for lot, _ in books.open_lots()] == ["ADA", "BTC", "ETH", "XRP"]
