"""Every documented code is known with its status, its name and a remedy, and stands in at most one class."""

import json
from pathlib import Path

import pytest

from interlock.errors import BadInput, NotAuthorised, Refused
from interlock.protocol.crypto_com import codes

OBSERVED = Path(__file__).parents[2] / "foreign" / "exchange" / "error_bodies.json"


def test_every_refusal_has_a_name_a_status_and_a_remedy() -> None:
    assert len(codes.CODES) >= 106
    for code, row in codes.CODES.items():
        assert row.name
        assert 200 <= row.status < 600
        assert bool(row.remedy) is (code != 0)


def test_a_code_that_we_act_upon_bears_its_name() -> None:
    assert codes.name(codes.INSUFFICIENT_MARGIN) == "INSUFFICIENT_MARGIN"
    assert codes.name(codes.TIMED_OUT) == "REQUEST_TIMEOUT"


def test_no_code_stands_in_two_classes() -> None:
    classes = (
        codes.GATEWAY_REJECT,
        codes.SEEN_BEFORE,
        codes.DEFINITE_REJECT,
        codes.DEFINITE_WITHOUT_ORDER,
    )
    assert len(frozenset().union(*classes)) == sum(map(len, classes))
    assert frozenset().union(*classes) <= frozenset(codes.CODES)


@pytest.mark.parametrize("code", [0, 620, 40801, 50001, 9010001, 120009, 130008, 43012, 50002])
def test_a_code_that_proves_nothing_stands_in_no_class(code: int) -> None:
    assert code not in codes.GATEWAY_REJECT | codes.SEEN_BEFORE | codes.DEFINITE_REJECT


def test_the_statuses_are_those_of_the_observed_bodies() -> None:
    for seen in json.loads(OBSERVED.read_bytes())["errors"]:
        if seen["http_status_basis"] in {"observed", "documented"}:
            code = int(seen["body"]["code"])
            assert codes.http_status(code, observed=True) == seen["http_status"], code


@pytest.mark.parametrize("code", [325, 416, 608, 609, 40007, 50007, 50010, 5000811])
def test_a_code_that_the_published_table_lacks_is_known_and_comes_with_400(code: int) -> None:
    assert codes.http_status(code) == 400


def test_a_status_met_in_production_is_kept_beside_the_documented_one() -> None:
    assert codes.http_status(0) == codes.http_status(40401) == 200
    assert codes.http_status(40401, observed=True) == 404
    for unfilled in (43003, 43004, 43005):
        assert codes.http_status(unfilled) == 500
        assert codes.http_status(unfilled, observed=True) == 400
    with pytest.raises(BadInput):
        codes.http_status(424242)


@pytest.mark.parametrize("code", [40101, 40102, 40103, 40104])
def test_the_authentication_family_is_not_authorised(code: int) -> None:
    assert isinstance(codes.refusal(code, "Authentication failure"), NotAuthorised)


def test_a_missing_address_is_named_as_the_most_likely_cause_never_as_the_proven_one() -> None:
    remedy = codes.refusal(40101, "Authentication failure").remedy
    assert remedy.startswith("Most likely: egress IP not allowlisted. Add the IP returned by ")
    assert "clock" in codes.refusal(40102, "").remedy


@pytest.mark.parametrize(("code", "word"), [(306, "funds"), (213, "lot"), (308, "tick")])
def test_a_refusal_says_what_to_do_about_its_own_code(code: int, word: str) -> None:
    assert word in codes.refusal(code, "x").remedy.lower()


def test_a_refusal_carries_the_words_of_the_exchange_and_the_order_it_names() -> None:
    refused = codes.refusal(306, "INSUFFICIENT_AVAILABLE_BALANCE", "42")
    assert refused.line().startswith(
        "Refused by the exchange: 306 INSUFFICIENT_AVAILABLE_BALANCE. Add or free funds"
    )
    assert refused.order_id == "42"


def test_the_words_of_the_exchange_cannot_forge_a_line_of_the_log() -> None:
    said = codes.refusal(306, "a\nb\x1b[2J\ud800" + "x" * 5000).message
    assert said.startswith("ab[2Jx")
    assert len(said) == 200


def test_an_unlisted_code_is_a_refusal_with_the_general_remedy() -> None:
    refused = codes.refusal(424242, "")
    assert refused.message == "UNLISTED"
    assert refused.remedy == Refused.remedy
