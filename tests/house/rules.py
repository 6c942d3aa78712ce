"""The house rules: each takes the root of a tree and returns the places that break it. Its name is the promise."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.house.reasons import every_escape_says_why, every_leniency_of_the_gates_says_why
from tests.house.tree import Module, Rule, contract, modules, texts

LINES_OF_A_FUNCTION_MAX: Final = 60
LINES_OF_A_FILE_MAX: Final = 450
JUDGE: Final = Path("src/interlock/risk/judge.py")
ASKING: Final = {"isinstance", "issubclass"}
ENTRY: Final = re.compile(r"(interlock(?:\.\w+)+)(?::\w+)?")
LEAN: Final = "the live process stays lean"

# Each pattern has a bracket in it, so that this file does not hold what it forbids.
FOREIGN_TEXT: Final = {
    "a package registry's host": re.compile(
        r"py[p]i\.org|python[h]osted|npm[j]s\.|deb\.[d]ebian", re.IGNORECASE
    ),
    "a package index": re.compile(r"index[-_]url\s*[=:]?\s*['\"]?\s*(https?|file)[:]//"),
    "a path of one machine": re.compile(r"(^|[^\w.])/(work|farm|root)/[\w.]", re.MULTILINE),
}
SHORTCUTS: Final = {
    "a check that is not run is a check that failed": re.compile(
        r"pytest\.(mark\.)?([s]kip|[x]fail)|skip[i]f|import[o]rskip|unittest\.[s]kip"
    ),
    "a fake has behaviour": re.compile(r"unittest\.[m]ock|Magic[M]ock|monkey[p]atch"),
}

FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)


def every_module_says_what_lives_there(root: Path) -> list[str]:
    """Every module under src opens with a docstring."""
    return [
        module.at(1, "opens without saying what lives there")
        for module in modules(root, "src")
        if not ast.get_docstring(module.tree)
    ]


def approval_is_made_in_one_place(root: Path) -> list[str]:
    """Only the judge makes `Approved`: elsewhere nobody calls it, renames it, extends it or hands it to a maker."""
    return [
        module.at(line, "could make an Approved; only the judge may")
        for module in modules(root, "src")
        if module.path != JUDGE
        for node in module.nodes()
        for line in _ways_to_an_approval(node)
    ]


def _ways_to_an_approval(node: ast.AST) -> Iterator[int]:
    match node:
        case ast.Call(func=func, args=args, keywords=keywords):
            handed = [*args, *(keyword.value for keyword in keywords)]
            is_handed_on = any(map(_is_approved, handed)) and _last_name(func) not in ASKING
            if _is_approved(func) or is_handed_on:
                yield node.lineno
        case ast.ClassDef(bases=bases) if any(map(_is_approved, bases)):
            yield node.lineno
        case ast.Assign(value=value) if _is_approved(value):
            yield node.lineno
        case ast.ImportFrom(names=names):
            yield from (node.lineno for name in names if name.name == "Approved" and name.asname)
        case _:
            return


def _is_approved(node: ast.AST) -> bool:
    return _last_name(node) == "Approved"


def _last_name(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def nothing_of_ours_uses_the_old_names(root: Path) -> list[str]:
    """Nothing in src/interlock imports `app`."""
    return [
        module.at(line, "imports app")
        for module in modules(root, "src/interlock")
        for line, name in _imports(module)
        if name.split(".")[0] == "app"
    ]


def _imports(module: Module) -> Iterator[tuple[int, str]]:
    """Each dotted name that the module imports; `from a import b` may mean a.b, so both are named."""
    for node in module.nodes():
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, name.name) for name in names)
            case ast.ImportFrom(module=source, names=names, level=level):
                base = ".".join(filter(None, [_package(module, level), source]))
                yield node.lineno, base
                yield from ((node.lineno, f"{base}.{name.name}") for name in names)
            case _:
                continue


def _package(module: Module, level: int) -> str:
    """The package that a relative import of this level starts from; none for an absolute one."""
    if not level:
        return ""
    up = level - (module.path.name == "__init__.py")
    parts = module.name.split(".")
    return ".".join(parts[: len(parts) - up])


def every_file_is_imported_by_somebody(root: Path) -> list[str]:
    """No file in src that nobody imports, but entry points: what is named in a text, and what Alembic runs."""
    found = list(modules(root, "src"))
    wanted = {name for module in found for _, name in _imports(module)} | _named_in_texts(root)
    wanted |= {name.rsplit(".", depth)[0] for name in wanted for depth in range(1, 6)}
    return [
        module.at(1, "is imported by nobody")
        for module in found
        if module.name not in wanted and not _is_entry(module)
    ]


def _is_entry(module: Module) -> bool:
    is_nameplate = module.path.parts[1] == "app"
    is_root = module.path.parts[1:] == ("interlock", "__init__.py")
    return is_nameplate or is_root or "migrations" in module.path.parts


def _named_in_texts(root: Path) -> set[str]:
    """Modules named by a string that says nothing else: for `python -m`, for a worker, as a script of pyproject.toml."""
    strings = [
        node.value
        for module in modules(root, "src")
        for node in module.nodes()
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    quoted = re.findall(r'"([^"]*)"', (root / "pyproject.toml").read_text(encoding="utf-8"))
    found = map(ENTRY.fullmatch, [*strings, *quoted])
    return {match[1] for match in found if match}


def functions_and_files_stay_short(root: Path) -> list[str]:
    """No function in src over 60 lines, no file over 450: a ratchet, not an amnesty."""
    return [each for module in modules(root, "src") for each in _too_long(module)]


def _too_long(module: Module) -> Iterator[str]:
    lines = len(module.text.splitlines())
    if lines > LINES_OF_A_FILE_MAX:
        yield module.at(1, f"has {lines} lines; is there a second noun inside?")
    for node in module.nodes():
        if isinstance(node, FUNCTIONS):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LINES_OF_A_FUNCTION_MAX:
                yield module.at(node.lineno, f"{node.name} has {length} lines")


def nothing_interleaves_with_a_transaction(root: Path) -> list[str]:
    """The store is synchronous: nothing in it is async, and nothing awaits."""
    waits = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    return [
        module.at(node.lineno, "waits inside the store")
        for module in modules(root, "src/interlock/store")
        for node in module.nodes()
        if isinstance(node, waits)
    ]


def the_tree_names_no_machine_and_no_registry(root: Path) -> list[str]:
    """No registry's host, no index's address and no path of one machine, in any text file."""
    return [
        f"{path}:{text.count(chr(10), 0, found.start()) + 1} names {what}"
        for path, text in texts(root)
        for what, pattern in FOREIGN_TEXT.items()
        for found in pattern.finditer(text)
    ]


def lock_files_carry_hashes_and_no_address(root: Path) -> list[str]:
    """Every locked version has hashes, no line has an address, and the locks of development and of the image hold the core lock."""
    locks = {path.name: _locked(path) for path in sorted((root / "locks").glob("*.txt"))}
    every = [each for lock in locks.values() for each in lock]
    addressed = [f"locks: {each} has an address" for each in every if "//" in each]
    bare = [f"locks: {each} has no hash" for each in every if "--hash=" not in each]
    missing = [
        f"locks/{name} lacks {each.split()[0]} of the core"
        for name, lock in locks.items()
        for each in locks["core.txt"]
        if each not in lock
    ]
    return addressed + bare + missing


def _locked(path: Path) -> list[str]:
    """The requirements of a lock, each on one line with its hashes."""
    joined = path.read_text(encoding="utf-8").replace("\\\n", " ")
    return [" ".join(line.split()) for line in joined.splitlines() if not line.startswith("#")]


def every_test_is_run_and_fakes_behave(root: Path) -> list[str]:
    """No test is skipped or expected to fail, and nothing is mocked or patched."""
    return [
        module.at(module.text.count("\n", 0, found.start()) + 1, what)
        for module in modules(root, "tests")
        for what, pattern in SHORTCUTS.items()
        for found in pattern.finditer(module.text)
    ]


def every_room_but_research_is_kept_lean(root: Path) -> list[str]:
    """The contract that keeps heavy libraries out names every room that stands, but research."""
    named = {name.removeprefix("interlock.") for name in contract(root, LEAN)["source_modules"]}
    standing = {path.stem for path in (root / "src/interlock").iterdir() if _is_room(path)}
    return [f"pyproject.toml: '{LEAN}' forgets {room}" for room in sorted(standing - named)]


def _is_room(path: Path) -> bool:
    is_package = (path / "__init__.py").exists()
    is_module = path.suffix == ".py" and path.stem != "__init__"
    return path.stem != "research" and (is_package or is_module)


RULES: Final[tuple[Rule, ...]] = (
    approval_is_made_in_one_place,
    every_escape_says_why,
    every_file_is_imported_by_somebody,
    every_leniency_of_the_gates_says_why,
    every_module_says_what_lives_there,
    every_room_but_research_is_kept_lean,
    every_test_is_run_and_fakes_behave,
    functions_and_files_stay_short,
    lock_files_carry_hashes_and_no_address,
    nothing_interleaves_with_a_transaction,
    nothing_of_ours_uses_the_old_names,
    the_tree_names_no_machine_and_no_registry,
)
