"""The watch of a rehearsal fires: each promise is broken once, by a store, a wire or a word that does not keep it, and its id is named."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest

from interlock.account import Mode
from interlock.orders.evidence import Absent, Source
from interlock.orders.intent import Request
from interlock.orders.life import State
from interlock.rehearsal.acts import Messenger
from interlock.rehearsal.commits import Commits
from interlock.rehearsal.judge import violations
from interlock.rehearsal.light import Light
from interlock.rehearsal.script import BOUGHT, SOLD, Script, market_before, stage
from interlock.rehearsal.watch import Watch
from interlock.rehearsal.world import World
from interlock.risk.limits import Limits
from interlock.store.intent_rows import INTENTS
from interlock.store.records import (
    ABSENCES,
    ACCOUNT,
    ATTEMPTS,
    ENTRIES,
    FILLS,
    LOTS,
    OUTBOX,
    POSTINGS,
    THE_ACCOUNT,
    VERDICTS,
    PostingRow,
)
from interlock.store.rows import Rows
from interlock.strategy.proposal import Purpose
from interlock.values import Instant
from tests.rehearsal.sweep import quietly

CREATE = "private/create-order"


@pytest.fixture(autouse=True)
def _quiet() -> None:
    quietly()


def watched(script: Script = BOUGHT) -> tuple[World, Watch]:
    """A world that has lived undisturbed, with a clean watch over it."""
    world = stage(script)
    world.market = market_before(script.start).copied()
    world.notifier = Messenger([])
    world.run()
    watch = world.watcher
    assert isinstance(watch, Watch)
    assert violations(world) == []
    return world, watch


def ids(world: World) -> set[str]:
    """The ids of the promises that were seen to be broken."""
    return {text.partition(":")[0] for text in world.watcher.violations()}


def broken_by(do: Callable[[Rows], object], script: Script = BOUGHT) -> set[str]:
    """What one more commit, of a store that keeps no promise, breaks."""
    world, watch = watched(script)
    with watch.ground.change() as rows:
        do(rows)
    return ids(world)


def entry(rows: Rows) -> str:
    """The id of the entry."""
    return next(i.id for i in rows.find(INTENTS) if i.proposal.purpose is Purpose.ENTRY)


def change(**to: object) -> Callable[[Rows], None]:
    """A commit that writes these fields over those of the entry."""

    def do(rows: Rows) -> None:
        intent = rows.get(INTENTS, entry(rows))
        assert intent is not None
        rows.put(INTENTS, replace(intent, **to))  # type: ignore[arg-type] # the caller names fields of the intent

    return do


def born(**to: object) -> Callable[[Rows], None]:
    """A commit that writes a second intent like the entry."""
    return change(id="another", **{"state": State.SENDING, **to})


# -- commits


@pytest.mark.parametrize(
    ("do", "broken"),
    [
        (born(), "I1"),
        (born(client_oid="il-by-chance"), "I1"),
        (born(client_oid="il-by-chance"), "I2"),
        (born(client_oid="il-by-chance", state=State.ACKED), "I10"),
        (change(state=State.WORKING), "I10"),
        (change(state=State.NOT_PLACED), "I5"),
        (change(filled=Decimal(0)), "I10"),
        (change(verdict_id="another"), "I10"),
        (change(order_id="another"), "I10"),
    ],
)
def test_a_life_that_no_table_lists_is_seen(do: Callable[[Rows], None], broken: str) -> None:
    assert broken in broken_by(do)


def attempt(**to: object) -> Callable[[Rows], None]:
    """A commit that writes the entry's attempt anew."""

    def do(rows: Rows) -> None:
        sent = rows.get(ATTEMPTS, entry(rows), 1)
        assert sent is not None
        own = {name: to.pop(name) for name in ("verdict_id",) if name in to}
        changed = replace(sent.attempt, **to)  # type: ignore[arg-type] # the caller names fields of the attempt
        rows.put(ATTEMPTS, replace(sent, attempt=changed, **own))  # type: ignore[arg-type] # likewise

    return do


@pytest.mark.parametrize(
    ("do", "broken"),
    [
        (attempt(nonce=1), "I2"),
        (attempt(outcome="REFUSED:306"), "I2"),
        (attempt(outcome="NOT_SENT"), "I5"),
        (attempt(n=2, nonce=1, epoch=7), "I9"),
        (attempt(n=2), "I2"),
        (attempt(n=2, nonce=1, verdict_id="none"), "I3"),
        (attempt(n=2, nonce=1), "I5"),
    ],
)
def test_an_attempt_that_was_not_written_down_as_it_left_is_seen(
    do: Callable[[Rows], None], broken: str
) -> None:
    assert broken in broken_by(do)


def account(**to: object) -> Callable[[Rows], None]:
    """A commit that writes these fields over those of the account."""

    def do(rows: Rows) -> None:
        row = rows.get(ACCOUNT, THE_ACCOUNT)
        assert row is not None
        rows.put(ACCOUNT, replace(row, **to))  # type: ignore[arg-type] # the caller names fields of the row

    return do


def test_an_epoch_and_a_nonce_that_go_back_are_seen() -> None:
    assert "I9" in broken_by(account(epoch=0))
    assert "I2" in broken_by(account(last_nonce=0))


def test_a_cancel_that_only_our_own_budget_kept_back_is_seen() -> None:
    def do(rows: Rows) -> None:
        own = next(each for each in rows.find(ATTEMPTS, intent_id=entry(rows)))
        asked = replace(own.attempt, n=2, nonce=1, request=Request.CANCEL)
        rows.put(ATTEMPTS, replace(own, attempt=asked))

    world, watch = watched()
    with watch.ground.change() as rows:
        do(rows)
    with watch.ground.change() as rows:
        own = rows.get(ATTEMPTS, entry(rows), 2)
        assert own is not None
        rows.put(ATTEMPTS, replace(own, attempt=replace(own.attempt, outcome="NOT_SENT")))

    assert "I19" in ids(world)


def test_an_entry_that_is_written_while_entering_is_shut_is_seen() -> None:
    world, watch = watched()
    world.open_books().switch("owner", "enough", world.now(), mode=None, kill=True)
    with watch.ground.change() as rows:
        attempt(n=2, nonce=1)(rows)

    assert "I12" in ids(world)


def test_an_execution_that_is_booked_twice_over_or_never_happened_is_seen() -> None:
    def over(rows: Rows) -> None:
        first = rows.find(FILLS)[0]
        rows.put(FILLS, replace(first, fill=replace(first.fill, quantity=Decimal(1))))

    def invented(rows: Rows) -> None:
        first = rows.find(FILLS)[0]
        rows.put(FILLS, replace(first, fill=replace(first.fill, trade_id="invented")))

    assert "I7" in broken_by(over)
    assert "I7" in broken_by(invented)


@pytest.mark.parametrize("field", ["quantity", "price", "fee"])
def test_an_execution_that_is_booked_otherwise_than_it_was_is_seen(field: str) -> None:
    _, watch = watched()
    first = next(watch.commits.all(FILLS))
    del watch.ground.tables[FILLS.name][first.fill.trade_id,]
    wrong = replace(first.fill, **{field: getattr(first.fill, field) + 1})
    with watch.ground.change() as rows:
        rows.add(FILLS, replace(first, fill=wrong))

    assert any("otherwise than it was" in text for text in watch.violations())


def test_postings_that_do_not_sum_to_zero_or_come_later_are_seen() -> None:
    def later(rows: Rows) -> None:
        first = rows.find(POSTINGS)[0]
        rows.add(POSTINGS, replace(first, n=99))

    def uneven(rows: Rows) -> None:
        head, first = rows.find(ENTRIES)[0], rows.find(POSTINGS)[0]
        rows.add(ENTRIES, replace(head, cause="new"))
        rows.add(POSTINGS, PostingRow("new", 0, first.account, "USDT", Decimal(1)))

    assert "I8" in broken_by(later)
    assert "I8" in broken_by(uneven)


def test_a_lot_of_less_than_nothing_is_seen() -> None:
    def do(rows: Rows) -> None:
        rows.put(LOTS, replace(rows.find(LOTS)[0], remaining=Decimal(-1)))

    assert "I8" in broken_by(do)


def test_a_verdict_that_is_given_twice_is_seen() -> None:
    assert "I3" in broken_by(lambda rows: rows.put(VERDICTS, rows.find(VERDICTS)[0]))


@pytest.mark.parametrize(
    "limits",
    [
        Limits(exposure_usd_max=Decimal(1)),
        Limits(usd_per_order_max=Decimal(1)),
        Limits(open_total_max=0),
        Limits(open_per_base_max=0),
        Limits(orders_per_base_and_day_max=0),
    ],
)
def test_more_than_a_cap_admits_is_seen(limits: Limits) -> None:
    world = stage(BOUGHT)
    watch = world.watcher
    assert isinstance(watch, Watch)
    watch.commits.limits = limits
    world.run()

    assert ids(world) == {"I11"}


def test_what_is_given_up_without_coverage_is_seen_and_with_coverage_only_if_it_lives() -> None:
    def looks(at: Instant, oid: str) -> list[Absent]:
        return [Absent(oid, where, at) for where in (Source.ORDER_DETAIL, Source.ORDER_HISTORY)]

    for span, is_covered in ((timedelta(seconds=124), False), (timedelta(seconds=126), True)):
        _, watch = watched()
        with watch.ground.change() as rows:
            intent = rows.get(INTENTS, entry(rows))
            assert intent is not None
            last = watch.commits.attempts(intent)[-1]
            for absent in looks(Instant.of_ms(last.nonce) + span, intent.client_oid):
                rows.add(ABSENCES, absent)
        before = replace(intent, state=State.UNKNOWN)
        watch.ground.tables[INTENTS.name][intent.id,] = INTENTS.cells(before)
        sent = watch.ground.tables[ATTEMPTS.name]
        for key, row in sent.items():
            one = ATTEMPTS.thing(row)
            sent[key] = ATTEMPTS.cells(replace(one, attempt=replace(one.attempt, outcome=None)))
        with watch.ground.change() as rows:
            rows.put(INTENTS, replace(before, state=State.NOT_PLACED))
        seen = watch.violations()

        assert any("ABANDONED_BUT_LIVE" in text for text in seen)
        assert any("without coverage" in text for text in seen) is not is_covered


# -- bytes and accepted orders


def sent_again(watch: Watch, **to: object) -> bytes:
    """The bytes of the entry, changed so."""
    intent = next(i for i in watch.commits.all(INTENTS) if i.proposal.purpose is Purpose.ENTRY)
    nonce = watch.commits.attempts(intent)[0].nonce
    watch.commits.sent.discard(nonce)
    price = intent.proposal.limit
    assert price is not None
    params = {
        "instrument_name": intent.proposal.symbol,
        "side": "BUY",
        "type": "LIMIT",
        "quantity": str(intent.proposal.quantity.size),
        "price": str(price.rate),
        "client_oid": intent.client_oid,
        "spot_margin": "SPOT",
    }
    nonce = to.pop("nonce", nonce)  # type: ignore[assignment] # the caller gives a number
    return msgspec.json.encode({"id": nonce, "nonce": nonce, "params": {**params, **to}})


def leaving(**to: object) -> list[str]:
    world, watch = watched()
    found = watch.violations()
    assert found == []
    row = next(watch.commits.all(ATTEMPTS))
    unanswered = replace(row, attempt=replace(row.attempt, outcome=None))
    key = (row.attempt.intent_id, row.attempt.n)
    watch.ground.tables[ATTEMPTS.name][key] = ATTEMPTS.cells(unanswered)
    if row.verdict_id is not None:
        watch.commits.judged[row.verdict_id] = world.now()
    watch.leaves(CREATE, sent_again(watch, **to))
    return watch.violations()


def test_the_very_bytes_that_were_judged_may_leave() -> None:
    assert leaving() == []


@pytest.mark.parametrize(
    ("to", "broken"),
    [
        ({"nonce": 7}, "I2: ORPHAN"),
        ({"quantity": "1"}, "I3"),
        ({"price": "1"}, "I3"),
        ({"side": "SELL"}, "I3"),
        ({"instrument_name": "ADA_USDT"}, "I3"),
        ({"client_oid": "il-another"}, "I3"),
        ({"spot_margin": "MARGIN", "leverage": "5"}, "I3"),
    ],
)
def test_bytes_that_nobody_wrote_down_or_judged_are_seen(
    to: dict[str, object], broken: str
) -> None:
    assert any(text.startswith(broken) for text in leaving(**to))


def test_bytes_that_leave_late_again_or_for_a_former_engine_are_seen() -> None:
    world, watch = watched()
    world.open_books().open(Mode.SIM, world.now())
    world.open_books().pause("owner", "lunch", world.now(), on=True)
    world.loop.steps += 1
    body = sent_again(watch)
    watch.leaves(CREATE, body)
    watch.leaves(CREATE, body)
    seen = watch.violations()

    for broken in ("I2: the nonce", "I2: il", "I3: il", "I9: bytes of epoch", "I12: the entry"):
        assert any(text.startswith(broken) for text in seen), broken


def test_a_store_that_writes_after_it_has_sent_is_seen_at_the_accept() -> None:
    world, watch = watched()
    watch.commits.nonces.clear()
    watch.commits.oids.clear()
    watch.commits.accepted.clear()
    watch._seen = 0  # noqa: SLF001 - the exchange's accepts are looked at anew
    watch.looks()
    watch._seen = 0  # noqa: SLF001 - and once more
    watch.looks()

    assert {"I1: DUP", "I1: il"} <= {
        text[: text.index(":", 4) if "DUP" in text else 6] for text in watch.violations()
    }
    assert world.engine.truth[0]


def test_an_order_accepted_after_it_was_given_up_is_seen() -> None:
    _, watch = watched()
    key, row = next(iter(watch.ground.tables[INTENTS.name].items()))
    given_up = replace(INTENTS.thing(row), state=State.NOT_PLACED)
    watch.ground.tables[INTENTS.name][key] = INTENTS.cells(given_up)
    watch.commits.accepted.clear()
    watch.commits.nonces.clear()
    watch._seen = 0  # noqa: SLF001 - the exchange's accepts are looked at anew
    watch.looks()

    seen = watch.violations()
    assert any(text.startswith("I5: ABANDONED_BUT_LIVE") for text in seen)
    assert any(text.startswith("I2: ORPHAN") for text in seen)


def test_more_requests_than_a_window_admits_are_seen() -> None:
    world, watch = watched()
    for _ in range(2):
        watch.reaches("private/get-trades")

    assert ids(world) == {"I19"}


# -- words, secrets, bounds


def test_words_that_are_not_written_are_seen_and_those_that_are_lost() -> None:
    world, watch = watched()
    watch.tells("what nobody wrote\nil")
    assert ids(world) == {"I13"}

    world, watch = watched()
    assert watch.told
    watch.ground.tables[OUTBOX.name].clear()
    assert ids(world) == {"I13"}


def test_a_message_that_is_written_over_is_seen() -> None:
    def do(rows: Rows) -> None:
        rows.put(OUTBOX, replace(rows.find(OUTBOX)[0], text="another"))

    assert "I13" in broken_by(do)


def test_a_secret_that_is_said_stored_or_traced_is_seen() -> None:
    world, watch = watched()
    secret = world.key.secret.reveal()
    world.seams.names.append(f"send {secret}")
    assert ids(world) == {"I14"}

    world, watch = watched()
    watch.told.append(secret.encode().hex())
    assert "I14" in ids(world)


def test_what_grows_without_bound_is_seen() -> None:
    world, _ = watched()
    world.tasks_max = 1000
    assert ids(world) == {"I18"}


def test_a_page_that_is_green_while_entering_is_shut_is_seen() -> None:
    world, _ = watched()
    world.seams.is_dead = False
    honest, dishonest = Light(world), Light(world, lambda _: True)
    world.open_books().pause("owner", "lunch", world.now(), on=True)
    for light in (honest, dishonest):
        light.look()

    assert honest.violations() == []
    assert "I15: ready to trade, and PAUSE (paused) keeps XRP_USDT back" in dishonest.violations()


def test_the_page_is_looked_at_and_is_green_where_nothing_goes_wrong() -> None:
    world = stage(BOUGHT)
    world.market = market_before(BOUGHT.start).copied()
    light = Light(world)
    light.begin()
    world.run()

    assert (light.looks, light.greens > 0, light.violations()) == (4, True, [])


def test_the_watch_is_on_in_every_rehearsal_over_the_dictionary() -> None:
    _, watch = watched(SOLD)
    commits: Commits = watch.commits

    assert len(commits.oids) == 3
    assert len(commits.accepted) == 3
    assert len(commits.sent) == 2
    assert watch.told
