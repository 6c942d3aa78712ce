"""The demo: real processes on real candles, whose two sides agree to the last digit, whoever is killed on the way."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.doors.serving import free_port

PROGRAM = str(Path(sys.executable).with_name("interlock"))
KEYS = {
    "intents_sent",
    "exchange_orders",
    "duplicate_orders",
    "fills",
    "ledger_drift_pct",
    "unprotected_positions",
    "decisions",
    "blocked",
    "equity_start",
    "equity_end",
    "kills",
    "audit",
    "health",
    "elapsed_s",
    "max_rss_mb",
}


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "HOME": str(folder),
        "INTERLOCK__DATA": str(folder / "data"),
        "INTERLOCK__API__PORT": str(free_port()),
        "INTERLOCK__DASHBOARD__PORT": str(free_port()),
        **more,
    }


def demo(environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, "demo", *words],
        env=environ,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def summary(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def assert_both_sides_agree(found: dict[str, Any]) -> None:
    assert found["intents_sent"] == found["exchange_orders"] > 0
    assert found["duplicate_orders"] == 0
    assert found["ledger_drift_pct"] == 0
    assert found["unprotected_positions"] == 0
    assert found["fills"] == found["fills_booked"] > 0
    assert found["audit"] == "PASS"
    assert found["health"] == "PASS"


def test_both_sides_agree_and_the_same_seed_gives_the_same_trades_even_when_killed(
    tmp_path: Path,
) -> None:
    undisturbed = summary(demo(environment(tmp_path / "1"), "--once", "--days", "2", "--json"))
    killed = summary(
        demo(environment(tmp_path / "2"), "--once", "--days", "2", "--kills", "2", "--json")
    )

    assert undisturbed.keys() >= KEYS
    assert_both_sides_agree(undisturbed)
    assert_both_sides_agree(killed)
    assert killed["kills"] == 2
    assert killed["lives"] == 3
    assert killed["trades"] == undisturbed["trades"]


def test_a_platform_that_somebody_else_kills_goes_on_without_a_second_order(tmp_path: Path) -> None:
    environ = environment(tmp_path)
    running = subprocess.Popen(
        [PROGRAM, "demo", "--once", "--days", "4", "--json"],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    _wait_for_trades(environ)
    os.kill(_platform_of(environ), signal.SIGKILL)
    said, _ = running.communicate(timeout=110)

    found = json.loads(said.splitlines()[-1])
    assert running.returncode == 0
    assert found["lives"] == 2
    assert_both_sides_agree(found)


def _wait_for_trades(environ: dict[str, str]) -> None:
    base = f"http://127.0.0.1:{environ['INTERLOCK__API__PORT']}"
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            health = httpx.get(f"{base}/api/health/system", timeout=5).json()
        except httpx.TransportError:
            time.sleep(0.1)
            continue
        if health["trade_system"]["open_orders"]:
            return
        time.sleep(0.02)
    raise AssertionError("the platform never traded")


def _platform_of(environ: dict[str, str]) -> int:
    """The process that serves this API."""
    data = environ["INTERLOCK__DATA"]
    for folder in Path(data).iterdir():
        return int((folder / "engine.lock").read_text(encoding="ascii").strip())
    raise AssertionError("there is no data folder")


@pytest.mark.parametrize(
    "words", [("--days", "0"), ("--days", "many"), ("--kills", "-1"), ("--nonsense",)]
)
def test_a_bad_argument_is_named_and_exits_2(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = demo(environment(tmp_path), *words)

    assert done.returncode == 2
    assert words[0] in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_taken_port_gives_one_clear_line_and_exits_2(tmp_path: Path) -> None:
    environ = environment(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(environ["INTERLOCK__API__PORT"])))
        taken.listen()
        done = demo(environ, "--once")

    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert environ["INTERLOCK__API__PORT"] in done.stderr


def test_a_data_folder_that_cannot_be_used_gives_one_clear_line_and_exits_2(tmp_path: Path) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("not a folder", encoding="utf-8")
    done = demo(environment(tmp_path, INTERLOCK__DATA=str(blocked)), "--once")

    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert str(blocked) in done.stderr
