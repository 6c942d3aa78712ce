"""A client of the simulated exchange's sockets: what the tests of the streams share. It knows no more than any client."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

import aiohttp

from interlock.protocol.crypto_com.signing import signature
from interlock.simulator.front.serve import DEMO_START, Addresses, ServeOptions, serving
from interlock.values import Secret

BTC = "BTC_USDT"
STEPPING = ServeOptions(stepping=True, days=2, candles=("binance_BTC-USDT_1h",))
WALL = ServeOptions(candles=("binance_BTC-USDT_1h",))
START_MS = DEMO_START.ms
PATIENCE_S = 5
SILENCE_S = 0.1

Frame = dict[str, Any]


class Client:
    """One connection."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, at: Addresses) -> None:
        self.socket = socket
        self.at = at
        self.count = 0

    async def say(self, method: str, **fields: object) -> None:
        """One frame, as it is."""
        await self.socket.send_str(json.dumps({"method": method, **fields}))

    async def hear(self) -> Frame:
        """The next frame."""
        frame: Frame = json.loads(await self.socket.receive_str(timeout=PATIENCE_S))
        return frame

    async def ask(self, method: str, **fields: object) -> Frame:
        """The next frame after this one was said."""
        self.count += 1
        await self.say(method, id=self.count, **fields)
        return await self.hear()

    async def subscribe(self, *channels: str, **params: object) -> None:
        """Subscribes with an id, and hears that it is done."""
        answer = await self.ask("subscribe", params={"channels": channels, **params})
        assert answer == {"id": self.count, "method": "subscribe", "code": 0}

    async def authenticate(self, now_ms: int = START_MS) -> Self:
        """Proves its key."""
        assert (await self.ask("public/auth", **self.proof(now_ms)))["code"] == 0
        return self

    def proof(self, now_ms: int = START_MS) -> dict[str, object]:
        """The fields of the next frame's authentication."""
        secret, key = Secret(self.at.api_secret), self.at.api_key
        sig = signature(secret, "public/auth", str(self.count + 1), key, {}, str(now_ms))
        return {"api_key": key, "sig": sig, "nonce": now_ms}

    async def silence(self) -> None:
        """Nothing comes."""
        try:
            message = await self.socket.receive(timeout=SILENCE_S)
        except TimeoutError:
            return
        raise AssertionError(f"Not silence but {message}.")

    async def end(self) -> int | None:
        """The code with which the other side closes, whatever it says before."""
        async with asyncio.timeout(PATIENCE_S):
            async for _ in self.socket:
                pass
        return self.socket.close_code


class World:
    """An exchange that stands, and everything that a client can reach of it."""

    def __init__(self, at: Addresses, session: aiohttp.ClientSession) -> None:
        self.at = at
        self.session = session
        self.count = 0

    @asynccontextmanager
    async def market(self) -> AsyncIterator[Client]:
        async with self.session.ws_connect(self.at.ws_market) as socket:
            yield Client(socket, self.at)

    @asynccontextmanager
    async def user(self) -> AsyncIterator[Client]:
        """A connection that is authenticated."""
        async with self.session.ws_connect(self.at.ws_user) as socket:
            yield await Client(socket, self.at).authenticate()

    async def control(self, what: str, **body: object) -> Frame:
        """The answer to a POST to the control port."""
        async with self.session.post(f"{self.at.control}/control/{what}", json=body) as reply:
            answer: Frame = await reply.json()
        return answer

    async def look(self, what: str) -> Frame:
        """The answer to a GET to the control port."""
        async with self.session.get(f"{self.at.control}/control/{what}") as reply:
            answer: Frame = await reply.json()
        return answer

    async def step(self, seconds: float) -> None:
        """Lets the stepping clock go on."""
        await self.control("register", process="test")
        until = (await self.look("state"))["now_us"] + int(seconds * 1e6)
        while (await self.control("idle", process="test", until_us=until))["now_us"] < until:
            pass

    async def ask(self, method: str, **params: object) -> Frame:
        """The answer to a signed REST request, at the exchange's time."""
        self.count += 1
        nonce = (await self.look("state"))["now_us"] // 1000
        key, secret = self.at.api_key, Secret(self.at.api_secret)
        sig = signature(secret, method, str(self.count), key, params, str(nonce))
        body = {
            "id": self.count,
            "method": method,
            "params": params,
            "api_key": key,
            "sig": sig,
            "nonce": nonce,
        }
        async with self.session.post(f"{self.at.rest}/{method}", json=body) as reply:
            answer: Frame = await reply.json()
        return answer

    async def order(self, side: str, quantity: str, **params: object) -> Frame:
        """Orders BTC: a limit where a price is given."""
        kind = "LIMIT" if "price" in params else "MARKET"
        asked = {"instrument_name": BTC, "side": side, "type": kind, "quantity": quantity}
        named = {"client_oid": f"order-{self.count}"} | params
        return await self.ask("private/create-order", **asked, **named)

    async def public(self, method: str, **params: str) -> Any:  # noqa: ANN401 - a result is whatever JSON the method answers
        """The result of a public method."""
        async with self.session.get(f"{self.at.rest}/public/{method}", params=params) as reply:
            return (await reply.json())["result"]


def run(test: Callable[[World], Awaitable[None]], options: ServeOptions = STEPPING) -> None:
    """Runs a test against an exchange that stands."""

    async def within() -> None:
        async with serving(options) as served, aiohttp.ClientSession() as session:
            await asyncio.wait_for(test(World(served.addresses, session)), timeout=20)

    asyncio.run(within())
