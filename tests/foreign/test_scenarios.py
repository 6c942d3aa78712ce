"""Each shipped scenario, played by an exchange that stands, and seen by a client that knows nothing of it."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from interlock.simulator.scenes.scene import find, names
from tests.rooms.simulator.sockets import BTC, STEPPING, Client, Frame, World, run

Seen = Callable[[World], Awaitable[None]]
SEEN: Final[dict[str, Seen]] = {}
GONE: Final[Frame] = {}
"""What an order answers whose answer was lost: nothing."""

FAR = "40000"


def sees(seen: Seen) -> Seen:
    """What a client sees of the scenario of this name."""
    SEEN[seen.__name__] = seen
    return seen


@pytest.mark.parametrize("name", names())
def test_a_client_sees_the_scenario_happen(name: str) -> None:
    scene = find(name)

    async def test(world: World) -> None:
        await SEEN[name](world)
        played = await world.look("scenario")
        assert played["title"] == scene.title
        assert [step for step in played["steps"] if step["at_us"] is None or step["error"]] == []

    run(test, replace(STEPPING, scene=scene))


def test_every_scenario_is_seen_by_a_client() -> None:
    assert set(SEEN) == set(names())
    assert len(SEEN) >= 16


# -- what a client does


async def buy(world: World, oid: str, **params: object) -> Frame:
    """A buy at the market, or at a price; empty when nobody answers in words."""
    try:
        return await world.order("BUY", "0.001", client_oid=oid, **params)
    except aiohttp.ClientError:
        return {}


async def found(world: World, oid: str) -> Any:  # noqa: ANN401 - an order, or a code
    """The order of this client_oid, or the code with which it is not found."""
    answer = await world.ask("private/get-order-detail", client_oid=oid)
    return answer.get("result") or answer["code"]


async def held(world: World, currency: str = "USDT") -> float:
    """What the balance shows of a currency."""
    row = (await world.ask("private/user-balance"))["result"]["data"][0]
    coins = {coin["instrument_name"]: float(coin["quantity"]) for coin in row["position_balances"]}
    return coins.get(currency, 0.0)


async def ticker(world: World) -> Any:  # noqa: ANN401 - the ticker as it is
    return (await world.public("get-tickers", instrument_name=BTC))["data"][0]


async def rows(client: Client, count: int) -> list[Frame]:
    """The rows of the next news."""
    frames = [await client.hear() for _ in range(count)]
    return [row for frame in frames for row in frame["result"]["data"]]


# -- what is lost on the way


@sees
async def lost_before_accept(world: World) -> None:
    assert await buy(world, "lost") == GONE
    assert await found(world, "lost") == 40401
    assert (await buy(world, "lost"))["code"] == 0


@sees
async def lost_after_accept(world: World) -> None:
    assert await buy(world, "lost") == GONE
    assert (await found(world, "lost"))["status"] == "FILLED"
    assert (await buy(world, "lost"))["code"] == 204


@sees
async def gateway_after_accept(world: World) -> None:
    with pytest.raises(aiohttp.ContentTypeError) as answered:
        await world.order("BUY", "0.001", client_oid="behind")

    assert answered.value.status == 502
    assert (await found(world, "behind"))["status"] == "FILLED"


@sees
async def accepted_late(world: World) -> None:
    assert await buy(world, "late") == GONE
    await world.step(44)
    assert await found(world, "late") == 40401
    await world.step(1)
    assert (await found(world, "late"))["status"] == "FILLED"


@sees
async def visibility_lag(world: World) -> None:
    await world.step(10)
    assert (await buy(world, "hidden", price=FAR))["code"] == 0
    assert await found(world, "hidden") == 40401
    assert (await world.ask("private/get-open-orders"))["result"]["data"] == []
    await world.step(6)
    assert (await found(world, "hidden"))["status"] == "ACTIVE"
    assert len((await world.ask("private/get-open-orders"))["result"]["data"]) == 1


# -- what goes wrong on the stream


@sees
async def duplicated_events(world: World) -> None:
    async with world.user() as client:
        await client.subscribe("user.trade")
        await buy(world, "one")
        first, second = await rows(client, 2)

        assert first == second
        assert first["client_oid"] == "one"


@sees
async def reordered_events(world: World) -> None:
    async with world.user() as client:
        await client.subscribe("user.order")
        await buy(world, "one", price=FAR)
        await world.ask("private/cancel-order", client_oid="one")

        assert [row["status"] for row in await rows(client, 2)] == ["CANCELED", "ACTIVE"]


@sees
async def dropped_events(world: World) -> None:
    async with world.user() as client:
        await client.subscribe("user.order", "user.trade")
        for oid in ("one", "two", "three"):
            await buy(world, oid)

        assert {row["client_oid"] for row in await rows(client, 2)} == {"three"}
    assert (await found(world, "one"))["status"] == "FILLED"


@sees
async def stalled_stream(world: World) -> None:
    async with world.user() as client:
        await client.subscribe("user.order")
        await buy(world, "one")

        await client.silence()
    assert (await found(world, "one"))["status"] == "FILLED"


@sees
async def socket_closed(world: World) -> None:
    async with world.user() as client:
        await buy(world, "one")
        assert await client.end() == 1006
    async with world.user() as client:
        again = asyncio.create_task(client.end())
        await buy(world, "two")
        assert await again == 1013


# -- who may ask, and when


@sees
async def rate_limit_burst(world: World) -> None:
    codes = [(await buy(world, "burst"))["code"] for _ in range(6)]

    assert codes == [42901] * 5 + [0]


@sees
async def clock_skew(world: World) -> None:
    now_ms = (await world.look("state"))["now_us"] // 1000
    async with world.session.get(f"{world.at.rest}/public/get-tickers") as reply:
        assert reply.headers["Date"] == "Thu, 29 Feb 2024 00:01:30 GMT"
    assert now_ms == 1709164800000
    assert (await buy(world, "apart"))["code"] == 40102
    await world.step(61)
    assert await found(world, "apart") == 40401
    assert (await buy(world, "apart"))["code"] == 0


@sees
async def key_revoked(world: World) -> None:
    async with world.user() as client:
        ends = asyncio.create_task(client.end())
        assert (await buy(world, "last"))["code"] == 0
        assert await ends == 1000
    assert (await buy(world, "never"))["code"] == 40101


@sees
async def address_removed(world: World) -> None:
    async with world.user() as client:
        ends = asyncio.create_task(client.end())
        assert (await buy(world, "last"))["code"] == 0
        assert await ends == 1000
    assert (await buy(world, "never"))["code"] == 40103
    assert (await ticker(world))["i"] == BTC


@sees
async def maintenance(world: World) -> None:
    assert (await buy(world, "before"))["code"] == 0
    refused = await buy(world, "during")
    assert refused["code"] == 9010001
    assert "Maintenance from 2024-02-29T00:00:00" in refused["details"]
    await world.step(121)
    assert await found(world, "during") == 40401
    assert (await buy(world, "during"))["code"] == 0


# -- other people


@sees
async def hand_trade(world: World) -> None:
    async with world.user() as client:
        await client.subscribe("user.order")
        await buy(world, "ours", price=FAR)
        ours, theirs = await rows(client, 2)
        assert (ours["client_oid"], ours["status"]) == ("ours", "ACTIVE")
        assert theirs["exec_inst"] == ["NOTIONAL_ORDER"]
        assert theirs["client_oid"].isdigit()
        await world.step(5)
        assert [row["status"] for row in await rows(client, 1)] == ["CANCELED"]
    assert await held(world, "BTC") > 0.5
    assert (await found(world, "ours"))["status"] == "CANCELED"


@sees
async def deposit_and_withdrawal(world: World) -> None:
    async with world.user() as client:
        await client.subscribe("user.balance")
        await client.hear()
        assert await held(world) == 7500
        assert (await rows(client, 1))[0]["position_balances"][0]["quantity"] == "7500"
        assert await held(world) == 3500
        assert (await rows(client, 1))[0]["position_balances"][0]["quantity"] == "3500"


@sees
async def margin_call(world: World) -> None:
    bought = await world.order("BUY", "0.3", client_oid="lent", spot_margin="MARGIN", leverage="3")
    assert bought["code"] == 0
    assert await held(world) < 0
    row = (await world.ask("private/user-balance"))["result"]["data"][0]
    assert row["has_risk"] is True
    assert (await buy(world, "more"))["code"] == 301
    assert (await world.order("SELL", "0.2", client_oid="less"))["code"] == 0
    await world.step(601)
    assert (await buy(world, "again"))["code"] == 0


# -- markets


@sees
async def halt(world: World) -> None:
    await buy(world, "rests", price=FAR)
    before = await ticker(world)
    async with world.market() as client:
        await client.subscribe(f"ticker.{BTC}")
        await client.hear()
        await world.step(60)
        await client.silence()
        assert await ticker(world) == before
        assert (await buy(world, "halted"))["code"] == 309
        assert (await found(world, "rests"))["status"] == "ACTIVE"
        await world.step(61)
        assert (await rows(client, 1))[0]["t"] > before["t"]
    assert (await buy(world, "again"))["code"] == 0


@sees
async def delisting(world: World) -> None:
    async with world.user() as client, world.market() as market:
        await client.subscribe("user.order")
        await market.subscribe(f"ticker.{BTC}", f"book.{BTC}.10")
        await rows(market, 2)
        await buy(world, "rests", price=FAR)
        assert [row["status"] for row in await rows(client, 2)] == ["ACTIVE", "CANCELED"]
        await world.step(3600)
        await market.silence()
    assert (await buy(world, "late"))["code"] == 208
    assert await world.public("get-tickers", instrument_name=BTC) == {"data": []}
    candles = await world.public("get-candlestick", instrument_name=BTC, timeframe="1h")
    assert candles["data"][-1]["t"] == 1709164800000
    assert await held(world) == 10000


@sees
async def tick_change(world: World) -> None:
    assert (await buy(world, "rests", price="40000.01"))["code"] == 0
    listed = (await world.public("get-instruments"))["data"]
    row = next(row for row in listed if row["symbol"] == BTC)
    assert (row["price_tick_size"], row["qty_tick_size"]) == ("0.5", "0.0001")
    assert (await buy(world, "off", price="40000.01"))["code"] == 308
    assert (await world.order("BUY", "0.00011", client_oid="odd"))["code"] == 213
    assert (await buy(world, "on", price="40000.5"))["code"] == 0
    assert (await found(world, "rests"))["status"] == "ACTIVE"


@sees
async def thin_market(world: World) -> None:
    book = (await world.public("get-book", instrument_name=BTC, depth="10"))["data"][0]
    assert [level[1] for level in book["asks"]] == ["0.00100", "0.00200"]
    best, other = (float(level[0]) for level in book["asks"])
    assert other - best == pytest.approx(20)
    terms = {"price": str(int(best) + 5), "time_in_force": "IMMEDIATE_OR_CANCEL"}
    made = await world.order("BUY", "0.01", client_oid="part", **terms)
    assert made["code"] == 0
    row = await found(world, "part")
    assert (row["status"], row["cumulative_quantity"]) == ("CANCELED", "0.001")


@sees
async def gap_through_stop(world: World) -> None:
    assert (await buy(world, "bought"))["code"] == 0
    before = float((await ticker(world))["a"])
    stop = {"instrument_name": BTC, "side": "SELL", "type": "STOP_LOSS", "quantity": "0.0009"}
    level = {"ref_price": f"{before * 0.95:.2f}", "client_oid": "stop"}
    assert (await world.ask("private/advanced/create-order", **stop, **level))["code"] == 0
    await world.step(3599)
    assert float((await ticker(world))["a"]) == pytest.approx(before, rel=0.03)
    await world.step(1)
    sold = (await world.ask("private/get-trades"))["result"]["data"][0]
    assert (sold["side"], sold["client_oid"]) == ("SELL", "stop")
    assert float(sold["traded_price"]) == pytest.approx(before * 0.9, rel=0.03)
    candles = await world.public("get-candlestick", instrument_name=BTC, timeframe="1h")
    closed, forming = candles["data"][-2:]
    assert float(forming["o"]) < 0.92 * float(closed["c"])


@sees
async def frozen_data(world: World) -> None:
    await world.step(60)
    assert (await buy(world, "one"))["code"] == 0
    before = await ticker(world)
    await world.step(300)
    assert await ticker(world) == before
    candles = await world.public("get-candlestick", instrument_name=BTC, timeframe="1h")
    assert (await buy(world, "two"))["code"] == 0
    one, two = await found(world, "one"), await found(world, "two")
    assert one["avg_price"] != two["avg_price"]
    assert candles == await world.public("get-candlestick", instrument_name=BTC, timeframe="1h")
    await world.step(301)
    assert (await ticker(world))["t"] > before["t"]


# -- the command


def test_the_command_lists_the_scenarios_and_plays_one(tmp_path: Path) -> None:
    interlock = [str(Path(sys.executable).with_name("interlock")), "simulate"]
    listed = subprocess.run([*interlock, "--scenarios"], capture_output=True, text=True, check=True)

    assert all(name in listed.stdout for name in names())
    assert "never sent twice" in listed.stdout
    with subprocess.Popen(
        [*interlock, "--scenario", "frozen_data"], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    ) as exchange:
        assert exchange.stdout is not None
        at = json.loads(exchange.stdout.readline())
        shown = asyncio.run(_scenario(at["control"]))
        exchange.terminate()

    assert shown["title"] == "Data that stand still"


async def _scenario(control: str) -> Any:  # noqa: ANN401 - it is whatever JSON the port answers
    async with aiohttp.ClientSession() as session, session.get(f"{control}/control/scenario") as it:
        return await it.json()
