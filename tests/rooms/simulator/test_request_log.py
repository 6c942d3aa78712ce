"""The log of requests says what was asked and how it was answered, on REST and on both sockets, and no secret ever."""

import asyncio
import json
import stat
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from interlock.errors import BadSettings
from interlock.simulator.config import ApiKey
from interlock.simulator.front.serve import ServeOptions, serving
from interlock.values import Secret
from tests.canary.scanner import CANARIES, scan
from tests.rooms.simulator.sockets import BTC, STEPPING, World, run

KEY = ApiKey(CANARIES["api_key"], Secret(CANARIES["api_secret"]))
TOKEN = CANARIES["api_token"]
Row = dict[str, Any]


def logged(
    folder: Path, test: Callable[[World], Awaitable[None]], options: ServeOptions = STEPPING
) -> list[Row]:
    """What the log says of what a test did."""
    file = folder / "requests.jsonl"
    run(test, replace(options, log=str(file)))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_each_request_is_one_line_with_its_answer_its_fault_and_its_time(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        await world.control("arm", fault="refuse", method="private/user-balance")
        await world.ask("private/user-balance")
        await world.control("arm", fault="lose_answer", method="private/create-order")
        with pytest.raises(aiohttp.ClientError):
            await world.order("BUY", "0.01", client_oid="lost", price="40000")
        await world.public("get-tickers", instrument_name=BTC)

    refused, lost, ticker = logged(tmp_path, test)

    assert refused.pop("us") > 0
    assert refused == {
        "at": "2024-02-29T00:00:00.000000+00:00",
        "via": "rest",
        "source": "127.0.0.1",
        "method": "private/user-balance",
        "id": 1,
        "client_oid": None,
        "key": Secret("sim-key-000000").fingerprint(),
        "params": {},
        "status": 429,
        "code": 42901,
        "faults": ["refuse"],
    }
    assert (lost["client_oid"], lost["params"]["price"]) == ("lost", "40000")
    assert (lost["status"], lost["heard"]) == (None, "nothing: the connection is cut")
    assert lost["faults"] == ["lose_answer"]
    assert (ticker["method"], ticker["params"]) == ("public/get-tickers", {"instrument_name": BTC})
    assert (ticker["status"], ticker["code"], ticker["faults"]) == (200, 0, [])


def test_a_command_on_a_socket_is_a_line_too(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        async with world.user() as client:
            await world.control("arm", fault="refuse", method="private/cancel-order", code=212)
            await client.ask("private/cancel-order", params={"client_oid": "none"})
            await client.say("no json at all")
        async with world.market() as client:
            await client.subscribe(f"ticker.{BTC}")

    proof, cancel, _, ticker = logged(tmp_path, test)

    assert (proof["via"], proof["method"], proof["code"]) == ("user", "public/auth", 0)
    assert proof["key"] == Secret("sim-key-000000").fingerprint()
    assert (cancel["code"], cancel["client_oid"], cancel["faults"]) == (212, "none", ["refuse"])
    assert ticker["via"] == "market"
    assert ticker["params"] == {"channels": [f"ticker.{BTC}"]}


def test_no_secret_leaves_by_the_log(tmp_path: Path) -> None:
    planted = [*CANARIES.values(), KEY.secret.reveal()]

    async def test(world: World) -> None:
        for each in planted:
            await world.ask("private/user-balance", password=each, client_oid=KEY.secret.reveal())
            await world.ask(f"private/{each}", order_list=[{"token": each}, {"x": [each]}])
            await world.session.get(f"{world.at.rest}/public/get-book", params={"api_key": each})
            body = {"id": 1, "method": each, "api_key": each, "sig": each, each: each}
            await world.session.post(f"{world.at.rest}/private/user-balance", json=body)
            await world.session.post(f"{world.at.rest}/private/user-balance", data=each)
        async with world.user() as client:
            for each in planted:
                await client.ask(each, params={each: each, "channels": [KEY.secret.reveal()]})
                await client.ask("private/create-order", params={"pass": each}, sig=each)

    rows = logged(tmp_path, test, replace(STEPPING, key=KEY, control_token=TOKEN))

    assert len(rows) > 5 * len(planted)
    assert scan(json.dumps(rows).encode()) == []
    assert all("sig" not in row and "nonce" not in row for row in rows)


@pytest.mark.parametrize("name", ["", "no/such/folder/log"])
def test_a_log_that_cannot_be_written_is_a_setting_that_cannot_be(
    tmp_path: Path, name: str
) -> None:
    async def within() -> None:
        async with serving(ServeOptions(candles=STEPPING.candles, log=str(tmp_path / name))):
            raise AssertionError("It stood.")

    with pytest.raises(BadSettings, match="cannot be written"):
        asyncio.run(within())
