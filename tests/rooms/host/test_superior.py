"""The service manager hears what is true: ready when it is, moving while it moves, and of nobody when nobody listens."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from interlock.host.superior import Superior


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(str(tmp_path / "notify"))
        bound.setblocking(False)  # noqa: FBT003 (the socket's own word)
        yield bound


def superior(ear: socket.socket, watchdog_us: str = "30000") -> Superior:
    return Superior.of({"NOTIFY_SOCKET": ear.getsockname(), "WATCHDOG_USEC": watchdog_us})


def heard(ear: socket.socket) -> list[str]:
    found = []
    while True:
        try:
            found.append(ear.recv(4096).decode())
        except BlockingIOError:
            return found


async def followed(one: Superior, *, ready: bool, stuck: tuple[str, ...]) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await one.follow(lambda: ready, lambda: stuck)


def test_who_is_ready_says_so_once_and_then_that_it_moves(ear: socket.socket) -> None:
    asyncio.run(followed(superior(ear), ready=True, stuck=()))

    first, *rest = heard(ear)
    assert first == "READY=1\nSTATUS=ready"
    assert len(rest) > 3
    assert set(rest) == {"WATCHDOG=1"}


def test_who_has_not_recovered_is_not_ready_and_does_not_feed_the_watchdog(
    ear: socket.socket,
) -> None:
    """Fault N11."""
    asyncio.run(followed(superior(ear), ready=False, stuck=()))

    assert heard(ear) == []


def test_a_pass_that_hangs_is_named_and_the_watchdog_starves(ear: socket.socket) -> None:
    """Fault A20."""
    asyncio.run(followed(superior(ear), ready=True, stuck=("guardian",)))

    said = heard(ear)
    assert "STATUS=stuck: guardian" in said
    assert "WATCHDOG=1" not in said


def test_an_abstract_address_is_understood() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind("")  # the kernel gives an abstract name
        name = bound.getsockname()
        Superior.of({"NOTIFY_SOCKET": f"@{name[1:].decode()}"}).stop()

        assert bound.recv(4096) == b"STOPPING=1\nSTATUS=stopping"


def test_nobody_listening_is_no_trouble(tmp_path: Path) -> None:
    Superior.of({}).stop()
    Superior.of({"NOTIFY_SOCKET": str(tmp_path / "gone"), "WATCHDOG_USEC": "soon"}).stop()


def test_nobody_waits_for_a_superior_that_has_stopped_listening(ear: socket.socket) -> None:
    """Its queue holds a few datagrams; a platform that waited for more room would stop trading."""
    one = superior(ear)

    async def say_much() -> None:
        async with asyncio.timeout(5):
            for _ in range(1000):
                one.tell("WATCHDOG=1")
                await asyncio.sleep(0)

    asyncio.run(say_much())
    assert 0 < len(heard(ear)) < 1000
