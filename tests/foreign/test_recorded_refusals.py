"""Every refusal that the exchange was seen to give is given here to the letter, and every code has its documented name and status."""

import json
import re
from typing import Any, Final

import pytest

from interlock.protocol.crypto_com import codes
from interlock.protocol.crypto_com.signing import signature
from interlock.simulator.answers import Refusal, refusal, wording
from interlock.values import Secret
from tests.foreign.recorded import load
from tests.rooms.simulator.person import BTC, Person, exchange

SEEN: Final[dict[str, dict[str, Any]]] = {e["name"]: e for e in load("error_bodies")["errors"]}
IDS: Final = re.compile(rb'"(id|method)":[^,}]+,|(?<="client_oid":)"[^"]*"|(?<="order_id":)"[^"]*"')
CREATE: Final = "private/create-order"
STOP: Final[dict[str, object]] = {
    "instrument_name": BTC,
    "side": "SELL",
    "type": "STOP_LOSS",
    "quantity": "0.01",
}
LIMIT: Final[dict[str, object]] = STOP | {
    "side": "BUY",
    "type": "LIMIT",
    "price": "50000",
    "client_oid": "mine",
}
CODES: Final = {row["code"]: row for row in load("recorded/error_codes")["codes"]}
VECTORS: Final = load("recorded/signing_vectors")["vectors"]


def asked(name: str) -> tuple[str, str, bytes]:
    """How each of them is brought about: verb, path and body."""
    root, person = "/exchange/v1/", Person(exchange())
    requests: dict[str, tuple[str, dict[str, object]]] = {
        "insufficient balance with order id": (CREATE, LIMIT | {"quantity": "1"}),
        "invalid reference price": ("private/advanced/create-order", STOP | {"ref_price": 40000}),
        "internal error": (CREATE, LIMIT | {"spot_margin": "NONSENSE"}),
        "api disabled": (CREATE, STOP | {"ref_price": "40000"}),
        "invalid quantity": (CREATE, LIMIT | {"quantity": "0.000001"}),
        "sub-account key on get-currency-networks": ("private/get-currency-networks", {}),
        "maintenance": ("private/user-balance", {}),
        "authentication failure": ("private/user-balance", {}),
    }
    if name == "old gateway":
        return "GET", "/v2/public/get-time", b""
    method, params = requests[name]
    wrong = {"sig": ""} if name == "authentication failure" else {}
    return "POST", root + method, person.signed(method, params, **wrong)


@pytest.mark.parametrize("name", SEEN)
def test_a_refusal_is_the_recorded_one_to_the_letter_but_for_its_ids(name: str) -> None:
    seen, engine = SEEN[name], exchange()
    if name.startswith(("sub-account", "maintenance")):
        engine.arm("refuse", "*", 1, int(seen["body"]["code"]))

    answer = engine.handle(*asked(name))

    assert answer is not None
    theirs = json.dumps(seen["body"], separators=(",", ":")).encode()
    assert IDS.sub(b"", answer.body) == IDS.sub(b"", theirs)
    assert answer.status == seen["http_status"] or seen["http_status"] is None


@pytest.mark.parametrize("code", [code for code in CODES if code])
def test_a_code_has_its_documented_name_and_status(code: int) -> None:
    row = CODES[code]

    answer = refusal(1, CREATE, Refusal(code))

    assert codes.name(code) == row["name"]
    assert row["http_group"].startswith(str(answer.status))


def test_what_was_said_with_a_code_is_said_with_it() -> None:
    seen = load("recorded/error_codes")["observed"]

    said = [json.loads(refusal(1, CREATE, Refusal(int(row["code"]))).body) for row in seen]

    texts = [each.get("message") or each["msg"] for each in said]
    assert texts == [row["message"] for row in seen]
    assert wording(40004) == "Missing or invalid argument"


@pytest.mark.parametrize("vector", VECTORS, ids=[v["method"] for v in VECTORS])
def test_the_signatures_that_were_made_elsewhere_verify(vector: dict[str, Any]) -> None:
    key = (Secret(vector["secret"]), vector["method"], vector["id"], vector["api_key"])

    assert signature(*key, vector["params"], vector["nonce"]) == vector["sig"]
