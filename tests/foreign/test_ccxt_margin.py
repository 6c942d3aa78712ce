"""An unmodified ccxt borrows, is refused and called, marks its orders against self-trades, and reads transfers. Each on its own account."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import ccxt
import pytest
from aiohttp import web

from interlock.simulator.engine import Engine
from interlock.simulator.front.serve import ServeOptions, configuration, wall_now
from interlock.simulator.front.server import ExchangeServer
from interlock.simulator.requestlog import RequestLog
from interlock.simulator.streams.front import Streams
from interlock.simulator.streams.terms import USUAL
from tests.foreign.test_ccxt_rest import PAIR, Peer, asynchronous, simulated, synchronous

BORROW: Final = {"spot_margin": "MARGIN", "leverage": "3"}


@contextmanager
def served(engine: Engine) -> Iterator[dict[str, str]]:
    """The engine behind HTTP on a thread of its own; its clock stands, less than a minute behind the wall's."""
    ready, done, at = threading.Event(), threading.Event(), dict[str, str]()

    async def serving() -> None:
        broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        log = RequestLog([])
        streams = Streams(engine, lambda: None, broken, log, USUAL)
        exchange = ExchangeServer(engine, lambda: None, broken, streams, log)
        runner = web.AppRunner(exchange.application())
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        at["rest"] = f"http://127.0.0.1:{runner.addresses[0][1]}/exchange/v1"
        ready.set()
        await asyncio.to_thread(done.wait)
        await runner.cleanup()

    thread = threading.Thread(target=asyncio.run, args=(serving(),))
    thread.start()
    ready.wait(10)
    key = engine.config.keys[0]
    try:
        yield at | {"api_key": key.key, "api_secret": key.secret.reveal()}
    finally:
        done.set()
        thread.join(10)


def owned(*transfers: tuple[str, str]) -> Engine:
    """An exchange at the wall's time to and from which money was moved."""
    options = ServeOptions(margin=True, candles=("binance_BTC-USDT_1h",))
    engine = Engine(configuration(options, wall_now()))
    engine.advance(wall_now())
    for currency, amount in transfers:
        engine.transfer(currency, Decimal(amount))
    return engine


@dataclass(frozen=True)
class Account:
    """A client of ccxt, and the engine that it trades on."""

    peer: Peer
    engine: Engine

    def do(self, name: str, *words: object) -> Any:  # noqa: ANN401 - ccxt has no types
        return self.peer.do(name, *words)

    def order(self, kind: str, side: str, amount: float, *words: object) -> str:
        """The id of the order that was made."""
        return str(self.do("create_order", PAIR, kind, side, amount, *words)["id"])

    def held(self, currency: str) -> float:
        return float(self.engine.books()["balances"].get(currency, "0"))

    def worth(self, dollars: float) -> float:
        """So many dollars in coins, on the lot."""
        return round(dollars / self.peer.price(1), 4)


@pytest.fixture(params=[synchronous, asynchronous])
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    engine = owned()
    with served(engine) as at, request.param(at) as peer:
        yield Account(peer, engine)


@pytest.mark.parametrize("terms", [BORROW, {"marginMode": "cross", "leverage": "3"}])
def test_a_margin_buy_borrows_what_it_lacks_and_the_balance_is_negative(
    account: Account, terms: dict[str, str]
) -> None:
    amount = account.worth(15000)

    order = account.do("fetch_order", account.order("market", "buy", amount, None, terms), PAIR)

    assert (order["status"], order["filled"]) == ("closed", amount)
    assert order["info"]["exec_inst"] == ["MARGIN_ORDER"]
    wallet = account.do("fetch_balance")
    assert wallet["USDT"]["total"] == account.held("USDT") < -4000
    assert float(wallet["info"]["result"]["data"][0]["total_borrow"]) == -account.held("USDT")


def test_a_short_owes_coins_and_a_buy_repays_them(account: Account) -> None:
    amount = account.worth(5000)

    account.order("market", "sell", amount, None, BORROW)
    owed = account.do("fetch_balance")["BTC"]["total"]
    account.order("market", "buy", round(amount * 1.01, 4))

    assert owed == pytest.approx(-amount)
    assert account.do("fetch_balance")["BTC"]["total"] > 0


def test_too_little_margin_is_an_error_that_names_its_code_and_borrows_nothing(
    account: Account,
) -> None:
    with pytest.raises(ccxt.ExchangeError, match="609"):
        account.order("market", "buy", account.worth(60000), None, BORROW)

    assert account.held("USDT") == 10000
    (row,) = account.do("fetch_orders", PAIR)
    assert (row["status"], row["info"]["reason"]) == ("rejected", 609)


def test_orders_that_ccxt_marks_do_not_meet(account: Account) -> None:
    mark = {"stp_scope": "M", "stp_inst": "M", "stp_id": 5}
    ticker, amount = account.do("fetch_ticker", PAIR), account.worth(100)
    between = round((ticker["bid"] + ticker["ask"]) / 2, 2)

    rests = account.order("limit", "buy", amount, between, mark)
    comes = account.order("limit", "sell", amount, between, mark | BORROW)

    ended = account.do("fetch_order", rests, PAIR)
    assert (ended["status"], ended["info"]["reason"]) == ("canceled", 43012)
    assert account.do("fetch_order", comes, PAIR)["status"] == "open"
    assert account.engine.books()["fills"] == []


def test_the_command_lends_when_it_is_told_so_and_says_when_it_does_not() -> None:
    one = ("--candles", "binance_BTC-USDT_1h")
    with simulated(*one) as at, synchronous(at) as spot:
        with pytest.raises(ccxt.ExchangeError, match="416"):
            spot.do("create_order", PAIR, "market", "buy", 0.001, None, BORROW)
        assert spot.do("fetch_accounts")[0]["info"]["margin_access"] == "DISABLED"
    with simulated(*one, "--margin") as at, synchronous(at) as borrower:
        borrower.do("create_order", PAIR, "market", "buy", 15000 / borrower.price(1), None, BORROW)
        assert borrower.do("fetch_balance")["USDT"]["total"] < -4000


@pytest.mark.parametrize(
    ("method", "kind", "amounts"),
    [("fetch_deposits", "deposit", [0.25, 70.5]), ("fetch_withdrawals", "withdrawal", [30.0])],
)
def test_transfers_are_the_deposits_and_withdrawals_of_ccxt(
    method: str, kind: str, amounts: list[float]
) -> None:
    engine = owned(("BTC", "0.25"), ("USDT", "70.5"), ("USDT", "-30"))

    with served(engine) as at, synchronous(at) as client:
        rows = client.do(method)
        ledger = client.do("fetch_ledger")

    assert sorted(row["amount"] for row in rows) == sorted(amounts)
    assert {(row["type"], row["status"]) for row in rows} == {(kind, "ok")}
    assert {row["timestamp"] for row in rows} == {engine.now.ms}
    moved = [(row["direction"], row["currency"], row["amount"]) for row in ledger]
    assert sorted(moved) == [("in", "BTC", 0.25), ("in", "USDT", 70.5), ("out", "USDT", 30.0)]


def test_in_a_margin_call_ccxt_may_sell_and_not_buy() -> None:
    engine = owned()
    with served(engine) as at, synchronous(at) as client:
        client.do("create_order", PAIR, "market", "buy", 0.01)
        engine.margin_call(on=True)

        with pytest.raises(ccxt.ExchangeError, match="301"):
            client.do("create_order", PAIR, "market", "buy", 0.01, None, BORROW)
        sold = client.do("create_order", PAIR, "market", "sell", 0.005)
        assert client.do("fetch_order", sold["id"], PAIR)["status"] == "closed"
        assert client.do("fetch_balance")["info"]["result"]["data"][0]["has_risk"] is True
