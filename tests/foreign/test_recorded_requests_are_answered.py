"""Every request and frame that ccxt was once recorded to send verifies here, and is answered as the exchange would answer it now."""

import asyncio
import json
from decimal import Decimal
from typing import Any, Final

import aiohttp
import numpy as np
import pytest
from aiohttp import web

from interlock.protocol.crypto_com.signing import signature
from interlock.simulator.config import ApiKey, Config
from interlock.simulator.engine import Engine
from interlock.simulator.front.server import ExchangeServer
from interlock.simulator.recordings import Series
from interlock.simulator.requestlog import RequestLog
from interlock.simulator.streams.front import Streams
from interlock.values import Instant, Secret
from tests.foreign.recorded import load

FILE: Final = load("ccxt_recorded_requests")
KEY: Final = ApiKey(FILE["api_key"], Secret(FILE["secret"]))
HOUR_MS: Final = 3_600_000
NOW_MS: Final = 1_795_336_205_000
RECORDS: Final[list[dict[str, Any]]] = FILE["records"]
REST: Final = [r for r in RECORDS if r["transport"] == "REST"]
FRAMES: Final = [r for r in RECORDS if r["transport"] == "WS"]
PROOF: Final = next(r["raw_text"] for r in FRAMES if r["case"].startswith("public/auth"))
CASES: Final[list[dict[str, Any]]] = load("ccxt_request_cases")["cases"]
# What names an order or a position that is not there, or orders what is no longer taken, is refused by name.
REFUSED: Final = {
    "private/get-order-detail": {40401},
    "private/cancel-order": {212},
    "private/amend-order": {212},
    "private/close-position": {201},
    # One asks from years ago until now: more than seven days.
    "private/get-trades": {0, 40004},
    "private/create-order": {0, 140001, 208, 416, 43003, 43004},
}
# Of a pair without a price here no order is taken; and what was recorded in 2021 to 2023 asks for the last seven days and more.
REFUSED_CASES: Final = REFUSED | {"private/create-order": {208, 309}}


def engine(now_ms: int) -> Engine:
    """An exchange that stands at this time."""
    opens = now_ms // HOUR_MS * HOUR_MS - 23 * HOUR_MS + HOUR_MS * np.arange(48, dtype=np.int64)
    column = np.full(48, 50000.0)
    pairs = ("BTC_USDT", "ETH_USDT")
    held = {"USDT": Decimal(1_000_000), "BTC": Decimal(100)}
    replay = {p: Series(p, HOUR_MS, opens, column, column, column, column, column) for p in pairs}
    return Engine(Config(start=Instant.of_ms(now_ms), replay=replay, keys=(KEY,), balances=held))


def test_there_are_fifty_eight_of_them() -> None:
    assert (len(REST), len(FRAMES), len(RECORDS), len(CASES)) == (42, 16, 58, 20)


@pytest.mark.parametrize("record", REST, ids=[f"{r['variant']}-{r['case']}"[:80] for r in REST])
def test_a_recorded_request_verifies_and_is_answered(record: dict[str, Any]) -> None:
    body = (record["raw_body"] or "").encode()
    nonce = int(json.loads(body)["nonce"]) if body else NOW_MS

    answer = engine(nonce).handle(record["http_method"], record["path"], body)

    assert answer is not None
    read = json.loads(answer.body)
    method = record["path"].partition("?")[0].removeprefix("/exchange/v1/")
    assert int(read["code"]) in REFUSED.get(method, {0}), read


@pytest.mark.parametrize("record", FRAMES, ids=[r["case"] for r in FRAMES])
def test_a_recorded_frame_is_answered(record: dict[str, Any]) -> None:
    sent = json.loads(record["raw_text"])
    at = int(json.loads(PROOF)["nonce"])

    heard = asyncio.run(_say(engine(at), record["socket"], record["raw_text"]))

    if sent["method"] == "public/respond-heartbeat":
        # Nobody asked for it; the connection goes on and the next word is answered.
        assert heard["method"] == "public/nothing"
        return
    assert (heard["id"], heard["method"], heard["code"]) == (
        int(sent.get("id", -1)),
        sent["method"],
        0,
    )
    assert ("result" in heard) is (sent["method"] == "private/create-order")


async def _say(exchange: Engine, socket: str, frame: str) -> dict[str, Any]:
    """The first answer to a frame on a served socket, on the user's after its recorded proof."""
    broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    log = RequestLog([KEY.secret], None)
    streams = Streams(exchange, lambda: None, broken, log)
    server = ExchangeServer(exchange, lambda: None, broken, streams, log)
    runner = web.AppRunner(server.application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"ws://127.0.0.1:{runner.addresses[0][1]}/exchange/v1/{socket}"
    try:
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as connected:
            if socket == "user" and frame != PROOF:
                await connected.send_str(PROOF)
                assert json.loads(await connected.receive_str(timeout=5))["code"] == 0
            await connected.send_str(frame)
            await connected.send_str('{"id":1,"method":"public/nothing"}')
            heard: dict[str, Any] = json.loads(await connected.receive_str(timeout=5))
            return heard
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{n}-{c['ccxt_method']}" for n, c in enumerate(CASES)]
)
def test_every_request_that_a_unified_call_must_make_is_answered(case: dict[str, Any]) -> None:
    method, params = case["endpoint"], case["params"]
    if params is None:
        verb, path = method.split(" ")
        answer = engine(NOW_MS).handle(verb, f"/exchange/v1/{path}", b"")
    else:
        signed = (KEY.secret, method, "1", KEY.key, params, str(NOW_MS))
        body = {"id": 1, "method": method, "params": params, "nonce": NOW_MS}
        sent = json.dumps(body | {"api_key": KEY.key, "sig": signature(*signed)}).encode()
        answer = engine(NOW_MS).handle("POST", f"/exchange/v1/{method}", sent)

    assert answer is not None
    assert int(json.loads(answer.body)["code"]) in REFUSED_CASES.get(method, {0})
