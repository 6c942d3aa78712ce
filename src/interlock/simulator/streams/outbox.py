"""What waits to be sent on one socket, in order. A listener that does not read is cut off when too much waits for it.

Sending never waits for a listener but in the listener's own task, so that nobody's slowness is anybody else's.
"""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Final

from aiohttp import web

ABNORMAL: Final = 1006


class Outbox:
    """The frames of one socket; a whole number among them is the code with which it then closes."""

    def __init__(
        self, socket: web.WebSocketResponse, transport: asyncio.Transport | None, bytes_max: int
    ) -> None:
        self._socket: Final = socket
        self._transport: Final = transport
        self._bytes_max: Final = bytes_max
        self._waiting: Final[deque[bytes | int]] = deque()
        self._size = 0
        self._some: Final = asyncio.Event()
        self._flows: Final = asyncio.Event()
        self._flows.set()
        self.is_closing = False

    @property
    def waiting(self) -> int:
        """How many bytes wait."""
        return self._size

    def put(self, frame: bytes) -> None:
        """Queues a frame, or cuts the socket when too much waits."""
        if self._size + len(frame) > self._bytes_max:
            self.cut()
            return
        self._size += len(frame)
        self._waiting.append(frame)
        self._some.set()

    def close(self, code: int) -> None:
        """Closes the socket after what waits; 1006 is no word but a cut."""
        if code == ABNORMAL:
            self.cut()
            return
        self.is_closing = True
        self._waiting.append(code)
        self._some.set()

    def cut(self) -> None:
        """Ends the connection without a word."""
        self._waiting.clear()
        if self._transport is not None:
            self._transport.abort()

    def stall(self, seconds: float) -> None:
        """Says nothing for so long, heartbeats included; what waits is said afterwards."""
        self._flows.clear()
        asyncio.get_running_loop().call_later(seconds, self._flows.set)

    async def run(self) -> None:
        """Sends until the socket is closed from here, or gone."""
        while True:
            await self._some.wait()
            await self._flows.wait()
            while self._waiting and self._flows.is_set():
                each = self._waiting.popleft()
                if isinstance(each, int):
                    await self._socket.close(code=each)
                    return
                self._size -= len(each)
                with suppress(ConnectionError):
                    await self._socket.send_str(each.decode())
            if not self._waiting:
                self._some.clear()
