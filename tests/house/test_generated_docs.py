"""Pages that are written from tables say what the tables say."""

from types import ModuleType

import pytest

from scripts import (
    bug_zoo,
    comparison,
    fault_coverage,
    notebook,
    order_life,
    refusals,
    simulator_faults,
    simulator_scenarios,
    simulator_switches,
)

PAGES = (
    *(bug_zoo, comparison, fault_coverage, notebook, order_life, refusals),
    *(simulator_faults, simulator_scenarios, simulator_switches),
)


@pytest.mark.parametrize("written_by", PAGES, ids=lambda module: module.PAGE.name)
def test_a_page_that_is_written_from_tables_says_what_they_say(written_by: ModuleType) -> None:
    told = written_by.PAGE.read_text(encoding="utf-8")

    assert told == written_by.page(), f"run: python -m {written_by.__name__}"
