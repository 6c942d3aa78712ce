"""Paper trading: the prices of another exchange (a second simulator stands in for it), the account, orders and fees our own."""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from interlock.simulator.front.feed import MarketAt
from interlock.simulator.front.serve import ServeOptions, serving
from tests.rooms.simulator.test_server import Front

REAL = ServeOptions(candles=("binance_BTC-USDT_1h",))
OURS = ServeOptions(balances={"USDT": Decimal(50_000)})
SYMBOL = "BTC_USDT"
AGAIN = "The market is heard again."
INTERLOCK = str(Path(sys.executable).with_name("interlock"))
ORDER: dict[str, str] = {"instrument_name": SYMBOL, "side": "BUY", "type": "MARKET"}


def now_us() -> int:
    return time.time_ns() // 1000  # a signed request bears the time of the wall


def run(
    test: Callable[[Front, Front], Awaitable[None]], *, silence_s: int = 10, pause_s: float = 0.1
) -> None:
    """A market that stands in for the real one, and an exchange of ours that listens to it."""

    async def within() -> None:
        async with serving(REAL) as real, aiohttp.ClientSession() as session:
            there = MarketAt((SYMBOL,), real.addresses.rest, real.addresses.ws_market)
            there = replace(there, settle_s=0.05, silence_s=silence_s, pause_s=pause_s)
            async with serving(replace(OURS, market=there)) as ours:
                both = Front(real, session), Front(ours, session)
                await asyncio.wait_for(test(*both), timeout=20)

    asyncio.run(within())


async def asked(front: Front, what: str) -> list[dict[str, Any]]:
    async with front.session.get(f"{front.at.rest}/public/{what}") as reply:
        found: list[dict[str, Any]] = (await reply.json())["result"]["data"]
    return found


async def until(holds: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(15):
        while not await holds():  # noqa: ASYNC110 - it is asked over HTTP
            await asyncio.sleep(0.05)


async def priced(ours: Front) -> bool:
    """Whether our exchange has heard a book and a price."""
    rows = await asked(ours, f"get-tickers?instrument_name={SYMBOL}")
    book = await asked(ours, f"get-book?instrument_name={SYMBOL}&depth=1")
    return bool(rows and book[0]["asks"])


def said_in_turn(errors: str) -> list[str]:
    """What was said on stderr: that the market is not heard, and that it is again, each once at a time."""
    said = errors.splitlines()
    assert all("not heard" in line for line in said[::2])
    assert all(line == AGAIN for line in said[1::2])
    return said


def test_orders_are_filled_at_the_real_price_and_the_real_exchange_hears_of_none() -> None:
    async def test(real: Front, ours: Front) -> None:
        await until(lambda: priced(ours))
        made = await ours.ask("private/create-order", now_us(), **ORDER, quantity="0.01")
        assert made["code"] == 0

        (fill,) = (await ours.look("books"))["fills"]
        (ticker,) = await asked(real, f"get-tickers?instrument_name={SYMBOL}")
        assert abs(Decimal(fill["traded_price"]) / Decimal(ticker["k"]) - 1) < Decimal("0.001")
        assert (await real.look("books"))["orders"] == []

    run(test)


def test_candles_and_tape_are_the_real_ones() -> None:
    async def test(real: Front, ours: Front) -> None:
        await until(lambda: priced(ours))
        for what in ("get-candlestick?timeframe=1h&count=300&", "get-candlestick?timeframe=4h&"):
            there = await asked(real, f"{what}instrument_name={SYMBOL}")
            here = await asked(ours, f"{what}instrument_name={SYMBOL}")
            assert there[:-1] == here[:-1]
            assert len(here) > 20
        prints = await asked(ours, f"get-trades?instrument_name={SYMBOL}")
        known = await asked(real, f"get-trades?instrument_name={SYMBOL}&count=150")
        assert {row["d"] for row in prints[2:]} <= {row["d"] for row in known}
        assert len(prints) == 25

    run(test)


def test_a_line_that_is_cut_is_opened_again(capsys: pytest.CaptureFixture[str]) -> None:
    async def test(real: Front, ours: Front) -> None:
        await until(lambda: priced(ours))
        await real.control("stream", fault="close", code=1006, socket="market")

        async def listens() -> bool:
            listeners = (await real.look("streams"))["listeners"]
            return any(len(each["channels"]) > 3 for each in listeners)

        await asyncio.sleep(0.2)
        await until(listens)
        made = await ours.ask("private/create-order", now_us(), **ORDER, quantity="0.01")
        assert made["code"] == 0

    run(test)
    assert said_in_turn(capsys.readouterr().err)[-1] == AGAIN


def test_a_silent_market_fails_closed_and_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    async def test(real: Front, ours: Front) -> None:
        await until(lambda: priced(ours))
        await real.control("stream", fault="stall", seconds=60.0, socket="market")
        before = await asked(ours, f"get-tickers?instrument_name={SYMBOL}")

        async def refused() -> bool:
            made = await ours.ask("private/create-order", now_us(), **ORDER, quantity="0.01")
            return bool(made["code"] == 309)

        await until(refused)
        await asyncio.sleep(0.2)
        after = await asked(ours, f"get-tickers?instrument_name={SYMBOL}")
        assert after[0]["t"] - before[0]["t"] < 2000
        assert (await ours.ask("private/user-balance", now_us()))["code"] == 0

        async def accepted() -> bool:
            return not await refused()

        await until(accepted)

    run(test, silence_s=2, pause_s=2.0)
    assert said_in_turn(capsys.readouterr().err)


def test_the_command_is_told_where_the_market_is_and_ends_cleanly() -> None:
    async def within() -> None:
        async with serving(REAL) as real, aiohttp.ClientSession() as session:
            at = ("--market-rest", real.addresses.rest, "--market-ws", real.addresses.ws_market)
            program = await asyncio.create_subprocess_exec(
                *(INTERLOCK, "simulate", "--market", "live", "--symbol", SYMBOL, *at),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            assert program.stdout is not None
            line = json.loads(await program.stdout.readline())

            async def told() -> bool:
                where = f"{line['rest']}/public/get-tickers"
                async with session.get(where) as reply:
                    rows = (await reply.json())["result"]["data"]
                return [row["i"] for row in rows] == [SYMBOL]

            await until(told)
            program.terminate()
            _, errors = await program.communicate()
            assert (program.returncode, errors) == (0, b"")

    asyncio.run(within())
