"""`python -m tests.rehearsal.killing [N] [SEED]`: real kills, as a program with a single thread.

The last line is JSON; exit 0 only without a violation.
"""

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from interlock.rehearsal.kills import kill
from tests.rehearsal.sweep import quietly


def main(count: str = "100", seed: str = "0") -> int:
    """Kills, and says what came of it."""
    quietly()
    with tempfile.TemporaryDirectory() as folder:
        done = kill(int(count), int(seed), Path(folder), lambda _: None)
    print(json.dumps(asdict(done)))
    return 1 if done.violations else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
