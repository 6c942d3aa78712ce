"""One line on stdout, whatever happens: the verdict starts at blocked, and a signal or an error that nobody foresaw leaves it there."""

import signal
import sys
import traceback
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import Self

from interlock.evidence.declaration import UNHANDLED, block


class Stopped(BaseException):
    """Somebody ended this run by a signal."""


@dataclass(slots=True)
class Verdict:
    """The line that a run ends with, its exit code, and what stands before the line. Reasons go to stderr, and only when asked for."""

    is_debugged: bool = False
    line: str = field(default_factory=lambda: block(UNHANDLED))
    code: int = 1
    before: str = ""

    def __enter__(self) -> Self:
        signal.signal(signal.SIGTERM, _stop)
        signal.signal(signal.SIGINT, _stop)
        return self

    def say(self, line: str, code: int, before: str = "") -> None:
        """The verdict is known now."""
        self.line, self.code, self.before = line, code, before

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if error is not None:
            self.say(block(UNHANDLED), 1)
            self.tell("".join(traceback.format_exception_only(error)))
        sys.stdout.write(f"{self.before}{self.line}\n")
        sys.stdout.flush()
        return True

    def tell(self, reason: str) -> None:
        """A reason, for whoever asked for reasons."""
        if self.is_debugged:
            sys.stderr.write(f"{reason.rstrip()}\n")


def _stop(number: int, _: FrameType | None) -> None:
    raise Stopped(signal.Signals(number).name)
