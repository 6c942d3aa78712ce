"""Sections A to G of the report: what was seen, in the seed's order, each value with its time."""

from collections.abc import Iterator
from typing import Final

from interlock.evidence.closeout import Closeout, of_step, result, steps
from interlock.evidence.markdown import cell, fenced, json_block, row_of, stamp, table
from interlock.evidence.seen import Answer, Bind, Ended, Fact
from interlock.evidence.verification import (
    BACKEND_PORT,
    FRONTEND_PORT,
    MARGIN,
    SERVICE,
    SPOT,
    TIMER,
    word,
)
from interlock.values import Known, Unknown

HEALTH_DETAILS: Final = ("exchange", "ready_to_trade", "mode", "venue", "last_audit")
COMMANDS: Final = (
    f"sudo systemctl status {TIMER} --no-pager",
    f"sudo systemctl list-timers {TIMER} --no-pager",
    f"sudo systemctl start {SERVICE}",
    f"sudo journalctl -u {SERVICE} -n 120 --no-pager",
)
JOURNAL_LINES: Final = 120


def egress(seen: Closeout) -> str:
    """Section A: what each look-up told, and the address on which they agree."""
    rows = [row_of(f"`curl -s {url}`", fact) for url, fact in seen.sources]
    rows.append(row_of("both agree on", seen.egress))
    return (
        "## A) EC2 egress IP (for allowlist)\n\n"
        f"{table(('source', 'IP', 'time'), rows)}\n\n"
        f"Host `{seen.run.hostname}`, {stamp(seen.run.began_at)}. This IP belongs into the API key's allowlist in the exchange's API"
        " key settings; the one that counts is the one seen on the deployment host itself."
    )


def code(seen: Closeout) -> str:
    """Section B: the checkout before and after the pull, and the backend that was started."""
    tree = seen.checkout
    rows = (
        row_of("HEAD before pull", tree.before),
        row_of("`git pull`", tree.pulled),
        row_of("HEAD after pull", tree.after),
        row_of("tree differs from HEAD", tree.is_dirty),
        row_of("runs on", seen.stands_on),
        row_of("stack start", seen.started),
        row_of("backend", seen.backend, _backend(seen)),
        *(row_of(f"port of {each.service}", each.where) for each in seen.published[:1]),
    )
    return f"## B) Code + backend restart\n\n{table(('what', 'value', 'time'), rows)}"


def _backend(seen: Closeout) -> str:
    match seen.backend:
        case Known(value=backend):
            return f"{backend.name} {backend.state}"
        case _:
            return ""


def ports(seen: Closeout) -> str:
    """Section C: what the engine publishes, and who listens."""
    profile = seen.run.profile
    rows = [
        row_of(f"`docker compose --profile {profile} port {each.service} {each.port}`", each.where)
        for each in seen.published
    ]
    rows.append(row_of("listening sockets on 8002 and 3000", ours(seen.binds)))
    verdict = result(*of_step(steps(seen), 7))
    return (
        f"## C) Ports (localhost-only)\n\n{table(('look', 'value', 'time'), rows)}\n\n"
        f"127.0.0.1 only: {verdict}"
    )


def ours(binds: Fact[tuple[Bind, ...]]) -> Fact[tuple[Bind, ...]]:
    """Those that listen on our ports."""
    if isinstance(binds, Unknown):
        return binds
    ports = (BACKEND_PORT, FRONTEND_PORT)
    return Known(tuple(each for each in binds.value if each.port in ports), binds.as_of)


def health(seen: Closeout) -> str:
    """Section D: what the platform says of itself, and the guard."""
    answer = seen.health
    says = answer.value.says if isinstance(answer, Known) else Answer(0, None).says
    parts = {
        "global_status": says("global_status"),
        "db_status": says("db_status"),
        "order_intents_table_exists": says("trade_system", "order_intents_table_exists"),
        "telegram.status": says("telegram", "status"),
    }
    rows = (
        row_of("HTTP", answer, answer.value.code if isinstance(answer, Known) else ""),
        *(row_of(name, _part(answer, found)) for name, found in parts.items()),
        row_of("health_guard.sh", seen.guard),
    )
    return (
        f"## D) System health + health_guard\n\n{table(('what', 'value', 'time'), rows)}\n\n"
        f"{_body(answer)}"
    )


def _part(answer: Fact[Answer], found: object) -> Fact[object]:
    if isinstance(answer, Unknown):
        return answer
    return Unknown("not in the answer") if found is None else Known(word(found), answer.as_of)


def _body(answer: Fact[Answer]) -> str:
    """The seed's keys, and of the details those that say why; nothing of the account."""
    body = answer.value.body if isinstance(answer, Known) else None
    if body is None:
        return "UNKNOWN — no JSON was answered"
    details = body.get("details")
    shown = {key: value for key, value in body.items() if key != "details"}
    if isinstance(details, dict):
        shown["details"] = {key: details[key] for key in HEALTH_DETAILS if key in details}
    return json_block(shown)


def probe(seen: Closeout) -> str:
    """Section E: both questions and both answers."""
    rows = (
        row_of("spot", seen.spot, _code_of(seen.spot)),
        row_of("margin, leverage 10", seen.margin, _code_of(seen.margin)),
    )
    spot, margin = of_step(steps(seen), 4)
    return "\n\n".join(
        (
            "## E) Risk probe",
            table(("probe", "HTTP", "time"), rows),
            f"Spot: `POST /api/risk/probe`\n\n{json_block(SPOT)}\n\n{_answered(seen.spot)}",
            f"Margin: `POST /api/risk/probe`\n\n{json_block(MARGIN)}\n\n{_answered(seen.margin)}",
            f"Spot allowed: {result(spot)}. Margin over the cap blocked by rule B: {result(margin)}.",
        )
    )


def _code_of(answer: Fact[Answer]) -> str:
    return answer.value.code if isinstance(answer, Known) else ""


def _answered(answer: Fact[Answer]) -> str:
    if isinstance(answer, Unknown):
        return cell(answer)
    body = answer.value.body
    return f"HTTP {answer.value.code}: UNKNOWN — no JSON" if body is None else json_block(body)


def audit(seen: Closeout) -> str:
    """Section F: how the audit ended and, where it failed, at which step and why."""
    rows = [row_of("`nightly_integrity_audit.sh`", seen.audit)]
    if isinstance(seen.audit, Known) and seen.audit.value.code != 0:
        rows.append(("failing step and cause", _cause(seen.audit.value), stamp(seen.audit.as_of)))
    again = 'bash scripts/aws/nightly_integrity_audit.sh; echo "exit=$?"'
    return (
        f"## F) Nightly integrity audit\n\n{table(('what', 'value', 'time'), rows)}\n\n"
        f"To repeat it: `{again}`. Expected: `PASS` and `exit=0`."
    )


def _cause(ended: Ended) -> str:
    """What the audit said of itself on stderr."""
    told = [line.strip() for line in ended.stderr.splitlines() if line.strip()]
    return " / ".join(told[-4:]) or "UNKNOWN — the audit said nothing of it"


def systemd(seen: Closeout) -> str:
    """Section G: the timer, the run of its service, and what the operator's commands print."""
    systemd = seen.systemd
    rows = (
        row_of("timer", systemd.timer.active),
        row_of("timer enabled", systemd.timer.enabled),
        row_of("next run", systemd.timer.next_elapse),
        row_of("service, started by this run", systemd.ran),
    )
    told = [
        f"`{command}`\n\n{text}" for command, text in zip(COMMANDS, _outputs(seen), strict=True)
    ]
    return "\n\n".join(
        (
            "## G) Systemd evidence (run on EC2 with sudo)",
            fenced("\n".join(COMMANDS), "bash"),
            table(("what", "value", "time"), rows),
            *told,
        )
    )


def _outputs(seen: Closeout) -> Iterator[str]:
    systemd = seen.systemd
    for ended in (systemd.status, systemd.listed):
        yield fenced(ended.value.stdout) if isinstance(ended, Known) else _not_captured(ended)
    if isinstance(systemd.ran, Unknown):
        yield _not_captured(systemd.ran)
        yield _not_captured(systemd.ran)
        return
    ran = systemd.ran.value
    yield f"result: {ran.result}, invocation `{ran.id[:8]}`"
    yield fenced("\n".join(f"{stamp(each.at)} {each.text}" for each in ran.lines[-JOURNAL_LINES:]))


def _not_captured(why: Unknown) -> str:
    return f"not captured: UNKNOWN — {why.why}"
