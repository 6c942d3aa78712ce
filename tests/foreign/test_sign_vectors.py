"""The published signature vectors, each group as it is labelled, and every signed request that a foreign client sent."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from interlock.errors import BadInput
from interlock.protocol.crypto_com.signing import param_string, renderings, signature, verifies
from interlock.protocol.crypto_com.wire import signed_body
from interlock.values import Secret

HERE: Final = Path(__file__).parent / "exchange"
VECTORS: Final = json.loads((HERE / "sign_vectors.json").read_bytes(), parse_float=Decimal)
RECORDED: Final = json.loads(
    (HERE / "ccxt_recorded_requests.json").read_bytes(), parse_float=Decimal
)
SECRET: Final = Secret(VECTORS["secret"])
KEY: Final = VECTORS["api_key"]
SENT: Final = [
    record.get("raw_body") or record.get("raw_text") or "" for record in RECORDED["records"]
]
SIGNED: Final = [text for text in SENT if '"sig"' in text]


def group(name: str) -> pytest.MarkDecorator:
    vectors = VECTORS[name]
    assert len(vectors) == VECTORS["counts"][name]
    return pytest.mark.parametrize("vector", vectors, ids=[v["name"] for v in vectors])


def signed(vector: dict[str, Any], params: dict[str, object] | None = None) -> str:
    given = vector["params"] if params is None else params
    return signature(SECRET, vector["method"], vector["id"], KEY, given, vector["nonce"])


def accepts(vector: dict[str, Any], sig: str, params: dict[str, object] | None = None) -> bool:
    given = vector["params"] if params is None else params
    return verifies(SECRET, vector["method"], vector["id"], KEY, given, vector["nonce"], sig)


@group("valid")
def test_every_valid_vector_is_reproduced_and_verified(vector: dict[str, Any]) -> None:
    assert param_string(vector["params"]) == vector["param_string"]
    assert signed(vector) == vector["sig"]
    assert accepts(vector, vector["sig"].upper())
    assert not accepts(vector, vector["sig"][:-1] + ("0" if vector["sig"][-1] != "0" else "1"))


@group("valid")
def test_a_body_of_ours_carries_the_signature_of_the_vector(vector: dict[str, Any]) -> None:
    if vector["id"] != vector["nonce"]:
        return
    body = signed_body(
        Secret(KEY), SECRET, vector["method"], vector["params"], int(vector["nonce"])
    )
    sent = json.loads(body)
    assert sent["sig"] == vector["sig"]
    assert sent["params"] == vector["params"]
    assert sent["id"] == sent["nonce"] == int(vector["nonce"])
    assert SECRET.reveal() not in body.decode()


@group("ambiguous")
def test_both_renderings_of_an_ambiguous_vector_are_accepted(vector: dict[str, Any]) -> None:
    sides = [vector["rendering_a"], vector["rendering_b"]]
    assert list(renderings(vector["params"])) == [side["param_string"] for side in sides]
    assert all(accepts(vector, side["sig"]) for side in sides)


@group("do_not_copy")
def test_a_rendering_that_a_peer_gets_wrong_is_not_accepted(vector: dict[str, Any]) -> None:
    assert param_string(vector["params"]) == vector["correct"]["param_string"]
    assert accepts(vector, vector["correct"]["sig"])
    assert not accepts(vector, vector["WRONG_ccxt_python"]["sig"])


@group("never_send")
def test_a_received_number_is_rendered_plainly_and_a_binary_float_is_refused(
    vector: dict[str, Any],
) -> None:
    received = json.loads(vector["http_body"], parse_float=Decimal)["params"]
    assert param_string(received) == vector["server_rendering"]["param_string"]
    assert accepts(vector, vector["server_rendering"]["sig"], received)
    assert not accepts(vector, vector["client_text_of_floats"]["sig"], received)
    with pytest.raises(BadInput):
        signed(vector, json.loads(vector["http_body"])["params"])


def test_every_request_that_a_foreign_client_signed_verifies() -> None:
    assert len(SIGNED) == 34
    for text in SIGNED:
        body = json.loads(text, parse_float=Decimal)
        assert verifies(
            Secret(RECORDED["secret"]),
            body["method"],
            str(body["id"]),
            body["api_key"],
            body.get("params", {}),
            str(body["nonce"]),
            body["sig"],
        ), body["method"]
