"""Writes docs/fault_coverage.md from the catalogue, the marks of a rehearsal and the docstrings of the tests: nobody edits that page."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from interlock.rehearsal.catalogue import CATALOGUE
from interlock.rehearsal.marks import FLOOR, RULES, SEEDS_MIN

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "fault_coverage.md"
ID: Final = re.compile(r"\b[A-HJKN][1-9]\d?\b")
# Their docstrings speak of the steps of the runbook, whose names look alike.
OTHERS: Final = frozenset({"runbook", "test_verification.py"})
SHOWN: Final = 3

HEAD: Final = """# Fault coverage

*Written by `python scripts/fault_coverage.py` from the catalogue, the marks and the docstrings of the tests; a test compares them.*

A **mark** is a counter that a rehearsal moves where the fault really takes effect, not where it was drawn or armed. A run of {seeds:,}
seeds or more in which one of them was moved less than {floor} times fails; `interlock rehearse --json` shows them all.
A **test** covers a fault when its docstring, or that of its module, names the id.

{marked} of {all} faults are marked, {tested} more are covered by a test alone, {missing} by neither.

| id | fault | how it is covered |
|---|---|---|
"""
WHY: Final[Mapping[str, str]] = {
    "A13": "the schema is made in one transaction",
    "A17": "power loss is rehearsed below the store",
    "A19": "it needs a host with a ceiling of memory",
    "C16": "the bug zoo and the mutants break the reconciliation itself",
    "D6": "the platform subscribes to no book",
    "D13": "no order of the platform is made on a socket, so no disconnect cancels one",
    "J3": "the platform takes no commands by Telegram: it polls nobody",
    "J6": "the platform takes no commands by Telegram",
    "J7": "the platform takes no commands by Telegram",
    "J8": "the platform takes no commands by Telegram",
}
"""Why a fault is covered by nothing that could be named here."""
NOBODY: Final = "no test names it"


def page() -> str:
    """The whole page."""
    tests = named()
    head = HEAD.format(
        seeds=SEEDS_MIN,
        floor=FLOOR,
        all=len(CATALOGUE),
        marked=len(RULES),
        tested=sum(name in tests and name not in RULES for name in CATALOGUE),
        missing=sum(name not in tests and name not in RULES for name in CATALOGUE),
    )
    return head + "".join(
        f"| {name} | {text} | {_how(name, tests)} |\n" for name, text in CATALOGUE.items()
    )


def named() -> Mapping[str, list[str]]:
    """The tests whose docstrings name each id, by id."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("*.py")):
        if OTHERS.isdisjoint(path.parts):
            for name, where in _named_in(path):
                if where not in found[name]:
                    found[name].append(where)
    return {name: where for name, where in found.items() if name in CATALOGUE}


def _named_in(path: Path) -> Iterator[tuple[str, str]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    where = path.relative_to(ROOT / "tests").as_posix()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            told = ast.get_docstring(node) or ""
            place = where if isinstance(node, ast.Module) else f"{where}: {node.name}"
            yield from ((name, place) for name in ID.findall(told))


def _how(name: str, tests: Mapping[str, list[str]]) -> str:
    parts = [f"mark: {RULES[name]}"] if name in RULES else []
    where = tests.get(name, [])
    shown = [f"`{each}`" for each in where[:SHOWN]]
    more = [f"{len(where) - SHOWN} more"] if len(where) > SHOWN else []
    parts += ["; ".join((*shown, *more))] if where else []
    return "; ".join(parts) or f"not covered: {WHY.get(name, NOBODY)}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
