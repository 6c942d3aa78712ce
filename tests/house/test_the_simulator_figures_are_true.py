"""No figure of the simulator's page is made up: each row of its table stands in docs/figures as a command wrote it."""

import json
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_every_row_quotes_its_figure_as_it_was_written() -> None:
    record = json.loads((DOCS / "figures" / "exchange.json").read_text(encoding="utf-8"))
    page = (DOCS / "simulator_figures.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ")][1:]

    assert record["command"] in page
    assert record["commit"]
    for name, value in record["figures"].items():
        unit = "MB" if name.startswith("memory") else "a second"
        (row,) = (line for line in rows if line.startswith(f"| {name} ("))
        assert f"| {value:,} {unit} |" in row
    assert len(rows) == len(record["figures"])
