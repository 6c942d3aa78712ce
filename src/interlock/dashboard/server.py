"""The process of the dashboard: its own names alone, the headers of its port, the feed beside the page."""

import asyncio
import os
import signal
from collections.abc import MutableMapping
from typing import Any, Final

from fastapi import FastAPI
from nicegui import ui
from starlette.types import ASGIApp, Receive, Scope, Send

from interlock.dashboard.feed import Feed
from interlock.dashboard.page import page
from interlock.host.door import authorities, is_called_by, is_from_ours, listen, server
from interlock.host.superior import Superior
from interlock.settings import Settings

# NiceGUI compiles templates in the browser, hence 'unsafe-eval'; in exchange nothing foreign is asked for.
HEADERS: Final = {
    "content-security-policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
FOREIGN: Final = b"This port answers to its own names alone.\n"


class Threshold:
    """Nobody enters under a foreign name or from a foreign page, over HTTP or a socket."""

    def __init__(self, app: ASGIApp, names: frozenset[str]) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or socket: refused here, or handed on with our headers on its answer."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif is_called_by(scope, self._names) and is_from_ours(scope, self._names):
            await self._app(scope, receive, _with_headers(send))
        else:
            await _refuse(scope, send)


def _with_headers(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            ours = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            message["headers"] = [*message.get("headers", ()), *ours]
        await send(message)

    return sending


async def _refuse(scope: Scope, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    sending = _with_headers(send)
    headers = [(b"content-type", b"text/plain")]
    await sending({"type": "http.response.start", "status": 421, "headers": headers})
    await sending({"type": "http.response.body", "body": FOREIGN})


def build(settings: Settings, feed: Feed) -> ASGIApp:
    """The dashboard as an ASGI application over one feed, shared by all who look."""
    app = FastAPI(openapi_url=None)
    ui.run_with(
        app,
        root=lambda: page(feed),
        title="Interlock",
        dark=None,
        tailwind=False,
        show_welcome_message=False,
        reconnect_timeout=10,
    )
    return Threshold(app, authorities(settings.dashboard.port, settings.api.hosts))


def run(settings: Settings) -> None:
    """Serves the dashboard until the process is told to end; a taken port is a bad setting."""
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    at = settings.dashboard
    door = listen(at.bind, at.port, "INTERLOCK__DASHBOARD__PORT")
    feed = Feed(at.api_url or f"http://127.0.0.1:{settings.api.port}", settings.token_file)
    ours = server(build(settings, feed), lifespan=True, websockets=True)
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, setattr, ours, "should_exit", True)  # noqa: FBT003 (the value that is set)
    superior = Superior.of(os.environ)  # noqa: TID251 - the service manager's own words, not settings
    tasks = [
        asyncio.create_task(feed.follow()),
        asyncio.create_task(superior.follow(lambda: ours.started, feed.stuck)),
    ]
    try:
        await ours.serve(sockets=[door])
        superior.stop()
    finally:
        for task in tasks:
            task.cancel()
