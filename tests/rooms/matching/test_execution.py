"""Quotes lie outside the price, limits are honoured, and what leaves one side of an execution arrives at the other."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from interlock.matching import (
    Quote,
    crosses,
    execution,
    maker_level,
    quote_of,
    takeable,
    taking_price,
)
from interlock.values import Side

TICK = Decimal("0.01")
HALF = Decimal("0.0001")
prices = st.integers(min_value=1000, max_value=10**10).map(lambda n: Decimal(n) / 1000)
limits = st.integers(min_value=100, max_value=10**9).map(lambda n: Decimal(n) / 100)
spreads = st.integers(min_value=0, max_value=1000).map(lambda n: Decimal(n) / 100_000)
sizes = st.integers(min_value=0, max_value=10**9).map(lambda n: Decimal(n) / 10**6)
sides = st.sampled_from(Side)


def test_bid_and_ask_lie_half_a_spread_away_rounded_outward() -> None:
    assert quote_of(Decimal("50000.004"), HALF, TICK) == Quote(
        last=Decimal("50000.00"), bid=Decimal("49995.00"), ask=Decimal("50005.01")
    )


def test_nobody_bids_less_than_one_tick() -> None:
    quote = quote_of(Decimal("0.009"), HALF, TICK)

    assert quote.bid is None
    assert taking_price(Side.SELL, quote) is None
    assert not crosses(Side.SELL, TICK, quote)


@given(prices, spreads)
def test_last_lies_between_bid_and_ask(price: Decimal, half: Decimal) -> None:
    quote = quote_of(price, half, TICK)

    assert quote.bid is None or quote.bid <= quote.last
    assert quote.last <= quote.ask


@given(sides, limits, prices, spreads)
def test_a_limit_crosses_exactly_where_its_resting_level_is_reached(
    side: Side, limit: Decimal, price: Decimal, half: Decimal
) -> None:
    quote, level = quote_of(price, half, TICK), maker_level(side, limit, half)
    reached = price <= level if side is Side.BUY else price >= level

    assert crosses(side, limit, quote) == reached


@given(sides, limits, spreads.filter(bool))
def test_at_its_resting_level_itself_a_limit_is_met(
    side: Side, limit: Decimal, half: Decimal
) -> None:
    level = maker_level(side, limit, half)

    assert crosses(side, limit, quote_of(level, half, TICK))


@given(sides, sizes, prices, spreads)
def test_an_execution_creates_and_destroys_nothing(
    side: Side, quantity: Decimal, price: Decimal, rate: Decimal
) -> None:
    done = execution(side, quantity, price, rate)
    sign = 1 if side is Side.BUY else -1
    fee_base, fee_quote = (done.fee, 0) if side is Side.BUY else (0, done.fee)

    assert done.base_change + fee_base == sign * quantity
    assert done.quote_change + fee_quote == -sign * quantity * price
    assert done.fee >= 0


@given(sizes, sizes, st.sampled_from([Decimal("0.001"), Decimal(1), Decimal("0.00001")]))
def test_no_more_is_taken_than_is_wanted_and_stands_there(
    wanted: Decimal, standing: Decimal, lot: Decimal
) -> None:
    taken = takeable(wanted, standing, lot)

    assert 0 <= taken <= min(wanted, standing)
    assert taken % lot == 0
    assert min(wanted, standing) - taken < lot


def test_nothing_is_taken_from_an_overdrawn_level() -> None:
    assert takeable(Decimal(1), Decimal(-1), TICK) == 0
