"""The whole table of answers: what each is worth, and what none may ever be."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import NotAuthorised, NotSent, Refused, Unreachable
from interlock.orders.evidence import Accepted
from interlock.ports import Reply
from interlock.protocol.crypto_com import codes
from interlock.protocol.crypto_com.outcome import Class, answer, classify
from interlock.protocol.crypto_com.wire import Asked

ASKED = Asked("private/create-order", 1700000000000, "ilabcdef-1")
STATUSES = (200, 400, 401, 408, 429, 500, 503)
LISTED = (
    codes.GATEWAY_REJECT
    | codes.SEEN_BEFORE
    | codes.DEFINITE_REJECT
    | codes.DEFINITE_WITHOUT_ORDER
    | {0}
)
V2 = (10001, 10004, 20001, 20007, 30003, 30009)
ALL = sorted({*codes.CODES, *V2, 1, 99, 608, 424242})
RESULT = {"client_oid": ASKED.client_oid, "order_id": "6530219599901000701"}


def envelope(code: object, **more: object) -> dict[str, object]:
    return {"id": ASKED.id, "method": ASKED.method, "code": code, "message": "m", **more}


def reply(body: object, status: int = 200) -> Reply:
    return Reply(status, body if isinstance(body, bytes) else json.dumps(body).encode())


def shapes(code: object) -> dict[str, bytes]:
    whole = json.dumps(envelope(code, result=RESULT)).encode()
    return {
        "valid": whole,
        "wrong id": json.dumps({**envelope(code, result=RESULT), "id": 7}).encode(),
        "missing result": json.dumps(envelope(code)).encode(),
        "truncated": whole[:-9],
    }


def expected(code: int, status: int, shape: str) -> Class:
    """The table of the law, written a second time, without looking at the code."""
    if status == 408 or shape in {"wrong id", "truncated"}:
        return Class.AMBIGUOUS
    if code == 0:
        whole = status == 200 and shape == "valid"
        return Class.GATEWAY_ACK if whole else Class.AMBIGUOUS
    if code in {40001, 40002, 40003, 40004, 40005, 40101, 40102, 40103, 40104, 42901}:
        return Class.GATEWAY_REJECT
    if code in {204, 205, 40006}:
        return Class.SEEN_BEFORE
    if code in {50007, 50010, 140001}:
        return Class.DEFINITE_REJECT if shape == "missing result" else Class.AMBIGUOUS
    families = (
        201 <= code <= 230,
        301 <= code <= 321 or code == 325,
        code in {401, 406, 407, 408, 409, 410, 411, 412, 415, 416, 501, 1110},
        code in {604, 605, 606, 608, 609} or 613 <= code <= 619,
        43003 <= code <= 43005,
    )
    return Class.DEFINITE_REJECT if any(families) else Class.AMBIGUOUS


def test_the_whole_table_of_codes_statuses_and_shapes() -> None:
    """Faults B9, B10, B11, B12."""
    cases = 0
    for code, status in itertools.product(ALL, STATUSES):
        for spelled in (code, str(code)):
            for shape, body in shapes(spelled).items():
                found = classify(Reply(status, body), ASKED)
                assert found is expected(code, status, shape), (code, status, shape)
                cases += 1
    assert cases >= 2000


@given(st.integers().filter(lambda code: code not in LISTED), st.sampled_from(STATUSES))
def test_a_code_that_is_not_listed_proves_nothing(code: int, status: int) -> None:
    """Fault B20."""
    for body in shapes(code).values():
        assert classify(Reply(status, body), ASKED) is Class.AMBIGUOUS


def test_not_sent_is_only_what_never_left() -> None:
    assert classify(NotSent("refused"), ASKED) is Class.NOT_SENT
    assert classify(Unreachable("reset"), ASKED) is Class.AMBIGUOUS


@given(st.binary(), st.sampled_from(STATUSES))
def test_any_bytes_have_a_class_and_are_never_taken_as_not_sent(body: bytes, status: int) -> None:
    """Faults B7, B8."""
    assert classify(Reply(status, body), ASKED) is Class.AMBIGUOUS
    assert isinstance(answer(Reply(status, body), ASKED), Unreachable)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "id": st.sampled_from([ASKED.id, str(ASKED.id), 7, None, True]),
            "method": st.sampled_from([ASKED.method, "private/cancel-order", None, 3]),
            "code": st.sampled_from([*ALL, "0", "00", "306", 0.0, True, None, -1, 10**40]),
            "message": st.text(max_size=4) | st.none() | st.integers(),
            "msg": st.text(max_size=4),
            "result": st.sampled_from(
                [RESULT, {}, [], None, "x", {**RESULT, "client_oid": "other"}, {"order_id": 5}]
            ),
        },
    ),
    st.sampled_from(STATUSES),
)
def test_only_a_whole_echo_is_an_acknowledgement_or_a_definite_rejection(
    body: dict[str, Any], status: int
) -> None:
    """Fault B16."""
    found = classify(reply(body, status), ASKED)
    echoes = str(body.get("id")) == str(ASKED.id) and body.get("method") == ASKED.method
    result = body.get("result")
    named = result.get("client_oid") if isinstance(result, dict) else None
    if not echoes or named not in {None, ASKED.client_oid}:
        assert found not in {Class.GATEWAY_ACK, Class.DEFINITE_REJECT, Class.SEEN_BEFORE}
    if found is Class.GATEWAY_ACK:
        assert (status, named) == (200, ASKED.client_oid)
    answer(reply(body, status), ASKED)


@given(st.sampled_from(ALL), st.sampled_from(STATUSES), st.text(), st.text())
def test_no_text_for_people_changes_a_class(code: int, status: int, one: str, other: str) -> None:
    found = {
        classify(reply(envelope(code, **{key: text}), status), ASKED)
        for key, text in (("message", one), ("message", other), ("msg", one))
    }
    assert len(found) == 1


@pytest.mark.parametrize(
    "body",
    [
        b'{"id":1700000000000,"method":"private/create-order","code":0,"code":306}',
        b'{"id":1700000000000,"method":"private/create-order","code":306,"result":{"a":1,"a":2}}',
        b'{"id":1700000000000,"method":"private/create-order","code":306} x',
        b'[{"code":306}]',
        b"306",
        b"",
        b"<html>",
        b'{"code":NaN}',
        b"[" * 100_000,
        b'{"code":' + b"9" * 5000 + b"}",
        b'{"code":1e999999999999999999999}',
        '\ufeff{"code":40101}'.encode(),
        '{"code":40101}'.encode("utf-16"),
    ],
)
def test_what_is_not_one_plain_object_proves_nothing(body: bytes) -> None:
    """Fault B24."""
    assert classify(Reply(400, body), ASKED) is Class.AMBIGUOUS


def test_an_authentication_failure_may_come_without_id_and_method() -> None:
    body = b'{"code":40101,"message":"Authentication failure"}'
    assert classify(Reply(401, body), ASKED) is Class.GATEWAY_REJECT
    assert isinstance(answer(Reply(401, body), ASKED), NotAuthorised)
    assert classify(Reply(500, b'{"code":306,"message":"x"}'), ASKED) is Class.AMBIGUOUS


@pytest.mark.parametrize("order_id", [None, "", "0", "12a", 6530219599901000701, "-5", "9" * 40])
def test_an_acknowledgement_names_its_order_by_a_decimal_text(order_id: object) -> None:
    """Fault B17."""
    body = envelope(0, result={**RESULT, "order_id": order_id})
    assert classify(reply(body), ASKED) is Class.AMBIGUOUS


def test_an_acknowledgement_echoes_the_client_oid() -> None:
    assert classify(reply(envelope(0, result={"order_id": "5"})), ASKED) is Class.AMBIGUOUS


def test_the_acknowledged_order_is_accepted() -> None:
    found = answer(reply(envelope("0", result=RESULT)), ASKED)
    assert found == Accepted("6530219599901000701")


def test_a_message_that_is_no_text_is_replaced_by_the_name_of_the_code() -> None:
    found = answer(reply({**envelope(306), "message": {"a": 1}}, 500), ASKED)
    assert isinstance(found, Refused)
    assert found.message == "INSUFFICIENT_AVAILABLE_BALANCE"


def test_a_rejection_keeps_the_order_that_it_names() -> None:
    """Fault B18."""
    found = answer(reply(envelope(306, result=RESULT), 500), ASKED)
    assert isinstance(found, Refused)
    assert (found.code, found.order_id) == (306, "6530219599901000701")


def test_an_id_seen_before_is_looked_up_and_is_no_refusal() -> None:
    found = answer(reply(envelope(204), 400), ASKED)
    assert isinstance(found, Unreachable)
    assert "204 DUPLICATE_CLORDID" in str(found)
    assert "look it up" in str(found)


def test_a_silence_is_handed_on_as_it_is() -> None:
    for silence in (NotSent("no route"), Unreachable("cut")):
        assert answer(silence, ASKED) is silence


def test_status_408_is_a_time_out_and_body_code_408_is_not() -> None:
    assert classify(reply(envelope(408), 408), ASKED) is Class.AMBIGUOUS
    assert classify(reply(envelope(408), 400), ASKED) is Class.DEFINITE_REJECT
    assert classify(reply(envelope(401), 400), ASKED) is Class.DEFINITE_REJECT


PAIR = Asked("private/advanced/create-oco", 1700000000001, "ilabcdef-2")
GONE = Asked("private/advanced/cancel-oco", 1700000000002, "ilabcdef-2")
LIST_ID = 6498000000000000002


def said(asked: Asked, code: object = 0, **more: object) -> Reply:
    return reply({"id": asked.id, "method": asked.method, "code": code, **more})


@pytest.mark.parametrize("list_id", [LIST_ID, str(LIST_ID)])
def test_a_pair_is_accepted_by_the_list_that_it_is_named_by(list_id: object) -> None:
    found = answer(said(PAIR, result={"list_id": list_id}), PAIR)

    assert found == Accepted(None, str(LIST_ID))


@pytest.mark.parametrize("list_id", [None, True, 0, -5, "", "12a", 6.5, [LIST_ID], "9" * 40])
def test_a_pair_that_no_list_names_may_have_been_placed(list_id: object) -> None:
    """Fault B22."""
    assert classify(said(PAIR, result={"list_id": list_id}), PAIR) is Class.AMBIGUOUS


def test_a_pair_that_is_to_go_is_acknowledged_without_a_result() -> None:
    assert answer(said(GONE), GONE) == Accepted(None)
    assert classify(said(GONE, 212), GONE) is Class.DEFINITE_REJECT
    assert classify(reply({"code": 0}), GONE) is Class.AMBIGUOUS


@pytest.mark.parametrize("asked", [PAIR, GONE])
@pytest.mark.parametrize("wrong", [{"id": 7}, {"method": "private/create-order"}, {"code": "00"}])
def test_a_word_about_another_request_says_nothing_of_a_pair(
    asked: Asked, wrong: dict[str, object]
) -> None:
    whole = {"id": asked.id, "method": asked.method, "code": 0, "result": {"list_id": LIST_ID}}
    assert classify(reply({**whole, **wrong}), asked) is Class.AMBIGUOUS


def test_a_pair_refused_in_plain_words_was_not_placed_unless_a_list_is_named() -> None:
    assert classify(said(PAIR, 140001), PAIR) is Class.DEFINITE_REJECT
    named = said(PAIR, 140001, result={"list_id": LIST_ID})
    assert classify(named, PAIR) is Class.AMBIGUOUS


@pytest.mark.parametrize(
    ("order_id", "found"),
    [
        ("1" * 32, Class.GATEWAY_ACK),
        ("1" * 33, Class.AMBIGUOUS),
        ("000", Class.AMBIGUOUS),
        ("", Class.AMBIGUOUS),
        ("\u0663", Class.AMBIGUOUS),
        ("1a", Class.AMBIGUOUS),
        (7, Class.AMBIGUOUS),
        (None, Class.AMBIGUOUS),
    ],
)
def test_an_acknowledgement_names_an_order_by_at_most_32_digits(
    order_id: object, found: Class
) -> None:
    body = envelope(0, result={**RESULT, "order_id": order_id})

    assert classify(reply(body), ASKED) is found
