"""One fault per step of the nightly audit, on the real processes: the script says FAIL and nothing else, and only then."""

import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path

import pytest

from tests.doors.serving import free_port
from tests.fakes.docker import container, rendered
from tests.fakes.web import Says, Web
from tests.runbook.installation import Installation

STEPS = (
    "verify_no_public_ports",
    "health_guard",
    "stability_check",
    "portfolio_consistency_check",
    "reconcile_order_intents",
)
PASS, FAIL = ("PASS\n", 0), ("FAIL\n", 1)
NOWHERE = "http://127.0.0.1:9/exchange/v1"
WITHOUT_DOCKER = {"PATH": os.pathsep.join((str(Path(sys.executable).parent), os.defpath))}


@pytest.mark.parametrize("step", STEPS)
def test_a_healthy_installation_passes_each_step(here: Installation, step: str) -> None:
    assert here.verdict(step) == PASS


@pytest.mark.parametrize("step", STEPS[:4])
def test_a_host_without_its_container_engine_fails_each_step(here: Installation, step: str) -> None:
    assert here.verdict(step, environ=WITHOUT_DOCKER) == FAIL


# ---------------------------------------------------------------- ports


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.7"])  # noqa: S104 - the fault itself
def test_a_door_that_stands_open_to_others_fails(here: Installation, address: str) -> None:
    with here.engine.broken(listeners=[f"{address}:{here.api_port}"]):
        assert here.verdict(STEPS[0]) == FAIL


def test_a_database_is_nobody_elses(here: Installation) -> None:
    with here.engine.broken(listeners=["0.0.0.0:5432"]):
        assert here.verdict(STEPS[0]) == FAIL


def test_a_backend_at_another_loopback_address_alone_is_not_where_it_must_be(
    here: Installation,
) -> None:
    only_v6 = {"seen": [here.dashboard_port], "listeners": [f"[::1]:{here.api_port}"]}
    with here.engine.broken(**only_v6):
        assert here.verdict(STEPS[0]) == FAIL


@pytest.mark.parametrize("where", [":{port}", "0.0.0.0:{port}"])
def test_a_port_that_compose_publishes_to_everybody_fails(here: Installation, where: str) -> None:
    services = here.engine.state["services"] | {
        "backend-aws": container(_8002=where.format(port=here.api_port))
    }
    with here.engine.broken(rendered=rendered(services)):
        assert here.verdict(STEPS[0]) == FAIL


def test_without_the_mapping_or_the_compose_file_nothing_is_proven(here: Installation) -> None:
    with here.engine.broken(rendered=rendered({"backend-aws": container()})):
        assert here.verdict(STEPS[0]) == FAIL
    with here.engine.broken(rendered=None):
        assert here.verdict(STEPS[0]) == FAIL
    with here.engine.broken(exits={"ss": 1}):
        assert here.verdict(STEPS[0]) == FAIL


# ---------------------------------------------------------------- guard


def test_a_backend_that_is_not_there_stopped_or_unhealthy_fails_the_guard(
    here: Installation,
) -> None:
    with here.engine.broken(services={}):
        assert here.verdict(STEPS[1]) == FAIL
    with here.engine.changed("backend-aws", health="unhealthy"):
        assert here.verdict(STEPS[1]) == FAIL


def test_a_backend_that_is_not_ready_or_not_there_fails_the_guard(here: Installation) -> None:
    with unreadable_books(here):
        assert "ready: HTTP 503" in here.why(STEPS[1])
    nowhere = {"INTERLOCK__API__PORT": str(free_port())}
    assert "live: no answer" in here.why(STEPS[1], nowhere)


@contextmanager
def unreadable_books(here: Installation) -> Iterator[None]:
    """One table of the books is not there, until the block ends."""
    books = sqlite3.connect(Path(here.inside["INTERLOCK__DATA"]) / "books.sqlite", timeout=10)
    try:
        books.execute("ALTER TABLE audit_runs RENAME TO elsewhere")
        yield
        books.execute("ALTER TABLE elsewhere RENAME TO audit_runs")
    finally:
        books.close()


def test_an_exchange_that_shuts_us_out_fails_neither_guard_nor_ports(here: Installation) -> None:
    with here.shut_out():
        assert here.verdict(STEPS[0]) == PASS
        assert here.verdict(STEPS[1]) == PASS


# ---------------------------------------------------------------- stability


def test_restarts_and_kills_since_the_last_audit_fail(here: Installation) -> None:
    with here.engine.changed("engine-aws", restarts=3):
        assert "engine-aws restarted 3 times" in here.why(STEPS[2])
    with here.engine.changed("backend-aws", oom_killed=True):
        assert "killed for memory" in here.why(STEPS[2])


@pytest.mark.parametrize(
    ("name", "value", "metric"),
    [
        ("INTERLOCK__HOST__DISK_PCT_MAX", "0.0001", "disk_pct"),
        ("INTERLOCK__HOST__MEMORY_FREE_PCT_MIN", "100", "memory_free_pct"),
        ("INTERLOCK__API__PORT", "9", "cycle_minutes: unread"),
        ("INTERLOCK__EXCHANGE__REST_URL", NOWHERE, "clock_offset_s: unread"),
    ],
)
def test_each_metric_of_the_host_is_read_and_held_to_its_limit(
    here: Installation, name: str, value: str, metric: str
) -> None:
    assert metric in here.why(STEPS[2], {name: value})


def test_no_setting_makes_a_limit_milder(here: Installation) -> None:
    for milder in ("DISK_PCT_MAX=95", "MEMORY_FREE_PCT_MIN=5"):
        name, _, value = milder.partition("=")
        assert here.verdict(STEPS[2], environ={f"INTERLOCK__HOST__{name}": value}) == FAIL


def test_a_clock_that_is_off_by_more_than_the_exchange_admits_fails(here: Installation) -> None:
    date = formatdate(time.time() - 7, usegmt=True)  # noqa: TID251 - the wall's clock, put wrong
    late = Says(b'{"code":0}', headers={"Date": date})
    with Web({"/exchange/v1/public/get-tickers": late}) as other:
        own = {"INTERLOCK__EXCHANGE__REST_URL": other.url("/exchange/v1")}
        assert "clock_offset_s" in here.why(STEPS[2], own)


def test_containers_that_cannot_be_described_fail(here: Installation) -> None:
    with here.engine.broken(exits={"inspect": 1}):
        assert "deaths: unread" in here.why(STEPS[2])


@pytest.mark.parametrize("name", ["alert_undelivered.json", "stability_baseline.json"])
def test_a_note_that_cannot_be_read_fails(here: Installation, name: str) -> None:
    note = here.root / "evidence" / name
    note.write_text("{", encoding="utf-8")
    try:
        assert name in here.why(STEPS[2])
    finally:
        note.unlink()


# ---------------------------------------------------------------- portfolio and orders


def test_a_refused_authentication_fails_the_portfolio_with_its_facts(here: Installation) -> None:
    with here.shut_out():
        why = here.why(STEPS[3])
        assert "code=40101" in why
        assert "egress IP not allowlisted" in why
        assert here.verdict(STEPS[4]) == FAIL


@pytest.mark.parametrize("step", STEPS[3:])
def test_a_backend_that_does_not_answer_inside_fails(here: Installation, step: str) -> None:
    with here.engine.changed("backend-aws", state="exited"):
        assert here.verdict(step) == FAIL
    with here.engine.broken(environ={**here.inside, "INTERLOCK__EXCHANGE__REST_URL": NOWHERE}):
        assert here.verdict(step) == FAIL


def test_the_threshold_is_the_backends_own(here: Installation) -> None:
    with here.engine.broken(environ={**here.inside, "DRIFT_THRESHOLD_PCT": "2.5"}):
        ran = here.script(STEPS[3], environ={"DEBUG": "1", "DRIFT_THRESHOLD_PCT": "7"})
    assert ran.stdout == "PASS\n"
    assert "drift_pct=0.0000 threshold_pct=2.5 compared=1" in ran.stderr


# ---------------------------------------------------------------- all


@pytest.mark.parametrize("step", [STEPS[0], STEPS[1], STEPS[3], STEPS[4]])
def test_a_host_without_containers_is_audited_by_its_own_settings(
    here: Installation, step: str
) -> None:
    own = {**WITHOUT_DOCKER, **here.inside}
    assert here.verdict(step, "--profile", "host", environ=own) == PASS


def test_units_that_nobody_can_show_fail_a_host_without_containers(here: Installation) -> None:
    own = {**WITHOUT_DOCKER, **here.inside}
    assert here.verdict(STEPS[2], "--profile", "host", environ=own) == FAIL


def test_a_setting_that_cannot_be_is_a_failure_like_any_other(here: Installation) -> None:
    assert here.verdict(STEPS[0], environ={"INTERLOCK__NO_SUCH": "1"}) == FAIL


def test_no_secret_is_in_any_word_though_everything_is_asked_to_speak(here: Installation) -> None:
    secrets = (here.at["api_secret"], here.environ["TELEGRAM_BOT_TOKEN"])
    with here.shut_out():
        for step in STEPS:
            ran = here.script(step, environ={"DEBUG": "1", "SHELLOPTS": "xtrace"})
            assert not [each for each in secrets if each in ran.stdout + ran.stderr]
    said = [word for call in here.engine.calls for word in call]
    assert not [each for each in secrets for word in said if each in word]
