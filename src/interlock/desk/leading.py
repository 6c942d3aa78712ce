"""Being the only one: stand by until the lease is free, say why, then renew it for as long as this loop turns.

Renewing is a task of the same loop as the passes: a process that is frozen renews nothing, and when it wakes its lease is over.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, Protocol

import structlog

from interlock.account import Tenure
from interlock.errors import LeaseLost, NewerSchema, StoreTrouble

_log = structlog.get_logger("lease")

POLL: Final = timedelta(seconds=1)
RENEWAL: Final = timedelta(seconds=2)


class Right(Protocol):
    """The right to be the only one."""

    def take(self) -> tuple[str, timedelta | None] | None:
        """Takes it when nobody holds it any more; else who does, and for how long yet unless it is renewed (None: until it ends)."""
        ...


class Lease(Right, Protocol):
    """A right with an expiry that the database's clock decides and ours never outlives."""

    def renew(self) -> None:
        """Holds it for longer; raises LeaseLost when it is not ours any more."""
        ...

    def check(self) -> None:
        """Raises LeaseLost when it may have expired: asked right before each write and each request, by our own clock alone."""
        ...


class Opened(Protocol):
    """Books that say whose turn it is."""

    def tenure(self) -> Tenure | None:
        """None before they were first opened."""
        ...


Pause = Callable[[timedelta], Awaitable[None]]


async def take(
    lease: Right, name: str, pause: Pause, waits: Callable[[], None] = lambda: None
) -> None:
    """Returns when this process holds the lease; until then it says who does, and each time that another does.

    `waits` is told each time that it has to stand by for somebody.
    """
    said = ""
    while (why := _why_not(lease)) is not None:
        who, more = why
        if who != said:
            _log.warning("standing by", lease=name, holder=who, **more)
            waits()
            said = who
        await pause(POLL)
    _log.info("holding", lease=name)


async def keep(lease: Lease, pause: Pause) -> None:
    """Renews the lease for ever; ends with LeaseLost. A database that does not answer costs nothing until the lease is over."""
    while True:
        await pause(RENEWAL)
        try:
            lease.renew()
        except LeaseLost:
            raise
        except StoreTrouble as error:
            _log.warning("not renewed", text=str(error))
            lease.check()


async def opened(books: Opened, pause: Pause) -> Tenure:
    """The tenure, as soon as an engine has opened the books; until then it says why it waits."""
    said = ""
    while True:
        try:
            tenure = books.tenure()
        except NewerSchema:
            raise
        except StoreTrouble as error:
            tenure, why = None, str(error)
        else:
            why = "no engine has opened the books yet"
        if tenure is not None:
            return tenure
        if why != said:
            _log.warning("waiting", why=why)
            said = why
        await pause(POLL)


def _why_not(lease: Right) -> tuple[str, dict[str, float]] | None:
    """Who holds the lease and for how long yet, or what keeps us from asking; None when it is ours now."""
    try:
        holder = lease.take()
    except NewerSchema:
        raise
    except StoreTrouble as error:
        return str(error), {}
    if holder is None:
        return None
    who, expires_in = holder
    return who, {} if expires_in is None else {"expires_in_s": round(expires_in.total_seconds(), 1)}
