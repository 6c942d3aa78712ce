"""The hard verification on real processes: one fault at a time, the exact stdout and the exit code. The stack is healthy but for it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.doors.serving import free_port, wait_until
from tests.fakes.units import run_of
from tests.runbook.stack import HOME, PROGRAM, Crafted, Stack, standing

VERIFY = "final_ec2_hard_verification.sh"
COMPLETE = ("PHASE 6 — EC2 VALIDATION COMPLETE\n", 0)
ACCOUNT = "PHASE B: ACCOUNT_NOT_OK"
C1 = "PHASE C.1: Risk probe spot "
C2 = "PHASE C.2: Risk probe margin over-cap "
D1 = "PHASE D.1: System health "
TIMER = "PHASE E: nightly-integrity-audit.timer "
SERVICE = "nightly-integrity-audit.service"
LAST_RUN = f"PHASE E: {SERVICE} journal did not show PASS"
NO_JOURNAL = f"PHASE E: Could not read journal for {SERVICE}"
PUBLIC = "PHASE F: Ports 8002 or 3000 must not bind to 0.0.0.0"
SAID_NO: dict[str, Any] = {
    "allowed": False,
    "reason_code": "RISK_GUARD_BLOCKED",
    "objections": [{"rule": "B"}],
}
WELL: dict[str, Any] = {
    "global_status": "PASS",
    "db_status": "up",
    "trade_system": {"order_intents_table_exists": True},
    "telegram": {"status": "PASS"},
}
GOOD = {"spot": (200, {"allowed": True}), "margin": (400, SAID_NO), "health": (200, WELL)}
ONLY_E = {**SAID_NO, "objections": [{"rule": "E"}]}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with standing(tmp_path_factory.mktemp("host")) as whole:
        yield whole


def blocked(step: str) -> tuple[str, int]:
    return f"VALIDATION BLOCKED — {step}\n", 1


def killed(stack: Stack) -> AbstractContextManager[None]:
    stack_ = ExitStack()
    _turn(stack, "kill")
    stack_.callback(_turn, stack, "arm")
    return stack_  # type: ignore[return-value] # an ExitStack is entered and left like any other


def _turn(stack: Stack, verb: str) -> None:
    words = [PROGRAM, verb, "--why", "a drill", *(["--yes"] if verb == "arm" else [])]
    subprocess.run(words, env=stack.platform, check=True, stdout=subprocess.DEVNULL)


Fault = Callable[[Stack], AbstractContextManager[Any]]
IN_THE_STACK: list[tuple[str, Fault, str]] = [
    ("backend stopped", lambda s: s.engine.changed("backend-aws", state="exited"), ACCOUNT),
    ("40101", lambda s: s.read_from_elsewhere(), ACCOUNT),
    ("sim", lambda s: s.engine.broken(environ={**s.platform, "INTERLOCK__MODE": "SIM"}), ACCOUNT),
    ("kill engaged", killed, f"{C1}returned HTTP 400 (expected 200)"),
]
ANSWERED: list[tuple[dict[str, tuple[int, object]], str]] = [
    ({"spot": (404, {})}, f"{C1}returned HTTP 404 (expected 200)"),
    ({"spot": (200, {"allowed": "true"})}, f"{C1}allowed is not true"),
    ({"spot": (200, b"<html>")}, f"{C1}allowed is not true"),
    ({"margin": (200, {"allowed": True})}, f"{C2}returned HTTP 200 (expected 400)"),
    ({"margin": (400, {**SAID_NO, "allowed": True})}, f"{C2}allowed must be false"),
    ({"margin": (400, {"allowed": False})}, f"{C2}reason_code must be RISK_GUARD_BLOCKED"),
    ({"margin": (400, ONLY_E)}, f"{C2}objections must include rule B"),
    ({"health": (503, WELL)}, f"{D1}returned HTTP 503 (expected 200)"),
    (
        {"health": (200, {**WELL, "global_status": "FAIL"})},
        f"{D1}global_status must be PASS or WARN",
    ),
    ({"health": (200, {**WELL, "db_status": "down"})}, f"{D1}db_status must be up"),
    (
        {"health": (200, {**WELL, "trade_system": {}})},
        f"{D1}order_intents_table_exists must be true",
    ),
    (
        {"health": (200, {**WELL, "telegram": {"status": "WARN"}})},
        f"{D1}telegram.status must be PASS",
    ),
]
SCRIPTED: list[tuple[dict[str, str], str]] = [
    ({"GUARD": "1 PASS"}, "PHASE D.2: health_guard.sh did not exit 0"),
    ({"AUDIT": "1 FAIL"}, "PHASE D.3: nightly_integrity_audit.sh did not exit 0"),
    ({"AUDIT": "0 DONE"}, "PHASE D.3: nightly_integrity_audit.sh did not exit 0"),
]
MANAGED: list[tuple[dict[str, object], str]] = [
    ({"enabled": "disabled"}, f"{TIMER}is not enabled"),
    ({"is_refused": True}, f"{TIMER}is not enabled"),
    ({"active": "inactive"}, f"{TIMER}is not active"),
    ({"is_listed": False}, f"{TIMER}not in list-timers"),
    ({"is_readable": False}, NO_JOURNAL),
    ({"runs": []}, NO_JOURNAL),
    ({"runs": [run_of("PASS"), run_of("FAIL", result="exit-code", n=2)]}, LAST_RUN),
    ({"runs": [run_of("PASS", result="exit-code")]}, LAST_RUN),
    ({"runs": [run_of("PASS", age_hours=26.1)]}, LAST_RUN),
]
HEARD: list[tuple[list[str], str]] = [
    (["[::1]:8002", HOME[1]], "PHASE F: 127.0.0.1:8002 not found"),
    ([HOME[0]], "PHASE F: 127.0.0.1:3000 not found"),
    ([*HOME, "0.0.0.0:8002"], PUBLIC),
    ([*HOME, "[::]:3000"], PUBLIC),
]


def test_a_healthy_host_is_complete_and_leaves_its_evidence(stack: Stack) -> None:
    assert stack.say(VERIFY) == COMPLETE

    evidence = stack.evidence()
    assert evidence["line"] == COMPLETE[0].strip()
    assert evidence["egress"]["address"]["value"] == "203.0.113.7"
    assert all(row["passed"] for row in evidence["rows"])
    assert stack.exchange["api_secret"] not in str(evidence)


def test_phase_a_records_what_it_cannot_know_and_never_blocks(stack: Stack) -> None:
    dead = f"http://127.0.0.1:{free_port()}/"
    unseen = {"INTERLOCK__HOST__EGRESS_URLS": f"{dead},{dead}b", "GIT_DIR": "/nowhere"}
    with stack.seen_quickly():
        assert stack.say(VERIFY, **unseen) == COMPLETE

    evidence = stack.evidence()
    assert "refused" in evidence["egress"]["address"]["unknown"]
    assert evidence["head"].startswith("UNKNOWN — ")


@pytest.mark.parametrize(("fault", "step"), [(f, s) for _, f, s in IN_THE_STACK])
def test_a_fault_of_the_stack_is_told_by_its_line(stack: Stack, fault: Fault, step: str) -> None:
    with fault(stack):
        assert stack.say(VERIFY) == blocked(step)


def test_without_an_engine_of_containers_no_account_is_seen(stack: Stack) -> None:
    without = {"PATH": os.pathsep.join((str(Path(sys.executable).parent), os.defpath))}

    assert stack.say(VERIFY, **without) == blocked(ACCOUNT)


def test_a_closed_door_is_http_000(stack: Stack) -> None:
    with stack.seen_quickly():
        nobody = {"INTERLOCK__API__PORT": str(free_port())}
        assert stack.say(VERIFY, **nobody) == blocked(f"{C1}returned HTTP 000 (expected 200)")


@pytest.mark.parametrize(("answers", "step"), ANSWERED)
def test_what_the_backend_answers_wrong_is_told_by_its_line(
    stack: Stack, answers: dict[str, tuple[int, object]], step: str
) -> None:
    with stack.seen_quickly(), Crafted(**{**GOOD, **answers}) as backend:
        assert stack.say(VERIFY, **backend.environ) == blocked(step)


@pytest.mark.parametrize(("said", "step"), SCRIPTED)
def test_a_guard_or_an_audit_that_does_not_pass_is_told_by_its_line(
    stack: Stack, said: dict[str, str], step: str
) -> None:
    with stack.seen_quickly():
        assert stack.say(VERIFY, **said) == blocked(step)


@pytest.mark.parametrize(("parts", "step"), MANAGED)
def test_what_the_service_manager_shows_wrong_is_told_by_its_line(
    stack: Stack, parts: dict[str, object], step: str
) -> None:
    with stack.seen_quickly(), stack.manager.broken(**parts):
        assert stack.say(VERIFY) == blocked(step)


@pytest.mark.parametrize(("listeners", "step"), HEARD)
def test_who_listens_where_nobody_should_is_told_by_its_line(
    stack: Stack, listeners: list[str], step: str
) -> None:
    with (
        stack.seen_quickly(),
        stack.engine.broken(**{**stack.engine.state, "listeners": listeners}),
    ):
        assert stack.say(VERIFY) == blocked(step)


def test_a_warning_does_not_block(stack: Stack) -> None:
    warned = {**GOOD, "health": (200, {**WELL, "global_status": "WARN"})}
    with stack.seen_quickly(), Crafted(**warned) as backend:
        assert stack.say(VERIFY, **backend.environ) == COMPLETE


def test_a_signal_in_the_middle_blocks_and_leaves_nothing_running(stack: Stack) -> None:
    parts = stack.root / "evidence"
    with stack.engine.broken(hangs=["exec"]), stack.start(VERIFY) as child:
        wait_until(lambda: any(c[1:4] == ["compose", "--profile", "aws"] for c in _since(stack)))
        began = time.monotonic()
        child.send_signal(signal.SIGTERM)
        stdout, _ = child.communicate(timeout=20)

    assert (stdout, child.returncode) == blocked("UNHANDLED_ERROR")
    assert time.monotonic() - began < 5
    assert not list(parts.glob("*.part"))


def _since(stack: Stack) -> list[list[str]]:
    """The last call of the engine, if it is the one that hangs."""
    return [call for call in stack.engine.calls[-1:] if "exec" in call]


def test_evidence_that_cannot_be_written_and_a_program_that_is_not_there_block(
    stack: Stack, tmp_path: Path
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()

    assert stack.say(VERIFY, EVIDENCE_DIR=str(in_the_way)) == blocked("UNHANDLED_ERROR")
    assert stack.say(VERIFY, PATH=os.defpath) == blocked("UNHANDLED_ERROR")
    assert stack.say(VERIFY, INTERLOCK__API__PORT="none") == blocked("UNHANDLED_ERROR")


def test_the_quick_verification_brings_the_stack_up_and_says_the_verifiers_line(
    stack: Stack,
) -> None:
    with stack.seen_quickly():
        assert stack.say("ec2_quick_verify.sh") == COMPLETE
    started = [call for call in stack.engine.calls if "up" in call][-1]
    assert started[-4:] == ["-d", "db", "backend-aws", "frontend-aws"]
    with stack.engine.broken(exits={"up": 1}):
        assert stack.say("ec2_quick_verify.sh") == blocked("STACK_UP_FAILED")


def test_one_phase_alone_completes_nothing(stack: Stack) -> None:
    words = [PROGRAM, "verify", "F", "--root", str(stack.root)]
    ran = subprocess.run(words, env=stack.environ, capture_output=True, text=True, check=False)

    assert (ran.stdout, ran.returncode) == ("PHASE F: PASS\n", 0)
