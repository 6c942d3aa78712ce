"""The hard verification, phases B to F: each check becomes a row, in a fixed order, and the first that does not hold blocks.

Phase A only records. A fact that is not known fails its rows: a check that was not run, or that could not look, has failed.
The step of a row is the very line that is said when it blocks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from interlock.evidence.proof import CheckRow, Complete, Incomplete, proof
from interlock.evidence.seen import NOT_RUN, Answer, Backend, Bind, Ended, Fact, Invocation, Timer
from interlock.values import Instant, Known, Unknown

ACCOUNT_OK: Final = "ACCOUNT_OK"
PASS: Final = "PASS"  # noqa: S105 - a verdict, no password
OK: Final = 200
BLOCKED_BY_RISK: Final = 400
RISK_GUARD_BLOCKED: Final = "RISK_GUARD_BLOCKED"
HOME: Final = "127.0.0.1"
BACKEND_PORT: Final = 8002
FRONTEND_PORT: Final = 3000
AUDIT_AGE_MAX: Final = timedelta(hours=26)
TIMER: Final = "nightly-integrity-audit.timer"
SERVICE: Final = "nightly-integrity-audit.service"

SPOT: Final = {
    "symbol": "BTC_USDT",
    "side": "BUY",
    "price": 1,
    "quantity": Decimal("0.0001"),
    "is_margin": False,
    "trade_on_margin_from_watchlist": False,
}
MARGIN: Final = {
    "symbol": "BTC_USDT",
    "side": "BUY",
    "price": 50000,
    "quantity": Decimal("0.01"),
    "is_margin": True,
    "leverage": 10,
    "trade_on_margin_from_watchlist": True,
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What phases B to F saw."""

    account: Fact[Ended] = NOT_RUN
    spot: Fact[Answer] = NOT_RUN
    margin: Fact[Answer] = NOT_RUN
    health: Fact[Answer] = NOT_RUN
    guard: Fact[Ended] = NOT_RUN
    audit: Fact[Ended] = NOT_RUN
    timer: Timer = Timer()  # noqa: RUF009 - frozen: safe as a default
    service: Fact[Invocation | None] = NOT_RUN
    binds: Fact[tuple[Bind, ...]] = NOT_RUN


def verify(seen: Seen, now: Instant) -> Complete | Incomplete:
    """The proof of every phase: Complete, or the line of the first check that does not hold."""
    found = rows(seen, now)
    return proof(found, tuple(row.step for row in found))


def rows(seen: Seen, now: Instant) -> tuple[CheckRow, ...]:
    """Every check of every phase, in order."""
    return (
        check("PHASE B: ACCOUNT_NOT_OK", seen.account, account_is_read(seen.account)),
        *_spot("PHASE C.1: Risk probe spot", seen.spot),
        *_margin("PHASE C.2: Risk probe margin over-cap", seen.margin),
        *_health("PHASE D.1: System health", seen.health),
        check("PHASE D.2: health_guard.sh did not exit 0", seen.guard, guard_passed(seen.guard)),
        check(
            "PHASE D.3: nightly_integrity_audit.sh did not exit 0",
            seen.audit,
            audit_passed(seen.audit),
        ),
        *_units(seen.timer, seen.service, now),
        *_sockets(seen.binds),
    )


def check(step: str, fact: Fact[object], passed: bool) -> CheckRow:  # noqa: FBT001 - a row is its step, its fact and its result
    """The row of one check; what could not be looked at compares nothing."""
    if isinstance(fact, Unknown):
        return CheckRow(step, passed=False, compared=0, found=fact.why)
    return CheckRow(step, passed=passed, compared=1, found=said(fact.value))


def account_is_read(account: Fact[Ended]) -> bool:
    """Whether the signed read ended well and said ACCOUNT_OK and nothing else."""
    match account:
        case Known(value=Ended(code=0) as ended):
            return ended.stdout.splitlines() == [ACCOUNT_OK]
        case _:
            return False


def guard_passed(guard: Fact[Ended]) -> bool:
    """Whether the guard ended well and said PASS and nothing else."""
    match guard:
        case Known(value=Ended(code=0) as ended):
            return ended.lines == (PASS,)
        case _:
            return False


def audit_passed(audit: Fact[Ended]) -> bool:
    """Whether the audit ended well and its last word was PASS."""
    match audit:
        case Known(value=Ended(code=0) as ended):
            return ended.last_line == PASS
        case _:
            return False


def spot_allowed(spot: Fact[Answer]) -> bool:
    """Whether the small spot entry would be allowed now."""
    return all(row.holds for row in _spot("", spot))


def margin_blocked_by_leverage(margin: Fact[Answer]) -> bool:
    """Whether the entry over the leverage cap is blocked, and for that very reason."""
    return all(row.holds for row in _margin("", margin))


def service_passed(service: Fact[Invocation | None], now: Instant) -> bool:
    """Whether the last run of the audit's service ended well, lately, and with PASS as its last line."""
    match service:
        case Known(value=Invocation(result="success", lines=(*_, last))):
            return last.text == PASS and now - last.at <= AUDIT_AGE_MAX
        case _:
            return False


def ports_are_local(binds: Fact[tuple[Bind, ...]]) -> bool:
    """Whether backend and frontend listen on 127.0.0.1, and nothing else listens on their ports for others."""
    return all(row.holds for row in _sockets(binds))


def said(value: object) -> str:
    """A fact in a few words."""
    match value:
        case Answer():
            told = ("allowed", "reason_code", "global_status", "db_status")
            found = {key: value.says(key) for key in told}
            words = [f"{key}={word(each)}" for key, each in found.items() if each is not None]
            return ", ".join([f"HTTP {value.code}", *words])
        case Ended():
            return f"{value.last_line or 'no output'}, exit={value.code}"
        case Invocation():
            last = value.lines[-1].text if value.lines else "no output"
            return f"{last}, {value.result}"
        case tuple():
            return ", ".join(map(said, value)) or "none"
        case _:
            return _said_shortly(value)


def word(found: object) -> str:
    """A value of somebody's JSON, as JSON writes it."""
    return str(found).lower() if isinstance(found, bool) else str(found)


def _said_shortly(value: object) -> str:
    match value:
        case Bind():
            return f"{value.address}:{value.port}"
        case Backend():
            return f"{value.name} {value.state}"
        case Instant():
            return f"{value.iso()[:19]}Z"
        case timedelta():
            return f"{value.total_seconds():+.1f} s"
        case None:
            return "none"
        case _:
            return str(value)


def _spot(head: str, spot: Fact[Answer]) -> Iterable[CheckRow]:
    answer = _answer(spot)
    yield check(f"{head} returned HTTP {answer.code} (expected {OK})", spot, answer.status == OK)
    yield check(f"{head} allowed is not true", spot, answer.says("allowed") is True)


def _margin(head: str, margin: Fact[Answer]) -> Iterable[CheckRow]:
    answer = _answer(margin)
    yield check(
        f"{head} returned HTTP {answer.code} (expected {BLOCKED_BY_RISK})",
        margin,
        answer.status == BLOCKED_BY_RISK,
    )
    yield check(f"{head} allowed must be false", margin, answer.says("allowed") is False)
    yield check(
        f"{head} reason_code must be {RISK_GUARD_BLOCKED}",
        margin,
        answer.says("reason_code") == RISK_GUARD_BLOCKED,
    )
    yield check(f"{head} objections must include rule B", margin, "B" in _rules(answer))


def _rules(answer: Answer) -> list[object]:
    listed = answer.says("objections")
    each = listed if isinstance(listed, list) else []
    return [objection.get("rule") for objection in each if isinstance(objection, Mapping)]


def _health(head: str, health: Fact[Answer]) -> Iterable[CheckRow]:
    answer = _answer(health)
    says = answer.says
    told = (
        (f"returned HTTP {answer.code} (expected {OK})", answer.status == OK),
        ("global_status must be PASS or WARN", says("global_status") in (PASS, "WARN")),
        ("db_status must be up", says("db_status") == "up"),
        (
            "order_intents_table_exists must be true",
            says("trade_system", "order_intents_table_exists") is True,
        ),
        ("telegram.status must be PASS", says("telegram", "status") == PASS),
    )
    for what, passed in told:
        yield check(f"{head} {what}", health, passed)


def _units(timer: Timer, service: Fact[Invocation | None], now: Instant) -> Iterable[CheckRow]:
    yield check(f"PHASE E: {TIMER} is not enabled", timer.enabled, _is(timer.enabled, "enabled"))
    yield check(f"PHASE E: {TIMER} is not active", timer.active, _is(timer.active, "active"))
    yield check(
        f"PHASE E: {TIMER} not in list-timers",
        timer.next_elapse,
        isinstance(timer.next_elapse, Known),
    )
    yield check(
        f"PHASE E: Could not read journal for {SERVICE}",
        service,
        isinstance(service, Known) and service.value is not None,
    )
    yield check(
        f"PHASE E: {SERVICE} journal did not show PASS", service, service_passed(service, now)
    )


def _sockets(binds: Fact[tuple[Bind, ...]]) -> Iterable[CheckRow]:
    listed = binds.value if isinstance(binds, Known) else ()
    ours = [each for each in listed if each.port in {BACKEND_PORT, FRONTEND_PORT}]
    seen = binds if isinstance(binds, Unknown) else Known(tuple(ours), binds.as_of)
    for port in (BACKEND_PORT, FRONTEND_PORT):
        is_home = any(each.address == HOME and each.port == port for each in ours)
        yield check(f"PHASE F: {HOME}:{port} not found", seen, is_home)
    yield check(
        f"PHASE F: Ports {BACKEND_PORT} or {FRONTEND_PORT} must not bind to 0.0.0.0",
        seen,
        all(each.is_loopback for each in ours),
    )


def _answer(fact: Fact[Answer]) -> Answer:
    return fact.value if isinstance(fact, Known) else Answer(0, None)


def _is(fact: Fact[str], word: str) -> bool:
    return isinstance(fact, Known) and fact.value == word
