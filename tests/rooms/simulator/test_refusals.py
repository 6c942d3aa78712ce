"""Each refusal once, with its code and its HTTP status; those that made an order name it, and it is found again as REJECTED."""

import json

import pytest

from interlock.simulator.config import ApiKey, Permission, demo_key
from interlock.values import Instant, Secret
from tests.rooms.simulator.person import BTC, COIN, HOUR_MS, START, Person, exchange

LIMIT = {
    "instrument_name": BTC,
    "side": "BUY",
    "type": "LIMIT",
    "price": "40000.00",
    "quantity": "0.001",
    "client_oid": "one",
}
STOP = {
    "instrument_name": BTC,
    "side": "SELL",
    "type": "STOP_LOSS",
    "ref_price": "40000.00",
    "quantity": "0.001",
    "client_oid": "one",
}


@pytest.mark.parametrize(
    ("changes", "code", "status"),
    [
        ({"instrument_name": "NIX_USDT"}, 209, 400),
        ({"instrument_name": "BTCUSD-PERP"}, 208, 400),
        ({"instrument_name": None}, 40004, 400),
        ({"type": "PLEASE"}, 218, 400),
        ({"type": None}, 40004, 400),
        ({"side": "buy"}, 220, 400),
        ({"time_in_force": "NOW"}, 221, 400),
        ({"exec_inst": ["LOUDLY"]}, 219, 500),
        ({"quantity": "0.000001"}, 213, 400),
        ({"quantity": "0"}, 213, 400),
        ({"quantity": "1e-3"}, 213, 400),
        ({"quantity": "-0.001"}, 213, 400),
        ({"quantity": None}, 40004, 400),
        ({"quantity": 1}, 40101, 401),
        ({"price": "40000.001"}, 308, 400),
        ({"price": "4e4"}, 308, 400),
        ({"price": 40000}, 308, 400),
        ({"price": None}, 40004, 400),
        ({"spot_margin": "MARGIN"}, 416, 400),
        ({"spot_margin": "MAYBE"}, 50001, 400),
        ({"client_oid": "x" * 37}, 40004, 400),
        ({"type": "STOP_LOSS"}, 140001, 500),
        ({"type": "STOP_LIMIT"}, 140001, 500),
        ({"instrument_name": "CRO_USDT", "price": "0.10000", "quantity": "50"}, 309, 500),
    ],
)
def test_an_order_that_cannot_be_is_refused_and_leaves_nothing(
    changes: dict[str, object], code: int, status: int
) -> None:
    person = Person(exchange())

    answer = person.ask("create-order", **_with(LIMIT, changes))

    assert (answer["code"], person.last) == (code, status)
    assert "result" not in answer
    assert person.engine.books()["orders"] == []


@pytest.mark.parametrize(
    ("changes", "code", "status"),
    [
        ({"ref_price": "60000.00"}, 50007, 400),
        ({"ref_price": "50000.00"}, 50007, 400),
        ({"side": "BUY"}, 50007, 400),
        ({"ref_price": 40000}, 229, 400),
        ({"ref_price": "40000.001"}, 229, 400),
        ({"ref_price": None}, 40004, 400),
        ({"ref_price_type": "MY_PRICE"}, 230, 400),
        ({"type": "LIMIT"}, 218, 400),
        ({"type": "STOP_LIMIT"}, 40004, 400),
        ({"type": "STOP_LIMIT", "price": "40000.001"}, 308, 400),
    ],
)
def test_a_trigger_that_cannot_be_is_refused_and_leaves_nothing(
    changes: dict[str, object], code: int, status: int
) -> None:
    person = Person(exchange())

    answer = person.ask("advanced/create-order", **_with(STOP, changes))

    assert (answer["code"], person.last) == (code, status)
    assert person.engine.books()["orders"] == []


@pytest.mark.parametrize(
    ("changes", "code", "status"),
    [
        ({"quantity": "1"}, 306, 500),
        ({"side": "SELL", "price": "60000.00"}, 306, 500),
        ({"quantity": "0.00001"}, 415, 500),
        ({"quantity": "1000"}, 314, 400),
        ({"price": "20000.00"}, 315, 400),
        ({"price": "50100.00", "exec_inst": ["POST_ONLY"]}, 43005, 500),
        ({"time_in_force": "IMMEDIATE_OR_CANCEL"}, 43004, 500),
        ({"price": "50100.00", "time_in_force": "FILL_OR_KILL", "quantity": "0.1"}, 43003, 500),
    ],
)
def test_an_order_that_is_rejected_is_named_and_found_again(
    changes: dict[str, object], code: int, status: int
) -> None:
    person = Person(exchange(depth="0.01"))

    answer = person.ask("create-order", **_with(LIMIT, changes))

    assert (answer["code"], person.last) == (code, status)
    assert answer["result"]["client_oid"] == "one"
    row = person.detail(answer)
    assert (row["status"], row["reason"]) == ("REJECTED", code)
    assert person.ask("get-order-history")["result"]["data"] == [row]
    assert person.reserved("USDT") == 0
    books = person.engine.books()
    assert books["accepts"] == []
    assert books["refusals"] == [
        {
            "method": "private/create-order",
            "code": code,
            "client_oid": "one",
            "order_id": row["order_id"],
            "source": "127.0.0.1",
            "at_us": START.micros,
        }
    ]


def test_no_more_than_two_hundred_orders_are_open_in_one_book() -> None:
    person = Person(exchange(balances={"USDT": "1000000"}))
    codes = [person.buy("0.0001", price="40000")["code"] for _ in range(201)]

    assert codes == [0] * 200 + [318]


@pytest.mark.parametrize("first", [{"price": "40000"}, {"quantity": "1"}, {"price": "50100"}])
def test_a_client_oid_is_used_once_for_the_whole_run(first: dict[str, object]) -> None:
    person = Person(exchange())
    person.ask("create-order", **_with(LIMIT, first))

    answer = person.ask("create-order", **LIMIT)
    assert (answer["code"], person.last) == (204, 400)
    assert person.ask("advanced/create-order", **STOP)["code"] == 204
    assert len(person.engine.books()["orders"]) == 1


def test_an_order_without_a_client_oid_bears_its_nonce() -> None:
    person = Person(exchange())

    answer = person.ask("create-order", **_with(LIMIT, {"client_oid": None}))

    assert answer["result"]["client_oid"] == str(START.ms)


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("get-order-detail", {"client_oid": "nobody"}, 40401),
        ("get-order-detail", {}, 40004),
        ("cancel-order", {"client_oid": "nobody"}, 212),
        ("get-order-history", {"limit": "10"}, 40003),
        ("get-order-history", {"limit": 0}, 40004),
        ("get-trades", {"start_time": START.ms - 7 * 24 * HOUR_MS}, 0),
        ("get-trades", {"start_time": START.ms - 7 * 24 * HOUR_MS - 1}, 40004),
        ("get-instrument-fee-rate", {"instrument_name": "NIX_USDT"}, 40004),
        ("no-such-method", {}, 40002),
    ],
)
def test_a_question_that_cannot_be_is_refused_and_one_at_the_edge_is_not(
    method: str, params: dict[str, object], code: int
) -> None:
    assert Person(exchange()).ask(method, **params)["code"] == code


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("get-candlestick?instrument_name=BTC_USDT&timeframe=3D", 40003),
        ("get-candlestick?timeframe=1h", 40003),
        ("get-candlestick?instrument_name=BTC_USDT&timeframe=1h&count=0", 40004),
        ("get-candlestick?instrument_name=BTC_USDT&timeframe=1h&count=many", 40003),
        ("get-tickers?instrument_name=NIX_USDT", 40004),
        ("get-nothing", 40002),
    ],
)
def test_a_public_question_that_cannot_be_is_refused(path: str, code: int) -> None:
    answer = Person(exchange()).get(path)

    assert (answer["id"], answer["code"]) == (-1, code)


def test_an_authentication_failure_is_exactly_these_bytes() -> None:
    person = Person(exchange())
    body = person.signed("private/user-balance", {}, sig="0" * 64)

    answer = person.engine.handle("POST", "/exchange/v1/private/user-balance", body)

    assert answer is not None
    assert answer.status == 401
    assert answer.body == b'{"code":40101,"message":"Authentication failure"}'


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sig": None}, 40101),
        ({"sig": "é" * 64}, 40101),
        ({"api_key": "someone-else"}, 40101),
        ({"api_key": 7}, 40101),
        ({"params": {"instrument_name": "ETH_USDT"}}, 40101),
        ({"nonce": START.ms + 0.5}, 40101),
        ({"nonce": START.ms - 60_001}, 40102),
        ({"nonce": START.ms + 60_001}, 40102),
        ({"nonce": None}, 40102),
        ({"method": "private/get-trades"}, 40003),
        ({"id": "seven"}, 40001),
        ({"id": None}, 40001),
        ({"id": 2**63}, 40001),
        ({"params": []}, 40001),
    ],
)
def test_what_is_not_proven_is_not_done(changes: dict[str, object], code: int) -> None:
    person = Person(exchange())
    body = person.signed("private/user-balance", {}, **changes)

    assert person.send("POST", "/exchange/v1/private/user-balance", body)["code"] == code


def test_id_and_nonce_may_be_texts_and_the_signature_of_either_case() -> None:
    person = Person(exchange())
    sent = json.loads(person.signed("private/user-balance", {}))
    sent |= {"id": str(sent["id"]), "nonce": str(sent["nonce"]), "sig": sent["sig"].upper()}

    answer = person.send("POST", "/exchange/v1/private/user-balance", json.dumps(sent).encode())

    assert (answer["code"], answer["id"]) == (0, 1)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff\xfe", b'{"id":NaN}', b"[" * 20000])
def test_a_body_that_is_no_request_is_answered_and_never_crashes(body: bytes) -> None:
    person = Person(exchange())

    assert person.send("POST", "/exchange/v1/private/user-balance", body)["code"] == 40001


def test_the_wrong_verb_has_its_own_refusal() -> None:
    person = Person(exchange())

    assert person.send("GET", "/exchange/v1/private/user-balance", b"")["code"] == 40003
    assert person.send("POST", "/exchange/v1/public/get-tickers", b"")["code"] == 50001
    assert person.send("GET", "/v2/public/get-time", b"") == {"code": "10004", "msg": "BAD_REQUEST"}
    assert person.send("GET", "/elsewhere", b"")["code"] == 40002


def test_a_key_that_may_only_read_does_not_trade() -> None:
    reader = ApiKey("reader", Secret("its secret"), Permission.READ)
    person = Person(exchange(keys=(demo_key(0), reader)), reader)

    assert person.ask("user-balance")["code"] == 0
    assert person.buy()["code"] == 40101
    assert person.ask("cancel-order", client_oid="any")["code"] == 40101


def test_the_nonce_window_is_that_of_the_exchange_clock() -> None:
    person = Person(exchange())
    body = person.signed("private/user-balance", {})
    person.engine.advance(Instant(START.micros + 60_001_000))

    assert person.send("POST", "/exchange/v1/private/user-balance", body)["code"] == 40102


def test_what_is_held_can_be_sold_and_no_more() -> None:
    person = Person(exchange(balances={COIN: "0.001"}))
    person.sell(price="60000")

    assert person.sell(price="60000")["code"] == 306


def _with(params: dict[str, str], changes: dict[str, object]) -> dict[str, object]:
    """The parameters with changes; None leaves one out."""
    return {name: value for name, value in (params | changes).items() if value is not None}
