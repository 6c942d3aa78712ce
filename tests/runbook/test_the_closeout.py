"""The closeout on real processes: one fault at a time, its last line, and a report that shows every step and never declares too much."""

import hashlib
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from interlock.evidence.report import digest_of
from tests.doors.serving import wait_until
from tests.runbook.stack import PROGRAM, Stack, standing

CLOSE = "phase6_final_ec2_close.sh"
COMPLETION = "PHASE 6 — EC2 VALIDATION COMPLETE"
REMINDER = [
    "sudo systemctl status nightly-integrity-audit.timer --no-pager",
    "sudo systemctl list-timers nightly-integrity-audit.timer --no-pager",
    "sudo systemctl start nightly-integrity-audit.service",
    "sudo journalctl -u nightly-integrity-audit.service -n 120 --no-pager",
]
SPOT = {"symbol": "BTC_USDT", "side": "BUY", "price": 1, "quantity": 0.0001, "is_margin": False}
PLACEHOLDERS = re.compile(r"paste|TODO|<[a-z ]+>", re.IGNORECASE)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with standing(tmp_path_factory.mktemp("host")) as whole:
        yield whole


def closed(stack: Stack, **more: str) -> tuple[str, int, str]:
    """The last line, the exit code, and the report."""
    stdout, code = stack.say(CLOSE, **more)
    *before, last = stdout.splitlines()
    assert before == REMINDER
    return last, code, stack.report


def steps(report: str) -> dict[str, str]:
    """The result of each step, by its number."""
    found = re.findall(r"^### STEP (\d) — [^\n]*\n\nResult: (.*)$", report, re.MULTILINE)
    return {number: result.split(" — ")[0] for number, result in found}


def test_a_healthy_host_declares_in_the_report_and_on_stdout_and_leaves_a_certificate(
    stack: Stack,
) -> None:
    last, code, report = closed(stack)

    assert (last, code) == (COMPLETION, 0)
    assert report.endswith(f"\n\n{COMPLETION}\n")
    assert f"```\n{COMPLETION}\nexit=0\n```" in report
    assert set(steps(report).values()) == {"PASS"}
    assert "UNKNOWN —" not in report
    assert "| runs on | docker 28.0-test, its compose is Docker Compose version v2-test |" in report
    certificate = json.loads((stack.root / "evidence" / "certificate.json").read_bytes())
    assert certificate["certificate"]["exchange"] == stack.exchange["rest"]


def test_the_report_is_bound_to_its_evidence_and_an_earlier_one_is_kept(stack: Stack) -> None:
    name = "PHASE6_EC2_FINAL_CLOSEOUT_REPORT"
    earlier = len(list((stack.root / "reports").glob(f"{name}*.md")))
    _, _, report = closed(stack, AUDIT="1 FAIL", QUICK=COMPLETION)
    evidence, told = re.findall(
        r"^\*\*Evidence:\*\* `(.+)`, SHA-256 `(.+)`$", report, re.MULTILINE
    )[0]
    content = (stack.root / "evidence" / evidence).read_bytes()

    assert hashlib.sha256(content).hexdigest() == told
    assert json.loads(content)["report_sha256"] == digest_of(report)
    assert len(list((stack.root / "reports").glob(f"{name}*.md"))) == earlier + 1
    assert "nightly_integrity_audit: told so" in report


@contextmanager
def dirty(stack: Stack) -> Iterator[None]:
    left = stack.root / "left.txt"
    left.touch()
    yield
    left.unlink()


Fault = Callable[[Stack], AbstractContextManager[Any]]
FAULTS: list[tuple[str, Fault, dict[str, str]]] = [
    (
        "1: EGRESS_IP_UNKNOWN",
        lambda _: ExitStack(),
        {"INTERLOCK__HOST__EGRESS_URLS": "http://127.0.0.1:9/a,http://127.0.0.1:9/b"},
    ),
    ("1: GIT_HEAD_UNKNOWN", lambda _: ExitStack(), {"GIT_DIR": "/nowhere"}),
    ("1: GIT_TREE_DIRTY", dirty, {}),
    (
        "2: PUBLIC_API_UNREACHABLE",
        lambda _: ExitStack(),
        {"INTERLOCK__HOST__PUBLIC_TIME_URL": "http://127.0.0.1:9/time"},
    ),
    ("3: ACCOUNT_NOT_OK", lambda s: s.read_from_elsewhere(), {}),
    ("5: HEALTH_GUARD", lambda _: ExitStack(), {"GUARD": "1 FAIL"}),
    ("6: TIMER_NOT_ACTIVE", lambda s: s.manager.broken(active="inactive"), {}),
    ("6: SERVICE_RUN_NOT_RECORDED", lambda s: s.manager.broken(is_refused=True), {}),
    (
        "6: SERVICE_RUN_NOT_RECORDED",
        lambda s: s.manager.broken(says=["FAIL", "exit-code"]),
        {},
    ),
    (
        "7: PORTS_NOT_LOCALHOST_ONLY",
        lambda s: s.engine.changed("backend-aws", ports={"8002": "0.0.0.0:8002"}),
        {},
    ),
]


@pytest.mark.parametrize(("step", "fault", "more"), FAULTS)
def test_a_fault_is_told_by_its_step_and_code_and_every_step_has_a_result(
    stack: Stack, step: str, fault: Fault, more: dict[str, str]
) -> None:
    with stack.seen_quickly(), fault(stack):
        last, code, report = closed(stack, QUICK=COMPLETION, **more)

    assert (last, code) == (f"VALIDATION BLOCKED — STEP {step}", 1)
    assert report.splitlines()[-1] == last
    assert COMPLETION not in report
    assert not PLACEHOLDERS.search(report)
    assert list(steps(report)) == list("1234567")
    assert steps(report)[step[0]] != "PASS"


def test_the_seeds_own_situation_is_told_step_by_step(tmp_path: Path) -> None:
    with standing(tmp_path) as stack, stack.shut_out():
        wait_until(lambda: _probed(stack) == 400, 40)
        last, code, report = closed(stack, AUDIT="1 FAIL")

    assert (last, code) == ("VALIDATION BLOCKED — STEP 3: ACCOUNT_NOT_OK", 1)
    found = steps(report)
    assert (found["2"], found["7"]) == ("PASS", "PASS")
    assert {found["3"], found["4"], found["5"]} == {"**FAIL**"}
    assert "### STEP 4 — Risk probe (exchange still unavailable in this run)" in report
    assert "ERROR: RuntimeError" in report
    assert "Most likely: egress IP not allowlisted." in report
    assert "(this run: 203.0.113.7)" in report
    assert "VALIDATION BLOCKED — PHASE B: ACCOUNT_NOT_OK\nexit=1" in report


def _probed(stack: Stack) -> int:
    port = stack.platform["INTERLOCK__API__PORT"]
    asked = httpx.post(f"http://127.0.0.1:{port}/api/risk/probe", json=SPOT, timeout=5)
    return asked.status_code


def test_on_another_host_nothing_is_pulled_or_started(stack: Stack) -> None:
    before = len(stack.engine.calls)
    runs = len(json.loads(stack.manager.file.read_bytes())["runs"])
    last, code, report = closed(stack, APP_ENV="local")
    assert (last, code) == ("VALIDATION BLOCKED — STEP 1: NOT_DEPLOYMENT_HOST", 1)
    assert list(steps(report)) == list("1234567")

    assert not [call for call in stack.engine.calls[before:] if "up" in call]
    assert len(json.loads(stack.manager.file.read_bytes())["runs"]) == runs
    assert "UNKNOWN — not run: this is not the deployment host" in report


def test_a_local_dry_run_is_remembered_by_the_next_closeout(stack: Stack) -> None:
    dry = stack.say("final_ec2_hard_verification.sh", APP_ENV="local", PATH=_without_docker(stack))
    assert dry == ("VALIDATION BLOCKED — PHASE B: ACCOUNT_NOT_OK\n", 1)
    _, _, report = closed(stack, GUARD="1 FAIL", QUICK=COMPLETION)

    section = report.partition("## LOCAL DRY RUN (EXPECTED FAIL)")[2].partition("---\n\n##")[0]
    assert "| first failing step | `VALIDATION BLOCKED — PHASE B: ACCOUNT_NOT_OK` |" in section
    assert "| exit code | 1 |" in section


def _without_docker(stack: Stack) -> str:
    return stack.environ["PATH"].partition(":")[2]


def test_a_host_without_containers_proves_the_same_points_by_its_units(
    stack: Stack, tmp_path: Path
) -> None:
    report = tmp_path / "report.md"
    words = [PROGRAM, "verify", "close", "--profile", "host", "--root", str(stack.root)]
    ran = subprocess.run(
        [*words, "--report", str(report)],
        env={**stack.environ, "APP_ENV": "host"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.stdout.splitlines()[-1] == COMPLETION
    assert ran.returncode == 0
    text = report.read_text(encoding="utf-8")
    assert "interlock.service active (running)" in text
    assert "docker" not in text
