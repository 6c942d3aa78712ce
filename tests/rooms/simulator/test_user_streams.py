"""The user socket: what happens to the account is told in order, before whoever did it is answered, and to nobody who was away."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.rooms.simulator.sockets import BTC, STEPPING, Client, Frame, World, run

RICH = replace(STEPPING, balances={"USDT": Decimal(10000), "BTC": Decimal(1)})


async def told(client: Client, count: int) -> list[Frame]:
    """The results of the next news."""
    return [(await client.hear())["result"] for _ in range(count)]


def states(news: list[Frame]) -> list[tuple[str, str]]:
    rows = [row for each in news if each["channel"] == "user.order" for row in each["data"]]
    return [(row["status"], row["cumulative_quantity"]) for row in rows]


def test_an_order_its_trade_and_the_balance_are_told_in_this_order_before_the_answer() -> None:
    async def test(world: World) -> None:
        async with world.user() as client:
            await client.subscribe("user.order", "user.trade", "user.balance")
            await told(client, 1)
            answer = asyncio.create_task(world.order("BUY", "0.01", client_oid="mine"))
            news = await told(client, 3)
            order_id = (await answer)["result"]["order_id"]

        trade, order, balance = (each["data"][0] for each in news)
        assert [each["channel"] for each in news] == ["user.trade", "user.order", "user.balance"]
        assert (trade["order_id"], trade["client_oid"]) == (order_id, "mine")
        assert (order["status"], order["cumulative_quantity"]) == ("FILLED", "0.01")
        held = {row["instrument_name"]: row["quantity"] for row in balance["position_balances"]}
        assert held["BTC"] == "0.00995"
        read = (await world.ask("private/user-balance"))["result"]["data"][0]
        assert read["position_balances"] == balance["position_balances"]

    run(test)


def test_on_one_socket_the_news_of_an_order_come_before_the_answer_that_names_it() -> None:
    async def test(world: World) -> None:
        async with world.user() as client:
            await client.subscribe("user.order")
            await client.say("private/create-order", id=9, nonce=1, params=wish("MARKET"))
            news, answer = await client.hear(), await client.hear()

        assert (news["id"], news["result"]["data"][0]["status"]) == (-1, "FILLED")
        assert (answer["id"], answer["method"], answer["code"]) == (9, "private/create-order", 0)
        assert answer["result"]["order_id"] == news["result"]["data"][0]["order_id"]

    run(test)


def wish(kind: str, **more: object) -> Frame:
    return {"instrument_name": BTC, "side": "BUY", "type": kind, "quantity": "0.01", **more}


def test_who_begins_to_listen_is_told_the_open_orders_under_the_id_of_its_request() -> None:
    async def test(world: World) -> None:
        for price in ("40000", "41000"):
            await world.order("BUY", "0.01", price=price)
        async with world.user() as client:
            await client.subscribe("user.order")
            begin = await client.hear()
            await client.subscribe(f"user.order.{BTC}")
            again = await client.hear()
            await client.silence()

        assert (begin["id"], begin["result"]["subscription"]) == (2, "user.order")
        assert [row["limit_price"] for row in begin["result"]["data"]] == ["40000.00", "41000.00"]
        assert again["result"]["subscription"] == f"user.order.{BTC}"

    run(test)


def test_a_listener_to_one_instrument_hears_nothing_of_another() -> None:
    async def test(world: World) -> None:
        async with world.user() as client:
            await client.subscribe("user.order.ETH_USDT", "user.trade.ETH_USDT")
            await world.order("BUY", "0.01")
            await client.silence()
            await client.subscribe("user.order", f"user.order.{BTC}")
            await world.order("BUY", "0.01")
            news = await told(client, 1)
            await client.silence()

        assert news[0]["subscription"] == f"user.order.{BTC}"

    run(test)


def test_a_resting_order_is_told_when_it_rests_when_it_fills_and_when_it_is_cancelled() -> None:
    async def test(world: World) -> None:
        async with world.user() as client:
            await client.subscribe("user.order")
            last = float((await world.public("get-tickers"))["data"][0]["a"])
            near, far = round(last * 0.995, 2), round(last * 0.6, 2)
            await world.order("BUY", "0.01", price=str(near))
            resting = await world.order("BUY", "0.02", price=str(far))
            news = await told(client, 2)
            await world.step(86400)
            news += await told(client, 1)
            asked = {"order_id": resting["result"]["order_id"]}
            await world.ask("private/cancel-order", **asked)
            news += await told(client, 1)

        assert states(news) == [
            ("ACTIVE", "0"),
            ("ACTIVE", "0"),
            ("FILLED", "0.01"),
            ("CANCELED", "0"),
        ]

    run(test)


def test_an_order_that_is_refused_with_ids_is_told_as_rejected() -> None:
    async def test(world: World) -> None:
        async with world.user() as client:
            await client.subscribe("user.order")
            await client.say("private/create-order", id=9, params=wish("MARKET", quantity="9"))
            news, answer = await client.hear(), await client.hear()

        row = news["result"]["data"][0]
        assert (row["status"], row["reason"]) == ("REJECTED", 306)
        assert answer["result"]["order_id"] == row["order_id"]

    run(test)


def test_a_buy_by_value_is_told_as_cancelled_although_it_was_executed() -> None:
    async def test(world: World) -> None:
        async with world.user() as client:
            await client.subscribe("user.order")
            asked = {"instrument_name": BTC, "side": "BUY", "type": "MARKET", "notional": "100"}
            await world.ask("private/create-order", **asked)
            row = (await told(client, 1))[0]["data"][0]

        assert (row["status"], row["exec_inst"]) == ("CANCELED", ["NOTIONAL_ORDER"])
        assert Decimal(row["cumulative_quantity"]) > Decimal(row["quantity"]) > 0

    run(test)


@pytest.mark.parametrize("name", ["user.advance.order", "user.advanced.order"])
def test_a_trigger_has_a_channel_of_its_own_and_its_child_the_ordinary_one(name: str) -> None:
    async def test(world: World) -> None:
        await world.order("BUY", "0.01")
        async with world.user() as client:
            await client.subscribe(name, "user.order")
            asked = {"side": "SELL", "type": "STOP_LOSS", "quantity": "0.00995"}
            await world.ask(
                "private/advanced/create-order",
                instrument_name=BTC,
                ref_price="61000",
                client_oid="stop",
                **asked,
            )
            await world.step(86400)
            news = await told(client, 3)

        rows = [(each["channel"], each["data"][0]["status"]) for each in news]
        assert rows == [
            ("user.advance.order", "PENDING"),
            ("user.order", "FILLED"),
            ("user.advance.order", "FILLED"),
        ]
        trigger, child, fired = (each["data"][0] for each in news)
        assert trigger["order_id"] == fired["order_id"] != child["order_id"]
        assert fired["exchange_order_id"] == child["order_id"]

    run(test)


def test_what_an_order_holds_back_is_told_as_the_balance_and_spot_has_no_positions() -> None:
    async def test(world: World) -> None:
        async with world.user() as client:
            await client.subscribe("user.order", "user.balance", "user.positions")
            news = await told(client, 2)
            await world.order("BUY", "0.01", price="40000")
            news += await told(client, 2)

        assert [(each["channel"], len(each["data"])) for each in news] == [
            ("user.balance", 1),
            ("user.positions", 0),
            ("user.order", 1),
            ("user.balance", 1),
        ]
        usdt = news[3]["data"][0]["position_balances"][0]
        assert (usdt["quantity"], usdt["reserved_qty"]) == ("10000", "400")

    run(test)


def test_what_happens_between_two_connections_is_not_told_again() -> None:
    async def test(world: World) -> None:
        async with world.user() as client:
            await client.subscribe("user.order", "user.trade")
        await world.order("BUY", "0.01")
        async with world.user() as client:
            await client.subscribe("user.order", "user.trade")
            await client.silence()
            await world.order("BUY", "0.02")
            news = await told(client, 2)

        assert [each["data"][0].get("traded_quantity") for each in news] == ["0.02", None]

    run(test)


@pytest.mark.parametrize("leaves", [False, True])
def test_who_asked_for_it_takes_along_what_it_ordered_there_and_nothing_else(
    *, leaves: bool
) -> None:
    async def test(world: World) -> None:
        resting = wish("LIMIT", price="40000")
        await world.order("BUY", "0.01", price="40000", client_oid="rest")
        async with world.user() as watcher:
            await watcher.subscribe("user.order")
            await watcher.hear()
            async with world.user() as client:
                await client.ask("private/set-cancel-on-disconnect", params={"scope": "CONNECTION"})
                await client.ask("private/create-order", params=resting | {"client_oid": "here"})
                await client.subscribe("user.balance")
                await client.hear()
                news = await told(watcher, 1)
                if not leaves:
                    await client.ask("unsubscribe", params={"channels": ["user.balance"]})
                    news += await told(watcher, 1)
            if leaves:
                news += await told(watcher, 1)
            await watcher.silence()

        assert [row["data"][0]["client_oid"] for row in news] == ["here", "here"]
        assert states(news)[1][0] == "CANCELED"
        left = (await world.ask("private/get-open-orders"))["result"]["data"]
        assert [row["client_oid"] for row in left] == ["rest"]

    run(test)


def test_who_did_not_ask_for_it_leaves_its_orders_behind() -> None:
    async def test(world: World) -> None:
        async with world.user() as client:
            got = await client.ask("private/get-cancel-on-disconnect")
            assert got["result"] == {"scope": "NONE"}
            await client.ask("private/create-order", params=wish("LIMIT", price="40000"))

        assert len((await world.ask("private/get-open-orders"))["result"]["data"]) == 1

    run(test)


def test_a_key_that_may_only_read_orders_nothing_on_a_socket() -> None:
    async def test(world: World) -> None:
        async with world.user() as client:
            await world.control("key", permission="read")
            answer = await client.ask("private/create-order", params=wish("MARKET"))

        assert (answer["code"], answer["message"]) == (40101, "UNAUTHORIZED")
        assert (await world.look("books"))["orders"] == []

    run(test)


def test_a_cancel_on_a_socket_is_answered_as_recorded() -> None:
    async def test(world: World) -> None:
        async with world.user() as client:
            made = await client.ask("private/create-order", params=wish("LIMIT", price="40000"))
            ids = {"order_id": made["result"]["order_id"]}
            done = await client.ask("private/cancel-order", params=ids)
            gone = await client.ask("private/cancel-order", params=ids)

        assert done["message"] == "NO_ERROR"
        assert gone["code"] == 212

    run(test)
