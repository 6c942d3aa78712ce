"""Every promise of the books and of the market data, kept by a real PostgreSQL server: the very same pages."""

import pytest

from tests.host.postgresql import Server
from tests.promises.test_books import *  # noqa: F403 - the page itself, whatever it comes to promise
from tests.promises.test_books_evidence import *  # noqa: F403 - likewise
from tests.promises.test_books_pairs import *  # noqa: F403 - likewise
from tests.promises.test_books_wallet import *  # noqa: F403 - likewise
from tests.promises.test_market_file import *  # noqa: F403 - likewise
from tests.promises.test_outbox import *  # noqa: F403 - likewise
from tests.promises.test_what_is_parked import *  # noqa: F403 - likewise

pytestmark = pytest.mark.host


@pytest.fixture(scope="module")
def common(server: Server, template: str) -> str:
    return server.database(template)


@pytest.fixture
def database(server: Server, common: str) -> str:
    """The same one for all, emptied: a promise spoils no table, and a copy costs ten times as much."""
    names = server.say(
        common,
        "SELECT string_agg(tablename, ', ') FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE '%_version'",
    )
    server.say(common, f"TRUNCATE {names[0][0]} RESTART IDENTITY")
    return common
