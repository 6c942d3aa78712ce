"""What the report concludes: checklist, authentication, the seven steps, and the declaration rule."""

from typing import Final

from interlock.evidence.closeout import TITLES, Closeout, close, of_step, result
from interlock.evidence.diagnosis import REMEDY
from interlock.evidence.diagnosis import STEPS as TREE
from interlock.evidence.markdown import cell, row_of, table
from interlock.evidence.proof import CheckRow
from interlock.evidence.report_evidence import ours
from interlock.evidence.seen import Answer, Fact
from interlock.values import Known, Unknown

AUTH_CODES: Final = ("40101", "40103")
PROBE_STEP: Final = 4
RUN_AGAIN: Final = (
    "3. Run again: `bash scripts/aws/health_guard.sh` → PASS, exit=0; spot probe → 200, `allowed=true`; margin probe → 400,"
    " `allowed=false`, `reason_code=RISK_GUARD_BLOCKED`; `bash scripts/aws/nightly_integrity_audit.sh` → exit=0; systemd"
    " commands → timer active, service run recorded."
)


def checklist(seen: Closeout, found: tuple[CheckRow, ...]) -> str:
    """The rows of the checklist, each with its result."""
    _, _, head, tree = of_step(found, 1)
    spot, margin = of_step(found, 4)
    health, guard, audit = of_step(found, 5)
    rows = (
        ("Git HEAD", result(head, tree)),
        ("backend-aws Up + healthy", _is_well(seen)),
        ("Ports 127.0.0.1 only", result(*of_step(found, 7))),
        ("/api/health/system HTTP 200, global_status PASS, db up, telegram PASS", result(health)),
        ("health_guard", result(guard)),
        ("risk_probe spot (200, allowed=true)", result(spot)),
        ("risk_probe margin (400, RISK_GUARD_BLOCKED)", result(margin)),
        ("nightly_integrity_audit", result(audit)),
        ("systemd timer/service", result(*of_step(found, 6))),
    )
    return f"## PASS/FAIL checklist\n\n{table(('check', 'result'), rows)}"


def _is_well(seen: Closeout) -> str:
    match seen.backend:
        case Unknown(why=why):
            return f"**FAIL** — {why}"
        case Known(value=backend) if backend.is_well:
            return "PASS"
        case Known(value=backend):
            return f"**FAIL** — {backend.name} {backend.state}"


def auth(seen: Closeout) -> str:
    """What to do about an authentication failure, where there was one."""
    heading = "## 40101 fix summary"
    told = seen.account.value.stdout if isinstance(seen.account, Known) else ""
    seen_by_health = str(_exchange_code(seen.health))
    if not any(code in f"{told} {seen_by_health}" for code in AUTH_CODES):
        return f"{heading}\n\nnot needed in this run"
    ip = cell(seen.egress)
    return "\n".join(
        (
            f"{heading}\n",
            f"Facts: the signed call answered {cell(seen.account)}; egress IP {ip}; the code alone proves no cause.\n",
            f"{REMEDY}\n",
            f"1. Egress IP to allowlist: the IP returned by `curl -s https://api.ipify.org` on the deployment host (this run: {ip}).",
            "2. Exchange: add this IP in the API key allowlist; confirm it is saved and that the backend uses this key.",
            RUN_AGAIN,
            "\nThe decision tree that the remedy speaks of:\n",
            *(f"- {question}" for question in TREE),
        )
    )


def _exchange_code(health: Fact[Answer]) -> object:
    return health.value.says("details", "exchange", "code") if isinstance(health, Known) else None


def step_by_step(seen: Closeout, found: tuple[CheckRow, ...]) -> str:
    """Steps 1 to 7, each with its result, its codes and its evidence."""
    parts = ["## FINAL 40101 RESOLUTION + HARD VERIFICATION (EC2 ONLY)"]
    for number, title in TITLES.items():
        rows = of_step(found, number)
        listed = [(row.step.partition(": ")[2], result(row), row.found) for row in rows]
        facts = [row_of(name, fact) for name, fact in _facts(seen, number)]
        parts.append(
            f"### STEP {number} — {title}{_suffix(seen, number)}\n\n"
            f"Result: {result(*rows)}\n\n{table(('code', 'result', 'found'), listed)}\n\n"
            f"{table(('evidence', 'value', 'time'), facts)}"
        )
    return "\n\n".join(parts)


def _suffix(seen: Closeout, number: int) -> str:
    """Said of step 4 only where the exchange's silence is the observed reason."""
    why = seen.spot.value.says("reason") if isinstance(seen.spot, Known) else None
    is_unknown = isinstance(why, str) and why.endswith("when exchange unavailable")
    return (
        " (exchange still unavailable in this run)" if number == PROBE_STEP and is_unknown else ""
    )


def _facts(seen: Closeout, number: int) -> tuple[tuple[str, Fact[object]], ...]:
    run, systemd = seen.run, seen.systemd
    listed: dict[int, tuple[tuple[str, Fact[object]], ...]] = {
        1: (
            ("hostname", Known(run.hostname, run.began_at)),
            ("environment", Known(run.environment or "not set", run.began_at)),
            ("egress IP", seen.egress),
            ("git short HEAD", seen.checkout.after),
        ),
        2: (
            ("get-time", seen.connectivity),
            ("v1 public call", seen.public_call),
            ("clock of the exchange less ours", seen.clock_offset),
        ),
        3: (("signed call", seen.account),),
        4: (("spot", seen.spot), ("margin, leverage 10", seen.margin)),
        5: (
            ("system health", seen.health),
            ("health_guard.sh", seen.guard),
            ("nightly_integrity_audit.sh", seen.audit),
        ),
        6: (
            ("timer", systemd.timer.active),
            ("next run", systemd.timer.next_elapse),
            ("service run", systemd.ran),
        ),
        7: (
            *((each.service, each.where) for each in seen.published),
            ("sockets on 8002 and 3000", ours(seen.binds)),
        ),
    }
    return listed[number]


def rule(seen: Closeout, found: tuple[CheckRow, ...]) -> str:
    """The declaration rule, with each item's result."""
    spot, margin = of_step(found, 4)
    health, guard, audit = of_step(found, 5)
    host, _, _, tree = of_step(found, 1)
    account = of_step(found, 3)
    items = (
        ("ACCOUNT_OK (signed API from the backend container)", result(*account)),
        ("risk_probe spot → HTTP 200, `allowed:true`", result(spot)),
        (
            "risk_probe margin → HTTP 400, `allowed:false`, `reason_code:RISK_GUARD_BLOCKED`",
            result(margin),
        ),
        ("nightly_integrity_audit → exit=0", result(audit)),
        ("health_guard → exit=0", result(guard)),
        ("ports bound to 127.0.0.1 only", result(*of_step(found, 7))),
        ("systemd timer active (and service run recorded)", result(*of_step(found, 6))),
        ("the run happened on the deployment host", result(host)),
        ("`global_status` PASS", result(health)),
        ("clean tree", result(tree)),
        ("hard verification of this run", result(close(seen).rows[-1])),
    )
    rows = [(str(n), name, told) for n, (name, told) in enumerate(items, 1)]
    return (
        "## FINAL DECLARATION RULE\n\n"
        "The line of completion is appended to this report only if all are true in the same run:\n\n"
        f"{table(('#', 'item', 'result'), rows)}\n\n"
        "If one fails: completion is not declared; the root cause is fixed; the whole verification runs again on the deployment host."
    )
