"""`make prove`: the proofs that exist today, time-boxed, each with the floor below which it fails. It prints what it did.

1. Seeds: what each draws goes wrong, on the whole platform, judged by the exchange's own books, and each fault must have struck often
   enough; some of them again in other processes with other hash seeds, to equal traces.
2. The first scenario with a death at every seam call and every commit, and every other scenario with one at some of them (`--whole`: at
   every one).
3. Real kills: the engine is forked, killed at a drawn moment, and offered the same signals again; and a few times the demo's platform
   process, begun by an interpreter of its own.
4. Zombies: of two engines started at once on one data folder one leads, is stopped while it sends, and is followed by the next.
5. A soak: thirty virtual days over a real books file with faults and deaths, judged each day, and memory that does not grow.
6. Restore drills: books backed up at a random commit, lost, restored, and lived on with.
7. Storage: a PostgreSQL server is stopped at once under load, and the log of the books torn off at every sector.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from interlock.rehearsal.rehearse import rehearse
from interlock.rehearsal.restoring import Drilled, drill
from interlock.rehearsal.script import HEARD, SCRIPTS
from interlock.rehearsal.soak import SLOPE_MAX_MB, Soaked, soak
from tests.rehearsal.killing import killed
from tests.rehearsal.rivalry import met
from tests.rehearsal.scenarios import SCENARIOS
from tests.rehearsal.storage import store
from tests.rehearsal.sweep import Death, die_at, points, quietly
from tests.zoo.hunt import hunt

WORKERS = 2
ALL = (*SCRIPTS, HEARD)
THROUGHOUT = 2  # the first scripts, which die at every seam in every run
PROGRAM = str(Path(sys.executable).with_name("interlock"))
# Half of what it should be: 20,000 take ten minutes of two cores, and everything has thirty.
SEEDS = 10_000
AGAIN = 200
DRILLS = 10
DAYS = 30
SOAKED = ("BTC_USDT", "XRP_USDT")
KILLS = 100
FRESH_KILLS = 5
FRESH_DAYS = 5
ZOMBIES = 10
STRIDE = 16
STOPS = 20
SECTORS = 5000
BUGS_MIN = 40
FLOORS = {
    "deaths": 1000,
    "scenarios": 2500,
    "seeds": SEEDS,
    "determinism": 2 * AGAIN,
    "kills": KILLS,
    "soaking": DAYS,
    "drills": DRILLS,
    "zoo": BUGS_MIN,
    "fresh kills": FRESH_KILLS,
    "zombies": ZOMBIES,
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


Step = Callable[[ProcessPoolExecutor], Proof]


def _deaths_of(task: tuple[int, int, int]) -> tuple[int, list[Death]]:
    quietly()
    which, first, stride = task
    played = (*ALL, *SCENARIOS)[which]
    seams = points(played)
    deaths = list(die_at(played, seams, range(first, len(seams), stride)))
    return len(deaths), [death for death in deaths if death.violations]


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


def seeds(_: ProcessPoolExecutor) -> Proof:
    """What every seed draws, on all cores."""
    began = time.monotonic()
    done = rehearse(0, SEEDS, WORKERS)
    bad = [*(f"seed {wrong.seed}: {wrong.violations[0]}" for wrong in done.wrong), *done.uncovered]
    _tell(bad)
    note = f"{done.seeds / done.seconds:.0f} a second, {done.lives} lives, {done.virtual_s / 86400:.0f} virtual days"
    return _proof("seeds", done.seeds, len(bad), began, note)


def determinism(_: ProcessPoolExecutor) -> Proof:
    """The first seeds again: twice, side by side, in interpreters whose hashes begin elsewhere."""
    began = time.monotonic()
    running = [_rehearsed_alone(hash_seed) for hash_seed in ("1", "2")]
    digests = {json.loads(each.communicate()[0].splitlines()[-1])["digest"] for each in running}
    wrong = len(digests) - 1
    return _proof("determinism", len(running) * AGAIN, wrong, began, "in two processes, one digest")


def _rehearsed_alone(hash_seed: str) -> subprocess.Popen[bytes]:
    words = ("rehearse", "--seeds", str(AGAIN), "--processes", "1", "--json")
    return subprocess.Popen(
        [PROGRAM, *words],
        env={"PYTHONHASHSEED": hash_seed},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def kills(_: ProcessPoolExecutor) -> Proof:
    """The forked engine, killed for real and offered the same signals again; the simulator keeps the truth."""
    began = time.monotonic()
    done = killed(KILLS)
    _tell(done["violations"])
    note = f"{done.get('accepted')} orders, recovered within {done.get('recovery_p99_s')} s (p99)"
    return _proof("kills", done["kills"], len(done["violations"]), began, note)


def fresh_kills(_: ProcessPoolExecutor) -> Proof:
    """The same with an interpreter of its own for each life: the demo, killed with an order in flight."""
    began = time.monotonic()
    summary = _demo("--days", str(FRESH_DAYS), "--kills", str(FRESH_KILLS))
    duplicates = int(summary.get("duplicate_orders", 1))
    agree = summary.get("agree") is True
    note = f"{summary.get('intents_sent')} intents, {summary.get('exchange_orders')} orders"
    wrong = duplicates + (not agree)
    return _proof("fresh kills", int(summary.get("kills", 0)), wrong, began, note)


def zombies(_: ProcessPoolExecutor) -> Proof:
    """Real processes on one data folder: each zombie opens with a race, judged by what the exchange accepted from whom."""
    began = time.monotonic()
    done = met("zombies", ZOMBIES)
    _tell(done["violations"])
    note = f"{done.get('accepts')} orders by {done.get('epochs')} engines"
    return _proof("zombies", done.get("zombies", 0), len(done["violations"]), began, note)


def _tell(violations: Sequence[str]) -> None:
    for wrong in violations[:10]:
        _console.print(f"[red]{wrong}[/]")


def soaking(_: ProcessPoolExecutor) -> Proof:
    """In a process of its own, whose memory nobody has used before."""
    began = time.monotonic()
    with ProcessPoolExecutor(1, get_context("spawn")) as alone:
        soaked = alone.submit(_soaked).result()
    slope = soaked.slope_mb_per_day
    bad = [*soaked.violations, *([f"{slope:.2f} MB a day"] if slope >= SLOPE_MAX_MB else [])]
    _tell(bad)
    note = f"{soaked.orders} orders, {soaked.lives} lives, {slope:.2f} MB a day"
    return _proof("soaking", soaked.days, len(bad), began, note)


def _soaked() -> Soaked:
    quietly()
    return soak(DAYS, symbols=SOAKED)


def drills(pool: ProcessPoolExecutor) -> Proof:
    """Books that are lost and restored from an older copy, while the exchange knows more than they do."""
    began = time.monotonic()
    found = list(pool.map(_drill, range(DRILLS)))
    bad = [wrong for each in found for wrong in each.violations]
    _tell(bad)
    note = f"{sum(each.adopted for each in found)} orders adopted that no book knew"
    return _proof("drills", sum(each.drills for each in found), len(bad), began, note)


def _drill(seed: int) -> Drilled:
    quietly()
    return drill(1, seed)


def storage(pool: ProcessPoolExecutor) -> Proof:
    """What was acknowledged is stored, whenever the server ends and wherever the log does, and no transaction is half there."""
    began = time.monotonic()
    found = store(pool, STOPS)
    _tell(found.violations)
    note = f"{found.crashed.cycles} stops of PostgreSQL, {found.torn.points} sectors of {found.torn.commits} commits"
    is_short = found.torn.points < SECTORS
    return _proof("storage", found.crashed.cycles, len(found.violations) + is_short, began, note)


def zoo(_: ProcessPoolExecutor) -> Proof:
    """Bugs of our own making, each seen by the promise that it breaks, within its seeds."""
    began = time.monotonic()
    hunted = hunt()
    _tell([f"Z{each.number} escaped: {each.said}" for each in hunted.escaped])
    note = f"caught after a median of {hunted.median:.0f} seeds"
    return _proof("zoo", len(hunted.found), len(hunted.escaped), began, note)


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


def _chosen(steps: Sequence[Step]) -> Sequence[Step]:
    """Those that are named (`ARGS="deaths scenarios --whole"`), or all of them."""
    named = {word for word in sys.argv[1:] if not word.startswith("--")}
    unknown = named - {step.__name__ for step in steps}
    if unknown:
        sys.exit(f"There is no proof named {', '.join(sorted(unknown))}.")
    return [step for step in steps if not named or step.__name__ in named]


def main() -> int:
    """Runs every proof that is wanted; 0 only when none was contradicted and each reached its floor."""
    proofs: list[Proof] = []
    steps: tuple[Step, ...] = (
        seeds,
        determinism,
        deaths,
        scenarios,
        kills,
        soaking,
        drills,
        zoo,
        fresh_kills,
        zombies,
        storage,
    )
    with ProcessPoolExecutor(WORKERS) as pool:
        for step in _chosen(steps):
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
