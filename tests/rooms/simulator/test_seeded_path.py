"""A seed draws how the price walks inside the recorded bars; the bars stay what they were."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from interlock.simulator.engine import Engine
from tests.rooms.simulator.person import FALLING, START, Person, exchange

DAY = timedelta(days=1)


def walked(seed: int | None) -> tuple[list[Any], list[Any], list[Any]]:
    """Candles, fills, and the price each quarter of an hour, of a day on one path."""
    engine = Engine(replace(exchange(FALLING).config, path_seed=seed))
    someone = Person(engine)
    someone.buy(price="49000")
    prices = []
    for quarter in range(8):
        engine.advance(START + timedelta(minutes=15 * quarter))
        prices.append(someone.get("get-tickers?instrument_name=BTC_USDT")["result"]["data"][0]["a"])
    engine.advance(START + DAY)
    candles = someone.get("get-candlestick?instrument_name=BTC_USDT&timeframe=1h")
    return candles["result"]["data"][:-1], engine.books()["fills"], prices


def test_two_seeds_walk_two_paths_through_the_same_candles_and_one_seed_walks_one() -> None:
    fixed, one, again, other = walked(None), walked(1), walked(1), walked(2)

    assert fixed[0] == one[0] == other[0]
    assert one == again
    assert len({tuple(each[2]) for each in (fixed, one, other)}) == 3
    assert {len(each[1]) for each in (fixed, one, other)} == {1}
    assert len({each[1][0]["create_time_ns"] for each in (fixed, one, other)}) == 3
