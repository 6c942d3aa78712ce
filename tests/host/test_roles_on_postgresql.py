"""The roles as processes of their own on one PostgreSQL, against the real simulator: what an operator sees when each of them fails."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.doors.serving import free_port
from tests.host.postgresql import Server

pytestmark = pytest.mark.host

PROGRAM = str(Path(sys.executable).with_name("interlock"))
COMPONENTS = ("market_data", "market_updater", "signal_monitor", "telegram", "trade_system")
ALL_WELL = dict.fromkeys(COMPONENTS, "PASS")
ORDER = (
    '{"symbol":"BTC_USDT","side":"BUY","price":50000,"quantity":0.01,"is_margin":false,'
    '"trade_on_margin_from_watchlist":false,"scope":"order"}'
)
Json = dict[str, Any]


@dataclass(slots=True)
class Site:
    """One installation: a folder, a database, an exchange, and whatever processes run on them."""

    folder: Path
    server: Server
    database: str
    exchange: dict[str, str]
    port: int = field(default_factory=free_port)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def environ(self) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            "HOME": str(self.folder),
            "INTERLOCK__DATA": str(self.folder / "data"),
            "INTERLOCK__MODE": "SIM",
            "INTERLOCK__API__PORT": str(self.port),
            "INTERLOCK__EXCHANGE__REST_URL": self.exchange["rest"],
            "INTERLOCK__EXCHANGE__API_KEY": self.exchange["api_key"],
            "INTERLOCK__EXCHANGE__API_SECRET": self.exchange["api_secret"],
            "DATABASE_URL": self.server.url(self.database, "hunter2").reveal(),
        }

    def say(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, *words],
            env=self.environ(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def run(self, role: str, name: str = "") -> subprocess.Popen[bytes]:
        with self.log(name or role).open("ab") as log:
            process = subprocess.Popen([PROGRAM, "run", role], env=self.environ(), stderr=log)
        self.processes.append(process)
        return process

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def events(self, name: str) -> list[Json]:
        lines = self.log(name).read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def has(self, name: str, event: str) -> bool:
        return any(line["event"] == event for line in self.events(name))

    def health(self) -> tuple[int, Json]:
        answer = httpx.get(f"http://127.0.0.1:{self.port}/api/health/system", timeout=10)
        return answer.status_code, answer.json()

    def shows(self, status: int, light: str) -> bool:
        with contextlib.suppress(httpx.TransportError):
            code, body = self.health()
            return (code, body["global_status"]) == (status, light)
        return False

    def end(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in self.processes:
            process.wait(20)


@pytest.fixture
def site(server: Server, database: str, tmp_path: Path) -> Iterator[Site]:
    exchange = subprocess.Popen([PROGRAM, "simulate"], stdout=subprocess.PIPE, env={})
    assert exchange.stdout is not None
    ours = Site(tmp_path, server, database, json.loads(exchange.stdout.readline()))
    yield ours
    ours.end()
    exchange.kill()
    exchange.wait()
    exchange.stdout.close()


def until(holds: Callable[[], bool], seconds: float, why: Callable[[], object] = str) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, why()
        time.sleep(0.2)


def test_roles_make_one_healthy_platform_that_every_command_finds(site: Site) -> None:
    _watched(site)
    for role in ("api", "engine", "updater", "notifier"):
        site.run(role)
    site.run("notifier", "second")
    until(lambda: site.shows(200, "PASS"), 60, site.health)
    until(lambda: site.has("second", "standing by") or site.has("notifier", "standing by"), 20)
    until(lambda: "herald" in site.health()[1]["details"]["passes"], 20)

    assert site.say("audit").stdout.strip() == "PASS"
    assert site.say("health", "--guard").stdout.strip() == "PASS"
    assert site.say("status").returncode == 0
    assert site.say("kill", "--why", "a look").returncode == 0
    assert site.say("arm", "--yes", "--why", "a look").returncode == 0
    rules = {rule["rule"]: rule["passed"] for rule in _probed(site)["rules"]}
    assert rules["INSTRUMENT"], "the updater keeps what is listed, and the API reads it"


def test_a_stopped_database_and_a_missing_table_are_told_and_survived(site: Site) -> None:
    """Fault H6."""
    _watched(site)
    api, engine, _ = site.run("api"), site.run("engine"), site.run("updater")
    until(lambda: site.shows(200, "PASS"), 60, site.health)
    _, well = site.health()

    site.server.stop()
    status, dark = site.health()
    assert (status, dark["global_status"], dark["db_status"]) == (503, "FAIL", "down")
    assert {dark[name]["status"] for name in COMPONENTS} == {"FAIL"}
    assert _keys(dark) == _keys(well)
    assert _probed(site)["reason_code"] == "RISK_GUARD_BLOCKED"
    until(lambda: engine.poll() is not None, 30)
    assert engine.returncode == 3, "who cannot renew its lease ends"

    site.server.start()
    assert site.health()[0] == 200
    until(lambda: site.shows(200, "FAIL"), 10)
    assert site.health()[1]["signal_monitor"]["status"] == "FAIL", "nobody leads"
    rules = {rule["rule"]: rule["passed"] for rule in _probed(site)["rules"]}
    assert not rules["LEASE"]
    site.run("engine", "again")
    until(lambda: site.shows(200, "PASS"), 60, site.health)
    assert api.poll() is None

    site.server.say(site.database, "DROP TABLE order_intents CASCADE")
    until(lambda: _lights(site) == {**ALL_WELL, "trade_system": "FAIL"}, 30, site.health)
    status, gap = site.health()
    assert (status, gap["trade_system"]["order_intents_table_exists"]) == (200, False)
    for log in site.folder.glob("*.log"):
        assert "hunter2" not in log.read_text(encoding="utf-8")


def test_a_standby_takes_over_from_a_killed_engine_and_a_zombie_that_wakes_ends(site: Site) -> None:
    first = site.run("engine", "first")
    until(lambda: site.has("first", "holding"), 40)
    second = site.run("engine", "second")
    until(lambda: site.has("second", "standing by"), 30)
    (waits,) = [line for line in site.events("second") if line["event"] == "standing by"]
    assert f"pid {first.pid} " in waits["holder"]
    assert waits["expires_in_s"] > 0

    first.send_signal(signal.SIGKILL)
    first.wait()
    until(lambda: site.has("second", "holding"), 40)
    until(lambda: _epoch(site) == 2, 10)

    third = site.run("engine", "third")
    until(lambda: site.has("third", "standing by"), 30)
    second.send_signal(signal.SIGSTOP)
    until(lambda: site.has("third", "holding"), 40)
    until(lambda: _epoch(site) == 3, 10)
    second.send_signal(signal.SIGCONT)

    assert second.wait(30) == 3
    assert "lease" in site.log("second").read_text(encoding="utf-8").splitlines()[-1]
    assert third.poll() is None
    third.terminate()
    assert third.wait(20) == 0
    fourth = site.run("engine", "fourth")
    until(lambda: site.has("fourth", "holding"), 10)
    assert not site.has("fourth", "standing by"), "who ends in order lets the next one in at once"
    assert fourth.poll() is None


def test_all_roles_in_one_process_are_one_healthy_platform_too(site: Site) -> None:
    assert site.say("watch", "BTC_USDT", "--alert").returncode == 0
    whole = site.run("all")
    until(lambda: site.shows(200, "PASS"), 60, site.health)

    whole.terminate()
    assert whole.wait(20) == 0


def _watched(site: Site) -> None:
    words = ("watch", "BTC_USDT", "--trade", "--amount", "100", "--preset", "intraday-aggressive")
    assert site.say(*words).returncode == 0
    assert site.say("mode", "SIM", "--why", "a first evening").returncode == 0


def _lights(site: Site) -> Json:
    _, body = site.health()
    return {name: body[name]["status"] for name in COMPONENTS}


def _epoch(site: Site) -> object:
    rows = site.server.say(site.database, "SELECT epoch FROM account")
    return rows[0][0] if rows else 0


def _probed(site: Site) -> Json:
    url = f"http://127.0.0.1:{site.port}/api/risk/probe"
    found: Json = httpx.post(url, content=ORDER, timeout=10).json()
    return found


def _keys(body: object) -> object:
    """The keys of the seed, with those within them; what more we know is another matter."""
    if not isinstance(body, dict):
        return None
    return {name: _keys(inner) for name, inner in body.items() if name != "details"}
