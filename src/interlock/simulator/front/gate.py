"""Who may ask the control port: whoever has its URL, and no page of anybody else's that a browser was led to.

The URL ends in a token; without it everything is answered alike, and how near a guess was is not told by time either. A name in the
Host header may have been made to point here for an hour, so it must be an address or `localhost`; an Origin must be our own.
"""

import hmac
import ipaddress
import re
import secrets
from typing import Final
from urllib.parse import urlsplit

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from interlock.errors import BadSettings

NOT_FOUND: Final = 404
FORBIDDEN: Final = 403
TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{12,128}")
BYTES: Final = 18


def token_of(wished: str | None) -> str:
    """The token that is wished for, else a new one."""
    if wished is None:
        return secrets.token_urlsafe(BYTES)
    if not TOKEN.fullmatch(wished):
        raise BadSettings("The control token must be 12 to 128 letters, digits, `-` or `_`.")
    return wished


def gate(token: str) -> Middleware:
    """What every request to the control port passes first."""

    @web.middleware
    async def passed(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = request.headers.get("Host", "")
        if not _is_address(host) or request.headers.get("Origin") not in {None, f"http://{host}"}:
            return _said(
                FORBIDDEN,
                "The control port speaks to programs of its owner, and to its own page.",
                "Ask it by address (or localhost), and not from a page of another origin.",
            )
        first = request.path.split("/", 2)[1]
        if not hmac.compare_digest(first.encode(), token.encode()):
            return _said(
                NOT_FOUND,
                "Nothing is here.",
                "Use the whole URL that `control` names in the simulator's first line of output.",
            )
        return await handler(request)

    return passed


def _is_address(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or bool(ipaddress.ip_address(name))
    except ValueError:
        return False


def _said(status: int, error: str, remedy: str) -> web.Response:
    body = msgspec.json.encode({"error": error, "remedy": remedy})
    return web.Response(status=status, body=body, content_type="application/json")
