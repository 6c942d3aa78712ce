"""A small tree with every room of the house, under the real gates: green as it is made, so that one breach turns it red."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.house.tree import ROOT, rooms

BIN: Final = Path(sys.executable).parent
SECONDS_MAX: Final = 60


def unmarked(text: str) -> str:
    """The text without its tildes: what a rule looks for must not stand in these files themselves."""
    return text.replace("~", "")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a gate answered."""

    code: int
    said: str


@dataclass(frozen=True, slots=True)
class SmallTree:
    """A tree of our shape in a folder of its own."""

    root: Path

    @classmethod
    def at(cls, root: Path) -> "SmallTree":
        tree = cls(root)
        shutil.copytree(ROOT / "locks", root / "locks")
        shutil.copy(ROOT / "pyproject.toml", root)
        tree.write("src/app/__init__.py", '"""Name plates."""\n')
        tree.write("src/interlock/__init__.py", '"""The package."""\n')
        doors = [room for room in rooms(root) if room != "cli"]
        for room in doors:
            tree.write(f"src/interlock/{room}/__init__.py", f'"""The room {room}."""\n')
        tree.write("src/interlock/cli/__init__.py", _door(doors))
        tree.write("tests/test_small.py", "def test_it() -> None:\n    assert sum([1, 1]) == 2\n")
        tree.write("scripts/small.py", '"""A program."""\n')
        tree.write("benchmarks/small.py", '"""A benchmark."""\n')
        tree._run("git", "init", "--quiet")
        return tree

    def write(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(unmarked(text), encoding="utf-8")

    def run(self, tool: str, *words: str) -> Ran:
        """Run a tool of this environment over the tree, with this tree's packages before ours."""
        return self._run(str(BIN / tool), *words)

    def _run(self, program: str, *words: str) -> Ran:
        asked = subprocess.run(
            [shutil.which(program) or program, *words],
            cwd=self.root,
            env={"PYTHONPATH": str(self.root / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
        return Ran(asked.returncode, asked.stdout)


def _door(names: list[str]) -> str:
    listed = "".join(f"    {name},\n" for name in sorted(names))
    return f'"""The door."""\n\nfrom interlock import (\n{listed})\n\nROOMS = (\n{listed})\n'
