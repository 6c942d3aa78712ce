"""The transport against a raw server: when a request was not sent, when its outcome is unknown, and what is never followed."""

import asyncio
import contextlib
import gzip
import socket
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from interlock.errors import BadSettings, ExchangeTrouble, LeaseLost, NotSent, Unreachable
from interlock.exchange.aiohttp_transport import BODY_MAX, AiohttpTransport, Fence, no_fence
from interlock.ports import Reply
from interlock.values import Instant

SOON = timedelta(seconds=0.5)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """A server that says exactly the bytes of `talk`, and keeps what it heard."""

    def __init__(
        self, *said: bytes, silent: bool = False, listens_on: bool = False, flood: int = 0
    ) -> None:
        self._said = said
        self._silent = silent
        self._listens_on = listens_on
        self._flood = flood
        self.heard: list[bytes] = []
        self.peers: list[str] = []
        self.poured = 0

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}/exchange/v1/"

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.peers.append(writer.get_extra_info("peername")[0])
        try:
            self.heard.append(await reader.readuntil(b"\r\n\r\n"))
            if self._silent:
                await reader.read()
            for part in self._said:
                writer.write(part)
            await self._pour(writer)
            await writer.drain()
            if self._listens_on:
                self.heard.append(await reader.readuntil(b"\r\n\r\n"))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _pour(self, writer: asyncio.StreamWriter) -> None:
        while self.poured < self._flood:
            writer.write(b"x" * 65536)
            await writer.drain()
            self.poured += 65536


def ask(
    url: str,
    *,
    path: str = "private/create-order",
    timeout: timedelta = SOON,
    source_address: str | None = None,
    fence: Fence = no_fence,
) -> Callable[[], Awaitable[Reply]]:
    async def once() -> Reply:
        wire = AiohttpTransport(url, timeout=timeout, source_address=source_address, fence=fence)
        async with wire as transport:
            return await transport.request("POST", path, b"{}")

    return once


def heard_of(server: Server, **more: object) -> Reply | ExchangeTrouble:
    async def run() -> Reply | ExchangeTrouble:
        async with server as url:
            try:
                return await ask(url, **more)()  # type: ignore[arg-type] # the arguments of ask
            except ExchangeTrouble as trouble:
                return trouble

    return asyncio.run(run())


def test_a_reply_is_status_exact_bytes_and_the_servers_time() -> None:
    server = Server(OK + b"Date: Fri, 01 Mar 2024 12:00:00 GMT\r\n\r\n{}")
    assert heard_of(server) == Reply(200, b"{}", Instant.of_iso("2024-03-01T12:00:00"))
    (request,) = server.heard
    assert request.startswith(b"POST /exchange/v1/private/create-order HTTP/1.1\r\n")
    assert b"Content-Type: application/json\r\n" in request
    assert b"Cookie" not in request


@pytest.mark.parametrize("date", ["", "yesterday", "Fri, 99 Mar 2024 12:00:00 GMT", "\xff"])
def test_a_time_that_cannot_be_read_is_none(date: str) -> None:
    server = Server(OK + f"Date: {date}\r\n\r\n".encode("latin-1") + b"{}")
    assert heard_of(server) == Reply(200, b"{}", None)


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
def test_every_status_is_handed_on(status: int) -> None:
    server = Server(f"HTTP/1.1 {status} No\r\nContent-Length: 2\r\n\r\n".encode() + b"{}")
    found = heard_of(server)
    assert isinstance(found, Reply)
    assert found.status == status


def test_a_redirect_is_not_followed() -> None:
    """Fault B23."""
    server = Server(
        b"HTTP/1.1 307 Elsewhere\r\nLocation: /exchange/v1/other\r\nContent-Length: 0\r\n\r\n"
    )
    found = heard_of(server)
    assert isinstance(found, Reply)
    assert (found.status, len(server.heard)) == (307, 1)


def test_a_refused_connection_means_that_nothing_was_sent() -> None:
    """Fault B1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(NotSent):
        asyncio.run(_await(ask(f"http://127.0.0.1:{port}")))


@pytest.mark.parametrize("good_for", [0, 1])
def test_a_right_that_was_lost_before_the_first_byte_lets_none_leave(good_for: int) -> None:
    looks = iter((*[True] * good_for, False))

    def fence() -> None:
        if not next(looks):
            raise LeaseLost("another leads")

    server = Server(OK + b"\r\n{}")
    with pytest.raises(LeaseLost):
        heard_of(server, fence=fence)

    assert server.heard == []


def test_an_unknown_name_means_that_nothing_was_sent() -> None:
    """Fault B1."""
    with pytest.raises(NotSent):
        asyncio.run(
            _await(ask("http://no-such-host.invalid/exchange/v1", timeout=timedelta(seconds=5)))
        )


def test_a_failed_handshake_means_that_nothing_was_sent() -> None:
    """Fault B2."""

    async def run() -> None:
        async with Server(b"no tls here\r\n") as url:
            await ask(url.replace("http:", "https:"))()

    with pytest.raises(NotSent):
        asyncio.run(run())


def test_an_address_that_is_not_ours_means_that_nothing_was_sent() -> None:
    found = heard_of(Server(OK + b"\r\n{}"), source_address="192.0.2.1")
    assert isinstance(found, NotSent)


def test_a_request_leaves_from_the_address_that_was_chosen() -> None:
    server = Server(OK + b"\r\n{}")
    assert isinstance(heard_of(server, source_address="127.0.0.2"), Reply)
    assert server.peers == ["127.0.0.2"]


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n",
        b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"code":0',
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}",
        b"not http at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
)
def test_a_reply_that_breaks_off_is_unreachable_and_never_not_sent(said: bytes) -> None:
    """Fault B6."""
    server = Server(said)
    assert isinstance(heard_of(server), Unreachable)
    assert len(server.heard) == 1


def test_a_server_that_never_answers_is_unreachable_within_the_time() -> None:
    """Fault B21."""
    assert isinstance(heard_of(Server(silent=True)), Unreachable)


def test_a_body_that_never_ends_is_not_kept() -> None:
    """Fault B21."""
    server = Server(b"HTTP/1.1 200 OK\r\n\r\n", flood=100 * 1024 * 1024)
    found = heard_of(server, timeout=timedelta(seconds=10))
    assert isinstance(found, Unreachable)
    assert "larger than" in str(found)
    assert server.poured < 3 * BODY_MAX


def test_a_packed_body_is_not_unpacked() -> None:
    """Fault B28."""
    bomb = gzip.compress(b"0" * 50_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
    server = Server(head.encode() + bomb)
    assert isinstance(heard_of(server), Unreachable)
    assert b"Accept-Encoding: identity" in server.heard[0]


def test_a_cookie_is_not_kept() -> None:
    server = Server(OK + b"Set-Cookie: a=b\r\nConnection: close\r\n\r\n{}")

    async def run() -> None:
        async with server as url, AiohttpTransport(url) as transport:
            for _ in range(2):
                await transport.request("POST", "private/x", b"{}")

    asyncio.run(run())
    assert len(server.heard) == 2
    assert b"Cookie" not in server.heard[1]


def test_a_question_has_its_query_and_no_body() -> None:
    server = Server(OK + b"\r\n{}")

    async def run() -> Reply:
        async with server as url, AiohttpTransport(url) as transport:
            return await transport.request(
                "GET", "public/get-book?instrument_name=BTC_USDT&depth=10", b""
            )

    assert asyncio.run(run()).body == b"{}"
    (request,) = server.heard
    assert request.startswith(
        b"GET /exchange/v1/public/get-book?instrument_name=BTC_USDT&depth=10 "
    )
    assert b"Content-Type" not in request


def test_a_post_is_never_repeated_when_its_kept_connection_dies() -> None:
    server = Server(OK + b"\r\n{}", listens_on=True)

    async def run() -> None:
        async with server as url, AiohttpTransport(url) as transport:
            await transport.request("POST", "private/x", b"{}")
            with pytest.raises(Unreachable):
                await transport.request("POST", "private/x", b"{}")

    asyncio.run(run())
    assert len(server.heard) == 2


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.crypto.com",
        "ftp://x/",
        "http://",
        "https://" + "a" * 70 + ".com",
        "http://u:p@x/",
        "http://x:99999/",
        "http://x/?a=b",
        "http://[::1",
    ],
)
def test_an_address_that_cannot_be_asked_is_refused_at_once(url: str) -> None:
    with pytest.raises(BadSettings):
        AiohttpTransport(url)


async def _await(once: Callable[[], Awaitable[Reply]]) -> Reply:
    return await once()
