"""One question to an address on the web, and what came back within a bounded time: no redirect, no proxy, no second try.

It goes out by IPv4, as a key's allowlist is written, from the address that the exchange is called from.
"""

import http.client
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Final, Generic, TypeVar
from urllib.parse import urlsplit

from interlock.values import Instant, Unknown

WAIT: Final = timedelta(seconds=5)
BODY_MAX: Final = 1024 * 1024
ANY_IPV4: Final = "0.0.0.0"  # noqa: S104 - the system chooses the address to leave from; nothing listens
# One of the two egress look-ups answers with a page unless curl asks, as the runbook does.
HEADERS: Final = {"User-Agent": "curl/8 (interlock)", "Accept": "*/*"}

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Page:
    """What came back: status, at most 1 MiB of body, and the server's own time to the second."""

    status: int
    body: bytes
    date: Instant | None


def get(url: str, *, wait: timedelta = WAIT, source_address: str = "") -> Page | Unknown:
    """The answer to one GET; Unknown when none came in time, whatever kept it (the name service too)."""
    return within(wait, lambda: _get(url, wait, source_address))


def within(wait: timedelta, ask: Callable[[], Found | Unknown]) -> Found | Unknown:
    """What `ask` answers in this time. One that takes longer is left behind: it keeps neither us nor the process's end."""
    asking = _Asking(ask)
    thread = threading.Thread(target=asking.run, daemon=True)
    thread.start()
    thread.join(wait.total_seconds())
    return _silence(wait) if asking.answer is None else asking.answer


@dataclass(slots=True)
class _Asking(Generic[Found]):
    ask: Callable[[], Found | Unknown]
    answer: Found | Unknown | None = field(default=None)

    def run(self) -> None:
        self.answer = self.ask()


def _silence(wait: timedelta) -> Unknown:
    return Unknown(f"no answer in {wait.total_seconds():g} s")


def _get(url: str, wait: timedelta, source_address: str) -> Page | Unknown:
    parts = urlsplit(url)
    connection = _connection(parts.scheme, parts.netloc, wait, source_address or ANY_IPV4)
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    try:
        connection.request("GET", path, headers=HEADERS)
        reply = connection.getresponse()
        body = reply.read(BODY_MAX + 1)
    except TimeoutError:
        return _silence(wait)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Unknown(f"{parts.hostname}: {_why(error)}")
    finally:
        connection.close()
    if len(body) > BODY_MAX:
        return Unknown(f"{parts.hostname}: the answer is larger than {BODY_MAX} bytes")
    return Page(reply.status, body, _date(reply.headers.get("Date")))


def _connection(
    scheme: str, where: str, wait: timedelta, source: str
) -> http.client.HTTPConnection:
    seconds, leaving = wait.total_seconds(), (source, 0)
    if scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(
            where, timeout=seconds, source_address=leaving, context=context
        )
    return http.client.HTTPConnection(where, timeout=seconds, source_address=leaving)


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__


def _date(text: str | None) -> Instant | None:
    """The server's own time; None when it says none that can be read."""
    try:
        return Instant.of_iso(parsedate_to_datetime(text or "").isoformat())
    except (ValueError, OverflowError):
        return None
