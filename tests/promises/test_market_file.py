"""What whoever watches the market may rely on of the market file, whichever back end keeps it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np

from interlock.market import Bar, Tick, window_of
from interlock.ports import MarketFile
from interlock.values import Known, Unknown
from tests.fakes.goods import BTC
from tests.promises.conftest import Shelf
from tests.promises.wishes import HOUR, MINUTE, NOON, SECOND

SMALL = Decimal("0.00000001")


def _bar(n: int, symbol: str = "BTC_USDT", span: timedelta = HOUR, close: str = "1.5") -> Bar:
    opens = NOON + n * span
    return Bar(symbol, opens, span, Decimal(1), Decimal(2), SMALL, Decimal(close), Decimal("0.25"))


def test_the_newest_bars_are_a_window_in_order(shelf: Shelf) -> None:
    market: MarketFile = shelf.market()
    bars = [_bar(n) for n in (3, 0, 2, 1, 5)]
    market.keep_bars(bars)

    window = market.window("BTC_USDT", HOUR, 3)
    wanted = window_of("BTC_USDT", HOUR, [_bar(2), _bar(3), _bar(5)])

    assert window.ends() == NOON + 6 * HOUR
    for name in ("opens_ms", "open", "high", "low", "close", "volume"):
        assert np.array_equal(getattr(window, name), getattr(wanted, name)), name
        assert getattr(window, name).dtype == getattr(wanted, name).dtype


def test_a_bar_is_kept_once_and_the_first_word_stays(shelf: Shelf) -> None:
    market = shelf.market()
    market.keep_bars([_bar(0, close="1.25")])
    market.keep_bars([_bar(0, close="1.75"), _bar(1)])

    window = market.window("BTC_USDT", HOUR, 10)

    assert list(window.close) == [1.25, 1.5]


def test_bars_of_other_symbols_and_spans_are_not_in_it(shelf: Shelf) -> None:
    market = shelf.market()
    market.keep_bars([_bar(0), _bar(0, "ETH_USDT"), _bar(0, span=5 * MINUTE)])

    assert len(market.window("BTC_USDT", HOUR, 10)) == 1
    assert len(market.window("XRP_USDT", HOUR, 10)) == 0
    assert len(market.window("BTC_USDT", HOUR, 0)) == 0
    assert market.window("XRP_USDT", HOUR, 10).ends() is None


def test_the_newest_tick_stays_whatever_comes_late(shelf: Shelf) -> None:
    market = shelf.market()
    new = Tick("BTC_USDT", Decimal("50000.10"), None, SMALL, NOON)
    old = Tick("BTC_USDT", Decimal(1), Decimal(1), Decimal(1), NOON - SECOND)
    other = Tick("ETH_USDT", Decimal(3000), Decimal(2999), None, NOON)
    market.keep_ticks([new, other])
    market.keep_ticks([old])
    market.keep_ticks([])

    assert market.ticks() == {"BTC_USDT": new, "ETH_USDT": other}


def test_a_heartbeat_is_the_last_one_and_outlives_the_process(shelf: Shelf) -> None:
    market = shelf.market()
    market.beat("monitor", NOON)
    market.beat("monitor", NOON + MINUTE)
    market.beat("guardian", NOON)

    assert shelf.market().heartbeats() == {"monitor": NOON + MINUTE, "guardian": NOON}


def test_an_instrument_is_known_as_it_was_last_listed_and_what_is_gone_is_not_listed(
    shelf: Shelf,
) -> None:
    market = shelf.market()
    assert market.instrument("BTC_USDT") == Unknown("no list of instruments was read")
    other = replace(BTC, symbol="ETH_USDT", base="ETH", min_notional=None)

    market.keep_instruments([BTC, other], NOON)
    assert shelf.market().instrument("ETH_USDT") == Known(other, NOON)
    changed = replace(BTC, lot=Decimal("0.001"))
    market.keep_instruments([changed], NOON + HOUR)

    assert shelf.market().instrument("BTC_USDT") == Known(changed, NOON + HOUR)
    assert market.instrument("ETH_USDT") == Unknown("ETH_USDT is not listed")
