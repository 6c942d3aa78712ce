"""What whoever listens may rely on: the words of the user socket are the same facts as the answers of REST."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from interlock.account import AccountReading
from interlock.errors import NotAuthorised, Refused, Unreachable
from interlock.orders.evidence import Source
from interlock.orders.life import State
from interlock.protocol.crypto_com import frames, orders, trades
from interlock.protocol.crypto_com.frames import Beat, Frame, News, Reply, frame
from interlock.protocol.crypto_com.signing import verifies
from interlock.values import Instant, Secret, Unknown

NOW = Instant.of_iso("2026-01-01T00:00:10")
RECORDED = Path(__file__).parents[2] / "foreign" / "exchange" / "ws_server_frames.json"
FRAMES: dict[str, dict[str, Any]] = {
    each["name"]: each["frame"] for each in json.loads(RECORDED.read_text())["frames"]
}


def read(said: object) -> Frame:
    return frame(json.dumps(said).encode(), NOW)


def news(name: str) -> News:
    found = read(FRAMES[name])
    assert isinstance(found, News)
    return found


@pytest.mark.parametrize("name", list(FRAMES))
def test_every_recorded_frame_is_understood(name: str) -> None:
    assert isinstance(read(FRAMES[name]), Beat | Reply | News)


def test_an_order_that_was_canceled_with_executions_keeps_them() -> None:
    (fact,) = news("user.order CANCELED after a partial fill").facts

    assert (fact.state, fact.filled) == (State.CANCELLED, Decimal("0.00040"))
    (bought,) = news("user.order market buy by notional: executed, yet CANCELED").facts
    assert (bought.state, bought.filled) == (State.CANCELLED, Decimal(22))


def test_news_of_an_order_are_the_facts_of_the_same_row_over_rest() -> None:
    told = FRAMES["user.order partial fill"]
    (heard,) = news("user.order partial fill").facts
    row = json.dumps({"data": told["result"]["data"]}).encode()
    (asked,) = orders.orders(row, NOW, Source.OPEN_ORDERS).facts

    assert heard == replace(asked, source=Source.USER_STREAM)


@pytest.mark.parametrize("channel", ["user.advance.order", "user.advanced.order"])
def test_triggers_are_told_apart_in_both_spellings(channel: str) -> None:
    told = json.loads(json.dumps(FRAMES["user.advance.order"]))
    told["result"]["channel"] = channel
    found = read(told)

    assert isinstance(found, News)
    assert [fact.source for fact in found.facts] == [Source.ADVANCED_STREAM]


def test_an_execution_has_the_instant_that_rest_tells_to_the_microsecond() -> None:
    told = FRAMES["user.trade"]["result"]["data"][0]
    row = {**told, "create_time": 1767225600900, "transaction_time": "1767225600900123456"}
    heard = read({"method": "subscribe", "result": {"channel": "user.trade", "data": [row]}})
    del row["transaction_time"]
    over_rest = json.dumps({"data": [{**row, "transact_time_ns": "1767225600900123456"}]})

    assert isinstance(heard, News)
    assert heard.fills == trades.fills(over_rest.encode()).facts
    assert heard.fills[0].fee == -Decimal(told["fees"])


def test_a_list_of_which_one_row_cannot_be_read_is_lost_whole() -> None:
    told = json.loads(json.dumps(FRAMES["user.order ACTIVE"]))
    told["result"]["data"].append({"order_id": "7"})

    with pytest.raises(Unreachable):
        read(told)


def test_a_wallet_that_is_not_told_whole_is_unknown_and_yet_news() -> None:
    told = json.loads(json.dumps(FRAMES["user.balance"]))
    assert isinstance(news("user.balance").wallet, AccountReading)
    del told["result"]["data"][0]["total_cash_balance"]

    found = read(told)

    assert isinstance(found, News)
    assert isinstance(found.wallet, Unknown)


def test_refusals_carry_their_codes() -> None:
    denied, wrong = read(FRAMES["auth failed"]), read(FRAMES["invalid channel"])

    assert isinstance(denied, Reply)
    assert isinstance(denied.refused, NotAuthorised)
    assert isinstance(wrong, Reply)
    assert isinstance(wrong.refused, Refused)
    assert wrong.refused.code == 40003
    assert wrong.refused.message == FRAMES["invalid channel"]["message"]


def test_the_first_news_of_orders_answer_the_request_for_them() -> None:
    assert news("user.order first message: open orders, request id").id == 2
    assert news("user.order ACTIVE").id == -1


def test_who_we_are_is_signed_and_stands_beside_the_method() -> None:
    said = json.loads(frames.authentication(Secret("key"), Secret("secret"), 3, 17))

    sig = said.pop("sig")
    assert said == {"id": 3, "method": "public/auth", "api_key": "key", "nonce": 17}
    assert verifies(Secret("secret"), "public/auth", "3", "key", {}, "17", sig)


def test_a_beat_is_answered_with_its_own_id() -> None:
    beat = read(FRAMES["heartbeat"])

    assert isinstance(beat, Beat)
    assert json.loads(frames.echo(beat)) == {
        "id": FRAMES["heartbeat"]["id"],
        "method": "public/respond-heartbeat",
    }


def test_what_we_say_names_its_channels_and_its_proof() -> None:
    asked, proof = json.loads(frames.subscription(2, 17)), json.loads(frames.proof(3, 18))

    assert asked["params"] == {"channels": list(frames.CHANNELS)}
    assert (proof["id"], proof["method"]) == (3, "private/get-cancel-on-disconnect")


@pytest.mark.parametrize("number", ["x", "", "-", "--1", "1.5", "٣", "1" * 41])
@pytest.mark.parametrize("field", ["id", "code"])
def test_a_frame_that_says_something_else_where_a_number_stands_is_not_understood(
    field: str, number: str
) -> None:
    said = {"method": "public/auth", "id": 1, "code": 0}
    with pytest.raises(Unreachable):
        read({**said, field: number})


def test_numbers_may_be_texts_and_whole_up_to_forty_digits() -> None:
    longest = "1" * 40
    assert read({"method": "public/auth", "id": longest, "code": "0"}) == Reply(
        int(longest), "public/auth"
    )
    assert read({"method": "public/auth"}) == Reply(-1, "public/auth")
