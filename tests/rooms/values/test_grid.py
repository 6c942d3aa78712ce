"""Ticks, lots and the text of numbers: rounding says its direction, and a number has one text."""

from dataclasses import replace
from decimal import ROUND_CEILING, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import BadInput
from interlock.values import Instrument, Price, Quantity, check_symbol, decimal_of, number_text
from tests.rooms.making import BTC, D


def book(tick: str = "0.01", lot: str = "0.00001") -> Instrument:
    return replace(BTC, price_tick=D(tick), lot=D(lot))


@pytest.mark.parametrize(
    ("value", "tick", "down", "up"),
    [
        ("2984.4086", "0.01", "2984.4", "2984.41"),
        ("2659.374", "0.01", "2659.37", "2659.38"),
        ("2954.8600", "0.0001", "2954.86", "2954.86"),
        ("0.0692", "0.00001", "0.0692", "0.0692"),
        ("0.0692", "0.01", "0.06", "0.07"),
        ("65432.105", "0.01", "65432.1", "65432.11"),
        ("123456.789", "1", "123456", "123457"),
        ("0.00003", "0.00000001", "0.00003", "0.00003"),
    ],
)
def test_prices_are_rounded_the_way_that_is_said(value: str, tick: str, down: str, up: str) -> None:
    low, high = book(tick).price_down(D(value)), book(tick).price_up(D(value))

    assert low is not None
    assert high is not None
    assert (number_text(low.rate), number_text(high.rate)) == (down, up)


@pytest.mark.parametrize(
    ("entry", "tick", "stop_pct", "target_pct", "stop", "target"),
    [
        ("2954.86", "0.01", "10", "1", "2659.37", "2984.41"),
        ("0.07", "0.00001", "3", "3", "0.0679", "0.0721"),
        ("0.00003", "0.00000001", "3", "3", "0.0000291", "0.0000309"),
    ],
)
def test_a_long_is_stopped_down_and_taken_up(  # noqa: PLR0913, PLR0917  one row of the table
    entry: str, tick: str, stop_pct: str, target_pct: str, stop: str, target: str
) -> None:
    price = D(entry)
    low = book(tick).price_down(price * (1 - D(stop_pct) / 100))
    high = book(tick).price_up(price * (1 + D(target_pct) / 100))

    assert low is not None
    assert high is not None
    assert (number_text(low.rate), number_text(high.rate)) == (stop, target)


@pytest.mark.parametrize(
    ("value", "step", "down"),
    [
        ("0.0033", "0.001", "0.003"),
        ("1.23", "0.1", "1.2"),
        ("6.42508353", "0.1", "6.4"),
        ("6.42508353", "0.01", "6.42"),
        ("6.42508353", "0.0001", "6.425"),
        ("6.49", "0.1", "6.4"),
        ("250", "100", "200"),
        ("0.00001234", "0.00000001", "0.00001234"),
        ("1.0", "0.1", "1"),
        ("0.09", "0.1", "0"),
    ],
)
def test_quantities_are_rounded_down(value: str, step: str, down: str) -> None:
    assert number_text(book(lot=step).quantity_down(D(value)).size) == down


def test_a_price_off_the_tick_and_a_quantity_of_zero_are_not_held() -> None:
    some = Quantity(D("0.001"), "BTC")

    assert book().holds(Price(D("2984.41"), "BTC", "USDT"), some)
    assert not book().holds(Price(D("2984.405"), "BTC", "USDT"), some)
    assert not book().holds(None, Quantity(D(0), "BTC"))
    assert not book(lot="0.002").holds(None, some)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("100.00", "100"),
        ("1E+2", "100"),
        ("100.10", "100.1"),
        ("1234.56", "1234.56"),
        ("0.0001", "0.0001"),
        ("1E-7", "0.0000001"),
        ("6.4250", "6.425"),
        ("-0", "0"),
        ("-0.00", "0"),
        ("-1.50", "-1.5"),
    ],
)
def test_a_number_has_one_text(number: str, text: str) -> None:
    assert number_text(D(number)) == text


steps = st.sampled_from(["0.01", "0.00000001", "1", "100", "0.5", "0.0025"])
rates = st.decimals(min_value=D("0.01"), max_value=D(10**6), places=8)


@given(rates, steps)
def test_rounding_never_goes_a_whole_step_and_never_the_other_way(rate: Decimal, step: str) -> None:
    low, high = book(step).price_down(rate), book(step).price_up(rate)

    assert high is not None
    assert rate <= high.rate < rate + D(step)
    assert low is None or rate - D(step) < low.rate <= rate
    assert low is not None or rate < D(step)


@given(rates, steps)
def test_what_is_on_the_tick_stays(rate: Decimal, step: str) -> None:
    on_tick = (rate / D(step)).to_integral_value(ROUND_CEILING) * D(step)
    low, high = book(step).price_down(on_tick), book(step).price_up(on_tick)

    assert low == high == Price(on_tick, "BTC", "USDT")


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15))
def test_the_text_of_a_number_is_the_number(number: Decimal) -> None:
    text = number_text(number)

    assert D(text) == number
    assert "E" not in text
    assert text != "-0"


@pytest.mark.parametrize("text", ["btc_usdt", "BTCUSDT", "BTC_EUR", "", "BTC_USDT;", "BTCUSD-PERP"])
def test_what_is_no_symbol_is_bad_input(text: str) -> None:
    """Fault K13."""
    with pytest.raises(BadInput):
        check_symbol(text)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "abc", "", 1.5, True, None])
def test_what_is_no_decimal_is_bad_input(text: object) -> None:
    """Fault F3."""
    with pytest.raises(BadInput):
        decimal_of(text)


def test_an_instrument_without_a_grid_cannot_be() -> None:
    with pytest.raises(BadInput):
        book(tick="0")
    with pytest.raises(BadInput):
        book(lot="-1")
