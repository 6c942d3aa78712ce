"""The closeout, steps 1 to 7: what it saw, the row of each code, and the proof that they make or fail to make.

Every step has its rows even after a failure. A step that could not be looked at for want of privilege is not captured, which is no
pass. The hard verification of the same run is the last row: seven green steps do not outvote it.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from interlock.evidence.declaration import BLOCKED, COMPLETION, UNHANDLED
from interlock.evidence.proof import CheckRow, Complete, Incomplete, proof
from interlock.evidence.seen import (
    Answer,
    Backend,
    Bind,
    Checkout,
    Ended,
    Fact,
    Invocation,
    Timer,
)
from interlock.evidence.verification import (
    BACKEND_PORT,
    FRONTEND_PORT,
    HOME,
    OK,
    PASS,
    account_is_read,
    audit_passed,
    check,
    guard_passed,
    margin_blocked_by_leverage,
    ports_are_local,
    said,
    service_passed,
    spot_allowed,
)
from interlock.values import Instant, Known, Unknown

TITLES: Final = {
    1: "Confirm host and egress IP",
    2: "Crypto.com public API (connectivity)",
    3: "Signed API call from backend container (ACCOUNT_OK)",
    4: "Risk probe",
    5: "Nightly audit",
    6: "Systemd proof",
    7: "Ports proof",
}
PRIVILEGED_STEP: Final = "STEP 6"
DEPLOYED: Final = {"aws": "aws", "host": "host"}


@dataclass(frozen=True, slots=True)
class Run:
    """Which run this is: its id, its profile, the build that ran it, the host it ran on, and when."""

    id: str
    profile: str
    build: str
    hostname: str
    environment: str
    began_at: Instant
    ended_at: Instant

    @property
    def is_deployment_host(self) -> bool:
        """Whether the host's own settings call it the deployment host of this profile."""
        return self.environment == DEPLOYED[self.profile]


@dataclass(frozen=True, slots=True)
class Published:
    """Where a service's port is published, as the engine prints it."""

    service: str
    port: int
    where: Fact[str]

    @property
    def is_home(self) -> bool:
        """Whether that is 127.0.0.1 and the port itself, to the letter."""
        return isinstance(self.where, Known) and self.where.value == f"{HOME}:{self.port}"


@dataclass(frozen=True, slots=True)
class Systemd:
    """The timer, the run of its service that this closeout started, and what the operator's commands print."""

    timer: Timer
    ran: Fact[Invocation]
    status: Fact[Ended]
    listed: Fact[Ended]


@dataclass(frozen=True, slots=True)
class DryRun:
    """The last verification that ran where nothing is deployed: when, where, on which HEAD, and its line."""

    at: str
    hostname: str
    head: str
    line: str
    code: int


@dataclass(frozen=True, slots=True)
class Closeout:
    """What a closeout saw, in the order in which it looked."""

    run: Run
    sources: tuple[tuple[str, Fact[str]], ...]
    egress: Fact[str]
    checkout: Checkout
    started: Fact[Ended]
    backend: Fact[Backend]
    stands_on: Fact[str]
    connectivity: Fact[str]
    public_call: Fact[str]
    clock_offset: Fact[timedelta]
    account: Fact[Ended]
    spot: Fact[Answer]
    margin: Fact[Answer]
    health: Fact[Answer]
    guard: Fact[Ended]
    audit: Fact[Ended]
    systemd: Systemd
    published: tuple[Published, ...]
    binds: Fact[tuple[Bind, ...]]
    verification: Fact[Ended]
    dry_run: DryRun | None


def close(seen: Closeout) -> Complete | Incomplete:
    """Complete when every step and the hard verification hold; else the first step and its code that does not."""
    found = rows(seen)
    return proof(found, tuple(row.step for row in found))


def rows(seen: Closeout) -> tuple[CheckRow, ...]:
    """Every code of every step in order, and the hard verification."""
    return (*steps(seen), _verification(seen.verification))


def steps(seen: Closeout) -> tuple[CheckRow, ...]:
    """Every code of steps 1 to 7, in order."""
    run, systemd = seen.run, seen.systemd
    asked = Known(f"{run.hostname}, environment {run.environment or 'not set'}", run.began_at)
    tree, health = seen.checkout.is_dirty, seen.health
    return (
        check("STEP 1: NOT_DEPLOYMENT_HOST", asked, run.is_deployment_host),
        check("STEP 1: EGRESS_IP_UNKNOWN", seen.egress, passed=True),
        check("STEP 1: GIT_HEAD_UNKNOWN", seen.checkout.after, passed=True),
        check("STEP 1: GIT_TREE_DIRTY", _tree(tree), isinstance(tree, Known) and not tree.value),
        _public(seen),
        check("STEP 3: ACCOUNT_NOT_OK", seen.account, account_is_read(seen.account)),
        check("STEP 4: RISK_PROBE_SPOT", seen.spot, spot_allowed(seen.spot)),
        check("STEP 4: RISK_PROBE_MARGIN", seen.margin, margin_blocked_by_leverage(seen.margin)),
        check("STEP 5: SYSTEM_HEALTH", health, health_is_good(health)),
        check("STEP 5: HEALTH_GUARD", seen.guard, guard_passed(seen.guard)),
        check("STEP 5: NIGHTLY_AUDIT", seen.audit, audit_passed(seen.audit)),
        _timer(systemd.timer),
        check(
            "STEP 6: SERVICE_RUN_NOT_RECORDED",
            systemd.ran,
            service_passed(systemd.ran, run.ended_at),
        ),
        _ports(seen),
    )


def health_is_good(health: Fact[Answer]) -> bool:
    """Whether the platform says of itself that all is well, database and messenger too. A warning is not good enough here."""
    if not isinstance(health, Known) or health.value.status != OK:
        return False
    says = health.value.says
    return (
        says("global_status") == PASS
        and says("db_status") == "up"
        and says("telegram", "status") == PASS
        and says("trade_system", "order_intents_table_exists") is True
    )


def of_step(found: tuple[CheckRow, ...], number: int) -> tuple[CheckRow, ...]:
    """The rows of one step."""
    return tuple(row for row in found if row.step.startswith(f"STEP {number}: "))


def result(*found: CheckRow) -> str:
    """PASS, FAIL with its reason, or N/A where privilege was refused; no row at all is a failure."""
    bad = next((row for row in found if not row.holds), None)
    if bad is None:
        return PASS if found else "**FAIL** — not run"
    if bad.compared == 0 and bad.step.startswith(PRIVILEGED_STEP):
        return f"N/A this run — {bad.found}"
    return f"**FAIL** — {bad.found}"


def _tree(tree: Fact[bool]) -> Fact[str]:
    if isinstance(tree, Unknown):
        return tree
    return Known("files differ from HEAD" if tree.value else "clean", tree.as_of)


def _public(seen: Closeout) -> CheckRow:
    """Any JSON at all from the old gateway, and one call of the API itself."""
    found = seen.connectivity if isinstance(seen.connectivity, Unknown) else seen.public_call
    return check("STEP 2: PUBLIC_API_UNREACHABLE", found, isinstance(found, Known))


def _timer(timer: Timer) -> CheckRow:
    is_active = isinstance(timer.active, Known) and timer.active.value == "active"
    found = timer.next_elapse if is_active else timer.active
    return check("STEP 6: TIMER_NOT_ACTIVE", found, is_active)


def _ports(seen: Closeout) -> CheckRow:
    """Published where they belong, in the engine's own words, and the sockets agree."""
    step = "STEP 7: PORTS_NOT_LOCALHOST_ONLY"
    if isinstance(seen.binds, Unknown):
        return check(step, seen.binds, passed=False)
    ports = (BACKEND_PORT, FRONTEND_PORT)
    ours = tuple(each for each in seen.binds.value if each.port in ports)
    told = [f"{each.service} {said_of(each.where)}" for each in seen.published]
    found = Known("; ".join([*told, f"sockets {said(ours)}"]), seen.binds.as_of)
    is_home = all(each.is_home for each in seen.published)
    is_listed = bool(seen.published) or seen.run.profile != "aws"
    return check(step, found, is_home and is_listed and ports_are_local(seen.binds))


def said_of(fact: Fact[str]) -> str:
    """A fact in a few words, or that it is unknown and why."""
    return f"UNKNOWN — {fact.why}" if isinstance(fact, Unknown) else said(fact.value)


def _verification(ended: Fact[Ended]) -> CheckRow:
    """The hard verification by the line that it said; what says nothing of itself was not handled."""
    if isinstance(ended, Unknown):
        return check(UNHANDLED, ended, passed=False)
    line = ended.value.last_line
    if ended.value.code == 0 and line == COMPLETION:
        return check("HARD VERIFICATION", Known("complete, exit=0", ended.as_of), passed=True)
    step = line.removeprefix(BLOCKED) if line.startswith(BLOCKED) else UNHANDLED
    return check(step, ended, passed=False)
