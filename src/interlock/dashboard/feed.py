"""What the dashboard knows: the API's last good answers, each with the moment it came; a failing one stays, and ages in sight."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import httpx

PARTS: Final[Mapping[str, str]] = {
    "health": "/api/health/system",
    "snapshot": "/api/dashboard/snapshot",
}
INTERVAL_S: Final = 1.0
TIMEOUT_S: Final = 3.0
TURN_MAX_S: Final = 60.0  # each question has its time-out: a longer turn is one that hangs
# Health answers 503 with its whole body when the books cannot be read: that is an answer, not a silence.
WITH_BODY: Final = {"health": (httpx.codes.OK, httpx.codes.SERVICE_UNAVAILABLE)}

Json = dict[str, Any]


@dataclass(slots=True)
class Part:
    """One answer of the API: what it said last, when that came (monotonic seconds), and what is wrong since."""

    body: Json = field(default_factory=dict)
    came_at: float | None = None
    trouble: str | None = None

    def age_s(self, now: float) -> float | None:
        """Seconds since it came; None when it never did."""
        return None if self.came_at is None else now - self.came_at


class Feed:
    """Asks the API once a second for everything that the page shows."""

    def __init__(self, base_url: str, token_file: Path) -> None:
        self.parts = {name: Part() for name in PARTS}
        self.turn = 0
        self._turned_at = self.now()
        self._token_file = token_file
        self._client = httpx.AsyncClient(
            base_url=base_url, timeout=TIMEOUT_S, trust_env=False, follow_redirects=False
        )
        self._token = ""

    @property
    def health(self) -> Json:
        """The last health that was heard; empty when none ever was."""
        return self.parts["health"].body

    @property
    def as_of(self) -> str | None:
        """The instant of business time that is shown."""
        said: str | None = self.parts["snapshot"].body.get("as_of")
        return said

    def part(self, name: str) -> Json:
        """One object of the last snapshot; empty when none ever came."""
        found: Json = self.parts["snapshot"].body.get(name, {})
        return found

    def rows(self, name: str) -> list[Json]:
        """One list of the last snapshot; empty when none ever came."""
        found: list[Json] = self.parts["snapshot"].body.get(name, [])
        return found

    def age_s(self, name: str) -> float | None:
        """Seconds since an answer came; None when it never did."""
        return self.parts[name].age_s(self.now())

    def now(self) -> float:
        """The moment against which ages are taken."""
        return time.monotonic()

    def trouble(self) -> str | None:
        """What is wrong with the newest answers; None when all came."""
        return next((part.trouble for part in self.parts.values() if part.trouble), None)

    def oldest_s(self) -> float | None:
        """The age of the oldest thing shown; None when something never came."""
        ages = [self.age_s(name) for name in self.parts]
        known = [age for age in ages if age is not None]
        return max(known) if len(known) == len(ages) else None

    async def follow(self) -> None:
        """Asks for ever, once per interval, whatever the answers are."""
        async with self._client:
            while True:
                await self.ask()
                await asyncio.sleep(INTERVAL_S)

    async def ask(self) -> None:
        """One turn over all parts."""
        if not self._token:
            self._token = self._read_token()
        for name, path in PARTS.items():
            await self._ask(name, path)
        self.turn += 1
        self._turned_at = self.now()

    def stuck(self) -> tuple[str, ...]:
        """Names the feed when it did not come round in time, whatever the answers were."""
        return ("feed",) if self.now() - self._turned_at > TURN_MAX_S else ()

    async def _ask(self, name: str, path: str) -> None:
        part = self.parts[name]
        try:
            reply = await self._client.get(path, headers=self._headers())
            if reply.status_code not in WITH_BODY.get(name, (httpx.codes.OK,)):
                part.trouble = self._refused(reply.status_code)
                return
            part.body = json.loads(reply.content, parse_float=Decimal)
        except (httpx.HTTPError, json.JSONDecodeError, UnicodeDecodeError) as error:
            part.trouble = f"The platform does not answer ({type(error).__name__})."
            return
        part.came_at, part.trouble = self.now(), None

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    def _refused(self, status: int) -> str:
        """A platform that was started anew has a new token: it is read again for the next turn."""
        if status == httpx.codes.UNAUTHORIZED:
            self._token = self._read_token()
            return f"The platform does not accept the token of {self._token_file.name} yet."
        return f"The platform answers {status}."

    def _read_token(self) -> str:
        try:
            return self._token_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return ""
