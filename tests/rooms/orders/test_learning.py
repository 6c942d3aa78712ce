"""What the world may rely on when an order is spoken of: no word ends what it does not prove, and no figure falls."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.account import Mode, Tenure
from interlock.errors import NotSent, Refused, Unreachable
from interlock.orders.evidence import HORIZON, Accepted, Answer, Source
from interlock.orders.intent import Attempt, Intent, Request, intend
from interlock.orders.learning import (
    Meaning,
    after_absence,
    after_answer,
    after_fact,
    after_fills,
    by_its_clock,
    interrupted,
    looked,
    may_repeat,
    outcome_of,
    owed,
)
from interlock.orders.life import CANCEL_RETRY, ENDS, State
from interlock.risk.verdict import Approved
from tests.promises.wishes import MINUTE, NOON, SECOND, entry, fact, fill, look, stop

LATER = NOON + MINUTE
ENTRY = intend(Approved(entry(), NOON), "install", NOON)
STOP = intend(Approved(stop("lot"), NOON), "install", NOON)


def _attempt(n: int = 1, outcome: str | None = None, request: Request = Request.CREATE) -> Attempt:
    return Attempt(ENTRY.id, n, request, NOON.ms + n, 1, NOON, outcome)


def _answered(intent: Intent, answer: Answer, meaning: Meaning, *others: str | None) -> Intent:
    own = _attempt(1, outcome_of(answer, meaning))
    attempts = [own, *(_attempt(n, outcome) for n, outcome in enumerate(others, 2))]
    return after_answer(intent, attempts, own, answer, LATER).intent


@pytest.mark.parametrize("other", [None, "UNREACHABLE", "SEEN_BEFORE:204", "ACCEPTED"])
def test_a_refusal_ends_nothing_while_another_request_may_have_arrived(other: str | None) -> None:
    unknown = replace(ENTRY, state=State.UNKNOWN)
    refusal = Refused(306, "no funds")

    told = _answered(unknown, refusal, Meaning.DEFINITE, other)
    assert (told.state, told.refusal, told.updated_at) == (State.UNKNOWN, "306 no funds", LATER)
    assert _answered(unknown, NotSent("no"), Meaning.DEFINITE, other) == unknown


@pytest.mark.parametrize("other", ["NOT_SENT", "REFUSED:306", "TOO_SOON:42901"])
def test_when_no_request_arrived_the_order_is_nowhere(other: str) -> None:
    unknown = replace(ENTRY, state=State.UNKNOWN)

    refused = _answered(unknown, Refused(306, "no funds"), Meaning.DEFINITE, other)
    assert (refused.state, refused.refusal) == (State.REJECTED, "306 no funds")
    assert _answered(unknown, NotSent("no"), Meaning.DEFINITE, other).state is State.NOT_PLACED
    own, cancel = _attempt(1, outcome="NOT_SENT"), _attempt(2, None, Request.CANCEL)
    unsent = after_answer(unknown, [own, cancel], own, NotSent("no"), LATER).intent
    assert unsent.state is State.NOT_PLACED, "a cancel places nothing"


@pytest.mark.parametrize("state", [State.ACKED, State.WORKING, State.CANCELLING, *sorted(ENDS)])
@pytest.mark.parametrize("answer", [Unreachable("cut"), Refused(306, "no"), NotSent("no route")])
def test_an_answer_that_comes_after_evidence_changes_nothing(state: State, answer: Answer) -> None:
    seen = replace(ENTRY, state=state, refusal="known" if state is State.REJECTED else None)

    assert _answered(seen, answer, Meaning.DEFINITE) == seen


def test_of_an_order_that_was_heard_to_be_refused_the_answer_tells_why() -> None:
    heard = after_fact(ENTRY, fact(ENTRY, State.REJECTED, source=Source.USER_STREAM), NOON).intent

    told = _answered(heard, Refused(306, "no funds"), Meaning.DEFINITE)

    assert (told.state, told.refusal) == (State.REJECTED, "306 no funds")
    assert told.updated_at == LATER


def test_the_answer_to_a_cancel_says_nothing_of_the_order() -> None:
    cancelling = replace(ENTRY, state=State.CANCELLING)
    cancel = _attempt(2, "REFUSED:316", Request.CANCEL)

    for answer in (Accepted("7"), Refused(316, "no"), Unreachable("cut"), NotSent("no")):
        assert after_answer(cancelling, [cancel], cancel, answer, LATER).intent == cancelling


def test_a_repeated_word_is_no_change_and_a_figure_that_rose_is_one() -> None:
    once = after_fact(ENTRY, fact(ENTRY, State.WORKING, "0.001"), NOON + SECOND).intent
    more = after_fact(once, fact(ENTRY, State.WORKING, "0.002"), LATER).intent

    assert (more.state, more.updated_at) == (State.WORKING, LATER)
    assert after_fact(once, fact(ENTRY, State.WORKING, "0.001"), LATER).intent == once


@pytest.mark.parametrize("change", [{"symbol": "ETH_USDT"}, {"side": stop("lot").side}])
def test_a_word_about_another_book_or_side_contradicts(change: dict[str, str]) -> None:
    word = replace(fact(ENTRY, State.FILLED, "0.01"), **change)  # type: ignore[arg-type] # each field has its own type
    learnt = after_fact(ENTRY, word, LATER)

    assert learnt.intent == ENTRY
    assert learnt.contradiction is not None


words = st.tuples(
    st.sampled_from([State.ACKED, State.WORKING, *sorted(ENDS - {State.NOT_PLACED})]),
    st.integers(0, 120),
)


@given(st.lists(words, max_size=10))
def test_whatever_is_said_figures_rise_and_ends_stay(said: list[tuple[State, int]]) -> None:
    intent = ENTRY
    for state, size in said:
        after = after_fact(intent, fact(intent, state, f"0.{size:04}"), LATER).intent
        assert after.filled >= intent.filled
        assert after.value >= intent.value
        assert after.state is intent.state or not intent.ended
        intent = after


def test_a_trigger_is_confirmed_once_and_by_a_listing_alone() -> None:
    listed = fact(STOP, State.WORKING, source=Source.ADVANCED_OPEN_ORDERS)
    confirmed = after_fact(STOP, listed, LATER).intent
    again = after_fact(confirmed, replace(listed, as_of=LATER), LATER).intent

    assert confirmed.confirmed_at == again.confirmed_at == listed.as_of
    assert (
        after_fact(STOP, replace(listed, state=State.CANCELLED), LATER).intent.confirmed_at is None
    )
    assert after_fact(STOP, replace(listed, type=None), LATER).intent.confirmed_at is None
    entry_listed = fact(ENTRY, State.WORKING, source=Source.OPEN_ORDERS)
    assert after_fact(ENTRY, entry_listed, LATER).intent.confirmed_at is None


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (State.ACKED, State.WORKING),
        (State.WORKING, State.WORKING),
        (State.FILLED, State.FILLED),
        (State.CANCELLED, State.CANCELLED),
    ],
)
def test_a_trigger_ends_as_its_child_ends(said: State, state: State) -> None:
    working = replace(STOP, state=State.ACKED, order_id="trigger", spawned_order_id="child")
    word = replace(fact(STOP, said), order_id="child", source=Source.USER_STREAM)

    after = after_fact(working, word, LATER).intent

    assert (after.state, after.order_id) == (state, "trigger")


def test_a_trigger_that_filled_without_a_figure_owes_its_whole_quantity() -> None:
    working = replace(STOP, state=State.WORKING, order_id="order-of-stop")
    filled = after_fact(working, fact(working, State.FILLED, source=Source.ADVANCED_DETAIL), LATER)

    assert owed(filled.intent, Decimal("0.004")) == Decimal("0.006")
    assert owed(filled.intent, Decimal("0.02")) == 0


def test_executions_prove_that_an_order_exists_and_no_more() -> None:
    for state in (State.SENDING, State.UNKNOWN):
        waiting = replace(ENTRY, state=state)
        assert after_fills(waiting, [fill(ENTRY, "t", "0.01")], LATER).intent.state is State.ACKED
    assert after_fills(ENTRY, [], LATER).intent == ENTRY, "nothing proves nothing"
    cancelled = replace(ENTRY, state=State.CANCELLED)
    late = after_fills(cancelled, [fill(ENTRY, "t", "0.01")], LATER).intent
    assert (late.state, late.filled, late.value) == (State.CANCELLED, Decimal("0.01"), Decimal(500))


def test_absence_counts_from_the_last_create_and_never_against_an_execution() -> None:
    unknown = replace(ENTRY, state=State.UNKNOWN)
    after = NOON + HORIZON + SECOND
    looks = [look(ENTRY, Source.ORDER_DETAIL, after), look(ENTRY, Source.ORDER_HISTORY, after)]
    second = replace(_attempt(2), nonce=(NOON + MINUTE).ms)
    cancel = replace(_attempt(3, request=Request.CANCEL), nonce=(NOON + MINUTE).ms)

    gone = after_absence(unknown, looks, [_attempt()], after)
    assert (gone.state, gone.updated_at) == (State.NOT_PLACED, after)
    assert after_absence(unknown, looks, [_attempt(), cancel], after).state is State.NOT_PLACED
    assert after_absence(unknown, looks, [_attempt(), second], after) == unknown
    assert after_absence(unknown, looks[:1] * 2, [_attempt()], after) == unknown
    assert after_absence(unknown, looks, [], after) == unknown
    touched = replace(unknown, filled=Decimal("0.001"))
    assert after_absence(touched, looks, [_attempt()], after) == touched
    assert after_absence(ENTRY, looks, [_attempt()], after) == ENTRY, "its request is on its way"


def test_only_what_was_never_answered_was_interrupted() -> None:
    doubted = interrupted(ENTRY, [_attempt()], LATER)
    assert (doubted.state, doubted.updated_at) == (State.UNKNOWN, LATER)
    assert interrupted(ENTRY, [_attempt(outcome="NOT_SENT")], LATER) == ENTRY
    acked = replace(ENTRY, state=State.ACKED)
    assert interrupted(acked, [_attempt()], LATER) == acked
    one_of_two = [_attempt(outcome="NOT_SENT"), _attempt(2)]
    assert interrupted(ENTRY, one_of_two, LATER).state is State.UNKNOWN


def test_a_request_is_repeated_after_two_looks_since_the_last_one() -> None:
    lost = replace(STOP, state=State.UNKNOWN)
    looks = [look(STOP, s, LATER) for s in (Source.ADVANCED_DETAIL, Source.ADVANCED_HISTORY)]
    sent_after = [replace(_attempt(), at=LATER + SECOND)]

    assert may_repeat(lost, looks, [_attempt()])
    assert may_repeat(lost, looks, [replace(_attempt(), at=LATER)])
    a_cancel = replace(_attempt(2, request=Request.CANCEL), at=LATER + SECOND)
    assert may_repeat(lost, looks, [_attempt(), a_cancel])
    assert not may_repeat(lost, looks[:1] * 2, [_attempt()])
    assert not may_repeat(lost, looks, sent_after)
    assert not may_repeat(lost, looks, [_attempt(), *sent_after])
    assert not may_repeat(STOP, looks, [_attempt()])
    assert not may_repeat(replace(ENTRY, state=State.UNKNOWN), looks, [_attempt()])


def test_a_nonce_of_an_earlier_tenure_that_nobody_takes_yet_left_before_this_one_began() -> None:
    tenure, now = Tenure(2, "install", Mode.SIM, LATER), LATER + MINUTE
    soon, far = now + HORIZON, now + HORIZON + SECOND
    ahead = replace(_attempt(), epoch=1, nonce=far.ms, at=far)
    ours = replace(ahead, n=2, epoch=2)
    near = replace(ahead, n=3, nonce=soon.ms, at=soon)
    earlier = replace(_attempt(), epoch=1)

    dated = by_its_clock([ahead, ours, near, earlier], tenure, now)

    assert dated == (replace(ahead, nonce=LATER.ms, at=LATER), ours, near, earlier)


def test_a_look_that_a_wrong_clock_dated_ahead_proves_nothing_until_then() -> None:
    looks = [look(STOP, Source.ADVANCED_DETAIL, at) for at in (NOON, LATER, LATER + SECOND)]

    assert looked(looks, LATER) == tuple(looks[:2])


def test_a_listing_that_still_shows_what_is_being_cancelled_is_believed_after_a_while() -> None:
    leaving = replace(ENTRY, state=State.CANCELLING, updated_at=NOON)
    still = fact(ENTRY, State.WORKING)

    assert after_fact(leaving, still, NOON + CANCEL_RETRY - SECOND).intent.state is State.CANCELLING
    assert after_fact(leaving, still, NOON + CANCEL_RETRY).intent.state is State.WORKING
    gone = fact(ENTRY, State.CANCELLED)
    assert after_fact(leaving, gone, NOON).intent.state is State.CANCELLED
