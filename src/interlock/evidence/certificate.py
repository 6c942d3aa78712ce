"""What a passed closeout leaves: that this code, on this host, with this key and these caps, towards this exchange, was verified.

It is bound to whatever could widen the risk; another value of any of it is another installation, which nobody has verified.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from interlock.evidence.declaration import declare
from interlock.evidence.proof import Complete
from interlock.values import Instant, Unknown

NAME: Final = "certificate.json"
FRESH: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was verified, when, and by which run."""

    run_id: str
    at: Instant
    version: str
    head: str
    exchange: str
    caps: str
    hostname: str
    key: str


@dataclass(frozen=True, slots=True)
class Bound:
    """What a certificate is bound to: version and HEAD, the exchange's address, the caps by their hash, the key by its fingerprint."""

    version: str
    exchange: str
    caps: str
    key: str


def certify(  # noqa: PLR0913, PLR0917 - the proof, and what it is bound to
    proof: Complete, bound: Bound, run_id: str, hostname: str, head: str, at: Instant
) -> Certificate:
    """The certificate of a complete proof; without one there is none."""
    declare(proof)
    return Certificate(
        run_id, at, bound.version, head, bound.exchange, bound.caps, hostname, bound.key
    )


def doubt(found: Certificate | Unknown, bound: Bound, hostname: str, now: Instant) -> str | None:
    """Why this certificate admits no entry of LIVE now; None when it does. What is not known of it, or of us, is a doubt."""
    if isinstance(found, Unknown):
        return found.why
    differs = [
        name
        for name, theirs, ours in (
            ("version", found.version, bound.version),
            ("exchange", found.exchange, bound.exchange),
            ("caps", found.caps, bound.caps),
            ("key", found.key, bound.key),
            ("host", found.hostname, hostname),
        )
        if not ours or theirs != ours
    ]
    if differs:
        return f"it was given for another {' and '.join(differs)}"
    if not timedelta(0) <= now - found.at <= FRESH:
        return f"it was given at {found.at}, and is good for {FRESH.days} days"
    return None


def caps_of(settings: Mapping[str, str]) -> str:
    """The hash of the settings that can widen the risk, by name and value."""
    lines = "\n".join(f"{name}={settings[name]}" for name in sorted(settings))
    return hashlib.sha256(lines.encode()).hexdigest()
