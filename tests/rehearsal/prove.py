"""`make prove`: the proofs that exist today, time-boxed, each with the floor below which it fails. It prints what it did.

1. The first scenario with a death at every seam call and every commit, and every other scenario with one at each eighth (`--whole`: at
   every one), judged by the exchange's own books.
2. Interleavings: the same scenario under many seeds, each run twice with equal trace hashes.
3. Real SIGKILLs: the demo's platform process is killed with an order in flight and started again on the same folder.
4. Rivals: two engines on one data folder, stopped, woken, killed and started at once, and never two senders.
5. Storage: a PostgreSQL server is stopped at once under load, and the log of the books torn off at every sector.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from interlock.rehearsal.judge import violations
from interlock.rehearsal.script import HEARD, SCRIPTS, stage
from tests.rehearsal.rivals import exchange, race, take_turns
from tests.rehearsal.scenarios import SCENARIOS
from tests.rehearsal.storage import store
from tests.rehearsal.sweep import Death, die_at, points, quietly

WORKERS = 2
ALL = (*SCRIPTS, HEARD)
THROUGHOUT = 2  # the first scripts, which die at every seam in every run
PROGRAM = str(Path(sys.executable).with_name("interlock"))
SEEDS = 200
KILLS = 40
KILL_DAYS = 20
TURNS = 20
STRIDE = 8
STOPS = 20
SECTORS = 5000
FLOORS = {
    "deaths": 1000,
    "scenarios": 2500,
    "seeds": SEEDS,
    "kills": KILLS,
    "rivals": 2 * TURNS,
    "storage": STOPS,
}

_console = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Proof:
    """What one proof did, and how often it was contradicted."""

    name: str
    done: int
    violations: int
    seconds: float
    note: str


def _deaths_of(task: tuple[int, int, int]) -> tuple[int, list[Death]]:
    quietly()
    which, first, stride = task
    played = (*ALL, *SCENARIOS)[which]
    seams = points(played)
    deaths = list(die_at(played, seams, range(first, len(seams), stride)))
    return len(deaths), [death for death in deaths if death.violations]


def _seed_of(seed: int) -> list[str]:
    quietly()
    script = ALL[seed % len(ALL)]
    world = stage(script, seed)
    first = world.run()
    second = stage(script, seed).run()
    wrong = violations(world)
    return wrong if first == second else [*wrong, f"seed {seed} gave two traces"]


def deaths(pool: ProcessPoolExecutor) -> Proof:
    """A death at every seam of the first scenario: sold at its target, and stopped."""
    tasks = [(which, worker, WORKERS) for which in range(THROUGHOUT) for worker in range(WORKERS)]
    return _deaths("deaths", pool, tasks)


def scenarios(pool: ProcessPoolExecutor) -> Proof:
    """Everything that can go wrong, and a death in each of them: at every seam, or at some of them, in each scenario at others."""
    stride = 1 if "--whole" in sys.argv else STRIDE
    count = len(ALL) + len(SCENARIOS)
    tasks = [(which, which % stride, stride) for which in range(THROUGHOUT, count)]
    return _deaths("scenarios", pool, tasks)


def _deaths(name: str, pool: ProcessPoolExecutor, tasks: Sequence[tuple[int, int, int]]) -> Proof:
    began = time.monotonic()
    found = list(pool.map(_deaths_of, tasks))
    bad = [death for _, wrong in found for death in wrong]
    for death in bad[:10]:
        _console.print(f"[red]died at {death.point} ({death.seam}): {death.violations}[/]")
    note = f"one life more for each, in {len({task[0] for task in tasks})} scenarios"
    return _proof(name, sum(n for n, _ in found), len(bad), began, note)


def seeds(pool: ProcessPoolExecutor) -> Proof:
    """Every seed twice, equal traces, no violation."""
    began = time.monotonic()
    found = list(pool.map(_seed_of, range(SEEDS), chunksize=10))
    bad = [(seed, wrong) for seed, wrong in enumerate(found) if wrong]
    for seed, wrong in bad[:10]:
        _console.print(f"[red]seed {seed}: {wrong}[/]")
    rate = 2 * SEEDS / (time.monotonic() - began)
    return _proof("seeds", SEEDS, len(bad), began, f"{rate:.0f} runs a second, 2 processes")


def kills(_: ProcessPoolExecutor) -> Proof:
    """Real processes, real SIGKILLs with an order in flight; the simulator keeps the truth."""
    began = time.monotonic()
    summary = _demo("--days", str(KILL_DAYS), "--kills", str(KILLS))
    duplicates = int(summary.get("duplicate_orders", 1))
    agree = summary.get("agree") is True
    note = f"{summary.get('intents_sent')} intents, {summary.get('exchange_orders')} orders"
    return _proof("kills", int(summary.get("kills", 0)), duplicates + (not agree), began, note)


def rivals(_: ProcessPoolExecutor) -> Proof:
    """Real processes on one data folder: turns and races, judged by what the exchange accepted from whom."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        with exchange() as at:
            turns = take_turns(f"{folder}/turns", at, TURNS)
        with exchange() as at:
            races = race(f"{folder}/races", at, TURNS)
    bad = [*turns.violations, *races.violations]
    for wrong in bad[:10]:
        _console.print(f"[red]{wrong}[/]")
    note = f"{turns.accepts + races.accepts} orders by {turns.epochs + races.epochs} engines"
    return _proof("rivals", turns.done + races.done, len(bad), began, note)


def storage(pool: ProcessPoolExecutor) -> Proof:
    """What was acknowledged is stored, whenever the server ends and wherever the log does, and no transaction is half there."""
    began = time.monotonic()
    found = store(pool, STOPS)
    for wrong in found.violations[:10]:
        _console.print(f"[red]{wrong}[/]")
    note = f"{found.crashed.cycles} stops of PostgreSQL, {found.torn.points} sectors of {found.torn.commits} commits"
    is_short = found.torn.points < SECTORS
    return _proof("storage", found.crashed.cycles, len(found.violations) + is_short, began, note)


def _demo(*words: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        env = {
            "INTERLOCK__DATA": folder,
            "INTERLOCK__API__PORT": "18402",
            "INTERLOCK__DASHBOARD__PORT": "18400",
        }
        ran = subprocess.run(
            [PROGRAM, "demo", "--once", "--json", *words],
            env=env,
            check=False,
            capture_output=True,
            text=True,
            cwd=Path(folder),
        )
    lines = ran.stdout.strip().splitlines()
    if not lines:
        _console.print(ran.stderr[-2000:])
        return {}
    summary: dict[str, Any] = json.loads(lines[-1])
    return summary


def _proof(name: str, done: int, wrong: int, began: float, note: str) -> Proof:
    return Proof(name, done, wrong, time.monotonic() - began, note)


def main() -> int:
    """Runs every proof; 0 only when none was contradicted and each reached its floor."""
    proofs: list[Proof] = []
    steps: tuple[Callable[[ProcessPoolExecutor], Proof], ...] = (
        deaths,
        scenarios,
        seeds,
        kills,
        rivals,
        storage,
    )
    with ProcessPoolExecutor(WORKERS) as pool:
        for step in steps:
            _console.print(f"proving {step.__name__} …")
            proofs.append(step(pool))
    table = Table("proof", "done", "floor", "violations", "seconds", "note")
    for p in proofs:
        table.add_row(
            p.name, str(p.done), str(FLOORS[p.name]), str(p.violations), f"{p.seconds:.0f}", p.note
        )
    Console().print(table)
    holds = all(p.done >= FLOORS[p.name] and p.violations == 0 for p in proofs)
    passed = sum(p.violations == 0 and p.done >= FLOORS[p.name] for p in proofs)
    if "--json" in sys.argv:
        print(json.dumps({p.name: {**asdict(p), "seconds": round(p.seconds)} for p in proofs}))
    else:
        print(f"{passed} passed, {len(proofs) - passed} failed")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
