"""The market socket: what a read says, said again whenever it changes."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from interlock.simulator.front.serve import DEMO_START
from tests.rooms.simulator.sockets import BTC, STEPPING, WALL, Client, Frame, World, run

DELTAS = {"book_subscription_type": "SNAPSHOT_AND_UPDATE"}
THIN = replace(STEPPING, depth={BTC: Decimal(1)})


async def first(client: Client, channel: str, **params: object) -> Frame:
    await client.subscribe(channel, **params)
    return await client.hear()


def test_a_ticker_says_what_a_read_says_and_what_stands_at_the_best_level() -> None:
    async def test(world: World) -> None:
        async with world.market() as client:
            row = (await first(client, f"ticker.{BTC}"))["result"]["data"][0]
        read = (await world.public("get-tickers", instrument_name=BTC))["data"][0]
        book = (await world.public("get-book", instrument_name=BTC))["data"][0]

        assert row == read | {"oi": "0", "bs": book["bids"][0][1], "ks": book["asks"][0][1]}

    run(test)


def test_a_ticker_is_told_again_when_the_price_has_moved_and_not_before() -> None:
    async def test(world: World) -> None:
        async with world.market() as client:
            before = (await first(client, f"ticker.{BTC}"))["result"]["data"][0]
            await world.public("get-tickers")
            await client.silence()
            await world.step(60)
            after = (await client.hear())["result"]["data"][0]
            await client.silence()

        read = (await world.public("get-tickers", instrument_name=BTC))["data"][0]
        assert after["a"] == read["a"] != before["a"]

    run(test)


def test_the_tape_begins_with_the_newest_fifty_and_then_tells_each_trade_once() -> None:
    async def test(world: World) -> None:
        async with world.market() as client:
            begin = (await first(client, f"trade.{BTC}"))["result"]["data"]
            await world.step(605)
            more = (await client.hear())["result"]["data"]
            await world.order("BUY", "0.02")
            own = (await client.hear())["result"]["data"]
            await client.silence()

        read = (await world.public("get-trades", instrument_name=BTC, count="150"))["data"]
        told = [*own, *more, *begin]
        assert len(begin) == 50
        assert [row["d"] for row in told] == [row["d"] for row in read[: len(told)]]
        assert [row["q"] for row in own] == ["0.02000"]
        assert {row["s"] for row in told} == {"BUY", "SELL"}

    run(test)


def test_candles_begin_with_the_newest_few_and_then_the_forming_one_goes_on() -> None:
    async def test(world: World) -> None:
        async with world.market() as client:
            begin = (await first(client, f"candlestick.1h.{BTC}"))["result"]
            await world.step(1800)
            forming = (await client.hear())["result"]["data"]
            await world.step(3600)
            closed, opened = (await client.hear())["result"]["data"]

        times = [row["t"] for row in begin["data"]]
        assert begin["interval"] == "1h"
        assert times == [DEMO_START.ms - n * 3_600_000 for n in (4, 3, 2, 1, 0)]
        assert [row["t"] for row in forming] == times[-1:]
        assert (closed["t"], opened["t"]) == (times[-1], times[-1] + 3_600_000)
        asked = {"instrument_name": BTC, "timeframe": "1h", "count": "2"}
        read = (await world.public("get-candlestick", **asked))["data"]
        assert [without_ut(closed), without_ut(opened)] == read

    run(test)


def without_ut(row: Frame) -> Frame:
    return {name: row[name] for name in row if name != "ut"}


@pytest.mark.parametrize("spelled", ["book_subscription_type", "bookSubscriptionType"])
def test_a_book_of_deltas_can_be_kept_by_applying_them(spelled: str) -> None:
    async def test(world: World) -> None:
        async with world.market() as client:
            frame = await first(client, f"book.{BTC}.10", **{spelled: "SNAPSHOT_AND_UPDATE"})
            kept, u = frame["result"]["data"][0], frame["result"]["data"][0]["u"]
            for change in (60, 0, 120):
                await (world.step(change) if change else world.order("BUY", "0.02"))
                told = (await client.hear())["result"]
                assert (told["channel"], told["depth"]) == ("book.update", 10)
                assert told["data"][0]["pu"] == u < told["data"][0]["u"]
                u = told["data"][0]["u"]
                kept = applied(kept, told["data"][0]["update"])

        read = (await world.public("get-book", instrument_name=BTC, depth="10"))["data"][0]
        assert (kept["bids"], kept["asks"]) == (read["bids"], read["asks"])

    run(test, THIN)


def applied(book: Frame, update: Frame) -> Frame:
    sides: Frame = {}
    for side, best_first in (("bids", -1), ("asks", 1)):
        levels = {price: [price, *rest] for price, *rest in [*book[side], *update[side]]}
        alive = [level for level in levels.values() if level[1] != "0"]
        sides[side] = sorted(alive, key=lambda level: best_first * Decimal(level[0]))
    return sides


@pytest.mark.parametrize(("asked", "seconds"), [("SNAPSHOT", 0.5), ("SNAPSHOT_AND_UPDATE", 5)])
def test_a_book_in_which_nothing_happens_says_so_from_time_to_time(
    asked: str, seconds: float
) -> None:
    async def test(world: World) -> None:
        async with world.market() as client:
            begin = await first(client, "book.CRO_USDT.50", book_subscription_type=asked)
            await world.step(seconds - 0.01)
            await client.silence()
            await world.step(0.02)
            quiet = (await client.hear())["result"]["data"][0]

        before = begin["result"]["data"][0]
        assert quiet["u"] > before["u"]
        if seconds == 5:
            assert (quiet["update"], quiet["pu"]) == ({"asks": [], "bids": []}, before["u"])

    run(test)


def test_a_book_of_snapshots_is_told_as_a_whole() -> None:
    async def test(world: World) -> None:
        async with world.market() as client:
            begin = await first(client, f"book.{BTC}.50")
            await world.step(60)
            again = await client.hear()

        read = (await world.public("get-book", instrument_name=BTC))["data"][0]
        assert again["result"]["channel"] == "book"
        assert again["result"]["data"][0]["asks"] == read["asks"]
        assert again["result"]["data"][0]["u"] > begin["result"]["data"][0]["u"]

    run(test)


def test_a_subscription_said_again_begins_again() -> None:
    async def test(world: World) -> None:
        async with world.market() as client:
            await first(client, f"book.{BTC}.50", **DELTAS)
            again = await first(client, f"book.{BTC}.50", **DELTAS)

        assert again["result"]["channel"] == "book"

    run(test)


def test_a_book_that_is_subscribed_later_again_is_the_one_of_then() -> None:
    async def test(world: World) -> None:
        async with world.market() as client:
            await first(client, f"book.{BTC}.50", **DELTAS)
            await client.ask("unsubscribe", params={"channels": [f"book.{BTC}.50"]})
            await world.step(60)
            again = await first(client, f"book.{BTC}.50", **DELTAS)

        read = (await world.public("get-book", instrument_name=BTC))["data"][0]
        assert again["result"]["data"][0]["asks"] == read["asks"]

    run(test)


def test_who_unsubscribes_is_told_no_more_and_others_are() -> None:
    async def test(world: World) -> None:
        async with world.market() as one, world.market() as other:
            for client in (one, other):
                await first(client, f"ticker.{BTC}")
            await one.ask("unsubscribe", params={"channels": [f"ticker.{BTC}"]})
            await world.step(60)

            assert (await other.hear())["result"]["channel"] == "ticker"
            await one.silence()

    run(test)


def test_what_has_no_price_here_is_subscribed_and_silent() -> None:
    async def test(world: World) -> None:
        async with world.market() as client:
            await client.subscribe("ticker.CRO_USDT", "trade.CRO_USDT", "candlestick.1h.CRO_USDT")
            await client.silence()

    run(test)


def test_on_the_wall_s_clock_the_market_is_told_while_nobody_asks() -> None:
    async def test(world: World) -> None:
        async with world.market() as client:
            frames: list[Any] = [await first(client, f"book.{BTC}.10")]
            frames += [await client.hear() for _ in range(3)]

        us = [frame["result"]["data"][0]["u"] for frame in frames]
        assert us == sorted(set(us))

    run(test, WALL)
