"""Every fault of the simulator as a client meets it over HTTP: what our own client's judge makes of it, and what the books then hold."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from interlock.errors import NotSent, Refused, Unreachable
from interlock.exchange.aiohttp_transport import AiohttpTransport
from interlock.exchange.client import Credentials, CryptoComExchange
from interlock.orders.life import State
from interlock.ports import Reply
from interlock.protocol.crypto_com.outcome import Class, classify
from interlock.protocol.crypto_com.wire import Asked, signed_body
from interlock.simulator.faults import FAULTS
from interlock.simulator.front.serve import ServeOptions, serving
from interlock.values import Instant, Secret
from tests.rooms.simulator.sockets import BTC, Client, World

CREATE: Final = "private/create-order"
CANCEL: Final = "private/cancel-order"
DETAIL: Final = "private/get-order-detail"
BALANCE: Final = "private/user-balance"
TIMEOUT_S: Final = 0.4
SERVED: Final = ServeOptions(stepping=True, candles=("binance_BTC-USDT_1h",))
FAR: Final = "40000"
OPEN: Final = "private/get-open-orders"
MARKET: Final = {"instrument_name": BTC, "side": "BUY", "type": "MARKET", "quantity": "0.001"}
LIMIT: Final = {**MARKET, "type": "LIMIT", "price": FAR}


@dataclass(slots=True)
class Stage:
    """One exchange on its stepping clock for all tests of this page, the client under test, and a world without faults beside it."""

    world: World
    transport: AiohttpTransport
    do: Callable[[Awaitable[Any]], Any]
    count: int = 0

    @property
    def credentials(self) -> Credentials:
        return Credentials(Secret(self.world.at.api_key), Secret(self.world.at.api_secret))

    def arm(self, fault: str, method: str, **more: object) -> None:
        answer = self.control("arm", fault=fault, method=method, **more)
        assert answer == {"armed": fault}

    def control(self, what: str, **body: object) -> dict[str, Any]:
        found: dict[str, Any] = self.do(self.world.control(what, **body))
        return found

    def look(self, what: str) -> dict[str, Any]:
        found: dict[str, Any] = self.do(self.world.look(what))
        return found

    def step(self, seconds: float) -> None:
        self.do(self.world.step(seconds))

    def now(self) -> Instant:
        return Instant(int(self.look("state")["now_us"]))

    def fired(self, fault: str) -> int:
        return int(self.look("faults")["fired"].get(fault, 0))

    def ask(self, method: str, **params: object) -> dict[str, Any]:
        found: dict[str, Any] = self.do(self.world.ask(method, **params))
        return found

    def send(self, method: str, **params: object) -> tuple[Class, Reply | Unreachable | NotSent]:
        """One request of our transport, and what our judge says that its answer is worth."""
        self.count += 1
        nonce = self.now().ms
        oid = params.get("client_oid")
        asked = Asked(method, nonce, oid if isinstance(oid, str) else None)
        key = self.credentials
        body = signed_body(key.api_key, key.api_secret, method, params, nonce)
        heard: Reply | Unreachable | NotSent
        try:
            heard = self.do(self.transport.request("POST", method, body))
        except (Unreachable, NotSent) as silence:
            heard = silence
        return classify(heard, asked), heard

    def buy(self, name: str, price: str = FAR) -> tuple[Class, Reply | Unreachable | NotSent]:
        """A limit buy that rests."""
        return self.send(
            CREATE,
            instrument_name=BTC,
            side="BUY",
            type="LIMIT",
            price=price,
            quantity="0.001",
            client_oid=name,
        )

    def status(self, name: str) -> str | None:
        """The status of an order, None where the exchange knows none."""
        answer = self.ask(DETAIL, client_oid=name)
        found: str | None = None if answer["code"] == 40401 else answer["result"]["status"]
        return found

    def client(self) -> CryptoComExchange:
        """Our own client, at the exchange's time."""
        now = self.now()
        return CryptoComExchange(self.transport, self.credentials, lambda: now)


@pytest.fixture(scope="module")
def _staged() -> Iterator[Stage]:
    with asyncio.Runner() as runner:
        context = serving(SERVED)
        served = runner.run(context.__aenter__())

        async def begin() -> tuple[aiohttp.ClientSession, AiohttpTransport]:
            patience = timedelta(seconds=TIMEOUT_S)
            return aiohttp.ClientSession(), AiohttpTransport(
                served.addresses.rest, timeout=patience
            )

        session, transport = runner.run(begin())
        yield Stage(World(served.addresses, session), transport, runner.run)  # type: ignore[arg-type]  # a Runner runs coroutines
        runner.run(session.close())
        runner.run(transport.close())
        runner.run(context.__aexit__(None, None, None))


@pytest.fixture
def stage(_staged: Stage) -> Iterator[Stage]:
    yield _staged
    _staged.control("disarm")
    _staged.ask("private/cancel-all-orders")


UNKNOWN: Final = [
    ("lose_request", {}, None),
    ("lose_answer", {}, "ACTIVE"),
    ("hold_request", {}, None),
    ("hold_answer", {}, "ACTIVE"),
    ("endless_answer", {}, "ACTIVE"),
    ("cut_answer", {}, "ACTIVE"),
    ("http_502_before", {}, None),
    ("http_502", {}, "ACTIVE"),
    ("refuse", {"code": 40801}, None),
    ("refuse_after", {"code": 40801}, "ACTIVE"),
    ("refuse", {"code": 50001}, None),
    ("refuse_after", {}, "ACTIVE"),
    ("truncate", {}, "ACTIVE"),
    ("restart", {}, "ACTIVE"),
]


@pytest.mark.parametrize(("fault", "more", "status"), UNKNOWN)
def test_the_outcome_is_unknown_whether_or_not_the_order_exists(
    stage: Stage, fault: str, more: dict[str, object], status: str | None
) -> None:
    name = f"unknown-{stage.count}"
    before = stage.fired(fault)
    stage.arm(fault, CREATE, **more)

    worth, _ = stage.buy(name)

    assert worth is Class.AMBIGUOUS
    assert stage.fired(fault) == before + 1
    assert stage.status(name) == status


@pytest.mark.parametrize(
    ("fault", "ends"),
    [("cut_answer", aiohttp.ClientPayloadError), ("endless_answer", TimeoutError)],
)
def test_an_answer_may_begin_well_and_never_be_whole(
    stage: Stage, fault: str, ends: type[Exception]
) -> None:
    url = f"{stage.world.at.rest}/public/get-tickers"
    stage.arm(fault, "public/get-tickers")
    heard = bytearray()

    async def read() -> None:
        patience = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with stage.world.session.get(url, timeout=patience) as reply:
            assert (reply.status, reply.content_type) == (200, "application/json")
            async for chunk in reply.content.iter_any():
                heard.extend(chunk)

    with pytest.raises(ends):
        stage.do(read())
    assert heard.rstrip() == b'{"id":'
    assert heard.endswith(b" ") is (fault == "endless_answer")


@pytest.mark.parametrize("fault", ["accept_late", "accept_late_502"])
def test_an_order_may_appear_long_after_its_answer_was_lost(stage: Stage, fault: str) -> None:
    name = f"late-{fault}"
    stage.arm(fault, CREATE, by_seconds=45)

    assert stage.buy(name)[0] is Class.AMBIGUOUS

    assert stage.status(name) is None
    stage.step(44)
    assert stage.status(name) is None
    stage.step(1)
    assert stage.status(name) == "ACTIVE"


def test_a_burst_of_refusals_lasts_as_long_as_it_was_armed_for(stage: Stage) -> None:
    stage.arm("refuse", "*", seconds=5)

    codes = [stage.ask(BALANCE)["code"] for _ in range(3)]
    stage.step(5)

    assert codes == [42901] * 3
    assert stage.ask(BALANCE)["code"] == 0
    assert stage.look("faults")["armed"] == []


def test_maintenance_says_from_when_to_when_and_ends(stage: Stage) -> None:
    begins = stage.now()
    stage.arm("maintenance", "*", seconds=60)

    _, heard = stage.send(BALANCE)

    assert isinstance(heard, Reply)
    said = json.loads(heard.body)
    assert (heard.status, said["code"], said["message"]) == (503, 9010001, "SYSTEM_MAINTENANCE")
    assert f"from {begins.iso()} to {(begins + timedelta(seconds=60)).iso()}" in said["details"]
    stage.step(60)
    assert stage.send(BALANCE)[0] is not Class.GATEWAY_REJECT
    assert stage.ask(BALANCE)["code"] == 0


@pytest.mark.parametrize("fault", ["content_type", "other_typing"])
def test_an_answer_in_another_dress_is_still_the_answer(stage: Stage, fault: str) -> None:
    stage.arm(fault, CREATE)

    worth, heard = stage.buy(f"dressed-{fault}")

    assert isinstance(heard, Reply)
    assert (worth, stage.status(f"dressed-{fault}")) == (Class.GATEWAY_ACK, "ACTIVE")
    assert (b'"code":"0"' in heard.body) is (fault == "other_typing")


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ("extra_field", State.WORKING),
        ("missing_field", State.WORKING),
        ("unknown_reason", State.WORKING),
        ("unknown_status", State.ACKED),
    ],
)
def test_what_no_document_knows_is_no_end_of_an_order(
    stage: Stage, fault: str, state: State
) -> None:
    stage.buy(f"odd-{fault}")
    plain = stage.ask(DETAIL, client_oid=f"odd-{fault}")
    for method in (OPEN, DETAIL):
        stage.arm(fault, method)

    (fact,) = stage.do(stage.client().open_orders(advanced=False))

    assert fact.state is state
    assert stage.ask(DETAIL, client_oid=f"odd-{fault}")["result"] != plain["result"]


def test_a_balance_may_drift_by_a_hair_or_disagree_by_much(stage: Stage) -> None:
    held = stage.do(stage.client().account()).balances["USDT"].total
    for fault in ("drift", "wrong_balance"):
        stage.arm(fault, BALANCE)

    drifted = stage.do(stage.client().account()).balances["USDT"].total
    wrong = stage.do(stage.client().account()).balances["USDT"].total

    assert drifted - held == Decimal("1e-10")
    assert wrong == held * Decimal("1.01")
    assert stage.do(stage.client().account()).balances["USDT"].total == held


def test_what_lags_is_seen_later_than_it_happened(stage: Stage) -> None:
    free = stage.do(stage.client().account()).balances
    stage.arm("lag", "*", seconds=600, by_seconds=3)
    stage.step(10)

    stage.ask(CREATE, **MARKET, client_oid="unseen")
    stage.ask(CREATE, **LIMIT, client_oid="resting")

    assert _seen(stage) == ([], [], [], [], free)
    stage.step(2.999)
    assert _seen(stage) == ([], [], [], [], free)
    stage.step(0.001)
    details, listed, ended, trades, balances = _seen(stage)
    assert (details, listed, ended) == (["FILLED", "ACTIVE"], ["resting"], ["unseen"])
    assert trades == ["unseen"]
    assert balances != free
    stage.control("disarm", fault="lag")
    assert stage.do(stage.client().account()).balances == balances


def _seen(stage: Stage) -> tuple[list[str], list[str], list[str], list[str], object]:
    """The two orders in every endpoint that could show them."""
    names = ("unseen", "resting")
    details = [found for name in names if (found := stage.status(name)) is not None]
    listed, ended, trades = (
        [row["client_oid"] for row in stage.ask(f"private/get-{what}")["result"]["data"]]
        for what in ("open-orders", "order-history", "trades")
    )
    ended = [name for name in ended if name in names]
    trades = [name for name in trades if name in names]
    return details, listed, ended, trades, stage.do(stage.client().account()).balances


def test_each_endpoint_lags_by_itself(stage: Stage) -> None:
    stage.arm("lag", DETAIL, seconds=60, by_seconds=30)
    stage.step(1)

    stage.ask(CREATE, **LIMIT, client_oid="half-seen")

    assert stage.status("half-seen") is None
    assert [row["client_oid"] for row in stage.ask(OPEN)["result"]["data"]] == ["half-seen"]


@pytest.mark.parametrize("skew", [90, -90])
def test_a_clock_far_off_refuses_every_nonce_and_says_its_own_time(
    stage: Stage, skew: float
) -> None:
    stage.arm("clock_skew", "*", seconds=5, by_seconds=skew)

    worth, heard = stage.buy(f"skewed{skew}")

    assert isinstance(heard, Reply)
    assert heard.date == stage.now() + timedelta(seconds=skew)
    assert (worth, json.loads(heard.body)["code"]) == (Class.GATEWAY_REJECT, 40102)
    with pytest.raises(Refused, match="40102"):
        stage.do(stage.client().account())
    stage.step(5)
    assert stage.buy(f"skewed{skew}")[0] is Class.GATEWAY_ACK


def test_a_clock_a_little_off_is_noticed_by_its_date(stage: Stage) -> None:
    stage.arm("clock_skew", BALANCE, by_seconds=20)

    reading = stage.do(stage.client().account())

    assert reading.clock_offset == timedelta(seconds=20)


@pytest.mark.parametrize("method", [CANCEL, "private/amend-order"])
def test_a_cancel_or_amend_may_come_too_late_for_its_order(stage: Stage, method: str) -> None:
    name = f"too-late-{method[-12:-6]}"
    stage.buy(name)
    stage.arm("fill_before_cancel", "*")
    more = {"new_price": FAR, "new_quantity": "0.002"} if "amend" in method else {}

    answer = stage.ask(method, orig_client_oid=name, client_oid=name, **more)

    assert answer["code"] == 212
    assert stage.status(name) == "FILLED"


def test_a_cancel_may_be_accepted_and_its_order_filled_all_the_same(stage: Stage) -> None:
    stage.buy("outrun")
    stage.arm("fill_after_cancel", CANCEL, by_seconds=2)

    answer = stage.ask(CANCEL, client_oid="outrun")

    assert (answer["code"], answer["result"]["client_oid"]) == (0, "outrun")
    assert stage.status("outrun") == "ACTIVE"
    stage.step(2)
    row = stage.ask(DETAIL, client_oid="outrun")["result"]
    assert (row["status"], row["cumulative_quantity"]) == ("FILLED", "0.001")


def test_an_order_that_was_acknowledged_may_be_rejected_all_the_same(stage: Stage) -> None:
    stage.arm("reject_later", CREATE)

    outcome, _ = stage.buy("rejected")

    assert outcome is Class.GATEWAY_ACK
    assert stage.status("rejected") == "REJECTED"


def test_a_restart_ends_every_connection_and_forgets_nothing(stage: Stage) -> None:
    stage.buy("kept")

    async def watched() -> int | None:
        async with stage.world.market() as client:
            await stage.world.control("restart", seconds=3)
            return await client.end()

    assert stage.do(watched()) == 1006
    assert isinstance(stage.buy("meanwhile")[1], Unreachable | NotSent)
    with pytest.raises(aiohttp.ClientError):
        stage.do(watched())
    stage.step(3)
    assert (stage.status("kept"), stage.status("meanwhile")) == ("ACTIVE", None)
    assert stage.control("restart", seconds=601)["error"].startswith("A restart lasts")


def test_the_last_command_before_a_restart_is_done_and_its_answer_lost(stage: Stage) -> None:
    stage.arm("restart", CREATE, by_seconds=2)

    async def ended() -> int | None:
        async with stage.world.market() as client:
            with pytest.raises(aiohttp.ClientError):
                await stage.world.ask(CREATE, **LIMIT, client_oid="last")
            return await client.end()

    assert stage.do(ended()) == 1006
    assert isinstance(stage.buy("away")[1], Unreachable | NotSent)
    stage.step(2)
    assert (stage.status("last"), stage.status("away")) == ("ACTIVE", None)


def test_a_fault_may_be_meant_for_one_key_or_one_address(stage: Stage) -> None:
    stage.arm("refuse", BALANCE, key=stage.world.at.reading_key, code=40101, count=2)
    stage.arm("refuse", DETAIL, source="127.0.0.9", count=2)

    assert stage.ask(BALANCE)["code"] == 0
    assert stage.ask(DETAIL, client_oid="none")["code"] == 40401
    reader = replace(
        stage.world.at,
        api_key=stage.world.at.reading_key,
        api_secret=stage.world.at.reading_secret,
    )
    assert stage.do(World(reader, stage.world.session).ask(BALANCE))["code"] == 40101
    assert stage.fired("refuse") > 0


def test_a_command_on_a_socket_meets_what_means_something_without_http(stage: Stage) -> None:
    stage.arm("http_502", CREATE, count=9)
    stage.arm("refuse", CREATE)
    stage.arm("lose_answer", CREATE)
    stage.arm("accept_late", CREATE, by_seconds=7)
    stage.arm("hold_answer", CANCEL)

    async def commanded() -> list[tuple[int, int]]:
        async with stage.world.session.ws_connect(stage.world.at.ws_user) as socket:
            client = Client(socket, stage.world.at)
            now = (await stage.world.look("state"))["now_us"] // 1000
            await client.authenticate(now)
            for name in ("refused", "unheard", "later"):
                await client.say(CREATE, id=9, params={**LIMIT, "client_oid": f"said-{name}"})
            for number in (10, 11):
                await client.say(CANCEL, id=number, params={"client_oid": "said-nothing"})
            frames = [await client.hear() for _ in range(2)]
            return [(frame["id"], frame["code"]) for frame in frames]

    assert stage.do(commanded()) == [(9, 42901), (11, 212)]
    found = [stage.status(f"said-{name}") for name in ("refused", "unheard", "later")]
    assert found == [None, "ACTIVE", None]
    stage.step(7)
    assert stage.status("said-later") == "ACTIVE"


def test_every_fault_of_the_vocabulary_is_met_on_this_page() -> None:
    page = Path(__file__).read_text(encoding="utf-8")

    assert [name for name in FAULTS if f'"{name}"' not in page] == []
