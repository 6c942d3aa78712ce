"""`interlock drill`: the restore drill in a world of its own; books are lost and restored, and the simulated exchange says what was lost.

It touches no book of this installation.
"""

import logging
import secrets
import time
from typing import Annotated

import structlog
import typer

from interlock.cli.saying import AsJson, say, say_json
from interlock.rehearsal.restoring import drill as made

SEEDS = 1_000_000


def drill(
    points: Annotated[int, typer.Argument(min=1, help="How many restores.")] = 10,
    *,
    seed: Annotated[int | None, typer.Option(min=0, help="The first seed; else a new one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Lose books at random commits, restore them and live on; exit 0 when the exchange's books contradict nothing."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    first, began = secrets.randbelow(SEEDS) if seed is None else seed, time.monotonic()
    done = made(points, first)
    seconds = time.monotonic() - began
    if as_json:
        say_json(
            {
                "drills": done.drills,
                "adopted": done.adopted,
                "violations": len(done.violations),
                "wrong": list(done.violations),
                "seed": first,
                "elapsed_s": round(seconds, 1),
            }
        )
    else:
        for wrong in done.violations:
            say(wrong)
        say(
            f"{done.drills} restores from seed {first}, {done.adopted} orders adopted, "
            f"{len(done.violations)} violations, {seconds:.0f} s."
        )
    raise typer.Exit(1 if done.violations else 0)
