"""How a lot's cover is named, when it is overdue, and what the order tables may not say."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from interlock.account import Lot
from interlock.health.consistency import Ending, inconsistencies, missing_intents
from interlock.health.cover import Cover, Covered, covered, naked
from interlock.orders.intent import Intent, target_of
from interlock.orders.life import State
from interlock.strategy.proposal import Purpose
from interlock.values import Instant
from tests.fakes.goods import NOW, entry, exit_order, intent, lot, price

DEADLINE = timedelta(seconds=30)
LATE = NOW + timedelta(seconds=31)
ENTRY = intent(entry(), State.FILLED, id="lot-1")
STOP = intent(
    exit_order(Purpose.PROTECT, "lot-1", trigger="49500"), State.WORKING, confirmed_at=NOW
)


def cover(
    legs: tuple[Intent, ...], at: Instant = NOW, began: Instant = NOW, **more: object
) -> Covered:
    held: Lot = lot(**more)  # type: ignore[arg-type] # the names are those of Lot; a wrong one fails at once
    return covered(held, legs, began, at, DEADLINE)


def test_a_confirmed_stop_over_all_that_is_held_protects() -> None:
    found = cover((ENTRY, STOP), LATE)

    assert (found.cover, found.overdue) == (Cover.PROTECTED, False)
    assert (found.stop, found.target) == (Decimal("49500.00"), Decimal("50700.00"))


@pytest.mark.parametrize("state", [State.SENDING, State.ACKED, State.UNKNOWN])
def test_a_stop_that_the_exchange_did_not_list_does_not_protect(state: State) -> None:
    asked = replace(STOP, state=state, confirmed_at=None)

    assert cover((ENTRY, asked)).cover is Cover.PLACING
    assert naked([cover((ENTRY, asked), LATE)])[0].lot_id == "lot-1"


def test_a_lot_without_a_stop_is_overdue_after_the_deadline_and_not_before() -> None:
    assert (cover((ENTRY,)).cover, cover((ENTRY,)).overdue) == (Cover.UNPROTECTED, False)
    assert cover((ENTRY,), NOW + DEADLINE).overdue is False
    assert cover((ENTRY,), LATE).overdue is True


def test_the_deadline_starts_anew_when_we_were_first_able_to_act() -> None:
    assert cover((ENTRY,), LATE, began=NOW + timedelta(seconds=10)).overdue is False


def test_an_exit_that_moves_is_no_naked_lot_and_one_that_stands_still_is() -> None:
    sale = intent(
        exit_order(Purpose.REDUCE, "lot-1"), State.ACKED, updated_at=NOW + timedelta(seconds=20)
    )

    moving = cover((ENTRY, sale), LATE, exit_reason="TARGET")
    still = cover((ENTRY, sale), LATE + DEADLINE, exit_reason="TARGET")

    assert (moving.cover, moving.overdue) == (Cover.CLOSING, False)
    assert still.overdue is True


def test_a_stop_that_ended_after_hours_is_not_overdue_at_once_and_the_window_is_measured() -> None:
    ended = replace(STOP, state=State.CANCELLED, updated_at=LATE + DEADLINE)

    found = cover((ENTRY, ended), LATE + DEADLINE)

    assert (found.cover, found.overdue) == (Cover.UNPROTECTED, False)
    assert found.bare_since == LATE + DEADLINE
    assert cover((ENTRY, ended), LATE + 3 * DEADLINE).overdue is True
    assert cover((ENTRY, STOP), LATE).bare_since is None


def test_an_exit_whose_sales_fail_is_overdue_however_often_it_is_tried() -> None:
    failing = intent(
        exit_order(Purpose.FLATTEN, "lot-1"), State.REJECTED, updated_at=LATE + DEADLINE
    )

    assert cover((ENTRY, failing), LATE + DEADLINE, exit_reason="STOP_REFUSED").overdue is True


def test_a_stop_without_the_target_beside_it_and_a_stop_for_a_part_are_named() -> None:
    lead = intent(
        replace(STOP.proposal, target=price("50700")), State.WORKING, id="lead", confirmed_at=NOW
    )
    target = target_of(lead)
    gone = replace(target, state=State.CANCELLED)
    part = intent(
        exit_order(Purpose.PROTECT, "lot-1", "0.0005", trigger="49500"),
        State.WORKING,
        confirmed_at=NOW,
    )

    assert cover((ENTRY, lead, target)).cover is Cover.PROTECTED
    assert cover((ENTRY, lead, gone)).cover is Cover.SL_ONLY
    assert cover((ENTRY, part)).cover is Cover.HALF
    assert cover((ENTRY, part), LATE).overdue is True


def test_dust_needs_no_stop() -> None:
    found = cover((ENTRY,), LATE, remaining="0.000001")

    assert (found.cover, found.overdue) == (Cover.DUST, False)


def test_a_lot_whose_instrument_is_not_at_hand_is_unknown_and_never_protected() -> None:
    assert (cover(()).cover, cover((), LATE).overdue) == (Cover.UNKNOWN, True)


def test_rows_that_cannot_be_are_named() -> None:
    over = intent(entry("a"), State.FILLED, filled=Decimal(1))
    twice = [intent(entry("b"), id="1"), intent(entry("b"), id="2")]
    gone = lot(remaining="-0.001")

    found = inconsistencies([over, *twice], [gone])

    assert len(found) == 3
    assert inconsistencies([intent(entry("c")), STOP], [lot()]) == ()


@pytest.mark.parametrize(
    ("outcome", "code", "intent_id", "is_missing"),
    [
        ("ORDERED", "EXEC_ORDER_PLACED", None, True),
        ("ORDERED", "EXEC_ORDER_PLACED", "i", False),
        ("BLOCKED", None, None, True),
        ("BLOCKED", "COOLDOWN_ACTIVE", None, False),
        ("SUPPRESSED", None, None, True),
        ("EXIT", None, None, False),
        ("WAIT", None, None, False),
    ],
)
def test_a_signal_ends_in_an_intent_or_a_reason(
    outcome: str,
    code: str | None,
    intent_id: str | None,
    is_missing: bool,  # noqa: FBT001 (a column of the table)
) -> None:
    ending = Ending("s", NOW, outcome, code, intent_id)

    assert missing_intents([ending], NOW + timedelta(seconds=61)) == (("s",) if is_missing else ())
    assert missing_intents([ending], NOW + timedelta(seconds=60)) == ()
