"""The faults that are bred are those that people make, and a mutant really takes the place of what it mutates."""

import ast

from interlock.risk import flow_rules
from tests.mutants.arguments import EQUIVALENT
from tests.mutants.breeding import mutants
from tests.mutants.inhabiting import inhabit, marked
from tests.mutants.rooms import ROOMS, ROOT, SOURCE
from tests.mutants.rules import RISK as ROOM
from tests.mutants.rules import rules_by_place
from tests.rooms.making import question, standing

MODULE = """
ORDER_RULES: tuple = (
    OrderRule(1, "ONE", "CODE", _ENTRY, one),
    OrderRule(2, "TWO", "CODE", _ALL, two),
)

def rule(asked: Question) -> Said:
    if not asked.x or asked.y - 1 <= 3:
        return Said("no", "yes")
    return Said("yes", "yes")

def figures(lots: Lots) -> Lot:
    least = min(lot.size for lot in lots if 0 < lot.size < 9)
    return replace(lots[0], size=least, is_open=all(lots), at=lots[0].at if lots else None)
"""


def test_each_kind_of_fault_is_bred_in_its_place() -> None:
    bred = {(each.place, each.change) for each in mutants(MODULE)}

    assert bred >= {
        ("table", "dropped ONE"),
        ("table", "TWO binds _ALL -> _ENTRY"),
        ("rule", "admits everything"),
        ("rule", "asked.y - 1 <= 3 -> asked.y - 1 < 3"),
        ("rule", "asked.y - 1 <= 3 -> asked.y - 1 > 3"),
        ("rule", "asked.y - 1 -> asked.y + 1"),
        ("rule", "3 -> 4"),
        ("rule", "not asked.x -> without not"),
        ("figures", "0 < lot.size < 9 -> 0 <= lot.size < 9"),
        ("figures", "0 < lot.size < 9 -> 0 < lot.size >= 9"),
        ("figures", "forgot if 0 < lot.size < 9"),
        ("figures", "all(lots) -> any"),
        ("figures", "forgot size=least"),
        ("figures", "if lots -> if not"),
        ("figures", "0 -> 1"),
        ("figures", "0 -> 1 (2)"),
    }


def test_a_mutant_takes_the_place_of_the_rule_and_the_rule_comes_back() -> None:
    source = (ROOM / "flow_rules.py").read_text(encoding="utf-8")
    asked = question(standing=standing(messages=60))
    (admitting,) = [
        m for m in mutants(source) if (m.place, m.change) == ("message_rate", "admits everything")
    ]
    try:
        inhabit("interlock.risk.flow_rules", admitting.tree)
        assert flow_rules.message_rate(asked).passed
    finally:
        inhabit("interlock.risk.flow_rules", ast.parse(source))
    assert not flow_rules.message_rate(asked).passed


def test_the_places_that_a_test_goes_through_are_known() -> None:
    source = (ROOM / "flow_rules.py").read_text(encoding="utf-8")
    reached: set[tuple[str, str]] = set()
    try:
        inhabit("interlock.risk.flow_rules", marked("flow_rules", ast.parse(source)), reached)
        flow_rules.message_rate(question(standing=standing(messages=60)))
    finally:
        inhabit("interlock.risk.flow_rules", ast.parse(source))

    assert ("flow_rules", "message_rate") in reached
    assert {module for module, _ in reached} == {"flow_rules"}


def test_what_is_not_bred_or_argued_for_is_there() -> None:
    bred = {
        f"{room.name}.{path.stem}.{each.place}: {each.change}"
        for room in ROOMS.values()
        for path in room.modules()
        for each in mutants(path.read_text(encoding="utf-8"))
    }

    assert set(EQUIVALENT) <= bred
    for room in ROOMS.values():
        assert all((SOURCE / room.name / f"{module}.py").is_file() for module in room.not_bred)
        assert all((ROOT / test).exists() for test in room.tests)


def test_every_rule_has_a_place_in_which_mutants_of_it_are_bred() -> None:
    places = rules_by_place()
    bred = {
        (path.stem, each.place)
        for path in ROOM.glob("*rules.py")
        for each in mutants(path.read_text(encoding="utf-8"))
        if each.change == "admits everything"
    }

    assert {name for place, name in places.items() if place in bred} >= {
        name for (module, _), name in places.items() if module == "order_rules"
    }
