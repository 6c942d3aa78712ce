"""Pages that are written from tables say what the tables say."""

from scripts import refusals, switches


def test_the_page_of_refusals_is_that_of_the_tables() -> None:
    assert refusals.PAGE.read_text(encoding="utf-8") == refusals.page(), (
        "run: python scripts/refusals.py"
    )


def test_the_page_of_the_simulator_s_switches_is_that_of_the_switches() -> None:
    assert switches.PAGE.read_text(encoding="utf-8") == switches.page(), (
        "run: python scripts/switches.py"
    )
