"""The simulated exchange as a process of its own, which is never killed: it owns the truth. It is asked on its control port."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from interlock.errors import Unreachable

PROGRAM: Final = str(Path(sys.executable).with_name("interlock"))
PATIENCE_S: Final = 30.0
OK: Final = 200
LIVE: Final = frozenset({"ACTIVE", "PENDING", "NEW"})
PROCESS: Final = "platform"

Truth = dict[str, Any]


class Venue:
    """One `interlock simulate`. Each question is a connection of its own: whoever asks holds no socket while it forks."""

    def __init__(self, *words: str) -> None:
        self._process: Final = subprocess.Popen(  # noqa: S603 - our own program, by the interpreter that runs us
            (sys.executable, PROGRAM, "simulate", "--port", "0", *words),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.defpath},
            start_new_session=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Unreachable("The simulated exchange ended before it was ready.")
        self.at: Final[Mapping[str, str]] = json.loads(line)
        self._control: Final = urlsplit(self.at["control"])

    def books(self) -> Truth:
        """Everything that happened there."""
        return self._ask("GET", "books", None)

    def held(self) -> int:
        """How many answers it withholds."""
        return int(self._ask("GET", "state", None)["held"])

    def hold(self, fault: str, method: str) -> None:
        """The next request of this kind gets no answer."""
        self._ask("POST", "arm", {"fault": fault, "method": method, "count": 1})

    def let_go(self) -> None:
        """Nothing is held back any more."""
        self._ask("POST", "disarm", {})

    def pass_time(self, seconds: int) -> None:
        """Time goes on while the platform is dead: its place at the clock is taken by one who waits."""
        now = int(self._ask("POST", "register", {"process": PROCESS})["now_us"])
        end = now + seconds * 1_000_000
        while now < end:
            asked = {"process": PROCESS, "until_us": end}
            now = int(self._ask("POST", "idle", asked)["now_us"])

    def close(self) -> None:
        """Its end."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _ask(self, verb: str, what: str, body: Mapping[str, object] | None) -> Truth:
        line = HTTPConnection(self._control.hostname or "", self._control.port, timeout=PATIENCE_S)
        path = f"{self._control.path.rstrip('/')}/control/{what}"
        try:
            line.request(verb, path, None if body is None else json.dumps(body))
            reply = line.getresponse()
            said = reply.read()
        except (OSError, HTTPException) as error:
            raise Unreachable("The simulated exchange does not answer.") from error
        finally:
            line.close()
        if reply.status != OK:
            raise Unreachable(
                f"The simulated exchange said {reply.status} to {what}: {said[:200]!r}"
            )
        found: Truth = json.loads(said)
        return found
