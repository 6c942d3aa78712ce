"""The doctor's look at the exchange: its public face, its clock, what it says to our key, and the address that it sees us by.

The platform itself asks no third party. The address from which a signed call succeeded is remembered here, with its time.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Final, TypedDict

from interlock.errors import BadSettings, Unreachable
from interlock.evidence.checkup import Finding, Verdict, access_findings, unknown
from interlock.evidence.diagnosis import AccessFacts, LastGood, Yes
from interlock.exchange.permissions import READS, Said
from interlock.host.clock import StoodStill, WallClock
from interlock.host.egress import agreed, egress, last_good, remember
from interlock.host.public_api import PublicLook, connectivity, public_look
from interlock.protocol.crypto_com.self_test import signs_as_documented
from interlock.settings import Settings
from interlock.simulator.clock import read_time
from interlock.values import Instant, Known, Unknown
from interlock.wiring.looks import ask_permissions

WAIT: Final = timedelta(seconds=4)


class Bounds(TypedDict):
    """How long each question may take, and the address that it leaves from."""

    wait: timedelta
    source_address: str


def access(settings: Settings) -> tuple[Finding, ...]:
    """The rows about the exchange; each that nobody answers is unknown, with why."""
    now, urls = clock_of(settings), settings.host
    bounds = Bounds(wait=WAIT, source_address=settings.exchange.source_address)
    with ThreadPoolExecutor(max_workers=3) as pool:
        sources = pool.submit(lambda: egress(urls.egress_urls, **bounds))
        reached = pool.submit(lambda: connectivity(urls.public_time_url, **bounds))
        looked = pool.submit(lambda: public_look(settings.exchange.rest_url, now, **bounds))
    found = looked.result()
    facts = AccessFacts(
        at=now(),
        fingerprint=_fingerprint(settings),
        signer_works=signs_as_documented(),
        public=_public(found),
        offset=_offset(found),
        private=_private(settings, found),
        egress=agreed(sources.result()),
        last_good=last_good(settings.data),
        egress_sources={each.url: each.address for each in sources.result()},
    )
    _remember(settings, facts)
    return (_connectivity(reached.result()), *access_findings(facts))


def clock_of(settings: Settings) -> Callable[[], Instant]:
    """Our time: the wall's, or that of the simulator which gives it."""
    control = settings.sim.control
    if control is None:
        return WallClock().now
    try:
        return StoodStill(asyncio.run(read_time(control))).now
    except (Unreachable, TimeoutError):
        return WallClock().now


def _connectivity(reached: Known[str] | Unknown) -> Finding:
    if isinstance(reached, Unknown):
        return unknown("connectivity", reached)
    return Finding("connectivity", Verdict.OK, reached.value)


def _fingerprint(settings: Settings) -> str:
    key, secret = settings.exchange.api_key, settings.exchange.api_secret
    return key.fingerprint() if key and secret else ""


def _public(found: PublicLook | Unknown) -> Known[str] | Unknown:
    if isinstance(found, Unknown):
        return found
    return Known(f"HTTP {found.status}, code {found.code}", WallClock().now())


def _offset(found: PublicLook | Unknown) -> timedelta | Unknown:
    if isinstance(found, Unknown):
        return Unknown("the exchange was not reached")
    return found.offset if isinstance(found.offset, Unknown) else found.offset.value


def _private(settings: Settings, found: PublicLook | Unknown) -> Mapping[str, Said]:
    """What each private method is answered; nothing is signed towards an exchange that is not there."""
    if not _fingerprint(settings):
        return {}
    if isinstance(found, Unknown):
        return dict.fromkeys(READS, Unknown("not asked: the exchange was not reached"))
    try:
        return asyncio.run(ask_permissions(settings, clock_of(settings), WAIT))
    except BadSettings as error:
        return dict.fromkeys(READS, Unknown(str(error)))


def _remember(settings: Settings, facts: AccessFacts) -> None:
    is_in = any(isinstance(said, Yes) for said in facts.private.values())
    if is_in and not isinstance(facts.egress, Unknown):
        remember(settings.data, LastGood(facts.egress, facts.at, facts.fingerprint))
