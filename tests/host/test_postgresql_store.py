"""What only a real server can promise: a commit survives its crash, every wait ends, no commit is missed, nothing is told of a password."""

import contextlib
import select
import signal as signals
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlock.account import Mode
from interlock.errors import BadSettings, BrokenInvariant, InterlockError, NewerSchema, StoreTrouble
from interlock.risk.limits import Limits
from interlock.store import open_books
from interlock.store.books import RowBooks
from interlock.store.chains import BOOKS, MARKET
from interlock.store.postgres import PostgresGround
from interlock.store.records import ACCOUNT, THE_ACCOUNT
from interlock.values import Secret
from tests.host.conftest import Shelf
from tests.host.postgresql import Server
from tests.promises.wishes import MINUTE, NOON, armed, ask, bought, entry

pytestmark = pytest.mark.host

PASSWORD = "hunter2"  # noqa: S105 - what must never be seen has to be something
LIMITS = Limits()


def _python(program: str, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def _line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    ready, _, _ = select.select([child.stdout], [], [], 30)
    assert ready
    return child.stdout.readline().strip()


OPENING = """
import sys
from interlock.account import Mode
from interlock.risk.limits import Limits
from interlock.store import open_books, open_market
from interlock.values import Secret
from tests.promises.wishes import NOON, armed, ask, entry
url = Secret(sys.argv[1])
books = open_books(url, limits=Limits(), bound=Mode.LIVE, enabled=True)
"""
OPENER = f"{OPENING}open_market(url).ticks()\nprint(books.open(Mode.SIM, NOON).install_id)\n"
WRITER = f"""{OPENING}
tenure = armed(books)
for n in range(100000):
    intent, attempt = ask(books, tenure, entry(f"e{{sys.argv[2]}}-{{n}}"))
    print(intent.id, attempt.nonce, flush=True)
"""
STOPPED = f"""{OPENING}
with books._ground.change() as rows:
    print("locked", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def durable() -> Iterator[Server]:
    """A server that waits for its disk, as the one of the tests does not."""
    ours = Server(fsync="on")
    ours.create()
    yield ours
    ours.remove()


def test_what_was_acknowledged_survives_the_crash_of_the_server_in_the_middle_of_commits(
    durable: Server,
) -> None:
    server, database = durable, durable.database()
    said: dict[str, str] = {}
    for number in range(2):
        child = _python(WRITER, server.url(database).reveal(), str(number))
        for _ in range(10 + 25 * number):
            intent_id, nonce = _line(child).split()
            said[intent_id] = nonce
        server.crash()
        rest, complaint = child.communicate(timeout=30)
        server.start()
        whole = (line.split() for line in rest.splitlines())
        said |= {words[0]: words[1] for words in whole if len(words) == 2}

        assert child.returncode != 0
        assert complaint.splitlines()[-1].startswith(
            ("interlock.errors.StoreTrouble", "interlock.errors.BrokenInvariant")
        )
        rows = server.say(database, "SELECT intent_id, nonce FROM send_attempts")
        stored = {str(intent_id): str(nonce) for intent_id, nonce in rows}
        assert {one: stored.get(one) for one in said} == said
        assert len(stored) <= len(said) + number + 1, "at most one commit of each life unanswered"


def test_a_commit_that_nobody_answers_ends_the_process(shelf: Shelf, server: Server) -> None:
    """H6."""
    ground = PostgresGround(shelf.url, BOOKS)
    armed(shelf.books())

    with pytest.raises(BrokenInvariant, match="committed"), ground.change():
        server.say(
            "postgres",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state LIKE 'idle in%'",
        )
    assert "account" in ground.table_names(), "the next connection is a new one"
    ground.close()


def test_whoever_opens_first_makes_the_tables_and_all_open_the_same(server: Server) -> None:
    url = server.url(server.database()).reveal()
    children = [_python(OPENER, url) for _ in range(4)]

    said = [child.communicate(timeout=60) for child in children]

    assert len({told for told, _ in said}) == 1, said
    assert {child.returncode for child in children} == {0}, said


def test_a_server_that_comes_back_is_used_at_once(books: RowBooks, server: Server) -> None:
    """H6."""
    armed(books)
    server.stop()
    with pytest.raises(StoreTrouble):
        books.picture(NOON)
    with pytest.raises(StoreTrouble):
        books.version()
    server.start()

    assert books.picture(NOON).tenure is not None


@pytest.mark.parametrize("table", ["books_version", "market_version"])
def test_a_schema_newer_than_this_version_is_refused(
    shelf: Shelf, server: Server, database: str, table: str
) -> None:
    """H11, N4."""
    books, market = shelf.books(), shelf.market()
    server.say(database, f"UPDATE {table} SET version_num = 'x9999'")  # noqa: S608 - one of the two above
    ask_one = books.tenure if table == "books_version" else market.ticks

    with pytest.raises(NewerSchema, match="x9999"):
        ask_one()


def test_no_money_is_a_float_and_texts_are_ordered_by_code_points(
    server: Server, database: str
) -> None:
    found = server.say(
        database,
        "SELECT DISTINCT data_type, coalesce(collation_name, '') FROM information_schema.columns "
        "WHERE table_schema = 'public' AND table_name NOT LIKE '%_version'",
    )

    assert {kind for kind, _ in found} == {"text", "bigint", "integer"}
    assert {collation for kind, collation in found if kind == "text"} == {"C"}


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE account SET venue = 'MOON'",
        "UPDATE order_intents SET status = 'PERHAPS'",
        "UPDATE order_intents SET client_oid = ''",
        "UPDATE send_attempts SET verdict_id = NULL",
        "UPDATE send_attempts SET verdict_id = 'no such verdict'",
        "UPDATE lots SET opened_at = 'yesterday'",
    ],
)
def test_the_database_itself_refuses_what_cannot_be(
    books: RowBooks, server: Server, database: str, text: str
) -> None:
    bought(books, armed(books))

    with pytest.raises((psycopg.IntegrityError, psycopg.DataError)):
        server.say(database, text)


def test_the_same_nonce_cannot_be_written_twice_and_the_refusal_quotes_no_row(
    books: RowBooks, server: Server, database: str
) -> None:
    tenure = armed(books)
    _, attempt = ask(books, tenure, entry("one"))
    server.say(database, "UPDATE account SET last_nonce = 0")

    with pytest.raises(BrokenInvariant) as told:
        ask(books, tenure, entry("two"))
    assert str(attempt.nonce) not in str(told.value)
    assert len(books.live_intents()) == 1


def test_a_writer_waits_two_seconds_for_another_and_no_longer(
    books: RowBooks, server: Server, database: str
) -> None:
    """H1."""
    books.open(Mode.SIM, NOON)
    with psycopg.connect(server.url(database).reveal()) as other:
        other.execute("SELECT 1 FROM account FOR UPDATE")
        began = time.monotonic()
        with pytest.raises(StoreTrouble):
            books.switch("ann", "why", NOON, mode=None, kill=True)
        assert 1.5 < time.monotonic() - began < 5
        assert books.standing(NOON).switches.kill is None, "who only looks does not wait"
        other.rollback()

    assert books.switch("ann", "why", NOON, mode=None, kill=True).kill is not None


def test_who_was_stopped_in_the_middle_of_a_transaction_loses_its_locks(
    books: RowBooks, server: Server, database: str
) -> None:
    """Fault A18."""
    armed(books)
    child = _python(STOPPED, server.url(database).reveal())
    assert _line(child) == "locked"
    child.send_signal(signals.SIGSTOP)
    began = time.monotonic()
    try:
        while True:
            with contextlib.suppress(StoreTrouble):
                books.switch("ann", "why", NOON, mode=None, kill=True)
                break
        assert time.monotonic() - began < 8, "well before a lease ends"
    finally:
        child.send_signal(signals.SIGCONT)
        child.communicate("go on\n")
    assert child.returncode != 0


def test_a_look_is_one_snapshot_whatever_is_committed_meanwhile(shelf: Shelf) -> None:
    armed(shelf.books())
    ground = PostgresGround(shelf.url, BOOKS)

    with ground.look() as rows:
        before = rows.get(ACCOUNT, THE_ACCOUNT)
        shelf.books().switch("ann", "why", NOON, mode=None, kill=True)
        assert rows.get(ACCOUNT, THE_ACCOUNT) == before
    with ground.look() as rows:
        assert rows.get(ACCOUNT, THE_ACCOUNT) != before
    ground.close()


@given(st.permutations(range(4)))
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_version_moves_with_every_commit_of_anybody_in_whatever_order_they_began(
    shelf: Shelf, order: list[int]
) -> None:
    books = shelf.books()
    books.tenure()
    with contextlib.ExitStack() as stack:
        others = [stack.enter_context(psycopg.connect(shelf.url.reveal())) for _ in order]
        for other in others:
            other.execute("SELECT pg_current_xact_id()")
        seen = [books.version()]
        for nth in order:
            others[nth].commit()
            seen.append(books.version())

    assert len(set(seen)) == len(seen)


def test_market_data_does_not_wait_for_the_disk_and_books_do(shelf: Shelf) -> None:
    found = {}
    for chain in (BOOKS, MARKET):
        ground = PostgresGround(shelf.url, chain)
        with ground.connection() as connection:
            found[chain.name] = [
                connection.exec_driver_sql(f"SHOW {name}").scalar()
                for name in ("synchronous_commit", "lock_timeout", "statement_timeout")
            ]
        ground.close()

    assert found == {"books": ["on", "2s", "5s"], "market": ["off", "2s", "5s"]}


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_every_usual_form_of_the_address_is_understood(
    server: Server, database: str, scheme: str
) -> None:
    rest = server.url(database, PASSWORD).reveal().partition("://")[2]

    with contextlib.closing(_books(Secret(f"{scheme}://{rest}"))) as books:
        assert books.tenure() is None


BAD = (
    "sqlite:///books.sqlite",
    PASSWORD,
    f"postgresql://ann:{PASSWORD}@h:port/db",
    f"postgresql://ann:p@{PASSWORD}@h/db",
    f"postgresql://ann:p@{PASSWORD}/x@h/db",
    f"postgresql://ann:p/{PASSWORD}@h/db",
    f"postgresql://ann:{PASSWORD}@h/db?no_such_option={PASSWORD}",
)


@pytest.mark.parametrize("address", BAD)
def test_an_address_that_cannot_be_read_is_a_bad_setting_and_is_not_quoted(address: str) -> None:
    with pytest.raises(BadSettings, match="INTERLOCK__DATABASE__URL") as told:
        _books(Secret(address))
    assert PASSWORD not in _everything(told.value)


def test_no_message_holds_the_password(server: Server, database: str) -> None:
    url = server.url(database, PASSWORD).reveal()
    nobody = url.replace(f":{server.port}/", ":9/")
    no_such = url.replace(database, "no_such_database")

    for address in (nobody, no_such):
        books = _books(Secret(address))
        with pytest.raises(StoreTrouble) as told:
            books.tenure()
        books.close()
        assert PASSWORD not in _everything(told.value)
        assert told.value.remedy in told.value.line()


def _everything(error: InterlockError) -> str:
    chain = traceback.TracebackException.from_exception(error, capture_locals=False)
    return f"{error.line()} {error!r} {''.join(chain.format())}"


def _books(url: Secret) -> RowBooks:
    return open_books(url, limits=LIMITS, bound=Mode.LIVE, enabled=True)


def test_a_table_that_is_missing_is_told_and_the_others_are_read(
    books: RowBooks, server: Server, database: str
) -> None:
    tenure = armed(books)
    assert books.remains(NOON)[0].missing == ()
    server.say(database, "DROP TABLE order_intents CASCADE")

    with pytest.raises(StoreTrouble, match="order_intents"):
        books.picture(NOON + MINUTE)
    left, _, _ = books.remains(NOON)
    assert left.missing == ("order_intents",)
    assert left.tenure == tenure
