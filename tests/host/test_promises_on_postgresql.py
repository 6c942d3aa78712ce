"""Every promise of the books and of the market data, kept by a real PostgreSQL server: the very same pages."""

import pytest

from tests.promises.test_books import *  # noqa: F403 - the page itself, whatever it comes to promise
from tests.promises.test_books_evidence import *  # noqa: F403 - likewise
from tests.promises.test_books_wallet import *  # noqa: F403 - likewise
from tests.promises.test_market_file import *  # noqa: F403 - likewise
from tests.promises.test_outbox import *  # noqa: F403 - likewise

pytestmark = pytest.mark.host
