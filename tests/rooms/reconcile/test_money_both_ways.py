"""Executions, balances and lots against the exchange's: what is booked, what freezes, and what proves nothing does nothing."""

from dataclasses import replace
from decimal import Decimal

import pytest

from interlock.account import Transfer
from interlock.ledger.book import entry_of, moved, opening
from interlock.orders.life import State
from interlock.reconcile.difference import Action, Kind, Moved, Ours, Policy, Theirs
from interlock.reconcile.plan import unexplained
from interlock.strategy.proposal import Purpose
from interlock.values import Instant, Side
from tests.fakes.goods import NOW, exit_order, fill, lot
from tests.rooms.reconcile.sides import (
    BOUGHT,
    HOUR,
    OPENED,
    SECOND,
    UNREAD,
    Sides,
    found,
    order,
    ours,
    planned,
    theirs,
    word,
)


def test_an_execution_that_is_not_booked_is_booked_when_it_came_after_our_books_began() -> None:
    known, new = fill(trade_id="a"), fill(trade_id="b")
    both = ours(fills=(known,), entries=(entry_of(known, "BTC", "USDT"),))
    wallet = {"BTC": Decimal("0.00199"), "USDT": Decimal(-100)}
    before = replace(new, at=OPENED)

    told = found(both, theirs(fills=(known, new), wallet=wallet))
    assert told == [(Kind.FILL_MISSING, Action.BOOK)]
    assert found(ours(), theirs(fills=(before,))) == []


@pytest.mark.parametrize(
    ("at", "since", "then"),
    [
        (NOW, NOW - HOUR, True),
        (NOW - HOUR + SECOND, NOW - HOUR, True),
        (NOW - HOUR, NOW - HOUR, False),
        (NOW + SECOND, NOW - HOUR, False),
        (OPENED, OPENED - HOUR, False),
    ],
)
def test_an_execution_that_they_do_not_know_is_an_alarm_within_what_they_told(
    at: Instant,
    since: Instant,
    then: bool,  # noqa: FBT001 - a case of the table
) -> None:
    booked = ours(fills=(replace(fill(), at=at),))

    told = found(booked, theirs(since=since, fills=()))
    assert told == ([(Kind.FILL_NOT_THERE, Action.ALARM)] if then else [])
    assert found(booked, theirs(since=since, fills=UNREAD)) == []


def transfer(at: Instant = NOW, amount: str = "100", name: str = "j1") -> Transfer:
    return Transfer(name, at, "USDT", Decimal(amount), "ONCHAIN_DEPOSIT")


@pytest.mark.parametrize(
    ("policy", "then"),
    [(Moved.BOOK, Action.BOOK), (Moved.ALARM, Action.FREEZE)],
)
def test_money_that_was_moved_is_booked_or_freezes_its_currency_by_policy(
    policy: Moved, then: Action
) -> None:
    journal = (transfer(),)
    their = theirs(journal=journal, wallet={"USDT": Decimal(100)})

    assert found(ours(), their, Policy(moved=policy)) == [(Kind.TRANSFER, then)]
    booked = ours(entries=(moved(transfer()),))
    assert found(booked, their, Policy(moved=policy)) == []


@pytest.mark.parametrize("at", [OPENED, OPENED - SECOND, NOW + SECOND])
def test_what_moved_before_our_books_or_after_the_wallet_was_read_is_no_part_of_it(
    at: Instant,
) -> None:
    assert found(ours(), theirs(journal=(transfer(at),))) == []


def test_a_wallet_is_compared_with_everything_counted_that_had_happened_when_it_was_read() -> None:
    late = fill(trade_id="late")
    our = ours(
        entries=(
            opening("USDT", Decimal(100), OPENED),
            moved(transfer(NOW, "7", "now")),
            moved(transfer(NOW + SECOND, "9", "later")),
        )
    )
    their = theirs(
        wallet={"USDT": Decimal(111)},
        journal=(transfer(NOW, "4", "new"),),
        fills=(replace(late, at=NOW + SECOND),),
    )

    assert unexplained(our, their) == {}
    told = fill(trade_id="told", fee="0")
    bought = replace(their, fills=(told,), wallet={"USDT": Decimal(61), "BTC": told.quantity})
    assert unexplained(our, bought) == {}


@pytest.mark.parametrize(
    ("theirs_has", "rest"),
    [("100.000001", {}), ("99.999999", {}), ("100.0000011", {"USDT": Decimal("0.0000011")})],
)
def test_a_balance_agrees_to_the_last_digit_that_the_exchange_prints(
    theirs_has: str, rest: dict[str, Decimal]
) -> None:
    our = ours(entries=(opening("USDT", Decimal(100), OPENED),))

    assert unexplained(our, theirs(wallet={"USDT": Decimal(theirs_has)})) == rest


def test_what_nothing_explains_is_asked_again_and_freezes_when_a_second_look_finds_the_same() -> (
    None
):
    their = theirs(wallet={"USDT": Decimal(-5)})
    looks: tuple[tuple[dict[str, Decimal], Action], ...] = (
        ({}, Action.ASK),
        ({"USDT": Decimal(-4)}, Action.ASK),
        ({"USDT": Decimal(-5)}, Action.FREEZE),
    )
    for earlier, action in looks:
        (told,) = planned(ours(), their, earlier=earlier).differences
        assert (told.kind, told.action, told.name) == (Kind.BALANCE, action, "USDT")


NOT_HELD = [(Kind.LOT_NOT_HELD, Action.FREEZE)]


def coins(our: Ours, holds: str, **more: object) -> list[Sides]:
    """What is found when both wallets agree on what there is, and the lots may not."""
    size = Decimal(holds)
    booked = replace(our, entries=(opening("BTC", size, OPENED),))
    return found(booked, theirs(wallet={"BTC": size} if size else {}, **more))


def test_lots_that_hold_more_than_the_wallet_freeze_their_base() -> None:
    a_lot = lot(opened_at=NOW)
    two = ours(lots=((a_lot, ()), (replace(a_lot, id="lot-2"), ())))

    assert coins(two, "0.00199") == []
    assert coins(two, "0.001989") == []
    assert coins(two, "0.0019889") == NOT_HELD
    assert coins(two, "0") == NOT_HELD


def test_a_lot_whose_own_execution_is_not_booked_yet_is_not_compared() -> None:
    sale = order(State.FILLED)
    sold = replace(
        sale,
        proposal=exit_order(Purpose.REDUCE, "lot-1"),
        filled=Decimal("0.0004"),
        value=Decimal(20),
    )
    a_lot = lot(opened_at=NOW)
    owed, settled = (
        ours(lots=((replace(a_lot, sold=Decimal(booked)), (sold, BOUGHT)),))
        for booked in ("0.0003", "0.0004")
    )

    assert coins(owed, "0") == []
    assert coins(settled, "0") == NOT_HELD
    selling = fill(Side.SELL, trade_id="t", fee="0")
    on_its_way = replace(selling, client_oid=sale.client_oid)
    a_strangers = replace(selling, client_oid="by-hand")
    for new, then in ((on_its_way, False), (a_strangers, True)):
        our = ours(
            sale, lots=((a_lot, (BOUGHT,)),), entries=(opening("BTC", Decimal("0.001"), OPENED),)
        )
        told = found(our, theirs(fills=(new,), wallet={"USDT": Decimal(50)}))
        assert (NOT_HELD[0] in told) is then


def test_a_base_whose_balance_nothing_explains_is_told_once() -> None:
    our = ours(
        lots=((lot(opened_at=NOW), ()),), entries=(opening("BTC", Decimal("0.000995"), OPENED),)
    )

    assert found(our, theirs()) == [(Kind.BALANCE, Action.ASK)]


def test_what_was_told_and_stands_waits_and_what_is_over_is_named() -> None:
    mark = "freeze:POSITION_MISMATCH_FREEZE:USDT"
    told = (mark, "reconcile:gone:x", "freeze:POSITION_MISMATCH_FREEZE:ETH", "stop:lot-1")
    their = theirs(wallet={"USDT": Decimal(-5)})
    waiting = planned(ours(told=told), their)

    assert waiting.is_empty
    assert [each.mark for each in waiting.standing] == [mark]
    assert waiting.over == ("freeze:POSITION_MISMATCH_FREEZE:ETH", "reconcile:gone:x")
    untold = planned(ours(), their)
    assert (len(untold.differences), untold.standing) == (1, ())


def test_what_can_be_done_is_done_again_whatever_was_told() -> None:
    known = order(State.ACKED)
    told = ours(known, told=(f"reconcile:differs:{known.client_oid}",))

    assert found(told, theirs(word(known))) == [(Kind.ORDER_DIFFERS, Action.ADOPT)]


@pytest.mark.parametrize(
    ("name", "their", "other"),
    [
        ("open orders", theirs(wallet={"USDT": Decimal(-5)}, listed=UNREAD), Kind.BALANCE),
        ("wallet", theirs(wallet=UNREAD), Kind.OUTCOME_UNKNOWN),
    ],
)
def test_what_could_not_be_read_is_a_difference_and_ends_no_alarm(
    name: str, their: Theirs, other: Kind
) -> None:
    known = order(State.UNKNOWN)
    told = planned(ours(known, told=("reconcile:gone:x",)), their)

    (unseen,) = [each for each in told.differences if each.kind is Kind.NOT_SEEN]
    assert (unseen.name, unseen.action, unseen.reason) == (name, Action.ASK, "40101")
    assert told.over == ()
    assert {each.kind for each in told.differences} == {Kind.NOT_SEEN, other}
