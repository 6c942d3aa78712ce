"""Escapes and their reasons: whoever steps around a gate says why, beside the step."""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.house.tree import Module, modules

LETTERS_OF_A_REASON_MIN: Final = 7

ESCAPE: Final = re.compile(
    r"#\s*(?:noqa(?::\s*[A-Z]+\d+(?:[,\s]+[A-Z]+\d+)*)?|type:\s*ignore(?:\[[^\]]*\])?|det-ok:?"
    r"|pragma:[\w\s]*|fmt:\s*\w+|pylint:\s*\S+)"
)
AMNESTY: Final = re.compile(r"#\s*(?:ruff:\s*noqa|flake8:\s*noqa|mypy:)")

SECTION: Final = re.compile(r"^\[+([^\]]+)\]+")
KEY: Final = re.compile(r"^\s*(\"[^\"]+\"|[\w.-]+)\s*=")
ENTRY: Final = re.compile(r"\"([^\"]*)\"")
LISTS_OF_LENIENCY: Final = {
    ("tool.ruff.lint", "ignore"),
    ("tool.ruff.lint", "extend-ignore"),
    ("tool.mypy.overrides", "module"),
    ("tool.mypy", "disable_error_code"),
    ("tool.importlinter.contracts", "ignore_imports"),
    ("tool.importlinter.contracts", "exhaustive_ignores"),
    ("tool.importlinter.contracts", "skip_descendants"),
}


def every_escape_says_why(root: Path) -> list[str]:
    """Every comment that silences a gate on its line carries a reason; none silences a whole file."""
    return [
        each
        for module in modules(root, "src", "tests", "scripts", "benchmarks")
        for line, comment in _comments(module)
        for each in _unexplained(module, line, comment)
    ]


def _comments(module: Module) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def _unexplained(module: Module, line: int, comment: str) -> Iterator[str]:
    if AMNESTY.search(comment):
        yield module.at(line, "silences a gate for a whole file")
    elif ESCAPE.search(comment) and not _has_reason(ESCAPE.sub("", comment)):
        yield module.at(line, f"gives no reason: {comment}")


def _has_reason(text: str) -> bool:
    return sum(map(str.isalpha, text)) >= LETTERS_OF_A_REASON_MIN


def every_leniency_of_the_gates_says_why(root: Path) -> list[str]:
    """Every entry of pyproject.toml that makes a gate milder carries a comment on its line."""
    path = root / "pyproject.toml"
    section = key = ""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if opened := SECTION.match(line):
            section, key = opened[1], ""
        elif assigned := KEY.match(line):
            key = assigned[1]
        if _is_lenient(section, key, KEY.sub("", line)) and not _has_reason(line.partition("#")[2]):
            found.append(f"pyproject.toml:{number} gives no reason: {line.strip()}")
    return found


def _is_lenient(section: str, key: str, value: str) -> bool:
    """Whether the value, without its key, adds an entry to a list of things let off."""
    entries = ENTRY.findall(value.partition("#")[0])
    if key == "filterwarnings":
        return any(not entry.startswith("error") for entry in entries)
    is_listed = (section, key) in LISTS_OF_LENIENCY or section.endswith("per-file-ignores")
    return is_listed and bool(entries)
