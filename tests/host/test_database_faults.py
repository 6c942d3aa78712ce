"""A PostgreSQL server that crashes, gives way, is cut off or has no connection left: a transaction is done again, an order never is."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from interlock.account import Mode, Standing
from interlock.api import build, issue
from interlock.errors import StoreTrouble, Undone
from interlock.orders.ruling import Ruling
from interlock.rehearsal.judge import violations
from interlock.rehearsal.store import INSTALL_ID
from interlock.risk.limits import Limits
from interlock.settings import read
from interlock.store import open_books, open_market
from interlock.store.books import RowBooks
from interlock.values import Secret
from tests.fakes.shown import StillClock
from tests.host.conftest import Shelf
from tests.host.postgresql import Server
from tests.promises.wishes import NOON, Throttles, approve, armed, ask, entry
from tests.rehearsal.crashing_server import crash_database, durable, opened
from tests.rehearsal.disks import HALVES, STORED, Said, work
from tests.rehearsal.older_books import ASKED, BRIEF, outlive
from tests.rehearsal.sweep import quietly

pytestmark = pytest.mark.host

CRASHES = 6
GIVES_WAY = """
CREATE SEQUENCE IF NOT EXISTS commits;
ALTER SEQUENCE commits RESTART;
CREATE OR REPLACE FUNCTION give_way() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE n bigint := nextval('commits');
BEGIN
    IF n BETWEEN {first} AND {last} THEN RAISE EXCEPTION 'gives way' USING ERRCODE = '{code}'; END IF;
    RETURN NULL;
END $$;
"""
TRIGGER = """
CREATE CONSTRAINT TRIGGER gives_way AFTER INSERT OR UPDATE ON {table} DEFERRABLE INITIALLY {when}
FOR EACH ROW EXECUTE FUNCTION give_way();
"""
CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND state LIKE 'idle in%'"
)
TABLES = ("account", "send_attempts", "fills")


def test_what_was_acknowledged_survives_every_immediate_stop() -> None:
    """H6: `make prove` stops it 20 times, `make release-figures` 1,000 times."""
    found = crash_database(CRASHES, seed=6)

    assert found.violations == []
    assert found.cycles == CRASHES
    assert found.acknowledged >= 2 * CRASHES


def _wrong(server: Server, database: str, said: list[Said]) -> list[str]:
    stored = {word: set(server.say(database, text)) for word, text in STORED.items()}
    lost = [f"{word} {key}" for word, key, nonce in said if (key, nonce) not in stored[word]]
    return lost + [what for what, text in HALVES.items() if server.say(database, text)]


@pytest.mark.parametrize(
    ("code", "when"), [("40001", "DEFERRED"), ("40P01", "DEFERRED"), ("40P01", "IMMEDIATE")]
)
def test_a_transaction_that_gave_way_is_done_again_and_its_order_is_sent_once(
    books: RowBooks, server: Server, database: str, code: str, when: str
) -> None:
    """H8: at each commit, or statement, of two orders in turn."""
    tenure = armed(books)
    server.say(database, GIVES_WAY.format(first=0, last=0, code=code))
    for table in TABLES:
        server.say(database, TRIGGER.format(table=table, when=when))
    list(work(books, tenure, 2, "counted"))
    ((total,),) = server.say(database, "SELECT last_value FROM commits")
    assert isinstance(total, int)
    assert total >= 8

    for nth in range(1, total + 1):
        server.say(database, GIVES_WAY.format(first=nth, last=nth, code=code))
        said = list(work(books, tenure, 2, f"{nth}:"))

        assert [word for word, _, _ in said] == ["asked", "sent", "answered", "filled"] * 2
        assert _wrong(server, database, said) == []
        ((again,),) = server.say(database, "SELECT last_value FROM commits")
        assert isinstance(again, int)
        assert again > total, "it was done again"


def test_a_transaction_that_gives_way_for_ever_is_trouble_and_sends_nothing(
    books: RowBooks, server: Server, database: str
) -> None:
    """H8: three times, then the pass fails; no doubt is left, so the process goes on."""
    tenure = armed(books)
    server.say(database, GIVES_WAY.format(first=1, last=10**9, code="40001"))
    server.say(database, TRIGGER.format(table="account", when="DEFERRED"))

    with pytest.raises(Undone):
        ask(books, tenure, entry())
    ((tries,),) = server.say(database, "SELECT last_value FROM commits")
    assert tries == 3
    assert books.intents() == ()


def test_a_connection_that_is_cut_in_the_middle_of_a_transaction_keeps_nothing_of_it(
    books: RowBooks, server: Server, database: str
) -> None:
    """H6: before its commit there is no doubt; the next transaction has a new connection."""
    tenure = armed(books)
    approved = approve(entry("cut"), tenure, NOON)

    def cut(standing: Standing, throttles: Throttles) -> Ruling:
        server.say(database, CUT)
        return approved(standing, throttles)

    with pytest.raises(StoreTrouble):
        books.rule(tenure.epoch, NOON, cut)
    assert books.intents() == ()
    ask(books, tenure, entry("next"))


def test_an_order_that_a_failover_lost_is_found_at_the_exchange_and_not_placed_twice() -> None:
    """H7, C11: an older base backup is restored after the order was answered; its signal is decided again, with the same id."""
    quietly()
    shelves: list[RowBooks] = []
    with durable() as server:
        url = server.url(server.database())

        def open_again() -> RowBooks:
            shelves.append(
                open_books(
                    url, limits=Limits(), bound=Mode.SIM, enabled=True, install_id=INSTALL_ID
                )
            )
            return shelves[-1]

        world = outlive(open_again, server.back_up, server.restore, ASKED, BRIEF)
        wrong = violations(world)
        for books in shelves:
            books.close()
    assert wrong == []


@contextmanager
def few(server: Server, database: str) -> Iterator[Secret]:
    """The address of somebody who may have two connections."""
    name = f"few_{database}"
    server.say("postgres", f"CREATE ROLE {name} LOGIN CONNECTION LIMIT 2")
    server.say("postgres", f"GRANT postgres TO {name}")
    yield Secret(server.url(database).reveal().replace("//postgres@", f"//{name}@"))
    server.say("postgres", f"DROP ROLE {name}")


def test_without_a_free_connection_orders_are_closed_and_health_answers(
    shelf: Shelf, server: Server, database: str, tmp_path: Path
) -> None:
    """H9: bounded, told, and over as soon as there is a connection again."""
    tenure = armed(shelf.books())
    shelf.market().ticks()
    settings = read({"INTERLOCK__DATA": str(tmp_path), "INTERLOCK__MODE": "SIM"})
    with few(server, database) as url, ExitStack() as stack:
        books, market = opened(url), open_market(url)
        app = build(books, market, settings, StillClock(), issue(settings.token_file))
        others = [stack.enter_context(psycopg.connect(url.reveal())) for _ in range(2)]
        began = time.monotonic()

        with pytest.raises(StoreTrouble):
            ask(books, tenure, entry())
        status, body = asyncio.run(_health(app))
        assert (status, body["global_status"], body["db_status"]) == (503, "FAIL", "down")
        assert time.monotonic() - began < 10

        for other in others:
            other.close()
        ask(books, tenure, entry())
        assert asyncio.run(_health(app))[0] == 200
        books.close()
        market.close()


async def _health(app: FastAPI) -> tuple[int, dict[str, str]]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8002") as client:
        answer = await client.get("/api/health/system")
    return answer.status_code, answer.json()
