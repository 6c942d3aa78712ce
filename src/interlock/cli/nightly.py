"""The nightly audit: the stack is up, the backend ready, and each step's script says PASS. Of a failure the owner hears in one sentence.

However the night ends, by a defect or a signal too, its failure is told and its verdict kept; an alert that nobody heard is kept until
somebody did.
"""

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec

from interlock.cli.here import BACKEND, Here, tries
from interlock.cli.one_word import explain
from interlock.evidence.nightly import (
    BACKEND_READY,
    STACK_UP,
    STEPS,
    Alert,
    failing_step,
    message,
    step_row,
    with_alert,
)
from interlock.evidence.proof import AuditRun, CheckRow
from interlock.evidence.stability import STEP as STABILITY
from interlock.host.clock import WallClock
from interlock.host.commands import run
from interlock.values import Instant, Unknown

STACK: Final = ("db", BACKEND)
UP_TRIES, UP_EVERY_S = 24, 5.0
SETTLE_S: Final = 5.0
READY_TRIES, READY_EVERY_S = 18, 5.0
GUARD_EVERY_S: Final = 10.0
NOTIFIER: Final = "_notify_telegram_fail"
TELLING: Final = timedelta(seconds=30)
ASKING: Final = timedelta(seconds=15)
OK: Final = 200


def nightly(here: Here) -> bool:
    """The whole run; whether everything was made and passed."""
    began_at = WallClock().now()
    rows: list[CheckRow] = []
    try:
        _tell_pending(here)
        for row in _rows(here, rows):
            rows.append(row)  # noqa: PERF402 - one by one: what was found before a signal is kept
    finally:
        _end(here, tuple(rows), began_at)
    return failing_step(tuple(rows)) is None


def acknowledge(here: Here) -> bool:
    """Somebody has read the alerts that nobody heard: they are kept no longer."""
    here.notes.keep_undelivered(())
    return True


def _rows(here: Here, made: list[CheckRow]) -> Iterator[CheckRow]:
    """What the night finds, each row as soon as it is found; without a backend that answers there are no steps."""
    for start in (_stack_up, _backend_ready):
        yield start(here)
        if not made[-1].holds:
            return
        here.rest(SETTLE_S if start is _stack_up else 0)
    yield from (_step(here, step) for step in STEPS)


def _stack_up(here: Here) -> CheckRow:
    if here.compose is not None:
        ran = here.compose.up(STACK)
        if isinstance(ran, Unknown) or ran.code != 0:
            why = ran.why if isinstance(ran, Unknown) else f"compose up ended with {ran.code}"
            return CheckRow(STACK_UP, passed=False, compared=0, found=why)
    return _answers(here, STACK_UP, "/api/health/system", UP_TRIES, UP_EVERY_S)


def _backend_ready(here: Here) -> CheckRow:
    return _answers(here, BACKEND_READY, "/api/health", READY_TRIES, READY_EVERY_S)


def _answers(here: Here, step: str, path: str, count: int, every: float) -> CheckRow:
    wait = timedelta(seconds=every)
    answered = tries(here, count, every, lambda: here.status(path, wait) == OK)
    found = f"{path} {'answers' if answered else f'did not answer 200 in {count} tries'}"
    return CheckRow(step, passed=answered, compared=1, found=found)


def _step(here: Here, step: str) -> CheckRow:
    """Runs the script of a step as anybody would, and takes its row."""
    with tempfile.TemporaryDirectory() as folder:
        left = Path(folder) / "row.json"
        words = [here.script(step), "--profile", here.profile, "--row", str(left)]
        if step == STEPS[1]:
            words += ["--every", str(GUARD_EVERY_S)]
        ran = run(words, wait=timedelta(seconds=float(here.settings.host.step_limit_s)))
        if isinstance(ran, Unknown):
            return CheckRow(step, passed=False, compared=0, found=ran.why)
        row = step_row(step, ran.code, ran.stdout, _left(left))
    explain(f"{step}: {'PASS' if row.holds else 'FAIL'} {row.found}")
    return row


def _left(path: Path) -> CheckRow | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=CheckRow)
    except (OSError, msgspec.MsgspecError):
        return None


def _end(here: Here, rows: tuple[CheckRow, ...], began_at: Instant) -> None:
    """The owner hears of a failure, and the books of the night."""
    failed = failing_step(rows)
    try:
        if failed is not None:
            _alert(here, message(failed, _git(here)))
        if any(row.step == STABILITY for row in rows):
            here.notes.audited()
    finally:
        took = WallClock().now() - began_at
        _record(here, AuditRun(began_at, failed is None, rows, took // timedelta(milliseconds=1)))


def _tell_pending(here: Here) -> None:
    """What nobody heard is told first; what is not heard now either, stays."""
    pending = here.notes.undelivered()
    if not isinstance(pending, Unknown) and pending:
        unheard = tuple(alert for alert in pending if not _is_heard(here, alert.message))
        here.notes.keep_undelivered(unheard)


def _alert(here: Here, text: str) -> None:
    explain(text)
    if not _is_heard(here, text):
        pending = here.notes.undelivered()
        known = () if isinstance(pending, Unknown) else pending
        here.notes.keep_undelivered(with_alert(known, Alert(text, WallClock().now().iso())))


def _is_heard(here: Here, text: str) -> bool:
    ran = run((here.script(NOTIFIER), text), wait=TELLING)
    return not isinstance(ran, Unknown) and ran.code == 0


def _git(here: Here) -> str:
    trust = f"safe.directory={here.root}"
    words = ("git", "-c", trust, "-C", str(here.root), "rev-parse", "--short", "HEAD")
    ran = run(words, wait=ASKING)
    return ran.last_line if not isinstance(ran, Unknown) and ran.code == 0 else "UNKNOWN"


def _record(here: Here, night: AuditRun) -> None:
    """The verdict goes into the books, where there are any to reach; without them the night is judged all the same."""
    ran = here.interlock(("audit", "record"), stdin=msgspec.json.encode(night).decode())
    if isinstance(ran, Unknown):
        explain(f"not recorded: {ran.why}")
    elif ran.code != 0:
        explain(f"not recorded: exit {ran.code} {ran.stderr.strip()}")
