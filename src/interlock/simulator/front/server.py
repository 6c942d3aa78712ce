"""The HTTP front of the engine, on loopback: the exchange's own routes. It adds a Date header and whatever silence was armed.

An answer that is lost ends the connection without a word; one that is withheld keeps it open until the client gives up or dies; one
without end goes on until then. A restart ends every connection of every client, and while it lasts each new one is cut.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final
from weakref import WeakSet

from aiohttp import web
from aiohttp.typedefs import Handler

from interlock.errors import BrokenInvariant
from interlock.simulator.answers import Answer
from interlock.simulator.engine import Engine
from interlock.simulator.faults import Silence
from interlock.simulator.requestlog import Entry, RequestLog
from interlock.simulator.streams.front import Streams
from interlock.values import Instant

BODY_BYTES_MAX: Final = 1_000_000
BABBLE_SECONDS: Final = 0.2


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
        log: RequestLog,
    ) -> None:
        self.log: Final = log
        self._engine: Final = engine
        self.tick: Final = tick
        self._broken: Final = broken
        self.streams: Final = streams
        self.held = 0
        self._lines: Final[WeakSet[asyncio.Transport]] = WeakSet()

    def application(self) -> web.Application:
        """The application that serves the exchange's routes."""
        app = web.Application(client_max_size=BODY_BYTES_MAX, middlewares=[self._unless_down])
        self.streams.add_to(app)
        app.router.add_route("*", "/{path:.*}", self.request)
        return app

    async def request(self, request: web.Request) -> web.Response:
        """One request of the exchange's protocol."""
        body = await request.read()
        began = time.perf_counter_ns()
        try:
            answer = self._answer(request, body)
            await self.streams.pass_on()
        except BrokenInvariant as promise:
            if not self._broken.done():
                self._broken.set_exception(promise)
            raise
        self._note(request, body, answer, (time.perf_counter_ns() - began) // 1000)
        if isinstance(answer, Answer):
            return dated(answer, self._engine.now)
        await self._be_silent(request, answer)
        return cut(request)

    def _answer(self, request: web.Request, body: bytes) -> Answer | Silence:
        self.tick()
        return self._engine.receive(
            request.method, request.path_qs, body, request.remote or "unknown"
        )

    def _note(
        self, request: web.Request, body: bytes, answer: Answer | Silence, micros: int
    ) -> None:
        met, source = tuple(self._engine.faults.met), request.remote or "unknown"
        path, now = request.path_qs, self._engine.now
        self.log.add(Entry(now, "rest", source, path, body, answer, met, micros))

    def cut_all(self) -> None:
        """Ends every connection, as a restart does."""
        for line in list(self._lines):
            line.abort()

    @web.middleware
    async def _unless_down(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """While the exchange restarts nobody reaches it."""
        if self._engine.is_down:
            self.tick()
        if self._engine.is_down:
            return cut(request)
        if request.transport is not None:
            self._lines.add(request.transport)
        return await handler(request)

    async def _be_silent(self, request: web.Request, silence: Silence) -> None:
        """What goes out until the connection is cut."""
        match silence:
            case Silence.HELD:
                await self._hold(asyncio.get_running_loop().create_future())
            case Silence.ENDLESS:
                await self._hold(self._babble(request))
            case Silence.CUT:
                await self._begin(request)
            case Silence.RESTART:
                self.cut_all()
            case Silence.LOST:
                pass

    async def _hold(self, wait: Awaitable[None]) -> None:
        """Waits until the connection dies: then this handler is cancelled."""
        self.held += 1
        try:
            await wait
        finally:
            self.held -= 1

    async def _babble(self, request: web.Request) -> None:
        begun = await self._begin(request)
        while True:
            await asyncio.sleep(BABBLE_SECONDS)
            await begun.write(b" ")

    async def _begin(self, request: web.Request) -> web.StreamResponse:
        """The head of an answer and the first bytes of its body."""
        begun = web.StreamResponse(headers={"Date": http_date(self._engine.now)})
        begun.content_type = "application/json"
        begun.content_length = BODY_BYTES_MAX
        await begun.prepare(request)
        await begun.write(b'{"id":')
        return begun


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
        headers={"Content-Type": answer.content_type, "Date": http_date(answer.date or now)},
    )


def http_date(now: Instant) -> str:
    """An instant as an HTTP date, to the second."""
    return format_datetime(datetime.fromtimestamp(now.micros // 1_000_000, tz=UTC), usegmt=True)
