"""The files of a tree, read once: every house rule sees the tree through this page, so it can be shown a bad one."""

import ast
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]

Rule = Callable[[Path], list[str]]
"""A house rule: given the root of a tree, the places that break it."""


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file: where it stands from the root, what it says, and how it parses."""

    path: Path
    text: str

    @property
    def tree(self) -> ast.Module:
        return _parsed(self.text)

    @property
    def name(self) -> str:
        """The dotted name under src."""
        parts = self.path.with_suffix("").parts[1:]
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def nodes(self) -> Iterator[ast.AST]:
        return ast.walk(self.tree)

    def at(self, line: int, says: str) -> str:
        return f"{self.path}:{line} {says}"


@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def modules(root: Path, *folders: str) -> Iterator[Module]:
    """Every Python file under the folders, in the order of their paths."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            yield Module(path.relative_to(root), path.read_text(encoding="utf-8"))


def texts(root: Path) -> Iterator[tuple[Path, str]]:
    """Every text file that git knows or would take up; what holds a zero byte is no text."""
    for name in _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"):
        path = root / name
        content = path.read_bytes() if path.is_file() else b"\0"
        if b"\0" not in content:
            yield Path(name), content.decode("utf-8", errors="replace")


def _git(root: Path, *words: str) -> list[str]:
    git = shutil.which("git") or "git"
    asked = subprocess.run([git, *words], cwd=root, capture_output=True, check=True)
    return sorted(filter(None, asked.stdout.decode().split("\0")))


def contract(root: Path, name: str) -> dict[str, Any]:
    """The import contract of that name, as pyproject.toml states it."""
    with (root / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    found: dict[str, Any] = next(each for each in contracts if each["name"] == name)
    return found


def rooms(root: Path) -> list[str]:
    """The rooms that must stand, by the layers; those in parentheses may be missing."""
    layers = contract(root, "the datum walks one way")["layers"]
    named = [room.strip() for layer in layers for room in layer.split("|")]
    return [room for room in named if not room.startswith("(")]
