"""Everybody whom a deployment host meets outside but the exchange: two who tell an address, a public clock, a messenger.

Standard library alone, so that it runs wherever Python does:

python3 world.py ADDRESS PORT CERT KEY MESSAGES
"""

import json
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

# What the exchange's old clock says to a request that it does not like; it proves the connection all the same.
PUBLIC_TIME: Final = b'{"code":"10004","msg":"BAD_REQUEST"}'


class World(BaseHTTPRequestHandler):
    """Answers by path: /address/… the caller's address, /v2/public/get-time the clock, /bot…/sendMessage a message id."""

    protocol_version = "HTTP/1.1"
    messages = Path()
    said = 0

    def do_GET(self) -> None:
        """The addresses and the clock; the messenger answers GET as well."""
        if self.path.startswith("/address"):
            self._answer(self.client_address[0].encode(), "text/plain")
        elif self.path == "/v2/public/get-time":
            self._answer(PUBLIC_TIME)
        else:
            self._bot(b"")

    def do_POST(self) -> None:
        """The messenger."""
        self._bot(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def _bot(self, body: bytes) -> None:
        method = self.path.rpartition("/")[2].partition("?")[0]
        if method == "getMe":
            found: object = {"id": 1, "is_bot": True, "first_name": "lab", "username": "lab_bot"}
        elif method == "sendMessage":
            World.said += 1
            chat = {"id": 1, "type": "private"}
            found = {"message_id": World.said, "date": 0, "chat": chat, "text": self._keep(body)}
        else:
            found = True
        self._answer(json.dumps({"ok": True, "result": found}).encode())

    def _keep(self, body: bytes) -> str:
        try:
            text = str(json.loads(body)["text"])
        except ValueError:
            text = parse_qs(body.decode()).get("text", [""])[0]
        with self.messages.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(text)}\n")
        return text

    def _answer(self, body: bytes, kind: str = "application/json") -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(address: str, port: str, cert: str, key: str, messages: str) -> None:
    """Serves until it is killed."""
    World.messages = Path(messages)
    World.messages.touch()
    server = ThreadingHTTPServer((address, int(port)), World)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
