"""The determinism lint: what would make the same seed give other bytes is nowhere in what a rehearsal plays.

That is the row, protocol and matching, and of the yard the desk, the client, the transactions and the simulated exchange, without the
adapters that real sockets, files and clocks need. A line may step around it with `# det-ok: reason`; the number of such lines is told
and capped. Elsewhere it is held that the environment and the machine's clock are not read (ruff, TID251), that a class shares no mutable
default (RUF012), that no transaction awaits (`nothing_interleaves_with_a_transaction`). What no parser can see (the order in which a
TaskGroup cancels its children, a generator that the collector closes) is left to the trace hashes of `make prove`.
"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.house.tree import Module, contract, modules
from tests.house.unordered import iterations_without_an_order

ROW: Final = "the row does nothing, it only answers"
ESCAPES_MAX: Final = 6
ESCAPE: Final = re.compile(r"#\s*det-ok:")
YARD: Final = ("desk", "exchange", "store", "simulator")
# What a rehearsal replaces or never starts: real sockets, files, databases, processes and the machine's clock.
ADAPTERS: Final = re.compile(
    r"exchange\.aiohttp_\w+|store\.(backup|copying|files|heads|lease|migrate|migrations\..+|postgres|replacing|row_lease|sql|sqlite)"
    r"|simulator\.(clock|front(\..+)?|recordings|scenes\.scene|streams\.front)"
)

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
# With so many arguments they ask the machine for its zone.
ZONELESS: Final = {"astimezone": 0, "fromtimestamp": 1}
MUTABLE_MAKERS: Final = re.compile(
    r"Counter|OrderedDict|bytearray|count|cycle|defaultdict|deque|dict|list|set"
)
WRITING_VERBS: Final = frozenset(
    {
        *("add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popitem"),
        *("popleft", "remove", "setdefault", "update"),
    }
)
MUTABLE_DISPLAYS: Final = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
# Indicator arrays and the cells that keep them, seconds of the monotonic clock, and recordings, which are binary floats.
WITH_FLOATS: Final = re.compile(
    r"(market|strategy|ports|desk|exchange|simulator|store\.codec)(\..+)?"
)

Finding = tuple[int, str]
"""A line, and what is wrong with it."""


def the_same_seed_gives_the_same_bytes(root: Path) -> list[str]:
    """Nothing that a rehearsal plays depends on clock, chance, address or hash."""
    return [
        module.at(line, says)
        for module in _core(root)
        for line, says in sorted(set(_findings(module)))
        if not ESCAPE.search(module.text.splitlines()[line - 1])
    ]


def escapes_from_determinism_are_few(root: Path) -> list[str]:
    """The lines marked `# det-ok` are fewer than the cap; over it, all of them are told."""
    marked = escapes(root)
    return marked if len(marked) > ESCAPES_MAX else []


def escapes(root: Path) -> list[str]:
    """Every line that steps around the lint."""
    return [
        module.at(number, line.strip())
        for module in _core(root)
        for number, line in enumerate(module.text.splitlines(), 1)
        if ESCAPE.search(line)
    ]


def _core(root: Path) -> Iterator[Module]:
    pure = [name.removeprefix("interlock.") for name in contract(root, ROW)["source_modules"]]
    for module in modules(root, "src/interlock"):
        place = _place(module)
        if place.split(".")[0] in {*pure, *YARD} and not ADAPTERS.fullmatch(place):
            yield module


def _place(module: Module) -> str:
    """Where it stands within our package: `store.codec`."""
    return module.name.partition(".")[2]


def _findings(module: Module) -> Iterator[Finding]:
    yield from iterations_without_an_order(module.tree)
    yield from _mutable_state(module.tree)
    yield from _table_that_is_written(module.tree)
    checks = CHECKS if WITH_FLOATS.fullmatch(_place(module)) else (*CHECKS, _floats)
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
        case ast.ImportFrom(module="urllib.parse"):
            return  # words about words; in the row the import contract forbids it too
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
        for said in node.keywords:
            if said.arg == "key" and ast.unparse(said.value) in {"id", "hash"}:
                yield node.lineno, f"orders by {ast.unparse(said.value)}"


def _methods(node: ast.Call, called: str, method: str) -> Iterator[Finding]:
    receiver = called.rpartition(".")[0].split(".")[-1]
    if method in BANNED_METHODS:
        yield node.lineno, f"{called} {BANNED_METHODS[method]}"
    elif method == "now" and receiver in {"datetime", "date"}:
        yield node.lineno, f"{called} reads the clock of the machine"
    elif method == "time" and "loop" in receiver:
        yield node.lineno, f"{called} is the loop's clock; business time comes from Clock"
    elif len([*node.args, *node.keywords]) == ZONELESS.get(method, -1):
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


def _table_that_is_written(tree: ast.Module) -> Iterator[Finding]:
    """A container of the module into which a function writes: `Final` or not, it is a state."""
    kept = {
        name
        for node in tree.body
        for name in _named(node)
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value and _is_mutable(node.value)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                written = name
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=verb)) if (
                verb in WRITING_VERBS
            ):
                written = name
            case _:
                continue
        if written in kept:
            yield node.lineno, f"{written} is written to: module state survives a simulated crash"


def _named(node: ast.stmt) -> list[str]:
    match node:
        case ast.Assign(targets=targets):
            return [each.id for each in targets if isinstance(each, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case _:
            return []


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
