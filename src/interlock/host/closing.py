"""What a closeout looks at, in its order. Where nothing is deployed it looks and changes nothing: no pull, no start, no audit."""

import shutil
import sys
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from interlock.evidence.closeout import Closeout, DryRun, Run, Systemd
from interlock.evidence.seen import Ended, Fact
from interlock.host import units
from interlock.host.checkout import Repository
from interlock.host.clock import WallClock
from interlock.host.commands import run
from interlock.host.looking import Look
from interlock.host.outside import Outside
from interlock.host.site import ended
from interlock.values import Unknown

ELSEWHERE: Final = Unknown("not run: this is not the deployment host")
VERIFY_WAIT: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Closing:
    """One closeout's eyes: those of the verification, and the world outside."""

    look: Look
    outside: Outside

    def made(self, this: Run, dry_run: DryRun | None) -> Closeout:
        """Every step of it, each even after a failure, and the hard verification last: it sees the service run of this very closeout."""
        is_here, look = this.is_deployment_host, self.look
        repository = Repository(look.root)
        checkout = repository.pulled() if is_here else repository.as_it_stands(ELSEWHERE.why)
        started = look.start() if is_here else ELSEWHERE
        sources, address = self.outside.address()
        told, called, offset = self.outside.exchange()
        return Closeout(
            run=this,
            sources=sources,
            egress=address,
            checkout=checkout,
            started=started,
            backend=look.site.backend(),
            stands_on=look.site.stands_on(),
            connectivity=told,
            public_call=called,
            clock_offset=offset,
            account=look.site.account(),
            spot=look.spot(),
            margin=look.margin(),
            health=look.health(),
            guard=look.guard(),
            audit=look.audit() if is_here else ELSEWHERE,
            systemd=_systemd(is_here=is_here),
            published=look.site.published(),
            binds=look.binds(),
            verification=self._verified() if is_here else ELSEWHERE,
            dry_run=dry_run,
        )

    def _verified(self) -> Fact[Ended]:
        """The hard verification as the operator runs it, a program of its own."""
        root, profile = self.look.root, self.look.site.profile
        if profile == "aws":
            script = str(root / "scripts" / "aws" / "ec2_quick_verify.sh")
            return ended(run((script,), wait=VERIFY_WAIT, folder=root))
        words = (_program(), "verify", "--profile", profile, "--root", str(root))
        return ended(run(words, wait=VERIFY_WAIT, folder=root))


def at_its_end(seen: Closeout) -> Closeout:
    """The closeout with the time at which it ended."""
    return replace(seen, run=replace(seen.run, ended_at=WallClock().now()))


def _systemd(*, is_here: bool) -> Systemd:
    ran = units.start_service() if is_here else ELSEWHERE
    return Systemd(units.timer(), ran, units.status(), units.listed())


def _program() -> str:
    """The command of this very installation."""
    beside = Path(sys.executable).with_name("interlock")
    return str(beside) if beside.exists() else shutil.which("interlock") or "interlock"
