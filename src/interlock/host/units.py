"""The units of this host, by systemctl and journalctl in structured form.

What needs privilege is `PRIVILEGED`, and START_PLATFORM where there are no containers: the installer writes its sudo rules from them,
and `privileged` alone says how to call.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final

from interlock.evidence.seen import Backend, Ended, Fact, Invocation, Line, Timer
from interlock.evidence.verification import SERVICE, TIMER
from interlock.host.clock import WallClock
from interlock.host.commands import Ran, run
from interlock.values import Instant, Known, Unknown

STATUS: Final = ("systemctl", "status", TIMER, "--no-pager")
LIST: Final = ("systemctl", "list-timers", TIMER, "--no-pager")
START: Final = ("systemctl", "start", SERVICE)
SHOW_JOURNAL: Final = ("journalctl", "-u", SERVICE, "-n", "120", "--no-pager")
JOURNAL: Final = ("journalctl", "-u", SERVICE, "-n", "1000", "-o", "json", "--no-pager")
PLATFORM: Final = ("interlock.service", "interlock-dashboard.service")
START_PLATFORM: Final = ("systemctl", "start", *PLATFORM)
PRIVILEGED: Final = (STATUS, LIST, START, SHOW_JOURNAL, JOURNAL)
NEVER: Final = 2**62
START_WAIT: Final = timedelta(minutes=20)
RUNNING: Final = ("activating", "active", "reloading", "deactivating")
# What the manager writes of a run that ended well, and of one that did not (sd-messages.h).
ENDED_WELL: Final = "7ad2d189f7e94e70a38c781354912448"


def privileged(words: Sequence[str]) -> tuple[str, ...]:
    """How to call what needs privilege: as it is for root, else by sudo, which never asks."""
    return tuple(words) if os.geteuid() == 0 else ("sudo", "-n", *words)


def status() -> Fact[Ended]:
    """What the operator's `systemctl status` of the timer prints; Unknown when privilege is refused."""
    return _printed(STATUS)


def listed() -> Fact[Ended]:
    """What the operator's `systemctl list-timers` prints; Unknown when privilege is refused."""
    return _printed(LIST)


def timer() -> Timer:
    """The timer as its manager describes it; that needs no privilege."""
    return Timer(_word("is-enabled", TIMER), _word("is-active", TIMER), _next_elapse())


def start_service() -> Fact[Invocation]:
    """One run of the audit's service, started now and waited for; Unknown when none was made or recorded."""
    before = _properties(SERVICE).get("InvocationID", "")
    ran = run(privileged(START), wait=START_WAIT)
    if isinstance(ran, Unknown):
        return ran
    now_is = _properties(SERVICE).get("InvocationID", "")
    if not now_is or now_is == before:
        said = (ran.stderr.strip().splitlines() or ["no word of why"])[0]
        return Unknown(f"systemctl start ended with {ran.code} ({said}), no run was made")
    last = last_run()
    if isinstance(last, Unknown):
        return last
    if last.value is None or last.value.id != now_is:
        return Unknown("the journal does not show the run that was started")
    return Known(last.value, last.as_of)


def last_run() -> Fact[Invocation | None]:
    """The last run of the audit's service that the journal knows; None when it knows none, Unknown when it cannot be read."""
    ran = run(privileged(JOURNAL))
    if isinstance(ran, Unknown):
        return ran
    if ran.code != 0:
        return Unknown(f"journalctl ended with {ran.code}")
    try:
        entries = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    except ValueError:
        return Unknown("the journal speaks in words that cannot be read")
    return Known(read(entries, _properties(SERVICE)), WallClock().now())


def read(
    entries: Sequence[Mapping[str, object]], properties: Mapping[str, str]
) -> Invocation | None:
    """The last invocation among the entries of a journal, with the manager's word for how it ended."""
    ids = [found for entry in entries if (found := _invocation(entry))]
    if not ids:
        return None
    own = [entry for entry in entries if _invocation(entry) == ids[-1]]
    return Invocation(ids[-1], _result(ids[-1], own, properties), tuple(_lines(own)))


def _invocation(entry: Mapping[str, object]) -> str:
    """Whose run an entry tells of: the service's own words carry its id trusted, the manager's carry it as a field."""
    if entry.get("_SYSTEMD_UNIT") == SERVICE:
        return str(entry.get("_SYSTEMD_INVOCATION_ID") or "")
    return str(entry.get("INVOCATION_ID") or "") if entry.get("_PID") == "1" else ""


def _lines(entries: Sequence[Mapping[str, object]]) -> Iterator[Line]:
    """What the service itself said, and when."""
    for entry in entries:
        at, text = entry.get("__REALTIME_TIMESTAMP"), entry.get("MESSAGE")
        if entry.get("_SYSTEMD_UNIT") == SERVICE and str(at).isdecimal():
            yield Line(Instant(int(str(at))), text if isinstance(text, str) else "(not text)")


def _result(
    last: str, entries: Sequence[Mapping[str, object]], properties: Mapping[str, str]
) -> str:
    """The manager's result of this run; of a run before the last boot, what it wrote into the journal."""
    if properties.get("InvocationID") != last:
        ended_well = any(entry.get("MESSAGE_ID") == ENDED_WELL for entry in entries)
        return "success" if ended_well else "how it ended is not recorded"
    if properties.get("ActiveState") in RUNNING:
        return "still running"
    return properties.get("Result") or "no result"


def unit(name: str) -> Fact[Backend]:
    """A unit of the platform, on a host without containers."""
    found = _properties(name)
    if not found:
        return Unknown(f"systemctl does not show {name}")
    state, sub = found.get("ActiveState", ""), found.get("SubState", "")
    is_well = state == "active" and sub == "running"
    return Known(Backend(name, f"{state} ({sub})", is_well), WallClock().now())


def start_platform() -> Fact[Ended]:
    """Starts the units of the platform, on a host without containers."""
    return _ended(run(privileged(START_PLATFORM), wait=START_WAIT))


def _printed(words: Sequence[str]) -> Fact[Ended]:
    """What an operator's command prints; one that prints nothing was refused."""
    ran = run(privileged(words))
    if isinstance(ran, Ran) and not ran.stdout.strip():
        return Unknown(f"privilege refused: {' '.join(words[:2])} ended with {ran.code}")
    return _ended(ran)


def _ended(ran: Ran | Unknown) -> Fact[Ended]:
    if isinstance(ran, Unknown):
        return ran
    return Known(Ended(ran.code, ran.stdout, ran.stderr), WallClock().now())


def _word(verb: str, name: str) -> Fact[str]:
    """The one word that systemctl says of a unit, whatever its exit code."""
    ran = run(("systemctl", verb, name))
    if isinstance(ran, Unknown):
        return ran
    if not ran.last_line:
        return Unknown(f"systemctl {verb} ended with {ran.code}")
    return Known(ran.last_line, WallClock().now())


def _next_elapse() -> Fact[Instant]:
    """When the timer elapses next, as the list of all timers says."""
    ran = run(("systemctl", "list-timers", "--all", "--no-pager", "-o", "json", TIMER))
    if isinstance(ran, Unknown):
        return ran
    if ran.code != 0:
        return Unknown(f"systemctl list-timers ended with {ran.code}")
    try:
        rows = json.loads(ran.stdout)
        row = next((each for each in rows if each["unit"] == TIMER), None)
        micros = int(row["next"] or 0) if row else 0
    except (ValueError, LookupError, TypeError):
        return Unknown("the list of timers cannot be read")
    if row is None:
        return Unknown("the timer is not listed")
    if not 0 < micros < NEVER:
        return Unknown("no next run")
    return Known(Instant(micros), WallClock().now())


def _properties(name: str) -> Mapping[str, str]:
    """What the manager says of a unit; nothing when it cannot be asked."""
    wanted = "InvocationID,Result,ActiveState,SubState,ExecMainStatus"
    ran = run(("systemctl", "show", name, "-p", wanted))
    if isinstance(ran, Unknown) or ran.code != 0:
        return {}
    pairs = (line.partition("=") for line in ran.stdout.splitlines())
    return {key: value for key, _, value in pairs}
