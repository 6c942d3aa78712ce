"""Armed faults happen as often as armed, to the method they are armed for, and the books tell what was really done."""

import pytest

from interlock.errors import BadInput
from interlock.simulator.faults import Silence
from tests.rooms.simulator.person import Person, exchange

CREATE = "private/create-order"


def test_an_order_whose_answer_is_lost_exists() -> None:
    person = Person(exchange())
    person.engine.arm("lose_answer", CREATE, 1)

    assert person.buy(client_oid="lost") == {}

    assert person.ask("get-order-detail", client_oid="lost")["result"]["status"] == "FILLED"
    accepts = person.engine.books()["accepts"]
    assert [accept["client_oid"] for accept in accepts] == ["lost"]
    assert accepts[0]["nonce"] == person.engine.now.ms


def test_an_order_whose_request_is_lost_does_not_exist() -> None:
    person = Person(exchange())
    person.engine.arm("lose_request", CREATE, 1)

    assert person.buy(client_oid="lost") == {}

    assert person.ask("get-order-detail", client_oid="lost")["code"] == 40401
    books = person.engine.books()
    assert books["accepts"] == []
    assert CREATE not in books["requests"]


def test_an_order_may_be_placed_behind_a_bad_gateway() -> None:
    person = Person(exchange())
    person.engine.arm("http_502", CREATE, 1)
    body = person.signed(
        CREATE,
        {"instrument_name": "BTC_USDT", "side": "BUY", "type": "MARKET", "quantity": "0.001"},
    )

    answer = person.engine.handle("POST", f"/exchange/v1/{CREATE}", body)

    assert answer is not None
    assert (answer.status, answer.content_type) == (502, "text/html")
    assert len(person.ask("get-trades")["result"]["data"]) == 1


def test_a_withheld_answer_is_told_apart_from_a_lost_one() -> None:
    person = Person(exchange())
    person.engine.arm("hold_answer", "private/user-balance", 1)
    person.engine.arm("lose_answer", "private/user-balance", 1)
    body = person.signed("private/user-balance", {})
    asked = ("POST", "/exchange/v1/private/user-balance", body)

    assert [person.engine.receive(*asked) for _ in range(2)] == [Silence.HELD, Silence.LOST]
    assert person.engine.handle(*asked) is not None


@pytest.mark.parametrize(
    ("code", "status"), [(42901, 429), (40101, 401), (50001, 400), (777777, 400)]
)
def test_a_refusal_can_be_armed_with_any_code_and_nothing_is_done(code: int, status: int) -> None:
    person = Person(exchange())
    person.engine.arm("refuse", CREATE, 1, code)

    answer = person.buy(client_oid="refused")

    assert (answer["code"], person.last) == (code, status)
    assert person.ask("get-order-detail", client_oid="refused")["code"] == 40401


def test_a_fault_happens_as_often_as_armed_and_is_counted_where_it_happened() -> None:
    person = Person(exchange())
    person.engine.arm("refuse", "*", 2)

    codes = [person.get("get-tickers")["code"], person.ask("user-balance")["code"]]
    codes.append(person.ask("user-balance")["code"])

    assert codes == [42901, 42901, 0]
    assert person.engine.books()["faults_fired"] == {"refuse": 2}


@pytest.mark.parametrize(("fault", "count"), [("explode", 1), ("refuse", 0)])
def test_a_fault_that_cannot_be_is_not_armed(fault: str, count: int) -> None:
    with pytest.raises(BadInput, match="cannot be armed"):
        exchange().arm(fault, CREATE, count)


def test_requests_are_counted_by_method() -> None:
    person = Person(exchange())
    person.ask("user-balance")
    person.ask("user-balance")
    person.get("get-tickers")

    assert person.engine.books()["requests"] == {"private/user-balance": 2, "public/get-tickers": 1}
