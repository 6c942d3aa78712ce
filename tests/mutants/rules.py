"""Which rule of the guard each mutant of the risk room spoils."""

import ast
from collections.abc import Iterator
from typing import Final

from tests.mutants.breeding import rule_named
from tests.mutants.rooms import SOURCE

RISK: Final = SOURCE / "risk"


def rules_by_place() -> dict[tuple[str, str], str]:
    """Which rule each function is, by module and name; the row of a table is its rule itself."""
    known: dict[tuple[str, str], str] = {}
    order = ast.parse((RISK / "order_rules.py").read_text(encoding="utf-8"))
    aliases = {
        name.asname: name.name
        for node in ast.walk(order)
        if isinstance(node, ast.ImportFrom)
        for name in node.names
        if name.asname
    }
    for row in _rows(order, ast.Call):
        name = rule_named(row)
        for part in ast.walk(row):
            if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
                known[aliases.get(part.value.id, ""), part.attr] = name
        known["order_rules", rule_named(row)] = name
    for row in _rows(ast.parse((RISK / "guard.py").read_text(encoding="utf-8")), ast.Tuple):
        asked = row.elts[1]  # type: ignore[attr-defined] # a pair of name and rule
        known["guard", asked.id] = known["guard", rule_named(row)] = rule_named(row)
    return known


def _rows(tree: ast.Module, kind: type[ast.AST]) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Tuple):
            yield from (row for row in node.value.elts if isinstance(row, kind))
