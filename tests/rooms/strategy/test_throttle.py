"""The throttle's table: the last emission at t0 with baseline 100 on the same side."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.strategy.signal import Decision
from interlock.strategy.throttle import (
    Allowed,
    Suppressed,
    ThrottleState,
    reconfigured,
    throttle,
)
from tests.rooms.making import NOW, D

BLANK: Final = ThrottleState("BTC_USDT", "trend:dip", Decision.BUY)
SPOKEN: Final = replace(BLANK, baseline=D(100), last_sent_at=NOW, config_hash="one")
TIME: Final = "THROTTLED_TIME_GATE"
PRICE: Final = "THROTTLED_PRICE_GATE"


@pytest.mark.parametrize(
    ("seconds", "price", "gate", "code"),
    [
        (30, "200", "1", TIME),
        (45, "200", "1", TIME),
        (59.999, "200", "1", TIME),
        (60, "200", "1", None),
        (65, "200", "1", None),
        (30, "100", "1", TIME),
        (65, "102.5", "3", PRICE),
        (65, "102.9", "3", PRICE),
        (65, "103", "3", None),
        (65, "103.1", "3", None),
        (65, "97", "3", None),
        (65, "97.1", "3", PRICE),
        (65, "109.5", "10", PRICE),
        (65, "110.5", "10", None),
        (65, "110.5", "11", PRICE),
        (65, "111.2", "11", None),
        (65, "100.1", "0", None),
        (65, "100", "0", None),
    ],
)
def test_gates(seconds: float, price: str, gate: str, code: str | None) -> None:
    heard = throttle(SPOKEN, D(price), NOW + timedelta(seconds=seconds), D(gate))

    if code is None:
        assert isinstance(heard, Allowed)
        assert (heard.state.baseline, heard.forced) == (D(price), False)
    else:
        assert heard == Suppressed(code)


def test_a_side_that_never_spoke_may_speak() -> None:
    assert isinstance(throttle(BLANK, D(100), NOW, D(3)), Allowed)


def test_a_forced_signal_speaks_once_and_then_the_time_gate_speaks() -> None:
    later = NOW + timedelta(seconds=1)
    heard = throttle(replace(SPOKEN, force_next=True), D(100), later, D(3))

    assert isinstance(heard, Allowed)
    assert heard.forced
    again = throttle(heard.state, D(100), later + timedelta(seconds=1), D(3))
    assert again == Suppressed(TIME)


def test_a_change_of_settings_moves_the_baseline_and_forces_the_next() -> None:
    changed = reconfigured(SPOKEN, "two", D(105))

    assert (changed.baseline, changed.last_sent_at, changed.force_next) == (D(105), NOW, True)


def test_the_same_settings_change_nothing_and_the_first_ones_force_nothing() -> None:
    assert reconfigured(SPOKEN, "one", D(105)) is SPOKEN
    assert not reconfigured(BLANK, "one", D(105)).force_next


@given(st.integers(0, 200), st.decimals(50, 150, places=2))
def test_asking_twice_is_asking_once(seconds: int, price: Decimal) -> None:
    at = NOW + timedelta(seconds=seconds)

    assert throttle(SPOKEN, price, at, D(3)) == throttle(SPOKEN, price, at, D(3))
