"""What an owner may rely on of deposits and withdrawals: booked once, and no gain or loss of the day."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.account import Tenure, Transfer
from interlock.errors import LeaseLost
from interlock.ledger.book import wallet
from interlock.rehearsal.store import dict_books
from interlock.store.books import RowBooks
from interlock.values import Instant, Known, Unknown
from tests.promises.wishes import HOUR, MINUTE, NOON, SECOND, armed, reading

amounts = st.decimals(min_value=-5000, max_value=5000, places=2)


def transfer(
    amount: str, at: Instant = NOON + MINUTE, name: str = "1", *, is_owners: bool = True
) -> Transfer:
    size = Decimal(amount)
    return Transfer(name, at, "USDT", size, "ONCHAIN_DEPOSIT", is_owners, size)


def loss(books: RowBooks, at: Instant) -> Decimal:
    figures = books.standing(at).figures
    assert isinstance(figures, Known)
    return figures.value.daily_loss_pct


def book(books: RowBooks, tenure: Tenure, *told: Transfer) -> tuple[Transfer, ...]:
    return books.transferred(tenure.epoch, NOON + HOUR, told)


def test_a_deposit_no_longer_hides_a_loss(books: RowBooks) -> None:
    tenure = armed(books)
    book(books, tenure, transfer("1000"))
    books.account_read(NOON + HOUR, reading(NOON + HOUR, "10400"))

    assert loss(books, NOON + HOUR) == 6
    day = books.day(NOON + HOUR)
    assert day is not None
    assert day.latched_at == NOON + HOUR


def test_a_withdrawal_no_longer_makes_one(books: RowBooks) -> None:
    tenure = armed(books)
    book(books, tenure, transfer("-3000"))
    books.account_read(NOON + HOUR, reading(NOON + HOUR, "7000"))

    assert loss(books, NOON + HOUR) == 0
    day = books.day(NOON + HOUR)
    assert day is not None
    assert day.latched_at is None


def test_a_transfer_is_booked_once_and_the_ledger_holds_it(books: RowBooks) -> None:
    tenure = armed(books)

    assert book(books, tenure, transfer("-3000")) == (transfer("-3000"),)
    assert book(books, tenure, transfer("-3000")) == ()
    assert wallet(books.entries()) == {"USDT": Decimal(7000)}


def test_a_charge_is_booked_and_stays_a_loss(books: RowBooks) -> None:
    tenure = armed(books)
    book(books, tenure, transfer("-100", is_owners=False))
    books.account_read(NOON + HOUR, reading(NOON + HOUR, "9900"))

    assert wallet(books.entries()) == {"USDT": Decimal(9900)}
    assert loss(books, NOON + HOUR) == 1


def test_what_happened_before_the_books_began_is_in_their_opening(books: RowBooks) -> None:
    tenure = armed(books)

    assert book(books, tenure, transfer("500", NOON - SECOND)) == ()
    assert wallet(books.entries()) == {"USDT": Decimal(10000)}


def test_a_transfer_without_a_price_makes_the_days_loss_unknown(books: RowBooks) -> None:
    tenure = armed(books)
    odd = Transfer("2", NOON + MINUTE, "ODD", Decimal(3), "ONCHAIN_DEPOSIT")
    books.transferred(tenure.epoch, NOON + HOUR, (odd,))

    assert books.standing(NOON + HOUR).figures == Unknown(
        "the day's loss: nobody knows what 3 ODD was worth"
    )


def test_only_the_engine_that_holds_the_account_books_a_transfer(books: RowBooks) -> None:
    tenure = armed(books)

    with pytest.raises(LeaseLost):
        books.transferred(tenure.epoch - 1, NOON, (transfer("1"),))


@given(st.lists(amounts, max_size=6), st.decimals(min_value=1, max_value=20000, places=2))
def test_the_loss_of_a_day_is_what_trading_made_of_it_whatever_is_moved(
    moves: list[Decimal], traded: Decimal
) -> None:
    """The same trading gives the same loss, with any transfers and with none."""
    plain, busy = dict_books(), dict_books()
    armed(plain)
    tenure = armed(busy)
    moved = [transfer(str(each), name=str(n)) for n, each in enumerate(moves)]
    book(busy, tenure, *moved)
    plain.account_read(NOON + HOUR, reading(NOON + HOUR, str(traded)))
    busy.account_read(NOON + HOUR, reading(NOON + HOUR, str(traded + sum(moves))))

    assert loss(busy, NOON + HOUR) == loss(plain, NOON + HOUR)
