"""What this host sees of the world, and the world of it: its egress address, and the exchange as anybody may ask it."""

from dataclasses import dataclass
from datetime import timedelta

from interlock.evidence.seen import Fact
from interlock.host.clock import WallClock
from interlock.host.egress import agreed, egress
from interlock.host.public_api import PublicLook, connectivity, public_look
from interlock.values import Known, Unknown


@dataclass(frozen=True, slots=True)
class Outside:
    """Whom to ask, and the address to leave from."""

    egress_urls: tuple[str, ...]
    time_url: str
    rest_url: str
    source_address: str = ""

    def address(self) -> tuple[tuple[tuple[str, Fact[str]], ...], Fact[str]]:
        """What each source tells, and the address on which they agree."""
        sources = egress(self.egress_urls, source_address=self.source_address)
        found = agreed(sources)
        told = tuple((each.url, each.address) for each in sources)
        return told, found if isinstance(found, Unknown) else Known(found, WallClock().now())

    def exchange(self) -> tuple[Fact[str], Fact[str], Fact[timedelta]]:
        """The connectivity check, one call of the API itself, and the exchange's clock less ours."""
        told = connectivity(self.time_url, source_address=self.source_address)
        look = public_look(self.rest_url, source_address=self.source_address)
        if isinstance(look, Unknown):
            return told, look, look
        return told, _called(look), look.offset


def _called(look: PublicLook) -> Known[str]:
    return Known(f"HTTP {look.status}, code {look.code}", WallClock().now())
