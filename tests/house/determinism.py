"""The determinism lint: what would make the same seed give other bytes is not in the pure rooms, nor in the desk.

A line may step around it with `# det-ok: reason`; the number of such lines is capped. What no parser can see (the order in
which a TaskGroup cancels its children, a generator that the collector closes) is left to the trace hashes of `make prove`.
"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.house.tree import Module, contract, modules
from tests.house.unordered import iterations_without_an_order

ROW: Final = "the row does nothing, it only answers"
ESCAPES_MAX: Final = 12
ESCAPE: Final = re.compile(r"#\s*det-ok:")

BANNED_IMPORTS: Final = re.compile(
    r"concurrent|gc|http|locale|multiprocessing|os|pathlib|random|sched|secrets|select|selectors|shutil|signal"
    r"|socket|sqlite3|subprocess|tempfile|threading|time|urllib|uuid|weakref"
)
BANNED_CALLS: Final = {
    "asyncio.as_completed": "hands out tasks in the order of their addresses",
    "asyncio.sleep": "is a wait without a name; wait through Clock",
    "asyncio.to_thread": "starts a thread",
    "asyncio.wait": "returns sets of tasks, ordered by address",
    "hash": "differs from process to process",
    "id": "is an address",
    "input": "reads from outside",
    "open": "touches a file; adapters do",
}
BANNED_METHODS: Final = {
    "run_in_executor": "starts a thread",
    "today": "reads the clock of the machine",
    "utcnow": "reads the clock of the machine",
}
MUTABLE_MAKERS: Final = re.compile(
    r"Counter|OrderedDict|bytearray|count|cycle|defaultdict|deque|dict|list|set"
)
MUTABLE_DISPLAYS: Final = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
# Indicator arrays, and seconds of the monotonic clock.
ROOMS_WITH_FLOATS: Final = frozenset({"market", "strategy", "ports", "desk"})

Finding = tuple[int, str]
"""A line, and what is wrong with it."""


def the_same_seed_gives_the_same_bytes(root: Path) -> list[str]:
    """Nothing in the row, in protocol, in matching or in the desk depends on clock, chance, address or hash."""
    return [
        module.at(line, says)
        for module in _core(root)
        for line, says in sorted(set(_findings(module)))
        if not ESCAPE.search(module.text.splitlines()[line - 1])
    ]


def escapes_from_determinism_are_few(root: Path) -> list[str]:
    """The lines marked `# det-ok` are fewer than the cap; over it, all of them are told."""
    marked = [
        module.at(number, line.strip())
        for module in _core(root)
        for number, line in enumerate(module.text.splitlines(), 1)
        if ESCAPE.search(line)
    ]
    return marked if len(marked) > ESCAPES_MAX else []


def _core(root: Path) -> Iterator[Module]:
    rooms = [name.removeprefix("interlock.") for name in contract(root, ROW)["source_modules"]]
    for module in modules(root, "src/interlock"):
        if _room(module) in {*rooms, "desk"}:
            yield module


def _room(module: Module) -> str:
    return module.name.split(".")[1] if "." in module.name else ""


def _findings(module: Module) -> Iterator[Finding]:
    yield from iterations_without_an_order(module.tree)
    yield from _mutable_state(module.tree)
    checks = CHECKS if _room(module) in ROOMS_WITH_FLOATS else (*CHECKS, _floats)
    harmless = _harmless(module.tree)
    for node in module.nodes():
        if node not in harmless:
            for check in checks:
                yield from check(node)


def _harmless(tree: ast.Module) -> set[ast.AST]:
    """What only asks for a type, and what defines a hash of our own."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="isinstance")) | ast.FunctionDef(name="__hash__"):
                found.update(ast.walk(node))
            case _:
                continue
    return found


def _imports(node: ast.AST) -> Iterator[Finding]:
    match node:
        case ast.Import(names=names):
            roots = [name.name.split(".")[0] for name in names]
        case ast.ImportFrom(module=str(source), level=0):
            roots = [source.split(".")[0]]
        case _:
            return
    yield from (
        (node.lineno, f"imports {name}; adapters do")
        for name in roots
        if BANNED_IMPORTS.fullmatch(name)
    )


def _calls(node: ast.AST) -> Iterator[Finding]:
    if isinstance(node, ast.Call):
        called = ast.unparse(node.func)
        if called in BANNED_CALLS:
            yield node.lineno, f"{called} {BANNED_CALLS[called]}"
        elif isinstance(node.func, ast.Attribute):
            yield from _methods(node, called, node.func.attr)


def _methods(node: ast.Call, called: str, method: str) -> Iterator[Finding]:
    receiver = called.rpartition(".")[0].split(".")[-1]
    if method in BANNED_METHODS:
        yield node.lineno, f"{called} {BANNED_METHODS[method]}"
    elif method == "now" and receiver in {"datetime", "date"}:
        yield node.lineno, f"{called} reads the clock of the machine"
    elif method == "time" and "loop" in receiver:
        yield node.lineno, f"{called} is the loop's clock; business time comes from Clock"
    elif method == "astimezone" and not node.args:
        yield node.lineno, f"{called} depends on the zone of the machine"


def _imported_waits(node: ast.AST) -> Iterator[Finding]:
    """`from asyncio import sleep` hides the name that the calls are known by."""
    if isinstance(node, ast.ImportFrom) and node.module == "asyncio":
        for name in node.names:
            if f"asyncio.{name.name}" in BANNED_CALLS:
                yield node.lineno, f"asyncio.{name.name} {BANNED_CALLS[f'asyncio.{name.name}']}"


def _finalisers(node: ast.AST) -> Iterator[Finding]:
    if isinstance(node, ast.FunctionDef) and node.name == "__del__":
        yield node.lineno, "a finaliser runs when the collector pleases"


def _swallowed_crashes(node: ast.AST) -> Iterator[Finding]:
    if isinstance(node, ast.ExceptHandler):
        caught = ast.unparse(node.type) if node.type else "BaseException"
        reraises = any(isinstance(each, ast.Raise) for line in node.body for each in ast.walk(line))
        if "BaseException" in caught and not reraises:
            yield node.lineno, "swallows crash and cancellation"


def _rebinding(node: ast.AST) -> Iterator[Finding]:
    if isinstance(node, ast.Global):
        yield node.lineno, "module state survives a simulated crash"


def _floats(node: ast.AST) -> Iterator[Finding]:
    match node:
        case ast.Name(id="float") | ast.Constant(value=float()):
            yield node.lineno, "a float where money is exact"
        case _:
            return


def _mutable_state(tree: ast.Module) -> Iterator[Finding]:
    """A container made when the module is loaded, unless it is declared Final: a table, not a state."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")]):
                continue
            case ast.AnnAssign(annotation=annotation) if "Final" in ast.unparse(annotation):
                continue
            case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
                if _is_mutable(value):
                    yield node.lineno, "module state survives a simulated crash"
            case _:
                continue


def _is_mutable(value: ast.expr) -> bool:
    match value:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return bool(MUTABLE_MAKERS.fullmatch(name))
        case _:
            return isinstance(value, MUTABLE_DISPLAYS)


CHECKS: Final[tuple[Callable[[ast.AST], Iterator[Finding]], ...]] = (
    _imports,
    _calls,
    _imported_waits,
    _finalisers,
    _swallowed_crashes,
    _rebinding,
)
