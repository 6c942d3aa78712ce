"""The other part that is not inside the simulation: the frames of one WebSocket, and whether it still stands.

It does not sign, read, answer or dial again. Pings of the protocol below are answered by the library; the exchange's own are not.
"""

from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Final

import aiohttp

from interlock.errors import NotSent, Unreachable
from interlock.ports import Dial

TIMEOUT: Final = timedelta(seconds=10)
FRAME_MAX: Final = 8 * 1024 * 1024
TROUBLE: Final = (aiohttp.ClientError, ConnectionError, TimeoutError, OSError, ValueError)


class AiohttpLine:
    """`ports.Line` over one connection; the session that carries it ends with it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, holds: AsyncExitStack) -> None:
        self._socket: Final = socket
        self._holds: Final = holds

    async def say(self, frame: bytes) -> None:
        """Sends one frame as text; raises Unreachable when the line is broken."""
        try:
            await self._socket.send_str(frame.decode())
        except TROUBLE as error:
            raise Unreachable(f"The line is broken: {type(error).__name__}.") from error

    async def hear(self) -> bytes:
        """The next frame; raises Unreachable when the line is broken."""
        try:
            message = await self._socket.receive()
        except TROUBLE as error:
            raise Unreachable(f"The line is broken: {type(error).__name__}.") from error
        if message.type is aiohttp.WSMsgType.TEXT:
            return str(message.data).encode()
        if message.type is aiohttp.WSMsgType.BINARY:
            return bytes(message.data)
        raise Unreachable(f"The line was closed ({self._socket.close_code}).")

    async def hang_up(self) -> None:
        """Ends the connection."""
        await self._holds.aclose()


def dials(url: str, *, source_address: str | None = None, timeout: timedelta = TIMEOUT) -> Dial:
    """What opens a line to this address, once for each call."""

    async def dial() -> AiohttpLine:
        async with AsyncExitStack() as stack:
            session = await stack.enter_async_context(_session(source_address, timeout))
            try:
                socket = await session.ws_connect(url, max_msg_size=FRAME_MAX, compress=0)
            except TROUBLE as error:
                raise NotSent(f"No line to the user stream: {type(error).__name__}.") from error
            stack.push_async_callback(socket.close)
            return AiohttpLine(socket, stack.pop_all())

    return dial


def _session(source_address: str | None, timeout: timedelta) -> aiohttp.ClientSession:
    local = (source_address, 0) if source_address else None
    seconds = timeout.total_seconds()
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(local_addr=local),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=seconds),
        trust_env=False,
        headers={"User-Agent": "interlock"},
    )
