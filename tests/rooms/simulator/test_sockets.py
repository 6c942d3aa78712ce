"""The sockets on loopback: who may listen, how long, and how what cannot be done is said."""

import asyncio
import json
import socket
from dataclasses import replace

import aiohttp
import pytest

from interlock.simulator.front.serve import serving
from interlock.simulator.streams.terms import StreamTerms
from tests.rooms.simulator.sockets import BTC, START_MS, STEPPING, Client, World, run

QUICK = replace(STEPPING, streams=StreamTerms(heartbeat_s=0.05, answer_s=0.1))


def test_who_proves_its_key_is_told_so() -> None:
    async def test(world: World) -> None:
        async with world.session.ws_connect(world.at.ws_user) as connection:
            client = Client(connection, world.at)
            answer = await client.ask("public/auth", **client.proof())

            assert answer == {"id": 1, "method": "public/auth", "code": 0}

    run(test)


@pytest.mark.parametrize(
    ("wrong", "code", "text"),
    [
        ({"sig": "0" * 64}, 40101, "UNAUTHORIZED"),
        ({"sig": 5}, 40101, "UNAUTHORIZED"),
        ({"api_key": "nobody"}, 40101, "UNAUTHORIZED"),
        ({"nonce": START_MS + 0.5}, 40101, "UNAUTHORIZED"),
        ({"nonce": START_MS - 60_001}, 40102, "INVALID_NONCE"),
    ],
)
def test_what_proves_nothing_is_refused_and_may_be_said_better(
    wrong: dict[str, object], code: int, text: str
) -> None:
    async def test(world: World) -> None:
        async with world.session.ws_connect(world.at.ws_user) as connection:
            client = Client(connection, world.at)
            answer = await client.ask("public/auth", **(client.proof() | wrong))

            refused = {"id": 1, "method": "public/auth", "code": code, "message": text}
            assert answer == refused
            await client.authenticate()

    run(test)


@pytest.mark.parametrize(("block", "text"), [(40101, "UNAUTHORIZED"), (40103, "IP_ILLEGAL")])
def test_an_address_that_the_key_does_not_admit_is_refused(block: int, text: str) -> None:
    async def test(world: World) -> None:
        await world.control("allowlist", addresses=["127.0.0.1"], code=block)
        connector = aiohttp.TCPConnector(local_addr=("127.0.0.2", 0))
        async with (
            aiohttp.ClientSession(connector=connector) as elsewhere,
            elsewhere.ws_connect(world.at.ws_user) as connection,
        ):
            client = Client(connection, world.at)
            answer = await client.ask("public/auth", **client.proof())
        async with world.user():
            pass

        assert (answer["code"], answer["message"]) == (block, text)

    run(test)


def test_a_key_that_is_revoked_ends_its_connection() -> None:
    async def test(world: World) -> None:
        async with world.user() as client:
            await client.subscribe("user.order")
            await world.control("key", revoked=True)

            assert await client.end() == 1000

    run(test)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("subscribe", {"channels": ["user.order"]}),
        ("private/create-order", {"instrument_name": BTC}),
        ("private/set-cancel-on-disconnect", {"scope": "CONNECTION"}),
        ("private/get-cancel-on-disconnect", {}),
    ],
)
def test_without_a_key_nothing_of_the_account_is_told(
    method: str, params: dict[str, object]
) -> None:
    async def test(world: World) -> None:
        async with world.session.ws_connect(world.at.ws_user) as connection:
            client = Client(connection, world.at)

            answer = await client.ask(method, params=params)
            assert (answer["code"], answer["message"]) == (40101, "UNAUTHORIZED")
            await world.order("BUY", "0.01")
            await client.silence()

    run(test)


def test_a_request_without_an_id_is_answered_as_minus_one_and_one_in_digits_as_a_number() -> None:
    async def test(world: World) -> None:
        async with world.market() as client:
            await client.say("subscribe", params={"channels": [f"ticker.{BTC}"]}, nonce=1)
            assert await client.hear() == {"id": -1, "method": "subscribe", "code": 0}
            assert (await client.hear())["id"] == -1

            await client.say("unsubscribe", id="77", params={"channels": [f"ticker.{BTC}"]})
            assert await client.hear() == {"id": 77, "method": "unsubscribe", "code": 0}

    run(test)


@pytest.mark.parametrize(
    ("path", "channel"),
    [
        ("market", "nonsense.BTC_USDT"),
        ("market", "ticker.NOTHING_USDT"),
        ("market", "book.BTC_USDT"),
        ("market", "book.BTC_USDT.11"),
        ("market", "candlestick.3m.BTC_USDT"),
        ("market", "user.order"),
        ("user", "ticker.BTC_USDT"),
        ("user", "user.balance.BTC_USDT"),
        ("user", "user.order.NOTHING_USDT"),
    ],
)
def test_a_channel_that_is_not_there_is_refused_with_the_words_that_named_it(
    path: str, channel: str
) -> None:
    async def test(world: World) -> None:
        async with world.market() if path == "market" else world.user() as client:
            answer = await client.ask("subscribe", params={"channels": [channel]})

            params = {"channels": [channel]}
            original = {"method": "subscribe", "id": client.count, "params": params}
            assert answer == {
                "id": client.count,
                "method": "subscribe",
                "code": 40003,
                "message": "invalid channel",
                "original": json.dumps(original),
            }

    run(test)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("{", 40001),
        ("[]", 40001),
        ('{"id":1}', 40001),
        ('{"id":"one","method":"subscribe"}', 40001),
        ('{"id":1,"method":"subscribe","params":[]}', 40001),
        ("[" * 60_000, 40001),
        ('{"id":1,"method":"subscribe"}', 40003),
        ('{"id":1,"method":"subscribe","params":{"channels":"ticker"}}', 40003),
        ('{"id":1,"method":"private/create-order","params":{}}', 40002),
        ('{"id":1,"method":"public/get-tickers","params":{}}', 40002),
    ],
)
def test_what_is_no_request_is_refused_and_the_connection_stays(frame: str, code: int) -> None:
    async def test(world: World) -> None:
        async with world.market() as client:
            await client.socket.send_str(frame)
            answer = await client.hear()

            assert answer["code"] == code
            assert (answer["id"], answer["method"]) == (-1, "ERROR") or answer["id"] == 1
            await client.subscribe(f"ticker.{BTC}")

    run(test)


def test_a_frame_that_is_too_long_ends_the_connection() -> None:
    async def test(world: World) -> None:
        async with world.market() as client:
            await client.socket.send_str("x" * 70_000)

            assert await client.end() == 1009

    run(test)


def test_more_than_400_subscriptions_are_refused() -> None:
    async def test(world: World) -> None:
        rows = (await world.public("get-instruments"))["data"]
        names = [f"ticker.{row['symbol']}" for row in rows][:401]
        async with world.market() as client:
            await client.subscribe(*names[:400])

            answer = await client.ask("subscribe", params={"channels": names[400:]})
            while "result" in answer:
                answer = await client.hear()
            assert answer["code"] == 40107

    run(test)


def test_a_heartbeat_that_is_answered_in_time_keeps_the_connection() -> None:
    async def test(world: World) -> None:
        async with world.market() as client:
            for _ in range(4):
                beat = await client.hear()
                assert beat == {"id": beat["id"], "method": "public/heartbeat", "code": 0}
                await client.say("public/respond-heartbeat", id=beat["id"], code=0, more="words")

    run(test, QUICK)


@pytest.mark.parametrize("wrong", [None, 1])
def test_a_heartbeat_that_is_not_answered_with_its_id_closes_with_1000(wrong: int | None) -> None:
    async def test(world: World) -> None:
        async with world.market() as client:
            await client.hear()
            if wrong is not None:
                await client.say("public/respond-heartbeat", id=wrong)
            message = await client.socket.receive(timeout=5)

            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1000)

    run(test, QUICK)


def test_who_does_not_read_is_cut_off_and_nobody_else_waits_for_it() -> None:
    patient = replace(STEPPING, streams=StreamTerms(backlog_bytes_max=100_000))

    async def test(world: World) -> None:
        deaf = await deaf_client(world.at.ws_market)
        async with world.market() as other:
            await other.subscribe(f"book.{BTC}.50")
            with pytest.raises(ConnectionError):
                await shout(deaf)

            assert (await other.hear())["result"]["channel"] == "book"
            assert len((await world.look("streams"))["listeners"]) == 1
        deaf.close()

    run(test, patient)


# What is refused is said back: little to ask for, and much to read.
GREEDY = json.dumps({"method": "subscribe", "params": {"channels": ["x" * 60_000]}}).encode()


async def shout(deaf: socket.socket) -> None:
    for _ in range(1000):
        await asyncio.get_running_loop().sock_sendall(deaf, masked(GREEDY))


async def deaf_client(url: str) -> socket.socket:
    """A connection that never reads what it asks for, with the smallest buffer that there is."""
    host, _, port = url.removeprefix("ws://").partition("/")[0].partition(":")
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.settimeout(0)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(deaf, (host, int(port)))
    hello = (
        "GET /exchange/v1/market HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    await loop.sock_sendall(deaf, hello.encode())
    return deaf


def masked(text: bytes) -> bytes:
    """One text frame as a client sends it, masked with zeros."""
    return bytes([0x81, 0x80 | 126, *len(text).to_bytes(2, "big"), 0, 0, 0, 0]) + text


def test_an_exchange_that_stops_says_that_it_restarts() -> None:
    async def within() -> int | None:
        async with aiohttp.ClientSession() as session:
            async with serving(STEPPING) as served:
                listening = await session.ws_connect(served.addresses.ws_market)
                ends = asyncio.create_task(Client(listening, served.addresses).end())
                await asyncio.sleep(0)
            return await ends

    assert asyncio.run(within()) == 1013


def test_what_was_said_to_a_client_waits_for_no_pong() -> None:
    async def test(world: World) -> None:
        async with world.market() as client:
            await client.socket.ping(b"there?")
            await asyncio.sleep(0.02)
            await client.subscribe(f"ticker.{BTC}")

    run(test)
