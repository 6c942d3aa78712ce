"""The seed's snippet, fed to the interpreter as the verifier feeds it: ACCOUNT_OK for an account that was seen, and for nothing else."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from interlock.evidence.diagnosis import LIKELY_CAUSE
from tests.fakes.certificate import certificate
from tests.fakes.web import Says, Web

SNIPPET = """
from app.services.brokers.crypto_com_trade import CryptoComTradeClient
try:
    account = CryptoComTradeClient().get_account_summary()
    print("ACCOUNT_OK" if account.get("accounts") else "EMPTY")
except Exception as error:
    print(f"ERROR: {type(error).__name__} {str(error)[:200]}")
"""
SHOWN = """
import json
from app.services.brokers.crypto_com_trade import CryptoComTradeClient
print(json.dumps(CryptoComTradeClient().get_account_summary()))
"""
PROGRAM = str(Path(sys.executable).with_name("interlock"))
HERE, ELSEWHERE = "127.0.0.21", "127.0.0.22"
KEY = "a-key-that-is-looked-for"
SECRET = "a-secret-that-is-looked-for"  # noqa: S105 (likewise)


@pytest.fixture(scope="module")
def exchange() -> Iterator[dict[str, str]]:
    words = [PROGRAM, "simulate", "--allow", HERE]
    with subprocess.Popen(words, stdout=subprocess.PIPE, env={}) as child:
        assert child.stdout is not None
        yield json.loads(child.stdout.readline())
        child.kill()


def environ(exchange: dict[str, str], **more: str) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "INTERLOCK__EXCHANGE__REST_URL": exchange["rest"],
        "INTERLOCK__EXCHANGE__API_KEY": exchange["api_key"],
        "INTERLOCK__EXCHANGE__API_SECRET": exchange["api_secret"],
        "INTERLOCK__EXCHANGE__SOURCE_ADDRESS": HERE,
        **more,
    }


def feed(env: dict[str, str], snippet: str) -> list[str]:
    ran = subprocess.run(
        [sys.executable, "-"],
        input=snippet,
        env=env,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return ran.stdout.splitlines()


def says(env: dict[str, str]) -> str:
    """The one line that the verifier reads."""
    (line,) = feed(env, SNIPPET)
    return line


def test_behind_tls_only_an_exchange_that_somebody_vouches_for_is_asked(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, "127.0.0.23")
    words = ("--bind", "127.0.0.23", "--tls-cert", str(cert), "--tls-key", str(key))
    with subprocess.Popen([PROGRAM, "simulate", *words], stdout=subprocess.PIPE, env={}) as child:
        assert child.stdout is not None
        there: dict[str, str] = json.loads(child.stdout.readline())
        assert says(environ(there, SSL_CERT_FILE=str(cert))) == "ACCOUNT_OK"
        assert says(environ(there)).startswith("ERROR: NotSent ")
        child.kill()


@contextmanager
def blocked(exchange: dict[str, str], code: int) -> Iterator[None]:
    """The address is taken from the allowlist for a while."""
    control = f"{exchange['control']}/control/allowlist"
    httpx.post(control, json={"addresses": [ELSEWHERE], "code": code})
    try:
        yield
    finally:
        httpx.post(control, json={"addresses": [HERE], "code": 40101})


def test_an_account_that_was_seen_is_shown_with_its_balances(exchange: dict[str, str]) -> None:
    assert says(environ(exchange)) == "ACCOUNT_OK"

    shown: dict[str, Any] = json.loads(feed(environ(exchange), SHOWN)[0])
    (account,) = shown["accounts"]
    assert account["balances"] == [{"currency": "USDT", "balance": "10000", "available": "10000"}]
    assert account["equity"] != "0"


@pytest.mark.parametrize("code", [40101, 40103])
def test_a_refused_address_is_a_runtime_error_that_names_code_and_likely_cause(
    exchange: dict[str, str], code: int
) -> None:
    with blocked(exchange, code):
        said = says(environ(exchange))

    assert said.startswith(f"ERROR: RuntimeError Crypto.com refused authentication: {code} ")
    assert LIKELY_CAUSE in said
    assert said.endswith("run `interlock doctor`.")


@pytest.mark.parametrize(
    "wrong", ["INTERLOCK__EXCHANGE__API_KEY", "INTERLOCK__EXCHANGE__API_SECRET"]
)
def test_a_wrong_key_and_a_wrong_secret_are_refused_and_never_shown(
    exchange: dict[str, str], wrong: str
) -> None:
    said = says(environ(exchange, **{wrong: SECRET}))

    assert said.startswith("ERROR: RuntimeError ")
    assert "40101" in said
    assert SECRET not in said


@pytest.mark.parametrize(
    "mode",
    [{"INTERLOCK__MODE": "SIM"}, {"INTERLOCK__SIM__CONTROL": "http://127.0.0.1:9"}],
)
def test_the_simulator_that_mode_sim_starts_is_no_exchange(
    exchange: dict[str, str], mode: dict[str, str]
) -> None:
    assert "ERROR: RuntimeError The SIM transport" in says(environ(exchange, **mode))


WALLET = {"instrument_name": "USD", "total_cash_balance": "1", "total_position_cost": "0"}


BODIES = (
    b"{}",
    b'{"skipped":true}',
    b'{"code":0,"skipped":"no key"}',
    b'{"code":0,"result":{}}',
    b'{"code":0,"result":{"data":[]}}',
    b'{"code":0,"result":{"accounts":[]}}',
    json.dumps({"code": 0, "result": {"data": [{**WALLET, "position_balances": []}]}}).encode(),
    b"<html>502</html>",
    b"",
)
EACH = f"""
import os
for n in range({len(BODIES)}):
    os.environ["INTERLOCK__EXCHANGE__REST_URL"] = os.environ["WEB"] + str(n)
    exec({SNIPPET!r})
"""


def test_what_shows_no_balance_is_no_account() -> None:
    answers = {f"/{n}/private/user-balance": Says(body) for n, body in enumerate(BODIES)}
    keys = {"INTERLOCK__EXCHANGE__API_KEY": KEY, "INTERLOCK__EXCHANGE__API_SECRET": SECRET}
    with Web(answers) as web:
        said = feed({"WEB": web.url(), **keys}, EACH)

    assert len(said) == len(BODIES)
    for body, line in zip(BODIES, said, strict=True):
        assert line.startswith("ERROR: Unreachable "), (body, line)
        assert KEY not in line
        assert SECRET not in line


def test_nobody_there_and_no_key_are_told_as_what_they_are(exchange: dict[str, str]) -> None:
    nobody = {"INTERLOCK__EXCHANGE__REST_URL": "http://127.0.0.1:9/exchange/v1"}

    assert says(environ(exchange, **nobody)).startswith("ERROR: NotSent ")
    assert says({}).startswith("ERROR: BadSettings No key ")
