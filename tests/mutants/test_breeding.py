"""The faults that are bred are those that people make, and a mutant really takes the place of what it mutates."""

import ast

from interlock.risk import flow_rules
from tests.mutants.breeding import mutants
from tests.mutants.inhabiting import inhabit
from tests.mutants.rules import RISK as ROOM
from tests.mutants.rules import rules_by_place
from tests.rooms.making import question, standing

SOURCE = """
ORDER_RULES: tuple = (
    OrderRule(1, "ONE", "CODE", _ENTRY, one),
    OrderRule(2, "TWO", "CODE", _ALL, two),
)

def rule(asked: Question) -> Said:
    if not asked.x or asked.y - 1 <= 3:
        return Said("no", "yes")
    return Said("yes", "yes")
"""


def test_each_kind_of_fault_is_bred_in_its_place() -> None:
    bred = {(each.place, each.change) for each in mutants(SOURCE)}

    assert bred >= {
        ("table", "dropped ONE"),
        ("table", "TWO binds _ALL -> _ENTRY"),
        ("rule", "admits everything"),
        ("rule", "asked.y - 1 <= 3 -> asked.y - 1 < 3"),
        ("rule", "asked.y - 1 <= 3 -> asked.y - 1 > 3"),
        ("rule", "asked.y - 1 -> asked.y + 1"),
        ("rule", "3 -> 4"),
        ("rule", "not asked.x -> without not"),
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
