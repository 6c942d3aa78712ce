"""An unmodified ccxt.pro listens to a real `interlock simulate` over its sockets, and hears what a read says and the books hold."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import ccxt.pro
import pytest

from interlock.simulator.front.serve import ServeOptions, serving
from interlock.simulator.streams.terms import StreamTerms
from tests.foreign.test_ccxt_rest import PAIR, pointed, simulated

PATIENCE_S: Final = 20
BTC: Final = "BTC_USDT"


@dataclass(frozen=True)
class Peer:
    """A ccxt.pro client, and what the simulator said of itself."""

    pro: Any
    at: dict[str, str]

    async def control(self, path: str, **body: object) -> dict[str, Any]:
        """The answer of the control port: to a POST where there is a body."""
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                "POST" if body else "GET", f"{self.at['control']}/control/{path}", json=body or None
            ) as reply,
        ):
            read: dict[str, Any] = await reply.json()
        return read

    async def order(self, order_id: str) -> dict[str, Any]:
        """One order as the books hold it."""
        books = await self.control("books")
        return next(row for row in books["orders"] if row["order_id"] == order_id)

    async def waiting(self, watch: Awaitable[Any], channel: str) -> "asyncio.Task[Any]":
        """A watch that waits, once the exchange knows that it does."""
        task = asyncio.ensure_future(watch)
        while channel not in str((await self.control("streams"))["listeners"]):
            assert not task.done(), task.exception()
            await asyncio.sleep(0.01)
        return task

    async def price(self, share: float) -> float:
        """So much of the last price, on the tick."""
        return round(float((await self.pro.fetch_ticker(PAIR))["last"]) * share, 2)


@asynccontextmanager
async def listening(at: dict[str, str]) -> AsyncIterator[Peer]:
    options = pointed(at)
    sockets = {"public": at["ws_market"], "private": at["ws_user"]}
    options["urls"]["api"]["ws"] = sockets
    assert all(
        "//127.0.0.1:" in str(url) for url in (*sockets.values(), *at.values()) if "//" in url
    )
    pro = ccxt.pro.cryptocom(options)
    try:
        await pro.load_markets()
        yield Peer(pro, at)
    finally:
        await pro.close()


@pytest.fixture(scope="module")
def exchange() -> Iterator[dict[str, str]]:
    with simulated() as at:
        yield at


Test = Callable[[Peer], Awaitable[None]]


def run(at: dict[str, str], test: Test) -> None:
    async def within() -> None:
        async with listening(at) as peer:
            await asyncio.wait_for(test(peer), PATIENCE_S)

    asyncio.run(within())


def between(before: float, seen: float, after: float) -> bool:
    """Whether a price lies between two that were read around it, a tick more or less."""
    return min(before, after) - 0.02 <= seen <= max(before, after) + 0.02


def test_tickers_are_those_that_are_read(exchange: dict[str, str]) -> None:
    async def test(peer: Peer) -> None:
        before = await peer.pro.fetch_ticker(PAIR)
        seen = [await peer.pro.watch_ticker(PAIR) for _ in range(3)]
        after = await peer.pro.fetch_ticker(PAIR)

        for ticker in seen:
            for name in ("last", "bid", "ask"):
                assert between(before[name], ticker[name], after[name])
            assert (ticker["high"], ticker["low"]) == (before["high"], before["low"])
            assert ticker["bidVolume"] > 0
        times = [before["timestamp"], *(each["timestamp"] for each in seen), after["timestamp"]]
        assert times == sorted(times)

    run(exchange, test)


def test_the_book_is_kept_by_deltas_and_is_the_one_that_is_read(exchange: dict[str, str]) -> None:
    async def test(peer: Peer) -> None:
        before = await peer.pro.fetch_order_book(PAIR)
        seen = []
        for _ in range(5):
            book = await peer.pro.watch_order_book(PAIR)
            seen.append((book["bids"][0][0], book["asks"][0][0], len(book["bids"]), book["nonce"]))
        after = await peer.pro.fetch_order_book(PAIR)

        for bid, ask, depth, _ in seen:
            assert between(before["bids"][0][0], bid, after["bids"][0][0])
            assert between(before["asks"][0][0], ask, after["asks"][0][0])
            assert depth == len(before["bids"])
        assert [nonce for *_, nonce in seen] == sorted({nonce for *_, nonce in seen})

    run(exchange, test)


def test_the_tape_is_the_one_that_is_read_and_goes_on_with_our_own_trade(
    exchange: dict[str, str],
) -> None:
    async def test(peer: Peer) -> None:
        seen = await peer.pro.watch_trades(PAIR)
        read = {row["id"]: row for row in await peer.pro.fetch_trades(PAIR, None, 100)}
        waits = asyncio.ensure_future(peer.pro.watch_trades(PAIR))
        made = await peer.pro.create_order(PAIR, "market", "buy", 0.002)
        own = (await waits)[-1]

        assert len(seen) == 50
        for trade in seen:
            alike = ("price", "amount", "side", "timestamp")
            assert [trade[name] for name in alike] == [read[trade["id"]][name] for name in alike]
        row = await peer.order(made["id"])
        assert (own["amount"], own["side"]) == (0.002, "buy")
        assert own["price"] == float(row["avg_price"])

    run(exchange, test)


def test_candles_are_those_that_are_read_and_the_forming_one_grows(
    exchange: dict[str, str],
) -> None:
    async def test(peer: Peer) -> None:
        seen = [list(row) for row in await peer.pro.watch_ohlcv(PAIR, "1h")]
        read = {row[0]: row for row in await peer.pro.fetch_ohlcv(PAIR, "1h", None, 10)}
        grown = await peer.pro.watch_ohlcv(PAIR, "1h")

        assert len(seen) == 5
        assert all(row == read[row[0]] for row in seen[:-1])
        assert grown[-1][0] >= seen[-1][0]
        assert grown[-1][5] != seen[-1][5]

    run(exchange, test)


def test_an_order_is_heard_to_rest_to_be_cancelled_and_to_be_filled(
    exchange: dict[str, str],
) -> None:
    async def test(peer: Peer) -> None:
        far = await peer.price(0.7)
        waits = await peer.waiting(peer.pro.watch_orders(PAIR), f"user.order.{BTC}")
        made = await peer.pro.create_order(PAIR, "limit", "buy", 0.01, far)
        rests = dict((await waits)[-1])  # ccxt changes it in place
        waits = asyncio.ensure_future(peer.pro.watch_orders(PAIR))
        await peer.pro.cancel_order(made["id"], PAIR)
        ended = dict((await waits)[-1])
        waits = asyncio.ensure_future(peer.pro.watch_orders(PAIR))
        bought = await peer.pro.create_order(PAIR, "market", "buy", 0.003)
        filled = (await waits)[-1]

        assert (rests["id"], rests["status"], rests["price"]) == (made["id"], "open", far)
        assert (rests["amount"], rests["filled"], rests["side"]) == (0.01, 0, "buy")
        assert (ended["id"], ended["status"]) == (made["id"], "canceled")
        row = await peer.order(bought["id"])
        assert (filled["id"], filled["status"], filled["type"]) == (
            bought["id"],
            "closed",
            "market",
        )
        assert (filled["filled"], filled["average"]) == (0.003, float(row["avg_price"]))
        assert filled["cost"] == float(row["cumulative_value"])

    run(exchange, test)


def test_our_trades_are_those_that_are_read(exchange: dict[str, str]) -> None:
    async def test(peer: Peer) -> None:
        waits = await peer.waiting(peer.pro.watch_my_trades(PAIR), f"user.trade.{BTC}")
        made = await peer.pro.create_order(PAIR, "market", "buy", 0.004)
        heard = (await waits)[-1]
        read = next(
            row for row in await peer.pro.fetch_my_trades(PAIR) if row["order"] == made["id"]
        )

        for name in ("id", "order", "price", "amount", "cost", "side", "takerOrMaker", "timestamp"):
            assert heard[name] == read[name]
        assert heard["fee"] == read["fee"]
        assert heard["fee"]["currency"] == "BTC"

    run(exchange, test)


def test_the_balance_is_heard_at_once_and_when_an_order_holds_something_back(
    exchange: dict[str, str],
) -> None:
    async def test(peer: Peer) -> None:
        read = await peer.pro.fetch_balance()
        heard = dict((await peer.pro.watch_balance())["USDT"])
        far = await peer.price(0.6)
        waits = asyncio.ensure_future(peer.pro.watch_balance())
        made = await peer.pro.create_order(PAIR, "limit", "buy", 0.01, far)
        held = dict((await waits)["USDT"])
        await peer.pro.cancel_order(made["id"], PAIR)
        books = await peer.control("books")

        assert heard["total"] == read["USDT"]["total"] == float(books["balances"]["USDT"])
        assert held["used"] - heard["used"] == pytest.approx(far * 0.01)
        assert held["total"] == heard["total"]

    run(exchange, test)


def test_an_order_can_be_sent_over_the_socket(exchange: dict[str, str]) -> None:
    async def test(peer: Peer) -> None:
        far = await peer.price(0.7)
        made = await peer.pro.create_order_ws(PAIR, "limit", "buy", 0.01, far)
        row = await peer.order(made["id"])
        await peer.pro.cancel_order(made["id"], PAIR)

        assert (row["status"], row["quantity"]) == ("ACTIVE", "0.01")
        assert float(row["limit_price"]) == far

    run(exchange, test)


def test_a_watch_that_is_given_up_is_acknowledged(exchange: dict[str, str]) -> None:
    async def test(peer: Peer) -> None:
        await peer.pro.watch_ticker(PAIR)
        await peer.pro.un_watch_ticker(PAIR)

        assert "ticker" not in str((await peer.control("streams"))["listeners"])

    run(exchange, test)


@pytest.mark.parametrize("code", [1000, 1006, 1013])
def test_a_market_watch_that_the_server_ends_fails_and_the_next_one_works(
    exchange: dict[str, str], code: int
) -> None:
    async def test(peer: Peer) -> None:
        await peer.pro.watch_trades(PAIR)
        waits = asyncio.ensure_future(peer.pro.watch_trades(PAIR))
        await peer.control("stream", fault="close", socket="market", code=code)
        with pytest.raises(ccxt.NetworkError):
            await waits

        assert len(await peer.pro.watch_trades(PAIR)) >= 50

    run(exchange, test)


def test_what_was_filled_while_the_user_socket_was_closed_is_only_found_by_reading(
    exchange: dict[str, str],
) -> None:
    async def test(peer: Peer) -> None:
        channel = f"user.order.{BTC}"
        waits = await peer.waiting(peer.pro.watch_orders(PAIR), channel)
        await peer.control("stream", fault="close", socket="user")
        with pytest.raises(ccxt.NetworkError):
            await waits
        missed = await peer.pro.create_order(PAIR, "market", "buy", 0.001)
        waits = await peer.waiting(peer.pro.watch_orders(PAIR), channel)
        made = await peer.pro.create_order(PAIR, "market", "buy", 0.002)
        heard = {row["id"] for row in await waits}

        assert heard == {made["id"]}
        found = await peer.pro.fetch_order(missed["id"], PAIR)
        assert (found["status"], found["filled"]) == ("closed", 0.001)

    run(exchange, test)


def test_a_heartbeat_is_answered_by_the_client_itself() -> None:
    async def within() -> int:
        options = ServeOptions(streams=StreamTerms(heartbeat_s=0.1, answer_s=0.5))
        async with serving(options) as served:
            at = {name: getattr(served.addresses, name) for name in served.addresses.__slots__}
            async with listening(at) as peer:
                await peer.pro.watch_ticker(PAIR)
                await asyncio.sleep(1)
                await peer.pro.watch_ticker(PAIR)
                return len((await peer.control("streams"))["listeners"])

    assert asyncio.run(within()) == 1


def test_a_wrong_secret_is_heard_as_such(exchange: dict[str, str]) -> None:
    async def test(peer: Peer) -> None:
        peer.pro.secret = peer.pro.apiKey
        with pytest.raises(ccxt.AuthenticationError):
            await peer.pro.watch_balance()

    run(exchange, test)
