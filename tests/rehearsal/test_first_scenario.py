"""Buy, partial fill, stop, exit: whatever instant the platform dies at, one order per intent, a protected or flat lot, equal books."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from interlock.rehearsal.judge import violations
from interlock.rehearsal.script import BY_TARGET, SCRIPTS, Script, stage
from tests.rehearsal.sweep import die_at, points, quietly

STRIDE = 41
ROOT = Path(__file__).parents[2]
HASH = "from tests.rehearsal.trace import main; main()"


@pytest.fixture(autouse=True)
def _quiet() -> None:
    quietly()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_an_undisturbed_life_keeps_every_promise(script: Script) -> None:
    world = stage(script)
    world.run()

    assert violations(world) == []
    assert world.lives == 1


def test_the_scenarios_do_what_their_names_say() -> None:
    worlds = {script.name: stage(script) for script in SCRIPTS}
    sold = {}
    for name, world in worlds.items():
        world.run()
        orders = world.engine.books()["orders"]
        sold[name] = {
            o["order_type"] for o in orders if o["side"] == "SELL" and o["status"] == "FILLED"
        }

    assert sold["by_target"] == {"LIMIT"}
    assert sold["by_trail"] == set()
    assert sold["by_stop"] == {"STOP_LOSS", "MARKET"}  # the trigger, and what it became
    assert sold["by_plan"] == sold["by_word"] == {"MARKET"}
    assert worlds["by_plan"].engine.books()["requests"]["private/advanced/cancel-order"] == 1
    assert worlds["by_word"].engine.books()["requests"]["private/advanced/cancel-oco"] == 1
    bought = [o for o in worlds["by_target"].engine.books()["orders"] if o["side"] == "BUY"]
    assert [o["cumulative_quantity"] for o in bought] == ["100"]  # of 173.4: a partial fill


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_death_at_any_seam_leaves_one_order_per_intent_and_equal_books(script: Script) -> None:
    seams = points(script)
    deaths = list(die_at(script, seams, range(0, len(seams), STRIDE)))

    assert [death for death in deaths if death.violations] == []
    assert len(deaths) >= len(seams) // STRIDE


@pytest.mark.parametrize("seed", range(1, 9))
def test_every_interleaving_of_the_passes_keeps_every_promise(seed: int) -> None:
    world = stage(BY_TARGET, seed)
    world.run()

    assert violations(world) == []


def test_the_same_seed_gives_the_same_trace_in_another_process_with_another_hash_seed() -> None:
    traces = [_trace("1"), _trace("2")]

    assert traces[0] == traces[1]
    assert len(set(traces[0].values())) == len(traces[0])


def _trace(hash_seed: str) -> dict[str, str]:
    env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}  # noqa: TID251 - handed on to a child
    said = subprocess.run(
        [sys.executable, "-c", HASH], env=env, cwd=ROOT, check=True, capture_output=True, text=True
    )
    traces: dict[str, str] = json.loads(said.stdout)
    return traces
