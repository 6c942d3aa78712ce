"""The one part that is not inside the simulation: the bytes of one request over HTTP, once, and what came back.

It does not sign, read, retry or follow. Before a connection stands no byte of a request can have left: that is NotSent. From then on
every trouble is Unreachable. (aiohttp itself repeats a GET, never a POST, whose idle connection turns out to be dead.)
A fence is asked when a request begins, and again when its connection stands, the moment before the first byte: a process that was
stopped while it connected has lost its right meanwhile. There the request's own gate is asked too: what was decided before may not
hold any more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from types import SimpleNamespace, TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import aiohttp

from interlock.errors import BadSettings, NotSent, Unreachable
from interlock.ports import Gate, Reply, open_gate
from interlock.values import Instant

TIMEOUT: Final = timedelta(seconds=10)
BODY_MAX: Final = 8 * 1024 * 1024
CHUNK: Final = 64 * 1024
IDENTITY: Final = frozenset({"", "identity"})


Fence = Callable[[], None]


@dataclass(slots=True)
class _Progress:
    """Whether a connection stood for a request: from then on its bytes may have left, if fence and gate were still open."""

    fence: Fence
    gate: Gate
    connected: bool = False


def no_fence() -> None:
    """Whoever cannot lose its right may always speak."""


class AiohttpTransport:
    """`ports.Transport` to one base address, e.g. https://api.crypto.com/exchange/v1.

    `timeout` bounds a request as a whole; `source_address` is the local address to leave from. Replies above 8 MiB are not read.
    `fence` raises when this process may not speak for the account any more; then no byte leaves.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout: timedelta = TIMEOUT,
        source_address: str | None = None,
        fence: Fence = no_fence,
    ) -> None:
        self._base = _checked(base_url)
        self._timeout = aiohttp.ClientTimeout(total=timeout.total_seconds())
        self._source = source_address
        self._fence = fence
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def request(self, verb: str, path: str, body: bytes, gate: Gate = open_gate) -> Reply:
        """The reply; raises NotSent when no byte left, Unreachable when bytes may have left and no whole reply came."""
        self._fence()
        progress = _Progress(self._fence, gate)
        try:
            return await self._exchange(verb, path, body, progress)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            said = f"{path.partition('?')[0]}: {type(error).__name__}"
            if progress.connected:
                raise Unreachable(f"No whole reply to {said}.") from error
            raise NotSent(f"Not connected for {said}.") from error

    async def _exchange(self, verb: str, path: str, body: bytes, progress: _Progress) -> Reply:
        async with self._open().request(
            verb,
            f"{self._base}/{path.lstrip('/')}",
            data=body or None,
            headers={"Content-Type": "application/json"} if body else None,
            allow_redirects=False,
            trace_request_ctx=progress,
        ) as reply:
            if reply.headers.get("Content-Encoding", "").lower() not in IDENTITY:
                raise Unreachable(f"The reply to {verb} {reply.url.path} is packed, unasked.")
            return Reply(reply.status, await _read(reply), _date(reply.headers.get("Date")))

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            local = (self._source, 0) if self._source else None
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(local_addr=local),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
                trust_env=False,
                auto_decompress=False,
                headers={"Accept-Encoding": "identity", "User-Agent": "interlock"},
                trace_configs=[_trace()],
            )
        return self._session


def _trace() -> aiohttp.TraceConfig:
    async def connected(
        _session: aiohttp.ClientSession, context: SimpleNamespace, _params: object
    ) -> None:
        context.trace_request_ctx.fence()
        context.trace_request_ctx.gate()
        context.trace_request_ctx.connected = True

    config = aiohttp.TraceConfig()
    config.on_connection_create_end.append(connected)
    config.on_connection_reuseconn.append(connected)
    return config


async def _read(reply: aiohttp.ClientResponse) -> bytes:
    """The body, at most 8 MiB of it; a larger one is closed unread."""
    body = bytearray()
    async for part in reply.content.iter_chunked(CHUNK):
        body += part
        if len(body) > BODY_MAX:
            reply.close()
            raise Unreachable(f"The reply to {reply.url.path} is larger than {BODY_MAX} bytes.")
    return bytes(body)


def _date(text: str | None) -> Instant | None:
    """The server's own time, to the second; None when it says none that can be read."""
    try:
        return Instant.of_iso(parsedate_to_datetime(text or "").isoformat())
    except (ValueError, OverflowError):
        return None


def _checked(base_url: str) -> str:
    """The base address without its last slash; one that cannot be asked is refused at once."""
    try:
        url = urlsplit(base_url)
        host = (url.hostname or "").encode("idna")
        is_address = url.scheme in {"http", "https"} and bool(host) and url.port != 0
    except ValueError as error:
        raise BadSettings(f"{base_url!r} is no address of an exchange.") from error
    if not is_address or url.query or url.username is not None:
        raise BadSettings(f"{base_url!r} is no address of an exchange.")
    return base_url.rstrip("/")
