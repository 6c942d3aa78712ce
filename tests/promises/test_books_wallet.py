"""What whoever judges may rely on of the books: figures, the day and its latch, what counts as an entry, incidents and audits."""

from datetime import timedelta
from decimal import Decimal

import pytest

from interlock.account import Balance, DayOpen, Figures
from interlock.errors import BadInput, NotSent, Refused, Unreachable
from interlock.evidence.incident import Incident
from interlock.evidence.proof import AuditRun, CheckRow
from interlock.ledger.book import wallet
from interlock.orders.evidence import Accepted
from interlock.risk.limits import Limits
from interlock.store.books import RowBooks
from interlock.values import Instant, Known, Unknown
from tests.promises.conftest import Shelf
from tests.promises.wishes import (
    BTC,
    HOUR,
    MINUTE,
    NOON,
    SECOND,
    armed,
    ask,
    bought,
    entry,
    fill,
    journal_of,
    learn,
    reading,
)

MIDNIGHT = NOON + 12 * HOUR


def _figures(books: RowBooks, now: Instant) -> Figures:
    known = books.standing(now).figures
    assert isinstance(known, Known)
    return known.value


def test_figures_are_known_with_the_time_at_which_they_were_read(books: RowBooks) -> None:
    armed(books)
    books.account_read(NOON + MINUTE, reading(NOON + MINUTE, "9900"))

    standing = books.standing(NOON + HOUR)

    assert standing.figures == Known(Figures(Decimal(9900), Decimal(0), Decimal(1)), NOON + MINUTE)
    usdt = Balance("USDT", Decimal(9900), Decimal(9900))
    assert standing.balances == Known({"USDT": usdt}, NOON + MINUTE)


def test_a_wallet_that_cannot_be_seen_is_unknown_at_once_and_until_it_is_read(
    books: RowBooks,
) -> None:
    armed(books)
    books.account_read(NOON, Unknown("40101"))

    assert books.standing(NOON).figures == Unknown("40101")
    assert books.standing(NOON).balances == Unknown("40101")
    books.account_read(NOON, reading(NOON))
    assert isinstance(books.standing(NOON).figures, Known)


def test_a_currency_that_a_reading_does_not_name_is_gone(books: RowBooks) -> None:
    armed(books)
    books.account_read(NOON, reading(NOON, BTC="0.5", USDT="100"))
    books.account_read(NOON, reading(NOON, USDT="100"))

    balances = books.standing(NOON).balances

    assert isinstance(balances, Known)
    assert {c: b.total for c, b in balances.value.items()} == {"BTC": 0, "USDT": 100}


def test_the_opening_is_what_the_first_reading_found_and_is_booked_once(shelf: Shelf) -> None:
    books = shelf.books()
    tenure = armed(books)
    intent = bought(books, tenure)
    learn(books, tenure, NOON, fill(intent, "t", "0.01"))

    shelf.books().account_read(NOON, reading(NOON, BTC="0.02", USDT="9000"))

    held = wallet(shelf.books().entries())
    assert held == {"USDT": Decimal(9000), "BTC": Decimal("0.02")}


def test_a_day_opens_late_with_its_first_reading_when_none_is_near_midnight(
    books: RowBooks,
) -> None:
    armed(books)

    day = books.standing(NOON).day

    assert day is not None
    assert day == DayOpen(NOON.day(), Decimal(10000), NOON, late=True)


@pytest.mark.parametrize(
    ("before_midnight", "opened_at_equity"),
    [
        (timedelta(0), 8000),
        (timedelta(minutes=15), 8000),
        (timedelta(minutes=15, seconds=1), 7900),
    ],
)
def test_a_day_opens_with_the_last_reading_up_to_midnight_if_it_is_young(
    books: RowBooks, before_midnight: timedelta, opened_at_equity: int
) -> None:
    armed(books)
    last = MIDNIGHT - before_midnight
    books.account_read(last, reading(last, "8000"))
    first = MIDNIGHT + MINUTE
    books.account_read(first, reading(first, "7900"))

    day = books.standing(first).day

    assert day is not None
    assert day.equity == opened_at_equity
    assert day.late is (opened_at_equity == 7900)


def test_a_new_day_is_unknown_until_its_first_reading(books: RowBooks) -> None:
    """Faults G2, E9."""
    armed(books)

    assert not books.standing(MIDNIGHT + SECOND).figures


def test_a_day_that_did_not_open_above_zero_has_no_loss_and_no_figures(books: RowBooks) -> None:
    armed(books)
    books.account_read(MIDNIGHT, reading(MIDNIGHT, "0"))

    assert not books.standing(MIDNIGHT).figures


def test_the_latch_holds_until_the_day_ends_even_if_equity_recovers(shelf: Shelf) -> None:
    books = shelf.books(Limits(max_daily_loss_pct=Decimal(5)))
    armed(books)
    books.account_read(NOON + MINUTE, reading(NOON + MINUTE, "9500.01"))
    day = books.standing(NOON).day
    assert day is not None
    assert day.latched_at is None
    books.account_read(NOON + HOUR, reading(NOON + HOUR, "9500"))
    books.account_read(NOON + HOUR + MINUTE, reading(NOON + HOUR + MINUTE, "9000"))
    books.account_read(NOON + 2 * HOUR, reading(NOON + 2 * HOUR, "12000"))

    again = shelf.books()
    day = again.standing(NOON + 2 * HOUR).day
    assert day is not None
    assert day.latched_at == NOON + HOUR
    assert _figures(again, NOON + 2 * HOUR).daily_loss_pct == -20

    again.account_read(MIDNIGHT + HOUR, reading(MIDNIGHT + HOUR, "12000"))
    tomorrow = again.standing(MIDNIGHT + HOUR).day
    assert tomorrow is not None
    assert tomorrow.latched_at is None
    (over,) = journal_of(again, "daily_loss")
    assert (over.at, over.who, over.new) == (MIDNIGHT + HOUR, "calendar", "clear")
    assert over.why == "the UTC day 2024-03-01 is over"
    again.account_read(MIDNIGHT + 25 * HOUR, reading(MIDNIGHT + 25 * HOUR, "12000"))
    assert len(journal_of(again, "daily_loss")) == 1


def test_a_person_clears_the_latch_of_a_day_that_has_recovered_and_the_journal_says_who_and_why(
    shelf: Shelf,
) -> None:
    books = shelf.books(Limits(max_daily_loss_pct=Decimal(5)))
    armed(books)
    assert not books.clear_daily_loss("ann", "nothing to clear", NOON)
    books.account_read(NOON + HOUR, reading(NOON + HOUR, "9500"))
    books.account_read(NOON + 2 * HOUR, reading(NOON + 2 * HOUR, "9501"))

    assert books.clear_daily_loss("ann", "it was a spike", NOON + 2 * HOUR)

    day = shelf.books().standing(NOON + 2 * HOUR).day
    assert day is not None
    assert day.latched_at is None
    assert day.equity == 10000
    (cleared,) = journal_of(books, "daily_loss")
    assert (cleared.at, cleared.who, cleared.why) == (NOON + 2 * HOUR, "ann", "it was a spike")
    assert (cleared.old, cleared.new) == (f"latched at {NOON + HOUR}", "clear")
    books.account_read(NOON + 3 * HOUR, reading(NOON + 3 * HOUR, "9500"))
    again = books.standing(NOON + 3 * HOUR).day
    assert again is not None
    assert again.latched_at == NOON + 3 * HOUR


@pytest.mark.parametrize(
    ("equity", "late", "unread", "why"),
    [
        ("9500", 0, None, "is 5.00 %, and 5 % is the limit"),
        ("12000", 121, None, "was last known at"),
        ("12000", 0, Unknown("40101"), r"is not known \(40101\)"),
    ],
)
def test_nobody_clears_the_latch_while_the_loss_is_at_its_limit_or_cannot_be_known(
    books: RowBooks, equity: str, late: int, unread: Unknown | None, why: str
) -> None:
    armed(books)
    books.account_read(NOON + HOUR, reading(NOON + HOUR, "9000"))
    books.account_read(NOON + 2 * HOUR, reading(NOON + 2 * HOUR, equity))
    if unread is not None:
        books.account_read(NOON + 2 * HOUR, unread)

    with pytest.raises(BadInput, match=why):
        books.clear_daily_loss("ann", "please", NOON + 2 * HOUR + late * SECOND)

    day = books.standing(NOON + 2 * HOUR).day
    assert day is not None
    assert day.latched_at == NOON + HOUR
    assert journal_of(books, "daily_loss") == []


def test_accepted_and_unknown_entries_count_and_those_that_never_were_do_not(
    books: RowBooks,
) -> None:
    tenure = armed(books)
    answers = (Accepted("7"), Unreachable("cut"), Refused(306, "no"), NotSent("no route"), None)
    for n, answer in enumerate(answers):
        _, attempt = ask(books, tenure, entry(f"e{n}"), NOON + n * SECOND)
        if answer is not None:
            books.answered(attempt, answer, NOON + n * SECOND)

    standing = books.standing(NOON + MINUTE)

    assert standing.entries_today == {"BTC": 3}
    assert standing.last_entry == {"BTC": NOON + 4 * SECOND}
    assert standing.open_positions() == 3


def test_entries_are_counted_per_day_and_the_cool_down_reaches_over_midnight(
    books: RowBooks,
) -> None:
    tenure = armed(books)
    ask(books, tenure, entry("old"))
    ask(books, tenure, entry("late"), MIDNIGHT - SECOND)

    standing = books.standing(MIDNIGHT + MINUTE)

    assert standing.entries_today == {}
    assert standing.last_entry == {"BTC": MIDNIGHT - SECOND}
    assert books.standing(MIDNIGHT + HOUR).last_entry == {}


def test_a_lot_and_its_entry_are_one_position(books: RowBooks) -> None:
    tenure = armed(books)
    intent, _ = ask(books, tenure, entry())
    learn(books, tenure, NOON, fill(intent, "t", "0.001"))

    standing = books.standing(NOON)

    assert standing.open_positions() == 1
    assert standing.lots[0].base == BTC.base


def test_repeats_of_an_incident_only_raise_its_count(books: RowBooks) -> None:
    first = Incident("feed", "WARN", "The feed is silent.", NOON)
    books.note(NOON, incidents=(first,))
    books.note(NOON + HOUR, incidents=(Incident("feed", "FAIL", "Still.", NOON + HOUR),))

    assert books.picture(NOON).incidents == (Incident("feed", "FAIL", "Still.", NOON, count=2),)
    books.note(NOON + 2 * HOUR, closed=("feed", "never opened"))
    assert books.picture(NOON).incidents[0].closed_at == NOON + 2 * HOUR
    books.note(NOON + 3 * HOUR, incidents=(first,))
    assert books.picture(NOON).incidents == (first,)


def test_a_marked_incident_freezes_or_opens_the_breaker_until_it_is_closed(books: RowBooks) -> None:
    armed(books)
    freeze = Incident("freeze:POSITION_MISMATCH_FREEZE:BTC", "FAIL", "0.1 BTC is missing.", NOON)
    breaker = Incident("breaker:protection", "FAIL", "A stop was not confirmed.", NOON)
    books.note(NOON, incidents=(freeze, breaker))

    standing = books.standing(NOON)
    found = standing.frozen("BTC_USDT", "BTC")

    assert found is not None
    assert (found.code, found.why) == ("POSITION_MISMATCH_FREEZE", "0.1 BTC is missing.")
    assert standing.breaker == "A stop was not confirmed."
    books.note(NOON, closed=(freeze.fingerprint, breaker.fingerprint))
    assert books.standing(NOON).freezes == ()
    assert books.standing(NOON).breaker is None


def test_audits_are_kept_newest_first_with_every_row(books: RowBooks) -> None:
    runs = [
        AuditRun(
            NOON + n * HOUR, n == 1, (CheckRow("drift", passed=True, compared=3, found="0 %"),)
        )
        for n in (0, 1)
    ]
    for run in runs:
        books.note(run.at, audit=run)

    assert books.picture(NOON).audits == (runs[1], runs[0])


def test_the_picture_is_limited_but_never_hides_what_is_open(books: RowBooks) -> None:
    tenure = armed(books)
    for n in range(4):
        bought(books, tenure, f"e{n}")
        books.note(NOON, incidents=(Incident(f"i{n}", "WARN", "text", NOON + n * SECOND),))

    picture = books.picture(NOON, limit=2)

    assert (len(picture.intents), len(picture.lots), len(picture.incidents)) == (2, 4, 4)
    assert [each.fingerprint for each in picture.incidents] == ["i3", "i2", "i1", "i0"]
    assert picture.heartbeats == {}
    assert picture.ticks == {}
