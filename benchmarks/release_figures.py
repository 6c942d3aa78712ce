"""`make release-figures`: the large runs, each written to docs/figures with command, commit and machine. The README quotes these."""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "docs" / "figures"
PROGRAM = str(Path(sys.executable).with_name("interlock"))

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
    return subprocess.run(words, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)


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
    "bench": (bench, "make bench"),
    "exchange": (exchange, "make release-figures ARGS=exchange"),
    "mutants": (mutants, "make mutants"),
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
