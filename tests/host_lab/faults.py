"""One fault for each of the seven points, on the real deployment: the right line, no declaration, and green again afterwards."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from tests.host_lab.boxes import CHECKOUT, HERE
from tests.host_lab.drill import Deployment, expect
from tests.host_lab.machine import MINUTES, say, until

RUNTIME: Final = f"{CHECKOUT}/secrets/runtime.env"
TIMER: Final = "nightly-integrity-audit.timer"
LOOPBACK_8002: Final = ("-i", "lo", "-p", "tcp", "--dport", "8002", "-j", "DROP")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is broken, how it is mended, and the lines that it must lead to. `again` breaks it anew before the closeout."""

    point: str
    line: str
    close: str
    break_it: Callable[[Deployment], None]
    mend: Callable[[Deployment], None]
    is_once: bool = False


def shut_out(ours: Deployment) -> None:
    """The exchange admits the key from elsewhere."""
    ours.admit("192.0.2.1")


def let_in(ours: Deployment) -> None:
    """The exchange admits the key from here."""
    ours.admit(HERE)


def kill(ours: Deployment) -> None:
    """The kill switch is engaged: no entry is allowed, so the spot probe is refused."""
    ours.compose("exec", "-T", "backend-aws", "interlock", "kill", "--why", "a fault of the lab")


def arm(ours: Deployment) -> None:
    """The kill switch is cleared, in the two steps that books of LIVE ask for."""
    words = ("exec", "-T", "backend-aws", "interlock", "arm")
    code = ours.compose(*words, "--why", "mended").split()[-1]
    ours.compose(*words, "--confirm", code)


def loosen(ours: Deployment) -> None:
    """The caps B and E are set so wide that a leverage of ten is allowed; the next `up` recreates the containers with them."""
    caps = "RISK_MAX_LEVERAGE=20\nRISK_MIN_LIQUIDATION_BUFFER_PCT=1\n"
    ours.lab.host.write(RUNTIME, caps, append=True)
    _up(ours)


def tighten(ours: Deployment) -> None:
    """The caps are the platform's own again."""
    ours.lab.host.must("sed", "-i", "/^RISK_/d", RUNTIME)
    ours.lab.host.must("chown", "--reference", f"{CHECKOUT}/README.md", RUNTIME)
    _up(ours)


def _up(ours: Deployment) -> None:
    ours.compose("up", "-d", "db", "backend-aws", "frontend-aws", wait=10 * MINUTES)
    until("every container is healthy", ours.is_healthy, 240, 2)
    until("the platform is green", ours.is_green, 120, 2)


def shoot(ours: Deployment) -> None:
    """The notifier is killed and comes back by itself: well again, but restarted since the last audit."""
    host = ours.lab.host
    name = ours.compose("ps", "-q", "notifier-aws").strip()
    pid = host.must("docker", "inspect", "-f", "{{.State.Pid}}", name).strip()
    host.must("kill", "-KILL", pid)
    until("the notifier is back", lambda: _pid(ours, name) not in {pid, "0"}, 60)
    until("every container is healthy", ours.is_healthy, 240, 2)


def _pid(ours: Deployment, name: str) -> str:
    return ours.lab.host.must("docker", "inspect", "-f", "{{.State.Pid}}", name).strip()


def audited(ours: Deployment) -> None:
    """The next audit counts from what the last one saw."""
    until(
        "the audit passes again",
        lambda: ours.script("nightly_integrity_audit.sh").out.strip() == "PASS",
        10 * MINUTES,
    )


def deafen(ours: Deployment) -> None:
    """Inside the backend's container nobody answers on loopback, so its health check fails; the published port still answers."""
    _in_backend(ours, "-I")
    until("the backend is unhealthy", lambda: ours.health()["backend-aws"] == "unhealthy", 120, 2)


def hear(ours: Deployment) -> None:
    """Loopback inside the container answers again."""
    _in_backend(ours, "-D")
    until("every container is healthy", ours.is_healthy, 120, 2)


def _in_backend(ours: Deployment, verb: str) -> None:
    pid = _pid(ours, ours.compose("ps", "-q", "backend-aws").strip())
    ours.lab.host.must(
        "nsenter", f"--net=/proc/{pid}/ns/net", "iptables", verb, "INPUT", *LOOPBACK_8002
    )


def expose(ours: Deployment) -> None:
    """Somebody else listens on the API's port, on the address that the world sees."""
    unit = (
        "systemd-run",
        "--unit=exposed",
        "--collect",
        "python3",
        "-m",
        "http.server",
        "--bind",
        HERE,
        "8002",
    )
    ours.lab.host.must(*unit)
    until("it is exposed", lambda: f"{HERE}:8002" in ours.lab.host.must("ss", "-Hltn"), 20)


def cover(ours: Deployment) -> None:
    """Nobody listens there any more."""
    ours.lab.host.must("systemctl", "stop", "exposed.service")


def stop_timer(ours: Deployment) -> None:
    """The timer of the audit is enabled and does not run."""
    ours.lab.host.must("systemctl", "stop", TIMER)


def start_timer(ours: Deployment) -> None:
    """The timer runs."""
    ours.lab.host.must("systemctl", "start", TIMER)


AUDIT: Final = ("PHASE D.3: nightly_integrity_audit.sh did not exit 0", "STEP 5: NIGHTLY_AUDIT")
FAULTS: Final = (
    Fault(
        "1 signed account read",
        "PHASE B: ACCOUNT_NOT_OK",
        "STEP 3: ACCOUNT_NOT_OK",
        shut_out,
        let_in,
    ),
    Fault(
        "2 spot probe",
        "PHASE C.1: Risk probe spot returned HTTP 400 (expected 200)",
        "STEP 4: RISK_PROBE_SPOT",
        kill,
        arm,
    ),
    Fault(
        "3 margin probe",
        "PHASE C.2: Risk probe margin over-cap returned HTTP 200 (expected 400)",
        "STEP 4: RISK_PROBE_MARGIN",
        loosen,
        tighten,
    ),
    Fault("4 nightly audit", *AUDIT, shoot, audited, is_once=True),
    Fault(
        "5 health guard",
        "PHASE D.2: health_guard.sh did not exit 0",
        "STEP 5: HEALTH_GUARD",
        deafen,
        hear,
    ),
    Fault("6 ports", *AUDIT, expose, cover),
    Fault(
        "7 systemd timer",
        f"PHASE E: {TIMER} is not active",
        "STEP 6: TIMER_NOT_ACTIVE",
        stop_timer,
        start_timer,
    ),
)


def break_each(ours: Deployment) -> None:
    """Each point in turn; in between the platform is green again, else nothing was proven."""
    for fault in FAULTS:
        say(f"      breaking point {fault.point}")
        with broken(ours, fault):
            again = partial(fault.break_it, ours) if fault.is_once else None
            expect(ours, f"point {fault.point} broken", fault.line, fault.close, again)
        until("the platform is green again", ours.is_green, 150, 2)


@contextmanager
def broken(ours: Deployment, fault: Fault) -> Iterator[None]:
    """The fault, for as long as the block lasts."""
    fault.break_it(ours)
    try:
        yield
    finally:
        fault.mend(ours)
