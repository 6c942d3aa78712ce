"""How a verification and a closeout are run: looks in their order, the proof, and what is written down before the line is said."""

import secrets
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from interlock.cli.verdict import Verdict
from interlock.evidence.certificate import NAME, certify
from interlock.evidence.closeout import Run
from interlock.evidence.declaration import STACK_UP_FAILED, block, declare
from interlock.evidence.markdown import table
from interlock.evidence.proof import CheckRow, Complete, Incomplete
from interlock.evidence.redaction import Sanitiser
from interlock.evidence.report import digest_of, sealed, written
from interlock.evidence.report_evidence import COMMANDS
from interlock.evidence.verification import Seen, rows, verify
from interlock.host.checkout import Repository
from interlock.host.clock import WallClock
from interlock.host.closing import Closing, at_its_end
from interlock.host.evidence_files import (
    CLOSEOUT,
    VERIFICATION,
    EvidenceFile,
    keep_certificate,
    last_dry_run,
    write_report,
)
from interlock.host.looking import LOOKS, Look
from interlock.host.outside import Outside
from interlock.host.site import Containers, Site, Units
from interlock.settings import Settings, environment_of_host, of_host
from interlock.values import Instant, Known, Secret, Unknown
from interlock.wiring.certified import bound_of

REPORT: Final = Path("reports") / "PHASE6_EC2_FINAL_CLOSEOUT_REPORT.md"
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Stand:
    """Where one run stands: the host's settings, its eyes, and what it must not write down."""

    settings: Settings
    look: Look
    outside: Outside
    sanitiser: Sanitiser

    @property
    def evidence(self) -> Path:
        """The folder of evidence."""
        return self.look.root / self.settings.host.evidence_dir


def stand_of(profile: str, root: Path) -> Stand:
    """The stand of a run in the checkout at `root`."""
    settings = of_host(root)
    site: Site = Containers(root)
    if profile == "host":
        site = Units(environment_of_host(root))
    given = settings.exchange
    outside = Outside(
        settings.host.egress_urls,
        settings.host.public_time_url,
        given.rest_url,
        given.source_address,
    )
    look = Look(site, root, settings.api.port)
    return Stand(settings, look, outside, Sanitiser(_secrets(settings)))


def phases(stand: Stand, letter: str, report: Path | None, verdict: Verdict) -> None:
    """The hard verification, or one phase of it, which completes nothing."""
    this = _run(stand, VERIFICATION)
    with EvidenceFile(stand.evidence, f"{this.id}.json") as evidence:
        sources, address = stand.outside.address()
        head = Repository(stand.look.root).head()
        seen = _looked(stand.look, letter)
        now = WallClock().now()
        found, line, code = _judged(seen, now, letter)
        _tell(verdict, found)
        told = {
            "kind": VERIFICATION,
            "phase": letter or "A-F",
            "at": this.began_at,
            "hostname": this.hostname,
            "head": head.value if isinstance(head, Known) else f"UNKNOWN — {head.why}",
            "is_deployment_host": this.is_deployment_host,
            "line": line,
            "exit": code,
            "run": replace(this, ended_at=now),
            "egress": {"sources": sources, "address": address},
            "seen": seen,
            "rows": found,
        }
        evidence.keep(_bytes(stand, told))
        if report is not None:
            write_report(report, stand.sanitiser.text(_rows_as_text(found, line)), this.id)
    verdict.say(line, code)


def quick(stand: Stand, report: Path | None, verdict: Verdict) -> None:
    """The stack brought up, then the hard verification."""
    started = stand.look.start()
    if isinstance(started, Unknown):
        sys.stderr.write(f"{started.why}\n")
        verdict.say(block(STACK_UP_FAILED), 1)
        return
    sys.stderr.write(stand.sanitiser.text(started.value.stdout + started.value.stderr))
    if started.value.code != 0:
        verdict.say(block(STACK_UP_FAILED), 1)
        return
    phases(stand, "", report, verdict)


def close(stand: Stand, report: Path | None, verdict: Verdict) -> None:
    """The closeout: every step, the report, and only then the line; a passed one leaves a certificate."""
    this = _run(stand, CLOSEOUT)
    with EvidenceFile(stand.evidence, f"{this.id}.json") as evidence:
        seen = at_its_end(
            Closing(stand.look, stand.outside).made(this, last_dry_run(stand.evidence))
        )
        text, proof = written(seen, stand.sanitiser)
        line, code = _line(proof)
        told = {"kind": CLOSEOUT, "line": line, "exit": code, "report_sha256": digest_of(text)}
        content = _bytes(stand, {**told, "seen": seen, "rows": proof.rows})
        evidence.keep(content)
        path = report or stand.look.root / REPORT
        write_report(path, sealed(text, evidence.name, content), this.id)
    _tell(verdict, proof.rows)
    if isinstance(proof, Complete):
        head = seen.checkout.after
        found = head.value if isinstance(head, Known) else ""
        made = certify(
            proof, bound_of(stand.settings), this.id, this.hostname, found, seen.run.ended_at
        )
        keep_certificate(stand.evidence / NAME, made)
    verdict.say(line, code, "".join(f"{command}\n" for command in COMMANDS))


def _looked(look: Look, letter: str) -> Seen:
    """Each look in order, until what one of them shows does not hold; what was not looked at is not run."""
    seen = Seen()
    for name, see in LOOKS.items():
        if name.startswith(letter):
            seen = see(look, seen)
            if not all(row.holds for row in _of(name, seen, WallClock().now())):
                break
    return seen


def _of(name: str, seen: Seen, now: Instant) -> tuple[CheckRow, ...]:
    return tuple(row for row in rows(seen, now) if row.step.startswith(f"PHASE {name}"))


def _judged(seen: Seen, now: Instant, letter: str) -> tuple[tuple[CheckRow, ...], str, int]:
    """The rows, the line and the exit code. Phase A records and never blocks."""
    if not letter:
        proof = verify(seen, now)
        return (proof.rows, *_line(proof))
    found = _of(letter, seen, now)
    bad = next((row for row in found if not row.holds), None)
    return (found, block(bad.step), 1) if bad else (found, f"PHASE {letter}: PASS", 0)


def _line(proof: Complete | Incomplete) -> tuple[str, int]:
    match proof:
        case Complete():
            return declare(proof), 0
        case Incomplete(step=step):
            return block(step), 1


def _run(stand: Stand, kind: str) -> Run:
    now = WallClock().now()
    stamp = "".join(each for each in now.iso()[:19] if each not in "-:")
    run_id = f"{stamp}Z-{kind}-{secrets.token_hex(3)}"
    profile, environment = stand.look.site.profile, stand.settings.host.environment
    build = f"interlock {version('interlock')}"
    return Run(run_id, profile, build, socket.gethostname(), environment, now, now)


def _bytes(stand: Stand, told: Mapping[str, object]) -> bytes:
    """The evidence as it is written: plain, sanitised, its keys in the order in which they were told."""
    plain: dict[str, Any] = stand.sanitiser.plain(told)
    return msgspec.json.format(_ENCODER.encode(plain), indent=1) + b"\n"


def _rows_as_text(found: tuple[CheckRow, ...], line: str) -> str:
    listed = [(row.step, "PASS" if row.holds else "**FAIL**", row.found) for row in found]
    return f"{table(('check', 'result', 'found'), listed)}\n\n{line}\n"


def _tell(verdict: Verdict, found: tuple[CheckRow, ...]) -> None:
    for row in found:
        verdict.tell(f"{'PASS' if row.holds else 'FAIL'} {row.step}: {row.found}")


def _secrets(settings: Settings) -> tuple[Secret, ...]:
    """What must not be written down: every secret, the password within the address of the books, and the chat."""
    url = settings.database.url
    password = urlsplit(url.reveal()).password or ""
    given, told = settings.exchange, settings.telegram
    return (
        given.api_key,
        given.api_secret,
        told.bot_token,
        url,
        Secret(password),
        Secret(told.chat_id),
    )
