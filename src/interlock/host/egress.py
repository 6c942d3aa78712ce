"""The address by which the world sees this host, as two sources tell it, each asked by itself. Unknown is never filled in."""

import ipaddress
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Final

from interlock.host.clock import WallClock
from interlock.host.web import WAIT, get
from interlock.values import Known, Unknown

SOURCES_MIN: Final = 2


@dataclass(frozen=True, slots=True)
class Source:
    """One look-up service, and the address that it told."""

    url: str
    address: Known[str] | Unknown


def egress(
    urls: Sequence[str], *, wait: timedelta = WAIT, source_address: str = ""
) -> tuple[Source, ...]:
    """What each source tells, in their order; all are asked at the same time."""
    ask = partial(_told, wait=wait, source_address=source_address)
    with ThreadPoolExecutor(max_workers=max(1, len(urls))) as pool:
        return tuple(map(Source, urls, pool.map(ask, urls)))


def agreed(sources: Sequence[Source]) -> str | Unknown:
    """The address that at least two sources tell, and none denies; else Unknown, with why."""
    found = {s.url: s.address for s in sources}
    silent = [f"{url} tells none ({a.why})" for url, a in found.items() if isinstance(a, Unknown)]
    if silent:
        return Unknown("; ".join(silent))
    if len(found) < SOURCES_MIN:
        return Unknown(f"{len(found)} sources are asked, and it takes {SOURCES_MIN} to agree")
    told = sorted({a.value for a in found.values() if isinstance(a, Known)})
    return told[0] if len(told) == 1 else Unknown(f"the sources disagree: {', '.join(told)}")


def _told(url: str, wait: timedelta, source_address: str) -> Known[str] | Unknown:
    page = get(url, wait=wait, source_address=source_address)
    if isinstance(page, Unknown):
        return page
    if page.status != HTTPStatus.OK:
        return Unknown(f"HTTP {page.status}")
    try:
        address = ipaddress.ip_address(page.body.decode("ascii").strip())
    except ValueError:
        return Unknown("what it answers is no address")
    return Known(str(address), WallClock().now())
