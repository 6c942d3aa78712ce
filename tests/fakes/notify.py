"""The owner's phone: it keeps what it was told, and fails or asks for patience as often as it is told to; and a small Telegram."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiohttp import web

from interlock.errors import AskedToWait, Unreachable


@dataclass(slots=True)
class Phone:
    """`fails` calls in a row are not answered, `waits` more ask for `patience`; a text that holds `poison` is never taken."""

    fails: int = 0
    waits: int = 0
    patience: timedelta = timedelta(seconds=30)
    poison: str = ""
    calls: int = 0
    said: list[str] = field(default_factory=list)

    async def send(self, text: str) -> str:
        self.calls += 1
        if self.poison and self.poison in text:
            raise Unreachable("no message id")
        if self.fails:
            self.fails -= 1
            raise Unreachable("no message id")
        if self.waits:
            self.waits -= 1
            raise AskedToWait(self.patience)
        self.said.append(text)
        return str(1000 + len(self.said))

    def heard(self, words: str) -> list[str]:
        """The texts in which these words are."""
        return [text for text in self.said if words in text]


TAKEN: dict[str, Any] = {"ok": True, "result": {"message_id": 4711, "chat": {"id": 1}}}
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def says(status: int, body: object) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status)

    return answer


@dataclass(slots=True)
class Server:
    """Answers every request with `answer`, and keeps path, body and the names of cookies."""

    answer: Answer
    heard: list[tuple[str, Any]] = field(default_factory=list)
    cookies: list[str] = field(default_factory=list)

    async def hear(self, request: web.Request) -> web.StreamResponse:
        self.cookies += request.cookies
        self.heard.append((request.path, await request.json() if request.can_read_body else None))
        return await self.answer(request)


@asynccontextmanager
async def listening(server: Server) -> AsyncIterator[str]:
    """The base address of the server on loopback, until the block ends."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", server.hear)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()
