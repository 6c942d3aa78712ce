"""What every port of ours does before anybody is let in: it listens on one address, and answers to its own names alone.

A browser that was lured to a foreign name (DNS rebinding) is refused before anything is routed; who never says what they ask is sent away.
"""

import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import uvicorn

from interlock.errors import BadSettings
from interlock.host.threshold import Threshold

BACKLOG: Final = 256
# Far more than the half-open ones that the threshold admits: beyond it everybody is answered 503.
CONNECTIONS_MAX: Final = 1024

Scope = Mapping[str, Any]


def listen(bind: str, port: int, setting: str) -> socket.socket:
    """A listening socket on exactly this address; a taken port or a foreign address is a bad `setting`."""
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((bind, port))
    except OSError as error:
        listener.close()
        raise BadSettings(f"{setting}: {bind}:{port} cannot be used: {error.strerror}.") from error
    listener.listen(BACKLOG)
    return listener


def authorities(port: int, more: Iterable[str] = ()) -> frozenset[str]:
    """The names by which the port may be called, each with its port, and what the settings add."""
    return frozenset({f"{host}:{port}" for host in ("127.0.0.1", "localhost", "[::1]")} | set(more))


def is_called_by(scope: Scope, names: frozenset[str]) -> bool:
    """Whether the request names exactly one host, and it is one of ours."""
    return _all(scope, b"host") in [[name] for name in names]


def is_from_ours(scope: Scope, names: frozenset[str]) -> bool:
    """Whether the browser's page that asks, if it names itself, was served by one of our names."""
    origins = _all(scope, b"origin")
    return all(origin.partition("://")[2] in names for origin in origins)


def _all(scope: Scope, header: bytes) -> list[str]:
    return [v.decode("latin-1").lower() for name, v in scope["headers"] if name.lower() == header]


class Server(uvicorn.Server):
    """A server inside a process that has signal handlers of its own: it installs none."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:  # type: ignore[explicit-override] # typing has `override` from 3.12 on
        """Leaves the signals to whoever runs the process."""
        yield


def server(app: Any, *, lifespan: bool = False, websockets: bool = False) -> Server:  # noqa: ANN401 (any ASGI application)
    """A server of `app` that says little of itself; `await server.serve(sockets=[listen(...)])` runs it."""
    config = uvicorn.Config(
        app,
        http=Threshold,
        lifespan="on" if lifespan else "off",
        ws="auto" if websockets else "none",
        server_header=False,
        access_log=False,
        log_level="warning",
        proxy_headers=False,
        limit_concurrency=CONNECTIONS_MAX,
        ws_max_size=64 * 1024,
        timeout_graceful_shutdown=2,
    )
    return Server(config)
