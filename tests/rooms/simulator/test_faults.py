"""Armed faults happen as often as armed, to the method they are armed for, and the books tell what was really done."""

from datetime import timedelta

import pytest

from interlock.errors import BadInput
from interlock.simulator.faults import Arm, Silence
from tests.rooms.simulator.person import START, Person, exchange

CREATE = "private/create-order"
MINUTE = timedelta(minutes=1)


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


def test_an_order_that_comes_later_than_its_nonce_is_good_for_never_comes() -> None:
    person = Person(exchange())
    person.engine.faults.arm(Arm("accept_late", CREATE, by_seconds=60), person.engine.now)
    params = {"instrument_name": "BTC_USDT", "side": "BUY", "type": "MARKET", "quantity": "0.001"}
    old = person.engine.now.ms - 1
    body = person.signed(CREATE, params, at_ms=old)

    assert person.send("POST", f"/exchange/v1/{CREATE}", body) == {}
    assert person.engine.next_event() == person.engine.now + MINUTE
    person.engine.advance(person.engine.now + MINUTE)

    books = person.engine.books()
    assert (books["accepts"], [row["code"] for row in books["refusals"]]) == ([], [40102])
    assert books["stirs"] == 1


def test_a_fault_is_over_when_its_time_is_and_can_be_taken_back_before() -> None:
    person = Person(exchange())
    faults, now = person.engine.faults, person.engine.now
    faults.arm(Arm("refuse", seconds=60), now)
    faults.arm(Arm("lag", seconds=120), now)

    assert [row["fault"] for row in faults.armed(now)] == ["refuse", "lag"]
    assert (faults.disarm("lag", now), faults.disarm("lag", now)) == (1, 0)
    assert person.ask("user-balance")["code"] == 42901
    person.engine.advance(now + MINUTE)
    assert person.ask("user-balance")["code"] == 0
    assert faults.armed(person.engine.now) == []
    assert faults.disarm(None, person.engine.now) == 0


@pytest.mark.parametrize(
    "asked",
    [
        Arm("lag", by_seconds=601),
        Arm("accept_late", by_seconds=61),
        Arm("accept_late", by_seconds=-1),
        Arm("refuse", seconds=0),
        Arm("refuse", seconds=float("nan")),
        Arm("refuse", by_seconds=1),
    ],
)
def test_a_fault_bears_what_it_says_and_no_more(asked: Arm) -> None:
    with pytest.raises(BadInput, match="by_seconds"):
        exchange().faults.arm(asked, START)


def test_a_trigger_whose_cancel_comes_too_late_has_fired() -> None:
    person = Person(exchange())
    person.buy("0.002")
    made = person.stop("40000")
    person.engine.arm("fill_before_cancel", "private/advanced/cancel-order")

    assert person.ask("advanced/cancel-order", order_id=made["result"]["order_id"])["code"] == 212
    assert person.detail(made, advanced=True)["status"] == "FILLED"


def test_an_amended_order_lags_with_the_terms_that_it_had() -> None:
    person = Person(exchange())
    made = person.buy(price="40000", quantity="0.001")
    person.engine.advance(START + MINUTE)
    named = {"order_id": made["result"]["order_id"], "client_oid": "amended"}
    person.ask("amend-order", **named, new_price="41000", new_quantity="0.001")
    person.engine.faults.arm(Arm("lag", by_seconds=10, count=3), person.engine.now)

    assert person.detail(made)["limit_price"] == "40000.00"
    free = person.ask("user-balance")["result"]["data"][0]["position_balances"][0]
    assert free["reserved_qty"] == "40"
    person.engine.advance(START + 2 * MINUTE)
    assert person.detail(made)["limit_price"] == "41000.00"


def test_the_same_faults_give_the_same_bytes() -> None:
    lives = []
    for _ in range(2):
        person = Person(exchange())
        for asked in (
            Arm("accept_late", CREATE, by_seconds=30, count=2),
            Arm("lag", seconds=90, by_seconds=20),
            Arm("fill_after_cancel", by_seconds=7, count=1),
            Arm("clock_skew", by_seconds=10, count=5),
            Arm("unknown_status", "private/get-open-orders", count=3),
        ):
            person.engine.faults.arm(asked, person.engine.now)
        heard: list[object] = []
        for number in range(12):
            heard.append(person.buy(client_oid=f"n{number}", price="40000"))
            heard += [person.ask("get-open-orders"), person.ask("user-balance")]
            heard.append(person.ask("cancel-order", client_oid=f"n{number - 1}"))
            person.engine.advance(person.engine.now + timedelta(seconds=11))
        lives.append((heard, person.engine.books()))

    assert lives[0] == lives[1]
    assert set(lives[0][1]["faults_fired"]) == {
        "accept_late",
        "clock_skew",
        "fill_after_cancel",
        "lag",
        "unknown_status",
    }
