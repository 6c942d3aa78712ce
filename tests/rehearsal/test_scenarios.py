"""Whatever goes wrong, and wherever the platform dies meanwhile: one order per intent, equal books, a protected or flat lot."""

import pytest

from interlock.rehearsal.judge import violations
from tests.rehearsal.scenarios import SCENARIOS, Scenario
from tests.rehearsal.sweep import die_at, points, quietly

# A few deaths here, each scenario at other places; `make prove` goes through many more, `make release-figures deaths` through all.
STRIDE = 131


@pytest.fixture(autouse=True)
def _quiet() -> None:
    quietly()


def test_there_are_as_many_scenarios_as_were_promised_each_under_a_name_of_its_own() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS) >= 40


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_scenario_is_survived_undisturbed_and_with_a_death_in_it(scenario: Scenario) -> None:
    world, steps = scenario.played()
    assert violations(world) == []
    assert [step for step in steps if step["at_us"] is None or step["error"]] == []

    seams = points(scenario)
    first = SCENARIOS.index(scenario) * 17 % min(STRIDE, len(seams))
    deaths = list(die_at(scenario, seams, range(first, len(seams), STRIDE)))
    assert [death for death in deaths if death.violations] == []
    assert deaths
