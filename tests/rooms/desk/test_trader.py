"""The trader judges what stands now, under the lock, and not what stood when the signal was made."""

import asyncio
from dataclasses import replace

import pytest

from interlock.account import Mode
from interlock.desk.instruments import Instruments
from interlock.desk.trader import Doubt, Trader, unread
from interlock.exchange.client import Credentials, CryptoComExchange
from interlock.host.clock import StoodStill
from interlock.orders.ruling import Ruling
from interlock.ports import Gate, Reply, open_gate
from interlock.rehearsal.store import DictMarket, dict_books
from interlock.risk.limits import Limits
from interlock.risk.verdict import Blocked
from interlock.store.books import RowBooks
from interlock.strategy.presets import PRESETS
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Secret
from tests.rooms.making import NOW, row, signal


class NobodyThere:
    """A transport that must not be used."""

    async def request(self, verb: str, path: str, body: bytes, gate: Gate = open_gate) -> Reply:
        gate()
        raise AssertionError(f"{verb} {path} left ({len(body)} bytes)")


@pytest.fixture
def books() -> RowBooks:
    ours = dict_books(bound=Mode.SIM)
    ours.open(Mode.SIM, NOW)
    ours.switch("owner", "", NOW, mode=Mode.SIM, kill=None)
    return ours


def decide(
    books: RowBooks, seen: WatchlistRow, venue: Mode = Mode.SIM, doubt: Doubt = unread
) -> Ruling:
    clock = StoodStill(NOW)
    exchange = CryptoComExchange(NobodyThere(), Credentials(Secret("k"), Secret("s")), clock.now)
    market = DictMarket()
    trader = Trader(
        books=books,
        market=market,
        exchange=exchange,
        clock=clock,
        instruments=Instruments(market, clock),
        limits=Limits(),
        tenure=books.open(venue, NOW),
        doubt=doubt,
    )
    return asyncio.run(trader.decide(signal(), seen, PRESETS["trend-dip"]))


def codes(ruling: Ruling) -> set[str]:
    assert isinstance(ruling.verdict, Blocked)
    return {objection.code for objection in ruling.verdict.objections}


def test_a_row_that_was_switched_off_after_the_signal_was_made_is_not_traded(
    books: RowBooks,
) -> None:
    seen = books.watch(row(), "owner", NOW)
    assert "TRADE_DISABLED" not in codes(decide(books, seen))

    other = dict_books(bound=Mode.SIM)
    other.open(Mode.SIM, NOW)
    other.watch(replace(row(), trade_enabled=False), "owner", NOW)
    assert "TRADE_DISABLED" in codes(decide(other, seen))


def test_a_row_that_is_gone_alerts_nobody(books: RowBooks) -> None:
    ruling = decide(books, row())

    assert ruling.intent is None
    assert ruling.block == "ALERT_DISABLED"


def live() -> tuple[RowBooks, WatchlistRow]:
    books = dict_books(bound=Mode.LIVE)
    books.open(Mode.LIVE, NOW)
    books.switch("owner", "", NOW, mode=Mode.LIVE, kill=None)
    return books, books.watch(row(), "owner", NOW)


def test_live_enters_nothing_while_its_certificate_is_doubted_and_says_why() -> None:
    ruling = decide(*live(), Mode.LIVE, lambda _: "it was given for another key")

    assert isinstance(ruling.verdict, Blocked)
    reasons = {o.code: o.reason for o in ruling.verdict.objections}
    assert "It was given for another key" in reasons["CERTIFICATE"]


def test_a_certificate_without_a_doubt_is_no_objection() -> None:
    assert "CERTIFICATE" not in codes(decide(*live(), Mode.LIVE, lambda _: None))


def test_a_desk_that_was_given_no_certificate_enters_nothing_in_live() -> None:
    assert "CERTIFICATE" in codes(decide(*live(), Mode.LIVE))
