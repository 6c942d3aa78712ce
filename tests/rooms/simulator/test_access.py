"""Who may come, and from where: a key's settings at the simulated exchange, over real HTTP from real addresses, changed while it runs."""

import asyncio
import json
import ssl
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest

from interlock.errors import BadSettings, NotAuthorised
from interlock.exchange import AiohttpTransport, Credentials, CryptoComExchange
from interlock.simulator.config import ApiKey, Permission, demo_key
from interlock.simulator.front.serve import Served, ServeOptions, Tls, serving, wall_now
from interlock.simulator.switches import switches_of
from interlock.values import Secret
from tests.fakes.certificate import certificate
from tests.rooms.simulator.person import Person, exchange

PROGRAM = str(Path(sys.executable).with_name("interlock"))
ONE = ("binance_BTC-USDT_1h",)
SHORT = {"code": 40101, "message": "Authentication failure"}


def on(options: ServeOptions, test: Callable[[Served], Awaitable[None]]) -> None:
    async def within() -> None:
        async with serving(options) as served:
            await asyncio.wait_for(test(served), timeout=20)

    asyncio.run(within())


async def balance(served: Served, source: str) -> int:
    """0 when the wallet is shown to this address, else the code."""
    at = served.addresses
    async with AiohttpTransport(at.rest, source_address=source) as transport:
        keys = Credentials(Secret(at.api_key), Secret(at.api_secret))
        client = CryptoComExchange(transport, keys, wall_now)
        assert await client.ticks()
        try:
            await client.account()
        except NotAuthorised as refused:
            return refused.code
        return 0


async def control(served: Served, what: str, **body: object) -> dict[str, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{served.addresses.control}/control/{what}", json=body) as reply,
    ):
        answer: dict[str, Any] = await reply.json()
        return answer | {"status": reply.status}


@pytest.mark.parametrize("code", [40101, 40103])
def test_a_key_is_answered_where_its_allowlist_says_and_the_market_everywhere(code: int) -> None:
    async def test(served: Served) -> None:
        assert await balance(served, "127.0.0.2") == 0
        assert await balance(served, "127.0.0.3") == code

        await control(served, "allowlist", addresses=["127.0.0.0/30"], code=code)
        assert await balance(served, "127.0.0.3") == 0
        assert await balance(served, "127.0.0.4") == code

        await control(served, "allowlist", addresses=[], code=code)
        assert await balance(served, "127.0.0.2") == code

        await control(served, "allowlist", addresses=None)
        assert await balance(served, "127.0.0.2") == 0

    on(
        ServeOptions(
            candles=ONE, allow=("127.0.0.2",), switches=switches_of([f"ip_block_style={code}"])
        ),
        test,
    )


def test_a_revoked_key_is_no_key_until_it_is_brought_back() -> None:
    async def test(served: Served) -> None:
        await control(served, "key", revoked=True)
        assert await balance(served, "127.0.0.1") == 40101

        await control(served, "key", revoked=False)
        assert await balance(served, "127.0.0.1") == 0

    on(ServeOptions(candles=ONE), test)


def test_both_refusals_of_an_address_have_the_words_and_the_status_of_the_exchange() -> None:
    person = Person(exchange())
    access = person.engine.access

    access.allow(["10.0.0.1"])
    assert person.ask("user-balance") == SHORT
    assert person.last == 401

    access.allow(["10.0.0.1"], 40103)
    assert (person.ask("user-balance")["code"], person.last) == (40103, 401)
    assert person.ask("user-balance")["message"] == "IP_ILLEGAL"


def test_an_address_is_looked_at_before_the_signature_and_after_the_nonce() -> None:
    person = Person(exchange())
    person.engine.access.allow([], 40103)
    path = "/exchange/v1/private/user-balance"

    assert person.send("POST", path, person.signed("private/user-balance", {}, sig="0" * 64))[
        "code"
    ] == (40103)
    assert person.send("POST", path, person.signed("private/user-balance", {}, nonce=1))[
        "code"
    ] == (40102)


def test_a_key_that_may_only_read_reads_and_orders_nothing_until_it_may_trade() -> None:
    person = Person(exchange())
    access = person.engine.access

    access.change(revoked=None, permission=Permission.READ)
    assert person.buy() == SHORT
    assert person.ask("user-balance")["code"] == 0

    access.change(revoked=None, permission=Permission.TRADE)
    assert person.buy()["code"] == 0


def test_one_key_of_several_is_changed_alone() -> None:
    other = ApiKey("other", Secret("worth-nothing"))
    engine = exchange(keys=(demo_key(0), other))

    engine.access.allow(["10.0.0.1"], name="other")
    engine.access.change(revoked=True, permission=None, name="other")

    assert Person(engine).ask("user-balance")["code"] == 0
    assert Person(engine, other).ask("user-balance") == SHORT


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("allowlist", {"addresses": ["everyone"]}),
        ("allowlist", {"addresses": None, "code": 200}),
        ("allowlist", {"addresses": None, "key": "nobody's"}),
        ("allowlist", {}),
        ("key", {"revoked": "perhaps"}),
        ("key", {"permission": "withdraw"}),
    ],
)
def test_a_change_that_cannot_be_is_refused_and_changes_nothing(
    what: str, body: dict[str, object]
) -> None:
    async def test(served: Served) -> None:
        assert (await control(served, what, **body))["status"] == 400
        assert await balance(served, "127.0.0.1") == 0

    on(ServeOptions(candles=ONE), test)


def test_the_old_gateway_answers_its_refusal_on_the_same_port() -> None:
    async def test(served: Served) -> None:
        root = served.addresses.rest.removesuffix("/exchange/v1")
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{root}/v2/public/get-time") as reply,
        ):
            assert reply.status == 400
            assert await reply.read() == b'{"code":"10004","msg":"BAD_REQUEST"}'

    on(ServeOptions(candles=ONE), test)


def test_an_exchange_with_a_certificate_is_encrypted(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, "127.0.0.1")

    async def test(served: Served) -> None:
        rest = served.addresses.rest
        assert rest.startswith("https://127.0.0.1:")
        trust = ssl.create_default_context(cafile=str(cert))
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{rest}/public/get-tickers", ssl=trust) as reply,
        ):
            assert reply.status == 200

    on(ServeOptions(candles=ONE, tls=Tls(cert, key)), test)

    with pytest.raises(BadSettings, match="no certificate"):
        Tls(key, key).context()


@contextmanager
def simulator(*words: str) -> Iterator[dict[str, str]]:
    child = subprocess.Popen([PROGRAM, "simulate", *words], stdout=subprocess.PIPE, env={})
    assert child.stdout is not None
    try:
        yield json.loads(child.stdout.readline())
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def test_the_command_says_from_where_and_where_it_stands(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, "127.0.0.7")
    words = ("--allow", "127.0.0.8", "--switch", "ip_block_style=40103", "--bind", "127.0.0.7")

    with simulator(*words, "--tls-cert", str(cert), "--tls-key", str(key)) as said:
        assert said["rest"].startswith("https://127.0.0.7:")
        assert said["control"].startswith("http://127.0.0.1:")
        trust = ssl.create_default_context(cafile=str(cert))
        answer = httpx.get(f"{said['rest']}/public/get-tickers", verify=trust)
        assert answer.status_code == 200


@pytest.mark.parametrize("option", ["--bind", "--control-bind"])
def test_another_address_than_loopback_takes_a_word_of_the_operator(option: str) -> None:
    words = [PROGRAM, "simulate", option, "0.0.0.0"]  # noqa: S104 (what must be refused)
    ended = subprocess.run(words, capture_output=True, text=True, env={}, check=False)

    assert ended.returncode == 2
    assert "--beyond-loopback" in ended.stderr
    assert ended.stdout == ""


def test_beyond_loopback_it_stands_where_it_is_told() -> None:
    with simulator("--bind", "0.0.0.0", "--beyond-loopback") as said:  # noqa: S104 (this very port is the test)
        assert said["rest"].startswith("http://0.0.0.0:")
