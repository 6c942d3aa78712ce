"""One engine per account on PostgreSQL: a lease that expires, a standby that says why it waits, and a zombie that can do nothing."""

import asyncio
import contextlib
import select
import signal as signals
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from interlock.account import Mode
from interlock.desk.leading import keep, take
from interlock.errors import LeaseLost
from interlock.store.chains import BOOKS
from interlock.store.postgres import PostgresGround
from interlock.store.row_lease import RowLease
from tests.host.conftest import Shelf
from tests.host.postgresql import Server
from tests.promises.wishes import MINUTE, NOON

pytestmark = pytest.mark.host

SHORT = timedelta(seconds=1)
Making = Callable[..., RowLease]


@pytest.fixture
def making(shelf: Shelf) -> Iterator[Making]:
    with contextlib.ExitStack() as stack:

        def make(holder: str, name: str = "engine", ttl: timedelta = SHORT) -> RowLease:
            lease = RowLease(PostgresGround(shelf.url, BOOKS), name, holder, ttl)
            stack.callback(lease.close)
            return lease

        yield make


async def hurried(span: timedelta) -> None:
    await asyncio.sleep(span.total_seconds() / 10)


def test_one_holds_it_and_the_next_is_told_who_and_for_how_long(making: Making) -> None:
    first, second = making("ann"), making("bob")
    assert first.take() is None

    told = second.take()
    assert told is not None
    assert told[0] == "ann"
    assert timedelta(0) < told[1] <= SHORT
    with pytest.raises(LeaseLost):
        second.check()
    assert making("cat", name="notifier").take() is None, "another name is another lease"


def test_it_is_free_at_once_when_it_is_released_and_by_time_when_it_is_not(making: Making) -> None:
    first, second, third = making("ann"), making("bob"), making("cat")
    first.take()
    first.release()
    first.release()
    assert second.take() is None

    time.sleep(SHORT.total_seconds() + 0.1)
    assert not third.is_held()
    assert third.take() is None
    assert third.is_held()


def test_the_holder_counts_itself_out_before_anybody_can_take_over(making: Making) -> None:
    first, second = making("ann"), making("bob")
    first.take()

    is_acting = True
    while second.take() is not None:
        is_acting = _may_act(first)
        time.sleep(0.01)
    assert not is_acting, "already at the last look before it was taken over"
    for act in (first.check, first.renew):
        with pytest.raises(LeaseLost):
            act()
    first.release()
    told = making("cat").take()
    assert told is not None, "who lost it releases nobody else's"
    assert told[0] == "bob"


def _may_act(lease: RowLease) -> bool:
    try:
        lease.check()
    except LeaseLost:
        return False
    return True


def test_renewing_holds_it_for_as_long_as_it_is_renewed(making: Making) -> None:
    first, second = making("ann"), making("bob")
    first.take()
    end = time.monotonic() + 2 * SHORT.total_seconds()

    while time.monotonic() < end:
        first.renew()
        assert second.take() is not None
        time.sleep(0.1)


def test_of_many_that_ask_at_once_one_gets_it(making: Making) -> None:
    leases = [making(f"engine {n}") for n in range(8)]
    held: list[bool] = []
    threads = [
        threading.Thread(target=lambda lease=lease: held.append(lease.take() is None))
        for lease in leases
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(held) == [False] * 7 + [True]


def test_a_standby_says_once_who_holds_it_and_takes_over(making: Making) -> None:
    first, second = making("ann"), making("bob")
    first.take()

    with structlog.testing.capture_logs() as said:
        asyncio.run(take(second, "engine", hurried))

    waiting = [line for line in said if line["event"] == "standing by"]
    assert len(waiting) == 1
    assert (waiting[0]["holder"], waiting[0]["expires_in_s"] > 0) == ("ann", True)
    second.check()


def test_a_standby_waits_for_a_database_that_is_down(making: Making, server: Server) -> None:
    lease = making("ann")

    async def come_back(span: timedelta) -> None:
        server.start()
        await hurried(span)

    server.stop()
    with structlog.testing.capture_logs() as said:
        asyncio.run(take(lease, "engine", come_back))

    assert "PostgreSQL at 127.0.0.1" in said[0]["holder"]
    lease.check()


def test_without_the_database_the_holder_stops_when_its_time_is_over_and_not_before(
    making: Making, server: Server
) -> None:
    """Faults N3, H6."""
    lease = making("ann", ttl=timedelta(seconds=4))
    lease.take()
    began = time.monotonic()
    server.stop()
    try:
        with pytest.raises(LeaseLost):
            asyncio.run(keep(lease, hurried))
    finally:
        server.start()
    assert 2 < time.monotonic() - began < 4


ZOMBIE = """
import asyncio, sys
from datetime import timedelta
from interlock.account import Mode
from interlock.errors import InterlockError
from interlock.exchange.aiohttp_transport import AiohttpTransport
from interlock.ports import Reply
from interlock.risk.limits import Limits
from interlock.store import open_books
from interlock.store.chains import BOOKS
from interlock.store.postgres import PostgresGround
from interlock.store.row_lease import RowLease
from interlock.strategy.proposal import Purpose
from interlock.values import Secret
from tests.promises.wishes import NOON, armed, ask, entry

def attempted(name, act):
    try:
        print(name, act(), flush=True)
    except InterlockError as error:
        print(name, type(error).__name__, flush=True)

url = Secret(sys.argv[1])
lease = RowLease(PostgresGround(url, BOOKS), "engine", "the zombie", timedelta(seconds=2))
assert lease.take() is None
fenced = open_books(url, limits=Limits(), bound=Mode.LIVE, enabled=True, fence=lease.check)
# The same books when the clock of this machine stood still too: then the epoch alone is left to stop it.
unfenced = open_books(url, limits=Limits(), bound=Mode.LIVE, enabled=True)
tenure = armed(fenced)
_, attempt = ask(fenced, tenure, entry("in flight"))
print("asleep", flush=True)
sys.stdin.readline()
send = AiohttpTransport("http://127.0.0.1:9", fence=lease.check).request
attempted("bytes", lambda: asyncio.run(send("POST", "private/create-order", b"")).status)
attempted("fenced may_send", lambda: fenced.may_send(attempt, NOON, Purpose.ENTRY))
attempted("fenced rule", lambda: ask(fenced, tenure, entry("another")))
attempted("may_send", lambda: unfenced.may_send(attempt, NOON, Purpose.PROTECT))
attempted("rule", lambda: ask(unfenced, tenure, entry("another")))
attempted("renew", lease.renew)
"""


def test_a_zombie_that_wakes_can_neither_write_nor_send(shelf: Shelf, making: Making) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", ZOMBIE, shelf.url.reveal()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert child.stdout is not None
    ready, _, _ = select.select([child.stdout], [], [], 30)
    assert ready
    assert child.stdout.readline().strip() == "asleep"
    child.send_signal(signals.SIGSTOP)

    lease = making("the standby")
    asyncio.run(take(lease, "engine", hurried))
    books = shelf.books()
    tenure = books.open(Mode.SIM, NOON + MINUTE)
    child.send_signal(signals.SIGCONT)
    said, _ = child.communicate("wake\n", timeout=30)

    assert tenure.epoch == 2
    assert said.splitlines() == [
        "bytes LeaseLost",
        "fenced may_send LeaseLost",
        "fenced rule LeaseLost",
        "may_send False",
        "rule LeaseLost",
        "renew LeaseLost",
    ]
    assert len(books.picture(NOON).intents) == 1
