"""A lease as a row with an expiry, on PostgreSQL: the database's clock decides, and the holder counts itself out before it does.

The holder's own deadline runs from the moment before it asked, on a clock that no one sets and that goes on while the machine sleeps;
it ends when three quarters of the row's time are over. Only a step of the database's clock by the last quarter could let two overlap,
and then the epoch of the books lets one of them write.
"""

import contextlib
import time
from datetime import timedelta
from typing import Final

from interlock.errors import LeaseLost, StoreTrouble
from interlock.store.postgres import PostgresGround

TTL: Final = timedelta(seconds=15)
_MICROSECOND: Final = timedelta(microseconds=1)

NOW: Final = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
TAKE: Final = (
    f"INSERT INTO leases AS held (name, holder, taken_at, expires_at) VALUES (%s, %s, {NOW}, {NOW} + %s) "  # noqa: S608 - the text is ours
    "ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, taken_at = excluded.taken_at, expires_at = excluded.expires_at "
    f"WHERE held.expires_at <= {NOW} RETURNING holder"
)
LOOK: Final = f"SELECT holder, expires_at - {NOW} FROM leases WHERE name = %s"  # noqa: S608 - likewise
RENEW: Final = f"UPDATE leases SET expires_at = {NOW} + %s WHERE name = %s AND holder = %s"  # noqa: S608 - likewise
RELEASE: Final = "UPDATE leases SET expires_at = 0 WHERE name = %s AND holder = %s"


class RowLease:
    """The `Lease` of an engine or notifier. `holder` names this life of this process and no other."""

    def __init__(
        self, ground: PostgresGround, name: str, holder: str, ttl: timedelta = TTL
    ) -> None:
        self._ground = ground
        self._name = name
        self._holder = holder
        self._ttl = ttl
        self._ends = 0.0

    def take(self) -> tuple[str, timedelta] | None:
        """Takes it when nobody holds it any more; else who does, and for how long yet."""
        asked_at = _seconds()
        with self._ground.connection() as connection:
            asked = (self._name, self._holder, self._ttl // _MICROSECOND)
            if connection.exec_driver_sql(TAKE, asked).first() is None:
                return self._look()
        self._ends = self._end(asked_at)
        return None

    def renew(self) -> None:
        """Holds it for longer; raises LeaseLost when it is not ours any more."""
        self.check()
        asked_at = _seconds()
        with self._ground.connection() as connection:
            asked = (self._ttl // _MICROSECOND, self._name, self._holder)
            is_ours = connection.exec_driver_sql(RENEW, asked).rowcount == 1
        if not is_ours:
            self._ends = 0.0
            raise LeaseLost(f"The lease of the {self._name} is held by {self._look()[0]}.")
        self._ends = self._end(asked_at)

    def check(self) -> None:
        """Raises LeaseLost when it may have expired, by the clock of this machine alone."""
        if _seconds() >= self._ends:
            raise LeaseLost(f"The lease of the {self._name} was not renewed in time.")

    def is_held(self) -> bool:
        """Whether anybody holds it now, by the database's clock."""
        return self._look()[1] > timedelta(0)

    def release(self) -> None:
        """Lets the next one take it at once; where the database does not answer it expires by itself."""
        if self._ends:
            self._ends = 0.0
            with contextlib.suppress(StoreTrouble), self._ground.connection() as connection:
                connection.exec_driver_sql(RELEASE, (self._name, self._holder))

    def close(self) -> None:
        """Lets go of the connection; the lease itself is not released by it."""
        self._ground.close()

    def _end(self, asked_at: float) -> float:
        return asked_at + self._ttl.total_seconds() * 3 / 4

    def _look(self) -> tuple[str, timedelta]:
        with self._ground.reading() as connection:
            row = connection.exec_driver_sql(LOOK, (self._name,)).first()
        return (row[0], row[1] * _MICROSECOND) if row else ("nobody", timedelta(0))


def _seconds() -> float:
    """Seconds that nobody sets, and that go on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
