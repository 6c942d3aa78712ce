"""`python -m tests.rehearsal.killing [N] [SEED]`: real kills, as a program with a single thread.

The last line is JSON; exit 0 only without a violation.
"""

import json
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from interlock.rehearsal.kills import kill
from tests.rehearsal.sweep import quietly

ROOT = Path(__file__).parents[2]


def killed(count: int, seed: int = 0) -> dict[str, Any]:
    """So many kills, in a program of their own: whoever asks may have threads."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.rehearsal.killing", str(count), str(seed)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    lines = ran.stdout.strip().splitlines() or ['{"kills": 0, "violations": ["it said nothing"]}']
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def main(count: str = "100", seed: str = "0") -> int:
    """Kills, and says what came of it."""
    quietly()
    with tempfile.TemporaryDirectory() as folder:
        done = kill(int(count), int(seed), Path(folder), lambda _: None)
    print(json.dumps(asdict(done)))
    return 1 if done.violations else 0


def _ended(*_: object) -> None:
    """Whoever is told to end leaves no child behind."""
    sys.exit(143)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _ended)
    sys.exit(main(*sys.argv[1:]))
