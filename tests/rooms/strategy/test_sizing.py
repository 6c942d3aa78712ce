"""An entry is a limit at the collar: bounded in price, exact in what it reserves, and protectable; else it is not made."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.account import Figures, Margin, Spot
from interlock.strategy.proposal import OrderType, Proposal, Protection, Purpose, TimeInForce
from interlock.strategy.sizing import Unsized, no_amount, size_entry, spending, too_coarse
from interlock.values import Instrument, Known, Price, Side, Unknown, number_text
from tests.rooms.making import BTC, NOW, D, row, signal, tick

SLIPPAGE = D("0.3")


def book(step: str, lot: str) -> Instrument:
    return replace(BTC, price_tick=D(step), lot=D(lot))


def size(
    ask: str | None = "50000",
    *,
    instrument: Instrument = BTC,
    distances: tuple[Decimal | Unknown, Decimal | Unknown] | None = None,
    **changes: Any,  # noqa: ANN401  fields of every type
) -> Proposal | Unsized:
    price = D(ask or 50000)
    stop, target = distances or (price * 3 / 100, price * 3 / 100)
    told = signal(stop_distance=stop, target_distance=target, close=price)
    return size_entry(told, row(**changes), Known(instrument, NOW), Known(tick(ask), NOW), SLIPPAGE)


@pytest.mark.parametrize(
    ("ask", "step", "lot", "target", "limit", "quantity", "reserved"),
    [
        ("50000", "0.01", "0.00001", None, "50150", "0.00199", "99.7985"),
        ("50000", "0.01", "0.00001", "50100", "50100", "0.00199", "99.699"),
        ("2954.86", "0.01", "0.0001", None, "2963.72", "0.0337", "99.877364"),
        ("0.0692", "0.00001", "1", None, "0.0694", "1440", "99.936"),
        ("0.00003", "0.00000001", "1000", None, "0.00003009", "3323000", "99.98907"),
    ],
)
def test_the_collar_is_the_ask_with_its_slippage_down_to_the_tick(  # noqa: PLR0913, PLR0917  one row of the table
    ask: str, step: str, lot: str, target: str | None, limit: str, quantity: str, reserved: str
) -> None:
    sized = size(ask, instrument=book(step, lot), buy_target=None if target is None else D(target))

    assert isinstance(sized, Proposal)
    assert sized.limit is not None
    assert number_text(sized.limit.rate) == limit
    assert number_text(sized.quantity.size) == quantity
    assert number_text(sized.value.amount) == reserved


def test_an_entry_is_immediate_or_cancel_and_named_by_its_signal() -> None:
    sized = size()

    assert isinstance(sized, Proposal)
    assert sized.key == f"signal:{signal().id}:side:BUY"
    assert (sized.purpose, sized.side) == (Purpose.ENTRY, Side.BUY)
    assert (sized.type, sized.tif) == (OrderType.LIMIT, TimeInForce.IMMEDIATE_OR_CANCEL)
    assert sized.protection == Protection(D(1500), D(1500), "preset", "preset")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"trade_amount_usd": None}, "INVALID_TRADE_AMOUNT"),
        ({"trade_amount_usd": D(0)}, "INVALID_TRADE_AMOUNT"),
        ({"trade_amount_usd": D(-5)}, "INVALID_TRADE_AMOUNT"),
        ({"trade_amount_usd": D("NaN")}, "INVALID_TRADE_AMOUNT"),
        ({"buy_target": D("49999.99")}, "PRICE_ABOVE_BUY_TARGET"),
        ({"trade_amount_usd": D("0.4")}, "INVALID_ORDER_FORMAT"),
        ({"ask": None}, "DATA_MISSING"),
        ({"ask": "-1"}, "DATA_MISSING"),
        ({"ask": "NaN"}, "DATA_MISSING"),
        ({"distances": (Unknown("no mode"), D(1))}, "DATA_MISSING"),
        ({"distances": (D(1), Unknown("no mode"))}, "DATA_MISSING"),
        ({"instrument": book("100000", "0.00001")}, "TICK_TOO_COARSE"),
    ],
)
def test_what_cannot_be_sized_says_why_and_is_no_order(changes: dict[str, Any], code: str) -> None:
    sized = size(**changes)

    assert isinstance(sized, Unsized)
    assert sized.code == code
    assert sized.reason.endswith(".")


def test_without_its_instrument_or_its_price_nothing_is_sized() -> None:
    none = Unknown("not read")
    blind = size_entry(signal(), row(), none, Known(tick(), NOW), SLIPPAGE)
    deaf = size_entry(signal(), row(), Known(BTC, NOW), none, SLIPPAGE)

    assert isinstance(blind, Unsized)
    assert isinstance(deaf, Unsized)
    assert (blind.code, deaf.code) == ("INSTRUMENT_UNKNOWN", "DATA_MISSING")


def test_margin_unticked_is_spot_whatever_the_leverage() -> None:
    spot = size(trade_on_margin=False, leverage=D(3))
    margin = size(trade_on_margin=True, leverage=D(3))
    nameless = size(trade_on_margin=True, leverage=None)

    assert isinstance(spot, Proposal)
    assert isinstance(margin, Proposal)
    assert isinstance(nameless, Proposal)
    assert (spot.funding, margin.funding) == (Spot(), Margin(D(3)))
    assert nameless.funding == Margin(None)


def test_a_tick_that_stretches_three_percent_to_thirty_three_is_no_entry() -> None:
    coarse = size("0.00003", instrument=book("0.00001", "1000"))
    fine = size("0.00003", instrument=book("0.00000001", "1000"))

    assert isinstance(coarse, Unsized)
    assert coarse.code == "TICK_TOO_COARSE"
    assert isinstance(fine, Proposal)


@pytest.mark.parametrize(
    ("stop", "target", "fits"),
    [
        ("1", "1", True),
        ("0.01", "0.01", True),
        ("0.005", "1", True),
        ("0.0049", "1", False),
        ("0", "1", False),
        ("1", "0", False),
        ("100", "1", False),
        ("99.99", "1", True),
        ("-1", "1", False),
    ],
)
def test_a_stop_is_a_tick_away_above_zero_and_at_most_twice_as_far(
    stop: str, target: str, *, fits: bool
) -> None:
    asked = Protection(D(stop), D(target), "preset", "preset")

    assert (too_coarse(BTC, Price(D(100), "BTC", "USDT"), asked) is None) is fits


amounts = st.decimals(min_value=D("0.5"), max_value=D(100000), places=2)
asks = st.decimals(min_value=D("0.01"), max_value=D(200000), places=2)


@given(amounts, asks, st.none() | asks)
def test_an_entry_never_costs_more_than_its_amount_nor_passes_its_target(
    amount: Decimal, ask: Decimal, target: Decimal | None
) -> None:
    sized = size(str(ask), trade_amount_usd=amount, buy_target=target)

    if isinstance(sized, Proposal):
        assert sized.limit is not None
        assert sized.value.amount <= amount
        assert sized.limit.rate <= ask * (1 + SLIPPAGE / 100)
        assert target is None or sized.limit.rate <= target
        assert BTC.holds(sized.limit, sized.quantity)


def worth(equity: str) -> Known[Figures]:
    return Known(Figures(D(equity), D(0), D(0)), NOW)


def test_a_share_spends_what_it_is_of_the_equity_in_whole_cents() -> None:
    asked = row(trade_amount_usd=None, trade_share_pct=D("1.5"))

    assert spending(asked, worth("9999.99")).trade_amount_usd == D("149.99")
    assert spending(row(), worth("9999.99")).trade_amount_usd == D(100)
    assert spending(replace(asked, trade_amount_usd=D(20)), worth("9999")).trade_amount_usd == D(20)


def test_a_share_of_an_equity_that_nobody_knows_or_that_is_no_share_is_no_amount() -> None:
    asked = row(trade_amount_usd=None, trade_share_pct=D("1.5"))
    blind = spending(asked, Unknown("40101"))

    assert blind.trade_amount_usd is None
    assert no_amount(blind) == "BTC_USDT spends 1.5 % of an equity that is not known."
    assert spending(replace(asked, trade_share_pct=D("NaN")), worth("1")).trade_amount_usd is None
    assert no_amount(row(trade_amount_usd=None)) == "BTC_USDT has no amount to spend."
