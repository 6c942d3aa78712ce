"""An exchange that says aloud what it was told: it stands before the real simulator and echoes every secret wherever it can put a text.

It spoils the first few answers of some methods (a refusal, a 401, a page of HTML, a broken row) and lets all others through, so that
the platform goes on trading and has something to write down.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

PREFIX = "/exchange/v1/"
Spoil = Callable[[str, bytes, str], tuple[int, bytes]]


def refused(code: int, status: int) -> Spoil:
    """The exchange's own words for no, with the echo in them."""

    def spoil(method: str, asked: bytes, echo: str) -> tuple[int, bytes]:
        number = json.loads(asked or b"{}").get("id", -1)
        said = {"id": number, "method": method, "code": code, "message": f"No: {echo}"}
        return status, json.dumps(said).encode()

    return spoil


def page(_: str, __: bytes, echo: str) -> tuple[int, bytes]:
    """What a proxy in between says."""
    return 502, f"<html><title>{echo}</title></html>".encode()


def broken(_: str, __: bytes, echo: str) -> tuple[int, bytes]:
    """Bytes that end too early."""
    return 200, f'{{"id": 1, "code": 0, "result": {{"data": [{{"i": "{echo}"'.encode()


def strange_row(method: str, _: bytes, echo: str) -> tuple[int, bytes]:
    """A row whose every word is the echo, where rows are expected."""
    row = dict.fromkeys(("i", "symbol", "instrument_name", "a", "k", "t", "order_id"), echo)
    said = {"id": -1, "method": method, "code": 0, "result": {"data": [row]}}
    return 200, json.dumps(said).encode()


# Method -> which of its answers, counted from one, are spoilt and how.
SPOILT: Mapping[str, Mapping[int, Spoil]] = {
    "private/create-order": {1: refused(306, 400)},
    "private/advanced/create-order": {1: refused(140001, 400)},
    "private/user-balance": {2: refused(40101, 401), 3: page, 4: broken},
    "public/get-tickers": {2: strange_row, 3: page, 4: broken},
    "public/get-instruments": {1: strange_row},
    "private/get-order-history": {2: refused(40101, 401), 3: broken},
    "private/get-trades": {2: page},
    "public/ip": dict.fromkeys(range(1, 9), page),
}


@dataclass(slots=True)
class Hostile:
    """The exchange at `behind`, as somebody hostile passes it on. `spoilt` counts what it did, by method."""

    behind: str
    echo: str
    asked: Counter[str] = field(default_factory=Counter)
    spoilt: Counter[str] = field(default_factory=Counter)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        method, body = request.path.removeprefix(PREFIX), await request.read()
        self.asked[method] += 1
        spoil = SPOILT.get(method, {}).get(self.asked[method])
        if spoil is not None:
            self.spoilt[method] += 1
            status, said = spoil(method, body, self.echo)
            return web.Response(status=status, body=said, headers={"X-Echo": self.echo})
        kind = {"Content-Type": request.content_type} if body else {}
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                request.method,
                f"{self.behind}/{method}",
                params=request.query,
                data=body or None,
                headers=kind,
            ) as reply,
        ):
            # The exchange's own time: by it the platform knows that the clocks agree, and enters.
            told = {"Date": reply.headers["Date"]}
            return web.Response(status=reply.status, body=await reply.read(), headers=told)


@asynccontextmanager
async def standing_before(hostile: Hostile) -> AsyncIterator[str]:
    """The REST address of the hostile exchange on loopback, until the block ends."""
    app = web.Application()
    app.router.add_route("*", f"{PREFIX}{{tail:.*}}", hostile.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}/exchange/v1"
    finally:
        await runner.cleanup()
