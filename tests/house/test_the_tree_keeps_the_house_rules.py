"""The tree as it stands keeps every house rule."""

import re

import pytest

from tests.house import determinism, rules
from tests.house.tree import ROOT, Rule, contract, rooms

EVERY_RULE = (
    *rules.RULES,
    determinism.the_same_seed_gives_the_same_bytes,
    determinism.escapes_from_determinism_are_few,
)


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.__name__)
def test_the_tree_keeps_the_rule(rule: Rule) -> None:
    """Faults K28, H13."""
    breaches = rule(ROOT)

    assert not breaches, "\n".join(["", *breaches])


def test_the_rooms_before_the_ports_are_all_held_to_be_pure() -> None:
    declared = rooms(ROOT)
    row = set(declared[declared.index("protocol") :])

    assert row == {
        name.removeprefix("interlock.")
        for name in contract(ROOT, determinism.ROW)["source_modules"]
    }


def test_make_check_runs_every_gate() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^check:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)

    assert recipe
    for gate in ("ruff check", "ruff format --check", "mypy", "lint-imports", "pytest"):
        assert gate in recipe[1]
