"""The envelope: what an answer to a question must echo, and what is never read as empty."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import BadInput, NotAuthorised, Refused, Unreachable
from interlock.ports import Reply
from interlock.protocol.crypto_com.wire import (
    Asked,
    Rows,
    flag,
    instant,
    instant_ns,
    number,
    result_of,
    rows_of,
    signed_body,
)
from interlock.values import Instant, Secret

PRIVATE = Asked("private/user-balance", 17)
PUBLIC = Asked("public/get-tickers")


class Thing(msgspec.Struct):
    name: str


def said(body: dict[str, Any], status: int = 200, asked: Asked = PRIVATE) -> bytes:
    return result_of(Reply(status, json.dumps(body).encode()), asked)


@pytest.mark.parametrize("code", [0, "0"])
@pytest.mark.parametrize("request_id", [17, "17"])
def test_ids_and_codes_may_be_numbers_or_texts(code: object, request_id: object) -> None:
    body = {"id": request_id, "method": PRIVATE.method, "code": code, "result": {"x": 1}}
    assert json.loads(said(body)) == {"x": 1}


def test_a_public_answer_has_an_id_of_its_own() -> None:
    assert said({"id": -1, "method": PUBLIC.method, "code": 0, "result": []}, asked=PUBLIC) == b"[]"


@pytest.mark.parametrize(
    "body",
    [
        {"id": 18, "method": PRIVATE.method, "code": 0, "result": {}},
        {"id": 17, "method": "private/get-trades", "code": 0, "result": {}},
        {"id": 18, "code": 40101},
        {"id": 17, "code": "none"},
        {"id": 17, "code": 40801},
        {"id": 17},
    ],
)
def test_an_answer_to_somebody_else_is_no_answer(body: dict[str, Any]) -> None:
    with pytest.raises(Unreachable):
        said(body)


@pytest.mark.parametrize("status", [201, 301, 408, 429, 500, 503])
def test_success_comes_with_status_200(status: int) -> None:
    with pytest.raises(Unreachable):
        said({"id": 17, "method": PRIVATE.method, "code": 0, "result": {}}, status)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"code": 40401, "message": "NOT_FOUND"}, 40401),
        ({"code": "10004", "msg": "BAD_REQUEST"}, 10004),
        ({"code": 50001}, 50001),
        ({"code": 424242}, 424242),
    ],
)
def test_a_question_can_be_refused_with_any_code(body: dict[str, Any], code: int) -> None:
    with pytest.raises(Refused) as refused:
        said(body, 400)
    assert refused.value.code == code


def test_a_question_can_be_refused_to_us() -> None:
    with pytest.raises(NotAuthorised) as refused:
        said({"code": 40101, "message": "Authentication failure"}, 401)
    assert "40101 Authentication failure" in str(refused.value)


def test_one_bad_row_never_loses_the_others() -> None:
    rows = rows_of(b'{"data":[{"name":"a"},{"name":5},7,{"name":"b"}]}', Thing, _name, "things")
    assert rows.facts == ("a", "b")
    assert [line.partition(":")[0] for line in rows.skipped] == ["row 1", "row 2"]


def test_a_list_that_must_be_whole_is_lost_with_one_row() -> None:
    with pytest.raises(Unreachable):
        Rows((1,), ("row 0: x",)).whole()
    assert Rows((1,), ()).whole() == (1,)


@pytest.mark.parametrize("result", [b"", b"null", b"{}", b"[]", b'{"data":{}}', b'{"data":null}'])
def test_an_unknown_shape_is_never_an_empty_list(result: bytes) -> None:
    with pytest.raises(Unreachable):
        rows_of(result, Thing, _name, "things")


def test_times_may_be_numbers_or_texts_and_nanoseconds_lose_nothing_above_a_microsecond() -> None:
    assert instant("1700000000000") == instant(1700000000000) == Instant.of_ms(1700000000000)
    assert instant_ns(1785589933921878728) == Instant(1785589933921878)


@pytest.mark.parametrize("text", ["1e40", "-1e40", "1e-40", "0", "0.00000001"])
def test_a_number_that_money_can_have_is_taken(text: str) -> None:
    assert number(Decimal(text)) == Decimal(text)


@pytest.mark.parametrize("text", ["1e41", "-1e41", "1e-41", "NaN", "-Infinity", "sNaN"])
def test_a_number_that_money_cannot_have_is_refused(text: str) -> None:
    """Fault F3."""
    with pytest.raises(BadInput):
        number(Decimal(text))


@pytest.mark.parametrize("time", [-1, "", "1.5", "x", 10**14, "٣", "1" * 5000])
def test_what_is_no_time_is_refused(time: int | str) -> None:
    """Fault E13."""
    with pytest.raises(BadInput):
        instant(time)


def test_the_longest_texts_of_numbers_are_taken_and_no_longer_ones() -> None:
    assert instant("1700000000000".zfill(40)) == Instant.of_ms(1700000000000)
    assert instant_ns(10**20 - 1) == Instant(10**17 - 1)
    with pytest.raises(Refused):
        said({"code": "1" * 40})
    with pytest.raises(BadInput):
        instant("1700000000000".zfill(41))
    with pytest.raises(BadInput):
        instant_ns(10**20)
    with pytest.raises(Unreachable):
        said({"code": "1" * 41})


def test_a_flag_may_be_a_text_but_not_any() -> None:
    said: list[bool | str] = [True, "true", False, "false"]
    assert [flag(one) for one in said] == [True, True, False, False]
    with pytest.raises(BadInput):
        flag("yes")


@given(st.integers(min_value=0, max_value=2**62))
def test_a_request_says_its_nonce_as_its_id(nonce: int) -> None:
    sent = json.loads(signed_body(Secret("k"), Secret("s"), "private/x", {"a": "1"}, nonce))
    assert sent["id"] == sent["nonce"] == nonce
    assert (sent["method"], sent["params"], sent["api_key"]) == ("private/x", {"a": "1"}, "k")
    assert "s" not in sent.values()


def _name(thing: Thing) -> str:
    return thing.name
