"""The HTTP fronts on loopback: real sockets, real silence, and two processes on one stepping clock."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from interlock.errors import BadSettings, BrokenInvariant
from interlock.protocol.crypto_com.signing import signature
from interlock.simulator.front.serve import DEMO_START, Served, ServeOptions, configuration, serving
from interlock.simulator.recordings import Series
from interlock.values import Instant, Secret

ONE = ServeOptions(stepping=True, days=2, candles=("binance_BTC-USDT_1h",))
HOUR_US = 3_600_000_000
START_US = DEMO_START.micros


class Front:
    """A client of both ports."""

    def __init__(self, served: Served, session: aiohttp.ClientSession) -> None:
        self.at = served.addresses
        self.session = session
        self.count = 0

    async def control(self, what: str, **body: object) -> dict[str, Any]:
        """The JSON answer of a POST to the control port."""
        async with self.session.post(f"{self.at.control}/control/{what}", json=body) as reply:
            answer: dict[str, Any] = await reply.json()
        return answer | {"status": reply.status}

    async def look(self, what: str) -> dict[str, Any]:
        """The JSON answer of a GET to the control port."""
        async with self.session.get(f"{self.at.control}/control/{what}") as reply:
            answer: dict[str, Any] = await reply.json()
        return answer

    async def ask(self, method: str, now_us: int, **params: object) -> dict[str, Any]:
        """The JSON answer to a signed request."""
        self.count += 1
        parts = (str(self.count), self.at.api_key, params, str(now_us // 1000))
        body = {
            "id": self.count,
            "method": method,
            "params": params,
            "api_key": self.at.api_key,
            "sig": signature(Secret(self.at.api_secret), method, *parts),
            "nonce": now_us // 1000,
        }
        async with self.session.post(f"{self.at.rest}/{method}", json=body) as reply:
            answer: dict[str, Any] = await reply.json()
        return answer | {"date": reply.headers["Date"]}


@asynccontextmanager
async def front(options: ServeOptions = ONE) -> AsyncIterator[Front]:
    async with serving(options) as served, aiohttp.ClientSession() as session:
        yield Front(served, session)


def run(test: Callable[[Front], Awaitable[None]], options: ServeOptions = ONE) -> None:
    async def within() -> None:
        async with front(options) as client:
            await asyncio.wait_for(test(client), timeout=20)

    asyncio.run(within())


async def until(client: Front, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The state of the clock once it is as wanted."""
    while True:
        state = await client.look("state")
        if holds(state):
            return state
        await asyncio.sleep(0.01)


def test_two_processes_move_the_clock_together() -> None:
    async def test(client: Front) -> None:
        for name in ("one", "other"):
            assert await client.control("register", process=name) == {
                "now_us": START_US,
                "status": 200,
            }
        waits = asyncio.create_task(client.control("idle", process="one", until_us=None))
        await until(client, lambda state: state["idle"] == ["one"])

        told = await client.control("idle", process="other", until_us=START_US + HOUR_US)

        assert (
            told == await waits == {"now_us": START_US + HOUR_US, "stirred": False, "status": 200}
        )
        state = await client.look("state")
        assert state == {
            "now_us": START_US + HOUR_US,
            "start_us": START_US,
            "horizon_us": START_US + 48 * HOUR_US,
            "at_horizon": False,
            "idle": [],
            "registered": ["one", "other"],
            "steps": 1,
            "held": 0,
            "orders": 0,
            "fills": 0,
            "mode": "stepping",
        }

    run(test)


def test_a_process_that_dies_while_it_waits_stops_time_until_it_is_back() -> None:
    async def test(client: Front) -> None:
        for name in ("one", "other"):
            await client.control("register", process=name)
        dying = asyncio.create_task(client.control("idle", process="one", until_us=None))
        await until(client, lambda state: state["idle"] == ["one"])
        dying.cancel()
        await until(client, lambda state: state["idle"] == [])

        waits = asyncio.create_task(client.control("idle", process="other", until_us=START_US + 1))
        await until(client, lambda state: state["idle"] == ["other"])
        await asyncio.sleep(0.05)
        assert not waits.done()

        await client.control("register", process="one")
        assert not waits.done()
        await client.control("idle", process="one", until_us=START_US + HOUR_US)
        assert (await waits)["now_us"] == START_US + 1

    run(test)


def test_a_newer_wait_takes_the_place_of_an_older_one_of_the_same_process() -> None:
    async def test(client: Front) -> None:
        for name in ("one", "other"):
            await client.control("register", process=name)
        older = asyncio.create_task(client.control("idle", process="one", until_us=None))
        await until(client, lambda state: state["idle"] == ["one"])

        newer = asyncio.create_task(client.control("idle", process="one", until_us=START_US + 5))
        assert (await older)["now_us"] == START_US
        await client.control("idle", process="other", until_us=None)

        assert (await newer)["now_us"] == START_US + 5

    run(test)


def test_a_stop_that_fires_stirs_everybody_and_stands_in_the_books() -> None:
    async def test(client: Front) -> None:
        await client.control("register", process="one")
        bought = await client.ask(
            "private/create-order",
            START_US,
            instrument_name="BTC_USDT",
            side="BUY",
            type="MARKET",
            quantity="0.01",
            client_oid="entry",
        )
        assert bought["code"] == 0
        await client.ask(
            "private/advanced/create-order",
            START_US,
            instrument_name="BTC_USDT",
            side="SELL",
            type="STOP_LOSS",
            quantity="0.00995",
            ref_price="61000.00",
            client_oid="stop",
        )

        told = await client.control("idle", process="one", until_us=None)

        assert told["stirred"] is True
        assert START_US < told["now_us"] < START_US + 24 * HOUR_US
        books = await client.look("books")
        assert [accept["client_oid"] for accept in books["accepts"]] == ["entry", "stop", "stop"]
        assert books["accepts"][2]["parent_id"] == books["accepts"][1]["order_id"]

    run(test)


def test_at_the_horizon_everybody_waits_until_it_is_moved() -> None:
    async def test(client: Front) -> None:
        await client.control("register", process="one")
        end = START_US + 48 * HOUR_US
        assert (await client.control("idle", process="one", until_us=None))["now_us"] == end

        waits = asyncio.create_task(client.control("idle", process="one", until_us=end + HOUR_US))
        await until(client, lambda state: state["at_horizon"])
        await client.control("horizon", until_us=end + 2 * HOUR_US)

        assert (await waits)["now_us"] == end + HOUR_US

    run(test)


def test_the_pace_makes_a_simulated_hour_last() -> None:
    async def test(client: Front) -> None:
        await client.control("register", process="one")
        await client.control("pace", seconds_per_hour=0.1)
        began = time.monotonic()

        await client.control("idle", process="one", until_us=START_US + 2 * HOUR_US)

        assert time.monotonic() - began >= 0.2

    run(test)


def test_the_date_of_an_answer_is_the_exchange_s_own() -> None:
    async def test(client: Front) -> None:
        await client.control("register", process="one")
        await client.control("idle", process="one", until_us=START_US + HOUR_US)

        answer = await client.ask("private/user-balance", START_US + HOUR_US)

        assert answer["code"] == 0
        assert parsedate_to_datetime(answer["date"]).timestamp() * 1e6 == START_US + HOUR_US

    run(test)


def test_a_lost_answer_ends_the_connection_without_a_word() -> None:
    async def test(client: Front) -> None:
        await client.control("arm", fault="lose_answer", method="private/user-balance")

        with pytest.raises(aiohttp.ServerDisconnectedError):
            await client.ask("private/user-balance", START_US)

        assert (await client.ask("private/user-balance", START_US))["code"] == 0

    run(test)


def test_a_withheld_answer_is_withheld_until_its_client_dies() -> None:
    async def test(client: Front) -> None:
        await client.control("arm", fault="hold_answer", method="private/user-balance")
        waits = asyncio.create_task(client.ask("private/user-balance", START_US))

        await until(client, lambda state: state["held"] == 1)
        assert not waits.done()
        waits.cancel()

        await until(client, lambda state: state["held"] == 0)

    run(test)


@pytest.mark.parametrize(
    ("what", "body", "status"),
    [
        ("idle", {"process": "nobody"}, 409),
        ("idle", {"until_us": 1}, 400),
        ("register", {"process": ""}, 400),
        ("arm", {"fault": "explode", "method": "*"}, 400),
        ("pace", {"seconds_per_hour": -1}, 400),
        ("horizon", {}, 400),
    ],
)
def test_what_is_asked_wrongly_is_answered_with_a_remedy(
    what: str, body: dict[str, object], status: int
) -> None:
    async def test(client: Front) -> None:
        answer = await client.control(what, **body)

        assert answer["status"] == status
        assert answer["error"]
        assert answer["remedy"]

    run(test)


def test_a_broken_promise_of_the_engine_ends_the_server() -> None:
    debt = {"BTC": Decimal(1), "USDT": Decimal(-1000)}

    async def sells_in_spite_of_a_debt() -> None:
        async with front(replace(ONE, balances=debt)) as client:
            with pytest.raises(aiohttp.ContentTypeError):
                await client.ask(
                    "private/create-order",
                    START_US,
                    instrument_name="BTC_USDT",
                    side="SELL",
                    type="MARKET",
                    quantity="0.001",
                )

    with pytest.raises(BrokenInvariant, match="does not own"):
        asyncio.run(sells_in_spite_of_a_debt())


def test_on_the_wall_s_clock_the_replay_is_now_and_nobody_moves_it() -> None:
    async def test(client: Front) -> None:
        now = (await client.look("state"))["now_us"]
        async with client.session.get(f"{client.at.rest}/public/get-tickers") as reply:
            ticker = (await reply.json())["result"]["data"][0]

        assert abs(now / 1e6 - time.time_ns() / 1e9) < 5
        assert abs(ticker["t"] - now // 1000) < 5000
        assert (await client.ask("private/user-balance", now))["code"] == 0
        assert (await client.control("register", process="one"))["status"] == 409

    run(test, replace(ONE, stepping=False))


def test_the_shift_to_the_wall_s_clock_keeps_the_hour_of_the_day() -> None:
    wall = Instant.of_iso("2026-11-22T10:20:30+00:00")
    shifted = configuration(replace(ONE, stepping=False), wall)
    recorded = configuration(ONE, wall)

    bars, before = shifted.replay["BTC_USDT"], recorded.replay["BTC_USDT"]
    assert isinstance(bars, Series)
    assert isinstance(before, Series)
    moved = bars.open_time[0] - before.open_time[0]
    assert moved % 86_400_000 == 0
    assert (
        timedelta(0) <= (wall - timedelta(milliseconds=int(moved))) - DEMO_START < timedelta(days=1)
    )
    assert shifted.start == wall


@pytest.mark.parametrize(
    "options",
    [
        replace(ONE, days=0),
        replace(ONE, start=Instant.of_iso("2010-01-01")),
        replace(ONE, candles=("binance_ETH-USDT_1h", "binance_ETH-USDT_5m")),
        replace(ONE, port=70_000),
        replace(ONE, depth={"ETH_USDT": Decimal(1)}),
    ],
)
def test_an_exchange_that_cannot_be_served_says_why(options: ServeOptions) -> None:
    async def within() -> None:
        async with serving(options):
            pass

    with pytest.raises(BadSettings):
        asyncio.run(within())


def test_a_taken_port_is_a_setting_that_cannot_be() -> None:
    async def test(client: Front) -> None:
        taken = urlsplit(client.at.control).port or 0
        with pytest.raises(BadSettings, match="cannot be opened"):
            async with serving(replace(ONE, port=taken)):
                pass

    run(test)


PROGRAM = """
import asyncio
from interlock.simulator.front.serve import ServeOptions, serve
asyncio.run(serve(ServeOptions(stepping=True, candles=("binance_BTC-USDT_1h",), seed=3)))
"""


def test_the_first_line_says_where_and_sigterm_ends_it_cleanly() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        line = json.loads(program.stdout.readline())
        os.kill(program.pid, signal.SIGTERM)
        _, errors = program.communicate(timeout=20)

    addresses = {"control", "rest", "ws_market", "ws_user"}
    assert set(line) == addresses | {"api_key", "api_secret", "reading_key", "reading_secret"}
    assert line["api_key"] == "sim-key-000003"
    assert line["rest"].endswith("/exchange/v1")
    assert (program.returncode, errors) == (0, "")
