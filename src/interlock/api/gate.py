"""The gate before every route: our own names alone, then the token, then the size; only then is anything read or routed.

Being on loopback is not authentication. A wrong token is counted, a missing one is not, and a right one is never throttled.
"""

import asyncio
import hashlib
import hmac
import secrets
from collections import deque
from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from interlock.api.answer import problem
from interlock.host.door import is_called_by, is_from_ours

BODY_BYTES_MAX: Final = 64 * 1024
BODY_SECONDS_MAX: Final = 15.0
WRONG_TOKENS_MAX: Final = 5
WRONG_TOKENS_WINDOW_S: Final = 60.0
HEALTH: Final = ("/api/health", "/health", "/__ping", "/ping_fast", "/api/ping_fast")
OPEN: Final = frozenset({*HEALTH, "/api/health/ready", "/api/health/system", "/api/risk/probe"})


class WrongTokens:
    """How often a wrong token was shown lately, from anywhere: six in a minute close the door to wrong ones."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._seen: deque[float] = deque(maxlen=WRONG_TOKENS_MAX + 1)

    def count(self) -> bool:
        """Counts one more; true while there were not too many."""
        now = self._monotonic()
        self._seen.append(now)
        recent = [at for at in self._seen if now - at < WRONG_TOKENS_WINDOW_S]
        return len(recent) <= WRONG_TOKENS_MAX


class Gate:
    """Lets through what is called by our name, holds the token where one is needed, and is small enough."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        names: frozenset[str],
        token_digest: bytes,
        open_paths: frozenset[str],
        monotonic: Callable[[], float],
    ) -> None:
        self._app = app
        self._names = names
        self._digest = token_digest
        self._open = open_paths
        self._wrong = WrongTokens(monotonic)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request: refused here, or handed on with its body whole."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["correlation_id"] = secrets.token_hex(8)
        refusal = self._refusal(scope)
        if refusal is None:
            body = await _body(scope, receive)
            if isinstance(body, bytes):
                await self._app(scope, _replay(body, receive), send)
                return
            refusal = body
        response = problem(*refusal, scope["correlation_id"])
        if refusal[0] == UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = "Bearer"
        await response(scope, receive, send)

    def _refusal(self, scope: Scope) -> "Refusal | None":
        if not is_called_by(scope, self._names) or not is_from_ours(scope, self._names):
            return 421, "foreign_host", "This port answers to its own names alone."
        if scope["path"] in self._open:
            return None
        shown = _tokens(scope)
        if len(shown) == 1 and hmac.compare_digest(digest(shown[0]), self._digest):
            return None
        if not shown:
            return UNAUTHORIZED, "no_token", "Send the token of `api.token` as a bearer token."
        if not self._wrong.count():
            return 429, "too_many_wrong_tokens", "Too many wrong tokens; wait a minute."
        return UNAUTHORIZED, "wrong_token", "This token is not the one of the running platform."


UNAUTHORIZED: Final = 401
Refusal = tuple[int, str, str]
_TOO_LARGE: Final[Refusal] = (413, "too_large", "A body may have 64 KiB.")
_TOO_SLOW: Final[Refusal] = (408, "too_slow", "A body must arrive within 15 seconds.")


def digest(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def _tokens(scope: Scope) -> list[str]:
    values = [v.decode("latin-1") for name, v in scope["headers"] if name == b"authorization"]
    return [value[7:] if value[:7].lower() == "bearer " else "" for value in values]


async def _body(scope: Scope, receive: Receive) -> bytes | Refusal:
    """The whole body, counted while it arrives; a promised length above the limit is refused at once."""
    lengths = [v for name, v in scope["headers"] if name == b"content-length"]
    if any(not v.isdigit() or int(v) > BODY_BYTES_MAX for v in lengths):
        return _TOO_LARGE
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            return await _collect(receive)
    except TimeoutError:
        return _TOO_SLOW


async def _collect(receive: Receive) -> bytes | Refusal:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > BODY_BYTES_MAX:
            return _TOO_LARGE
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body once, then whatever the connection says."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
