"""What a rule says: a no has its sentence, what could not be asked has not passed, and a figure never looks like its limit."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.risk.finding import (
    NOT_ASKED,
    Finding,
    Said,
    age_text,
    exact_sum,
    objections,
    percent,
    seconds,
    shown,
)
from tests.rooms.making import D

YES = Finding("YES", Said("1", "2"))
NO = Finding("NO", Said("3", "2", "CODE", "Three is above two."))
UNASKED = Finding("UNASKED", Said(NOT_ASKED, "2"))


def test_a_rule_passes_when_it_was_asked_and_has_no_reason_against() -> None:
    assert YES.said.passed
    assert not NO.said.passed
    assert not UNASKED.said.passed


def test_every_no_is_told_and_a_rule_that_was_not_asked_only_when_nothing_else_says_no() -> None:
    assert objections((YES,)) == ()
    assert [each.rule for each in objections((YES, UNASKED, NO))] == ["NO"]
    (unasked,) = objections((YES, UNASKED))
    assert (unasked.rule, unasked.code) == ("UNASKED", "GUARDRAIL_BLOCKED")


@pytest.mark.parametrize(
    ("found", "limit", "text"),
    [
        ("10", "10", "10"),
        ("10.00001", "10", "10.0001"),
        ("9.99999", "10", "9.9999"),
        ("10.05", "10", "10.05"),
        ("5000000", "1000000", "5000000"),
        ("-2", "5", "-2"),
        ("-0.00001", "5", "-0.0001"),
    ],
)
def test_found_has_four_decimals_rounded_away_from_the_limit(
    found: str, limit: str, text: str
) -> None:
    assert shown(D(found), D(limit)) == text


@given(st.decimals(-1000, 1000, places=9), st.decimals(-1000, 1000, places=4))
def test_found_never_crosses_or_meets_a_limit_that_it_does_not_meet(
    found: Decimal, limit: Decimal
) -> None:
    told = Fraction(shown(found, limit))

    assert (told > limit, told == limit) == (found > limit, found == limit)


def test_at_its_limit_a_figure_is_rounded_down() -> None:
    tiny, span = D("0.00001"), timedelta(microseconds=150)

    assert shown(tiny, tiny) == "0"
    assert percent(tiny, D(100), tiny) == ("0", 0)
    assert age_text(span, span) == "0.0001"


@pytest.mark.parametrize(
    ("micros", "text"),
    [(-150, "-0.0002"), (0, "0"), (99, "0"), (120_000_000, "120"), (120_000_001, "120.0001")],
)
def test_an_age_is_shown_with_four_decimals_away_from_its_limit(micros: int, text: str) -> None:
    assert age_text(timedelta(microseconds=micros), timedelta(seconds=120)) == text


@given(
    st.decimals(0, 10**9, places=8),
    st.decimals("0.01", 10**9, places=8),
    st.decimals(0, 200, places=4),
)
def test_a_share_is_compared_exactly_and_shown_on_its_side(
    part: Decimal, whole: Decimal, limit: Decimal
) -> None:
    text, side = percent(part, whole, limit)
    exact, told = Fraction(part) / Fraction(whole) * 100, Fraction(text)

    assert side == (exact > limit) - (exact < limit)
    assert (told > limit, told == limit) == (exact > limit, exact == limit)
    assert abs(told - exact) < Fraction(1, 10_000)


def test_what_cannot_be_held_exactly_raises_and_so_says_no() -> None:
    with pytest.raises(ArithmeticError):
        exact_sum(D(1), D("1e-300"))
    with pytest.raises(ValueError, match="NaN"):
        percent(D("NaN"), D(1), D(1))


def test_a_span_is_exact_to_the_microsecond() -> None:
    assert seconds(timedelta(days=1, microseconds=1)) == D("86400.000001")
    assert seconds(timedelta(seconds=-1)) == D(-1)
