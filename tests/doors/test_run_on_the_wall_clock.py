"""The platform as an owner runs it on the wall's clock: `watch`, `mode`, `run`; killed, started again, and led by one engine."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.doors.serving import free_port

PROGRAM = str(Path(sys.executable).with_name("interlock"))
SPOT = (
    '{"symbol":"BTC_USDT","side":"BUY","price":50000,"quantity":0.01,"is_margin":false,'
    '"trade_on_margin_from_watchlist":false}'
)
MARGIN = (
    '{"symbol":"BTC_USDT","side":"BUY","price":50000,"quantity":0.01,"is_margin":true,'
    '"leverage":10,"trade_on_margin_from_watchlist":true}'
)
UNKNOWN = (
    '{"allowed":false,"reason":"Provide account_equity, total_margin_exposure, daily_loss_pct for '
    'probe when exchange unavailable","reason_code":"RISK_GUARD_BLOCKED"}'
)
Platform = subprocess.Popen[bytes]


@pytest.fixture
def exchange() -> Iterator[dict[str, str]]:
    child = subprocess.Popen([PROGRAM, "simulate"], stdout=subprocess.PIPE, env={})
    assert child.stdout is not None
    said: dict[str, str] = json.loads(child.stdout.readline())
    yield said
    child.kill()
    child.wait()
    child.stdout.close()


@pytest.fixture
def environ(exchange: dict[str, str], tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "HOME": str(tmp_path),
        "INTERLOCK__DATA": str(tmp_path / "data"),
        "INTERLOCK__MODE": "SIM",
        "INTERLOCK__API__PORT": str(free_port()),
        "INTERLOCK__EXCHANGE__REST_URL": exchange["rest"],
        "INTERLOCK__EXCHANGE__API_KEY": exchange["api_key"],
        "INTERLOCK__EXCHANGE__API_SECRET": exchange["api_secret"],
    }


def say(environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *words], env=environ, capture_output=True, text=True, timeout=30, check=False
    )


def run(environ: dict[str, str]) -> Platform:
    return subprocess.Popen([PROGRAM, "run"], env=environ, stderr=subprocess.DEVNULL)


def system(environ: dict[str, str]) -> dict[str, Any]:
    base = f"http://127.0.0.1:{environ['INTERLOCK__API__PORT']}"
    found: dict[str, Any] = httpx.get(f"{base}/api/health/system", timeout=5).json()
    return found


def until_ready(environ: dict[str, str], *, is_ready: bool = True) -> dict[str, Any]:
    end = time.monotonic() + 40
    health: dict[str, Any] = {}
    while time.monotonic() < end:
        try:
            health = system(environ)
        except httpx.TransportError:
            time.sleep(0.2)
            continue
        is_well = health["global_status"] == "PASS" or not is_ready
        if health["details"]["ready_to_trade"]["allowed"] is is_ready and is_well:
            return health
        time.sleep(0.2)
    raise AssertionError(health)


def probe(environ: dict[str, str], body: str) -> tuple[int, str]:
    base = f"http://127.0.0.1:{environ['INTERLOCK__API__PORT']}"
    answer = httpx.post(f"{base}/api/risk/probe", content=body, timeout=5)
    return answer.status_code, answer.text


def test_an_owner_watches_runs_is_killed_and_goes_on(environ: dict[str, str]) -> None:
    words = ("watch", "BTC_USDT", "--trade", "--amount", "100", "--preset", "intraday-aggressive")
    assert say(environ, *words).returncode == 0
    assert say(environ, "mode", "SIM", "--why", "a first evening").returncode == 0
    first = run(environ)
    try:
        health = until_ready(environ)
        assert health["global_status"] == "PASS"
        assert probe(environ, SPOT) == (200, '{"allowed":true}')
        status, body = probe(environ, MARGIN)
        assert status == 400
        assert [o["rule"] for o in json.loads(body)["objections"]] == ["B", "E"]

        again = subprocess.Popen([PROGRAM, "run"], env=environ, stderr=subprocess.PIPE)
        assert again.stderr is not None
        waiting = json.loads(again.stderr.readline())
        assert waiting["event"] == "standing by"
        assert waiting["holder"] == f"process {first.pid}"
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    try:
        assert until_ready(environ)["global_status"] == "PASS"
        assert say(environ, "health", "--guard").stdout.strip() == "PASS"
        assert say(environ, "audit").stdout.strip() == "PASS"
    finally:
        again.terminate()
        assert again.wait(10) == 0
        again.stderr.close()


def test_without_the_exchange_both_probes_answer_the_exact_body_of_unknown_figures(
    environ: dict[str, str],
) -> None:
    say(environ, "watch", "BTC_USDT", "--alert")
    nobody = {**environ, "INTERLOCK__EXCHANGE__REST_URL": "http://127.0.0.1:9/exchange/v1"}
    platform = run(nobody)
    try:
        health = until_ready(nobody, is_ready=False)
        assert health["db_status"] == "up"
        assert probe(nobody, SPOT) == (400, UNKNOWN)
        assert probe(nobody, MARGIN) == (400, UNKNOWN)
    finally:
        platform.terminate()
        platform.wait()


@pytest.mark.parametrize("role", ["api", "engine", "updater", "notifier"])
def test_on_sqlite_a_role_of_its_own_is_refused_with_the_remedy(tmp_path: Path, role: str) -> None:
    refused = say({"INTERLOCK__DATA": str(tmp_path)}, "run", role)

    assert refused.returncode == 2
    assert "INTERLOCK__DATABASE__URL" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1


def test_time_that_steps_is_refused_where_roles_are_processes(tmp_path: Path) -> None:
    environ = {
        "INTERLOCK__DATA": str(tmp_path),
        "INTERLOCK__DATABASE__URL": "postgresql://ann:hunter2@127.0.0.1:9/books",
        "INTERLOCK__SIM__CONTROL": "http://127.0.0.1:9",
    }
    refused = say(environ, "run")

    assert refused.returncode == 2
    assert "INTERLOCK__SIM__CONTROL" in refused.stderr
    assert "hunter2" not in refused.stderr


def test_a_service_manager_hears_ready_that_it_moves_and_that_it_stops(
    environ: dict[str, str], tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.settimeout(40)
        platform = run(
            {**environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "300000"}
        )
        try:
            assert ear.recv(4096).startswith(b"READY=1")
            assert system(environ)["db_status"] == "up"
            assert ear.recv(4096) == b"WATCHDOG=1"
        finally:
            platform.terminate()
            assert platform.wait(10) == 0
        said = b""
        while not said.startswith(b"STOPPING=1"):
            said = ear.recv(4096)
