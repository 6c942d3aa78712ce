"""`make release-figures`: the large runs, each written to docs/figures with command, commit and machine. The README quotes these."""

import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from interlock.rehearsal.marks import below_floor
from interlock.rehearsal.rehearse import Rehearsed, rehearse
from interlock.rehearsal.restoring import drill
from interlock.rehearsal.soak import soak
from tests.host.postgresql import Server
from tests.host.zombies import template_of, zombies_on_postgresql
from tests.rehearsal.killing import killed
from tests.rehearsal.rivalry import met
from tests.rehearsal.sender import TTL
from tests.rehearsal.sweep import quietly

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "docs" / "figures"
YEAR = 365
SEEDS = 2000
OFTEN = 10_000
DRILLS = 100
PROGRAM = str(Path(sys.executable).with_name("interlock"))

SIDE_BY_SIDE = 2
PROGRAMS = 8

_console = Console(stderr=True)


def machine() -> dict[str, object]:
    """What it was measured on."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gib": round(memory),
        "python": platform.python_version(),
    }


def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """One command from the root of the repository."""
    environ = {**os.environ, **more}  # noqa: TID251 - handed on to a child, not read
    return subprocess.run(
        words, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True, check=False
    )


def demo() -> dict[str, Any]:
    """The month of the README."""
    with tempfile.TemporaryDirectory() as folder:
        done = run(
            PROGRAM,
            *("demo", "--once", "--days", "30", "--json"),
            INTERLOCK__DATA=folder,
            INTERLOCK__API__PORT="18502",
            INTERLOCK__DASHBOARD__PORT="18500",
        )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    found.pop("folder")
    return found


def prove() -> dict[str, Any]:
    """Deaths at every seam, seeds, and real kills."""
    done = run(sys.executable, "tests/rehearsal/prove.py", "--json", PYTHONPATH=str(ROOT))
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def deaths() -> dict[str, Any]:
    """A death at every seam call and every commit of every scenario."""
    words = ("tests/rehearsal/prove.py", "deaths", "scenarios", "--whole", "--json")
    done = run(sys.executable, *words, PYTHONPATH=str(ROOT))
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def bench() -> dict[str, Any]:
    """What things cost."""
    done = run(sys.executable, "benchmarks/run.py", PYTHONPATH=str(ROOT))
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def exchange() -> dict[str, Any]:
    """What the simulated exchange bears."""
    done = run(sys.executable, "benchmarks/exchange.py", PYTHONPATH=str(ROOT))
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def mutants() -> dict[str, Any]:
    """Six rooms spoilt in turn, and whether a test noticed: half an hour of one core."""
    done = run(sys.executable, "tests/mutants/run.py", PYTHONPATH=str(ROOT))
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def zoo() -> dict[str, Any]:
    """Bugs of our own making, and who saw each."""
    done = run(sys.executable, "tests/zoo/run.py", "--shrink", PYTHONPATH=str(ROOT))
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def seeds() -> dict[str, Any]:
    """As many hostile lives as fit (`MINUTES=N`), from seed 0 on; what each fault came to, and which of them were rare."""
    span = 60 * int(os.environ.get("MINUTES", "120"))  # noqa: TID251 - likewise
    whole, digests, cores = Rehearsed(), hashlib.sha256(), os.cpu_count() or 1
    began = time.monotonic()
    while time.monotonic() - began < span:
        part = rehearse(whole.seeds, SEEDS, cores)
        whole.seeds += part.seeds
        whole.lives += part.lives
        whole.seams += part.seams
        whole.virtual_s += part.virtual_s
        whole.wrong += part.wrong
        whole.marks.update(part.marks)
        digests.update(part.digest.encode())
        _console.print(f"{whole.seeds} seeds, {len(whole.wrong)} broke a promise")
    seconds = time.monotonic() - began
    return {
        "seeds": whole.seeds,
        "violations": len(whole.wrong),
        "failing": [{"seed": w.seed, "violations": list(w.violations)} for w in whole.wrong],
        "lives": whole.lives,
        "seams": whole.seams,
        "virtual_days": round(whole.virtual_s / 86400),
        "seconds": round(seconds),
        "processes": cores,
        "seeds_per_second_and_process": round(whole.seeds / seconds / cores, 1),
        "digest_of_digests": digests.hexdigest(),
        "faults_below_10000": below_floor(whole.marks, OFTEN),
        "marks": dict(sorted(whole.marks.items())),
    }


def soaking() -> dict[str, Any]:
    """A year of virtual days: what was lived through, and how much memory and disk a day adds."""
    quietly()
    soaked = soak(YEAR)
    slope = round(soaked.slope_mb_per_day, 3)
    weekly = soaked.rss_mb[::7]
    return {**asdict(soaked), "rss_mb": weekly, "slope_mb_per_day": slope, "holds": soaked.holds}


def drills() -> dict[str, Any]:
    """Books lost and restored at random commits."""
    quietly()
    began = time.monotonic()
    done = drill(DRILLS, 0)
    return {
        "drills": done.drills,
        "adopted": done.adopted,
        "violations": len(done.violations),
        "seconds": round(time.monotonic() - began),
    }


def kills() -> dict[str, Any]:
    """Real kills of the engine, as many as are asked for (`KILLS=N`), in two programs side by side."""
    count = int(os.environ.get("KILLS", "10000"))  # noqa: TID251 - a word of whoever measures, no setting
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        half = count // SIDE_BY_SIDE
        found = list(pool.map(lambda seed: killed(half, seed), range(1, SIDE_BY_SIDE + 1)))
    return {"seeds": list(range(1, SIDE_BY_SIDE + 1)), **added(found)}


def races() -> dict[str, Any]:
    """Races on a data folder; zombies on it and on PostgreSQL, each opened by a race (`RACES=N`, `ZOMBIES=N`)."""
    starts = int(os.environ.get("RACES", "500"))  # noqa: TID251 - likewise
    zombies = int(os.environ.get("ZOMBIES", "200"))  # noqa: TID251 - likewise
    began = time.monotonic()
    server = Server()
    server.create()
    try:
        runs = max(1, zombies // 2 // PROGRAMS)
        on_rows = zombies_on_postgresql(server, template_of(server), PROGRAMS, runs)
    finally:
        server.remove()
    on_file = met("zombies", zombies - runs * PROGRAMS)
    only = met("races", max(0, starts - zombies))
    found = [only, on_file, *on_rows]
    return {
        "races": sum(one["races"] for one in found),
        "zombies": sum(one["zombies"] for one in found),
        "leaders_that_ended_first": sum(one["starved"] for one in found),
        "orders": sum(one["accepts"] for one in found),
        "orders_of_a_zombie_written_before": sum(one["late"] for one in found),
        "violations": [text for one in found for text in one["violations"]],
        "takeover_on_sqlite_s": spread(on_file["takeovers"]),
        "takeover_on_postgresql_s": spread([t for one in on_rows for t in one["takeovers"]]),
        "lease_on_postgresql_s": TTL.total_seconds(),
        "seconds": round(time.monotonic() - began),
    }


def added(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Several runs as one: what was counted is added up, of times the longest counts."""
    whole: dict[str, Any] = {}
    for name, first in found[0].items():
        values = [one[name] for one in found]
        if name.endswith("_s") or name == "seconds":
            whole[name] = max(values)
        elif isinstance(first, dict):
            whole[name] = dict(sum((Counter(value) for value in values), Counter()))
        elif isinstance(first, list):
            whole[name] = [text for value in values for text in value]
        else:
            whole[name] = sum(values)
    return whole


def spread(spans: list[float]) -> dict[str, float]:
    """The middle and the longest."""
    known = sorted(spans)
    return {"p50": round(known[len(known) // 2], 2), "max": round(known[-1], 2)} if known else {}


def storage() -> dict[str, Any]:
    """Disks and databases that fail under the books."""
    done = run(sys.executable, "-m", "tests.rehearsal.storage", "1000", PYTHONPATH=str(ROOT))
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def install() -> dict[str, Any]:
    """The size of a core installation, and how long it takes."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        python = str(Path(folder) / "bin" / "python")
        run(sys.executable, "-m", "venv", folder)
        run(python, "-m", "pip", "install", "-q", "--require-hashes", "-r", "locks/core.txt")
        run(python, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", str(ROOT))
        seconds = time.monotonic() - began
        size = run("du", "-sm", folder).stdout.split()[0]
    return {"core_mb": int(size), "install_s": round(seconds, 1)}


COMMANDS = {
    "demo": (demo, 'make demo ARGS="--once --days 30 --json"'),
    "prove": (prove, "make prove"),
    "deaths": (deaths, 'make prove ARGS="deaths scenarios --whole"'),
    "bench": (bench, "make bench"),
    "exchange": (exchange, "make release-figures ARGS=exchange"),
    "mutants": (mutants, "make mutants"),
    "seeds": (seeds, "make release-figures ARGS=seeds"),
    "zoo": (zoo, "make release-figures ARGS=zoo"),
    "soak": (soaking, "make release-figures ARGS=soak"),
    "drills": (drills, "make release-figures ARGS=drills"),
    "kills": (kills, "make release-figures ARGS=kills"),
    "races": (races, "make release-figures ARGS=races"),
    "storage": (storage, "make release-figures ARGS=storage"),
    "install": (install, "make release-figures"),
}


def main() -> int:
    """Writes every figure, or those that are named."""
    FIGURES.mkdir(parents=True, exist_ok=True)
    commit = run("git", "rev-parse", "--short", "HEAD").stdout.strip()
    for name in sys.argv[1:] or COMMANDS:
        measure, command = COMMANDS[name]
        _console.print(f"measuring {name} …")
        record = {"command": command, "commit": commit, "machine": machine(), "figures": measure()}
        text = json.dumps(record, indent=2) + "\n"
        (FIGURES / f"{name}.json").write_text(text, encoding="utf-8")
        print(f"{name}: {json.dumps(record['figures'])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
