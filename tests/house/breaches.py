"""One breach for each house rule, or more: the smallest text that a rule must see. A tilde keeps it from being one here."""

from dataclasses import dataclass
from typing import Final

from tests.house import determinism, reasons, rules
from tests.house.tree import Rule


@dataclass(frozen=True, slots=True)
class Breach:
    """A file that breaks a rule."""

    rule: Rule
    path: str
    text: str


def _src(rule: Rule, text: str, path: str = "src/interlock/desk/trader.py") -> Breach:
    return Breach(rule, path, f'"""A module."""\n{text}\n')


def _pyproject(text: str) -> Breach:
    return Breach(reasons.every_leniency_of_the_gates_says_why, "pyproject.toml", text)


def _test(text: str) -> Breach:
    return Breach(rules.every_test_is_run_and_fakes_behave, "tests/test_bad.py", text)


def _text(text: str, path: str = "docs/page.md") -> Breach:
    return Breach(rules.the_tree_names_no_machine_and_no_registry, path, text)


def _lock(name: str, text: str) -> Breach:
    return Breach(rules.lock_files_carry_hashes_and_no_address, f"locks/{name}.txt", text)


def _det(text: str, room: str = "desk") -> Breach:
    return _src(
        determinism.the_same_seed_gives_the_same_bytes, text, f"src/interlock/{room}/bad.py"
    )


HOUSE: Final = (
    Breach(rules.every_module_says_what_lives_there, "src/interlock/risk/rules.py", "X = 1\n"),
    _src(rules.approval_is_made_in_one_place, "def f(q): return Approved(q)"),
    _src(rules.approval_is_made_in_one_place, "def f(q): return risk.Approved(q)"),
    _src(rules.approval_is_made_in_one_place, "from interlock.risk import Approved as Fine"),
    _src(rules.approval_is_made_in_one_place, "class Waved(Approved): pass"),
    _src(rules.approval_is_made_in_one_place, "make = Approved"),
    _src(rules.approval_is_made_in_one_place, "def f(raw): return convert(raw, type=Approved)"),
    _src(rules.nothing_of_ours_uses_the_old_names, "from app.services import brokers"),
    _src(rules.nothing_of_ours_uses_the_old_names, "import app"),
    _src(rules.every_file_is_imported_by_somebody, "", "src/interlock/risk/forgotten.py"),
    Breach(
        rules.every_file_is_imported_by_somebody,
        "src/interlock/risk/lonely.py",
        '"""See interlock.risk.lonely."""\n',
    ),
    _src(rules.functions_and_files_stay_short, "def f():\n" + "    g()\n" * 60),
    _src(rules.functions_and_files_stay_short, "X = 1\n" * 450),
    _src(
        rules.nothing_interleaves_with_a_transaction,
        "async def f(): ...",
        "src/interlock/store/a.py",
    ),
    _src(rules.every_room_but_research_is_kept_lean, "", "src/interlock/undeclared/__init__.py"),
    _src(reasons.every_escape_says_why, "import os  # no~qa: F401"),
    _src(reasons.every_escape_says_why, "x = f()  # type: ig~nore[no-untyped-call]"),
    _src(reasons.every_escape_says_why, "x = id(f)  # det-o~k:"),
    _src(reasons.every_escape_says_why, "# ruff: no~qa: F401 because the whole file is special"),
    Breach(
        reasons.every_escape_says_why, "tests/test_bad.py", "import os  # no~qa: F401, TID251\n"
    ),
    _pyproject(
        '[tool.ruff.lint]\nignore = [\n    "COM812", # the formatter owns commas\n    "E501",\n]\n'
    ),
    _pyproject('[tool.ruff.lint]\nignore = ["E501"]\n'),
    _pyproject('[tool.ruff.lint.per-file-ignores]\n"src/interlock/cli.py" = ["T201"]\n'),
    _pyproject('[[tool.mypy.overrides]]\nmodule = ["interlock.risk"]\nignore_errors = true\n'),
    _pyproject(
        '[tool.pytest.ini_options]\nfilterwarnings = ["error", "ignore::DeprecationWarning"]\n'
    ),
    _pyproject('[[tool.importlinter.contracts]]\nignore_imports = ["interlock.risk -> os"]\n'),
    _test("@pytest.mark.sk~ip\ndef test_it() -> None: ...\n"),
    _test("@pytest.mark.xf~ail\ndef test_it() -> None: ...\n"),
    _test("@pytest.mark.sk~ipif(True)\ndef test_it() -> None: ...\n"),
    _test("np = pytest.import~orskip('numpy')\n"),
    _test("def test_it(monkey~patch): ...\n"),
    _test("from unittest.mo~ck import Mock\n"),
    _text("Fetch it from https://py~pi.org/simple.\n"),
    _text("pip install --index-url https:~//mirror.example/simple\n", "Makefile"),
    _text("See /wo~rk/main/src.\n"),
    _text("registry=https://registry.npm~js.org\n", "page.npmrc"),
    _lock("dev", "attrs==1.0 --hash=sha256:00\n"),
    _lock("server", "attrs==1.0 --hash=sha256:00\n"),
    _lock("core", "attrs==1.0\n"),
    _lock("core", "attrs @ https:~//mirror.example/attrs.whl --hash=sha256:00\n"),
)

SEED: Final = (
    _det("import time"),
    _det("from os import environ"),
    _det("from concurrent.futures import Future"),
    _det("import random", "risk"),
    _det("def f(): return datetime.now(UTC)"),
    _det("def f(): return dt.date.today()"),
    _det("def f(loop): return loop.time()"),
    _det("def f(when): return when.astimezone()"),
    _det("async def f(): await asyncio.sleep(1)"),
    _det("from asyncio import sleep"),
    _det("async def f(g): await asyncio.to_thread(g)"),
    _det("async def f(loop, g): await loop.run_in_executor(None, g)"),
    _det("async def f(tasks):\n    done, _ = await asyncio.wait(tasks)"),
    _det("def f(a): return id(a)"),
    _det("def f(a): return hash(a) % 7"),
    _det("def f(): return open('x')"),
    _det("class A:\n    def __del__(self): ..."),
    _det("def f():\n    try: g()\n    except BaseException: pass"),
    _det("def f():\n    try: g()\n    except: pass"),
    _det("SEEN = {}"),
    _det("SEEN: list[str] = []"),
    _det("IDS = itertools.count()"),
    _det("def f():\n    global SEEN"),
    _det("SEEN: Final = {}\ndef f(a): SEEN[a] = 1"),
    _det("SEEN: Final = []\ndef f(a): SEEN.append(a)"),
    _det("def f(a): return sorted(a, key=id)"),
    _det("def f(a): return datetime.fromtimestamp(a)"),
    _det("import urllib.request", "exchange"),
    _det("import random", "store"),
    _det("import time", "simulator"),
    _det("def f(a):\n    for x in {a, 1}: g(x)", "store"),
    _det("def f(): return 0.1", "store"),
    _det("def f(): return 0.1", "ledger"),
    _det("def f(a): return float(a)", "risk"),
    _det("def f(a: float): ...", "orders"),
    _det("def f():\n    for a in {1, 2}: g(a)"),
    _det("def f(names: frozenset[str]):\n    for a in names: g(a)"),
    _det("def f(a, b):\n    left = set(a)\n    return [g(x) for x in left - set(b)]"),
    _det("def f(a, b): return list(a.keys() & b.keys())"),
    _det("def f(a): return ','.join(set(a))"),
    _det("def f(a): return {x: 1 for x in set(a)}"),
    _det("def f(a): return (*set(a),)"),
    _det("def f(a): return next(iter(set(a)))"),
    _det("def f(names: set[str]): return names.pop()"),
    _det("class A:\n    names: set[str]\n    def f(self): return [g(x) for x in self.names]"),
    _src(
        determinism.escapes_from_determinism_are_few,
        "X = f(0.1)  # det-o~k: once more\n" * (determinism.ESCAPES_MAX + 1),
    ),
)

# What looks like a breach and is none: a rule that cried here would be silenced soon.
FAIR: Final = (
    _src(rules.approval_is_made_in_one_place, "def f(v): return isinstance(v, Approved)"),
    _src(rules.approval_is_made_in_one_place, "def f(q): return Approved(q)", str(rules.JUDGE)),
    _src(
        rules.every_file_is_imported_by_somebody,
        "",
        "src/interlock/store/migrations/versions/0001.py",
    ),
    _src(reasons.every_escape_says_why, "import os  # no~qa: F401 - the worker needs it loaded"),
    _src(reasons.every_escape_says_why, "X = 'no~qa'"),
    _det("def f(clock): return clock.now()"),
    _det("TABLE: Final = {1: 2}"),
    _det("SEEN: Final = {}\ndef f(a):\n    seen = {}\n    seen[a] = SEEN"),
    _det("def f(a): return datetime.fromtimestamp(a, UTC)"),
    _det("from urllib.parse import urlencode", "exchange"),
    _src(
        determinism.the_same_seed_gives_the_same_bytes,
        "import time",
        "src/interlock/exchange/aiohttp_transport.py",
    ),
    _det("__all__ = ['f']"),
    _det("def f(a): return sorted(set(a))"),
    _det("def f(a): return any(g(x) for x in set(a))"),
    _det("def f(a): return {g(x) for x in set(a)}"),
    _det("def f(names: dict[str, set[str]]): return [g(x) for x in names]"),
    _det("def f():\n    try: g()\n    except BaseException:\n        h()\n        raise"),
    _det("def f(a): return isinstance(a, float)", "risk"),
    _det("def f(a): return a * 0.5", "strategy"),
    _det("def f(a): return hash(a)  # det-ok: shown to nobody"),
)
