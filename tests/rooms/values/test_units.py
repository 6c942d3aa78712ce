"""Values carry their unit and refuse another's; an instant is whole microseconds; a secret is never seen."""

import pickle
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import BadInput, UnlikeUnits
from interlock.values import Instant, Money, Price, Quantity, Secret, Unknown, digest
from tests.rooms.making import D

BTC_PRICE = Price(D(50000), "BTC", "USDT")


def test_price_times_quantity_is_money_of_the_quote() -> None:
    assert BTC_PRICE * Quantity(D("0.01"), "BTC") == Money(D(500), "USDT")


def test_unlike_units_do_not_meet() -> None:
    with pytest.raises(UnlikeUnits):
        BTC_PRICE * Quantity(D(1), "ETH")
    with pytest.raises(UnlikeUnits):
        Money(D(1), "USD") + Money(D(1), "USDT")
    with pytest.raises(UnlikeUnits):
        Quantity(D(1), "BTC") - Quantity(D(1), "ETH")
    with pytest.raises(UnlikeUnits):
        _ = Price(D(1), "BTC", "USD") < BTC_PRICE


@pytest.mark.parametrize("rate", ["0", "-1", "NaN", "Infinity"])
def test_a_price_is_above_zero(rate: str) -> None:
    with pytest.raises(BadInput):
        Price(D(rate), "BTC", "USDT")


@pytest.mark.parametrize("size", ["-1", "NaN", "Infinity"])
def test_a_quantity_is_never_negative(size: str) -> None:
    with pytest.raises(BadInput):
        Quantity(D(size), "BTC")


@given(st.integers(0, 4_000_000_000_000_000))
def test_an_instant_survives_its_text(micros: int) -> None:
    assert Instant.of_iso(Instant(micros).iso()) == Instant(micros)


@given(st.integers(0, 4_000_000_000_000_000), st.integers(1, 10**9))
def test_a_floor_is_the_last_multiple_that_is_not_later(micros: int, seconds: int) -> None:
    span = timedelta(seconds=seconds)
    floor = Instant(micros).floor(span)

    assert floor <= Instant(micros) < floor + span
    assert floor.floor(span) == floor


def test_a_day_ends_at_midnight_utc() -> None:
    last = Instant.of_iso("2024-03-15T23:59:59.999999")

    assert (last.day(), (last + timedelta(microseconds=1)).day()) == ("2024-03-15", "2024-03-16")


def test_a_secret_appears_in_no_text() -> None:
    secret = Secret("open sesame")

    assert "sesame" not in f"{secret} {secret!r} {secret:>20}"
    assert secret.reveal() == "open sesame"
    assert secret == Secret("open sesame")
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_unknown_is_never_true_and_its_why_is_all_of_it() -> None:
    assert not Unknown("not read")
    assert Unknown("not read") == Unknown("not read")
    assert Unknown("not read") != Unknown("too old")


def test_an_id_is_a_function_of_its_parts_and_their_order() -> None:
    assert digest("a", "b") == digest("a", "b")
    assert len({digest("a", "b"), digest("b", "a"), digest("ab"), digest("a", "b", "")}) == 4
