"""The nightly audit on the real processes: one word, one message of each failure to a real messenger, and none is forgotten.

Where a test is about the night and not about its steps, a step is a script that passes at once.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from interlock.evidence.nightly import STEPS
from tests.doors.serving import free_port
from tests.fakes.notify import TAKEN, says
from tests.fakes.web import Says, Web
from tests.runbook.installation import Installation

SCRIPTS = Path(__file__).parents[2] / "scripts" / "aws"
NIGHT = "nightly_integrity_audit"
PASS, FAIL = ("PASS\n", 0), ("FAIL\n", 1)
PASSES = """#!/bin/sh
while [ "$1" != --row ]; do shift; done
printf '{"step":"%s","passed":true,"compared":1,"found":"stub"}' "$(basename "$0" .sh)" >"$2"
echo PASS
"""
STABILITY = (SCRIPTS / "stability_check.sh").read_text(encoding="utf-8")
MUTE = {"TELEGRAM_BOT_TOKEN": ""}


@pytest.fixture
def quick(here: Installation) -> Iterator[Installation]:
    """The installation with steps that pass at once; nothing has been told yet."""
    with ExitStack() as stack:
        for step in STEPS:
            stack.enter_context(here.replaced(step, PASSES))
        here.phone.heard.clear()
        yield here


def sentence(here: Installation, step: str) -> list[str]:
    return [f"Nightly integrity FAIL: {step} | git: {here.hash}"]


def system(here: Installation) -> dict[str, Any]:
    url = f"http://127.0.0.1:{here.api_port}/api/health/system"
    found: dict[str, Any] = httpx.get(url, timeout=10).json()
    return found


def marker(here: Installation) -> Path:
    return here.root / "evidence" / "alert_undelivered.json"


def test_a_healthy_night_says_pass_tells_nobody_and_is_kept_in_the_books(
    here: Installation,
) -> None:
    here.phone.heard.clear()

    assert here.verdict(NIGHT) == PASS
    assert here.told == []
    audit = system(here)["details"]["last_audit"]
    assert audit["passed"] is True


def test_shut_out_by_the_exchange_the_night_fails_at_the_step_that_the_runbook_names(
    here: Installation,
) -> None:
    here.phone.heard.clear()

    with here.shut_out():
        assert here.verdict(NIGHT) == FAIL
    assert here.told == sentence(here, "portfolio_consistency_check")
    assert system(here)["details"]["last_audit"]["passed"] is False


def test_what_happened_since_the_last_audit_is_told_once(quick: Installation) -> None:
    restarted = quick.engine.changed("engine-aws", restarts=2)
    with quick.replaced("stability_check", STABILITY), restarted:
        assert quick.verdict(NIGHT) == FAIL
        assert quick.told == sentence(quick, "stability_check")
        assert quick.verdict(NIGHT) == PASS


@pytest.mark.parametrize(
    ("step", "text", "mode"),
    [
        (STEPS[0], "#!/bin/sh\n", 0o755),
        (STEPS[1], "#!/bin/sh\necho PASS\n", 0o755),
        (STEPS[2], PASSES.replace("echo PASS", "echo ok; echo PASS"), 0o755),
        (STEPS[3], PASSES + "exit 1\n", 0o755),
        (STEPS[4], PASSES, 0o644),
    ],
    ids=["says nothing", "compares nothing", "says more", "ends with 1", "may not be run"],
)
def test_a_step_that_is_not_wholly_a_pass_fails_by_its_name(
    quick: Installation, step: str, text: str, mode: int
) -> None:
    with quick.replaced(step, text, mode):
        assert quick.verdict(NIGHT) == FAIL
    assert quick.told == sentence(quick, step)


def test_a_step_that_hangs_fails_when_its_time_is_over(quick: Installation) -> None:
    with quick.replaced("stability_check", "#!/bin/sh\nsleep 60\n"):
        assert quick.verdict(NIGHT, environ={"INTERLOCK__HOST__STEP_LIMIT_S": "0.5"}) == FAIL
    assert quick.told == sentence(quick, "stability_check")


def test_a_stack_that_does_not_come_up_fails_before_any_step(quick: Installation) -> None:
    nowhere = {"INTERLOCK__API__PORT": str(free_port())}

    with quick.engine.broken(exits={"up": 1}):
        assert quick.verdict(NIGHT) == FAIL
    assert quick.verdict(NIGHT, environ=nowhere) == FAIL
    assert quick.told == sentence(quick, "ensure_stack_up") * 2


def test_a_backend_that_dies_after_the_start_is_named(quick: Installation) -> None:
    with Web({"/api/health/system": Says(b"{}")}) as dying:
        port = dying.url().rpartition(":")[2].rstrip("/")
        assert quick.verdict(NIGHT, environ={"INTERLOCK__API__PORT": port}) == FAIL
    assert quick.told == sentence(quick, "backend_ready")


def test_an_alert_that_nobody_heard_fails_the_next_night_until_somebody_did(
    quick: Installation,
) -> None:
    with quick.replaced("stability_check", STABILITY):
        with quick.replaced("health_guard", "#!/bin/sh\n"):
            assert quick.verdict(NIGHT, environ=MUTE) == FAIL
        alert = system(quick)["details"]["last_undelivered_alert"]
        assert [alert["message"]] == sentence(quick, "health_guard")

        assert quick.verdict(NIGHT, environ=MUTE) == FAIL
        kept = json.loads(marker(quick).read_text(encoding="utf-8"))
        names = [alert["message"].split()[3] for alert in kept]
        assert names == ["health_guard", "stability_check"]
        assert quick.told == []

        assert quick.verdict(NIGHT) == PASS
    assert quick.told == [alert["message"] for alert in kept]
    assert not marker(quick).exists()
    assert system(quick)["details"]["last_undelivered_alert"] is None


def test_a_messenger_that_does_not_take_it_leaves_it_until_it_is_acknowledged(
    quick: Installation,
) -> None:
    quick.phone.answer = says(500, {"ok": False, "error_code": 500, "description": "no"})
    try:
        with quick.replaced("health_guard", "#!/bin/sh\n"):
            assert quick.verdict(NIGHT) == FAIL
    finally:
        quick.phone.answer = says(200, TAKEN)
    assert marker(quick).exists()

    words = (str(quick.root / ".venv/bin/interlock"), "audit", "acknowledge", "--root", quick.root)
    subprocess.run(words, env=quick.environ, check=True, stdout=subprocess.DEVNULL)
    assert not marker(quick).exists()


def test_a_night_that_is_told_to_end_says_fail_once_and_tells_the_owner(
    quick: Installation,
) -> None:
    with quick.replaced("stability_check", "#!/bin/sh\ntouch ran; exec sleep 60\n"):
        night = subprocess.Popen(
            ["/bin/bash", str(quick.root / "scripts/aws" / f"{NIGHT}.sh")],
            env=quick.environ,
            cwd=quick.root.parent,
            stdout=subprocess.PIPE,
            text=True,
        )
        with night:
            wait_for(quick.root.parent / "ran")
            night.send_signal(signal.SIGTERM)
            said, _ = night.communicate(timeout=30)
    assert (said, night.returncode) == FAIL
    assert quick.told == sentence(quick, "stability_check")


def wait_for(path: Path) -> None:
    end = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.02)
    path.unlink()


def test_without_books_to_reach_the_night_is_judged_all_the_same(quick: Installation) -> None:
    with quick.engine.broken(exits={"exec": 1}):
        ran = quick.script(NIGHT, environ={"DEBUG": "1"})
    assert (ran.stdout, ran.returncode) == PASS
    assert "not recorded" in ran.stderr


@contextmanager
def without_venv(here: Installation) -> Iterator[None]:
    venv = here.root / ".venv"
    target = venv.readlink()
    venv.unlink()
    try:
        yield
    finally:
        venv.symlink_to(target)


@pytest.mark.parametrize("script", [NIGHT, *STEPS])
def test_an_installation_without_its_program_says_fail(here: Installation, script: str) -> None:
    with without_venv(here):
        assert here.verdict(script, environ={"PATH": os.defpath}) == FAIL


@pytest.mark.parametrize("script", [NIGHT, *STEPS])
def test_each_script_only_collects(script: str) -> None:
    path = SCRIPTS / f"{script}.sh"

    assert len(path.read_text(encoding="utf-8").splitlines()) <= 10
    assert path.stat().st_mode & 0o111
