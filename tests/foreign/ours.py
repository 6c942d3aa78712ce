"""What the simulated exchange answers where an answer of the exchange is recorded, under the same names: REST, and both sockets."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from interlock.simulator import recordings
from interlock.simulator.config import Config, demo_key
from interlock.simulator.engine import Engine
from interlock.simulator.front.serve import DEMO_START
from interlock.simulator.streams import wire
from interlock.simulator.streams.account import AccountNews
from tests.foreign.recorded import Bodies
from tests.rooms.simulator.person import BTC, Person
from tests.rooms.simulator.sockets import STEPPING, Client, Frame, World, run

Scene = AsyncIterator[tuple[str, Frame]]
MAKER: Final = {"exec_inst": ["POST_ONLY"]}
LADDER: Final = tuple((3 * n, Decimal("0.0041")) for n in range(60))
PUBLIC: Final = {
    "production_responses: public/get-tickers": "get-tickers",
    "production_responses: public/get-candlestick": f"get-candlestick?instrument_name={BTC}&timeframe=1h",
    "production_responses: public/get-book": f"get-book?instrument_name={BTC}&depth=5",
    "production_responses: public/get-trades": f"get-trades?instrument_name={BTC}",
    "tickers: result": "get-tickers",
    "candlestick_rest: result": f"get-candlestick?instrument_name={BTC}&timeframe=4h&count=300",
    "book_rest: result": f"get-book?instrument_name={BTC}&depth=50",
    "trades_rest: result": f"get-trades?instrument_name={BTC}&count=150",
}


def person() -> Person:
    """Somebody on a recorded market whose book has many levels."""
    series = recordings.load("binance_BTC-USDT_1h")
    config = Config(
        start=DEMO_START,
        replay={BTC: series},
        keys=(demo_key(0),),
        balances={"USDT": Decimal(10000), "BTC": Decimal("0.5"), "CRO": Decimal(100)},
        ladders={BTC: LADDER},
    )
    return Person(Engine(config))


def answers() -> Bodies:
    """Every answer."""
    found: Bodies = defaultdict(list)
    someone = person()
    for hour in range(12):
        someone.engine.advance(DEMO_START + hour * timedelta(hours=1, seconds=7))
        for name, path in PUBLIC.items():
            body = someone.get(path)
            found[name].append(body["result"] if name.endswith(": result") else body)
    found["instruments: public/get-instruments"].append(someone.get("get-instruments"))
    for name, body in (*_orders(person()), *_account(person())):
        found[name].append(body)
    return dict(found)


def _lived(someone: Person) -> dict[str, dict[str, Any]]:
    """One order of each fate, and what was answered to each request."""
    ask = Decimal(
        someone.get("get-book?instrument_name=BTC_USDT&depth=1")["result"]["data"][0]["asks"][0][0]
    )
    whole = {"notional": str(ask * Decimal("0.001")), "type": "MARKET", "client_oid": "whole"}
    someone.ask("create-order", instrument_name=BTC, side="BUY", **whole)
    someone.engine.advance(someone.engine.now + timedelta(seconds=1))
    said = {
        "market": someone.order("BUY", "0.01", type="MARKET"),
        "sale": someone.order("SELL", "0.006", type="MARKET"),
        "value": someone.ask(
            "create-order", instrument_name=BTC, side="BUY", type="MARKET", notional="600.5"
        ),
        "taken": someone.buy("0.002", price="70000.00"),
        "limit": someone.buy("0.001", price="50000.10"),
        "other": someone.buy("0.001", price="50000.20"),
    }
    said["amended"] = someone.ask(
        "amend-order",
        order_id=said["limit"]["result"]["order_id"],
        new_price="50000.30",
        new_quantity="0.0011",
        client_oid="amended",
    )
    said["cancelled"] = someone.ask("cancel-order", order_id=said["other"]["result"]["order_id"])
    return said


def _orders(someone: Person) -> Iterator[tuple[str, Any]]:
    said = _lived(someone)
    yield "production_responses: private/create-order (limit)", said["limit"]
    yield "production_responses: private/create-order (market)", said["market"]
    yield "production_responses: private/amend-order", said["amended"]
    yield "production_responses: private/cancel-order", said["cancelled"]
    yield "docstyle: PlaceOrder", said["limit"]
    yield "docstyle: CancelOrder", said["cancelled"]
    for name in ("order_lifecycles", "balance_lag_sequence"):
        yield f"{name}: private/create-order", said["value"]["result"]
    yield "order_lifecycles: private/amend-order", said["amended"]["result"]
    yield "order_lifecycles: private/cancel-order", said["cancelled"]["result"]
    first = {"order_id": said["market"]["result"]["order_id"]}
    yield (
        "production_responses: private/get-order-detail",
        someone.ask("get-order-detail", **first),
    )
    yield "production_responses: private/get-order-history", _newest(someone, "MARKET", "FILLED")
    yield "open_orders: result", someone.ask("get-open-orders")["result"]
    for row in someone.engine.books()["orders"]:
        detail = someone.ask("get-order-detail", order_id=row["order_id"])["result"]
        state = f"{row['order_type']} {row['status']}"
        yield f"order_lifecycles: private/get-order-detail {state}", detail
    for row in someone.ask("get-order-history")["result"]["data"]:
        state = f"{row['order_type']} {row['status']}"
        yield f"order_lifecycles: private/get-order-history {state}", row
    yield "docstyle: CancelAllOrders", someone.ask("cancel-all-orders", instrument_name=BTC)


def _newest(someone: Person, kind: str, status: str) -> dict[str, Any]:
    """A history of such orders alone."""
    body = someone.ask("get-order-history")
    rows = body["result"]["data"]
    kept = [row for row in rows if (row["order_type"], row["status"]) == (kind, status)]
    return body | {"result": {"data": kept}}


def _account(someone: Person) -> Iterator[tuple[str, Any]]:
    _lived(someone)
    balance = someone.ask("user-balance")
    trades = someone.ask("get-trades")
    yield "production_responses: private/user-balance", balance
    yield "user_balance: result", balance["result"]
    yield "production_responses: private/get-trades", trades
    yield "user_trades: result", trades["result"]
    for name in ("production_responses: private/get-positions", "docstyle: GetPositions"):
        yield name, someone.ask("get-positions")
    yield (
        "production_responses: private/get-currency-networks",
        someone.ask("get-currency-networks"),
    )
    yield "docstyle: ClosePosition", someone.ask("close-position", instrument_name="BTCUSD-PERP")
    yield "docstyle: GetFeeRate", someone.ask("get-fee-rate")
    yield "docstyle: GetSymbolFeeRate", someone.ask("get-instrument-fee-rate", instrument_name=BTC)
    leg = {"instrument_name": BTC, "side": "BUY", "type": "LIMIT", "price": "40000"}
    legs = [leg | {"quantity": "0.001"}, leg | {"quantity": "1"}]
    yield (
        "production_responses: private/create-order-list (second leg rejected)",
        someone.ask("create-order-list", contingency_type="LIST", order_list=legs),
    )
    list_id = _pair(someone)
    yield (
        "docstyle: GetOcoOrder",
        someone.ask("get-order-list", contingency_type="OCO", list_id=str(list_id)),
    )


def _pair(someone: Person) -> int:
    someone.engine.advance(someone.engine.now + timedelta(milliseconds=1))
    leg = {"instrument_name": BTC, "side": "SELL", "quantity": "0.001"}
    limit = leg | {"type": "LIMIT", "price": "80000.10"}
    stop = leg | {"type": "STOP_LOSS", "ref_price": "50000.10"}
    made: int = someone.ask("advanced/create-oco", order_list=[limit, stop])["result"]["list_id"]
    return made


# -- the sockets


def frames() -> Bodies:
    """Every frame: most as a client of a served exchange hears them, some orders as the engine's events are told."""
    found: Bodies = defaultdict(list)
    for name, frame in _told_of_orders():
        found[name].append(frame)

    async def listen(world: World) -> None:
        for scene in (_entrance, _own_news, _public_news, _beats):
            for name, frame in [pair async for pair in scene(world)]:
                found[name].append(frame)

    terms = replace(STEPPING.streams, heartbeat_s=0.3)
    run(listen, replace(STEPPING, depth={BTC: Decimal("0.001")}, streams=terms))
    return dict(found)


def _told_of_orders() -> Iterator[tuple[str, Frame]]:
    """Market orders that take several levels, told as the user socket tells them."""
    someone = person()
    news = AccountNews(someone.engine)
    someone.order("SELL", "0.006", type="MARKET")
    someone.ask("create-order", instrument_name=BTC, side="BUY", type="MARKET", notional="600.5")
    several = "ws_server_frames: user.order market sell"
    for _, _, row in news.told(news.fresh(wanted=True)):
        if row["channel"] != "user.order":
            continue
        frame, order = msgspec.json.decode(wire.told(row)), row["data"][0]
        state = f"{order['order_type']} {order['status']}"
        yield f"ws_messages: user.order {state}", frame["result"]
        yield f"order_lifecycles: user.order {state}", frame["result"]["data"][0]
        if order["side"] == "BUY" and order["status"] == "CANCELED":
            name = "user.order market buy by notional: executed, yet CANCELED"
            yield f"ws_server_frames: {name}", frame
        elif order["side"] == "SELL":
            which = "1st" if order["status"] == "ACTIVE" else "2nd"
            yield f"{several}, {which} of two pushes in one millisecond", frame


async def _heard(client: Client) -> list[Frame]:
    """All that has been said to it by now, heartbeats left out."""
    client.count += 1
    await client.say("public/nothing", id=client.count)
    said: list[Frame] = []
    while True:
        frame = await client.hear()
        if frame["id"] == client.count:
            return said
        if frame["method"] != "public/heartbeat":
            said.append(frame)


async def _entrance(world: World) -> Scene:
    """Who it is, what it listens to, and what it orders."""
    limit = {"instrument_name": BTC, "side": "BUY", "type": "LIMIT", "price": "40000"}
    async with world.session.ws_connect(world.at.ws_user) as socket:
        client = Client(socket, world.at)
        refused = await client.ask("public/auth", **(client.proof() | {"sig": "0"}))
        yield "ws_server_frames: auth failed", refused
        yield "ws_server_frames: auth ok", await client.ask("public/auth", **client.proof())
        params = {"channels": ["user.trade"]}
        yield "ws_server_frames: subscribe ack", await client.ask("subscribe", params=params)
        await client.say("subscribe", params=params)
        yield "ws_server_frames: subscribe ack to a request without id", await client.hear()
        yield "ws_server_frames: unsubscribe ack", await client.ask("unsubscribe", params=params)
        nonsense = {"channels": ["nonsense.BTC_USDT"]}
        yield "ws_server_frames: invalid channel", await client.ask("subscribe", params=nonsense)
        small = limit | {"quantity": "0.001", "client_oid": "small"}
        large = limit | {"quantity": "1", "client_oid": "large"}
        made = await client.ask("private/create-order", params=small)
        yield "ws_server_frames: create-order accepted", made
        yield "docstyle: PlaceOrder (socket)", made
        poor = await client.ask("private/create-order", params=large)
        yield "ws_server_frames: create-order rejected with order id", poor
        named = {"order_id": made["result"]["order_id"]}
        ended = await client.ask("private/cancel-order", params=named)
        yield "ws_server_frames: cancel-order accepted", ended
        scope = await client.ask("private/set-cancel-on-disconnect", params={"scope": "CONNECTION"})
        yield "ws_server_frames: set-cancel-on-disconnect accepted", scope
        legs = {"contingency_type": "LIST", "order_list": [small | {"client_oid": "leg"}]}
        listed = await client.ask("private/create-order-list", params=legs)
        yield "docstyle: PlaceOcoOrder (socket)", listed


async def _own_news(world: World) -> Scene:
    """What an account is told while its orders live."""
    await world.order("BUY", "0.0011", price="50000.10", exec_inst=["POST_ONLY"])
    async with world.user() as client:
        channels = ("order", "trade", "balance", "position_balance", "advance.order")
        await client.subscribe(*(f"user.{name}" for name in channels))
        for frame in await _heard(client):
            if frame["result"]["channel"] == "user.order":
                name = "user.order first message: open orders, request id"
                yield f"ws_server_frames: {name}", frame
        await world.order("BUY", "0.0010", price="50000.20", exec_inst=["POST_ONLY"])
        last = Decimal((await world.public("get-tickers", instrument_name=BTC))["data"][0]["a"])
        near = {"price": str((last * Decimal("0.999")).quantize(Decimal("0.1"))), **MAKER}
        await world.order("BUY", "0.0020", **near)
        part = await world.order("BUY", "0.0030", **near)
        await _until(world, part, "0.001")
        await world.ask("private/cancel-order", order_id=part["result"]["order_id"])
        await world.step(7200)
        leg = {"instrument_name": BTC, "side": "SELL", "quantity": "0.001"}
        limit = leg | {"type": "LIMIT", "price": "80000.10"}
        stop = leg | {"type": "STOP_LOSS", "ref_price": "50000.10"}
        await world.ask("private/advanced/create-oco", order_list=[stop, limit])
        for frame in await _heard(client):
            for name in _names(frame["result"]):
                of_messages = name.startswith("ws_messages")
                yield name, frame["result"] if of_messages else frame


async def _until(world: World, made: Frame, filled: str) -> None:
    """Lets the market come to an order."""
    named = {"order_id": made["result"]["order_id"]}
    for _ in range(24):
        await world.step(900)
        row = (await world.ask("private/get-order-detail", **named))["result"]
        if Decimal(row["cumulative_quantity"]) >= Decimal(filled):
            return


def _names(told: Frame) -> Iterator[str]:
    """Under which names such news are recorded."""
    channel, row = told["channel"], told["data"][0]
    match channel:
        case "user.order":
            part = Decimal(row["cumulative_quantity"]) > 0
            names = {
                ("ACTIVE", False): "ACTIVE",
                ("ACTIVE", True): "partial fill",
                ("FILLED", True): "FILLED",
                ("CANCELED", True): "CANCELED after a partial fill",
            }
            yield f"ws_server_frames: user.order {names[row['status'], part]}"
        case "user.balance":
            yield "ws_server_frames: user.balance"
            yield "ws_messages: user.balance"
        case "user.advance.order" if row["order_type"] == "LIMIT":
            return
        case _:
            yield f"ws_server_frames: {channel}"


async def _public_news(world: World) -> Scene:
    """What everybody is told."""
    async with world.market() as client:
        names = (f"ticker.{BTC}", f"trade.{BTC}", f"candlestick.1h.{BTC}", f"mark.{BTC}")
        await client.subscribe(*names)
        told = await _heard(client)
        deltas = {"book_subscription_type": "SNAPSHOT_AND_UPDATE"}
        await client.subscribe(f"book.{BTC}.50", "book.ETH_USDT.50", **deltas)
        for second in (1, 1, 6):
            for frame in [*told, *await _heard(client)]:
                for name in _public_names(frame["result"]):
                    of_messages = name.startswith("ws_messages")
                    yield name, frame["result"] if of_messages else frame
            told = []
            await world.step(second)
        for frame in await _heard(client):
            if frame["result"]["instrument_name"] == "ETH_USDT":
                name = "book delta without change (heartbeat after 5 s)"
                yield f"ws_server_frames: {name}", frame


def _public_names(told: Frame) -> Iterator[str]:
    channel = told["channel"]
    if told["instrument_name"] == "ETH_USDT":
        return
    match channel:
        case "book":
            yield "ws_server_frames: book, first message of a delta subscription"
            yield "ws_messages: book"
        case "book.update":
            yield "ws_server_frames: book delta"
        case "mark":
            yield "ws_server_frames: mark price"
        case _:
            yield f"ws_server_frames: {channel}"
            yield "docstyle: Ticker (socket)" if channel == "ticker" else f"ws_messages: {channel}"


async def _beats(world: World) -> Scene:
    async with world.market() as client:
        yield "ws_server_frames: heartbeat", await client.hear()
