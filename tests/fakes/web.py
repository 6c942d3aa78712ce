"""A server of somebody else's on loopback: each path answers what it was told to, and every request is kept."""

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from typing_extensions import override


@dataclass(frozen=True, slots=True)
class Says:
    """One answer: after so many seconds, with this status, body and these headers (`Date` is the server's own unless named)."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    after_s: float = 0.0


class Web:
    """The server; `asked` holds the path and the caller's address of each request."""

    def __init__(self, answers: Mapping[str, Says], address: str = "127.0.0.1") -> None:
        self.asked: list[tuple[str, str]] = []
        self.agents: list[str] = []
        self._answers = dict(answers)
        self._server = ThreadingHTTPServer((address, 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def url(self, path: str = "/") -> str:
        """Where a path of it is found."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}{path}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", "0")))
                self.do_GET()

            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                web.asked.append((self.path, self.client_address[0]))
                web.agents.append(self.headers.get("User-Agent", ""))
                says = web._answers.get(path, Says(b"nothing here", 404))
                time.sleep(says.after_s)
                self.send_response_only(says.status)
                for name, value in {"Date": self.date_time_string(), **says.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(says.body)))
                self.end_headers()
                with suppress(ConnectionError):
                    self.wfile.write(says.body)

            @override
            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing."""

        return Handler
