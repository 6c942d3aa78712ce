"""Mutants of a module: each is the module's tree with one small fault, of the kinds that people make. Nothing here runs one.

Comparisons flip or move their boundary, conditions are negated, `and` and `or` swap, sums and quotients swap, whole numbers move by one,
least and most swap, any and all swap, a filter or a field that changes is forgotten; a rule is dropped from its table, binds others, or
admits everything at once. The same change in the same place bears a number, from the second on.
"""

import ast
import copy
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

FLIPS: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
SWAPS: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}
TWINS: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}
TABLES: Final = ("ORDER_RULES", "BEFORE", "WITH_FIGURES")
PASSED: Final = 'return Said("0", "0")'


Change = Callable[[ast.AST], str | None]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: where it is, in which function (or table row), and what was changed."""

    line: int
    place: str
    change: str
    source: str
    node: int
    spoil: Change

    @property
    def tree(self) -> ast.Module:
        """The module with the fault in it."""
        tree = ast.parse(self.source)
        self.spoil(next(node for n, node in enumerate(ast.walk(tree)) if n == self.node))
        return ast.fix_missing_locations(tree)


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a module."""
    tree = ast.parse(source)
    met: Counter[tuple[str, str]] = Counter()
    for index, node in enumerate(ast.walk(tree)):
        for change in _changes(node):
            told = change(copy.deepcopy(node))
            if told is not None:
                line = getattr(getattr(node, "target", node), "lineno", 0)
                place = _place(tree, node, line)
                met[place, told] += 1
                again = f" ({met[place, told]})" if met[place, told] > 1 else ""
                yield Mutant(line, place, told + again, source, index, change)


def _changes(node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.Compare(ops=ops):
            yield from (_compared(n, flip) for n, op in enumerate(ops) for flip in FLIPS[type(op)])
        case ast.BoolOp():
            yield _swapped_words
        case ast.UnaryOp(op=ast.Not()):
            yield _without_not
        case ast.If() | ast.IfExp():
            yield _negated
        case ast.BinOp(op=op) if type(op) in SWAPS and not _is_type(node):
            yield _computed
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            yield _moved
        case ast.comprehension(ifs=[_, *_]):
            yield _unfiltered
        case ast.Call(func=ast.Name(id=name)):
            yield from _called(name, node)
        case _:
            yield from _tabled(node)


def _called(name: str, call: ast.Call) -> Iterator[Change]:
    if name in TWINS:
        yield _other_end
    if name == "replace" and len(call.keywords) > 1:
        yield from (_forgotten(n) for n in range(len(call.keywords)))
    if name == "OrderRule":
        yield _binding


def _tabled(node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.FunctionDef(returns=ast.Name(id="Said")):
            yield _admitting
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.Tuple(elts=rows)) if name in TABLES:
            yield from (_dropped(n) for n in range(len(rows)))


def _compared(n: int, flip: type[ast.cmpop]) -> Change:
    def change(node: ast.AST) -> str:
        assert isinstance(node, ast.Compare)
        before = ast.unparse(node)
        node.ops[n] = flip()
        return f"{before} -> {ast.unparse(node)}"

    return change


def _swapped_words(node: ast.AST) -> str:
    before = ast.unparse(node)
    assert isinstance(node, ast.BoolOp)
    node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    return f"{before} -> {ast.unparse(node)}"


def _without_not(node: ast.AST) -> str:
    assert isinstance(node, ast.UnaryOp)
    before = ast.unparse(node)
    node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)
    return f"{before} -> without not"


def _negated(node: ast.AST) -> str:
    assert isinstance(node, ast.If | ast.IfExp)
    before = ast.unparse(node.test)
    node.test = ast.UnaryOp(ast.Not(), node.test)
    return f"if {before} -> if not"


def _computed(node: ast.AST) -> str:
    assert isinstance(node, ast.BinOp)
    before = ast.unparse(node)
    node.op = SWAPS[type(node.op)]()
    return f"{before} -> {ast.unparse(node)}"


def _moved(node: ast.AST) -> str:
    assert isinstance(node, ast.Constant)
    before = node.value
    assert isinstance(before, int)
    node.value = before + 1
    return f"{before} -> {before + 1}"


def _admitting(node: ast.AST) -> str:
    assert isinstance(node, ast.FunctionDef)
    node.body = ast.parse(f"def f():\n    {PASSED}").body[0].body  # type: ignore[attr-defined] # a function, as written
    return "admits everything"


def _dropped(row: int) -> Change:
    def change(node: ast.AST) -> str:
        assert isinstance(node, ast.AnnAssign)
        assert isinstance(node.value, ast.Tuple)
        gone = node.value.elts.pop(row)
        return f"dropped {rule_named(gone)}"

    return change


def _other_end(node: ast.AST) -> str:
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Name)
    before = ast.unparse(node)
    node.func.id = TWINS[node.func.id]
    return f"{before} -> {node.func.id}"


def _forgotten(n: int) -> Change:
    def change(node: ast.AST) -> str:
        assert isinstance(node, ast.Call)
        return f"forgot {ast.unparse(node.keywords.pop(n))}"

    return change


def _unfiltered(node: ast.AST) -> str:
    assert isinstance(node, ast.comprehension)
    return f"forgot if {ast.unparse(node.ifs.pop())}"


def _binding(node: ast.AST) -> str | None:
    assert isinstance(node, ast.Call)
    binds = node.args[3]
    assert isinstance(binds, ast.Name)
    before, binds.id = binds.id, "_ALL" if binds.id == "_ENTRY" else "_ENTRY"
    return f"{rule_named(node)} binds {before} -> {binds.id}"


def rule_named(row: ast.AST) -> str:
    """The name of the rule in one row of a table."""
    match row:
        case (
            ast.Call(args=[_, ast.Constant(value=str(name)), *_])
            | ast.Tuple(elts=[ast.Constant(value=str(name)), *_])
        ):
            return name
        case ast.Call(args=[_, ast.Attribute(attr=name), *_]):
            return name
        case _:
            return "?"


def _is_type(node: ast.BinOp) -> bool:
    return isinstance(node.op, ast.BitOr)


def _place(tree: ast.Module, node: ast.AST, line: int) -> str:
    """The outermost function around a line, or the row of a table."""
    for top in tree.body:
        if not top.lineno <= line <= (top.end_lineno or 0):
            continue
        if isinstance(top, ast.FunctionDef | ast.ClassDef):
            return top.name
        rows = [n for n in ast.walk(top) if isinstance(n, ast.Call | ast.Tuple) and n is not node]
        inside = [r for r in rows if r.lineno <= line <= (r.end_lineno or 0)]
        names = [rule_named(row) for row in inside]
        return next((name for name in names if name != "?"), "table")
    return "module"
