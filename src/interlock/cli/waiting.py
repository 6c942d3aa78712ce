"""What the engine is asked for: written into the books, done by whoever holds the account, and waited for here.

Exit 3 when no engine runs (the request stands, and the next engine does it), 5 when none answered in time.
"""

import time
from contextlib import closing
from typing import ClassVar, Final

from interlock.errors import Unreachable
from interlock.evidence.requests import OwnersRequest, What
from interlock.settings import Settings
from interlock.values import Instant
from interlock.wiring.acts import is_led, request_of
from interlock.wiring.adapters import open_books

LOOK_S: Final = 0.1


class NoEngine(Unreachable):
    """No engine holds the account."""

    remedy: ClassVar[str] = "What was asked for is written, and the next engine does it: start one."


def ask_engine(  # noqa: PLR0913, PLR0917 - a request in one sentence, and for how long it is waited for
    settings: Settings, what: What, who: str, why: str, now: Instant, wait_s: float
) -> OwnersRequest:
    """The request with its answer."""
    return await_engine(settings, request_of(settings, what, who, why, now), wait_s)


def await_engine(settings: Settings, asked: OwnersRequest, wait_s: float) -> OwnersRequest:
    """The answer to a request that is written already."""
    if not is_led(settings):
        raise NoEngine(f"No engine runs on {settings.data}.")
    end = time.monotonic() + wait_s
    with closing(open_books(settings)) as books:
        while time.monotonic() < end:
            found = books.requested(asked.id)
            if found is not None and found.answered_at is not None:
                return found
            time.sleep(LOOK_S)
    raise TimeoutError(f"the engine did not answer in {wait_s:g} s; it goes on")
