"""The seed's own situation on a real platform: the exchange refuses our address, then admits it again. Real processes, stepping time."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from interlock.evidence.diagnosis import REMEDY
from interlock.evidence.telling import Topic
from interlock.settings import Settings, read
from interlock.simulator.front.serve import DEMO_START
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant
from interlock.wiring.acts import prepare
from interlock.wiring.adapters import open_books
from tests.doors.serving import free_port

PROGRAM = str(Path(sys.executable).with_name("interlock"))
HERE = "127.0.0.41"
SIMULATE = ("simulate", "--stepping", "--candles", "binance_BTC-USDT_1h", "--allow", HERE)
MINUTE = timedelta(minutes=1)
PROBE = (
    '{"symbol":"BTC_USDT","side":"BUY","price":50000,"quantity":0.01,"is_margin":false,'
    '"trade_on_margin_from_watchlist":false}'
)


@dataclass
class Scene:
    """The exchange's control port, the platform's settings, and its API."""

    exchange: dict[str, str]
    settings: Settings

    def control(self, what: str, **body: object) -> None:
        httpx.post(f"{self.exchange['control']}/control/{what}", json=body).raise_for_status()

    def look(self, what: str) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.exchange['control']}/control/{what}").json()
        return found

    def until(self, horizon: Instant) -> dict[str, Any]:
        """Lets time go on to this instant, and shows the platform's health then."""
        self.control("horizon", until_us=horizon.micros)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            state = self.look("state")
            if state["at_horizon"] and state["now_us"] == horizon.micros and state["idle"]:
                return self.health()
            time.sleep(0.05)
        raise AssertionError(state)

    def health(self) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(self._api("/api/health/system")).json()
        return found

    def probe(self) -> tuple[int, dict[str, Any]]:
        answer = httpx.post(self._api("/api/risk/probe"), content=PROBE)
        return answer.status_code, answer.json()

    def refused_at(self) -> list[Instant]:
        """When the exchange refused us."""
        return [Instant(row["at_us"]) for row in self.look("books")["refusals"]]

    def told(self, now: Instant) -> list[str]:
        """What the owner is told of incidents, oldest first."""
        books = open_books(self.settings)
        try:
            waiting = books.undelivered(now, 100)
        finally:
            books.close()
        return [message.text for message in waiting if message.topic is Topic.INCIDENT]

    def _api(self, path: str) -> str:
        return f"http://127.0.0.1:{self.settings.api.port}{path}"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    words = [PROGRAM, *SIMULATE]
    with subprocess.Popen(words, stdout=subprocess.PIPE, env={}) as simulator:
        assert simulator.stdout is not None
        exchange: dict[str, str] = json.loads(simulator.stdout.readline())
        environ = {
            "INTERLOCK__DATA": str(tmp_path),
            "INTERLOCK__MODE": "SIM",
            "INTERLOCK__API__PORT": str(free_port()),
            "INTERLOCK__EXCHANGE__REST_URL": exchange["rest"],
            "INTERLOCK__EXCHANGE__SOURCE_ADDRESS": HERE,
            "INTERLOCK__EXCHANGE__API_KEY": exchange["api_key"],
            "INTERLOCK__EXCHANGE__API_SECRET": exchange["api_secret"],
            "INTERLOCK__SIM__CONTROL": exchange["control"],
        }
        settings = read(environ)
        here = Scene(exchange, settings)
        here.control("horizon", until_us=(DEMO_START + MINUTE).micros)
        prepare(settings, [WatchlistRow("BTC_USDT", alert_enabled=True)], DEMO_START, "a test")
        log = tmp_path / "log"
        with log.open("wb") as kept:
            platform = subprocess.Popen([PROGRAM, "run"], env=environ, stderr=kept)
        try:
            yield here
        finally:
            platform.terminate()
            platform.wait(10)
            simulator.kill()


@pytest.mark.parametrize("code", [40101, 40103])
def test_shut_out_the_platform_knocks_once_a_minute_and_is_whole_again_when_it_is_let_in(
    scene: Scene, code: int
) -> None:
    hour = DEMO_START + 60 * MINUTE
    health = scene.until(DEMO_START + MINUTE)
    assert health["details"]["exchange"]["status"] == "PASS"

    scene.control("allowlist", addresses=["127.0.0.42"], code=code)
    health = scene.until(hour + 10 * MINUTE)
    details = health["details"]
    assert details["exchange"]["status"] == "FAIL"
    assert details["exchange"]["code"] == code
    assert not details["ready_to_trade"]["allowed"]
    assert health["global_status"] == "PASS"
    assert health["db_status"] == "up"
    status, body = scene.probe()
    assert (status, body["allowed"], len(body)) == (400, False, 3)

    knocks = scene.refused_at()
    # The steward asks in the middle of the bar, and is told first.
    assert 39 <= len(knocks) <= 41
    assert all(b - a >= MINUTE for a, b in pairwise(knocks))
    assert [i["fingerprint"] for i in details["incidents"]] == ["exchange:auth"]
    (opened,) = scene.told(hour + 10 * MINUTE)
    assert REMEDY in opened
    assert f"code {code}" in opened
    assert "public API: answers" in opened

    scene.control("allowlist", addresses=[HERE])
    health = scene.until(hour + 12 * MINUTE)
    assert health["details"]["exchange"]["status"] == "PASS"
    assert health["details"]["exchange"]["code"] is None
    assert health["details"]["incidents"] == []
    assert scene.probe()[0] == 200
    assert len(scene.refused_at()) == len(knocks)
    (_, over) = scene.told(hour + 12 * MINUTE)
    assert over.startswith(f"Over: exchange:auth: Refused by the exchange: {code}")
    assert REMEDY not in over
