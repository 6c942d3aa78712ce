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
        "the epoch is no condition of an attempt",
        (
            Patch(
                PATH,
                "    if account.epoch != epoch:\n",
                "    if account.epoch != epoch and now_is_late(account):\n",
            ),
            Patch(
                PATH,
                "def held(rows: Rows, epoch: int) -> AccountRow:\n",
                'def now_is_late(account: AccountRow) -> bool:\n    """Never."""\n    return account.epoch < 0\n\n\ndef held(rows: Rows, epoch: int) -> AccountRow:\n',
            ),
            Patch(
                PATH,
                "    is_ours = account.epoch == attempt.epoch\n",
                "    is_ours = account.epoch >= attempt.epoch\n",
            ),
        ),
        ("I9",),
        ground=Ground(acts=(Act(5.0, "rival"),)),
    ),
    Bug(
        37,
        "a wait for the exchange's limits is as long as a clock that was set back says",
        (
            Patch(
                "interlock.exchange.budget",
                "            wait = min(free_at - self._now(), lane.limit.window)\n",
                "            wait = free_at - self._now()\n",
            ),
        ),
        ("I17",),
        ground=Ground(acts=(Act(60.0, "clock", 70.0),)),
    ),
    Bug(
        54,
        "a pass that raises ends its siblings",
        (
            Patch(
                DAY,
                "        while True:\n            due = await self._try(one)\n",
                "        while not self.failures.last:\n            due = await self._try(one)\n",
            ),
        ),
        ("I17",),
    ),
    Bug(
        79,
        "a lost lease ends one pass, and the process goes on",
        (
            Patch(
                DAY,
                "MUST_END: Final = (BrokenInvariant, LeaseLost)\n",
                "MUST_END: Final = (BrokenInvariant,)\n",
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
