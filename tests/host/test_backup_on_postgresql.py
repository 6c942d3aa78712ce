"""A backup is one format: from a database into a file, and from any such file into a database, the sealed journal whole."""

from contextlib import closing
from pathlib import Path

import pytest

from interlock.account import Mode
from interlock.errors import BadInput
from interlock.settings import Settings, read
from interlock.store.backup import checked
from interlock.wiring.adapters import open_books
from interlock.wiring.keeping import backup, restore, verify_journal
from tests.host.postgresql import Server
from tests.promises.wishes import NOON, ask, bought, entry

pytestmark = pytest.mark.host


def _settings(folder: Path, url: str | None) -> Settings:
    given = {
        "INTERLOCK__DATA": str(folder),
        "INTERLOCK__MODE": "SIM",
        "INTERLOCK__EXCHANGE__REST_URL": "http://127.0.0.1:1/exchange/v1",
    }
    return read(given if url is None else {**given, "INTERLOCK__DATABASE__URL": url})


def _trade(settings: Settings) -> None:
    with closing(open_books(settings)) as books:
        tenure = books.open(Mode.SIM, NOON)
        books.switch("owner", "go", NOON, mode=Mode.SIM, kill=None)
        bought(books, tenure, "first")
        books.seal(NOON)
        ask(books, tenure, entry("second"))


@pytest.mark.parametrize("whence", ["postgresql", "sqlite"])
@pytest.mark.parametrize("whither", ["postgresql", "sqlite"])
def test_books_go_from_any_database_into_any(
    server: Server, template: str, tmp_path: Path, whence: str, whither: str
) -> None:
    urls = [
        server.url(server.database(template)).reveal() if each == "postgresql" else None
        for each in (whence, whither)
    ]
    source, target = _settings(tmp_path / "one", urls[0]), _settings(tmp_path / "two", urls[1])
    _trade(source)
    file = tmp_path / "copy"
    told = backup(source, file, NOON)
    assert verify_journal(source).wrong == ()
    restore(target, file, "owner", "a move", NOON)

    with closing(open_books(source)) as ours, closing(open_books(target)) as theirs:
        assert theirs.intents() == ours.intents()
        assert theirs.fills() == ours.fills()
        assert theirs.entries() == ours.entries()
        assert theirs.open_lots() == ours.open_lots()
        assert theirs.switches().pause is not None
    found = verify_journal(target)
    assert found.wrong == ()
    assert found.unsealed == 0
    assert found.last is not None
    assert found.last.n == told.seals + 1
    _goes_on(target)


def _goes_on(target: Settings) -> None:
    """What is written after a restore finds its places behind what was restored."""
    with closing(open_books(target)) as books:
        tenure = books.open(Mode.SIM, NOON)
        books.pause("owner", "looked", NOON, on=False)
        bought(books, tenure, "third")
    assert verify_journal(target).unsealed > 0
    assert verify_journal(target).wrong == ()


def test_a_database_with_books_is_not_replaced_unasked_and_kept_as_a_backup(
    server: Server, template: str, tmp_path: Path
) -> None:
    settings = _settings(tmp_path, server.url(server.database(template)).reveal())
    _trade(settings)
    file = tmp_path / "copy"
    backup(settings, file, NOON)
    with closing(open_books(settings)) as books:
        books.pause("owner", "later", NOON, on=True)
    with pytest.raises(BadInput, match="--over"):
        restore(settings, file, "owner", "again", NOON)
    kept = restore(settings, file, "owner", "again", NOON, over=True).kept

    assert kept is not None
    assert checked(kept).install_id == checked(file).install_id
    assert verify_journal(settings).holds
