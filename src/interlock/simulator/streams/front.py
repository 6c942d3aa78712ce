"""Both sockets of the exchange: who is connected, what they say, and what is passed on to them after each request and step of the clock.

Nothing is remembered for those who are away: what happened between two connections is not said again.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import WSMsgType, web

from interlock.errors import BrokenInvariant
from interlock.simulator.engine import Engine
from interlock.simulator.requestlog import Entry, RequestLog
from interlock.simulator.streams.audience import Audience
from interlock.simulator.streams.channels import Socket
from interlock.simulator.streams.commands import Commands, Heard
from interlock.simulator.streams.listener import Listener
from interlock.simulator.streams.outbox import Outbox
from interlock.simulator.streams.terms import USUAL, StreamTerms

RESTARTING: Final = 1013
Route = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Streams:
    """The two sockets. `tick` brings the engine's clock up to date; `broken` fails when a promise of the engine does not hold."""

    def __init__(
        self,
        engine: Engine,
        tick: Callable[[], None],
        broken: asyncio.Future[None],
        log: RequestLog,
        terms: StreamTerms = USUAL,
    ) -> None:
        self._log: Final = log
        self._engine: Final = engine
        self._tick: Final = tick
        self._broken: Final = broken
        self._terms: Final = terms
        self.audience: Final = Audience(engine)
        self._commands: Final = Commands(engine, self.audience, terms)

    def add_to(self, app: web.Application) -> None:
        """Serves both sockets there."""
        for socket in Socket:
            app.router.add_get(f"/exchange/v1/{socket.value}", self._route(socket))
        app.on_shutdown.append(self._farewell)

    async def pass_on(self) -> None:
        """Tells everybody what has happened, and lets it go out before anything else is said."""
        self.audience.pass_on()
        if self.audience.listeners:
            await asyncio.sleep(0)

    def _route(self, socket: Socket) -> Route:
        async def connected(request: web.Request) -> web.StreamResponse:
            return await self._serve(request, socket)

        return connected

    async def _serve(self, request: web.Request, socket: Socket) -> web.WebSocketResponse:
        terms = self._terms
        response = web.WebSocketResponse(
            timeout=terms.farewell_s, max_msg_size=terms.frame_bytes_max, compress=False
        )
        await response.prepare(request)
        outbox = Outbox(response, request.transport, terms.backlog_bytes_max)
        source = request.remote or "unknown"
        listener = Listener(socket, source, outbox, self.audience.faults)
        self.audience.listeners.append(listener)
        sends = asyncio.create_task(outbox.run())
        beats = asyncio.create_task(listener.keep_alive(terms, lambda: self._engine.now))
        try:
            async for message in response:
                if message.type is WSMsgType.TEXT:
                    self._hear(listener, message.data)
            if outbox.is_closing:
                await sends
        finally:
            sends.cancel()
            beats.cancel()
            self._leave(listener)
        return response

    def _hear(self, listener: Listener, frame: str) -> None:
        """One thing that a client said; what it brings about is told before it is answered."""
        began = time.perf_counter_ns()
        try:
            self._tick()
            self.audience.pass_on()
            self._engine.faults.met = []
            heard = self._commands.obey(listener, frame)
            self.audience.pass_on()
        except BrokenInvariant as promise:
            if not self._broken.done():
                self._broken.set_exception(promise)
            raise
        self._note(listener, frame, heard, (time.perf_counter_ns() - began) // 1000)
        for answer in heard.answers:
            listener.outbox.put(answer)
        for first, channel in heard.firsts:
            listener.tell(first, channel)

    def _note(self, listener: Listener, frame: str, heard: Heard, micros: int) -> None:
        answer = heard.answers[0] if heard.answers else None
        met, now, via = tuple(self._engine.faults.met), self._engine.now, listener.socket.value
        self._log.add(Entry(now, via, listener.source, "", frame, answer, met, micros))

    def _leave(self, listener: Listener) -> None:
        self.audience.leave(listener)
        self._commands.disconnected(listener)
        self.audience.pass_on()

    async def _farewell(self, app: web.Application) -> None:  # noqa: ARG002 - aiohttp hands it over
        for listener in self.audience.listeners:
            listener.outbox.close(RESTARTING)
