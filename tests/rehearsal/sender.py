"""An engine that only sends: it stands by for its lease, opens the books, and asks for one order after the other until it is ended.

`python -m tests.rehearsal.sender PLACE REST KEY SECRET NAME`: PLACE is a data folder, or the URL of a PostgreSQL database. It says
`stands by`, `leads EPOCH`, `sends EPOCH` and `answered EPOCH` on stdout, so that whoever stops, wakes and kills it knows where it is.
"""

import asyncio
import sys
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

HURRY = 40
PAUSE_S = 0.02
TINY = "0.0001"
DEAR = Decimal(90_000)  # above any price of the recording: what is asked for is taken at once
# Longer than the database leaves a transaction open whose client says nothing: a zombie's locks are gone when its lease is.
TTL = timedelta(seconds=5)


def say(*words: object) -> None:
    print(*words, flush=True)


async def hurried(span: timedelta) -> None:
    await asyncio.sleep(span.total_seconds() / HURRY)


async def send_for_ever(
    lease: Right, place: Path | Secret, inner: Transport, key: Credentials
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


async def main(place: str, rest: str, key: str, secret: str, name: str) -> None:
    is_row = place.startswith("postgresql")
    lease: RowLease | FolderLease
    if is_row:
        ground = PostgresGround(Secret(place), BOOKS)
        lease = RowLease(ground, "engine", name, TTL)
    else:
        lease = FolderLease(Path(place))
    credentials = Credentials(Secret(key), Secret(secret))
    await take(lease, "engine", hurried, lambda: say("stands by"))
    async with AiohttpTransport(rest, timeout=timedelta(seconds=5)) as transport:
        where = Secret(place) if is_row else Path(place)
        work = [send_for_ever(lease, where, transport, credentials)]
        if isinstance(lease, RowLease):
            work.append(keep(lease, hurried))
        async with asyncio.TaskGroup() as group:
            for each in work:
                group.create_task(each)


if __name__ == "__main__":
    try:
        asyncio.run(main(*sys.argv[1:]))
    except* (LeaseLost, InterlockError) as ended:
        say("ended", *(type(error).__name__ for error in ended.exceptions))
        sys.exit(3)
