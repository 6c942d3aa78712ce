"""What a healthy host shows to the verification and to the closeout, and ways to show something else."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from interlock.evidence.closeout import Closeout, Published, Run, Systemd
from interlock.evidence.declaration import COMPLETION
from interlock.evidence.seen import (
    Answer,
    Backend,
    Bind,
    Checkout,
    Ended,
    Fact,
    Invocation,
    Line,
    Timer,
)
from interlock.evidence.verification import Seen
from interlock.values import Instant, Known, Unknown

T = TypeVar("T")
NOW = Instant.of_iso("2026-11-25T10:00:00")
SILENT = Unknown("could not look")
BLOCKED_BODY: dict[str, Any] = {
    "allowed": False,
    "reason": "leverage 10 is over 5",
    "reason_code": "RISK_GUARD_BLOCKED",
    "objections": [{"rule": "B", "found": 10, "limit": 5}, {"rule": "E", "found": 10, "limit": 15}],
}
HEALTH_BODY: dict[str, Any] = {
    "global_status": "PASS",
    "timestamp": "2026-11-25T10:00:00.000000+00:00",
    "db_status": "up",
    "telegram": {"status": "PASS", "enabled": True},
    "trade_system": {"status": "PASS", "order_intents_table_exists": True},
    "details": {"exchange": {"status": "PASS", "code": None}, "mode": "OFF", "secret": "no"},
}


def known(value: T) -> Known[T]:
    return Known(value, NOW)


def answer(status: int, body: dict[str, Any] | None = None) -> Known[Answer]:
    return known(Answer(status, body))


def health(**parts: object) -> Known[Answer]:
    return answer(200, {**HEALTH_BODY, **parts})


def margin(status: int = 400, **parts: object) -> Known[Answer]:
    body = {key: value for key, value in {**BLOCKED_BODY, **parts}.items() if value is not None}
    return answer(status, body)


def ended(code: int, stdout: str, stderr: str = "") -> Known[Ended]:
    return known(Ended(code, stdout, stderr))


def run_of(
    *texts: str, result: str = "success", age: timedelta = timedelta(minutes=1)
) -> Known[Invocation]:
    return known(Invocation("f" * 32, result, tuple(Line(NOW - age, text) for text in texts)))


def listening(*where: str) -> Fact[tuple[Bind, ...]]:
    pairs = (each.rpartition(":") for each in where)
    return known(tuple(Bind(a, int(p), a.startswith(("127.", "[::1]"))) for a, _, p in pairs))


TIMER = Timer(known("enabled"), known("active"), known(NOW + timedelta(hours=17)))
CLEAN = Known(value=False, as_of=NOW)
HOME = listening("127.0.0.1:8002", "127.0.0.1:3000", "0.0.0.0:22")
SEEN = Seen(
    account=ended(0, "ACCOUNT_OK\n"),
    spot=answer(200, {"allowed": True}),
    margin=margin(),
    health=health(),
    guard=ended(0, "PASS\n"),
    audit=ended(0, "PASS\n"),
    timer=TIMER,
    service=run_of("PASS"),
    binds=HOME,
)
RUN = Run("20261125T100000Z-closeout-abcdef", "aws", "interlock 1", "ip-10-0-0-1", "aws", NOW, NOW)
CLOSEOUT = Closeout(
    run=RUN,
    sources=(
        ("https://api.ipify.org", known("203.0.113.7")),
        ("https://ifconfig.me", known("203.0.113.7")),
    ),
    egress=known("203.0.113.7"),
    checkout=Checkout(known("abc1234"), known("already up to date"), known("abc1234"), CLEAN),
    started=ended(0, ""),
    backend=known(Backend("backend-aws", "running (healthy)", is_well=True)),
    stands_on=known("docker 28.0, `docker compose` is Docker Compose version v2"),
    connectivity=known("HTTP 400, code 10004"),
    public_call=known("HTTP 200, code 0"),
    clock_offset=known(timedelta(milliseconds=300)),
    account=SEEN.account,
    spot=SEEN.spot,
    margin=SEEN.margin,
    health=SEEN.health,
    guard=SEEN.guard,
    audit=SEEN.audit,
    systemd=Systemd(TIMER, run_of("PASS"), ended(0, "● timer active\n"), ended(0, "NEXT\n")),
    published=(
        Published("backend-aws", 8002, known("127.0.0.1:8002")),
        Published("frontend-aws", 3000, known("127.0.0.1:3000")),
    ),
    binds=HOME,
    verification=ended(0, f"{COMPLETION}\n"),
    dry_run=None,
)


def elsewhere(**parts: Any) -> Closeout:  # noqa: ANN401 - each part has a type of its own
    """The closeout with another run."""
    return replace(CLOSEOUT, run=replace(RUN, **parts))
