"""Real processes on the wall's clock: an execution heard is booked within a second, a gap is asked for, and no limit is passed."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from interlock.account import Mode
from interlock.exchange.aiohttp_transport import AiohttpTransport
from interlock.exchange.client import Credentials, CryptoComExchange
from interlock.host.clock import WallClock
from interlock.orders.evidence import Accepted
from interlock.orders.intent import Intent
from interlock.protocol.crypto_com.wire import signed_body
from interlock.risk.limits import Limits
from interlock.store import open_books
from interlock.store.books import RowBooks
from interlock.strategy.proposal import TimeInForce
from interlock.values import Instant, Price, Secret
from tests.doors.serving import free_port
from tests.promises.wishes import approve, entry

PROGRAM = str(Path(sys.executable).with_name("interlock"))
PATIENCE_S = 30.0
TOO_MANY_REQUESTS = 42901
BELOW, ABOVE = Decimal("0.98"), Decimal("1.01")


@dataclass(frozen=True, slots=True)
class Place:
    """The simulated exchange, and the folder of a platform that trades on it."""

    at: dict[str, str]
    data: Path
    port: int

    def environ(self, **more: str) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            "INTERLOCK__DATA": str(self.data),
            "INTERLOCK__MODE": "SIM",
            "INTERLOCK__API__PORT": str(self.port),
            "INTERLOCK__EXCHANGE__REST_URL": self.at["rest"],
            "INTERLOCK__EXCHANGE__API_KEY": self.at["api_key"],
            "INTERLOCK__EXCHANGE__API_SECRET": self.at["api_secret"],
            **more,
        }

    def books(self) -> RowBooks:
        return open_books(self.data, limits=Limits(), bound=Mode.SIM, enabled=True)

    def truth(self) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.at['control']}/control/books").json()
        return found

    def disturb(self, **fault: object) -> None:
        httpx.post(f"{self.at['control']}/control/stream", json=fault).raise_for_status()

    def stream(self) -> dict[str, Any]:
        try:
            health = httpx.get(f"http://127.0.0.1:{self.port}/api/health/system", timeout=5).json()
        except httpx.TransportError:
            return {"status": None}
        found: dict[str, Any] = health["details"]["user_stream"]
        return found

    def price(self, part: Decimal) -> Decimal:
        """A part of what BTC costs now, on its tick."""
        found = httpx.get(f"{self.at['rest']}/public/get-tickers?instrument_name=BTC_USDT").json()
        return (Decimal(found["result"]["data"][0]["a"]) * part).quantize(Decimal("0.01"))

    def amend(self, client_oid: str) -> None:
        """Somebody moves the order past the market: it is executed at once."""
        price = str(self.price(ABOVE))
        params = {"orig_client_oid": client_oid, "new_price": price, "new_quantity": "0.001"}
        body = signed_body(
            Secret(self.at["api_key"]),
            Secret(self.at["api_secret"]),
            "private/amend-order",
            params,
            now().ms,
        )
        url = f"{self.at['rest']}/private/amend-order"
        said = httpx.post(url, content=body, headers={"Content-Type": "application/json"})
        assert said.json()["code"] == 0, said.text


def now() -> Instant:
    return WallClock().now()


def until(holds: Callable[[], bool], seconds: float = PATIENCE_S) -> float:
    """How long it took to hold."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, "it did not come to hold"
        time.sleep(0.02)
    return time.monotonic() - began


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    words = [PROGRAM, "simulate", "--rate-limits"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, env={}) as child:
        assert child.stdout is not None
        yield Place(json.loads(child.stdout.readline()), tmp_path / "data", free_port())
        child.kill()


def resting(place: Place) -> Intent:
    """An entry of ours that rests on the book, placed in an earlier tenure."""
    books = place.books()
    tenure = books.open(Mode.SIM, now())
    wish = replace(
        entry(size="0.001"),
        tif=TimeInForce.GOOD_TILL_CANCEL,
        limit=Price(place.price(BELOW), "BTC", "USDT"),
    )
    ruled, attempt = books.rule(tenure.epoch, now(), approve(wish, tenure, now()))
    assert ruled.intent is not None
    assert attempt is not None

    async def sent(intent: Intent, nonce: int) -> object:
        key = Credentials(Secret(place.at["api_key"]), Secret(place.at["api_secret"]))
        async with AiohttpTransport(place.at["rest"]) as transport:
            return await CryptoComExchange(transport, key, now).place(intent, nonce)

    answer = asyncio.run(sent(ruled.intent, attempt.nonce))
    assert isinstance(answer, Accepted)
    books.answered(attempt, answer, now())
    books.close()
    return ruled.intent


@contextmanager
def running(place: Place, **more: str) -> Iterator[None]:
    child = subprocess.Popen([PROGRAM, "run"], env=place.environ(**more), stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        child.terminate()
        assert child.wait(10) == 0


def booked(place: Place, books: RowBooks) -> Callable[[], bool]:
    """Whether every execution that the exchange knows is booked."""
    theirs = {fill["trade_id"] for fill in place.truth()["fills"]}
    assert theirs
    return lambda: theirs <= {fill.trade_id for fill in books.fills()}


def test_an_execution_is_booked_within_a_second_and_no_limit_is_passed(place: Place) -> None:
    intent = resting(place)
    with running(place, INTERLOCK__EXCHANGE__WS_USER_URL=place.at["ws_user"]):
        until(lambda: place.stream()["status"] == "WHOLE")
        time.sleep(2)  # it asks, and has nothing to ask about
        place.amend(intent.client_oid)
        books = place.books()
        took = until(booked(place, books))
        until(lambda: any(lot.closed_at is None for lot, _ in books.open_lots()))
        until(lambda: _is_protected(books))
        books.close()

    assert took < 1
    assert asked_too_often(place) == []


def test_what_a_cut_line_did_not_say_is_asked_for_and_the_stream_is_whole_again(
    place: Place,
) -> None:
    intent = resting(place)
    with running(place, INTERLOCK__EXCHANGE__WS_USER_URL=place.at["ws_user"]):
        until(lambda: place.stream()["status"] == "WHOLE")
        before = place.stream()["since"]
        place.disturb(fault="drop", channel="*", count=1000)
        place.disturb(fault="close", code=1006)
        place.amend(intent.client_oid)
        books = place.books()
        took = until(booked(place, books))
        until(lambda: place.stream()["status"] == "WHOLE" and place.stream()["since"] > before)
        books.close()

    assert took < 5


def test_without_an_address_of_the_stream_rest_alone_books_and_health_says_so(
    place: Place,
) -> None:
    intent = resting(place)
    with running(place):
        until(lambda: place.stream()["status"] == "OFF")
        place.amend(intent.client_oid)
        books = place.books()
        until(booked(place, books))
        time.sleep(2)  # what is owed is asked for once a second
        books.close()

    assert asked_too_often(place) == []


def asked_too_often(place: Place) -> list[dict[str, Any]]:
    return [row for row in place.truth()["refusals"] if row["code"] == TOO_MANY_REQUESTS]


def _is_protected(books: RowBooks) -> bool:
    return any(leg.confirmed_at is not None for _, legs in books.open_lots() for leg in legs)
