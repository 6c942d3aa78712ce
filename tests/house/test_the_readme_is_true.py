"""No figure of the README is made up: each row of its table stands in docs/figures as a command wrote it."""

import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def figures(name: str) -> dict[str, Any]:
    record = json.loads((ROOT / "docs" / "figures" / f"{name}.json").read_text(encoding="utf-8"))
    assert record["command"].startswith("make ")
    assert record["commit"]
    assert record["machine"]["cores"]
    found: dict[str, Any] = record["figures"]
    return found


def row(start: str) -> str:
    rows = [line for line in README.splitlines() if line.startswith(f"| {start}")]
    assert len(rows) == 1, start
    return rows[0]


@pytest.mark.parametrize("name", ["demo", "prove", "bench", "install"])
def test_every_figure_has_its_command_commit_and_machine(name: str) -> None:
    assert figures(name)


def test_the_table_quotes_the_figures_as_they_were_written() -> None:
    demo, prove, bench, install = map(figures, ("demo", "prove", "bench", "install"))

    assert f"{demo['elapsed_s']:.0f} s" in row("a demo of 30 days")
    assert f"{demo['max_rss_mb']:.0f} MB" in row("largest process")
    assert f"{install['core_mb']} MB" in row("core installation")
    deaths = figures("deaths")
    died = sum(each["done"] for each in deaths.values())
    assert not any(each["violations"] for each in deaths.values())
    assert f"{died:,}, 0 violations" in row("deaths")
    assert f"{prove['seeds']['done']}, 0 violations" in row("seeds")
    assert f"{prove['kills']['done']}, 0 violations" in row("real SIGKILLs")
    assert f"{bench['order transaction p50']:.1f} /" in row("the one transaction")
    assert f"{bench['decision p50']:.2f} ms" in row("one decision")


def test_the_text_quotes_the_month_as_it_was_written() -> None:
    demo = figures("demo")

    assert f"{demo['decisions']:,} decisions, {demo['intents_sent']} intents" in README
    assert f"equity of {demo['equity_end']:,.2f} USD" in README


def test_the_two_commands_are_on_the_first_screen() -> None:
    first_screen = "\n".join(README.splitlines()[:20])

    assert "make demo" in first_screen
    assert "make test" in first_screen
