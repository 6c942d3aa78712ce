"""The auditor makes each row by itself: one that could not look has failed and keeps no other from being made."""

import asyncio
from datetime import timedelta

import pytest

from interlock.account import Mode
from interlock.desk.auditor import STEPS, Auditor
from interlock.errors import Unreachable
from interlock.evidence.proof import AuditRun, CheckRow
from interlock.exchange.client import Credentials, CryptoComExchange
from interlock.host.clock import StoodStill
from interlock.rehearsal.store import INSTALL_ID, dict_books
from interlock.simulator.clock import no_pause
from interlock.store.books import RowBooks
from interlock.values import Secret
from tests.fakes.exchange.transport import FewWords, No
from tests.promises.wishes import HOUR, NOON, reading

EMPTY: dict[str, object] = {"data": []}
WALLET = {
    "data": [
        {
            "total_cash_balance": "10000",
            "total_session_unrealized_pnl": "0",
            "total_position_cost": "0",
            "instrument_name": "USD",
            "position_balances": [
                {"instrument_name": "USDT", "quantity": "10000", "reserved_qty": "0"}
            ],
        }
    ]
}
WORDS: dict[str, object] = {
    "private/user-balance": WALLET,
    "public/get-tickers": EMPTY,
    "private/get-trades": EMPTY,
    "private/get-open-orders": EMPTY,
    "private/advanced/get-open-orders": EMPTY,
    "private/get-order-history": EMPTY,
    "private/advanced/get-order-history": EMPTY,
}


def auditor(words: FewWords, books: RowBooks | None = None) -> Auditor:
    for method, word in WORDS.items():
        if method not in words.words:
            words.teach(method, word)
    clock = StoodStill(NOON)
    exchange = CryptoComExchange(words, Credentials(Secret("k"), Secret("s")), clock.now, no_pause)
    kept = books or idle_books()
    return Auditor(exchange, kept, clock, DRIFT, INSTALL_ID, no_pause)


DRIFT = reading(NOON, "1").equity


def idle_books() -> RowBooks:
    books = dict_books()
    books.open(Mode.SIM, NOON - HOUR)
    books.account_read(NOON - HOUR, reading(NOON - HOUR))
    return books


def audited(words: FewWords) -> dict[str, CheckRow]:
    run: AuditRun = asyncio.run(auditor(words).audit())
    return {row.step: row for row in run.rows}


def test_an_idle_account_passes_with_something_compared_in_every_row() -> None:
    rows = audited(FewWords())

    assert tuple(rows) == STEPS
    assert [row for row in rows.values() if not row.holds] == []


@pytest.mark.parametrize(
    ("method", "failing"),
    [
        ("private/user-balance", {"portfolio"}),
        ("public/get-tickers", {"portfolio"}),
        ("private/get-trades", {"executions"}),
        ("private/get-open-orders", {"orders", "protection"}),
        ("private/advanced/get-open-orders", {"orders", "protection"}),
        ("private/get-order-history", {"history"}),
        ("private/advanced/get-order-history", {"history"}),
    ],
)
@pytest.mark.parametrize("word", [Unreachable("nobody"), No(500, 50001), {"rows": 1}], ids=str)
def test_what_could_not_be_looked_at_fails_alone(
    method: str, failing: set[str], word: object
) -> None:
    words = FewWords()
    words.teach(method, word)

    rows = audited(words)

    assert {step for step, row in rows.items() if not row.holds} == failing
    assert all(rows[step].compared == 0 for step in failing)


def test_an_exchange_that_shuts_us_out_is_asked_once_and_every_row_says_so() -> None:
    words = FewWords()
    for method in WORDS:
        if method.startswith("private/"):
            words.teach(method, No(401, 40101, "Authentication failure", bare=True))

    rows = audited(words)

    assert {row.code for row in rows.values()} == {"40101"}
    assert "egress IP not allowlisted" in rows["portfolio"].found
    assert len([name for _, name, _, _ in words.heard if name.startswith("private/")]) == 1


def test_the_hosts_own_audit_does_not_stand_for_the_desks() -> None:
    books, words = idle_books(), FewWords()
    nightly = CheckRow("ensure_stack_up", passed=False, compared=0, found="")
    earlier = NOON - timedelta(minutes=1)
    books.note(earlier, audit=AuditRun(earlier, passed=False, rows=(nightly,)))

    asyncio.run(auditor(words, books).once())

    newest = books.picture(NOON + timedelta(seconds=1)).audits
    assert {row.step for run in newest for row in run.rows} > set(STEPS)
