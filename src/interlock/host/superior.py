"""What the service manager hears of this process (sd_notify): that it is ready, that it moves, that it is stopping.

A process that nobody supervises says nothing. No word is a promise: `WATCHDOG=1` is said only while the work moves.
"""

import asyncio
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

PAUSE_S: Final = 1.0
SOON_S: Final = 0.05
MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Superior:
    """The datagram socket at which the service manager listens; an empty address is nobody."""

    address: str = ""
    watchdog_s: float = 0.0

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Superior":
        """Whoever started this process, by the names that systemd gives: NOTIFY_SOCKET and WATCHDOG_USEC."""
        patience = environ.get("WATCHDOG_USEC", "")
        seconds = int(patience) / MICROSECONDS if patience.isdecimal() else 0.0
        return cls(environ.get("NOTIFY_SOCKET", ""), seconds)

    def tell(self, *words: str) -> None:
        """One datagram; a superior who does not listen, or not fast enough, is no trouble of ours: nobody waits for it."""
        if not self.address:
            return
        name = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as line:
            try:
                line.sendto("\n".join(words).encode(), name)
            except OSError:
                return

    async def follow(
        self, is_ready: Callable[[], bool], stuck: Callable[[], tuple[str, ...]]
    ) -> None:
        """READY once, then WATCHDOG as long as nothing is stuck. Whoever is stuck is named, and the superior ends us."""
        announced = False
        while True:
            if announced:
                late = stuck()
                self.tell(f"STATUS=stuck: {', '.join(late)}" if late else "WATCHDOG=1")
            elif is_ready():
                self.tell("READY=1", "STATUS=ready")
                announced = True
            await asyncio.sleep(self.watchdog_s / 3 or PAUSE_S if announced else SOON_S)

    def stop(self) -> None:
        """The work is being put down."""
        self.tell("STOPPING=1", "STATUS=stopping")
