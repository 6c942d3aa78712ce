"""Why can't I trade: each true cause injected at a running exchange, and each part of the installation broken in turn."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from interlock.cli.access import access
from interlock.cli.premises import premises
from interlock.evidence.checkup import Finding, Verdict
from interlock.evidence.diagnosis import REMEDY
from interlock.host.egress import LAST_GOOD_FILE, last_good
from interlock.settings import read
from interlock.values import Unknown
from interlock.wiring.adapters import open_books
from tests.doors.serving import free_port, wait_until
from tests.fakes.web import Says, Web

PROGRAM = str(Path(sys.executable).with_name("interlock"))
HERE, SEEN_AS, SEEN_BEFORE = "127.0.0.31", "203.0.113.7", "203.0.113.8"
KEY, SECRET = "INTERLOCK__EXCHANGE__API_KEY", "INTERLOCK__EXCHANGE__API_SECRET"
CANARY = "a-secret-that-is-looked-for"


@pytest.fixture(scope="module")
def simulator() -> Iterator[dict[str, str]]:
    with subprocess.Popen([PROGRAM, "simulate"], stdout=subprocess.PIPE, env={}) as child:
        assert child.stdout is not None
        yield json.loads(child.stdout.readline())
        child.kill()


@dataclass
class Place:
    """One installation before the simulated exchange: its environment, and the sources that tell its address."""

    exchange: dict[str, str]
    data: Path
    web: Web
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],  # noqa: TID251 (passed on to a child, not read)
            "HOME": str(self.data),
            "INTERLOCK__DATA": str(self.data),
            "INTERLOCK__API__PORT": "9",
            "INTERLOCK__EXCHANGE__REST_URL": self.exchange["rest"],
            "INTERLOCK__EXCHANGE__SOURCE_ADDRESS": HERE,
            "INTERLOCK__HOST__EGRESS_URLS": f"{self.web.url('/a')},{self.web.url('/b')}",
            "INTERLOCK__HOST__PUBLIC_TIME_URL": self.web.url("/time"),
            KEY: self.exchange["api_key"],
            SECRET: self.exchange["api_secret"],
            **self.more,
        }

    def access(self, **more: str) -> dict[str, Finding]:
        return {row.fact: row for row in access(read({**self.environ, **more}))}

    def premises(self, **more: str) -> dict[str, Finding]:
        return {row.fact: row for row in premises(read({**self.environ, **more}))}

    def control(self, what: str, **body: object) -> None:
        httpx.post(f"{self.exchange['control']}/control/{what}", json=body).raise_for_status()


@pytest.fixture
def place(simulator: dict[str, str], tmp_path: Path) -> Iterator[Place]:
    ip = Says(SEEN_AS.encode())
    old = Says(b'{"code":"10004","msg":"BAD_REQUEST"}', status=400)
    with Web({"/a": ip, "/b": ip, "/time": old, "/other": Says(SEEN_BEFORE.encode())}) as web:
        here = Place(simulator, tmp_path, web)
        yield here
        here.control("allowlist", addresses=None)
        here.control("key", revoked=False, permission="trade")


def test_who_is_let_in_has_a_row_for_each_fact_and_the_address_is_remembered(place: Place) -> None:
    rows = place.access()

    assert {row.verdict for row in rows.values()} <= {Verdict.OK, Verdict.UNKNOWN}
    assert rows["signed access"].verdict is Verdict.OK
    assert rows["connectivity"].found == "HTTP 400, code 10004"
    assert rows["egress address"].found == SEEN_AS
    assert rows["private/cancel-order"].verdict is Verdict.OK
    assert list(rows)[:5] == [
        "connectivity",
        "public API",
        "clock against the exchange",
        "key fingerprint",
        "signature self-test",
    ]
    assert place.access()["last known good egress address"].found.startswith(SEEN_AS)
    assert (place.data / LAST_GOOD_FILE).stat().st_mode & 0o077 == 0


def cause(rows: dict[str, Finding]) -> str:
    row = rows["signed access"]
    assert row.stops
    assert row.remedy
    return row.found.rpartition(" ")[2]


@pytest.mark.parametrize("wrong", [KEY, SECRET])
def test_a_wrong_key_or_secret_is_told_by_an_address_that_was_good_before(
    place: Place, wrong: str
) -> None:
    for _ in range(2):  # the first look, which was refused, remembers no address
        assert cause(place.access(**{wrong: CANARY})) == "ADDRESS"

    place.access()
    rows = place.access(**{wrong: CANARY})
    assert cause(rows) == "KEY"
    assert rows["private/user-balance"].found == "HTTP 401, code 40101, 'Authentication failure'"
    assert CANARY not in str(rows)


def test_a_clock_61_seconds_off_is_named_before_anything_that_follows_from_it(place: Place) -> None:
    ahead_us = time.time_ns() // 1000 + 61_000_000
    state = Says(
        json.dumps({"now_us": ahead_us}).encode(), headers={"Content-Type": "application/json"}
    )
    with Web({"/control/state": state}) as clock:
        rows = place.access(INTERLOCK__SIM__CONTROL=clock.url().rstrip("/"))

    assert cause(rows) == "CLOCK"
    assert rows["clock against the exchange"].verdict is Verdict.STOPS
    assert "behind ours" in rows["clock against the exchange"].found


def test_a_key_that_may_only_read_misses_a_permission(place: Place) -> None:
    place.control("key", permission="read")
    rows = place.access()

    assert cause(rows) == "PERMISSION"
    assert rows["private/user-balance"].verdict is Verdict.OK
    assert rows["private/cancel-order"].verdict is Verdict.STOPS


@pytest.mark.parametrize("code", [40101, 40103])
def test_an_address_that_is_not_allowlisted_gets_the_seeds_remedy(place: Place, code: int) -> None:
    place.access(
        INTERLOCK__HOST__EGRESS_URLS=f"{place.web.url('/other')},{place.web.url('/other?b')}"
    )
    place.control("allowlist", addresses=["127.0.0.32"], code=code)
    rows = place.access()

    assert cause(rows) == "ADDRESS"
    assert rows["signed access"].remedy.startswith(REMEDY)
    assert f"code {code}" in rows["private/user-balance"].found
    assert rows["last known good egress address"].verdict is Verdict.NOTE
    assert SEEN_BEFORE in rows["last known good egress address"].found
    assert rows["public API"].verdict is Verdict.OK


def test_a_revoked_key_at_a_good_address_is_the_key(place: Place) -> None:
    place.access()
    place.control("key", revoked=True)

    assert cause(place.access()) == "KEY"


def test_an_exchange_that_is_down_leaves_every_row_unknown_with_why_in_bounded_time(
    place: Place,
) -> None:
    began = time.monotonic()
    down = {"INTERLOCK__EXCHANGE__REST_URL": "http://127.0.0.1:9/exchange/v1"}
    rows = place.access(**down, INTERLOCK__HOST__EGRESS_URLS="http://127.0.0.1:9")

    for fact in ("public API", "private/user-balance", "egress address", "signed access"):
        assert rows[fact].verdict is Verdict.UNKNOWN, fact
        assert rows[fact].found
    assert rows["signed access"].stops
    assert "network problem, not authentication" in rows["signed access"].remedy
    assert time.monotonic() - began < 15


def test_an_exchange_that_says_nothing_costs_no_more_than_its_time(place: Place) -> None:
    slow = Says(b"{}", after_s=20.0)
    with Web({"/v1/public/get-tickers": slow}) as web:
        began = time.monotonic()
        rows = place.access(INTERLOCK__EXCHANGE__REST_URL=web.url("/v1"))
        took = time.monotonic() - began

    assert rows["public API"].verdict is Verdict.UNKNOWN
    assert took < 10


def test_without_books_the_doctor_makes_none(place: Place) -> None:
    rows = place.premises()

    assert rows["database"].stops
    assert rows["platform"].verdict is Verdict.NOTE
    assert list(place.data.iterdir()) == []


def test_books_that_cannot_be_read_or_written_are_told(place: Place) -> None:
    settings = read(place.environ)
    open_books(settings).close()
    assert place.premises()["database"].verdict is Verdict.OK

    (place.data / "books.sqlite").write_bytes(b"")
    row = place.premises()["database"]
    assert row.stops
    assert "empty" in row.found


def test_somebody_else_on_our_port_is_told(place: Place) -> None:
    with Web({"/api/health": Says(b"<html>")}) as other:
        port = other.url().rstrip("/").rpartition(":")[2]
        row = place.premises(INTERLOCK__API__PORT=port)["platform"]

    assert row.stops
    assert "not Interlock" in row.found


def test_a_last_good_address_that_cannot_be_read_is_unknown(tmp_path: Path) -> None:
    for text in ("", "[]", '{"address": 1}', "{"):
        (tmp_path / LAST_GOOD_FILE).write_text(text, encoding="utf-8")
        assert isinstance(last_good(tmp_path), Unknown)


def doctor(environ: dict[str, str], folder: Path) -> tuple[int, dict[str, Any], str]:
    ran = subprocess.run(
        [PROGRAM, "doctor", "--json"],
        env=environ,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    body: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return ran.returncode, body, ran.stdout + ran.stderr


def stopping(body: dict[str, Any]) -> list[str]:
    return [f"{row['fact']}: {row['found']}" for row in body["rows"] if row["stops"]]


def test_a_running_platform_is_let_trade_until_somebody_says_no(place: Place) -> None:
    place.more = {"INTERLOCK__API__PORT": str(free_port()), "INTERLOCK__MODE": "SIM"}
    environ = place.environ
    for words in (("watch", "BTC_USDT", "--alert"), ("mode", "SIM", "--why", "a test")):
        subprocess.run([PROGRAM, *words], env=environ, check=True, capture_output=True)
    platform = subprocess.Popen([PROGRAM, "run"], env=environ, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{environ['INTERLOCK__API__PORT']}/api/health/system"
        wait_until(lambda: _is_ready(url), 40)
        code, body, _ = doctor(environ, place.data)
        assert stopping(body) == []
        assert (code, body["may_trade"]) == (0, True)

        subprocess.run([PROGRAM, "kill", "--why", "enough"], env=environ, check=True)
        place.control("allowlist", addresses=[])
        code, body, said = doctor(environ, place.data)
        stops = stopping(body)
        assert code == 1
        assert any("kill_switch" in row and "enough" in row for row in stops), stops
        assert any(row.startswith("signed access: most likely") for row in stops)
        assert environ[SECRET] not in said
        assert environ[KEY] not in said
    finally:
        platform.terminate()
        platform.wait()


def _is_ready(url: str) -> bool:
    try:
        health = httpx.get(url, timeout=5).json()
    except httpx.TransportError:
        return False
    return bool(health["details"]["ready_to_trade"]["allowed"])


def test_the_settings_of_the_installation_it_is_run_in_are_read(place: Place) -> None:
    (place.data / ".env.aws").write_text("INTERLOCK__API__PORT=nine\n", encoding="utf-8")
    words = [PROGRAM, "doctor"]
    ended = subprocess.run(
        words, env={}, cwd=place.data, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 2
    assert "INTERLOCK__API__PORT must" in ended.stderr
