"""What a signature covers, and what has no text to sign."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import BadInput, InterlockError
from interlock.protocol.crypto_com.signing import param_string, renderings, signature, verifies
from interlock.values import Secret

SECRET = Secret("not-a-secret")
texts = st.text(max_size=8)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=True, allow_infinity=True)
    | st.floats()
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("50000.0", "50000"),
        ("1e-05", "0.00001"),
        ("0.10", "0.1"),
        ("1E+3", "1000"),
        ("0E-8", "0"),
        ("-0.0", "0"),
    ],
)
def test_a_received_number_is_signed_in_plain_notation(number: str, text: str) -> None:
    assert param_string({"n": Decimal(number)}) == f"n{text}"


@given(st.dictionaries(texts, texts, max_size=5))
def test_the_order_of_keys_never_changes_a_signature(params: dict[str, str]) -> None:
    mixed = dict(sorted(params.items(), reverse=True))
    assert param_string(mixed) == param_string(params)


@given(st.dictionaries(texts, json_values, max_size=4))
def test_any_json_is_rendered_or_refused_with_a_typed_error(params: dict[str, object]) -> None:
    try:
        found = renderings(params)
        signature(SECRET, "m", "1", "k", params, "1")
    except InterlockError:
        return
    assert found[0] == param_string(params)


@pytest.mark.parametrize("size", ["1e999999999", "1e-999999999", "1e400"])
def test_a_number_that_would_fill_the_memory_is_refused(size: str) -> None:
    with pytest.raises(BadInput):
        param_string({"n": Decimal(size)})


@pytest.mark.parametrize(
    ("taken", "refused"),
    [
        (10**64 - 1, 10**64),
        (-(10**64 - 1), -(10**64)),
        (Decimal("1e63"), Decimal("1e64")),
        (Decimal("1e-63"), Decimal("1e-64")),
    ],
)
def test_a_number_is_signed_up_to_64_digits(taken: int | Decimal, refused: int | Decimal) -> None:
    assert Decimal(param_string({"n": taken})[1:]) == taken
    with pytest.raises(BadInput):
        param_string({"n": refused})


def test_twelve_nests_are_signed_and_thirteen_are_not() -> None:
    def nested(depth: int) -> object:
        return {"a": nested(depth - 1)} if depth else "x"

    def listed(depth: int) -> object:
        return [listed(depth - 1)] if depth else "x"

    assert (param_string(nested(12)), param_string(listed(12))) == ("a" * 12 + "x", "x")
    for deep in (nested(13), listed(13)):
        with pytest.raises(BadInput):
            param_string(deep)


def test_a_list_inside_an_element_of_a_list_has_two_renderings_and_every_other_one() -> None:
    assert renderings({"a": [{"b": ["x", "y"]}]}) == ("abxy", "ab[x, y]")
    assert renderings({"a": [["x", "y"]]}) == ("axy",)
    assert renderings({"a": ["x", "y"]}) == ("axy",)


def test_a_nest_without_end_is_refused() -> None:
    nest: object = "x"
    for _ in range(5000):
        nest = [nest]
    with pytest.raises(BadInput):
        param_string({"n": nest})


def test_a_text_that_no_utf8_holds_is_refused() -> None:
    with pytest.raises(BadInput):
        signature(SECRET, "m", "1", "k", {"a": "\ud800"}, "1")


@pytest.mark.parametrize("claimed", ["", "zz", "é" * 64, "\ud800"])
def test_a_claim_that_is_no_signature_is_not_one(claimed: str) -> None:
    assert not verifies(SECRET, "m", "1", "k", {}, "1", claimed)


@pytest.mark.parametrize("part", range(5))
def test_every_part_of_a_request_is_covered(part: int) -> None:
    parts: list[str] = ["method", "1", "key", "v", "2"]
    other = [*parts]
    other[part] += "3"
    method, request_id, key, value, nonce = parts
    true = signature(SECRET, method, request_id, key, {"a": value}, nonce)
    method, request_id, key, value, nonce = other
    assert signature(SECRET, method, request_id, key, {"a": value}, nonce) != true
    method, request_id, key, value, nonce = parts
    assert signature(Secret("other"), method, request_id, key, {"a": value}, nonce) != true
