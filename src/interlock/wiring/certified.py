"""What the certificate of this installation is bound to, and whether the one that lies in its folder of evidence admits LIVE now."""

import socket
from importlib.metadata import version
from typing import Final

from interlock.evidence.certificate import NAME, Bound, caps_of, doubt
from interlock.host.evidence_files import read_certificate
from interlock.settings import Settings
from interlock.settings import rows as setting_rows
from interlock.values import Instant

RISK_SECTIONS: Final = ("INTERLOCK__RISK__", "INTERLOCK__TRADING__", "INTERLOCK__MODE")


def bound_of(settings: Settings) -> Bound:
    """Version, exchange, the settings that can widen the risk, and the fingerprint of the key, as they are now."""
    caps = {
        row.name: row.value for row in setting_rows(settings) if row.name.startswith(RISK_SECTIONS)
    }
    return Bound(
        version=version("interlock"),
        exchange=settings.exchange.rest_url,
        caps=caps_of(caps),
        key=settings.exchange.api_key.fingerprint(),
    )


def doubt_of(settings: Settings, now: Instant) -> str | None:
    """Why no entry of LIVE is admitted now. The file is read each time: what a closeout leaves counts at once."""
    found = read_certificate(settings.host.evidence_dir / NAME)
    return doubt(found, bound_of(settings), socket.gethostname(), now)
