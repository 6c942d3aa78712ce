"""The risk probe's truth table, one row one test: what the world may ask, and the bytes that it gets."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.account import InFlight, Margin, Mode, Standing
from interlock.risk.limits import Limits
from interlock.risk.order_rules import ORDER_RULES
from interlock.risk.probe import answer, needs_a_fresh_record, read, unavailable
from interlock.risk.probe_request import ProbeErrors, ProbeRequest
from interlock.risk.question import Facts
from interlock.values import Known, Side, Unknown
from tests.rooms.making import LIMITS, NOW, SWITCHES, D, facts, row, standing, tick
from tests.rooms.risk.probe_rows import (
    BASE,
    DOWN,
    FIGURES,
    HOSTILE,
    ROWS,
    SEED,
    SOUND,
    Row,
    U,
    margin,
    recorded,
)


def ask(
    body: dict[str, Any] | bytes,
    account: Standing = SOUND,
    limits: Limits = LIMITS,
    known: Facts | None = None,
) -> tuple[int, dict[str, Any]]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return answer(read(raw), account, limits, NOW, known)


def compact(body: dict[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_truth_table(row: Row) -> None:
    body = {name: value for name, value in (BASE | row.change).items() if name not in row.without}
    status, said = ask(body, row.standing, row.limits)

    if row.rules is None:
        assert (status, compact(said)) == (400, U)
    elif row.rules:
        assert (status, said["allowed"]) == (400, False)
        assert list(said) == ["allowed", "reason", "reason_code", "objections"]
        assert said["reason_code"] == "RISK_GUARD_BLOCKED"
        assert tuple(each["rule"] for each in said["objections"]) == row.rules
        told = [text for each in said["objections"] for text in (each["found"], each["limit"])]
        assert not row.found or told == row.found.split()
    else:
        assert (status, compact(said)) == (200, b'{"allowed":true}')


def test_row_18_a_probe_sets_no_latch() -> None:
    account = standing()

    assert ask(BASE | {"daily_loss_pct": 5}, account)[0] == 400
    assert ask(BASE, account) == (200, {"allowed": True})


@pytest.mark.parametrize(
    ("name", "text"),
    [each[1:] for each in HOSTILE],
    ids=[f"{row}-{name}-{text[:12]}" for row, name, text in HOSTILE],
)
def test_a_field_that_is_not_what_it_must_be_is_named(name: str, text: str) -> None:
    """Faults K12, K21."""
    whole = json.dumps({key: each for key, each in BASE.items() if key != name})
    status, said = ask(f'{whole[:-1]},"{name}":{text}}}'.encode())

    assert status == 422
    assert list(said) == ["allowed", "reason", "reason_code", "errors"]
    assert (said["allowed"], said["reason_code"]) == (False, "INVALID_REQUEST")
    assert [each["field"] for each in said["errors"]] == [name]
    assert said["reason"] == f"{name}: {said['errors'][0]['problem']}"


@pytest.mark.parametrize(
    ("without", "fields"),
    [
        (("symbol",), ["symbol"]),
        (("side",), ["side"]),
        (("price", "quantity"), ["price", "quantity"]),
        (("price",), ["price"]),
        (("quantity",), ["quantity"]),
        (tuple(BASE), ["symbol", "side", "price", "quantity"]),
    ],
)
def test_a_field_that_is_missing_is_named(without: tuple[str, ...], fields: list[str]) -> None:
    status, said = ask({name: value for name, value in BASE.items() if name not in without})

    assert status == 422
    assert [each["field"] for each in said["errors"]] == fields


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"1",
        b'"text"',
        b"{",
        b'{"symbol":"BTC_USDT"',
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b"[" * 20_000,
        b'{"a":' * 5_000,
        b" " * 70_000,
        b'{"symbol":"BTC_USDT","symbol":"ETH_USDT"}',
        b'{"\\ud800":1}',
        b"-",
        b"NaN",
    ],
    ids=range(16),
)
def test_a_body_that_is_no_request_is_422(body: bytes) -> None:
    status, said = ask(body)

    assert (status, said["allowed"]) == (422, False)
    assert compact(said).isascii()


def test_the_value_given_wins_over_price_times_quantity() -> None:
    assert ask(BASE | {"trade_value_usd": 1001})[0] == 400
    assert ask(BASE | {"quantity": 1, "trade_value_usd": 500})[0] == 200


def test_a_sell_is_worth_what_a_buy_is() -> None:
    assert ask(BASE | {"side": "SELL"})[0] == 200
    assert ask(BASE | {"side": "SELL", "quantity": 0.0201})[0] == 400


def test_found_is_rounded_away_from_its_limit() -> None:
    over = ask(BASE | {"quantity": 0.0200000001})[1]["objections"][0]

    assert (over["found"], over["limit"]) == ("10.0001", "10")


def test_margin_entries_in_flight_count_with_a_recorded_exposure_and_not_with_one_supplied() -> (
    None
):
    flying = InFlight(
        "i", "ETH_USDT", "ETH", Side.BUY, "ENTRY", Margin(D(2)), D(501), "ACKED", None
    )
    account = recorded("10000", "3500", in_flight=(flying,))

    assert ask(SEED, account)[1]["objections"][0]["rule"] == "D"
    assert ask(SEED | {"total_margin_exposure": 3500}, account)[0] == 200


def test_a_figure_supplied_replaces_that_figure_alone() -> None:
    account = recorded("10000", loss="6")

    assert ask(SEED | {"account_equity": 20000}, account)[1]["objections"][0]["rule"] == "F"
    assert ask(SEED | {"daily_loss_pct": 0}, account)[0] == 200


def test_a_rule_that_raises_makes_the_guard_unavailable_and_never_allows() -> None:
    broken = Limits(max_equity_per_trade_pct=D("sNaN"))

    assert ask(BASE, limits=broken) == unavailable()
    assert compact(unavailable()[1]) == (
        b'{"allowed":false,"reason":"risk guard unavailable","reason_code":"RISK_GUARD_BLOCKED"}'
    )
    assert unavailable()[0] == 503


def test_fresh_figures_are_asked_for_only_when_they_are_needed() -> None:
    old, young = recorded("1", age=121), recorded("1", age=120)
    supplied, lacking = read(compact(BASE)), read(compact(SEED))

    assert needs_a_fresh_record(lacking, old, LIMITS, NOW)
    assert needs_a_fresh_record(lacking, DOWN, LIMITS, NOW)
    assert not needs_a_fresh_record(lacking, young, LIMITS, NOW)
    assert not needs_a_fresh_record(supplied, old, LIMITS, NOW)
    assert not needs_a_fresh_record(read(b""), old, LIMITS, NOW)


ORDER: Final = BASE | {"scope": "order", "quantity": 0.00199, "price": 50150}


def test_scope_order_lists_every_rule_of_both_scopes() -> None:
    status, said = ask(ORDER, known=facts())

    assert (status, said["allowed"]) == (200, True)
    assert list(said) == ["allowed", "rules"]
    guard = ["A", "SIZE", "EQUITY", "B", "C", "D", "E", "F"]
    assert [each["rule"] for each in said["rules"]] == guard + [rule.name for rule in ORDER_RULES]
    assert all(set(each) == {"rule", "passed", "found", "limit"} for each in said["rules"])
    assert all(each["passed"] is True for each in said["rules"])


def test_row_47_scope_order_with_mode_off_names_it_and_whatever_else_does_not_pass() -> None:
    account = standing(switches=replace(SWITCHES, mode=Mode.OFF))
    status, said = ask(ORDER | {"quantity": 0.0201}, account, known=facts())

    assert status == 400
    assert list(said) == ["allowed", "reason", "reason_code", "objections", "rules"]
    assert [each["rule"] for each in said["objections"]] == [
        "C",
        "TRADING_MODE_OFF",
        "GUARDRAIL_BLOCKED",
        "GUARDRAIL_BLOCKED",
    ]
    assert said["reason"].startswith("The order is 10.0802 % of equity")


@pytest.mark.parametrize(
    ("known", "change", "code"),
    [
        (facts(instrument=Unknown("not listed")), {}, "INSTRUMENT_UNKNOWN"),
        (facts(tick=Unknown("not read")), {}, "MARKET_DATA_STALE"),
        (facts(row=None), {}, "TRADE_DISABLED"),
        (
            facts(row=row(sl_tp_mode="bold", preset="mine", tp_percentage=D(5))),
            {},
            "TICK_TOO_COARSE",
        ),
        (
            facts(row=row(sl_tp_mode="bold", preset="mine", sl_percentage=D(5))),
            {},
            "TICK_TOO_COARSE",
        ),
        (facts(row=row(trade_enabled=False)), {}, "TRADE_DISABLED"),
        (facts(epoch=None), {}, "NOT_LEASE_HOLDER"),
        (facts(), {"price": 50150.005}, "INVALID_ORDER_FORMAT"),
        (facts(), {"price": 51000}, "PRICE_NOT_IN_RANGE"),
        (facts(), {"price": 40000, "quantity": 0.00001}, "MIN_NOTIONAL_NOT_MET"),
        (facts(), {"side": "SELL"}, "INVALID_ORDER_FORMAT"),
    ],
)
def test_scope_order_judges_as_the_desk_would(
    known: Facts, change: dict[str, Any], code: str
) -> None:
    status, said = ask(ORDER | change, known=known)

    assert status == 400
    assert code in [each["rule"] for each in said["objections"]]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"preset": "scalp-conservative"}, "250.75"),
        ({"preset": "mine", "sl_tp_mode": "bold", "sl_percentage": D(5)}, "missing"),
        ({"preset": "mine", "sl_tp_mode": "bold", "tp_percentage": D(5)}, "missing"),
    ],
)
def test_scope_order_protects_an_entry_with_the_stop_of_its_row_or_not_at_all(
    changes: dict[str, Any], found: str
) -> None:
    _, said = ask(ORDER, known=facts(row=row(**changes)))

    assert (said["rules"][-1]["rule"], said["rules"][-1]["found"]) == ("TICK", found)


def test_scope_order_sizes_a_value_at_the_collar() -> None:
    asked = {n: v for n, v in ORDER.items() if n not in {"price", "quantity"}}

    assert ask(asked | {"trade_value_usd": 100}, known=facts())[0] == 200
    blind = facts(tick=Known(tick(None), NOW))
    told = ask(asked | {"trade_value_usd": 100}, known=blind)[1]
    assert [each["rule"] for each in told["objections"]] == ["DATA_MISSING"]


def test_scope_order_without_figures_is_blocked_with_the_same_reason() -> None:
    status, said = ask({n: v for n, v in ORDER.items() if n not in FIGURES}, DOWN, known=facts())

    assert (status, said["reason"]) == (400, json.loads(U)["reason"])
    assert said["objections"][0]["rule"] == "EQUITY"


def test_scope_order_without_its_facts_is_unavailable() -> None:
    assert ask(ORDER) == unavailable()


words = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
bodies = st.dictionaries(st.sampled_from([*BASE, "scope", "trade_value_usd", "x"]), words).map(
    lambda said: json.dumps(BASE | said).encode()
)


@given(st.binary(max_size=200) | bodies)
@settings(max_examples=300, deadline=None)
def test_any_bytes_get_an_answer(body: bytes) -> None:
    """Faults K10, K11, K12."""
    status, said = ask(body, known=facts())

    assert status in {200, 400, 422}
    assert said["allowed"] is (status == 200)
    assert compact(said).isascii()


@given(
    st.decimals(min_value=D("0.0001"), max_value=D(10**9), places=4),
    st.decimals(min_value=D(0), max_value=D(200), places=2),
)
def test_a_number_is_read_as_the_decimal_that_was_written(
    price: Decimal, leverage: Decimal
) -> None:
    text = compact(BASE | margin(None)).replace(b"50000", str(price).encode())
    said = read(text.replace(b'"leverage":null', f'"leverage":{leverage}'.encode()))

    assert isinstance(said, ProbeRequest)
    assert (said.price, said.funding) == (price, Margin(leverage))
    assert said.value == price * D("0.01")


def test_errors_are_values() -> None:
    said = read(b"{}")

    assert isinstance(said, ProbeErrors)
