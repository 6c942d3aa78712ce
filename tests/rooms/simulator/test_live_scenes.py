"""What happens to markets happens to a live one too, as far as it is ours to say; what a real exchange tells is not."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from interlock.simulator.floor import OnlyRecorded, Thinness
from interlock.simulator.scenes.play import Play
from interlock.simulator.scenes.scene import BadScenario, read
from interlock.simulator.scenes.words import Stage
from tests.rooms.simulator.person import BTC
from tests.rooms.simulator.test_live_market import (
    SECOND,
    TICKER,
    Listener,
    candle,
    frame,
    ticker,
)

HOUR = timedelta(hours=1)
SEEN = (
    TICKER,
    f"get-book?instrument_name={BTC}",
    f"get-trades?instrument_name={BTC}",
    f"get-candlestick?instrument_name={BTC}",
    f"get-valuations?instrument_name={BTC}&valuation_type=mark_price",
)


def played(market: Listener, *steps: str) -> Play:
    head = 'title = "A"\nproves = "B"\n'
    text = head + "".join(f"[[step]]\n{step}\n" for step in steps)
    return Play(read(text, "mine.toml"), Stage(market.engine))


def seen(market: Listener) -> list[Any]:
    found = [market.person.get(each)["result"]["data"] for each in SEEN]
    found[-1] = [row["v"] for row in found[-1]]
    return found


@pytest.fixture
def market() -> Listener:
    market = Listener()
    market.at("50000", "50001")
    market.hear(
        ticker("50000", market.engine.now),
        frame("candlestick", candle(market.engine.now.floor(HOUR), "50000"), interval="1m"),
    )
    return market


def test_a_halted_live_market_trades_nothing_and_shows_nothing_new_and_meets_what_it_finds_after_it(
    market: Listener,
) -> None:
    created = market.person.buy(price="49500")
    assert market.person.stop("49000")["code"] == 0
    played(
        market, f'halt = {{ symbol = "{BTC}" }}', f'after = "1m"\nresume = {{ symbol = "{BTC}" }}'
    )
    before = seen(market)

    market.at("48000", "48001")
    market.hear(
        ticker("48000", market.engine.now),
        frame("candlestick", candle(market.engine.now.floor(HOUR), "48000"), interval="1m"),
        after=20 * SECOND,
    )

    assert seen(market) == before
    assert market.person.buy()["code"] == 309
    assert market.fills == []

    market.hear(after=HOUR)
    assert market.fills == []
    assert market.person.buy()["code"] == 309
    market.at("48000", "48001")
    assert market.person.detail(created)["status"] == "FILLED"
    assert [fill["side"] for fill in market.fills] == ["BUY", "SELL"]


def test_a_delisted_live_market_cancels_what_is_open_and_refuses_what_comes(
    market: Listener,
) -> None:
    created = market.person.buy(price="49500")
    played(market, f'delist = {{ symbol = "{BTC}" }}')

    market.at("49000", "49001")

    assert market.person.detail(created)["status"] == "CANCELED"
    assert market.person.buy()["code"] == 208
    assert market.person.get("get-tickers")["result"]["data"] == []
    assert seen(market)[1][0]["asks"] == []
    assert market.fills == []


@pytest.mark.parametrize(
    "step",
    [
        f'thin = {{ symbol = "{BTC}", depth = "1" }}',
        f'gap = {{ symbol = "{BTC}", factor = "2" }}',
        f'grid = {{ symbol = "{BTC}", tick = "1" }}',
        "freeze = {}",
        "thaw = {}",
    ],
)
def test_a_scenario_that_would_change_what_a_real_exchange_tells_is_refused_before_it_begins(
    market: Listener, step: str
) -> None:
    word = step.partition(" ")[0]
    with pytest.raises(OnlyRecorded, match=rf"mine: step 2: {word} .* live market"):
        played(market, 'transfer = { currency = "USDT", amount = "1" }', step)

    assert market.person.held("USDT") == 100_000


def test_by_hand_it_is_refused_with_the_same_reason(market: Listener) -> None:
    floor, now = market.engine.floor, market.engine.now
    changes: tuple[Callable[[], object], ...] = (
        lambda: floor.thin(BTC, Thinness(depth=Decimal(1)), now),
        lambda: floor.gap(BTC, Decimal(2), now),
        lambda: floor.regrid(BTC, Decimal(1), None),
        lambda: floor.freeze(None, now),
        lambda: floor.thaw(BTC),
    )
    for change in changes:
        with pytest.raises(OnlyRecorded, match="told of by a real exchange"):
            change()


def test_a_scenario_of_a_symbol_that_a_live_market_does_not_trade_is_refused(
    market: Listener,
) -> None:
    with pytest.raises(BadScenario, match="not traded here"):
        played(market, 'halt = { symbol = "ETH_USDT" }')


def test_on_a_live_market_an_account_borrows_owes_interest_by_the_hour_and_pays_back() -> None:
    market = Listener(margin=True, balances={"USDT": Decimal(1000)})
    market.at("50000", "50001", "5")

    assert market.person.on_margin("BUY", "0.04", "3")["code"] == 0
    resting = market.person.order("BUY", "0.001", price="49000", spot_margin="MARGIN", leverage="3")
    assert resting["code"] == 0
    assert market.person.pledged("USDT") > 0
    debt = market.person.held("USDT")
    assert debt == 1000 - Decimal("2000.04")

    market.hear(after=HOUR)
    assert market.person.held("USDT") < debt
    charged = market.engine.books()["journal"][-1]
    assert "INTEREST" in str(charged)

    market.at("48900", "48901", "5")
    assert market.person.detail(resting)["status"] == "FILLED"
    assert market.person.pledged("USDT") == 0
    assert market.person.on_margin("SELL", "0.0407", "3")["code"] == 0
    assert market.person.held("USDT") > debt


def test_the_valuation_of_a_live_market_is_its_last_price_alone_or_nothing(
    market: Listener,
) -> None:
    index = "get-valuations?instrument_name=BTCUSD-INDEX&valuation_type=index_price"
    silent = Listener()
    now = market.engine.now.ms

    assert market.person.get(SEEN[-1])["result"]["data"] == [{"v": "50000.00", "t": now}]
    assert market.person.get(index)["result"]["data"] == [{"v": "50000.00", "t": now}]
    assert market.person.get(f"{index}&end_ts={now - 1}")["result"]["data"] == []
    for each in (index, SEEN[-1]):
        assert silent.person.get(each)["result"]["data"] == []
