"""How an installation stands on its host: in containers under compose, or as units of the service manager.

Both show the same things, so that the verification and the closeout ask without knowing which it is.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol

from interlock.evidence.closeout import Published
from interlock.evidence.seen import Backend, Ended, Fact
from interlock.evidence.verification import BACKEND_PORT, FRONTEND_PORT
from interlock.host.clock import WallClock
from interlock.host.commands import Ran, run
from interlock.host.compose import Compose
from interlock.host.units import PLATFORM, start_platform, unit
from interlock.values import Known, Unknown

ACCOUNT_WAIT: Final = timedelta(seconds=60)
BACKEND: Final = "backend-aws"
FRONTEND: Final = "frontend-aws"
STACK: Final = ("db", BACKEND, FRONTEND)
# What the runbook feeds to python3 where the backend runs; the exchange's words are cut to 200 characters.
SNIPPET: Final = """\
from app.services.brokers.crypto_com_trade import CryptoComTradeClient

try:
    if not CryptoComTradeClient().get_account_summary().get("accounts"):
        raise RuntimeError("no account is shown")
except Exception as error:
    print("ERROR:", type(error).__name__, " ".join(str(error).split())[:200])
    raise SystemExit(1)
print("ACCOUNT_OK")
"""


class Site(Protocol):
    """An installation as the host shows it."""

    @property
    def profile(self) -> str:
        """The profile that it was installed by: aws or host."""
        ...

    def start(self) -> Fact[Ended]:
        """Starts the whole platform, and waits until it was started."""
        ...

    def account(self) -> Fact[Ended]:
        """The signed account read, made where the backend runs and with its settings."""
        ...

    def backend(self) -> Fact[Backend]:
        """The backend as whoever runs it describes it."""
        ...

    def published(self) -> tuple[Published, ...]:
        """Where backend and frontend are published; nothing where they listen themselves."""
        ...

    def stands_on(self) -> Fact[str]:
        """What runs the platform, as it names itself."""
        ...


@dataclass(frozen=True, slots=True)
class Containers:
    """The containers of the checkout at `root`."""

    root: Path
    profile: str = "aws"

    @property
    def _compose(self) -> Compose:
        return Compose(self.root, self.profile)

    def start(self) -> Fact[Ended]:
        """Starts database, backend and frontend, and what stands behind them."""
        return ended(self._compose.up(STACK))

    def account(self) -> Fact[Ended]:
        """The signed account read inside the backend's container."""
        read = self._compose.execute(BACKEND, ("python3", "-"), stdin=SNIPPET, wait=ACCOUNT_WAIT)
        return ended(read)

    def backend(self) -> Fact[Backend]:
        """The backend's container."""
        found = self._compose.containers()
        if isinstance(found, Unknown):
            return found
        if BACKEND not in found:
            return Unknown(f"compose lists no {BACKEND}")
        it = found[BACKEND]
        state = f"{it.state} ({it.health or 'no health check'}), restarts {it.restarts}"
        return Known(
            Backend(BACKEND, f"{state}, image {it.image[:19]}", it.is_well), WallClock().now()
        )

    def published(self) -> tuple[Published, ...]:
        """Where the two doors are published, in the engine's own words."""
        doors = ((BACKEND, BACKEND_PORT), (FRONTEND, FRONTEND_PORT))
        return tuple(Published(name, port, self._where(name, port)) for name, port in doors)

    def stands_on(self) -> Fact[str]:
        """The engine, and the front of it that compose is called by."""
        engine = self._compose.engine()
        return engine if isinstance(engine, Unknown) else Known(engine, WallClock().now())

    def _where(self, service: str, port: int) -> Fact[str]:
        where = self._compose.port(service, port)
        return where if isinstance(where, Unknown) else Known(where, WallClock().now())


@dataclass(frozen=True, slots=True)
class Units:
    """The platform as units of the host, from the `.venv` that runs us and with this environment."""

    environ: Mapping[str, str]
    profile: str = "host"

    def start(self) -> Fact[Ended]:
        """Starts the units of the platform."""
        return start_platform()

    def account(self) -> Fact[Ended]:
        """The signed account read with the host's own settings."""
        words = (sys.executable, "-")
        return ended(run(words, stdin=SNIPPET, wait=ACCOUNT_WAIT, environ=self.environ))

    def backend(self) -> Fact[Backend]:
        """The unit of engine and API."""
        return unit(PLATFORM[0])

    def published(self) -> tuple[Published, ...]:
        """Nothing stands between the doors and the host."""
        return ()

    def stands_on(self) -> Fact[str]:
        """The service manager."""
        told = run(("systemctl", "--version"))
        if isinstance(told, Unknown):
            return told
        return Known(next(iter(told.stdout.splitlines()), "unnamed"), WallClock().now())


def ended(ran: Ran | Unknown) -> Fact[Ended]:
    """A program that ended, as a fact of now."""
    if isinstance(ran, Unknown):
        return ran
    return Known(Ended(ran.code, ran.stdout, ran.stderr), WallClock().now())
