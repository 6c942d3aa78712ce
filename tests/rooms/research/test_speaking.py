"""The throttle over a whole series is the throttle, asked signal by signal."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from interlock.research.bars import exact
from interlock.research.speaking import spoken
from interlock.strategy.signal import Decision
from interlock.strategy.throttle import Allowed, ThrottleState, throttle
from interlock.values import Instant
from tests.rooms.making import D
from tests.rooms.research.staging import bars

CLOSES = st.lists(st.sampled_from([100.0, 100.5, 101.0, 99.0, 98.01, 102.01, 103.03]), max_size=40)


@given(CLOSES, st.sampled_from(["0", "0.5", "1", "2"]), st.sampled_from([30, 60, 3600]))
def test_the_search_is_the_throttle_asked_signal_by_signal(
    closes: list[float], gate: str, seconds: int
) -> None:
    window = bars(*[(c, c, c, c) for c in closes])
    ms = window.opens_ms[0] + np.arange(len(window), dtype=np.int64) * seconds * 1000
    signals = np.ones(len(window), dtype=np.bool_)

    found = spoken(Decision.BUY, window, signals, ms, D(gate))

    state, expected = ThrottleState("BTC_USDT", "told", Decision.BUY), []
    for bar in range(len(window)):
        now = Instant.of_ms(int(ms[bar]))
        heard = throttle(state, exact(window.close, bar), now, D(gate))
        if isinstance(heard, Allowed):
            state = heard.state
            expected.append(bar)
    assert found.bars.tolist() == expected
    assert found.silent == len(window) - len(expected)
