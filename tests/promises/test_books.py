"""What whoever trades may rely on of the books, whichever back end keeps them: opening, switches, watchlist, and the order path."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.account import Mode, Standing
from interlock.errors import (
    BadInput,
    BrokenInvariant,
    LeaseLost,
    NotSent,
    Refused,
    StoreTrouble,
    Unreachable,
    WrongVenue,
)
from interlock.evidence.incident import Incident
from interlock.orders.evidence import Accepted, Evidence, Source
from interlock.orders.intent import Request, intend
from interlock.orders.life import State
from interlock.orders.ruling import Ruling
from interlock.rehearsal.store import dict_books
from interlock.risk.verdict import Approved, Blocked
from interlock.store.books import RowBooks
from interlock.strategy.proposal import Purpose
from interlock.strategy.signal import Decision
from interlock.strategy.throttle import ThrottleState
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant
from tests.promises.conftest import Shelf
from tests.promises.wishes import (
    HOSTILE,
    HOUR,
    MINUTE,
    NOON,
    SECOND,
    Throttles,
    approve,
    armed,
    ask,
    block,
    bought,
    entry,
    fact,
    learn,
    look,
    sale,
    signal,
    state_of,
    stop,
)


class Interrupted(Exception):
    """A crash in the middle of a transaction."""


# ---------------------------------------------------------------- opening


def test_each_opening_is_a_new_epoch_of_the_same_installation(shelf: Shelf) -> None:
    first = shelf.books().open(Mode.SIM, NOON)
    second = shelf.books().open(Mode.SIM, NOON + HOUR)

    assert (first.epoch, second.epoch) == (1, 2)
    assert first.install_id == second.install_id != ""
    assert second.began_at == NOON + HOUR
    assert shelf.books().picture(NOON).tenure == second


def test_books_belong_to_one_venue_for_life(shelf: Shelf) -> None:
    shelf.books().open(Mode.SIM, NOON)

    with pytest.raises(WrongVenue):
        shelf.books().open(Mode.LIVE, NOON)
    assert shelf.books().open(Mode.SIM, NOON).epoch == 2


def test_off_is_no_venue(books: RowBooks) -> None:
    with pytest.raises(BadInput):
        books.open(Mode.OFF, NOON)


def test_books_that_were_never_opened_have_no_readable_switch(books: RowBooks) -> None:
    standing = books.standing(NOON)

    assert standing.switches.closed_by() == "kill_switch_unreadable"
    assert not standing.figures
    assert not standing.balances
    with pytest.raises(StoreTrouble):
        books.switch("owner", "why", NOON, mode=None, kill=True)


def test_what_was_being_sent_when_the_engine_died_has_an_unknown_outcome(shelf: Shelf) -> None:
    books = shelf.books()
    tenure = armed(books)
    unanswered, _ = ask(books, tenure, entry("one"))
    answered, attempt = ask(books, tenure, entry("two"))
    books.answered(attempt, Accepted("77"), NOON)

    again = shelf.books()
    again.open(Mode.SIM, NOON + MINUTE)

    assert state_of(again, unanswered).state is State.UNKNOWN
    assert state_of(again, answered).state is State.ACKED
    assert again.standing(NOON).frozen("BTC_USDT", "BTC") is not None


def test_opening_again_keeps_everything(shelf: Shelf) -> None:
    books = shelf.books()
    tenure = armed(books)
    intent = bought(books, tenure)
    books.rule(tenure.epoch, NOON, block(entry("blocked"), NOON, signal()))
    books.watch(WatchlistRow("BTC_USDT", trade_amount_usd=Decimal("12.5")), "owner", NOON)
    books.note(NOON, incidents=(Incident("x", "WARN", "something", NOON),))
    before = books.picture(NOON)

    again = shelf.books()

    assert again.picture(NOON) == before
    assert again.open_lots() == books.open_lots() != ()
    assert again.entries() == books.entries() != ()
    assert again.fills() == books.fills() != ()
    assert again.live_intents() == books.live_intents()
    assert again.standing(NOON) == books.standing(NOON)
    assert state_of(again, intent) == intent


# ---------------------------------------------------------------- switches and watchlist


def test_a_kill_is_durable_and_keeps_who_engaged_it_first(shelf: Shelf) -> None:
    books = shelf.books()
    armed(books)
    books.switch("ann", "smoke", NOON, mode=None, kill=True)
    books.switch("bob", "too", NOON + HOUR, mode=None, kill=True)

    kill = shelf.books().standing(NOON).switches.kill

    assert kill is not None
    assert (kill.who, kill.why, kill.at) == ("ann", "smoke", NOON)
    assert books.switch("ann", "clear", NOON, mode=None, kill=False).kill is None


def test_only_the_venue_of_the_books_can_be_selected(books: RowBooks) -> None:
    books.open(Mode.SIM, NOON)

    assert books.standing(NOON).switches.mode is Mode.OFF
    with pytest.raises(WrongVenue):
        books.switch("ann", "try", NOON, mode=Mode.LIVE, kill=None)
    assert books.switch("ann", "go", NOON, mode=Mode.SIM, kill=None).mode is Mode.SIM
    assert books.switch("ann", "stop", NOON, mode=Mode.OFF, kill=None).mode is Mode.OFF


def test_no_mode_above_what_the_environment_admits_can_be_selected(shelf: Shelf) -> None:
    books = shelf.books(bound=Mode.OFF)
    books.open(Mode.SIM, NOON)

    with pytest.raises(BadInput):
        books.switch("ann", "try", NOON, mode=Mode.SIM, kill=None)


def test_an_edit_of_a_row_that_somebody_edited_meanwhile_is_refused(books: RowBooks) -> None:
    first = books.watch(WatchlistRow("BTC_USDT"), "ann", NOON)
    second = books.watch(replace(first, trade_enabled=True), "ann", NOON + SECOND)

    assert (first.version, second.version) == (1, 2)
    assert second.updated_at == NOON + SECOND
    with pytest.raises(BadInput):
        books.watch(replace(first, alert_enabled=True), "bob", NOON)
    assert books.picture(NOON).watchlist == (second,)


def test_a_row_is_kept_with_every_figure(books: RowBooks) -> None:
    row = WatchlistRow(
        "ETH_USD",
        preset="mine",
        trade_on_margin=True,
        leverage=Decimal("2.50"),
        sl_percentage=Decimal("1.10"),
        trailing_pct=Decimal("0.75"),
        buy_target=Decimal("0.000000010"),
    )

    kept = books.watch(row, "ann", NOON)

    assert books.picture(NOON).watchlist == (kept,)
    assert kept == replace(row, updated_at=NOON)


# ---------------------------------------------------------------- the one transaction of an order


def test_signal_verdict_intent_and_attempt_are_written_together(books: RowBooks) -> None:
    tenure = armed(books)
    said = signal()

    ruled, attempt = books.rule(tenure.epoch, NOON, approve(entry(), tenure, NOON, said))

    assert ruled.intent is not None
    assert attempt is not None
    assert books.live_intents() == ((ruled.intent, (attempt,)),)
    assert (attempt.n, attempt.request, attempt.epoch) == (1, Request.CREATE, tenure.epoch)
    decided = books.decided("BTC_USDT", None)
    assert decided is not None
    assert (decided.outcome, decided.intent_id) == ("ORDERED", ruled.intent.id)
    assert (decided.signal, decided.verdict) == (said, ruled.verdict)


def test_a_crash_inside_the_transaction_leaves_nothing(shelf: Shelf) -> None:
    books = shelf.books()
    tenure = armed(books)
    lot = bought(books, tenure, "earlier")
    before = books.picture(NOON)

    def ruling(_standing: Standing, _throttles: Throttles) -> Ruling:
        raise Interrupted

    with pytest.raises(Interrupted):
        books.rule(tenure.epoch, NOON, ruling)
    unknown_lot = replace(approve(entry(), tenure, NOON, signal())(*_nothing()), exits=("no lot",))
    with pytest.raises(BrokenInvariant):
        books.rule(tenure.epoch, NOON, lambda _s, _t: unknown_lot)
    half_an_exit = Ruling(signal=signal(), emitted=True, exits=(lot.id, "no lot"))
    with pytest.raises(BadInput):
        books.rule(tenure.epoch, NOON, lambda _s, _t: half_an_exit)

    assert shelf.books().picture(NOON) == before
    assert books.live_intents() == ()
    _, attempt = ask(books, tenure, entry())
    assert attempt.nonce == NOON.ms + 1, "a nonce of what was never written is not used up"


def _nothing() -> tuple[Standing, Throttles]:
    return dict_books().standing(NOON), {}


def _spoken() -> ThrottleState:
    return ThrottleState(
        "BTC_USDT", "trend-dip", Decision.BUY, Decimal("1.5"), NOON, config_hash="c"
    )


def test_the_same_key_twice_is_one_intent(books: RowBooks) -> None:
    """Fault K22."""
    tenure = armed(books)
    intent, _ = ask(books, tenure, entry())

    later = NOON + HOUR
    ruled, attempt = books.rule(tenure.epoch, later, approve(entry(), tenure, later))

    assert attempt is None
    assert ruled.intent == intent
    assert ruled.verdict == Approved(entry(), NOON)
    assert len(books.picture(NOON).intents) == 1


def test_the_same_bar_twice_is_one_decision(books: RowBooks) -> None:
    tenure = armed(books)
    said = signal()
    first, _ = books.rule(tenure.epoch, NOON, block(entry(), NOON, said))

    ruled, attempt = books.rule(tenure.epoch, NOON, approve(entry(), tenure, NOON, said))

    assert attempt is None
    assert (ruled.intent, ruled.signal) == (None, said)
    assert ruled.verdict == first.verdict
    assert len(books.picture(NOON).decisions) == 1
    assert books.live_intents() == ()


def test_a_bar_that_said_wait_is_decided(books: RowBooks) -> None:
    tenure = armed(books)
    wait = signal(decision=Decision.WAIT)
    books.note(NOON, signals=(wait,))
    books.note(NOON + MINUTE, signals=(wait,))

    ruled, attempt = books.rule(tenure.epoch, NOON, approve(entry(), tenure, NOON, signal()))

    assert (ruled.intent, attempt) == (None, None)
    assert [(d.outcome, d.at) for d in books.picture(NOON).decisions] == [("WAIT", NOON)]


def test_only_a_decision_to_wait_may_be_noted(books: RowBooks) -> None:
    with pytest.raises(BadInput):
        books.note(NOON, signals=(signal(),))


def test_a_block_keeps_every_objection(books: RowBooks) -> None:
    tenure = armed(books)

    books.rule(tenure.epoch, NOON, block(entry(), NOON, signal()))

    decided = books.decided("BTC_USDT", None)
    assert decided is not None
    assert (decided.outcome, decided.code) == ("BLOCKED", "KILL_SWITCH_ON")
    assert decided.verdict == Blocked(entry(), NOON, (HOSTILE,))


def test_the_decision_in_force_at_an_instant_is_the_newest_up_to_it(books: RowBooks) -> None:
    tenure = armed(books)
    for hours in (0, 1, 2):
        at = NOON + hours * HOUR
        books.rule(tenure.epoch, at, block(entry(), at, signal(at)))

    at_one = books.decided("BTC_USDT", NOON + HOUR + MINUTE)

    assert at_one is not None
    assert at_one.signal == signal(NOON + HOUR)
    assert books.decided("BTC_USDT", NOON - SECOND) is None
    assert books.decided("ETH_USDT", None) is None


def test_the_throttle_is_committed_with_the_emission(books: RowBooks) -> None:
    tenure = armed(books)
    state = _spoken()
    ruling = Ruling(signal=signal(), emitted=True, throttle=state, block="TRADE_DISABLED")
    books.rule(tenure.epoch, NOON, lambda _s, _t: ruling)
    seen: list[Throttles] = []

    def look_at(_standing: Standing, throttles: Throttles) -> Ruling:
        seen.append(throttles)
        return Ruling()

    books.rule(tenure.epoch, NOON, look_at)

    assert seen == [{"BUY:BTC_USDT:trend-dip": state}]


def test_an_exit_makes_closing_the_lot_a_plan(books: RowBooks) -> None:
    tenure = armed(books)
    lot_id = bought(books, tenure).id
    said = signal(decision=Decision.SELL)
    ruling = Ruling(signal=said, emitted=True, exits=(lot_id,))

    books.rule(tenure.epoch, NOON, lambda _s, _t: ruling)
    books.flag_exit(tenure.epoch, NOON, lot_id, "later")

    (lot,) = books.standing(NOON).lots
    assert lot.exit_reason is not None
    assert said.id in lot.exit_reason
    decided = books.decided("BTC_USDT", None)
    assert decided is not None
    assert decided.outcome == "EXIT"


def test_an_intent_that_stands_on_no_approval_of_its_order_is_not_written(books: RowBooks) -> None:
    tenure = armed(books)
    intent = intend(Approved(entry(), NOON), tenure.install_id, NOON)
    blocked = Blocked(entry(), NOON, (HOSTILE,))
    of_another_order = Approved(entry(size="0.02"), NOON)
    of_another_instant = Approved(entry(), NOON + SECOND)

    for verdict in (None, blocked, of_another_order, of_another_instant):
        ruling = Ruling(verdict=verdict, intent=intent)
        with pytest.raises(BrokenInvariant):
            books.rule(tenure.epoch, NOON, lambda _s, _t, said=ruling: said)  # type: ignore[misc] # binds each ruling
    assert books.live_intents() == ()


def test_an_emitted_signal_that_ends_nowhere_is_not_written(books: RowBooks) -> None:
    tenure = armed(books)

    with pytest.raises(BrokenInvariant):
        books.rule(tenure.epoch, NOON, lambda _s, _t: Ruling(signal=signal(), emitted=True))


@given(st.lists(st.integers(-5_000_000, 5_000_000), min_size=1, max_size=12))
def test_a_nonce_is_never_used_twice_whatever_the_clock_does(steps: list[int]) -> None:
    """Fault E10."""
    books = dict_books()
    tenure = armed(books)
    nonces = []
    for n, step in enumerate(steps):
        at = Instant(NOON.micros + step)
        nonces.append(ask(books, tenure, entry(f"e{n}"), at)[1].nonce)
        tenure = books.open(Mode.SIM, at)

    assert nonces == sorted(set(nonces))


def nonces_at(shelf: Shelf, *times: Instant) -> list[int]:
    """The nonces that engines started at these times give their first order."""
    nonces = []
    for n, at in enumerate(times):
        books = shelf.books()
        tenure = armed(books) if n == 0 else books.open(Mode.SIM, at)
        nonces.append(ask(books, tenure, entry(f"e{n}"), at)[1].nonce)
    return nonces


def test_nonces_grow_across_restarts_and_a_clock_that_went_back(shelf: Shelf) -> None:
    minute = timedelta(minutes=1)

    found = nonces_at(shelf, NOON, NOON - minute, NOON + HOUR)

    assert found == [NOON.ms, NOON.ms + 1, (NOON + HOUR).ms]


def test_a_clock_that_was_an_hour_ahead_shuts_nobody_out_for_an_hour(shelf: Shelf) -> None:
    ahead, second = NOON + HOUR, timedelta(seconds=1)

    found = nonces_at(shelf, ahead, NOON, NOON + second)

    assert found == [ahead.ms, NOON.ms, (NOON + second).ms]


def test_an_old_epoch_can_neither_rule_nor_attempt_nor_learn(shelf: Shelf) -> None:
    books = shelf.books()
    old = armed(books)
    intent = bought(books, old)
    protect, _ = ask(books, old, stop(intent.id))
    shelf.books().open(Mode.SIM, NOON)

    with pytest.raises(LeaseLost):
        ask(books, old, entry("other"))
    with pytest.raises(LeaseLost):
        books.further_attempt(old.epoch, NOON, protect.id, Approved(protect.proposal, NOON))
    with pytest.raises(LeaseLost):
        books.cancel_attempt(old.epoch, NOON, protect.id)
    with pytest.raises(LeaseLost):
        books.learn(old.epoch, NOON, Evidence())
    with pytest.raises(LeaseLost):
        books.flag_exit(old.epoch, NOON, intent.id, "why")


# ---------------------------------------------------------------- right before the first byte


def test_an_entry_does_not_leave_after_the_kill_switch_but_a_stop_does(books: RowBooks) -> None:
    tenure = armed(books)
    lot = bought(books, tenure)
    wish, first = ask(books, tenure, entry("another"))
    guard, second = ask(books, tenure, stop(lot.id))
    books.switch("ann", "smoke", NOON, mode=None, kill=True)

    assert not books.may_send(first, NOON, Purpose.ENTRY)
    assert books.may_send(second, NOON, Purpose.PROTECT)
    assert state_of(books, wish).state is State.NOT_PLACED
    assert state_of(books, guard).state is State.SENDING
    books.switch("ann", "all clear", NOON, mode=None, kill=False)
    assert not books.may_send(first, NOON, Purpose.ENTRY), "what did not leave never leaves"


@pytest.mark.parametrize("mode", [Mode.OFF, None])
def test_an_entry_leaves_only_in_the_mode_of_its_venue(books: RowBooks, mode: Mode | None) -> None:
    tenure = armed(books)
    _, attempt = ask(books, tenure, entry())
    books.switch("ann", "why", NOON, mode=mode, kill=None)

    assert books.may_send(attempt, NOON, Purpose.ENTRY) is (mode is None)


def test_an_entry_does_not_leave_when_the_environment_forbids_it(shelf: Shelf) -> None:
    books = shelf.books()
    tenure = armed(books)
    _, first = ask(books, tenure, entry("one"))
    _, second = ask(books, tenure, entry("two"))

    assert not shelf.books(enabled=False).may_send(first, NOON, Purpose.ENTRY)
    assert not shelf.books(bound=Mode.OFF).may_send(second, NOON, Purpose.ENTRY)


def test_nothing_leaves_on_a_verdict_older_than_two_seconds(books: RowBooks) -> None:
    tenure = armed(books)
    _, young = ask(books, tenure, entry("young"))
    old, attempt = ask(books, tenure, stop("some lot"))

    assert books.may_send(young, NOON + 2 * SECOND, Purpose.ENTRY)
    assert not books.may_send(attempt, NOON + timedelta(seconds=2.001), Purpose.PROTECT)
    assert state_of(books, old).state is State.NOT_PLACED


def test_nothing_of_an_old_epoch_leaves(shelf: Shelf) -> None:
    books = shelf.books()
    intent, attempt = ask(books, armed(books), stop("some lot"))
    shelf.books().open(Mode.SIM, NOON)

    assert not books.may_send(attempt, NOON, Purpose.PROTECT)
    assert state_of(books, intent).state is State.NOT_PLACED


def test_a_cancel_leaves_under_the_kill_switch(books: RowBooks) -> None:
    tenure = armed(books)
    intent, attempt = ask(books, tenure, entry())
    books.answered(attempt, Accepted("7"), NOON)
    books.switch("ann", "smoke", NOON, mode=None, kill=True)

    cancel = books.cancel_attempt(tenure.epoch, NOON + HOUR, intent.id)

    assert cancel is not None
    assert books.may_send(cancel, NOON + 2 * HOUR, Purpose.ENTRY)


# ---------------------------------------------------------------- answers


@pytest.mark.parametrize(
    ("answer", "state", "outcome"),
    [
        (Accepted("7"), State.ACKED, "ACCEPTED"),
        (Refused(306, "no funds"), State.REJECTED, "REFUSED:306"),
        (Unreachable("cut"), State.UNKNOWN, "UNREACHABLE"),
        (NotSent("no route"), State.NOT_PLACED, "NOT_SENT"),
        (Refused(204, "seen"), State.UNKNOWN, "SEEN_BEFORE:204"),
        (Refused(205, "seen"), State.UNKNOWN, "SEEN_BEFORE:205"),
        (Refused(40006, "seen"), State.UNKNOWN, "SEEN_BEFORE:40006"),
    ],
)
def test_an_answer_moves_the_life(
    books: RowBooks, answer: Accepted | Refused | Unreachable | NotSent, state: State, outcome: str
) -> None:
    tenure = armed(books)
    intent, attempt = ask(books, tenure, entry())

    after = books.answered(attempt, answer, NOON + SECOND)

    assert after == state_of(books, intent)
    assert after.state is state
    assert after.updated_at == NOON + SECOND
    live = dict(books.live_intents())
    assert [a.outcome for a in live.get(after, ())] == ([] if after.ended else [outcome])


def test_an_answer_is_kept_once(books: RowBooks) -> None:
    tenure = armed(books)
    _, attempt = ask(books, tenure, entry())
    first = books.answered(attempt, Accepted("7"), NOON)

    assert books.answered(attempt, Refused(306, "no funds"), NOON + HOUR) == first
    assert first.order_id == "7"
    _, lost = ask(books, tenure, entry("lost"))
    books.answered(lost, Unreachable("cut"), NOON)
    assert books.answered(lost, NotSent("no route"), NOON).state is State.UNKNOWN


def test_a_refusal_that_names_an_order_keeps_its_id(books: RowBooks) -> None:
    _, attempt = ask(books, armed(books), entry())

    after = books.answered(attempt, Refused(43004, "nothing filled", order_id="9"), NOON)

    assert (after.order_id, after.refusal) == ("9", "43004 nothing filled")


def test_the_answer_to_a_cancel_ends_nothing(books: RowBooks) -> None:
    tenure = armed(books)
    intent, attempt = ask(books, tenure, entry())
    assert books.cancel_attempt(tenure.epoch, NOON, intent.id) is None, (
        "its outcome is not known yet"
    )
    books.answered(attempt, Accepted("7"), NOON)

    for answer in (Refused(316, "not active"), Unreachable("cut"), Accepted("7")):
        cancel = books.cancel_attempt(tenure.epoch, NOON, intent.id)
        assert cancel is not None
        assert books.cancel_attempt(tenure.epoch, NOON, intent.id) is None, "one is on its way"
        assert books.answered(cancel, answer, NOON).state is State.CANCELLING

    learn(books, tenure, NOON, fact(state_of(books, intent), State.CANCELLED))
    assert books.cancel_attempt(tenure.epoch, NOON, intent.id) is None, "it has ended"


# ---------------------------------------------------------------- further attempts


def _lost_stop(books: RowBooks) -> tuple[int, str]:
    tenure = armed(books)
    guard, attempt = ask(books, tenure, stop("some lot"))
    books.answered(attempt, Unreachable("cut"), NOON)
    return tenure.epoch, guard.id


def test_a_stop_of_unknown_outcome_is_asked_for_again_after_a_whole_look(books: RowBooks) -> None:
    epoch, guard_id = _lost_stop(books)
    later = NOON + 5 * SECOND
    again = Approved(stop("some lot"), later)
    assert books.further_attempt(epoch, later, guard_id, again) is None, "nobody looked yet"
    ((guard, _),) = books.live_intents()
    for source in (Source.ADVANCED_DETAIL, Source.ADVANCED_HISTORY):
        assert books.further_attempt(epoch, later, guard_id, again) is None
        books.learn(epoch, later, Evidence(absences=(look(guard, source, later),)))

    attempt = books.further_attempt(epoch, later, guard_id, again)

    assert attempt is not None
    assert (attempt.n, attempt.nonce) == (2, later.ms)
    assert books.may_send(attempt, later, Purpose.PROTECT)
    assert state_of(books, guard).state is State.UNKNOWN
    after = books.answered(attempt, Refused(306, "no funds"), later)
    assert after.state is State.UNKNOWN, "the first request may still have arrived"


def test_a_further_attempt_stands_on_its_own_approval(books: RowBooks) -> None:
    epoch, guard_id = _lost_stop(books)
    later = NOON + SECOND
    ((guard, _),) = books.live_intents()
    sources = (Source.ADVANCED_DETAIL, Source.ADVANCED_HISTORY)
    looks = tuple(look(guard, source, later) for source in sources)
    books.learn(epoch, later, Evidence(absences=looks))

    assert books.further_attempt(epoch, later, guard_id, Blocked(None, later, (HOSTILE,))) is None
    with pytest.raises(BrokenInvariant):
        books.further_attempt(
            epoch, later, guard_id, Approved(stop("some lot", size="0.02"), later)
        )


def test_an_entry_is_never_asked_for_twice(books: RowBooks) -> None:
    tenure = armed(books)
    intent, attempt = ask(books, tenure, entry())
    books.answered(attempt, Unreachable("cut"), NOON)
    sources = (Source.ORDER_DETAIL, Source.ORDER_HISTORY)
    later = NOON + SECOND
    learn(books, tenure, later, *(look(intent, source, later) for source in sources))

    assert books.further_attempt(tenure.epoch, later, intent.id, Approved(entry(), later)) is None


def test_a_stop_refused_for_haste_may_be_asked_for_again_and_an_entry_not(books: RowBooks) -> None:
    tenure = armed(books)
    _, first = ask(books, tenure, entry())
    _, second = ask(books, tenure, sale("some lot"))

    assert books.answered(first, Refused(42901, "slow down"), NOON).state is State.REJECTED
    assert books.answered(second, Refused(42901, "slow down"), NOON).state is State.UNKNOWN


# ---------------------------------------------------------------- version


def test_the_version_moves_with_every_commit_of_this_and_other_books(shelf: Shelf) -> None:
    books, others = shelf.books(), shelf.books()
    versions = [books.version()]
    armed(books)
    versions.append(books.version())
    books.standing(NOON)
    assert books.version() == versions[-1], "looking moves nothing"
    others.watch(WatchlistRow("BTC_USDT"), "ann", NOON)
    versions.append(books.version())

    assert len(set(versions)) == 3
