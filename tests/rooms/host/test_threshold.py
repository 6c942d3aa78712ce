"""Half-open connections on real sockets: they are sent away in time, the oldest first, and keep nobody else from being answered."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from websockets.sync.client import connect

from interlock.host import threshold
from interlock.host.door import listen, server
from tests.doors.serving import wait_until

HEAD = b"GET / HTTP/1.1\r\nHost: here\r\n"
OK = b"HTTP/1.1 200 OK"


async def app(scope: dict[str, str], receive: Any, send: Any) -> None:  # noqa: ANN401 (ASGI's own callables)
    """Answers every request, and echoes what a socket says."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": (await receive())["text"]})
        return
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
    )
    await send({"type": "http.response.body", "body": b"ok"})


@contextmanager
def served(kind: type[threshold.Threshold] = threshold.Threshold) -> Iterator[int]:
    with listen("127.0.0.1", 0, "ANY") as door:
        ours = server(app, websockets=True)
        assert ours.config.http is threshold.Threshold
        ours.config.http = kind
        run = threading.Thread(target=lambda: asyncio.run(ours.serve(sockets=[door])))
        run.start()
        try:
            wait_until(lambda: ours.started)
            yield door.getsockname()[1]
        finally:
            ours.should_exit = True
            run.join(10)


@pytest.fixture(scope="module")
def here() -> Iterator[int]:
    with served() as port:
        yield port


def call(port: int, said: bytes = b"") -> socket.socket:
    caller = socket.create_connection(("127.0.0.1", port), timeout=10)
    caller.sendall(said)
    return caller


def answer(port: int, said: bytes = HEAD + b"\r\n") -> bytes:
    with call(port, said) as caller:
        return heard(caller)


def heard(caller: socket.socket) -> bytes:
    """A whole answer: its body ends with ok, or the connection ends."""
    told = b""
    while not told.endswith(b"ok"):
        part = caller.recv(4096)
        told += part
        if not part:
            break
    return told


def is_closed(caller: socket.socket) -> bool:
    try:
        return caller.recv(1) == b""
    except ConnectionResetError:
        return True


def test_three_hundred_half_open_heads_keep_nobody_from_being_answered(here: int) -> None:
    """Fault K9."""
    with ExitStack() as many:
        half = [many.enter_context(call(here, HEAD)) for _ in range(300)]

        assert answer(here).startswith(OK)
        gone = [is_closed(each) for each in half[: 300 - threshold.HALF_OPEN_MAX]]
        assert all(gone)
        half[-1].sendall(b"\r\n")
        assert heard(half[-1]).startswith(OK)


def test_a_connection_may_ask_again_and_again_and_then_be_slow(here: int) -> None:
    with call(here) as caller:
        for _ in range(3):
            caller.sendall(HEAD + b"\r\n")
            assert heard(caller).startswith(OK)
        caller.sendall(HEAD)
        caller.sendall(b"\r\n")
        assert heard(caller).startswith(OK)


@pytest.mark.parametrize("at_once", [True, False])
def test_a_head_of_more_than_sixteen_kibibytes_is_no_request(here: int, at_once: bool) -> None:  # noqa: FBT001 (a column of the table)
    long = HEAD + b"X: " + b"x" * threshold.HEAD_BYTES_MAX + (b"\r\n\r\n" if at_once else b"")

    assert answer(here, long).startswith(b"HTTP/1.1 400")
    small = HEAD + b"X: " + b"x" * (threshold.HEAD_BYTES_MAX - 100) + b"\r\n\r\n"
    assert answer(here, small).startswith(OK)


@pytest.mark.parametrize(
    "smuggled",
    [
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\nHost: a\n\n",
    ],
    ids=["length and chunks", "two lengths", "folded", "bare line feed"],
)
def test_what_two_servers_would_read_differently_is_no_request(here: int, smuggled: bytes) -> None:
    """Fault K16."""
    assert answer(here, smuggled).startswith(b"HTTP/1.1 400")


class Hasty(threshold.Threshold):
    """Waits for a head no longer than a test does."""

    patience_s = 0.3


def test_a_head_that_is_not_whole_in_time_is_cut_off_however_it_trickles() -> None:
    assert threshold.Threshold.patience_s == 10
    with served(Hasty) as port, call(port) as silent, call(port, HEAD) as trickling:
        began = time.monotonic()
        while not is_cut(trickling):
            assert time.monotonic() - began < 5
        assert time.monotonic() - began > 0.2
        assert silent.recv(1) == b""
        assert answer(port).startswith(OK)


def test_a_socket_that_was_upgraded_may_be_silent_as_long_as_it_likes() -> None:
    with served(Hasty) as port, connect(f"ws://127.0.0.1:{port}/") as wire:
        time.sleep(2 * Hasty.patience_s)
        wire.send("still here")
        assert wire.recv() == "still here"


def is_cut(caller: socket.socket) -> bool:
    """One more byte of the head, and whether anybody still listens."""
    time.sleep(0.05)
    try:
        caller.sendall(b"X")
    except OSError:
        return True
    return False
