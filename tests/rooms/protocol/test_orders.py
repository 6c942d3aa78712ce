"""Our orders in their words, and their orders as our facts."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.account import Margin, Spot
from interlock.errors import BadInput, InterlockError, Unreachable
from interlock.orders.evidence import OrderFact, Source
from interlock.orders.intent import target_of
from interlock.orders.life import State
from interlock.protocol.crypto_com import orders
from interlock.protocol.crypto_com.signing import param_string
from interlock.strategy.proposal import OrderType, Proposal, Purpose
from interlock.values import Instant, Price, Quantity, Side
from tests.fakes.goods import NOW, entry, exit_order, intent, price

ROW: dict[str, Any] = {
    "order_id": "6530219599901000701",
    "client_oid": "ilabcdef-1",
    "instrument_name": "BTC_USDT",
    "order_type": "LIMIT",
    "side": "BUY",
    "status": "ACTIVE",
    "quantity": "0.002",
    "cumulative_quantity": "0.001",
    "cumulative_value": "50",
    "ref_price": "0",
    "create_time": NOW.ms,
}


def params(proposal: Proposal) -> dict[str, object]:
    return orders.create_params(intent(proposal))


def fact(**more: object) -> OrderFact:
    row = {**ROW, **more}
    return orders.order(json.dumps(row).encode(), NOW, Source.ORDER_DETAIL)


def test_a_spot_entry_is_a_limit_immediate_or_cancel_and_carries_no_leverage() -> None:
    proposal = entry()
    assert params(proposal) == {
        "instrument_name": "BTC_USDT",
        "side": "BUY",
        "type": "LIMIT",
        "price": "50000",
        "quantity": "0.001",
        "time_in_force": "IMMEDIATE_OR_CANCEL",
        "client_oid": intent(proposal).client_oid,
        "spot_margin": "SPOT",
    }


def test_a_margin_entry_carries_exactly_the_judged_leverage() -> None:
    found = params(replace(entry(), funding=Margin(Decimal("3.0"))))
    assert (found["spot_margin"], found["leverage"]) == ("MARGIN", "3")


def test_a_margin_order_without_a_leverage_is_not_said() -> None:
    """Fault G3."""
    with pytest.raises(BadInput):
        params(replace(entry(), funding=Margin(None)))


def test_a_stop_is_an_advanced_order_on_the_mark_price() -> None:
    proposal = exit_order(Purpose.PROTECT, "lot-1", trigger="49500")
    found = params(proposal)
    assert (found["type"], found["side"]) == ("STOP_LOSS", "SELL")
    assert (found["ref_price"], found["ref_price_type"]) == ("49500", "MARK_PRICE")
    assert "price" not in found
    assert intent(proposal).is_advanced
    assert orders.method(orders.CREATE, advanced=True) == "private/advanced/create-order"


def test_a_pair_is_one_request_of_a_limit_and_a_trigger_each_with_its_own_id() -> None:
    order = replace(exit_order(Purpose.PROTECT, "lot-1", trigger="49500"), target=price("50700"))
    lead = intent(order, State.SENDING)
    said: Any = orders.create_params(lead)
    limit, trigger = said["order_list"]

    assert orders.create_method(lead) == "private/advanced/create-oco"
    assert (limit["type"], limit["price"], limit["side"]) == ("LIMIT", "50700", "SELL")
    assert limit["time_in_force"] == "GOOD_TILL_CANCEL"
    assert (trigger["type"], trigger["ref_price"]) == ("STOP_LOSS", "49500")
    assert trigger["ref_price_type"] == "MARK_PRICE"
    assert limit["quantity"] == trigger["quantity"] == "0.001"
    oids = [trigger["client_oid"], limit["client_oid"]]
    assert oids == [lead.client_oid, target_of(lead).client_oid]


def test_a_pair_is_cancelled_by_its_list_and_a_leg_without_one_by_its_id() -> None:
    order = replace(exit_order(Purpose.PROTECT, "lot-1", trigger="49500"), target=price("50700"))
    lead = intent(order, State.UNKNOWN)
    named = replace(lead, list_id="6498000000000000002")

    assert orders.cancel_method(named) == "private/advanced/cancel-oco"
    assert orders.cancel_params(named) == {"list_id": "6498000000000000002"}
    for leg in (lead, target_of(lead)):
        assert orders.cancel_method(leg) == "private/advanced/cancel-order"
        assert orders.cancel_params(leg) == {"client_oid": leg.client_oid}


def test_a_pair_on_margin_or_off_the_grid_is_not_said() -> None:
    order = replace(
        exit_order(Purpose.PROTECT, "lot-1", trigger="49500"), target=price("50700.001")
    )
    with pytest.raises(BadInput):
        params(order)


def test_an_exit_at_market_names_a_quantity_and_no_price() -> None:
    found = params(exit_order(Purpose.REDUCE, "lot-1"))
    assert (found["type"], found["quantity"]) == ("MARKET", "0.001")
    assert not {"price", "ref_price", "notional", "leverage", "time_in_force"} & set(found)


@pytest.mark.parametrize(
    "change",
    [
        {"limit": None},
        {"trigger": Price(Decimal(49000), "BTC", "USDT")},
        {"type": OrderType.MARKET},
        {"type": OrderType.STOP_LOSS},
        {"limit": Price(Decimal("50000.001"), "BTC", "USDT")},
        {"quantity": Quantity(Decimal("0.000001"), "BTC")},
        {"quantity": Quantity(Decimal(0), "BTC")},
    ],
)
def test_an_order_that_could_not_be_meant_is_not_said(change: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        params(replace(entry(), **change))


@pytest.mark.parametrize("oid", ["", "x" * 37])
def test_an_order_without_a_usable_id_is_not_said(oid: str) -> None:
    with pytest.raises(BadInput):
        orders.create_params(intent(entry(), client_oid=oid))


@given(
    st.integers(min_value=1, max_value=10**12),
    st.integers(min_value=1, max_value=10**12),
    st.sampled_from([Spot(), Margin(Decimal(2))]),
)
def test_every_number_is_a_plain_text_without_trailing_zeros(
    ticks: int, lots: int, funding: Spot | Margin
) -> None:
    grid = entry().instrument
    proposal = replace(
        entry(),
        limit=Price(ticks * grid.price_tick, "BTC", "USDT"),
        quantity=Quantity(lots * grid.lot, "BTC"),
        funding=funding,
    )
    found = params(proposal)
    for key in ("price", "quantity"):
        text = found[key]
        assert isinstance(text, str)
        assert "E" not in text
        assert Decimal(text) == (proposal.limit.rate if key == "price" else lots * grid.lot)  # type: ignore[union-attr] # it has a limit
        assert text == "0" or "." not in text or text[-1] not in "0."
    assert param_string(found)
    assert ("leverage" in found) is isinstance(funding, Margin)


def test_a_cancel_names_our_own_id() -> None:
    asked = intent(entry())
    assert orders.cancel_params(asked) == {"client_oid": asked.client_oid}


def test_the_whole_fact() -> None:
    assert fact() == OrderFact(
        client_oid="ilabcdef-1",
        order_id="6530219599901000701",
        symbol="BTC_USDT",
        side=Side.BUY,
        type=OrderType.LIMIT,
        state=State.WORKING,
        quantity=Decimal("0.002"),
        filled=Decimal("0.001"),
        value=Decimal(50),
        trigger=None,
        source=Source.ORDER_DETAIL,
        as_of=NOW,
    )


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("PENDING", State.ACKED),
        ("NEW", State.ACKED),
        ("ACTIVE", State.WORKING),
        ("CANCELED", State.CANCELLED),
        ("CANCELLED", State.CANCELLED),
        ("FILLED", State.FILLED),
        ("EXECUTED", State.FILLED),
        ("COMPLETE", State.FILLED),
        ("CLOSED", State.FILLED),
        ("REJECTED", State.REJECTED),
        ("EXPIRED", State.EXPIRED),
    ],
)
def test_each_known_status_is_one_state(status: str, state: State) -> None:
    found = fact(status=status)
    assert (found.state, found.unlisted) == (state, None)


@given(st.text().filter(lambda text: text not in orders.STATES))
def test_an_unlisted_status_proves_only_that_the_order_exists(status: str) -> None:
    found = fact(status=status)
    assert found.state is State.ACKED
    assert found.unlisted == status[: orders.WORD_MAX]


def test_a_cancelled_order_keeps_its_fills() -> None:
    found = fact(status="CANCELED", cumulative_quantity="0.003", quantity="0.002")
    assert (found.state, found.filled, found.quantity) == (
        State.CANCELLED,
        Decimal("0.003"),
        Decimal("0.002"),
    )


def test_an_order_of_which_nothing_was_executed_has_zero_filled() -> None:
    found = fact(cumulative_quantity="0", cumulative_value="0")
    assert (found.filled, found.value) == (Decimal(0), Decimal(0))


def test_a_trigger_shows_its_price_and_the_order_that_it_became() -> None:
    stop = fact(order_type="STOP_LOSS", ref_price="49500", exchange_order_id=6530219599901000999)
    assert (stop.type, stop.trigger) == (OrderType.STOP_LOSS, Decimal(49500))
    assert stop.spawned_order_id == "6530219599901000999"
    assert fact(exchange_order_id="0").spawned_order_id is None


def test_an_order_type_that_we_do_not_use_is_none() -> None:
    assert fact(order_type="TAKE_PROFIT_LIMIT").type is None
    assert fact(order_type=None, type="MARKET").type is OrderType.MARKET


@pytest.mark.parametrize(
    "bad",
    [
        {"status": None},
        {"cumulative_quantity": None},
        {"cumulative_quantity": "-1"},
        {"side": "HOLD"},
        {"quantity": "1e99"},
        {"order_id": None},
        {"ref_price": "NaN"},
    ],
)
def test_an_order_that_cannot_be_read_is_unreachable_and_never_absent(bad: dict[str, Any]) -> None:
    with pytest.raises(Unreachable):
        fact(**bad)
    listed = orders.orders(
        json.dumps({"data": [ROW, {**ROW, **bad}]}).encode(), NOW, Source.OPEN_ORDERS
    )
    with pytest.raises(Unreachable):
        listed.whole()


def test_an_empty_detail_is_not_an_absence() -> None:
    for result in (b"", b"null", b"{}"):
        with pytest.raises(Unreachable):
            orders.order(result, NOW, Source.ADVANCED_DETAIL)


def test_a_list_comes_oldest_first_and_each_order_once() -> None:
    rows = [{**ROW, "order_id": n, "create_time": NOW.ms - n} for n in (1, 3, 2, 3)]
    found = orders.orders(json.dumps({"data": rows}).encode(), NOW, Source.ORDER_HISTORY)
    assert [one.order_id for one in found.whole()] == ["3", "2", "1"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"status": "REJECTED", "reason": 609}, 609),
        ({"status": "REJECTED", "reason": "609"}, 609),
        ({"status": "REJECTED", "reject_reason": "609"}, 609),
        ({"status": "REJECTED", "reason": 0}, None),
        ({"status": "REJECTED"}, None),
        ({"status": "REJECTED", "reason": "no margin"}, None),
        ({"status": "CANCELED", "reason": 609}, None),
    ],
)
def test_a_rejected_order_says_why_as_a_code(more: dict[str, Any], code: int | None) -> None:
    assert fact(**more).refusal == code


@given(st.binary())
def test_any_bytes_are_a_fact_or_a_typed_error(raw: bytes) -> None:
    for read in (orders.order, orders.orders):
        try:
            read(raw, Instant(0), Source.ORDER_DETAIL)
        except InterlockError:
            continue


@pytest.mark.parametrize("oid", ["x", "x" * 36])
def test_an_id_of_one_to_36_characters_is_said_as_it_is(oid: str) -> None:
    assert orders.create_params(replace(intent(entry()), client_oid=oid))["client_oid"] == oid


def test_what_a_stranger_may_write_is_kept_no_longer_than_anybody_needs() -> None:
    assert fact(status="X" * 99).unlisted == "X" * 40
    rejected = {"status": "REJECTED", "reason": None}
    assert fact(**rejected, reject_reason="123456789").refusal == 123456789
    assert fact(**rejected, reject_reason="1234567890").refusal is None
