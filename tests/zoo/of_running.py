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
        ground=Ground(script="left", acts=(Act(12.0, "rival"),), swarm=False),
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
        23,
        "a folder whose engine looks old is taken over, though its process lives",
        (
            Patch(
                "interlock.store.lease",
                "        except BlockingIOError:\n            return _holder(descriptor), None\n",
                "        except BlockingIOError:\n            os.utime(descriptor)\n",
            ),
        ),
        ("I9",),
        hunted_by="tests/promises/test_sqlite_books.py::test_one_engine_holds_a_folder_and_the_next_is_told_who",
    ),
    Bug(
        40,
        "what the disk could not do counts as done",
        (
            Patch(
                SQLITE,
                '        raise StoreTrouble(f"{path}: {error.orig}.") from error\n',
                "        del error\n",
            ),
        ),
        ("I2",),
        hunted_by="tests/promises/test_sqlite_books.py::test_a_file_that_cannot_be_read_is_trouble_with_a_remedy",
    ),
    Bug(
        41,
        "a commit of the books is acknowledged before it is on the disk",
        (
            Patch(
                SQLITE,
                '        f"synchronous={chain.synchronous}",\n',
                '        "synchronous=NORMAL",\n',
            ),
        ),
        ("I13",),
        hunted_by="tests/promises/test_sqlite_books.py::test_books_keep_every_commit_and_market_data_may_lose_some",
    ),
    Bug(
        42,
        "the owner is told what was never written down",
        (
            Patch(
                "interlock.desk.herald",
                '        return f"{message.text}\\n{self.mark} {message.at.iso()[:19]} UTC"\n',
                "        live = len(self.books.live_intents())\n"
                '        return f"{message.text} {live} live.\\n{self.mark} {message.at.iso()[:19]} UTC"\n',
            ),
        ),
        ("I13",),
        alone=True,
    ),
    Bug(
        47,
        "the address with the bot's token is in the error, and so in the log",
        (
            Patch(
                "interlock.notify.telegram",
                "            return type(error).__name__\n",
                '            return f"{error} {self._base}/bot{self._token.reveal()}{url}"\n',
            ),
        ),
        ("I14",),
        hunted_by="tests/rooms/notify/test_telegram.py::test_without_a_message_id_nothing_was_heard_and_nothing_shows_the_token",
    ),
    Bug(
        48,
        "a request that cannot be read is quoted in the answer",
        (
            Patch(
                "interlock.api.app",
                "{found.get('type', 'invalid')}",
                "{found.get('input', 'invalid')}",
            ),
        ),
        ("I14",),
        hunted_by="tests/doors/test_the_gate_of_the_api.py::test_a_failure_is_small_has_an_id_and_echoes_nothing",
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
        ground=Ground(script="left", acts=(Act(12.0, "rival"),), swarm=False),
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
        alone=True,
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
        ground=Ground(script="by_stop, heard"),
        alone=True,
    ),
    Bug(
        82,
        "the incident of a refused key names the secret instead of its fingerprint",
        (
            Patch(
                "interlock.exchange.client",
                "            fingerprint=self._credentials.api_key.fingerprint(),\n",
                "            fingerprint=self._credentials.api_secret.reveal(),\n",
            ),
        ),
        ("I14",),
        ground=Ground(steps=({"on": "accept", "key": {"revoked": True}},)),
        alone=True,
    ),
    Bug(
        83,
        "a stop of unknown outcome is asked for again without end",
        (
            Patch(
                "interlock.desk.trader",
                "CREATES_MAX: Final = 4\n",
                "CREATES_MAX: Final = 10**6\n",
            ),
        ),
        ("I18",),
        ground=Ground(
            script="long",
            steps=(
                {
                    "arm": {
                        "fault": "lose_request",
                        "method": "private/advanced/create-oco",
                        "seconds": 3000,
                    }
                },
            ),
            swarm=False,
        ),
        alone=True,
    ),
    Bug(
        84,
        "a seal covers the key of a row and not what stands in it",
        (
            Patch(
                "interlock.store.sealing",
                "            [cells[n] for n in lasts],\n",
                "            [cells[n] for n in lasts[:1]],\n",
            ),
        ),
        ("I20",),
        hunted_by="tests/promises/test_the_sealed_journal.py::test_each_lasting_cell_that_is_changed_is_named",
        alone=True,
    ),
)
"""How it runs."""
