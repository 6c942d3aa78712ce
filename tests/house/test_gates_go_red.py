"""Each gate can fail: a small tree is green under the real gates, and one breach turns the gate that forbids it red."""

from pathlib import Path

import pytest

from tests.house.breaches import FAIR, HOUSE, SEED, Breach
from tests.house.small_tree import SmallTree
from tests.house.test_the_tree_keeps_the_house_rules import EVERY_RULE
from tests.house.tree import Rule


@pytest.fixture(scope="session")
def green(tmp_path_factory: pytest.TempPathFactory) -> SmallTree:
    """A tree that nobody breaks."""
    return SmallTree.at(tmp_path_factory.mktemp("green"))


@pytest.fixture
def tree(tmp_path: Path) -> SmallTree:
    """A tree to break."""
    return SmallTree.at(tmp_path)


def _said(breach: Breach) -> str:
    last = breach.text.strip().splitlines()[-1]
    return f"{breach.rule.__name__}-{last.strip()[:40]}"


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.__name__)
def test_a_house_rule_is_content_with_a_clean_tree(green: SmallTree, rule: Rule) -> None:
    assert rule(green.root) == []


@pytest.mark.parametrize("breach", [*HOUSE, *SEED], ids=_said)
def test_a_house_rule_reports_a_breach(tree: SmallTree, breach: Breach) -> None:
    tree.write(breach.path, breach.text)

    assert breach.rule(tree.root)


@pytest.mark.parametrize("breach", FAIR, ids=_said)
def test_a_house_rule_lets_fair_code_be(tree: SmallTree, breach: Breach) -> None:
    tree.write(breach.path, breach.text)

    assert breach.rule(tree.root) == []


def test_every_house_rule_is_shown_a_breach() -> None:
    assert {breach.rule for breach in (*HOUSE, *SEED)} == set(EVERY_RULE)


LAYERS = "the datum walks one way"
PURE = "the row does nothing, it only answers"
LEAN = "the live process stays lean"
NAMES = "nothing of ours uses the runbook's old names"
CIRCLES = "no room imports its sibling in a circle"


@pytest.fixture(scope="session")
def kept(green: SmallTree) -> str:
    return green.run("lint-imports", "--no-cache").said


@pytest.mark.parametrize(
    ("contract", "lines"),
    [
        (LAYERS, {"values/up.py": "from interlock import desk"}),
        (LAYERS, {"exchange/across.py": "from interlock import store"}),
        (LAYERS, {"undeclared/__init__.py": "ROOM = 1"}),
        (LAYERS, {"research/__init__.py": "from interlock import wiring"}),
        (PURE, {"risk/impure.py": "import asyncio"}),
        (PURE, {"protocol/impure.py": "from urllib.parse import quote"}),
        (LEAN, {"desk/heavy.py": "import pandas"}),
        (NAMES, {"desk/old.py": "import app"}),
        (
            CIRCLES,
            {
                "desk/a.py": "from interlock.desk import b",
                "desk/b.py": "from interlock.desk import a",
            },
        ),
    ],
)
def test_the_order_of_the_rooms_is_held(
    tree: SmallTree, kept: str, contract: str, lines: dict[str, str]
) -> None:
    for path, line in lines.items():
        tree.write(f"src/interlock/{path}", f'"""A module."""\n\n{line}\n')

    ran = tree.run("lint-imports", "--no-cache")

    assert f"{contract} KEPT" in kept
    assert ran.code == 1
    assert f"{contract} BROKEN" in ran.said


def test_a_room_of_a_later_issue_may_come(tree: SmallTree) -> None:
    tree.write("src/interlock/research/__init__.py", '"""A module."""\n\nimport polars\n')

    assert tree.run("lint-imports", "--no-cache").code == 0


# Each file holds what its codes forbid; the linter knows them by file and code.
UNTIDY = {
    "src/interlock/desk/clock.py": ("import datetime\n\nNOW = datetime.datetime.now()\n", "TID251"),
    "src/interlock/desk/today.py": (
        "import datetime\n\nNOW = datetime.datetime.utcnow()\n",
        "TID251",
    ),
    "src/interlock/desk/wall.py": ("import time\n\nNOW = time.time()\n", "TID251"),
    "src/interlock/desk/world.py": ("import os\n\nHOME = os.environ\n", "TID251"),
    "src/interlock/desk/asked.py": ('import os\n\nHOME = os.getenv("HOME")\n', "TID251"),
    "src/interlock/desk/wide.py": ("try:\n    X = 1\nexcept Exception:\n    X = 2\n", "BLE001"),
    "src/interlock/desk/late.py": ("def f() -> None:\n    import json\n", "PLC0415"),
    "src/interlock/desk/bare.py": ("def f(x):\n    return x\n", "ANN001"),
    "src/interlock/desk/stale.py": ("X = 1  # no~qa: F401 - nothing to silence\n", "RUF100"),
    "tests/test_mocked.py": ("from unittest.mo~ck import Mock\n", "TID251"),
}


def test_lint_sees_each_untidy_file(tree: SmallTree, green: SmallTree) -> None:
    for path, (text, _) in UNTIDY.items():
        tree.write(path, f'"""A module."""\n\n{text}')

    ran = tree.run("ruff", "check", "--no-cache", "--output-format=concise")

    assert green.run("ruff", "check", "--no-cache").code == 0
    assert ran.code == 1
    for path, (_, code) in UNTIDY.items():
        told = [line for line in ran.said.splitlines() if line.startswith(path)]
        assert any(f" {code} " in line for line in told), path


def test_format_sees_what_the_formatter_would_change(tree: SmallTree, green: SmallTree) -> None:
    tree.write("src/interlock/desk/bent.py", '"""A module."""\n\nX = [1,2]\n')

    assert green.run("ruff", "format", "--check", "--no-cache").code == 0
    assert tree.run("ruff", "format", "--check", "--no-cache").code == 1


UNTYPED = {
    "bare": ("def f(x):\n    return x\n", "no-untyped-def"),
    "generic": ("X: dict = {}\n", "type-arg"),
    "wrong": ("X: int = 'one'\n", "assignment"),
    "blanket": ("X: int = 'one'  # type: ig~nore\n", "ignore-without-code"),
    "useless": ("X: int = 1  # type: ig~nore[assignment]\n", "unused-ignore"),
    "partial": (
        "def f(x: int | str) -> None:\n    match x:\n        case int():\n            return\n",
        "exhaustive-match",
    ),
    "hidden": (
        "class A:\n    def f(self) -> None: ...\n\nclass B(A):\n    def f(self) -> None: ...\n",
        "explicit-override",
    ),
}


def test_types_are_held_strictly(tree: SmallTree, tmp_path_factory: pytest.TempPathFactory) -> None:
    cache = str(tmp_path_factory.mktemp("types"))
    clean = tree.run("mypy", "--cache-dir", cache)
    for name, (text, _) in UNTYPED.items():
        tree.write(f"src/interlock/desk/{name}.py", f'"""A module."""\n\n{text}')

    ran = tree.run("mypy", "--cache-dir", cache)

    assert clean.code == 0, clean.said
    assert ran.code == 1
    for name, (_, code) in UNTYPED.items():
        told = [line for line in ran.said.splitlines() if f"desk/{name}.py" in line]
        assert any(f"[{code}]" in line for line in told), name


CARELESS = {
    "warns": "import warnings\n\ndef test_it() -> None:\n    warnings.warn('old', DeprecationWarning)\n",
    "leaks": "def test_it() -> None:\n    open(__file__)\n",
    "invents": "import pytest\n\n@pytest.mark.undeclared\ndef test_it() -> None: ...\n",
    "recovers": "import pytest\n\n@pytest.mark.xf~ail\ndef test_it() -> None: ...\n",
}


@pytest.mark.parametrize("name", CARELESS)
def test_a_careless_test_fails(tree: SmallTree, name: str) -> None:
    tree.write(f"tests/test_{name}.py", CARELESS[name])

    ran = tree.run("pytest", "-q", "-p", "no:cacheprovider", "tests")

    assert ran.code != 0, ran.said
    assert f"tests/test_{name}.py" in ran.said


def test_a_careful_test_passes(green: SmallTree) -> None:
    assert green.run("pytest", "-q", "-p", "no:cacheprovider", "tests").code == 0
