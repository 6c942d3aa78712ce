"""The fault matrix of the closeout: what is shown, the step and code that name it, and a report that never says more than the run did."""

from dataclasses import replace
from typing import Any

import pytest

from interlock.evidence.closeout import Closeout, Published, close, of_step, result, steps
from interlock.evidence.declaration import COMPLETION
from interlock.evidence.proof import Complete, Incomplete
from interlock.evidence.redaction import Sanitiser
from interlock.evidence.report import digest_of, sealed, written
from interlock.evidence.seen import Timer
from interlock.values import Known, Secret, Unknown
from tests.rooms.evidence.found import (
    CLOSEOUT,
    NOW,
    SILENT,
    TIMER,
    answer,
    elsewhere,
    ended,
    health,
    known,
    listening,
    margin,
    run_of,
)

DIRTY = Known(value=True, as_of=NOW)
REFUSED = Unknown("privilege refused")
HEADINGS = [
    "# Phase 6 — EC2 Final Closeout Report (Strict Mode, 40101 Fix)",
    "## LOCAL DRY RUN (EXPECTED FAIL)",
    "## EC2 HARD VERIFICATION (PASS)",
    "## A) EC2 egress IP (for allowlist)",
    "## B) Code + backend restart",
    "## C) Ports (localhost-only)",
    "## D) System health + health_guard",
    "## E) Risk probe",
    "## F) Nightly integrity audit",
    "## G) Systemd evidence (run on EC2 with sudo)",
    "## PASS/FAIL checklist",
    "## 40101 fix summary",
    "## FINAL 40101 RESOLUTION + HARD VERIFICATION (EC2 ONLY)",
    "### STEP 1 — Confirm host and egress IP",
    "### STEP 2 — Crypto.com public API (connectivity)",
    "### STEP 3 — Signed API call from backend container (ACCOUNT_OK)",
    "### STEP 4 — Risk probe",
    "### STEP 5 — Nightly audit",
    "### STEP 6 — Systemd proof",
    "### STEP 7 — Ports proof",
    "## FINAL DECLARATION RULE",
]
UNKNOWN_FIGURES: dict[str, Any] = {
    "allowed": False,
    "reason": "Provide account_equity, total_margin_exposure, daily_loss_pct for probe when exchange unavailable",
    "reason_code": "RISK_GUARD_BLOCKED",
}


def shown(**parts: Any) -> Closeout:  # noqa: ANN401 - each part has a type of its own
    return replace(CLOSEOUT, **parts)


def systemd(**parts: Any) -> Closeout:  # noqa: ANN401 - each part has a type of its own
    return shown(systemd=replace(CLOSEOUT.systemd, **parts))


def tree(**parts: Any) -> Closeout:  # noqa: ANN401 - each part has a type of its own
    return shown(checkout=replace(CLOSEOUT.checkout, **parts))


def short(service: str = "backend-aws") -> tuple[Published, ...]:
    return tuple(
        replace(each, where=known(f"0.0.0.0:{each.port}")) if each.service == service else each
        for each in CLOSEOUT.published
    )


FAULTS: list[tuple[Closeout, str]] = [
    (elsewhere(environment="local"), "STEP 1: NOT_DEPLOYMENT_HOST"),
    (elsewhere(environment=""), "STEP 1: NOT_DEPLOYMENT_HOST"),
    (elsewhere(environment="host"), "STEP 1: NOT_DEPLOYMENT_HOST"),
    (shown(egress=Unknown("the sources disagree")), "STEP 1: EGRESS_IP_UNKNOWN"),
    (tree(after=SILENT), "STEP 1: GIT_HEAD_UNKNOWN"),
    (tree(is_dirty=DIRTY), "STEP 1: GIT_TREE_DIRTY"),
    (tree(is_dirty=SILENT), "STEP 1: GIT_TREE_DIRTY"),
    (shown(connectivity=SILENT), "STEP 2: PUBLIC_API_UNREACHABLE"),
    (shown(public_call=SILENT), "STEP 2: PUBLIC_API_UNREACHABLE"),
    (shown(account=ended(1, "ERROR: RuntimeError 40101\n")), "STEP 3: ACCOUNT_NOT_OK"),
    (shown(spot=answer(400, UNKNOWN_FIGURES)), "STEP 4: RISK_PROBE_SPOT"),
    (shown(spot=answer(200, {"allowed": "true"})), "STEP 4: RISK_PROBE_SPOT"),
    (shown(margin=answer(200, {"allowed": True})), "STEP 4: RISK_PROBE_MARGIN"),
    (shown(margin=margin(objections=[{"rule": "E"}])), "STEP 4: RISK_PROBE_MARGIN"),
    (shown(margin=answer(400, UNKNOWN_FIGURES)), "STEP 4: RISK_PROBE_MARGIN"),
    (shown(health=health(global_status="WARN")), "STEP 5: SYSTEM_HEALTH"),
    (shown(health=health(global_status="FAIL")), "STEP 5: SYSTEM_HEALTH"),
    (shown(health=health(db_status="down")), "STEP 5: SYSTEM_HEALTH"),
    (shown(health=answer(0)), "STEP 5: SYSTEM_HEALTH"),
    (shown(guard=ended(1, "FAIL\n")), "STEP 5: HEALTH_GUARD"),
    (shown(audit=ended(1, "FAIL\n")), "STEP 5: NIGHTLY_AUDIT"),
    (systemd(timer=replace(TIMER, active=known("inactive"))), "STEP 6: TIMER_NOT_ACTIVE"),
    (systemd(timer=replace(TIMER, next_elapse=SILENT)), "STEP 6: TIMER_NOT_ACTIVE"),
    (systemd(timer=Timer(SILENT, SILENT, SILENT)), "STEP 6: TIMER_NOT_ACTIVE"),
    (systemd(ran=REFUSED), "STEP 6: SERVICE_RUN_NOT_RECORDED"),
    (systemd(ran=run_of("FAIL", result="exit-code")), "STEP 6: SERVICE_RUN_NOT_RECORDED"),
    (shown(binds=listening("127.0.0.1:8002")), "STEP 7: PORTS_NOT_LOCALHOST_ONLY"),
    (shown(published=short()), "STEP 7: PORTS_NOT_LOCALHOST_ONLY"),
    (shown(published=short("frontend-aws")), "STEP 7: PORTS_NOT_LOCALHOST_ONLY"),
    (shown(published=()), "STEP 7: PORTS_NOT_LOCALHOST_ONLY"),
    (shown(binds=SILENT), "STEP 7: PORTS_NOT_LOCALHOST_ONLY"),
    (shown(verification=ended(1, "VALIDATION BLOCKED — PHASE E: x\n")), "PHASE E: x"),
    (shown(verification=ended(1, f"{COMPLETION}\n")), "UNHANDLED_ERROR"),
    (shown(verification=ended(0, "")), "UNHANDLED_ERROR"),
    (shown(verification=SILENT), "UNHANDLED_ERROR"),
]
KEYS = Sanitiser((Secret("planted-key"), Secret("")))


def report(seen: Closeout) -> str:
    return written(seen, KEYS)[0]


def test_a_passed_closeout_is_complete_in_the_seeds_order_and_ends_with_the_line() -> None:
    text, proof = written(CLOSEOUT, KEYS)

    assert isinstance(proof, Complete)
    assert [line for line in text.splitlines() if line.startswith("#")] == HEADINGS
    assert text.endswith(f"\n\n{COMPLETION}\n")
    assert "UNKNOWN —" not in text
    assert "**FAIL**" not in text


@pytest.mark.parametrize(("seen", "step"), FAULTS)
def test_each_fault_is_told_by_its_step_and_code_and_declares_nothing(
    seen: Closeout, step: str
) -> None:
    text, proof = written(seen, KEYS)

    assert isinstance(proof, Incomplete)
    assert text.splitlines()[-1] == f"VALIDATION BLOCKED — {step}"
    assert COMPLETION not in text
    assert "paste" not in text.lower()
    assert text.count("\nResult: ") == 7


def test_another_profile_asks_for_another_environment_and_no_published_ports() -> None:
    seen = replace(elsewhere(profile="host", environment="host"), published=())

    assert isinstance(close(seen), Complete)
    assert isinstance(close(replace(seen, run=elsewhere(profile="host").run)), Incomplete)


def test_what_needs_a_privilege_that_was_refused_is_not_captured_and_no_pass() -> None:
    seen = systemd(ran=REFUSED, status=REFUSED, listed=REFUSED)

    assert result(*of_step(steps(seen), 6)) == "N/A this run — privilege refused"
    assert "not captured: UNKNOWN — privilege refused" in report(seen)
    failed = steps(systemd(ran=run_of("FAIL", result="exit-code")))
    assert result(*of_step(failed, 6)) == "**FAIL** — FAIL, exit-code"
    assert isinstance(close(seen), Incomplete)


def test_the_unavailable_exchange_is_named_only_where_it_is_the_observed_reason() -> None:
    suffix = "### STEP 4 — Risk probe (exchange still unavailable in this run)"

    assert suffix in report(shown(spot=answer(400, UNKNOWN_FIGURES)))
    assert suffix not in report(shown(spot=answer(400, {"allowed": False, "reason": "killed"})))


def test_the_remedy_of_a_refused_authentication_stands_there_only_when_there_was_one() -> None:
    refused = report(shown(account=ended(1, "ERROR: RuntimeError 40101 UNAUTHORIZED\n")))

    assert "Most likely: egress IP not allowlisted." in refused
    assert "(this run: 203.0.113.7)" in refused
    assert "not needed in this run" in report(CLOSEOUT)


def test_nothing_of_the_account_and_no_secret_is_written_down() -> None:
    account = "52e7c00f-1324-5a6b-abcd-de445bde21a5"
    spilt = f"ERROR: planted-key account {account} order 6142909898247428343\n"
    seen = shown(account=ended(1, spilt), audit=ended(1, "FAIL\n", f"chat 1234567890 {spilt}"))
    text = report(seen)
    plain = str(KEYS.plain(seen))

    for told in (text, plain):
        assert "planted-key" not in told
        assert account not in told
        assert "6142909898247428343" not in told
        assert "1234567890" not in told
    assert "…8343" in text
    assert '"secret"' not in text


def test_a_secret_among_the_facts_has_no_plain_form() -> None:
    with pytest.raises(Exception, match="Secret has no plain form"):
        KEYS.plain({"key": Secret("planted-key")})


def test_a_report_that_was_edited_by_hand_no_longer_matches_its_evidence() -> None:
    text = report(shown(guard=ended(1, "FAIL\n")))
    whole = sealed(text, "run.json", b"evidence")

    assert digest_of(whole) == digest_of(text)
    assert digest_of(whole.replace("**FAIL**", "PASS")) != digest_of(text)
    assert "**Evidence:** `run.json`, SHA-256 `" in whole


def test_every_value_has_its_time_and_every_unknown_its_why() -> None:
    text = report(shown(egress=Unknown("nobody answered")))

    assert "| both agree on | UNKNOWN — nobody answered | — |" in text
    assert "| `curl -s https://api.ipify.org` | 203.0.113.7 | 2026-11-25T10:00:00Z |" in text


def test_a_word_of_others_cannot_break_a_table_or_close_a_block() -> None:
    ran = systemd(status=ended(0, "```\n# forged\n| a | b |\n"), listed=ended(0, "x"))
    spilt = replace(ran, account=ended(1, "ERROR: a | b\n# heading\x1b[31m\n"))
    text = report(spilt)

    assert "```\n# forged" not in text
    assert "\x1b" not in text
