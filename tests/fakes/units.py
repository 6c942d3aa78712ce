"""A service manager without units: `systemctl`, `journalctl` and `sudo`, as programs on PATH, over one state file.

Starting the service adds a run to the journal, of the program that it `starts` where it is given one; a test breaks one thing with
`Manager.broken`. Where privilege is refused, what an unprivileged user may ask is still answered.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

STATE: Final = "FAKE_UNITS"
TIMER: Final = "nightly-integrity-audit.timer"
SERVICE: Final = "nightly-integrity-audit.service"
HOUR: Final = 3600 * 1_000_000

State = dict[str, Any]


def now_us() -> int:
    return time.time_ns() // 1000


def run_of(*texts: str, result: str = "success", age_hours: float = 0.01, n: int = 1) -> State:
    """One run of the service in the journal."""
    at = now_us() - int(age_hours * HOUR)
    return {"id": f"{n:032x}", "result": result, "lines": [[at, text] for text in texts]}


@dataclass(slots=True)
class Manager:
    """A host with the timer enabled, active and due, and one good run of its service behind it."""

    file: Path
    state: State = field(init=False)

    def __post_init__(self) -> None:
        self.state = {
            "enabled": "enabled",
            "active": "active",
            "next": now_us() + 12 * HOUR,
            "is_listed": True,
            "runs": [run_of("PASS")],
            "says": ["PASS", "success"],
            "starts": None,
            "is_refused": False,
            "is_readable": True,
            "platform": "active",
        }
        self.save()

    def save(self) -> None:
        self.file.write_text(json.dumps(self.state), encoding="utf-8")

    @property
    def words(self) -> Mapping[str, str]:
        return {STATE: str(self.file)}

    @contextmanager
    def broken(self, **parts: object) -> Iterator[None]:
        """The host with these parts of its state instead, until the block ends."""
        whole = deepcopy(self.state)
        self.state |= parts
        self.save()
        try:
            yield
        finally:
            self.state = whole
            self.save()


# ---------------------------------------------------------------- the programs


def main(program: str, words: Sequence[str]) -> int:
    """What the program says; its exit code."""
    file = Path(os.environ[STATE])  # noqa: TID251 - a program on its own, told by its environment where its state is
    state: State = json.loads(file.read_text(encoding="utf-8"))
    if program == "sudo":
        return _sudo(state, words)
    if program == "journalctl":
        return _journal(state, words)
    return _systemctl(state, words, file)


def _sudo(state: State, words: Sequence[str]) -> int:  # noqa: RET503 - it becomes the other program
    if words[0] != "-n" or state["is_refused"]:
        sys.stderr.write("sudo: a password is required\n")
        return 1
    os.execvp(words[1], list(words[1:]))  # noqa: S606 - no shell: the words are the program's own


def _systemctl(state: State, words: Sequence[str], file: Path) -> int:  # noqa: PLR0911 - one answer per verb
    match words:
        case ["is-enabled", name] if name == TIMER:
            return _word(state["enabled"], "enabled")
        case ["is-active", name] if name == TIMER:
            return _word(state["active"], "active")
        case ["list-timers", "--all", "--no-pager", "-o", "json", name] if name == TIMER:
            rows = [{"next": state["next"], "unit": TIMER, "activates": SERVICE}]
            return _say(json.dumps(rows if state["is_listed"] else []))
        case ["show", name, "-p", _]:
            return _show(state, name)
        case ["status", name, "--no-pager"] if name == TIMER and not state["is_refused"]:
            return _say(f"● {TIMER}\n     Active: {state['active']} (waiting)")
        case ["list-timers", name, "--no-pager"] if name == TIMER and not state["is_refused"]:
            return _say(f"NEXT LEFT LAST PASSED UNIT ACTIVATES\n... {TIMER} {SERVICE}")
        case ["start", name] if name == SERVICE and not state["is_refused"]:
            return _start(state, file)
        case ["start", *_] if not state["is_refused"]:
            return 0
        case _:
            sys.stderr.write("Access denied\n")
            return 1


def _show(state: State, name: str) -> int:
    if name != SERVICE:
        sub = {"active": "running"}.get(state["platform"], "dead")
        return _say(
            f"InvocationID=\nResult=success\nActiveState={state['platform']}\nSubState={sub}"
        )
    last = state["runs"][-1] if state["runs"] else {"id": "", "result": "success"}
    told = (
        f"InvocationID={last['id']}\nResult={last['result']}\nActiveState=inactive\nSubState=dead"
    )
    return _say(told)


def _start(state: State, file: Path) -> int:
    text, result = _started(state["starts"]) if state["starts"] else state["says"]
    state["runs"].append(run_of(text, result=result, age_hours=0, n=now_us()))
    file.write_text(json.dumps(state), encoding="utf-8")
    return 0 if result == "success" else 1


def _started(program: str) -> tuple[str, str]:
    """What the program said, and how it ended, as a service of its own."""
    ran = subprocess.run([program], stdout=subprocess.PIPE, text=True, check=False)
    return ran.stdout.strip(), "success" if ran.returncode == 0 else "exit-code"


def _journal(state: State, words: Sequence[str]) -> int:
    if state["is_refused"] or not state["is_readable"] or words[:2] != ["-u", SERVICE]:
        sys.stderr.write("No journal files were opened due to insufficient permissions.\n")
        return 1
    for run in state["runs"]:
        for at, text in run["lines"]:
            entry = {
                "__REALTIME_TIMESTAMP": str(at),
                "_SYSTEMD_UNIT": SERVICE,
                "_SYSTEMD_INVOCATION_ID": run["id"],
                "_PID": "4711",
                "MESSAGE": text,
            }
            sys.stdout.write(f"{json.dumps(entry)}\n")
        about = {"_PID": "1", "_SYSTEMD_UNIT": "init.scope", "INVOCATION_ID": run["id"]}
        sys.stdout.write(f"{json.dumps({**about, 'MESSAGE': f'{SERVICE}: ended'})}\n")
    return 0


def _word(word: str, good: str) -> int:
    sys.stdout.write(f"{word}\n")
    return 0 if word == good else 3


def _say(text: str) -> int:
    sys.stdout.write(f"{text}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
