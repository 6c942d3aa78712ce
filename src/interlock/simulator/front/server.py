"""The HTTP front of the engine, on loopback: the exchange's own routes. It adds a Date header and whatever silence was armed.

An answer that is lost ends the connection without a word; one that is withheld keeps it open until the client gives up or dies.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

from aiohttp import web

from interlock.errors import BrokenInvariant
from interlock.simulator.answers import Answer
from interlock.simulator.engine import Engine
from interlock.simulator.faults import Silence
from interlock.simulator.streams.front import Streams
from interlock.values import Instant

BODY_BYTES_MAX: Final = 1_000_000


class ExchangeServer:
    """The routes of the exchange over one engine; `tick` brings the engine's clock up to date before each request.

    `broken` fails when a promise of the engine does not hold: what it says from then on is worth nothing.
    """

    def __init__(
        self,
        engine: Engine,
        tick: Callable[[], None],
        broken: asyncio.Future[None],
        streams: Streams,
    ) -> None:
        self._engine: Final = engine
        self._tick: Final = tick
        self._broken: Final = broken
        self._streams: Final = streams
        self.held = 0

    def application(self) -> web.Application:
        """The application that serves the exchange's routes."""
        app = web.Application(client_max_size=BODY_BYTES_MAX)
        self._streams.add_to(app)
        app.router.add_route("*", "/{path:.*}", self.request)
        return app

    async def request(self, request: web.Request) -> web.Response:
        """One request of the exchange's protocol."""
        body = await request.read()
        try:
            answer = self._answer(request, body)
            await self._streams.pass_on()
        except BrokenInvariant as promise:
            if not self._broken.done():
                self._broken.set_exception(promise)
            raise
        if isinstance(answer, Answer):
            return dated(answer, self._engine.now)
        if answer is Silence.HELD:
            await self._hold()
        return cut(request)

    def _answer(self, request: web.Request, body: bytes) -> Answer | Silence:
        self._tick()
        return self._engine.receive(
            request.method, request.path_qs, body, request.remote or "unknown"
        )

    async def _hold(self) -> None:
        """Waits until the connection dies: then this handler is cancelled."""
        self.held += 1
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.held -= 1


def cut(request: web.Request) -> web.Response:
    """Ends the connection without a word; the response goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def dated(answer: Answer, now: Instant) -> web.Response:
    """The answer as an HTTP response whose Date is the exchange's own time."""
    return web.Response(
        status=answer.status,
        body=answer.body,
        headers={"Content-Type": answer.content_type, "Date": http_date(now)},
    )


def http_date(now: Instant) -> str:
    """An instant as an HTTP date, to the second."""
    return format_datetime(datetime.fromtimestamp(now.micros // 1_000_000, tz=UTC), usegmt=True)
