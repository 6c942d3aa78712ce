"""`make mutants`: does a test notice when a rule is wrong? Every mutant of the risk room is run against the room's tests.

The parent imports and collects once. Each mutant lives in a forked child, which swaps the code of the functions in place and stops at the
first test that fails. A table, and JSON as the last line; exit 1 when a mutant survives that nobody argued for.

    python tests/mutants/run.py [--only MODULE] [--json-file FILE]
"""

import argparse
import ast
import json
import os
import signal
import sys
import time
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Context, Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from rich.console import Console
from rich.table import Table

from tests.mutants.arguments import EQUIVALENT
from tests.mutants.breeding import Mutant, mutants, rule_named

ROOT: Final = Path(__file__).parents[2]
ROOM: Final = ROOT / "src" / "interlock" / "risk"
# Data, words and the reader of the probe's bytes: what they say is compared by their own tests, byte for byte.
NOT_BRED: Final = {"__init__", "limits", "remedies", "rule", "verdict", "probe_request"}
# Constants of these kinds are replaced; functions and classes keep their places and get the mutant's code.
DATA: Final = (tuple, dict, int, str, Decimal, timedelta, frozenset, Context)
# What walks very many cases again that a smaller test walks too would only make a survivor slow.
SMALL: Final = "not any_bytes and not 3-spot and not 3-margin"
TESTS: Final = (
    "tests/rooms/risk/test_every_rule.py",
    "tests/house/test_generated_docs.py",
    "tests/rooms/risk/test_probe.py",
    "tests/rooms/risk/test_finding.py",
    "tests/rooms/risk/test_judge.py",
    "tests/rooms/risk/test_lattice.py",
)
PATIENCE_S: Final = 60  # of its own work, so that a busy machine kills no mutant
SURVIVED: Final = 0
KILLED: Final = 1
AT_ONCE: Final = 2


@dataclass(frozen=True, slots=True)
class Found:
    """One mutant and what became of it."""

    module: str
    mutant: Mutant
    survived: bool

    @property
    def name(self) -> str:
        return f"{self.module}.{self.mutant.place}: {self.mutant.change}"


class Breeder:
    """A pytest plugin that runs the collected tests once per mutant, each time in a child of its own."""

    def __init__(self, only: str | None) -> None:
        self.only = only
        self.found: list[Found] = []
        self.is_sound = False

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """The tests pass with the room's own code put in place as a mutant's is; then every mutant has its turn."""
        unchanged = [(path.stem, ast.parse(path.read_text(encoding="utf-8"))) for path in _room()]
        self.is_sound = _wait(_child(session, unchanged)) == SURVIVED
        bred = list(self._bred()) if self.is_sound else []
        running: dict[int, tuple[str, Mutant]] = {}
        for module, mutant in bred:
            if len(running) >= AT_ONCE:
                self._reap(running)
            running[_child(session, [(module, mutant.tree)])] = (module, mutant)
        while running:
            self._reap(running)
        return True

    def _bred(self) -> Iterator[tuple[str, Mutant]]:
        for path in _room():
            if self.only in (None, path.stem):
                source = path.read_text(encoding="utf-8")
                yield from ((path.stem, mutant) for mutant in mutants(source))

    def _reap(self, running: dict[int, tuple[str, Mutant]]) -> None:
        pid, status = os.wait()
        module, mutant = running.pop(pid)
        is_alive = os.waitstatus_to_exitcode(status) == SURVIVED
        self.found.append(Found(module, mutant, is_alive))
        if is_alive:
            print(f"survived: {self.found[-1].name}", file=sys.stderr, flush=True)


def _room() -> list[Path]:
    return [path for path in sorted(ROOM.glob("*.py")) if path.stem not in NOT_BRED]


def _child(session: pytest.Session, born: Sequence[tuple[str, ast.Module]]) -> int:
    """A fork that runs the tests with this code in place: it ends with 0 when all passed, and by a signal when it hangs."""
    pid = os.fork()
    if pid:
        return pid
    signal.setitimer(signal.ITIMER_PROF, PATIENCE_S)
    code = KILLED  # a module that cannot even be made is noticed by whoever imports it
    try:
        for module, tree in born:
            inhabit(f"interlock.risk.{module}", tree)
        code = _tests(session)
    finally:
        os._exit(code)


def _tests(session: pytest.Session) -> int:
    for number, item in enumerate(session.items):
        following = session.items[number + 1] if number + 1 < len(session.items) else None
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return KILLED
    return SURVIVED


def _wait(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def inhabit(name: str, tree: ast.Module) -> None:
    """The module's functions get the mutant's code, whoever holds them; tables that it makes are replaced wherever they are held."""
    module = sys.modules[name]
    born = types.ModuleType(name)
    born.__dict__.update(__file__=module.__file__)
    code = compile(tree, str(module.__file__), "exec")
    exec(code, born.__dict__)  # noqa: S102 - the mutant is this repository's own code
    _swap(vars(module), vars(born), name)
    for key, new in vars(born).items():
        if isinstance(new, DATA) and key in vars(module):
            _replace(key, vars(module)[key], new)
    if name.endswith("order_shape_rules"):
        # Its closures stand in the table of another module: that one is made anew.
        _remake("interlock.risk.order_rules")


def _remake(name: str) -> None:
    module = sys.modules[name]
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    inhabit(name, ast.parse(source))


def _swap(here: Mapping[str, Any], born: Mapping[str, Any], name: str) -> None:
    for key, old in here.items():
        new = born.get(key)
        if isinstance(old, types.FunctionType) and isinstance(new, types.FunctionType):
            if old.__module__ == name:
                old.__code__, old.__defaults__ = new.__code__, new.__defaults__
        elif isinstance(old, property) and isinstance(new, property):
            old.fget.__code__ = new.fget.__code__  # type: ignore[union-attr] # every property of ours has a getter
        elif isinstance(old, type) and isinstance(new, type) and old.__module__ == name:
            _swap(vars(old), vars(new), name)


def _replace(key: str, old: object, new: object) -> None:
    for module in list(sys.modules.values()):
        held = getattr(module, "__name__", "").startswith(("interlock.risk", "tests.", "scripts."))
        if held and vars(module).get(key) is old:
            setattr(module, key, new)


def rules_by_place() -> dict[tuple[str, str], str]:
    """Which rule each function is, by module and name; the row of a table is its rule itself."""
    known: dict[tuple[str, str], str] = {}
    order = ast.parse((ROOM / "order_rules.py").read_text(encoding="utf-8"))
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
    for row in _rows(ast.parse((ROOM / "guard.py").read_text(encoding="utf-8")), ast.Tuple):
        asked = row.elts[1]  # type: ignore[attr-defined] # a pair of name and rule
        known["guard", asked.id] = known["guard", rule_named(row)] = rule_named(row)
    return known


def _rows(tree: ast.Module, kind: type[ast.AST]) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Tuple):
            yield from (row for row in node.value.elts if isinstance(row, kind))


def figures(found: Sequence[Found], elapsed_s: float) -> dict[str, Any]:
    """What the run showed, rule by rule."""
    known = rules_by_place()
    by_rule: dict[str, list[int]] = {name: [0, 0] for name in known.values()}
    for each in found:
        name = each.mutant.change.removeprefix("dropped ").split(" ")[0]
        rule = known.get((each.module, each.mutant.place)) or known.get((each.module, name))
        if rule is not None:
            by_rule[rule][0] += 1
            by_rule[rule][1] += not each.survived
    alive = sorted(each.name for each in found if each.survived)
    return {
        "mutants": len(found),
        "killed": sum(not each.survived for each in found),
        "argued": {name: EQUIVALENT[name] for name in alive if name in EQUIVALENT},
        "survived": [name for name in alive if name not in EQUIVALENT],
        "rules": {name: {"mutants": n, "killed": k} for name, (n, k) in by_rule.items()},
        "elapsed_s": round(elapsed_s, 1),
    }


def _show(told: Mapping[str, Any]) -> None:
    table = Table("rule", "mutants", "killed")
    for name, row in told["rules"].items():
        table.add_row(name, str(row["mutants"]), str(row["killed"]))
    table.add_row("all, helpers and judge too", str(told["mutants"]), str(told["killed"]))
    console = Console(stderr=True)
    console.print(table)
    for name in told["survived"]:
        console.print(f"survived: {name}", markup=False)


def main() -> int:
    """Runs every mutant; 0 when each was killed or is argued for, and no rule is without one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="one module of the room")
    given = parser.parse_args()
    began, breeder = time.monotonic(), Breeder(given.only)
    quiet = ("-k", SMALL, "-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:xdist")
    code = pytest.main([*quiet, *(str(ROOT / test) for test in TESTS)], plugins=[breeder])
    if code == pytest.ExitCode.INTERNAL_ERROR or not breeder.is_sound:
        print("the tests do not pass as the room stands", file=sys.stderr)
        return 1
    told = figures(breeder.found, time.monotonic() - began)
    _show(told)
    print(json.dumps(told))
    unbred = [name for name, row in told["rules"].items() if not row["killed"]]
    return 1 if told["survived"] or (unbred and given.only is None) else 0


if __name__ == "__main__":
    sys.exit(main())
