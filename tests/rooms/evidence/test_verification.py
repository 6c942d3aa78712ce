"""The fault matrix of the hard verification: what is shown, and the line that says so. Everything else is healthy."""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from interlock.errors import BrokenInvariant
from interlock.evidence.declaration import COMPLETION, block, declare
from interlock.evidence.proof import CheckRow, Complete, Incomplete
from interlock.evidence.seen import Timer
from interlock.evidence.verification import Seen, rows, verify
from tests.rooms.evidence.found import (
    NOW,
    SEEN,
    SILENT,
    TIMER,
    answer,
    ended,
    health,
    known,
    listening,
    margin,
    run_of,
)

B = "PHASE B: ACCOUNT_NOT_OK"
C1 = "PHASE C.1: Risk probe spot "
C2 = "PHASE C.2: Risk probe margin over-cap "
D1 = "PHASE D.1: System health "
D2 = "PHASE D.2: health_guard.sh did not exit 0"
D3 = "PHASE D.3: nightly_integrity_audit.sh did not exit 0"
E = "PHASE E: nightly-integrity-audit.timer "
LAST_RUN = "PHASE E: nightly-integrity-audit.service journal did not show PASS"
PUBLIC = "PHASE F: Ports 8002 or 3000 must not bind to 0.0.0.0"
HERE = ("127.0.0.1:8002", "127.0.0.1:3000")
NO_TABLE: dict[str, Any] = {"status": "PASS", "order_intents_table_exists": False}

FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"account": SILENT}, B),
    ({"account": ended(1, "ERROR: RuntimeError 40101\n")}, B),
    ({"account": ended(1, "ACCOUNT_OK\n")}, B),
    ({"account": ended(0, "")}, B),
    ({"account": ended(0, "ACCOUNT_OK\nACCOUNT_OK\n")}, B),
    ({"account": ended(0, "warning\nACCOUNT_OK\n")}, B),
    ({"account": ended(0, "NOT ACCOUNT_OK\n")}, B),
    ({"spot": answer(0)}, f"{C1}returned HTTP 000 (expected 200)"),
    ({"spot": answer(400, {"allowed": False})}, f"{C1}returned HTTP 400 (expected 200)"),
    ({"spot": answer(404)}, f"{C1}returned HTTP 404 (expected 200)"),
    ({"spot": answer(422)}, f"{C1}returned HTTP 422 (expected 200)"),
    ({"spot": answer(503)}, f"{C1}returned HTTP 503 (expected 200)"),
    ({"spot": answer(200, {"allowed": False})}, f"{C1}allowed is not true"),
    ({"spot": answer(200, {"allowed": "true"})}, f"{C1}allowed is not true"),
    ({"spot": answer(200, {"allowed": 1})}, f"{C1}allowed is not true"),
    ({"spot": answer(200, {})}, f"{C1}allowed is not true"),
    ({"spot": answer(200)}, f"{C1}allowed is not true"),
    ({"margin": answer(200, {"allowed": True})}, f"{C2}returned HTTP 200 (expected 400)"),
    ({"margin": margin(allowed=None)}, f"{C2}allowed must be false"),
    ({"margin": margin(allowed=True)}, f"{C2}allowed must be false"),
    ({"margin": margin(allowed=0)}, f"{C2}allowed must be false"),
    ({"margin": margin(reason_code="NO")}, f"{C2}reason_code must be RISK_GUARD_BLOCKED"),
    ({"margin": margin(reason_code=None)}, f"{C2}reason_code must be RISK_GUARD_BLOCKED"),
    ({"margin": margin(objections=[{"rule": "E"}])}, f"{C2}objections must include rule B"),
    ({"margin": margin(objections=None)}, f"{C2}objections must include rule B"),
    ({"margin": margin(objections="B")}, f"{C2}objections must include rule B"),
    ({"margin": margin(objections=["B"])}, f"{C2}objections must include rule B"),
    ({"health": answer(503, {})}, f"{D1}returned HTTP 503 (expected 200)"),
    ({"health": answer(0)}, f"{D1}returned HTTP 000 (expected 200)"),
    ({"health": answer(200)}, f"{D1}global_status must be PASS or WARN"),
    ({"health": health(global_status="FAIL")}, f"{D1}global_status must be PASS or WARN"),
    ({"health": health(global_status=["PASS"])}, f"{D1}global_status must be PASS or WARN"),
    ({"health": health(db_status="down")}, f"{D1}db_status must be up"),
    ({"health": health(trade_system=NO_TABLE)}, f"{D1}order_intents_table_exists must be true"),
    ({"health": health(trade_system={})}, f"{D1}order_intents_table_exists must be true"),
    ({"health": health(telegram={"status": "WARN"})}, f"{D1}telegram.status must be PASS"),
    ({"health": health(telegram=None)}, f"{D1}telegram.status must be PASS"),
    ({"guard": ended(1, "PASS\n")}, D2),
    ({"guard": ended(0, "FAIL\n")}, D2),
    ({"guard": ended(0, "PASS\nPASS\n")}, D2),
    ({"guard": SILENT}, D2),
    ({"audit": ended(1, "FAIL\n")}, D3),
    ({"audit": ended(0, "")}, D3),
    ({"audit": ended(0, "PASS\nand more\n")}, D3),
    ({"audit": SILENT}, D3),
    ({"timer": replace(TIMER, enabled=known("disabled"))}, f"{E}is not enabled"),
    ({"timer": Timer(SILENT, SILENT, SILENT), "service": SILENT}, f"{E}is not enabled"),
    ({"timer": replace(TIMER, active=known("inactive"))}, f"{E}is not active"),
    ({"timer": replace(TIMER, next_elapse=SILENT)}, f"{E}not in list-timers"),
    (
        {"service": SILENT},
        "PHASE E: Could not read journal for nightly-integrity-audit.service",
    ),
    (
        {"service": known(None)},
        "PHASE E: Could not read journal for nightly-integrity-audit.service",
    ),
    ({"service": run_of("PASS", "FAIL")}, LAST_RUN),
    ({"service": run_of("the audit says PASS")}, LAST_RUN),
    ({"service": run_of()}, LAST_RUN),
    ({"service": run_of("PASS", result="exit-code")}, LAST_RUN),
    ({"service": run_of("PASS", result="still running")}, LAST_RUN),
    ({"service": run_of("PASS", age=timedelta(hours=26, seconds=1))}, LAST_RUN),
    ({"binds": SILENT}, "PHASE F: 127.0.0.1:8002 not found"),
    ({"binds": listening("[::1]:8002", HERE[1])}, "PHASE F: 127.0.0.1:8002 not found"),
    ({"binds": listening("127.0.0.2:8002", HERE[1])}, "PHASE F: 127.0.0.1:8002 not found"),
    ({"binds": listening(HERE[0])}, "PHASE F: 127.0.0.1:3000 not found"),
    *(
        ({"binds": listening(*HERE, public)}, PUBLIC)
        for public in ("0.0.0.0:8002", "[::]:3000", "*:8002", "10.0.0.5:3000")
    ),
]
FAIR: list[dict[str, Any]] = [
    {"health": health(global_status="WARN")},
    {"service": run_of("one step", "PASS", age=timedelta(hours=26))},
    {"binds": listening(*HERE, "0.0.0.0:22", "[::1]:8002")},
    {"audit": ended(0, "some step\nPASS\n", "loud")},
]


def test_a_healthy_host_is_complete_and_says_the_line_to_the_letter() -> None:
    proof = verify(SEEN, NOW)

    assert isinstance(proof, Complete)
    assert declare(proof) == "PHASE 6 \u2014 EC2 VALIDATION COMPLETE" == COMPLETION


@pytest.mark.parametrize(("fault", "step"), FAULTS)
def test_each_fault_is_told_by_its_own_line(fault: dict[str, Any], step: str) -> None:
    proof = verify(replace(SEEN, **fault), NOW)

    assert isinstance(proof, Incomplete)
    assert block(proof.step) == f"VALIDATION BLOCKED \u2014 {step}"


@pytest.mark.parametrize("seen", FAIR)
def test_what_the_runbook_accepts_does_not_block(seen: dict[str, Any]) -> None:
    assert isinstance(verify(replace(SEEN, **seen), NOW), Complete)


def test_of_several_faults_the_earliest_phase_is_told() -> None:
    worse = Seen()
    for number, part in enumerate(fields(Seen)):
        shown = replace(
            SEEN, **{each.name: getattr(worse, each.name) for each in fields(Seen)[number:]}
        )
        proof = verify(shown, NOW)
        alone = verify(replace(SEEN, **{part.name: getattr(worse, part.name)}), NOW)
        assert isinstance(proof, Incomplete)
        assert isinstance(alone, Incomplete)
        assert proof.step == alone.step


def test_a_check_that_was_not_run_has_failed() -> None:
    assert not any(row.holds for row in rows(Seen(), NOW))


def test_every_check_has_a_fault_that_only_it_reports() -> None:
    told = {step.partition(" returned HTTP ")[0] for _, step in FAULTS}

    assert {row.step.partition(" returned HTTP ")[0] for row in rows(SEEN, NOW)} == told


def test_completion_is_not_bought_with_a_proof_of_something_else() -> None:
    audit = Complete((CheckRow("portfolio", passed=True, compared=1, found=""),))
    holes = Complete(verify(SEEN, NOW).rows[1:])
    forged = Complete(
        (*verify(SEEN, NOW).rows, CheckRow("PHASE B", passed=False, compared=1, found=""))
    )

    for proof in (audit, holes, forged, Complete(())):
        with pytest.raises(BrokenInvariant):
            declare(proof)
