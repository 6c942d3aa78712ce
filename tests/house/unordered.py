"""Iterations whose order depends on hashes or addresses: over sets, as far as the text of one file tells.

A name is a set where it is annotated or assigned as one in its function, at the top of the module, or as a field of a class.
"""

import ast
import re
from collections.abc import Iterator
from typing import Final

MAKERS: Final = frozenset({"set", "frozenset", "WeakSet", "WeakKeyDictionary"})
ANNOTATIONS: Final = MAKERS | {"AbstractSet", "MutableSet", "Set"}
SET_METHODS: Final = frozenset({"union", "intersection", "difference", "symmetric_difference"})
SET_OPERATORS: Final = (ast.BitOr, ast.BitAnd, ast.Sub, ast.BitXor)
# What these make of their argument does not depend on its order.
ORDERLESS: Final = re.compile(r"Counter|all|any|frozenset|len|max|min|set|sorted|sum")
# What these make of their argument keeps its order.
ORDERED: Final = re.compile(
    r"dict\.fromkeys|enumerate|filter|iter|list|map|next|reversed|tuple|zip"
)

Names = frozenset[str]
Functions = ast.FunctionDef | ast.AsyncFunctionDef


def iterations_without_an_order(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Each line that walks over a set in an order that can be seen."""
    common = _fields(tree) | _assigned(tree.body)
    for scope, names in [(tree, common), *_functions(tree, common)]:
        spared = _spared(scope)
        for node in ast.walk(scope):
            walked = [] if node in spared else _walked(node)
            if any(_is_set(each, names) for each in walked):
                yield _line(node), "walks over a set; sort it"


def _functions(tree: ast.Module, common: Names) -> list[tuple[Functions, Names]]:
    return [
        (node, common | _parameters(node) | _assigned(list(ast.walk(node))))
        for node in ast.walk(tree)
        if isinstance(node, Functions)
    ]


def _line(node: ast.AST) -> int:
    line: int = (
        node.target.lineno if isinstance(node, ast.comprehension) else getattr(node, "lineno", 1)
    )
    return line


def _fields(tree: ast.Module) -> Names:
    """The fields of the file's classes that are annotated as sets, each known as `.name`."""
    classes = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    return frozenset(f".{name}" for each in classes for name in _assigned(each.body))


def _assigned(nodes: list[ast.stmt] | list[ast.AST]) -> Names:
    found = set()
    for node in nodes:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation) if _says_set(
                annotation
            ):
                found.add(name)
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if _is_set(
                value, frozenset()
            ):
                found.add(name)
    return frozenset(found)


def _parameters(function: Functions) -> Names:
    taken = function.args
    every = [*taken.posonlyargs, *taken.args, *taken.kwonlyargs]
    return frozenset(each.arg for each in every if each.annotation and _says_set(each.annotation))


def _says_set(annotation: ast.expr) -> bool:
    """`set[str]` does, and so does `Final[set[str]]`; `dict[str, set[str]]` does not."""
    match annotation:
        case ast.Subscript(value=ast.Name(id="Final"), slice=inner):
            return _says_set(inner)
        case ast.Subscript(value=head):
            return ast.unparse(head).split(".")[-1] in ANNOTATIONS
        case ast.BinOp(left=left, right=right):
            return _says_set(left) or _says_set(right)
        case _:
            return ast.unparse(annotation) in ANNOTATIONS


def _is_set(value: ast.expr, names: Names) -> bool:
    match value:
        case ast.Name(id=name):
            return name in names
        case ast.Attribute(attr=name):
            return f".{name}" in names
        case ast.Call(func=ast.Attribute(value=owner, attr=name)) if name in SET_METHODS:
            return _is_set(owner, names)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in MAKERS
        case ast.BinOp(left=left, op=op, right=right) if isinstance(op, SET_OPERATORS):
            return any(_is_set(each, names) or _is_view(each) for each in (left, right))
        case _:
            return isinstance(value, ast.Set | ast.SetComp)


def _is_view(value: ast.expr) -> bool:
    """The keys or items of a mapping: combined with an operator they become a set."""
    match value:
        case ast.Call(func=ast.Attribute(attr="keys" | "items"), args=[]):
            return True
        case _:
            return False


def _walked(node: ast.AST) -> list[ast.expr]:
    """What this node walks over, in an order that its result shows."""
    match node:
        case ast.For(iter=walked) | ast.AsyncFor(iter=walked) | ast.comprehension(iter=walked):
            return [walked]
        case ast.Starred(value=walked):
            return [walked]
        case ast.Call(func=ast.Attribute(value=owner, attr="pop"), args=[]):
            return [owner]
        case ast.Call(func=ast.Attribute(attr="join"), args=args):
            return args
        case ast.Call(func=func, args=args) if ORDERED.fullmatch(ast.unparse(func)):
            return args
        case _:
            return []


def _spared(scope: ast.AST) -> set[ast.AST]:
    """Comprehensions whose order nobody sees: they make a set, or stand as the argument of something orderless."""
    spared: set[ast.AST] = set()
    for node in ast.walk(scope):
        match node:
            case ast.SetComp(generators=generators):
                spared.update(generators)
            case ast.Set(elts=elements):
                spared.update(each for each in elements if isinstance(each, ast.Starred))
            case ast.Call(
                func=ast.Name(id=name), args=[ast.GeneratorExp() | ast.ListComp() as made, *_]
            ):
                spared.update(made.generators if ORDERLESS.fullmatch(name) else ())
            case _:
                continue
    return spared
