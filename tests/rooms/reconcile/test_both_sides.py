"""The plan of differences: for every way in which the two sides can disagree, what is done; and what proves nothing does nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from interlock.account import Lot, Transfer
from interlock.ledger.book import Entry, entry_of, moved, opening
from interlock.orders.evidence import Absent, Fill, OrderFact, Source
from interlock.orders.intent import Intent, target_of
from interlock.orders.life import State
from interlock.reconcile.difference import (
    Action,
    Foreign,
    Kind,
    Moved,
    Ours,
    Plan,
    Policy,
    Theirs,
)
from interlock.reconcile.plan import plan, unexplained
from interlock.strategy.proposal import Purpose
from interlock.values import Instant, Side, Unknown
from tests.fakes.goods import NOW, entry, exit_order, fill, intent, lot, price

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
OPENED = NOW - 24 * HOUR
LONG_AGO = NOW - 2 * HOUR
UNREAD = Unknown("40101")
Sides = tuple[Kind, Action]


def order(state: State = State.WORKING, age: timedelta = HOUR, **more: object) -> Intent:
    """An entry of ours that last changed `age` ago; the exchange knows it as order 1."""
    known: dict[str, object] = {"order_id": "1", "created_at": LONG_AGO, "updated_at": NOW - age}
    return intent(entry(), state, **{**known, **more})


def word(of: Intent, state: State = State.WORKING, filled: str = "0", **more: object) -> OrderFact:
    """Their word about it, as it was asked for."""
    wish = of.proposal
    told = OrderFact(
        client_oid=of.client_oid,
        order_id=of.order_id or "1",
        symbol=wish.symbol,
        side=wish.side,
        type=wish.type,
        state=state,
        quantity=wish.quantity.size,
        filled=Decimal(filled),
        value=Decimal(filled) * 50000,
        trigger=wish.trigger.rate if wish.trigger else None,
        source=Source.ADVANCED_OPEN_ORDERS if of.is_advanced else Source.OPEN_ORDERS,
        as_of=NOW,
        limit=wish.limit.rate if wish.limit else None,
        list_id=of.list_id,
    )
    return replace(told, **more)  # type: ignore[arg-type] # the names are those of OrderFact


def ours(
    *intents: Intent,
    lots: tuple[tuple[Lot, tuple[Intent, ...]], ...] = (),
    fills: tuple[Fill, ...] = (),
    entries: tuple[Entry, ...] = (),
    told: Iterable[str] = (),
) -> Ours:
    return Ours("abcdef123", OPENED, intents, lots, fills, entries, frozenset(told))


def theirs(
    *listed: OrderFact, wallet: Mapping[str, Decimal] | Unknown | None = None, **more: object
) -> Theirs:
    read = Theirs(NOW, NOW - HOUR, tuple(listed), {} if wallet is None else wallet)
    return replace(read, **more)  # type: ignore[arg-type] # the names are those of Theirs


def planned(
    our: Ours,
    their: Theirs,
    policy: Policy | None = None,
    earlier: dict[str, Decimal] | None = None,
) -> Plan:
    return plan(our, their, policy or Policy(), NOW, earlier or {})


def found(our: Ours, their: Theirs, policy: Policy | None = None) -> list[Sides]:
    return [(each.kind, each.action) for each in planned(our, their, policy).differences]


ADOPTED = [(Kind.ORDER_DIFFERS, Action.ADOPT)]
ALARMED = [(Kind.ORDER_DIFFERS, Action.ALARM)]


@pytest.mark.parametrize(
    ("state", "said", "then"),
    [
        (State.WORKING, State.WORKING, []),
        (State.ACKED, State.WORKING, ADOPTED),
        (State.WORKING, State.FILLED, ADOPTED),
        (State.CANCELLED, State.CANCELLED, []),
        (State.EXPIRED, State.EXPIRED, []),
        (State.REJECTED, State.REJECTED, []),
        (State.FILLED, State.FILLED, []),
        (State.CANCELLED, State.WORKING, ALARMED),
        (State.NOT_PLACED, State.WORKING, ALARMED),
    ],
)
def test_the_exchanges_word_is_adopted_where_it_tells_more_and_an_alarm_where_it_cannot_be(
    state: State, said: State, then: list[Sides]
) -> None:
    done = Decimal("0.001") if state is State.FILLED else Decimal(0)
    known = order(state, filled=done, value=done * 50000)

    assert found(ours(known), theirs(word(known, said, str(done)))) == then


def test_a_difference_of_an_order_says_what_stands_here_and_what_there() -> None:
    stop = intent(exit_order(Purpose.PROTECT, "lot-1", trigger="49500"), order_id="1")
    told = planned(ours(stop), theirs(word(stop, State.WORKING))).differences[0]

    assert told.reason == "ACKED with 0 executed here, WORKING and listed with 0 executed there"
    cancelled = order(State.CANCELLED)
    told = planned(ours(cancelled), theirs(word(cancelled))).differences[0]
    assert told.reason == "CANCELLED here, WORKING there"


def test_a_live_order_of_which_the_exchange_says_what_cannot_be_is_an_alarm() -> None:
    known = order()

    assert found(ours(known), theirs(word(known, order_id="2"))) == ALARMED
    assert found(ours(known), theirs(word(known, quantity=Decimal("0.002")))) == ALARMED


@pytest.mark.parametrize(
    ("state", "age", "then"),
    [
        (State.WORKING, 5 * MINUTE, []),
        (State.WORKING, 5 * MINUTE + SECOND, [(Kind.ORDER_NOT_THERE, Action.ALARM)]),
        (State.UNKNOWN, 5 * MINUTE, []),
        (State.UNKNOWN, 5 * MINUTE + SECOND, [(Kind.OUTCOME_UNKNOWN, Action.ASK)]),
        (State.CANCELLING, HOUR, [(Kind.OUTCOME_UNKNOWN, Action.ASK)]),
    ],
)
def test_an_order_that_nobody_there_knows_is_told_once_it_can_be_no_matter_of_time(
    state: State, age: timedelta, then: list[Sides]
) -> None:
    known = order(state, age)
    look = Absent(known.client_oid, Source.ORDER_DETAIL, NOW)

    assert found(ours(known), theirs(looked=((known, look),))) == then


def test_an_order_that_no_list_shows_is_known_by_its_own_detail() -> None:
    known = order()

    assert found(ours(known), theirs(looked=((known, word(known, State.CANCELLED)),))) == ADOPTED


def stranger(oid: str = "by-hand", list_id: str | None = None) -> OrderFact:
    return word(order(), client_oid=oid, order_id="77", list_id=list_id)


@pytest.mark.parametrize(
    ("policy", "then"),
    [
        (Foreign.IGNORE, []),
        (Foreign.ALARM, [(Kind.ORDER_BY_HAND, Action.ALARM)]),
        (Foreign.CANCEL, [(Kind.ORDER_BY_HAND, Action.CANCEL)]),
    ],
)
def test_an_order_by_hand_is_treated_by_policy_while_it_is_open(
    policy: Foreign, then: list[Sides]
) -> None:
    asked = Policy(foreign=policy)

    assert found(ours(), theirs(stranger()), asked) == then
    assert found(ours(), theirs(history=(stranger(),)), asked) == []


@pytest.mark.parametrize("policy", Foreign)
def test_an_order_with_our_mark_is_an_alarm_under_every_policy_open_or_ended(
    policy: Foreign,
) -> None:
    marked, other = stranger("ilabcdef-nobody"), stranger("ilabcdeg-other")
    alarm, asked = [(Kind.ORDER_WITH_OUR_MARK, Action.ALARM)], Policy(foreign=policy)

    assert found(ours(), theirs(marked), asked) == alarm
    assert found(ours(), theirs(history=(marked,)), asked) == alarm
    assert found(ours(), theirs(history=(other,)), asked) == []


@pytest.mark.parametrize(
    "known",
    [
        order(State.FILLED, order_id="77"),
        order(State.FILLED, spawned_order_id="77"),
        order(State.FILLED, list_id="9"),
    ],
)
def test_what_an_order_of_ours_became_is_no_stranger(known: Intent) -> None:
    assert found(ours(known), theirs(stranger(list_id="9"))) == []
    for unrelated in (stranger(list_id="9"), stranger()):
        assert found(ours(order(State.FILLED)), theirs(unrelated)) != []


def stop(size: str = "0.00099", n: int = 0, state: State = State.WORKING, **more: object) -> Intent:
    known: dict[str, object] = {"order_id": f"s{n}", "confirmed_at": NOW}
    proposal = exit_order(Purpose.PROTECT, "lot-1", size, trigger="49500", n=n)
    return intent(proposal, state, **{**known, **more})


BOUGHT = intent(entry(), State.FILLED, id="lot-1", filled=Decimal("0.001"), value=Decimal(50))
MISSING = [(Kind.STOP_MISSING, Action.ALARM)]


def held(*legs: Intent, age: timedelta = HOUR, **more: object) -> Ours:
    a_lot = replace(lot(opened_at=NOW - age), **more)  # type: ignore[arg-type] # the names are those of Lot
    return ours(*legs, lots=((a_lot, (BOUGHT, *legs)),))


def stops_of(our: Ours, *listed: OrderFact) -> list[Sides]:
    """What is found about stops, in a wallet that holds the coins."""
    coins = {"BTC": Decimal("0.000995")}
    entries = (opening("BTC", coins["BTC"], OPENED),)
    return found(replace(our, entries=entries), theirs(*listed, wallet=coins))


def test_a_lot_past_its_deadline_misses_what_no_listed_stop_covers() -> None:
    whole, half, rest = stop(), stop("0.0005"), stop("0.00049", 1)

    assert stops_of(held(whole), word(whole)) == []
    assert stops_of(held(half), word(half)) == MISSING
    assert stops_of(held(half, rest, age=HOUR), word(half), word(rest)) == []
    assert stops_of(held()) == MISSING
    assert stops_of(held(age=30 * SECOND)) == []
    assert stops_of(held(age=31 * SECOND)) == MISSING


def test_a_lot_that_is_sold_too_small_or_of_which_no_order_is_known_misses_nothing() -> None:
    assert stops_of(held(exit_reason="TARGET")) == []
    assert stops_of(held(remaining=Decimal("0.000005"))) == []
    unborn = ours(lots=((lot(opened_at=LONG_AGO), ()),))
    assert stops_of(unborn) == []


def test_a_target_covers_nothing() -> None:
    target = target_of(stop(list_id="9"))

    assert stops_of(held(target), word(target)) == MISSING


def test_the_stop_of_a_closed_lot_is_cancelled_while_it_is_listed_and_lives() -> None:
    gone = stop()

    assert found(ours(gone), theirs(word(gone))) == [(Kind.STOP_ORPHAN, Action.CANCEL)]
    assert found(ours(gone), theirs()) == []
    assert stops_of(held(gone), word(gone)) == []
    entry_alone = order()
    assert found(ours(entry_alone), theirs(word(entry_alone))) == []


def test_an_orphaned_pair_is_cancelled_as_a_whole_and_without_a_list_leg_by_leg() -> None:
    pair = replace(
        exit_order(Purpose.PROTECT, "lot-1", "0.00099", trigger="49500"), target=price("50700")
    )
    for list_id, cancelled in (("9", 1), (None, 2)):
        lead = intent(pair, State.WORKING, order_id="s", list_id=list_id, confirmed_at=NOW)
        legs = (lead, replace(target_of(lead), order_id="t"))
        told = found(ours(*legs), theirs(*map(word, legs)))
        assert told == [(Kind.STOP_ORPHAN, Action.CANCEL)] * cancelled


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

    assert found(told, theirs(word(known))) == ADOPTED


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
