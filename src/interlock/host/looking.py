"""What the verification and the closeout look at, one look per check; each is made once, and what it shows is judged elsewhere."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Final

from interlock.evidence.seen import Answer, Bind, Ended, Fact, Timer
from interlock.evidence.verification import MARGIN, SPOT, Seen
from interlock.host import units
from interlock.host.calling import HEALTH, PROBE, call
from interlock.host.clock import WallClock
from interlock.host.commands import run
from interlock.host.site import Site, ended
from interlock.host.sockets import listeners
from interlock.values import Known, Unknown

PROBE_PATH: Final = "/api/risk/probe"
HEALTH_PATH: Final = "/api/health/system"
GUARD_WAIT: Final = timedelta(minutes=2)
AUDIT_WAIT: Final = timedelta(minutes=20)
ANSWER_WAIT_S: Final = 120.0
SETTLE_WAIT_S: Final = 60.0
PAUSE_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Look:
    """The eyes of one run: the installation, its checkout, and the port of its backend."""

    site: Site
    root: Path
    api_port: int

    def start(self) -> Fact[Ended]:
        """Starts the platform and waits until it answers; one that did not answer before is given time to read the account."""
        was_up = self._answers(self.health())
        started = self.site.start()
        if isinstance(started, Unknown) or started.value.code != 0:
            return started
        if not (was_up and self._answers(self.health())):
            self._wait_until_settled()
        return started

    def spot(self) -> Known[Answer]:
        """The small spot entry, as the probe answers it."""
        return call(self.api_port, PROBE_PATH, PROBE, SPOT)

    def margin(self) -> Known[Answer]:
        """The entry over the leverage cap, as the probe answers it."""
        return call(self.api_port, PROBE_PATH, PROBE, MARGIN)

    def health(self) -> Known[Answer]:
        """What the platform says of itself."""
        return call(self.api_port, HEALTH_PATH, HEALTH)

    def guard(self) -> Fact[Ended]:
        """The health guard, run as a program."""
        return self._script("health_guard.sh", GUARD_WAIT)

    def audit(self) -> Fact[Ended]:
        """The nightly audit, run as a program that says on stderr what failed."""
        return self._script("nightly_integrity_audit.sh", AUDIT_WAIT)

    def binds(self) -> Fact[tuple[Bind, ...]]:
        """Who listens on this host."""
        found = listeners()
        if isinstance(found, Unknown):
            return found
        seen = tuple(Bind(each.address, each.port, each.is_loopback) for each in found)
        return Known(seen, WallClock().now())

    def units(self, seen: Seen) -> Seen:
        """Section G is taken with privilege; without it nothing of it is captured."""
        status = units.status()
        if isinstance(status, Unknown):
            return replace(seen, timer=Timer(status, status, status), service=status)
        return replace(seen, timer=units.timer(), service=units.last_run())

    def _script(self, name: str, wait: timedelta) -> Fact[Ended]:
        path = str(self.root / "scripts" / "aws" / name)
        profile = self.site.profile
        more = (
            () if profile == "aws" else ("--profile", profile)
        )  # the scripts are the runbook's, so aws is theirs
        return ended(run(("env", "DEBUG=1", path, *more), wait=wait, folder=self.root))

    def _wait_until_settled(self) -> None:
        if self._wait(ANSWER_WAIT_S, self._answers):
            self._wait(SETTLE_WAIT_S, self._is_settled)

    def _wait(self, seconds: float, holds: Callable[[Known[Answer]], bool]) -> bool:
        """Whether it came to hold within this time."""
        end = time.monotonic() + seconds
        while not (found := holds(self.health())) and time.monotonic() < end:
            time.sleep(PAUSE_S)
        return found

    @staticmethod
    def _answers(health: Known[Answer]) -> bool:
        return health.value.status == HTTPStatus.OK

    @staticmethod
    def _is_settled(health: Known[Answer]) -> bool:
        """All is well, and the account was read or refused."""
        says = health.value.says
        told = (says("details", "equity_age_s"), says("details", "exchange", "code"))
        return says("global_status") == "PASS" and any(each is not None for each in told)


# What each check of the verification adds to what was seen so far, in the order in which they are made.
LOOKS: Final[Mapping[str, Callable[[Look, Seen], Seen]]] = {
    "B": lambda look, seen: replace(seen, account=look.site.account()),
    "C.1": lambda look, seen: replace(seen, spot=look.spot()),
    "C.2": lambda look, seen: replace(seen, margin=look.margin()),
    "D.1": lambda look, seen: replace(seen, health=look.health()),
    "D.2": lambda look, seen: replace(seen, guard=look.guard()),
    "D.3": lambda look, seen: replace(seen, audit=look.audit()),
    "E": lambda look, seen: look.units(seen),
    "F": lambda look, seen: replace(seen, binds=look.binds()),
}
