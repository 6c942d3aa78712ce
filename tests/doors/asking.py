"""A client of the API inside the process: it speaks HTTP to the application without a socket."""

import asyncio
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from interlock.api import build
from interlock.api.facts import Instruments, no_instruments
from interlock.settings import Settings, read
from interlock.values import Secret
from tests.fakes.shown import ShownBooks, ShownMarket, StillClock

TOKEN = "t" * 43
HERE = "127.0.0.1:8002"
Reply = httpx.Response


class Door:
    """The API over what it is shown, and one visitor."""

    def __init__(
        self,
        books: ShownBooks,
        market: ShownMarket | None = None,
        environ: Mapping[str, str] | None = None,
        *,
        instruments: Instruments = no_instruments,
        is_led: bool = True,
    ) -> None:
        self.books = books
        self.market = market or ShownMarket()
        self.clock = StillClock()
        self.settings: Settings = read({"INTERLOCK__MODE": "SIM", **(environ or {})})
        self.app: FastAPI = build(
            books,
            self.market,
            self.settings,
            self.clock,
            Secret(TOKEN),
            instruments=instruments,
            is_led=lambda: is_led,
            patience_s=0.3,
        )

    def ask(  # noqa: PLR0913 (each part of a request may be spoilt alone)
        self,
        path: str,
        *,
        verb: str = "GET",
        content: bytes | None = None,
        host: str = HERE,
        token: str | None = TOKEN,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        sent = {"Host": host, **(headers or {})}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        return asyncio.run(self._send(verb, path, content, sent))

    def body(self, path: str) -> dict[str, Any]:
        """The body of a guarded GET that is answered."""
        reply = self.ask(path)
        assert reply.status_code == 200, reply.text
        found: dict[str, Any] = json.loads(reply.content, parse_float=Decimal)
        return found

    async def _send(
        self, verb: str, path: str, content: bytes | None, headers: Mapping[str, str]
    ) -> Reply:
        wire = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=wire, base_url=f"http://{HERE}") as client:
            return await client.request(verb, path, content=content, headers=dict(headers))


def data_folder(tmp_path: Path) -> dict[str, str]:
    """An environment that holds this folder alone."""
    return {"INTERLOCK__DATA": str(tmp_path)}
