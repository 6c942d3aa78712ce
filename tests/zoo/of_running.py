"""Bugs of running: the lease, the supervisor, clocks, the stream, the disk, the rate of requests, and what gets out."""

from typing import Final

from interlock.rehearsal.schedule import Act
from tests.zoo.bug import Bug, Ground, Patch

PATH: Final = "interlock.store.order_path"
DAY: Final = "interlock.desk.day"
SQLITE: Final = "interlock.store.sqlite"

RUNNING: Final = (
    Bug(
        22,
        "nobody asks whose turn it is: who has lost the lease judges and writes on",
        (
            Patch(
                PATH,
                """    if account.epoch != epoch:
        raise LeaseLost(f"The epoch is {account.epoch}, not {epoch}.")
    return account
""",
                "    return replace(account, epoch=epoch)\n",
            ),
            Patch(
                PATH,
                "    is_ours = account.epoch == attempt.epoch\n",
                "    is_ours = account.epoch > 0\n",
            ),
            Patch(
                "interlock.risk.permission_rules",
                "    if ours is not None and ours == current:\n",
                "    if ours is not None:\n",
            ),
        ),
        ("I9",),
        ground=Ground(acts=(Act(5.0, "rival"),)),
        alone=True,
    ),
    Bug(
        37,
        "a clock that was set back goes unnoticed, and waits are as long as it says",
        (
            Patch(
                DAY,
                "        if now < self.at - STEP_BACK:\n",
                "        if now.micros < 0:\n",
            ),
        ),
        ("I17",),
        ground=Ground(acts=(Act(15.0, "clock", 3600.0),)),
    ),
    Bug(
        54,
        "a pass that raises ends its siblings",
        (
            Patch(
                DAY,
                "        while True:\n            self.latest.see(self.clock.now())\n",
                "        while not self.failures.last:\n            self.latest.see(self.clock.now())\n",
            ),
        ),
        ("I17",),
        ground=Ground(
            steps=(
                {"on": "accept", "arm": {"fault": "http_502_before", "method": "*", "count": 1}},
            )
        ),
    ),
    Bug(
        79,
        "a lost lease ends one pass, and the process goes on",
        (
            Patch(
                DAY,
                "MUST_END: Final = (BrokenInvariant, ClockWentBack, LeaseLost)\n",
                "MUST_END: Final = (BrokenInvariant, ClockWentBack)\n",
            ),
        ),
        ("I17",),
        ground=Ground(acts=(Act(5.0, "rival"),)),
    ),
    Bug(
        80,
        "nobody counts how often the exchange is asked",
        (
            Patch(
                "interlock.exchange.budget",
                '    return METHODS.get(method, PUBLIC if method.startswith("public/") else PRIVATE)\n',
                "    return None if method else PRIVATE\n",
            ),
        ),
        ("I19",),
    ),
    Bug(
        81,
        "the pause of a listener is drawn from the machine's own clock",
        (
            Patch(
                "interlock.desk.listener",
                "        part = (now.micros % JITTER_US) / JITTER_US\n",
                "        part = (perf_counter_ns() % JITTER_US) / JITTER_US\n",
            ),
            Patch(
                "interlock.desk.listener",
                "from datetime import timedelta\n",
                "from datetime import timedelta\nfrom time import perf_counter_ns\n",
            ),
        ),
        ("I16",),
        ground=Ground(script="heard to fire"),
        alone=True,
    ),
)
"""How it runs."""
