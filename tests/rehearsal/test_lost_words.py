"""A lost request, a lost answer or a gateway's 502, at every request that acts: silence is unknown, and ends by evidence alone."""

from dataclasses import replace
from typing import Any

import pytest

from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.rehearsal.judge import violations
from interlock.rehearsal.script import BY_PLAN, BY_TARGET, BY_WORD, Script, stage
from interlock.rehearsal.world import World
from interlock.simulator.faults import Arm
from tests.rehearsal.sweep import quietly

FAULTS = ("lose_answer", "lose_request", "http_502")
WORDS = (
    (BY_TARGET, "private/create-order"),
    (BY_TARGET, "private/advanced/create-oco"),
    (BY_WORD, "private/advanced/cancel-oco"),
    (BY_PLAN, "private/advanced/create-order"),
    (BY_PLAN, "private/advanced/cancel-order"),
)


@pytest.fixture(autouse=True)
def _quiet() -> None:
    quietly()


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(("script", "method"), WORDS, ids=[f"{s.name}-{m}" for s, m in WORDS])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_lost_word_leaves_one_order_per_intent_and_equal_books(
    fault: str, script: Script, method: str, count: int
) -> None:
    world = stage(replace(script, hours=script.hours + 1))
    world.engine.arm(fault, method, count)
    world.run()

    truth: dict[str, Any] = world.engine.books()
    assert 1 <= truth["faults_fired"][fault] <= count
    assert violations(world) == []


@pytest.mark.parametrize("fault", ["lose_answer", "http_502"])
def test_an_entry_whose_answer_was_lost_is_found_by_its_id_and_protected(fault: str) -> None:
    world = stage(BY_TARGET)
    world.engine.arm(fault, "private/create-order")
    world.run()

    bought = [i for i in _intents(world) if i.proposal.purpose == "ENTRY"]
    assert [i.state for i in bought] == [State.CANCELLED]  # its partial fill was found
    assert bought[0].filled > 0


@pytest.mark.parametrize("fault", ["accept_late", "accept_late_502"])
def test_an_entry_that_is_accepted_a_minute_late_is_found_and_protected(fault: str) -> None:
    world = stage(BY_TARGET)
    world.engine.faults.arm(Arm(fault, "private/create-order", by_seconds=55), world.engine.now)
    world.run()

    entries = [i for i in _intents(world) if i.proposal.purpose == "ENTRY"]
    late = min(entries, key=lambda i: i.created_at)
    (accepted,) = (a for a in _truth(world)["accepts"] if a["client_oid"] == late.client_oid)
    assert accepted["at_us"] - late.created_at.micros > 50_000_000
    assert late.state is not State.NOT_PLACED
    assert violations(world) == []


def test_an_entry_that_no_endpoint_shows_for_a_while_is_not_given_up() -> None:
    world = stage(BY_TARGET)
    world.engine.arm("lose_answer", "private/create-order")
    world.engine.faults.arm(Arm("lag", seconds=86_000, by_seconds=30), world.engine.now)
    world.run()

    assert _truth(world)["faults_fired"]["lag"] > 0
    entries = [i.state for i in _intents(world) if i.proposal.purpose == "ENTRY"]
    assert State.CANCELLED in entries  # its partial fill was found
    assert State.NOT_PLACED not in entries
    assert violations(world) == []


def test_an_entry_that_never_arrived_is_given_up_by_coverage_and_nothing_is_sent_again() -> None:
    world = stage(BY_TARGET)
    world.engine.arm("lose_request", "private/create-order")
    world.run()

    entries = [i for i in _intents(world) if i.proposal.purpose == "ENTRY"]
    lost = min(entries, key=lambda i: i.created_at)
    assert lost.state is State.NOT_PLACED
    assert (lost.updated_at - lost.created_at).total_seconds() > 125
    assert [oid for oid in _accepted(world) if oid == lost.client_oid] == []


def _intents(world: World) -> tuple[Intent, ...]:
    return world.open_books().picture(world.now(), limit=1000).intents


def _truth(world: World) -> dict[str, Any]:
    truth: dict[str, Any] = world.engine.books()
    return truth


def _accepted(world: World) -> list[str]:
    return [accept["client_oid"] for accept in _truth(world)["accepts"]]
