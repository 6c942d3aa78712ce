"""What only a real file can promise: a commit survives kill -9, trouble has a remedy, nobody else reads it, one engine at a time."""

import contextlib
import os
import select
import signal as signals
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from interlock.account import Mode
from interlock.errors import BrokenInvariant, NewerSchema, StoreTrouble
from interlock.risk.limits import Limits
from interlock.store import FolderLease, open_books, open_market
from interlock.store import migrate as migration
from interlock.store.books import RowBooks
from interlock.store.chains import BOOKS, MARKET, Chain
from interlock.store.migrations.books.b0004_guard import ADDED
from interlock.store.sqlite import SqliteGround
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Known, Unknown
from tests.promises.wishes import MINUTE, NOON, armed, ask, bought, entry

Opener = Callable[[], RowBooks]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def opening(folder: Path) -> Iterator[Opener]:
    with contextlib.ExitStack() as stack:

        def opener() -> RowBooks:
            books = open_books(folder, limits=Limits(), bound=Mode.LIVE, enabled=True)
            stack.callback(books.close)
            return books

        yield opener


def _python(program: str, *words: str) -> subprocess.Popen[str]:
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", program, *words],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
    )


def _kill(child: subprocess.Popen[str]) -> None:
    child.send_signal(signals.SIGKILL)
    child.communicate()


WRITER = """
import sys
from pathlib import Path
from interlock.account import Mode
from interlock.risk.limits import Limits
from interlock.store import open_books
from tests.promises.wishes import armed, ask, entry
books = open_books(Path(sys.argv[1]), limits=Limits(), bound=Mode.LIVE, enabled=True)
tenure = armed(books)
for n in range(10000):
    intent, attempt = ask(books, tenure, entry(f"e{n}"))
    print(intent.id, attempt.nonce, flush=True)
"""

OPENER = """
import sys
from pathlib import Path
from interlock.account import Mode
from interlock.risk.limits import Limits
from interlock.store import open_books
from tests.promises.wishes import NOON
books = open_books(Path(sys.argv[1]), limits=Limits(), bound=Mode.LIVE, enabled=True)
print(books.open(Mode.SIM, NOON).install_id)
"""

HOLDER = """
import sys, time
from pathlib import Path
from interlock.store import FolderLease
lease = FolderLease(Path(sys.argv[1]))
assert lease.take() is None
print("held", flush=True)
time.sleep(60)
"""


def test_a_commit_survives_kill_minus_nine(folder: Path, opening: Opener) -> None:
    """Faults A2, A17."""
    child = _python(WRITER, str(folder))
    assert child.stdout is not None
    said = [child.stdout.readline().split() for _ in range(20)]
    _kill(child)

    books = opening()
    books.open(Mode.SIM, NOON + MINUTE)

    kept = {i.id: attempts for i, attempts in books.live_intents()}
    for intent_id, nonce in said:
        assert [str(a.nonce) for a in kept[intent_id]] == [nonce]


def test_the_files_are_the_owners_alone(folder: Path, opening: Opener) -> None:
    armed(opening())
    open_market(folder).close()

    assert folder.stat().st_mode & 0o777 == 0o700
    files = sorted(folder.iterdir())
    assert {f.name for f in files} >= {"books.sqlite", "books.sqlite-wal", "market.sqlite"}
    assert {f.stat().st_mode & 0o777 for f in files} == {0o600}


def test_new_books_draw_an_installation_of_their_own(tmp_path: Path) -> None:
    ids = set()
    for name in ("one", "two"):
        books = open_books(tmp_path / name, limits=Limits(), bound=Mode.LIVE, enabled=True)
        ids.add(books.open(Mode.SIM, NOON).install_id)
        books.close()

    assert len(ids) == 2


def _garbage(path: Path) -> None:
    path.write_bytes(b"not a database at all, but long enough to look" * 200)


def _cut_in_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _a_page_overwritten(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size - 4096)
        file.write(b"\xff" * 4096)


def _emptied(path: Path) -> None:
    os.truncate(path, 0)


def _another_database(path: Path) -> None:
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (x)")


def _a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "damage", [_garbage, _cut_in_half, _a_page_overwritten, _emptied, _another_database, _a_folder]
)
def test_a_file_that_cannot_be_read_is_trouble_with_a_remedy(
    folder: Path, opening: Opener, damage: Callable[[Path], None]
) -> None:
    """H4."""
    books = opening()
    bought(books, armed(books))
    books.close()
    open_market(folder).close()
    damage(folder / "books.sqlite")
    damage(folder / "market.sqlite")

    for opener in (opening, lambda: open_market(folder)):
        with pytest.raises(StoreTrouble) as told:
            opener()
        assert "sqlite" in told.value.line()
        assert told.value.remedy in told.value.line()


def test_a_file_that_was_cut_off_is_said_to_be_so(folder: Path, opening: Opener) -> None:
    """Fault H5."""
    opening().close()
    _emptied(folder / "books.sqlite")

    with pytest.raises(StoreTrouble, match="empty"):
        opening()


@pytest.mark.parametrize("with_another", [False, True], ids=["gone", "replaced"])
def test_books_that_were_taken_from_their_place_are_neither_read_nor_written(
    folder: Path, opening: Opener, *, with_another: bool
) -> None:
    """Fault H5."""
    books, place = opening(), folder / "books.sqlite"
    armed(books)
    elsewhere = place.rename(folder / "elsewhere")
    if with_another:
        place.write_bytes(elsewhere.read_bytes())

    for use in (books.version, books.open_lots, lambda: books.open(Mode.SIM, NOON)):
        with pytest.raises(StoreTrouble):
            use()
    elsewhere.replace(place)
    assert books.open(Mode.SIM, NOON).epoch == 2


def test_a_data_folder_that_is_a_file_is_trouble(folder: Path, opening: Opener) -> None:
    folder.write_text("here")

    with pytest.raises(StoreTrouble):
        opening()
    with pytest.raises(StoreTrouble):
        FolderLease(folder).take()


def test_a_row_that_was_tampered_with_is_trouble(folder: Path, opening: Opener) -> None:
    books = opening()
    bought(books, armed(books))
    with contextlib.closing(sqlite3.connect(folder / "books.sqlite")) as other, other:
        other.execute("UPDATE lots SET remaining = 'much'")

    with pytest.raises(StoreTrouble, match="lots"):
        books.picture(NOON)
    assert books.open_lots() == ()
    (named,) = books.unreadable()
    assert named.startswith("lots:")


def test_a_table_that_is_missing_is_trouble_and_nothing_is_written(
    folder: Path, opening: Opener
) -> None:
    books = opening()
    tenure = armed(books)
    with contextlib.closing(sqlite3.connect(folder / "books.sqlite")) as other, other:
        other.execute("DROP TABLE send_attempts")

    with pytest.raises(StoreTrouble):
        ask(books, tenure, entry())
    assert books.picture(NOON).intents == ()


def test_a_table_that_is_missing_is_told_and_the_others_are_read(
    folder: Path, opening: Opener
) -> None:
    books = opening()
    tenure = armed(books)
    assert books.remains(NOON)[0].missing == ()
    before = books.version()
    with contextlib.closing(sqlite3.connect(folder / "books.sqlite")) as other, other:
        other.execute("DROP TABLE order_intents")

    assert books.version() != before
    left, _, _ = books.remains(NOON)
    assert left.missing == ("order_intents",)
    assert left.tenure == tenure


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
def test_the_file_itself_refuses_what_cannot_be(folder: Path, opening: Opener, text: str) -> None:
    books = opening()
    bought(books, armed(books))
    with contextlib.closing(sqlite3.connect(folder / "books.sqlite")) as other:
        other.execute("PRAGMA foreign_keys=ON")
        with pytest.raises(sqlite3.IntegrityError):
            other.execute(text)


def test_the_same_nonce_cannot_be_written_twice(folder: Path, opening: Opener) -> None:
    books = opening()
    tenure = armed(books)
    ask(books, tenure, entry("one"))
    with contextlib.closing(sqlite3.connect(folder / "books.sqlite")) as other, other:
        other.execute("UPDATE account SET last_nonce = 0")

    with pytest.raises(BrokenInvariant):
        ask(books, tenure, entry("two"))
    assert len(books.live_intents()) == 1


def test_a_writer_waits_two_seconds_for_another_and_no_longer(
    folder: Path, opening: Opener
) -> None:
    """Fault H1."""
    books = opening()
    books.open(Mode.SIM, NOON)
    with contextlib.closing(sqlite3.connect(folder / "books.sqlite")) as other:
        other.isolation_level = None
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(StoreTrouble):
            books.switch("ann", "why", NOON, mode=None, kill=True)
        assert books.standing(NOON).switches.kill is None, "who only looks does not wait"
        other.execute("ROLLBACK")

    assert books.switch("ann", "why", NOON, mode=None, kill=True).kill is not None


def test_a_schema_newer_than_this_version_is_refused(folder: Path, opening: Opener) -> None:
    """Faults H11, N4."""
    opening().close()
    with contextlib.closing(sqlite3.connect(folder / "books.sqlite")) as other, other:
        other.execute("UPDATE alembic_version SET version_num = 'b9999'")

    with pytest.raises(NewerSchema):
        opening()


def test_books_of_the_first_schema_are_brought_to_this_one_and_keep_what_they_hold(
    folder: Path, opening: Opener
) -> None:
    books = opening()
    armed(books)
    books.close()
    with contextlib.closing(sqlite3.connect(folder / "books.sqlite")) as other, other:
        other.execute("ALTER TABLE account DROP COLUMN clock_offset")
        other.execute("DROP INDEX send_attempts_at")
        for table, columns in ADDED.items():
            for column in columns:
                other.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        other.execute("ALTER TABLE send_attempts DROP COLUMN left_at")
        other.execute("ALTER TABLE fills DROP COLUMN booked_at")
        for column in ("pause_who", "pause_why", "pause_at", "armed_at", "widened_at"):
            other.execute(f"ALTER TABLE account DROP COLUMN {column}")
        other.execute("DROP TABLE arm_offers")
        other.execute("DROP TABLE order_steps")
        other.execute("DROP TABLE owner_requests")
        other.execute("ALTER TABLE day_opens DROP COLUMN transfers")
        other.execute("ALTER TABLE day_opens DROP COLUMN unpriced")
        other.execute("ALTER TABLE account DROP COLUMN free_margin")
        other.execute("ALTER TABLE lots DROP COLUMN interest")
        other.execute("ALTER TABLE watchlist_items DROP COLUMN trade_share_pct")
        for table in ("lots", "order_intents"):
            other.execute(f"ALTER TABLE {table} DROP COLUMN stop_floor")
        other.execute("DROP TABLE parked_events")
        other.execute("DROP TABLE user_stream")
        other.execute("DROP TABLE seals")
        other.execute("UPDATE alembic_version SET version_num = 'b0001'")

    standing = opening().standing(NOON)

    assert isinstance(standing.balances, Known)
    assert isinstance(standing.clock, Unknown)


@pytest.mark.parametrize("chain", [BOOKS, MARKET])
def test_the_revisions_that_the_code_knows_are_those_of_the_chain(chain: Chain) -> None:
    assert tuple(reversed(migration.revisions(chain.name))) == chain.revisions


@pytest.mark.parametrize("chain", [BOOKS, MARKET])
def test_every_table_is_strict_and_no_money_is_a_float(chain: Chain, tmp_path: Path) -> None:
    SqliteGround(tmp_path / "file.sqlite", chain).close()
    with contextlib.closing(sqlite3.connect(tmp_path / "file.sqlite")) as connection:
        tables = connection.execute(
            "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        ours = [name for name, _ in tables if name != "alembic_version"]
        kinds = {
            kind
            for name in ours
            for (kind,) in connection.execute("SELECT type FROM pragma_table_info(?)", (name,))
        }

    assert {strict for name, strict in tables if name in ours} == {1}
    assert kinds == {"TEXT", "INTEGER"}


def test_books_keep_every_commit_and_market_data_may_lose_some(folder: Path) -> None:
    found = {}
    for chain in (BOOKS, MARKET):
        ground = SqliteGround(folder / f"{chain.name}.sqlite", chain)
        with ground.connection() as connection:
            pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            found[chain.name] = [
                connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() for pragma in pragmas
            ]
        ground.close()

    assert found == {"books": ["wal", 2, 1, 2000], "market": ["wal", 1, 1, 2000]}


def test_whoever_opens_first_makes_the_file_and_all_open_the_same(folder: Path) -> None:
    children = [_python(OPENER, str(folder)) for _ in range(4)]

    said = {child.communicate(timeout=60)[0] for child in children}

    assert len(said) == 1
    assert said != {""}
    assert [f.name for f in folder.iterdir() if f.suffix == ".new"] == []


def test_threads_write_side_by_side(opening: Opener) -> None:
    books = opening()
    armed(books)

    def add(n: int) -> None:
        books.watch(WatchlistRow(f"C{n}_USDT"), "ann", NOON)

    threads = [threading.Thread(target=add, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(books.picture(NOON).watchlist) == 8


def test_one_engine_holds_a_folder_and_the_next_is_told_who(folder: Path) -> None:
    first, second = FolderLease(folder), FolderLease(folder)
    assert first.take() is None
    assert first.take() is None, "who holds it has it already"

    assert second.take() == (f"process {os.getpid()}", None)
    first.release()
    first.release()
    assert second.take() is None
    second.release()


def test_the_lease_is_free_when_its_holder_was_killed(folder: Path) -> None:
    child = _python(HOLDER, str(folder))
    assert child.stdout is not None
    ready, _, _ = select.select([child.stdout], [], [], 30)
    assert ready
    lease = FolderLease(folder)
    assert lease.take() == (f"process {child.pid}", None)
    _kill(child)

    assert lease.take() is None
    lease.release()
