"""Who takes more than the best level holds pays the levels behind it, tick by tick; without slippage the rest is not executed."""

from dataclasses import replace
from decimal import Decimal

import pytest

from interlock.simulator.engine import Engine
from interlock.simulator.floor import Thinness
from tests.rooms.simulator.person import BTC, Person, exchange


def bought(quantity: str, ticks: int) -> list[tuple[Decimal, Decimal]]:
    """Price and quantity of each execution of a market buy; the best level holds 0.1 at 50,005."""
    config = exchange(balances={"USDT": "1000000"}, depth="0.1").config
    engine = Engine(replace(config, slippage_ticks=ticks))
    Person(engine).order("BUY", quantity, type="MARKET")
    fills = engine.books()["fills"]
    return [(Decimal(row["traded_price"]), Decimal(row["traded_quantity"])) for row in fills]


@pytest.mark.parametrize(
    ("quantity", "levels"), [("0.1", [0]), ("0.25", [0, 500, 1000]), ("5", range(0, 5000, 500))]
)
def test_each_further_share_costs_so_many_ticks_more(quantity: str, levels: list[int]) -> None:
    found = bought(quantity, 500)

    assert [price for price, _ in found] == [50_005 + n * Decimal("0.01") for n in levels]
    assert sum(size for _, size in found) == min(Decimal(quantity), Decimal(1))


def test_without_slippage_one_level_stands_there() -> None:
    assert bought("0.25", 0) == [(Decimal(50_005), Decimal("0.1"))]


def test_in_a_thin_market_the_levels_behind_are_as_thin_and_its_spread_moves_what_meets_an_order() -> (
    None
):
    config = exchange(balances={"USDT": "1000000"}, depth="0.1").config
    engine = Engine(replace(config, slippage_ticks=500))
    thinness = Thinness(depth=Decimal("0.02"), half_spread=Decimal("0.01"))
    engine.floor.thin(BTC, thinness, engine.now)

    Person(engine).order("BUY", "0.05", type="MARKET")

    fills = engine.books()["fills"]
    found = [(Decimal(row["traded_price"]), Decimal(row["traded_quantity"])) for row in fills]
    sizes = (Decimal("0.02"), Decimal("0.02"), Decimal("0.01"))
    assert found == [(50_500 + 5 * Decimal(n), size) for n, size in enumerate(sizes)]
