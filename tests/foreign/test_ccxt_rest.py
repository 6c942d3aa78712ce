"""An unmodified ccxt, synchronous and asynchronous, trades on a real `interlock simulate` over HTTP and reads the truth of its books."""

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import ccxt
import ccxt.async_support
import pytest

PAIR: Final = "BTC/USDT"
DAY_MS: Final = 86_400_000
ATTEMPTS: Final = 5


@dataclass(frozen=True)
class Peer:
    """One ccxt client: `do` calls a method of it by name, whichever kind it is; `at` is what the simulator said of itself."""

    do: Callable[..., Any]
    at: dict[str, str]

    def books(self) -> dict[str, Any]:
        """What the exchange itself holds true."""
        url = f"{self.at['control']}/control/books"
        with urllib.request.urlopen(url) as reply:  # noqa: S310 - it is our own
            read: dict[str, Any] = json.load(reply)
        return read

    def row(self, order_id: str) -> dict[str, Any]:
        """One order in the books."""
        return next(row for row in self.books()["orders"] if row["order_id"] == order_id)

    def price(self, share: float) -> float:
        """So much of the last price, on the tick."""
        return round(float(self.do("fetch_ticker", PAIR)["last"]) * share, 2)


@contextmanager
def simulated(*options: str) -> Iterator[dict[str, str]]:
    """The command as users run it, and its first line."""
    command = [str(Path(sys.executable).with_name("interlock")), "simulate", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def pointed(at: dict[str, str], **changes: object) -> dict[str, Any]:
    """The options that point every URL of ccxt at the simulator."""
    root = at["rest"].removesuffix("/exchange/v1")
    api = {"base": root, "v1": at["rest"], "v2": f"{root}/v2", "derivatives": f"{root}/v1"}
    keys = {"apiKey": at["api_key"], "secret": at["api_secret"]}
    return {**keys, "urls": {"api": api}, "enableRateLimit": False, **changes}


@contextmanager
def synchronous(at: dict[str, str], **changes: object) -> Iterator[Peer]:
    client = ccxt.cryptocom(pointed(at, **changes))
    yield Peer(lambda name, *words: getattr(client, name)(*words), at)
    client.session.close()


@contextmanager
def asynchronous(at: dict[str, str], **changes: object) -> Iterator[Peer]:
    with asyncio.Runner() as runner:

        async def make() -> Any:  # noqa: ANN401 - ccxt has no types
            return ccxt.async_support.cryptocom(pointed(at, **changes))

        client = runner.run(make())
        yield Peer(lambda name, *words: runner.run(getattr(client, name)(*words)), at)
        runner.run(client.close())


@pytest.fixture(scope="module")
def exchange() -> Iterator[dict[str, str]]:
    with simulated() as at:
        yield at


@pytest.fixture(scope="module", params=[synchronous, asynchronous])
def peer(request: pytest.FixtureRequest, exchange: dict[str, str]) -> Iterator[Peer]:
    with request.param(exchange) as client:
        client.do("load_markets")
        yield client


def test_the_markets_are_the_listing(peer: Peer) -> None:
    markets = peer.do("load_markets")

    assert len(markets) == 930
    assert markets[PAIR]["spot"]
    assert markets[PAIR]["precision"] == {"amount": 1e-05, "price": 0.01}
    assert markets["BTC/USD:USD"]["swap"]


def test_tickers_stand_around_the_last_price(peer: Peer) -> None:
    ticker, every = peer.do("fetch_ticker", PAIR), peer.do("fetch_tickers")

    assert ticker["bid"] < ticker["last"] < ticker["ask"]
    assert ticker["low"] <= ticker["last"] <= ticker["high"]
    assert set(every) == {f"{coin}/USDT" for coin in ("BTC", "ETH", "SOL", "XRP")}


def test_candles_are_paged_without_a_gap_or_a_bar_twice(peer: Peer) -> None:
    newest = peer.do("fetch_ohlcv", PAIR, "1h")[-1][0]
    since, rows = newest - 20 * DAY_MS, list[list[float]]()
    while not rows or rows[-1][0] < newest:
        page = peer.do("fetch_ohlcv", PAIR, "1h", since, 300)
        rows += [row for row in page if not rows or row[0] > rows[-1][0]]
        since = int(rows[-1][0]) + 1

    assert [row[0] for row in rows] == list(range(newest - 20 * DAY_MS, newest + 1, 3_600_000))
    assert all(low <= min(o, c) <= max(o, c) <= high for _, o, high, low, c, _ in rows)


def test_the_book_is_what_can_be_taken(peer: Peer) -> None:
    book, ticker = peer.do("fetch_order_book", PAIR, 10), peer.do("fetch_ticker", PAIR)

    assert book["bids"][0][0] < book["asks"][0][0]
    assert abs(book["asks"][0][0] / ticker["ask"] - 1) < 0.001
    assert book["bids"][0][1] > 0


def test_public_trades_fold_into_their_candle(peer: Peer) -> None:
    bar = peer.do("fetch_ohlcv", PAIR, "1h", None, 3)[1]
    found = peer.do("fetch_trades", PAIR, bar[0], 100, {"until": bar[0] + 3_600_000})
    prices = [trade["price"] for trade in found]

    assert [trade["timestamp"] for trade in found] == sorted(t["timestamp"] for t in found)
    assert [prices[0], max(prices), min(prices), prices[-1]] == pytest.approx(bar[1:5])
    assert sum(trade["amount"] for trade in found) == pytest.approx(bar[5])


def test_a_limit_order_rests_is_changed_and_cancelled(peer: Peer) -> None:
    far, nearer = peer.price(0.9), peer.price(0.91)
    made = peer.do("create_order", PAIR, "limit", "buy", 0.001, far)
    read = peer.do("fetch_order", made["id"], PAIR)
    assert (read["status"], read["price"], read["amount"]) == ("open", far, 0.001)
    assert made["id"] in [order["id"] for order in peer.do("fetch_open_orders", PAIR)]
    assert peer.do("fetch_balance")["USDT"]["used"] == pytest.approx(far * 0.001)

    edited = peer.do("edit_order", made["id"], PAIR, "limit", "buy", 0.002, nearer)
    read = peer.do("fetch_order", made["id"], PAIR)
    assert (edited["id"], read["price"], read["amount"]) == (made["id"], nearer, 0.002)
    assert peer.do("fetch_balance")["USDT"]["used"] == pytest.approx(nearer * 0.002)

    peer.do("cancel_order", made["id"], PAIR)
    assert peer.do("fetch_order", made["id"], PAIR)["status"] == "canceled"
    assert peer.do("fetch_open_orders", PAIR) == []
    assert peer.do("fetch_balance")["USDT"]["used"] == 0


def test_a_market_order_is_filled_and_its_trade_costs_what_the_fee_rate_says(peer: Peer) -> None:
    before = peer.do("fetch_balance")
    made = peer.do("create_order", PAIR, "market", "buy", 0.002)
    order = peer.do("fetch_order", made["id"], PAIR)
    trade = next(t for t in peer.do("fetch_my_trades", PAIR) if t["order"] == made["id"])
    rate = peer.do("fetch_trading_fee", PAIR)
    after = peer.do("fetch_balance")

    assert (order["status"], order["filled"], order["remaining"]) == ("closed", 0.002, 0)
    assert (trade["takerOrMaker"], trade["amount"], trade["side"]) == ("taker", 0.002, "buy")
    assert order["average"] == trade["price"]
    assert (rate["maker"], rate["taker"]) == (0.0025, 0.005)
    assert trade["fee"] == {"currency": "BTC", "cost": pytest.approx(0.002 * rate["taker"])}
    spent = before["USDT"]["free"] - after["USDT"]["free"]
    assert spent == pytest.approx(0.002 * trade["price"])
    gained = after["BTC"]["total"] - before.get("BTC", {"total": 0})["total"]
    assert gained == pytest.approx(0.002 * (1 - rate["taker"]))
    assert made["id"] in [row["id"] for row in peer.do("fetch_closed_orders", PAIR)]
    assert peer.row(made["id"])["cumulative_quantity"] == "0.002"


def test_impatient_orders_are_filled_at_once_or_refused(peer: Peer) -> None:
    for force in ("IOC", "FOK"):
        made = peer.do(
            "create_order", PAIR, "limit", "buy", 0.001, peer.price(1.01), {"timeInForce": force}
        )
        assert peer.do("fetch_order", made["id"], PAIR)["status"] == "closed"
        with pytest.raises(ccxt.InvalidOrder, match=r"IMMEDIATE_OR_CANCEL|FILL_OR_KILL"):
            peer.do(
                "create_order",
                PAIR,
                "limit",
                "buy",
                0.001,
                peer.price(0.99),
                {"timeInForce": force},
            )


def test_a_post_only_order_rests_or_is_refused(peer: Peer) -> None:
    only = {"postOnly": True}
    made = peer.do("create_order", PAIR, "limit", "buy", 0.001, peer.price(0.9), only)
    assert peer.do("fetch_order", made["id"], PAIR)["postOnly"]
    with pytest.raises(ccxt.InvalidOrder, match="POST_ONLY"):
        peer.do("create_order", PAIR, "limit", "buy", 0.001, peer.price(1.01), only)
    peer.do("cancel_order", made["id"], PAIR)


def test_lists_of_orders_stand_or_fall_leg_by_leg(peer: Peer) -> None:
    leg = {"symbol": PAIR, "type": "limit", "side": "buy", "price": peer.price(0.8)}
    made = peer.do("create_orders", [leg | {"amount": 0.001}, leg | {"amount": 10.0}])
    assert [order["info"]["code"] for order in made] == [0, 306]
    assert [row["id"] for row in peer.do("fetch_open_orders", PAIR)] == [made[0]["id"]]
    assert peer.row(made[1]["id"])["status"] == "REJECTED"

    peer.do("cancel_orders", [made[1]["id"], made[0]["id"]], PAIR)
    assert peer.row(made[0]["id"])["status"] == "CANCELED"
    assert peer.do("fetch_open_orders") == []


def test_everything_is_cancelled_at_once(peer: Peer) -> None:
    for share in (0.8, 0.85, 0.9):
        peer.do("create_order", PAIR, "limit", "buy", 0.001, peer.price(share))
    assert len(peer.do("fetch_open_orders")) == 3

    peer.do("cancel_all_orders", PAIR)

    assert peer.do("fetch_open_orders") == []
    assert peer.books()["reserved"].get("USDT", "0") == "0"


def test_a_spot_account_has_no_positions_and_a_ledger_of_its_trades(peer: Peer) -> None:
    assert peer.do("fetch_positions") == []
    fees = peer.do("fetch_trading_fees")
    assert (fees[PAIR]["maker"], fees[PAIR]["taker"]) == (0.0025, 0.005)
    traded = {fill["trade_id"] for fill in peer.books()["fills"]}
    assert {entry["referenceId"] for entry in peer.do("fetch_ledger")} == traded


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ((PAIR, "limit", "buy", 10.0, 50000.0), ccxt.InsufficientFunds),
        ((PAIR, "limit", "buy", 0.00001, 50000.0), ccxt.InvalidOrder),
        ((PAIR, "limit", "buy", 0.001, 1.0), ccxt.InvalidOrder),
        ((PAIR, "market", "sell", 0.001, None, {"stopLossPrice": 40000.0}), ccxt.ExchangeError),
    ],
)
def test_what_the_exchange_refuses_is_the_error_that_ccxt_has_for_it(
    peer: Peer, words: tuple[object, ...], error: type[Exception]
) -> None:
    with pytest.raises(error):
        peer.do("create_order", *words)


def test_an_order_that_never_was_is_not_found_and_a_wrong_secret_is_told(peer: Peer) -> None:
    with pytest.raises(ccxt.OrderNotFound):
        peer.do("fetch_order", "6530000000000999999", PAIR)
    with (
        synchronous(peer.at, secret="another") as stranger,  # noqa: S106 - plainly no secret
        pytest.raises(ccxt.AuthenticationError),
    ):
        stranger.do("fetch_balance")


def test_a_key_that_may_only_look_looks_and_does_not_trade(exchange: dict[str, str]) -> None:
    keys = {"apiKey": exchange["reading_key"], "secret": exchange["reading_secret"]}
    with synchronous(exchange, **keys) as reader:
        assert reader.do("fetch_balance")["USDT"]["total"] > 0
        with pytest.raises(ccxt.AuthenticationError):
            reader.do("create_order", PAIR, "limit", "buy", 0.001, 50000.0)
        with pytest.raises(ccxt.AuthenticationError):
            reader.do("cancel_all_orders")


def patiently(client: Peer, method: str, *arguments: object) -> None:
    """Asks again after a pause, as whoever is refused for the rate should."""
    for _ in range(ATTEMPTS):
        try:
            client.do(method, *arguments)
        except ccxt.RateLimitExceeded:
            time.sleep(1.1)
        else:
            return
    raise AssertionError(f"{method} was refused {ATTEMPTS} times")


def test_a_client_that_waits_gets_its_answers_and_one_that_does_not_is_told_of_the_limits() -> None:
    """ccxt's own limiter spaces what it sends; on a busy machine two may still arrive together, and are asked for again."""
    with simulated("--rate-limits") as at:
        with synchronous(at, enableRateLimit=True) as patient:
            for _ in range(5):
                patiently(patient, "fetch_balance")
            for _ in range(2):
                patiently(patient, "fetch_my_trades", PAIR)
            for _ in range(10):
                patiently(patient, "fetch_ticker", PAIR)
        with synchronous(at) as hasty, pytest.raises(ccxt.RateLimitExceeded):
            _ = [hasty.do("fetch_balance") for _ in range(20)]


def test_a_simulator_that_is_told_so_takes_the_triggers_that_ccxt_sends() -> None:
    with simulated("--switch", "legacy_triggers=on") as at, synchronous(at) as client:
        bought = client.do("create_order", PAIR, "market", "buy", 0.002)
        stop = {"stopLossPrice": client.price(0.9)}

        made = client.do("create_order", PAIR, "market", "sell", 0.001, None, stop)

        row = client.row(made["id"])
        assert bought["id"] != made["id"]
        assert (row["order_type"], row["status"]) == ("STOP_LOSS", "PENDING")
        assert float(row["ref_price"]) == stop["stopLossPrice"]
