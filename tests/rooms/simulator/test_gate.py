"""The control port answers whoever has its URL; without the token, by another's name or from another's page nobody is answered."""

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import aiohttp
import pytest

from interlock.errors import BadSettings
from interlock.simulator.front.serve import Served, ServeOptions, serving

TOKEN = "a-token-of-this-test"  # noqa: S105 - it opens an exchange of this test
ONE = ServeOptions(candles=("binance_BTC-USDT_1h",), control_token=TOKEN)
Asks = Callable[..., Awaitable[tuple[int, dict[str, str]]]]


def asking(test: Callable[[Served, Asks], Awaitable[None]], options: ServeOptions = ONE) -> None:
    async def within() -> None:
        async with serving(options) as served, aiohttp.ClientSession() as session:
            port = urlsplit(served.addresses.control).port

            async def ask(path: str, **headers: str) -> tuple[int, dict[str, str]]:
                url = f"http://127.0.0.1:{port}{path}"
                async with session.get(url, headers=headers) as reply:
                    return reply.status, await reply.json()

            await test(served, ask)

    asyncio.run(within())


def test_the_url_of_the_first_line_is_the_right_to_ask() -> None:
    async def test(served: Served, ask: Asks) -> None:
        assert served.addresses.control.endswith(f"/{TOKEN}")
        assert (await ask(f"/{TOKEN}/control/state"))[0] == 200

    asking(test)


@pytest.mark.parametrize(
    "path",
    [
        "/control/state",
        "/",
        "//control/state",
        "/another-token-of-it/control/state",
        f"/{TOKEN[:-1]}/control/state",
        f"/{TOKEN}x/control/state",
        "/%C3%A9/control/state",
    ],
)
def test_without_the_token_nothing_is_there_and_it_is_said_what_to_do(path: str) -> None:
    async def test(_: Served, ask: Asks) -> None:
        status, said = await ask(path)
        assert (status, said["error"]) == (404, "Nothing is here.")
        assert "first line" in said["remedy"]

    asking(test)


def test_what_this_port_does_not_understand_is_said_to_be_so() -> None:
    async def test(_: Served, ask: Asks) -> None:
        for path, status in (("nothing", 404), ("control/arm", 405)):
            assert (await ask(f"/{TOKEN}/{path}"))[0] == status
            assert "docs" in (await ask(f"/{TOKEN}/{path}"))[1]["remedy"]

    asking(test)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.example:8778"},
        {"Host": "localhost.example"},
        {"Host": ""},
        {"Origin": "https://page.example"},
        {"Origin": "null"},
    ],
)
def test_another_name_and_another_page_are_refused_with_the_token_too(
    headers: dict[str, str],
) -> None:
    async def test(_: Served, ask: Asks) -> None:
        status, said = await ask(f"/{TOKEN}/control/state", **headers)
        assert status == 403
        assert "address" in said["remedy"]

    asking(test)


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "[::1]:9"])
def test_an_address_is_a_name_that_nobody_can_move(host: str) -> None:
    async def test(_: Served, ask: Asks) -> None:
        own = {"Host": host, "Origin": f"http://{host}"}
        assert (await ask(f"/{TOKEN}/control/state", **own))[0] == 200

    asking(test)


def test_a_token_is_drawn_anew_for_each_exchange() -> None:
    seen: list[str] = []

    async def test(served: Served, _: Asks) -> None:
        seen.append(urlsplit(served.addresses.control).path)

    for _ in range(2):
        asking(test, ServeOptions(candles=("binance_BTC-USDT_1h",)))
    assert len(set(seen)) == 2
    assert all(len(path) > 20 for path in seen)


@pytest.mark.parametrize("token", ["short", "with/slash-in-the-middle", "", "ä" * 20])
def test_a_token_that_is_none_is_refused(token: str) -> None:
    async def test(_: Served, __: Asks) -> None:
        raise AssertionError("It stood.")

    with pytest.raises(BadSettings, match="12 to 128"):
        asking(test, ServeOptions(candles=("binance_BTC-USDT_1h",), control_token=token))
