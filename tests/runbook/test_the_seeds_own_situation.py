"""The seed's own situation, whole: the exchange takes our address off its list, everyone tells it as the runbook says, and it is over.

Simulator, platform, messenger and every script are the real ones, on the wall's clock; the pause of a minute is not shortened. The
scripts call from another address than the platform, so that the exchange's own record tells whose attempts it refused.
"""

import json
import re
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from interlock.evidence.diagnosis import REMEDY
from tests.doors.serving import free_port, wait_until
from tests.fakes.notify import TAKEN, Server, says
from tests.runbook.installation import CHAT, TOKEN, telegram
from tests.runbook.stack import ADMITTED, HOME, Stack, standing

SCRIPTS_FROM = "127.0.0.41"
EQUITY_AGE_S = 15
WHOLE_WITHIN_S = 120.0
MINUTE_US = 60_000_000
BLOCKED = "VALIDATION BLOCKED — "
COMPLETION = "PHASE 6 — EC2 VALIDATION COMPLETE"
HARD, CLOSE = "final_ec2_hard_verification.sh", "phase6_final_ec2_close.sh"
SPOT = {
    "symbol": "BTC_USDT",
    "side": "BUY",
    "price": 50000,
    "quantity": 0.01,
    "is_margin": False,
    "trade_on_margin_from_watchlist": False,
}
MARGIN = {**SPOT, "is_margin": True, "leverage": 10, "trade_on_margin_from_watchlist": True}
UNKNOWN_FIGURES = (
    '{"allowed":false,"reason":"Provide account_equity, total_margin_exposure, daily_loss_pct for probe '
    'when exchange unavailable","reason_code":"RISK_GUARD_BLOCKED"}'
)
SIGNED_CALL = """
from app.services.brokers.crypto_com_trade import CryptoComTradeClient
try:
    account = CryptoComTradeClient().get_account_summary()
    print("ACCOUNT_OK" if account.get("accounts") else "EMPTY")
except Exception as error:
    print("ERROR:", type(error).__name__, str(error)[:200])
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """A healthy host in mode OFF, and the phone of its owner."""

    stack: Stack
    phone: Server

    def admit(self, addresses: Sequence[str]) -> None:
        """The exchange's list of addresses is this one from now on."""
        control = f"{self.stack.exchange['control']}/control/allowlist"
        httpx.post(control, json={"addresses": list(addresses)}).raise_for_status()

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self._api(path), timeout=10)

    def health(self) -> dict[str, Any]:
        found: dict[str, Any] = self.get("/api/health/system").json()
        return found

    def incidents(self) -> list[str]:
        return [each["fingerprint"] for each in self.health()["details"]["incidents"]]

    def probe(self, body: dict[str, Any]) -> tuple[int, str]:
        answer = httpx.post(self._api("/api/risk/probe"), json=body, timeout=10)
        return answer.status_code, answer.text

    def knocks(self) -> list[int]:
        """When the exchange refused the platform, by its own clock."""
        books = httpx.get(f"{self.stack.exchange['control']}/control/books", timeout=10).json()
        assert {row["code"] for row in books["refusals"]} <= {40101}
        return [row["at_us"] for row in books["refusals"] if row["source"] == ADMITTED]

    def told(self, words: str) -> list[str]:
        """What the owner was told that begins with these words."""
        texts = [body["text"] for _, body in self.phone.heard if body]
        return [text for text in texts if text.startswith(words)]

    def signed_call(self) -> str:
        """What the seed's snippet says in the backend's container."""
        words = ["docker", "compose", "--profile", "aws", "exec", "-T", "backend-aws"]
        with self.stack.start_words([*words, "python3", "-"]) as child:
            return child.communicate(SIGNED_CALL, timeout=60)[0].strip()

    def nightly(self) -> tuple[list[str], int]:
        """What the journal shows of the audit, started as the runbook starts it, and how the start ended."""
        words = ["sudo", "-n", "systemctl", "start", "nightly-integrity-audit.service"]
        with self.stack.start_words(words) as child:
            child.communicate(timeout=300)
        runs = json.loads(self.stack.manager.file.read_bytes())["runs"]
        return [text for _, text in runs[-1]["lines"]], child.returncode

    def _api(self, path: str) -> str:
        return f"http://127.0.0.1:{self.stack.platform['INTERLOCK__API__PORT']}{path}"


@contextmanager
def scene_of(folder: Path) -> Iterator[Scene]:
    """The host, with sockets of this test where the runbook has 8002 and 3000."""
    phone = Server(says(200, TAKEN))
    with telegram(phone) as base, socket.create_server(("127.0.0.1", free_port())) as dashboard:
        port = dashboard.getsockname()[1]
        more = {
            "INTERLOCK__DASHBOARD__PORT": str(port),
            "INTERLOCK__TRADING__EQUITY_MAX_AGE_SECONDS": str(EQUITY_AGE_S),
            "INTERLOCK__HOST__PACE": "0.01",
            "INTERLOCK__TELEGRAM__ENABLED": "true",
            "INTERLOCK__TELEGRAM__API_BASE": base,
            "INTERLOCK__TELEGRAM__BOT_TOKEN": TOKEN,
            "INTERLOCK__TELEGRAM__CHAT_ID": CHAT,
        }
        with standing(folder, more, is_whole=True) as stack:
            _publish(stack, port)
            yield Scene(stack, phone)


def _publish(stack: Stack, dashboard: int) -> None:
    """The audit reads where we really listen; the two doors that the runbook names stand beside."""
    engine, api = stack.engine, int(stack.platform["INTERLOCK__API__PORT"])
    engine.state["rendered"] = engine.state["rendered"].replace("8002", str(api))
    engine.state["rendered"] = engine.state["rendered"].replace("3000", str(dashboard))
    engine.state |= {"seen": [api, dashboard], "listeners": HOME}
    engine.state["environ"]["INTERLOCK__EXCHANGE__SOURCE_ADDRESS"] = SCRIPTS_FROM
    engine.save()
    audit = stack.root / "scripts" / "aws" / "nightly_integrity_audit.sh"
    stack.manager.state["starts"] = str(audit)
    stack.manager.save()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The host, whole at first, and shut out for longer than the account's figures live."""
    with scene_of(tmp_path_factory.mktemp("host")) as found:
        assert found.probe(SPOT) == (200, '{"allowed":true}')
        wait_until(lambda: "auditor" in found.health()["details"]["passes"], 30)
        found.admit([])
        wait_until(lambda: found.probe(SPOT)[0] == 400, 30)
        time.sleep(EQUITY_AGE_S + 1)
        yield found


def test_shut_out_everyone_says_what_the_runbook_says(scene: Scene) -> None:
    the_platform_is_well_and_may_not_trade(scene)
    the_scripts_stop_where_the_runbook_says(scene)
    wait_until(lambda: len(scene.knocks()) >= 2, 70)
    it_knocked_once_a_minute_and_told_once(scene)


def test_let_in_all_is_green_within_two_minutes_and_the_closeout_declares(scene: Scene) -> None:
    scene.admit([ADMITTED, SCRIPTS_FROM])
    wait_until(lambda: scene.health()["details"]["exchange"]["status"] == "PASS", WHOLE_WITHIN_S)
    the_platform_is_whole(scene)
    the_scripts_declare(scene)


def the_platform_is_well_and_may_not_trade(scene: Scene) -> None:
    health, details = scene.health(), scene.health()["details"]

    assert (scene.get("/api/health").status_code, scene.get("/api/health").text) == (
        200,
        '{"status":"ok"}',
    )
    assert scene.get("/api/health/ready").status_code == 200
    assert scene.get("/api/health/system").status_code == 200
    assert (health["global_status"], health["db_status"]) == ("PASS", "up")
    assert health["trade_system"]["order_intents_table_exists"] is True
    assert health["telegram"]["status"] == "PASS"
    assert (details["exchange"]["status"], details["exchange"]["code"]) == ("FAIL", 40101)
    assert details["ready_to_trade"]["allowed"] is False
    assert "the account figures are unknown: 40101" in details["ready_to_trade"]["why"]
    assert scene.probe(SPOT) == scene.probe(MARGIN) == (400, UNKNOWN_FIGURES)


def the_scripts_stop_where_the_runbook_says(scene: Scene) -> None:
    said = scene.signed_call()
    assert re.fullmatch(r"ERROR: RuntimeError .*40101.*", said)
    assert len(said) <= len("ERROR: RuntimeError ") + 200
    assert scene.stack.say("health_guard.sh") == ("PASS\n", 0)
    assert scene.stack.say("verify_no_public_ports.sh") == ("PASS\n", 0)

    assert scene.stack.say("nightly_integrity_audit.sh") == ("FAIL\n", 1)
    told = f"Nightly integrity FAIL: portfolio_consistency_check | git: {scene.stack.head}"
    assert scene.told("Nightly") == [told]
    assert scene.stack.say(HARD) == (f"{BLOCKED}PHASE B: ACCOUNT_NOT_OK\n", 1)

    stdout, code = scene.stack.say(CLOSE)
    assert (stdout.splitlines()[-1], code) == (f"{BLOCKED}STEP 3: ACCOUNT_NOT_OK", 1)
    results = steps(scene.stack.report)
    assert {n: results[n] for n in "23457"} == {
        "2": "PASS",
        "7": "PASS",
        **dict.fromkeys("345", "**FAIL**"),
    }
    assert COMPLETION not in scene.stack.report
    assert set(scene.told("Nightly")) == {told}


def it_knocked_once_a_minute_and_told_once(scene: Scene) -> None:
    knocks = scene.knocks()
    assert all(after - before >= MINUTE_US for before, after in pairwise(knocks))
    assert scene.incidents() == ["exchange:auth"]
    (told,) = scene.told("FAIL exchange:auth")
    assert "code 40101" in told
    assert "Most likely: egress IP not allowlisted." in told
    assert REMEDY in told
    assert scene.told("Over: exchange:auth") == []


def the_platform_is_whole(scene: Scene) -> None:
    assert scene.probe(SPOT) == (200, '{"allowed":true}')
    status, body = scene.probe(MARGIN)
    margin = json.loads(body)
    assert (status, margin["allowed"], margin["reason_code"]) == (400, False, "RISK_GUARD_BLOCKED")
    assert "B" in [each["rule"] for each in margin["objections"]]
    assert scene.incidents() == []
    health = scene.health()
    assert health["global_status"] == "PASS"
    assert health["details"]["ready_to_trade"]["why"] == ["the trading mode is OFF"]


def the_scripts_declare(scene: Scene) -> None:
    assert scene.signed_call() == "ACCOUNT_OK"
    nights = len(scene.told("Nightly"))
    assert scene.nightly() == (["PASS"], 0)
    assert scene.stack.say(HARD) == (f"{COMPLETION}\n", 0)
    stdout, code = scene.stack.say(CLOSE)
    assert (stdout.splitlines()[-1], code) == (COMPLETION, 0)
    assert scene.stack.report.endswith(f"\n{COMPLETION}\n")
    assert set(steps(scene.stack.report).values()) == {"PASS"}

    assert len(scene.told("Nightly")) == nights
    (over,) = scene.told("Over: exchange:auth")
    assert over.startswith("Over: exchange:auth: Refused by the exchange: 40101")
    assert len(scene.told("FAIL exchange:auth")) == 1


def steps(report: str) -> dict[str, str]:
    """The result of each step, by its number."""
    found = re.findall(r"^### STEP (\d) — [^\n]*\n\nResult: (.*)$", report, re.MULTILINE)
    return {number: result.split(" — ")[0] for number, result in found}
