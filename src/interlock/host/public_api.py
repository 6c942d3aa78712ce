"""The exchange as anybody may ask it, without a key: whether it answers at all, and how far its clock is from ours."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from interlock.host.clock import WallClock
from interlock.host.web import WAIT, Page, get
from interlock.values import Instant, Known, Unknown

METHOD: Final = "public/get-tickers?instrument_name=BTC_USDT"
CODE_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class PublicLook:
    """One public call that was answered: HTTP status and code, and the exchange's clock less ours (to a second)."""

    status: int
    code: str
    offset: Known[timedelta] | Unknown


def connectivity(
    url: str, *, wait: timedelta = WAIT, source_address: str = ""
) -> Known[str] | Unknown:
    """What the connectivity check heard: any JSON will do, an old gateway's refusal too; a page or silence will not."""
    page = get(url, wait=wait, source_address=source_address)
    if isinstance(page, Unknown):
        return page
    code = _code(page)
    if isinstance(code, Unknown):
        return code
    return Known(f"HTTP {page.status}, code {code}", WallClock().now())


def public_look(
    rest_url: str,
    now: Callable[[], Instant] | None = None,
    *,
    wait: timedelta = WAIT,
    source_address: str = "",
) -> PublicLook | Unknown:
    """One public call to the API itself; `now` is our clock, the wall's where none is given."""
    clock = now or WallClock().now
    asked_at = clock()
    page = get(f"{rest_url}/{METHOD}", wait=wait, source_address=source_address)
    if isinstance(page, Unknown):
        return page
    heard_at = clock()
    code = _code(page)
    if isinstance(code, Unknown):
        return code
    if page.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unknown(f"HTTP {page.status}")
    return PublicLook(page.status, code, _offset(page, asked_at, heard_at))


def _offset(page: Page, asked_at: Instant, heard_at: Instant) -> Known[timedelta] | Unknown:
    """Between the instants of asking and hearing, the exchange's clock stood within the second that it names."""
    if page.date is None:
        return Unknown("the exchange names no time")
    middle = asked_at + (heard_at - asked_at) / 2
    return Known(page.date + timedelta(milliseconds=500) - middle, heard_at)


def _code(page: Page) -> str | Unknown:
    try:
        said = json.loads(page.body)
    except (ValueError, RecursionError):
        return Unknown(f"HTTP {page.status}, and what it answers is no JSON")
    return str(said.get("code", "none"))[:CODE_MAX] if isinstance(said, dict) else "none"
