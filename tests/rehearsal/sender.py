"""An engine that only sends: it stands by for its lease, opens the books, and asks for one order after the other until it is ended.

PLACE is a data folder, or the URL of a PostgreSQL database. It says `stands by`, `leads EPOCH`, `sends EPOCH`, `answered EPOCH` and
`ended WHY` on a pipe, so that whoever stops, wakes and kills it knows where it is.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from interlock.account import Mode
from interlock.desk.leading import Right, keep, take
from interlock.errors import InterlockError, LeaseLost
from interlock.exchange.aiohttp_transport import AiohttpTransport
from interlock.exchange.client import Credentials, CryptoComExchange
from interlock.exchange.fenced import Fenced
from interlock.host.clock import WallClock
from interlock.ports import Transport
from interlock.risk.limits import Limits
from interlock.store import FolderLease, open_books
from interlock.store.chains import BOOKS
from interlock.store.postgres import PostgresGround
from interlock.store.row_lease import RowLease
from interlock.strategy.proposal import Purpose
from interlock.values import Price, Secret
from tests.promises.wishes import BTC, armed, ask, entry

PAUSE_S = 0.02
TINY = "0.0001"
DEAR = Decimal(90_000)  # above any price of the recording: what is asked for is taken at once
# Longer than the database leaves a transaction open whose client says nothing: a zombie's locks are gone when its lease is.
TTL = timedelta(seconds=5)
Say = Callable[..., None]


async def send_for_ever(
    lease: Right, place: Path | Secret, inner: Transport, key: Credentials, say: Say
) -> None:
    """One order after the other, each written before it is sent, as the trader does it."""
    fence = lease.check if isinstance(lease, RowLease) else None
    books = open_books(place, limits=Limits(), bound=Mode.SIM, enabled=True, fence=fence)
    clock = WallClock()
    exchange = CryptoComExchange(Fenced(inner, fence) if fence else inner, key, clock.now)
    tenure = armed(books, clock.now())
    say("leads", tenure.epoch)
    count = 0
    while True:
        count += 1
        now = clock.now()
        limit = Price(DEAR, BTC.base, BTC.quote)
        wish = replace(entry(f"{tenure.epoch}:{count}", BTC, TINY), limit=limit)
        intent, attempt = ask(books, tenure, wish, now)
        if books.may_send(attempt, clock.now(), Purpose.ENTRY):
            say("sends", tenure.epoch)
            answer = await exchange.place(intent, attempt.nonce)
            books.answered(attempt, answer, clock.now())
            say("answered", tenure.epoch)
        await asyncio.sleep(PAUSE_S)


def lease_of(where: Path | Secret, name: str) -> RowLease | FolderLease:
    """The right to lead there, still to be taken."""
    if isinstance(where, Path):
        return FolderLease(where)
    return RowLease(PostgresGround(where, BOOKS), "engine", name, TTL)


async def send(place: str, at: Mapping[str, str], name: str, hurry: int, told: int) -> None:
    """Stands by, leads and sends until it is killed, or ends because it must not lead any more; `hurry` shortens its waits."""

    def say(*words: object) -> None:
        os.write(told, f"{' '.join(map(str, words))}\n".encode())

    async def hurried(span: timedelta) -> None:
        await asyncio.sleep(span.total_seconds() / hurry)

    where: Path | Secret = Secret(place) if place.startswith("postgresql") else Path(place)
    lease = lease_of(where, name)
    key = Credentials(Secret(at["api_key"]), Secret(at["api_secret"]))
    await take(lease, "engine", hurried, lambda: say("stands by"))
    try:
        async with (
            AiohttpTransport(at["rest"], timeout=timedelta(seconds=5)) as transport,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(send_for_ever(lease, where, transport, key, say))
            if isinstance(lease, RowLease):
                group.create_task(keep(lease, hurried))
    except* (LeaseLost, InterlockError) as ended:
        say("ended", *(type(error).__name__ for error in ended.exceptions))
