"""Pages that are written from tables say what the tables say."""

from scripts import scenarios
from scripts.refusals import PAGE, page


def test_the_page_of_refusals_is_that_of_the_tables() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python scripts/refusals.py"


def test_the_page_of_scenarios_is_that_of_the_files() -> None:
    written = scenarios.PAGE.read_text(encoding="utf-8")

    assert written == scenarios.page(), "run: python scripts/scenarios.py"
