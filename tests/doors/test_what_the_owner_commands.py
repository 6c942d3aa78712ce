"""The owner's commands against a platform that runs: reconcile, kill, arm; each answered by the engine, each with its exit code."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from interlock.account import Mode, Switches
from interlock.protocol.crypto_com.wire import signed_body
from interlock.risk.limits import Limits
from interlock.store.books import RowBooks
from interlock.store.files import open_books
from interlock.values import Secret
from tests.doors.serving import free_port, wait_until

PROGRAM = str(Path(sys.executable).with_name("interlock"))
Done = subprocess.CompletedProcess[str]


class Owner:
    """Somebody with a shell on the host, and with the exchange's own page open."""

    def __init__(self, said: dict[str, str], folder: Path) -> None:
        self.said = said
        self.environ = {
            "PATH": os.defpath,
            "HOME": str(folder),
            "INTERLOCK__DATA": str(folder / "data"),
            "INTERLOCK__MODE": "SIM",
            "INTERLOCK__API__PORT": str(free_port()),
            "INTERLOCK__EXCHANGE__REST_URL": said["rest"],
            "INTERLOCK__EXCHANGE__API_KEY": said["api_key"],
            "INTERLOCK__EXCHANGE__API_SECRET": said["api_secret"],
        }

    def says(self, *words: str) -> Done:
        return subprocess.run(
            [PROGRAM, *words],
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def json(self, *words: str) -> tuple[int, dict[str, Any]]:
        done = self.says(*words, "--json")
        assert done.stdout, done.stderr
        body: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return done.returncode, body

    def by_hand(self, method: str, **params: object) -> dict[str, Any]:
        key, secret = Secret(self.said["api_key"]), Secret(self.said["api_secret"])
        body = signed_body(key, secret, method, params, time.time_ns() // 1_000_000)
        reply = httpx.post(f"{self.said['rest']}/{method}", content=body, timeout=5)
        said: dict[str, Any] = reply.json()
        assert said["code"] == 0, said
        return said

    def books(self) -> RowBooks:
        folder = Path(self.environ["INTERLOCK__DATA"])
        return open_books(folder, limits=Limits(), bound=Mode.SIM, enabled=True)

    def switches(self) -> Switches:
        return self.books().switches()

    def a_price_that_rests(self) -> str:
        """A quarter below the last one."""
        reply = httpx.get(f"{self.said['rest']}/public/get-tickers", timeout=5).json()
        rows = reply["result"]["data"]
        last = next(row["a"] for row in rows if row["i"] == "BTC_USDT")
        return str(int(float(last) * 0.75))

    @contextmanager
    def runs(self, *, is_ready: bool = True) -> Iterator[None]:
        with subprocess.Popen(
            [PROGRAM, "run"], env=self.environ, stderr=subprocess.DEVNULL
        ) as platform:
            try:
                wait_until(lambda: self.is_ready() is is_ready, 40)
                yield
            finally:
                platform.terminate()

    def is_ready(self) -> bool | None:
        base = f"http://127.0.0.1:{self.environ['INTERLOCK__API__PORT']}"
        try:
            health = httpx.get(f"{base}/api/health/system", timeout=5).json()
        except httpx.TransportError:
            return None
        return bool(health["details"]["ready_to_trade"]["allowed"])


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Owner]:
    with subprocess.Popen([PROGRAM, "simulate"], stdout=subprocess.PIPE, env={}) as child:
        assert child.stdout is not None
        yield Owner(json.loads(child.stdout.readline()), tmp_path_factory.mktemp("owner"))
        child.kill()


def test_an_owner_reconciles_kills_and_arms_and_each_answer_is_the_engines(owner: Owner) -> None:
    words = ("--trade", "--amount", "100", "--preset", "intraday-aggressive")
    assert owner.says("watch", "BTC_USDT", *words).returncode == 0
    assert owner.says("mode", "SIM", "--why", "an evening").returncode == 0
    with owner.runs():
        code, plan = owner.json("reconcile")
        assert (code, plan["differences"], plan["standing"]) == (0, [], [])
        owner.by_hand(
            "private/create-order",
            instrument_name="BTC_USDT",
            side="BUY",
            type="LIMIT",
            quantity="0.001",
            price=owner.a_price_that_rests(),
            client_oid="by-hand-1",
        )
        code, plan = owner.json("reconcile")
        assert (code, plan["is_empty"]) == (1, False)
        assert [row["action"] for row in plan["differences"]] == ["alarm"]
        code, did = owner.json("reconcile", "--apply")
        assert (code, did["passed"], len(did["did"])) == (0, True, 1)

        code, killed = owner.json("kill", "--flatten", "--why", "enough")
        assert (code, killed["verified"]) == (0, True)
        assert [row["check"] for row in killed["rows"]] == ["entries", "flat", "others"]
        shown = owner.says("arm", "--why", "looked")
        assert owner.switches().kill is not None
        assert owner.says("arm", "--confirm", shown.stdout.split()[-1]).returncode == 0
        assert owner.switches().kill is None

    unanswered = owner.says("kill", "--why", "nobody is there")
    assert unanswered.returncode == 3
    assert owner.says("reconcile", "--apply").returncode == 3
    with owner.runs(is_ready=False):
        wait_until(lambda: not owner.books().requests(), 20)
        assert owner.switches().kill is not None
        assert owner.says("kill", "--wait", "0").returncode == 5
