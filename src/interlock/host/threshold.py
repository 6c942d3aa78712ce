"""Who stands on the threshold: a connection that has not said yet what it asks. It may stand there for a while, and not in a crowd.

A server without this keeps every half-open connection, and answers 503 to everybody once there are too many of them.
"""

import asyncio
from typing import Final, cast

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS_MAX: Final = 10.0
HEAD_BYTES_MAX: Final = 16 * 1024
HALF_OPEN_MAX: Final = 256


class Threshold(HttpToolsProtocol):
    """One connection: its head is whole within the deadline and the size, or it is closed; of too many half-open ones the oldest goes."""

    patience_s = HEAD_SECONDS_MAX
    deadline: asyncio.TimerHandle | None = None
    _unread: int = 0

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody came in, and says nothing yet."""
        super().connection_made(cast("asyncio.Transport", transport))
        self._wait()
        self._make_room()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """They went."""
        self._pass()
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        """Some bytes of a head or a body; once a request stands, its body has the gate's own deadline."""
        super().data_received(data)
        is_asking = self.cycle is not None and not self.cycle.response_complete
        if is_asking or self not in self.connections:
            self._pass()
            return
        self._wait()
        self._unread += len(data)
        if self._unread > HEAD_BYTES_MAX and not self.transport.is_closing():
            self.send_400_response("The head of a request may have 16 KiB.")

    @override
    def on_headers_complete(self) -> None:
        """A head is whole; one that is too large is no request, even when it came at once."""
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > HEAD_BYTES_MAX:
            raise ValueError(size)
        super().on_headers_complete()

    def turn_away(self) -> None:
        """They said nothing in time, or too many others wait."""
        self._pass()
        self.transport.abort()

    def _wait(self) -> None:
        if self.deadline is None:
            self.deadline = self.loop.call_later(self.patience_s, self.turn_away)

    def _pass(self) -> None:
        self._unread = 0
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None

    def _make_room(self) -> None:
        """Counts only when there are many; the one whose deadline is nearest has stood there longest."""
        if len(self.connections) <= HALF_OPEN_MAX:
            return
        waiting = [(c.deadline.when(), c) for c in self._others() if c.deadline is not None]
        if len(waiting) > HALF_OPEN_MAX:
            oldest = min(waiting, key=lambda each: each[0])[1]
            oldest.turn_away()

    def _others(self) -> "list[Threshold]":
        return [each for each in self.connections if isinstance(each, Threshold)]
