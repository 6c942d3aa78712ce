"""On credit, judged by the exchange's own books: the debt, its interest, the refusals, and that nothing was ever sent on spot instead."""

from decimal import Decimal
from typing import Any

import pytest

from interlock.account import Margin
from interlock.ledger.book import wallet
from interlock.orders.life import State
from interlock.rehearsal.judge import violations
from interlock.rehearsal.world import World
from interlock.strategy.proposal import Purpose
from tests.rehearsal.scenarios import SCENARIOS, Scenario
from tests.rehearsal.sweep import quietly


@pytest.fixture(autouse=True)
def _quiet() -> None:
    quietly()


def scenario(name: str) -> Scenario:
    return next(each for each in SCENARIOS if each.name == name)


def played(name: str) -> World:
    world, _ = scenario(name).played()
    assert violations(world) == []
    return world


def orders(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.engine.books()["orders"]
    return found


def test_the_lot_remembers_its_leverage_and_every_order_for_it_is_on_margin() -> None:
    world = played("margin entry, stop and sale")
    intents = world.open_books().picture(world.now()).intents

    assert {i.proposal.purpose for i in intents} == {Purpose.ENTRY, Purpose.PROTECT, Purpose.REDUCE}
    assert {i.proposal.funding for i in intents} == {Margin(Decimal(3))}
    assert len(orders(world)) == len(intents)
    assert all("MARGIN_ORDER" in order["exec_inst"] for order in orders(world))
    assert world.open_books().open_lots() == ()


def test_interest_is_booked_and_charged_to_the_lot() -> None:
    world = played("interest is booked")
    books = world.open_books()

    ((lot, _),) = books.open_lots()
    assert lot.interest > 0
    owed = wallet(books.entries())["USDT"]
    assert owed < 0
    opened = Decimal(40) - lot.cost
    assert owed == opened - lot.interest


@pytest.mark.parametrize(
    ("name", "code", "locks"),
    [
        ("margin refused 609 and locked", 609, 1),
        ("a margin call refuses the entry", 301, 0),
        ("a margin entry is refused for its funds", 306, 0),
    ],
)
def test_a_refused_margin_entry_ends_and_nothing_is_bought_on_spot_instead(
    name: str, code: int, locks: int
) -> None:
    world = played(name)
    picture = world.open_books().picture(world.now())

    (intent,) = picture.intents
    assert intent.state is State.REJECTED
    assert intent.refusal is not None
    assert intent.refusal.startswith(str(code))
    assert world.engine.books()["requests"]["private/create-order"] == 1
    assert sum("MARGIN_ERROR_609_LOCK" in i.fingerprint for i in picture.incidents) == locks


def test_a_margin_call_lets_the_sale_through() -> None:
    world = played("margin call blocks entries and lets sales through")

    assert world.open_books().open_lots() == ()
    assert [
        o["status"] for o in orders(world) if o["side"] == "SELL" and o["order_type"] == "MARKET"
    ] == ["FILLED"]
