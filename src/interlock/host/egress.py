"""The address by which the world sees this host, as two sources tell it, each asked by itself. Unknown is never filled in.

The last one from which a signed call succeeded is kept in the data folder: it tells a moved host from a changed key.
"""

import ipaddress
import json
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Final

from interlock.evidence.diagnosis import LastGood
from interlock.host.clock import WallClock
from interlock.host.web import WAIT, get
from interlock.values import Instant, Known, Unknown

SOURCES_MIN: Final = 2
LAST_GOOD_FILE: Final = "last_good_egress.json"


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


def last_good(folder: Path) -> LastGood | Unknown:
    """From where a signed call last succeeded."""
    try:
        kept = json.loads((folder / LAST_GOOD_FILE).read_bytes())
        return LastGood(str(kept["address"]), Instant(int(kept["at_us"])), str(kept["key"]))
    except FileNotFoundError:
        return Unknown("no signed call from a known address was seen here yet")
    except (OSError, ValueError, LookupError, TypeError) as error:
        return Unknown(f"{LAST_GOOD_FILE} cannot be read: {type(error).__name__}")


def remember(folder: Path, good: LastGood) -> None:
    """Keeps it, whole or not at all; a folder that cannot be written keeps what it has."""
    text = json.dumps({"address": good.address, "at_us": good.at.micros, "key": good.fingerprint})
    try:
        with tempfile.NamedTemporaryFile("w", dir=folder, delete=False) as draft:
            draft.write(text)
        Path(draft.name).replace(folder / LAST_GOOD_FILE)
    except OSError:
        return


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
