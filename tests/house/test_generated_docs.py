"""Pages that are written from tables say what the tables say."""

from scripts import refusals, simulator_faults, simulator_scenarios, switches


def test_the_page_of_refusals_is_that_of_the_tables() -> None:
    told = refusals.PAGE.read_text(encoding="utf-8")

    assert told == refusals.page(), "run: python scripts/refusals.py"


def test_the_page_of_the_simulators_faults_is_that_of_their_vocabulary() -> None:
    told = simulator_faults.PAGE.read_text(encoding="utf-8")

    assert told == simulator_faults.page(), "run: python scripts/simulator_faults.py"


def test_the_page_of_scenarios_is_that_of_the_files() -> None:
    told = simulator_scenarios.PAGE.read_text(encoding="utf-8")

    assert told == simulator_scenarios.page(), "run: python scripts/simulator_scenarios.py"


def test_the_page_of_the_simulators_switches_is_that_of_the_switches() -> None:
    told = switches.PAGE.read_text(encoding="utf-8")

    assert told == switches.page(), "run: python scripts/switches.py"
