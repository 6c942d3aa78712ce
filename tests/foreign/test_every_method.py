"""Every method that the documentation names is served or refused with its documented code; nothing makes the exchange stumble."""

import json
from dataclasses import replace
from typing import Any, Final

import pytest

from interlock.protocol.crypto_com import codes
from interlock.simulator.answers import OLD_NAMES
from interlock.simulator.rest.requests import ROOT
from tests.rooms.simulator.person import BTC, Person, exchange
from tests.rooms.simulator.sockets import STEPPING, World, run

Params = dict[str, object]
LEG: Final[Params] = {"instrument_name": BTC, "side": "BUY", "type": "LIMIT", "quantity": "0.001"}
ORDER: Final[Params] = LEG | {"price": "40000"}
STOP: Final[Params] = LEG | {"type": "STOP_LOSS", "ref_price": "60000"}
LISTED: Final[Params] = {"contingency_type": "LIST", "order_list": [ORDER]}
NAMED: Final[Params] = {"order_id": "1"}
PUBLIC: Final = {
    "get-instruments": ("", 0),
    "get-risk-parameters": ("", 0),
    "get-tickers": ("", 0),
    "get-book": (f"instrument_name={BTC}", 0),
    "get-trades": (f"instrument_name={BTC}", 0),
    "get-candlestick": (f"instrument_name={BTC}", 0),
    "get-valuations": (f"instrument_name={BTC}&valuation_type=mark_price", 0),
    "get-expired-settlement-price": ("instrument_type=FUTURE&page=1", 0),
    "get-insurance": ("instrument_name=USD", 0),
    "get-announcements": ("", 0),
    "staking/get-conversion-rate": ("", 50001),
    "auth": ("", 40002),
    "heartbeat": ("", 40002),
    "respond-heartbeat": ("", 40002),
    "get-time": ("", 40002),
}
PRIVATE: Final[dict[str, tuple[Params, int]]] = {
    "user-balance": ({}, 0),
    "user-balance-history": ({}, 0),
    "get-accounts": ({}, 0),
    "get-subaccount-balances": ({}, 0),
    "create-subaccount-transfer": ({"from": "a", "to": "b", "currency": "CRO", "amount": "1"}, 401),
    "get-positions": ({}, 0),
    "get-fee-rate": ({}, 0),
    "get-instrument-fee-rate": ({"instrument_name": BTC}, 0),
    "get-fee-credit-balances": ({}, 0),
    "get-account-settings": ({}, 0),
    "change-account-settings": ({"leverage": "2"}, 0),
    "change-account-leverage": ({"leverage": 2}, 0),
    "create-isolated-margin-transfer": ({}, 615),
    "change-isolated-margin-leverage": ({}, 615),
    "create-order": (ORDER, 0),
    "amend-order": (NAMED, 212),
    "cancel-order": (NAMED, 212),
    "cancel-all-orders": ({}, 0),
    "create-order-list": (LISTED, 0),
    "cancel-order-list": (LISTED | {"order_list": [NAMED]}, 0),
    "get-order-list": ({"list_id": "1"}, 0),
    "close-position": ({"instrument_name": "BTCUSD-PERP", "type": "MARKET"}, 201),
    "get-open-orders": ({}, 0),
    "get-order-detail": (NAMED, 40401),
    "get-order-history": ({}, 0),
    "get-trades": ({}, 0),
    "get-transactions": ({}, 0),
    "get-trigger-orders": ({}, 50001),
    "advanced/create-order": (STOP, 0),
    "advanced/amend-order": (NAMED, 212),
    "advanced/create-oco": ({"order_list": []}, 40004),
    "advanced/cancel-oco": ({"list_id": 1}, 212),
    "advanced/create-oto": ({}, 140001),
    "advanced/cancel-oto": ({}, 140001),
    "advanced/create-otoco": ({}, 140001),
    "advanced/cancel-otoco": ({}, 140001),
    "advanced/cancel-order": (NAMED, 212),
    "advanced/cancel-all-orders": ({}, 0),
    "advanced/create-order-list": ({"order_list": [STOP]}, 0),
    "advanced/cancel-order-list": ({"order_list": [NAMED]}, 0),
    "advanced/get-open-orders": ({}, 0),
    "advanced/get-order-detail": (NAMED, 40401),
    "advanced/get-order-history": ({}, 0),
    "advanced/get-order-list-detail": ({"list_id_list": [1]}, 0),
    "create-withdrawal": ({"currency": "CRO", "amount": "1"}, 40101),
    "get-currency-networks": ({}, 0),
    "get-deposit-address": ({"currency": "CRO"}, 0),
    "get-deposit-history": ({}, 0),
    "get-withdrawal-history": ({}, 0),
    "fiat/fiat-deposit-info": ({}, 140001),
    "staking/stake": ({}, 140001),
    "otc/request-quote": ({}, 140001),
    "bot/create": ({}, 140001),
    "set-cancel-on-disconnect": ({"scope": "CONNECTION"}, 40002),
    "get-cancel-on-disconnect": ({}, 40002),
    "batch-order-request": ({}, 40002),
    "get-nothing": ({}, 40002),
}
# What is asked of each parameter once: nothing of it fits.
ODD: Final[list[object]] = [None, "", "x", 0, -1, [], [1], {}, {"a": []}, True, "1" * 40]


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_method_is_served_or_refused_as_documented(name: str) -> None:
    query, code = PUBLIC[name]

    assert int(Person(exchange()).get(f"{name}?{query}")["code"]) == code


@pytest.mark.parametrize("name", PRIVATE)
def test_a_private_method_is_served_or_refused_as_documented(name: str) -> None:
    params, code = PRIVATE[name]

    answer = Person(exchange()).ask(name, **params)

    assert int(answer["code"]) == code, answer


@pytest.mark.parametrize("name", PRIVATE)
def test_what_fits_nowhere_is_refused_and_nothing_stumbles(name: str) -> None:
    params, person = PRIVATE[name][0], Person(exchange())
    keys = [*params, "instrument_name", "list_id", "end_time", "limit", "type", "price", "leverage"]

    said = [person.ask(name, **(params | {key: odd})) for key in keys for odd in ODD]

    known = codes.CODES.keys() | OLD_NAMES.keys()
    assert [each for each in said if int(each["code"]) not in known] == []
    person.engine.advance(replace(person.engine.now, micros=person.engine.now.micros + 1))


@pytest.mark.parametrize("name", PUBLIC)
def test_what_fits_nowhere_in_a_query_is_refused(name: str) -> None:
    person = Person(exchange())
    keys = ("instrument_name", "valuation_type", "timeframe", "count", "depth", "end_ts", "page")

    said = [
        person.get(f"{name}?{key}={odd}") for key in keys for odd in ("", "x", "0", "-1", "9e9")
    ]

    assert {int(each["code"]) for each in said} <= {0, 40002, 40003, 40004, 50001}


def test_the_verbs_are_told_apart() -> None:
    person = Person(exchange())
    posted = [f"{ROOT}public/get-tickers", f"{ROOT}public/staking/get-conversion-rate"]

    codes_of = [person.send("POST", path, b"{}")["code"] for path in posted]

    assert codes_of == [50001, 140001]
    assert person.send("GET", f"{ROOT}private/user-balance", b"")["code"] == 40003
    announced = person.send("GET", "/v1/public/get-announcements", b"")
    assert announced == {
        "id": -1,
        "method": "public/get-announcements",
        "code": 0,
        "result": {"data": []},
    }


def test_the_mark_price_is_read_by_the_minute_and_spot_has_no_other() -> None:
    person = Person(exchange())

    asked = f"get-valuations?instrument_name={BTC}&valuation_type="
    read = person.get(f"{asked}mark_price&count=3")["result"]

    assert [row["v"] for row in read["data"]] == ["50000.00"] * 3
    times = [row["t"] for row in read["data"]]
    assert times == [person.engine.now.ms - n * 60_000 for n in range(3)]
    assert person.get(f"{asked}index_price")["code"] == 40004
    assert person.get(f"get-valuations?instrument_name={BTC}")["code"] == 40003
    index = "get-valuations?instrument_name=BTCUSD-INDEX&valuation_type=index_price&count=1"
    assert person.get(index)["result"]["data"][0]["v"] == "50000.00"


def test_every_method_of_the_user_socket_is_served_or_refused_as_documented() -> None:
    async def test(world: World) -> None:
        async with world.user() as client:
            batch = {
                "instrument_name": BTC,
                "cancels": [{"client_oid": "absent"}],
                "creates": [{k: v for k, v in ORDER.items() if k != "instrument_name"}],
            }
            done = await client.ask("private/batch-order-request", params=batch)
            many = {"cancels": [NAMED] * 6, "creates": [ORDER] * 5}
            refused = await client.ask("private/batch-order-request", params=many)
            said = [
                (name, (await client.ask(f"private/{name}", params=params))["code"])
                for name, (params, _) in PRIVATE.items()
                if name.rpartition("/")[2].startswith("get-")
            ]
        made = done["result"]["creates"][0]
        open_orders = (await world.ask("private/get-open-orders"))["result"]["data"]
        assert done["result"]["cancels"][0]["code"] == 212
        assert [row["order_id"] for row in open_orders] == [made["order_id"]]
        assert refused["code"] == 40004
        # Queries are REST alone.
        assert {code for name, code in said if name != "get-cancel-on-disconnect"} == {40002}

    run(test)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (f"mark.{BTC}", 0),
        ("index.BTCUSD-INDEX", 0),
        ("funding.BTCUSD-PERP", 0),
        ("estimatedfunding.BTCUSD-PERP", 0),
        ("settlement.BTCUSD-PERP", 0),
        ("mark.NOTHING", 40003),
        ("book.BTC_USDT", 40003),
        ("index.NONE-INDEX", 40004),
    ],
)
def test_a_channel_of_one_figure_is_served_where_there_is_one(name: str, code: int) -> None:
    async def test(world: World) -> None:
        async with world.market() as client:
            answer = await client.ask("subscribe", params={"channels": [name]})
            has_news = name.startswith(("mark.BTC", "index.BTC"))
            first: Any = (await client.hear())["result"]["data"] if has_news else []
            await client.silence()

        assert answer["code"] == code
        assert [sorted(row) for row in first] == [["t", "v"]] * has_news

    run(test)


def test_the_risk_of_the_account_is_told_whole() -> None:
    async def test(world: World) -> None:
        async with world.user() as client:
            await client.subscribe("user.account_risk")
            row = (await client.hear())["result"]["data"][0]
            await world.order("BUY", "0.01")
            after = json.loads(json.dumps((await client.hear())["result"]["data"][0]))

        assert row["positions"] == []
        assert [coin["instrument_name"] for coin in row["balances"]] == ["USDT"]
        assert [coin["instrument_name"] for coin in after["balances"]] == ["BTC", "USDT"]
        assert row["total_cash_balance"] == "10000"

    run(test, STEPPING)
