"""What goes wrong on the way to a listener, armed on the control port and seen as a client sees it."""

import asyncio
import time

import pytest

from tests.rooms.simulator.sockets import BTC, Client, Frame, World, run
from tests.rooms.simulator.test_market_streams import DELTAS, first

ORDERS = {"channel": "user.order"}


async def quantities(client: Client, count: int) -> list[str]:
    """Which orders the next news are about."""
    frames: list[Frame] = [await client.hear() for _ in range(count)]
    return [frame["result"]["data"][0]["quantity"] for frame in frames]


async def three_orders(world: World) -> None:
    for quantity in ("0.01", "0.02", "0.03"):
        await world.order("BUY", quantity)


@pytest.mark.parametrize(
    ("fault", "heard"),
    [
        ({"fault": "drop"}, ["0.02", "0.03"]),
        ({"fault": "drop", "count": 2}, ["0.03"]),
        ({"fault": "duplicate"}, ["0.01", "0.01", "0.02", "0.03"]),
        ({"fault": "reorder"}, ["0.02", "0.01", "0.03"]),
        ({"fault": "reorder", "count": 2}, ["0.03", "0.01", "0.02"]),
        ({"fault": "delay", "seconds": 0.2}, ["0.02", "0.03", "0.01"]),
        ({"fault": "drop", "channel": "user.trade"}, ["0.01", "0.02", "0.03"]),
        ({"fault": "drop", "channel": "*"}, ["0.02", "0.03"]),
    ],
)
def test_news_are_lost_said_twice_said_late_or_out_of_order(
    fault: dict[str, object], heard: list[str]
) -> None:
    async def test(world: World) -> None:
        async with world.user() as client:
            await client.subscribe("user.order")
            await world.control("stream", **(ORDERS | fault))
            await three_orders(world)

            assert await quantities(client, len(heard)) == heard
            await client.silence()

        books = await world.look("books")
        assert [row["cumulative_quantity"] for row in books["orders"]] == ["0.01", "0.02", "0.03"]

    run(test)


def test_a_fault_that_has_taken_effect_is_counted_and_who_listens_is_shown() -> None:
    async def test(world: World) -> None:
        async with world.user() as client, world.market():
            await client.subscribe("user.order")
            await world.control("stream", fault="drop")
            await three_orders(world)
            shown = await world.look("streams")

        assert shown["faults_fired"] == {"drop": 1}
        assert shown["listeners"] == [
            {
                "socket": "user",
                "source": "127.0.0.1",
                "authenticated": True,
                "channels": ["user.order"],
                "waiting_bytes": 0,
            },
            {
                "socket": "market",
                "source": "127.0.0.1",
                "authenticated": False,
                "channels": [],
                "waiting_bytes": 0,
            },
        ]

    run(test)


@pytest.mark.parametrize("code", [1000, 1006, 1013])
def test_sockets_are_closed_now_and_what_comes_then_is_missed(code: int) -> None:
    async def test(world: World) -> None:
        async with world.user() as client, world.market() as other:
            await client.subscribe("user.order")
            assert await world.control("stream", fault="close", code=code, socket="user") == {
                "close": 1
            }
            assert await client.end() == code
            await other.subscribe(f"ticker.{BTC}")
        await three_orders(world)
        async with world.user() as client:
            await client.subscribe("user.order")
            await client.silence()

    run(test)


def test_a_stalled_socket_is_open_and_silent_and_says_everything_afterwards() -> None:
    async def test(world: World) -> None:
        async with world.user() as client:
            await client.subscribe("user.order")
            began = time.monotonic()
            await world.control("stream", fault="stall", seconds=0.3)
            await three_orders(world)
            await client.silence()

            assert await quantities(client, 3) == ["0.01", "0.02", "0.03"]
            assert time.monotonic() - began >= 0.3

    run(test)


def test_a_delta_that_was_lost_is_noticed_by_the_number_before_it() -> None:
    async def test(world: World) -> None:
        async with world.market() as client:
            begin = await first(client, f"book.{BTC}.10", **DELTAS)
            await world.control("stream", fault="drop", channel="book.update")
            await world.step(60)
            await world.step(60)
            update = (await client.hear())["result"]["data"][0]

        assert update["pu"] > begin["result"]["data"][0]["u"]

    run(test)


@pytest.mark.parametrize(
    "asked",
    [
        {"fault": "explode"},
        {"fault": "drop", "count": 0},
        {"fault": "delay", "seconds": -1},
        {"fault": "stall", "seconds": 1e9},
        {"fault": "close", "code": 5},
        {"fault": "close", "socket": "third"},
        {},
    ],
)
def test_what_cannot_go_wrong_is_answered_with_a_remedy(asked: dict[str, object]) -> None:
    async def test(world: World) -> None:
        async with world.market() as client:
            answer = await world.control("stream", **asked)
            await asyncio.sleep(0)
            await client.subscribe(f"ticker.{BTC}")

        assert answer["error"]
        assert answer["remedy"]

    run(test)
