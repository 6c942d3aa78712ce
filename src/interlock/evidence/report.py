"""The closeout report: Markdown in the seed's order and headings, every cell from this run's evidence, the last line from its proof.

A value that could not be obtained is `UNKNOWN — why`. A report that did not pass holds the line of completion nowhere.
"""

import hashlib
from collections.abc import Iterator
from typing import Final

from interlock.evidence import report_evidence as evidence
from interlock.evidence import report_verdict as verdict
from interlock.evidence.closeout import Closeout, close, steps
from interlock.evidence.declaration import COMPLETION, block, declare
from interlock.evidence.markdown import cell, fenced, stamp, table
from interlock.evidence.proof import Complete, Incomplete
from interlock.evidence.redaction import Sanitiser
from interlock.values import Known

TITLE: Final = "# Phase 6 — EC2 Final Closeout Report (Strict Mode, 40101 Fix)"
WITHHELD: Final = "(line withheld: this closeout is blocked)"
EVIDENCE: Final = "**Evidence:**"


def written(seen: Closeout, sanitiser: Sanitiser) -> tuple[str, Complete | Incomplete]:
    """The report without the line that names its evidence, and the proof that its last line stands for."""
    proof = close(seen)
    draft = sanitiser.text("\n\n---\n\n".join(_sections(seen)))
    match proof:
        case Complete():
            return _declared(draft, proof), proof
        case Incomplete():
            return _blocked(draft, proof), proof


def _declared(draft: str, proof: Complete) -> str:
    """Only a complete proof appends the line of completion."""
    return f"{draft}\n\n{declare(proof)}\n"


def _blocked(draft: str, proof: Incomplete) -> str:
    return f"{draft.replace(COMPLETION, WITHHELD)}\n\n{block(proof.step)}\n"


def sealed(report: str, name: str, evidence: bytes) -> str:
    """The report with the name and hash of its evidence under its head. The evidence holds the hash of the report without that line."""
    head, mark, rest = report.partition("\n\n---\n")
    line = f"{EVIDENCE} `{name}`, SHA-256 `{hashlib.sha256(evidence).hexdigest()}`"
    return f"{head}\n\n{line}{mark}{rest}"


def digest_of(report: str) -> str:
    """The hash of a report without the line that names its evidence."""
    lines = [line for line in report.splitlines() if line and not line.startswith(EVIDENCE)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _sections(seen: Closeout) -> Iterator[str]:
    found = steps(seen)
    yield _head(seen)
    yield _dry_run(seen)
    yield _hard_verification(seen)
    yield evidence.egress(seen)
    yield evidence.code(seen)
    yield evidence.ports(seen)
    yield evidence.health(seen)
    yield evidence.probe(seen)
    yield evidence.audit(seen)
    yield evidence.systemd(seen)
    yield verdict.checklist(seen, found)
    yield verdict.auth(seen)
    yield verdict.step_by_step(seen, found)
    yield verdict.rule(seen, found)


def _head(seen: Closeout) -> str:
    run = seen.run
    deployed = "yes" if run.is_deployment_host else "no"
    return (
        f"{TITLE}\n\n"
        f"**Date:** {stamp(run.began_at)[:10]}\n\n"
        "**Repo root:** `automated-trading-platform`\n\n"
        f"**Run:** `{run.id}`, build `{run.build}`, profile `{run.profile}`, deployment host {deployed}"
    )


def _dry_run(seen: Closeout) -> str:
    heading = "## LOCAL DRY RUN (EXPECTED FAIL)"
    dry = seen.dry_run
    if dry is None:
        return f"{heading}\n\nnone recorded\n\nNo secrets."
    rows = (
        ("script", "`scripts/aws/final_ec2_hard_verification.sh`"),
        ("UTC timestamp", dry.at),
        ("hostname", dry.hostname),
        ("git short HEAD", dry.head),
        ("first failing step", f"`{dry.line}`"),
        ("exit code", str(dry.code)),
    )
    return f"{heading}\n\n{table(('', 'value'), rows)}\n\nNo secrets."


def _hard_verification(seen: Closeout) -> str:
    ended = seen.verification
    passed = isinstance(ended, Known) and ended.value.code == 0
    script = "bash scripts/aws/ec2_quick_verify.sh"
    command = script if seen.run.profile == "aws" else "interlock verify --profile host"
    code = str(ended.value.code) if isinstance(ended, Known) else cell(ended)
    rows = (
        ("UTC timestamp", stamp(ended.as_of if isinstance(ended, Known) else seen.run.began_at)),
        ("hostname", seen.run.hostname),
        ("egress IP", cell(seen.egress)),
        ("git short HEAD", cell(seen.checkout.after)),
        ("exit code", code),
    )
    output = f"{ended.value.stdout.rstrip()}\nexit={code}" if isinstance(ended, Known) else code
    return "\n\n".join(
        (
            f"## EC2 HARD VERIFICATION ({'PASS' if passed else 'FAIL'})",
            fenced(f'cd automated-trading-platform\n{command}; echo "exit=$?"', "bash"),
            table(("", "value"), rows),
            fenced(output),
            "No secrets.",
        )
    )
