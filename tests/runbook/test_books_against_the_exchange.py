"""Books and exchange that differ in one thing: the two steps of the audit that compare them say FAIL, and name it.

No platform runs: the books are written as an engine would have left them, and the exchange's own truth stands beside them.
"""

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from interlock.account import Mode, Tenure
from interlock.errors import Unreachable
from interlock.exchange.aiohttp_transport import AiohttpTransport
from interlock.exchange.client import Credentials, CryptoComExchange
from interlock.host.clock import WallClock
from interlock.orders.evidence import Accepted
from interlock.orders.intent import Intent
from interlock.risk.limits import Limits
from interlock.store.books import RowBooks
from interlock.store.files import open_books
from interlock.strategy.proposal import TimeInForce
from interlock.values import Secret
from tests.promises.wishes import ask, entry, reading
from tests.runbook.installation import Installation, installed

PORTFOLIO, ORDERS = "portfolio_consistency_check", "reconcile_order_intents"
PASS, FAIL = ("PASS\n", 0), ("FAIL\n", 1)
NOW = WallClock().now
AN_HOUR_AGO = NOW() - timedelta(hours=1)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An exchange, and no platform."""
    with installed(tmp_path_factory.mktemp("host")) as found:
        yield found


@dataclass(slots=True)
class Kept:
    """Books that an engine left."""

    books: RowBooks
    tenure: Tenure


@contextmanager
def books(here: Installation, folder: Path, **held: str) -> Iterator[Kept]:
    """New books that began an hour ago with this wallet; the backend's environment has them until the block ends."""
    inside = {**here.inside, "INTERLOCK__DATA": str(folder)}
    kept = open_books(folder, limits=Limits(), bound=Mode.SIM, enabled=True)
    with closing(kept) as opened, here.engine.broken(environ=inside):
        tenure = opened.open(Mode.SIM, AN_HOUR_AGO)
        opened.account_read(AN_HOUR_AGO, reading(AN_HOUR_AGO, **(held or {"USDT": "10000"})))
        yield Kept(opened, tenure)


def placed(here: Installation, intent: Intent) -> None:
    """The order, placed at the exchange by somebody who has our key."""

    async def place() -> None:
        key = Credentials(Secret(here.at["api_key"]), Secret(here.at["api_secret"]))
        async with AiohttpTransport(here.at["rest"]) as transport:
            client = CryptoComExchange(transport, key, NOW)
            assert isinstance(await client.place(intent, NOW().ms), Accepted)

    asyncio.run(place())


@pytest.mark.parametrize(
    ("ledger", "verdict"), [("9899", FAIL), ("9900", PASS), ("10100", PASS), ("10101", FAIL)]
)
def test_a_drift_of_just_one_percent_passes_and_a_dollar_more_does_not(
    alone: Installation, tmp_path: Path, ledger: str, verdict: tuple[str, int]
) -> None:
    with books(alone, tmp_path, USDT=ledger):
        assert alone.verdict(PORTFOLIO) == verdict


def test_a_currency_without_a_price_and_a_wallet_never_read_fail(
    alone: Installation, tmp_path: Path
) -> None:
    with books(alone, tmp_path, USDT="10000", NOSUCH="1"):
        assert "no price for NOSUCH" in alone.why(PORTFOLIO)
    nothing = {**alone.inside, "INTERLOCK__DATA": str(tmp_path / "none")}
    with alone.engine.broken(environ=nothing):
        assert alone.verdict(PORTFOLIO) == FAIL
        assert alone.verdict(ORDERS) == FAIL


def test_an_exchange_that_answers_a_page_fails_the_portfolio(
    alone: Installation, tmp_path: Path
) -> None:
    with books(alone, tmp_path):
        alone.control("arm", {"fault": "http_502", "method": "private/user-balance", "count": 1})
        assert "could not look" in alone.why(PORTFOLIO)


def test_lists_that_cannot_be_had_fail_the_orders_though_the_balance_answers(
    alone: Installation, tmp_path: Path
) -> None:
    with books(alone, tmp_path):
        for method in ("get-open-orders", "get-order-history", "get-trades"):
            alone.control("arm", {"fault": "http_502", "method": f"private/{method}", "count": 1})
        why = alone.why(ORDERS)
        assert [step for step in ("executions", "orders", "history") if f"{step}: could not" in why]
        assert alone.verdict(PORTFOLIO) == PASS
        assert alone.verdict(ORDERS) == PASS


def test_an_outcome_that_is_unknown_for_longer_than_the_grace_fails(
    alone: Installation, tmp_path: Path
) -> None:
    with books(alone, tmp_path) as kept:
        at = NOW() - timedelta(minutes=6)
        _, attempt = ask(kept.books, kept.tenure, entry("late"), at)
        kept.books.answered(attempt, Unreachable("no answer"), at)
        assert "unresolved=1" in alone.why(ORDERS)


def test_within_the_grace_an_unknown_outcome_may_still_be_found(
    alone: Installation, tmp_path: Path
) -> None:
    with books(alone, tmp_path) as kept:
        _, attempt = ask(kept.books, kept.tenure, entry("fresh"), NOW())
        kept.books.answered(attempt, Unreachable("no answer"), NOW())
        assert alone.verdict(ORDERS) == PASS


def test_an_order_that_is_open_here_and_nowhere_there_fails(
    alone: Installation, tmp_path: Path
) -> None:
    with books(alone, tmp_path) as kept:
        at = NOW() - timedelta(minutes=6)
        _, attempt = ask(kept.books, kept.tenure, entry("gone"), at)
        kept.books.answered(attempt, Accepted("4711"), at)
        assert "the exchange does not know it" in alone.why(ORDERS)


def test_an_order_there_with_our_mark_and_no_intent_here_fails(
    alone: Installation, tmp_path: Path
) -> None:
    with books(alone, tmp_path) as kept:
        intent, attempt = ask(kept.books, kept.tenure, entry("ours"), NOW())
        kept.books.answered(attempt, Unreachable("no answer"), NOW())
        stranger = replace(
            intent,
            client_oid=f"{intent.client_oid[:9]}{'0' * 24}",
            proposal=replace(intent.proposal, tif=TimeInForce.GOOD_TILL_CANCEL),
        )
        placed(alone, stranger)
        assert "orphans=1" in alone.why(ORDERS)
