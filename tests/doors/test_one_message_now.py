"""One message to the owner past books and engine: the script of the runbook and the verb behind it, against a small Telegram."""

import asyncio
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from aiohttp import web

from tests.fakes.notify import TAKEN, Answer, Server, listening, says
from tests.house.tree import ROOT

PROGRAM = str(Path(sys.executable).with_name("interlock"))
SCRIPT = ROOT / "scripts" / "aws" / "_notify_telegram_fail.sh"
TOKEN = "7123456789:AAF4k3_t0k3n-of-the-real-length-00000"  # noqa: S105 - clearly fake, and looked for in every word below
WHOLE = {"RUN_TELEGRAM": "true", "TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_CHAT_ID": "-100"}
FAIL = "Nightly integrity FAIL: portfolio_consistency_check | git: 1a2b3c4"


async def cut(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def tell(
    answer: Answer, folder: Path, *words: str, given: Mapping[str, str] = WHOLE
) -> tuple[subprocess.CompletedProcess[str], Server]:
    server = Server(answer)

    async def within() -> subprocess.CompletedProcess[str]:
        async with listening(server) as base:
            environ = {
                "PATH": "/usr/bin:/bin",
                "INTERLOCK__DATA": str(folder / "nothing-here"),
                "INTERLOCK__TELEGRAM__API_BASE": base,
                **given,
            }
            return await asyncio.to_thread(
                subprocess.run,
                [str(SCRIPT), *words],
                cwd=folder,
                env=environ,
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
            )

    return asyncio.run(within()), server


def test_a_message_is_said_as_it_is_and_nothing_is_printed(tmp_path: Path) -> None:
    done, server = tell(says(200, TAKEN), tmp_path, FAIL)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [body for _, body in server.heard] == [{"chat_id": "-100", "text": FAIL}]
    assert list(tmp_path.iterdir()) == [], "it needs no books and makes none"


@pytest.mark.parametrize(
    "answer",
    [
        says(500, {"ok": False, "description": f"no bot {TOKEN}"}),
        says(200, {"ok": True, "result": {}}),
        says(429, {"ok": False, "parameters": {"retry_after": 30}}),
        cut,
    ],
)
def test_without_a_message_id_it_was_not_sent_and_no_word_shows_the_token(
    tmp_path: Path, answer: Answer
) -> None:
    done, server = tell(answer, tmp_path, FAIL, given={**WHOLE, "DEBUG": "1"})

    assert (done.returncode, done.stdout, len(server.heard)) == (1, "", 1)
    assert done.stderr
    assert "Traceback" not in done.stderr
    assert TOKEN not in done.stderr


@pytest.mark.parametrize("missing", WHOLE)
def test_a_messenger_that_is_not_configured_is_told_apart(tmp_path: Path, missing: str) -> None:
    given = {name: value for name, value in WHOLE.items() if name != missing}

    done, server = tell(says(200, TAKEN), tmp_path, FAIL, given=given)

    assert (done.returncode, done.stdout, server.heard) == (2, "", [])


@pytest.mark.parametrize("words", [(), ("",), ("  ",)])
def test_nothing_to_tell_is_not_told(tmp_path: Path, words: tuple[str, ...]) -> None:
    done, server = tell(says(200, TAKEN), tmp_path, *words)

    assert (done.returncode, server.heard) == (2, [])


def test_a_message_that_looks_like_an_option_is_a_message(tmp_path: Path) -> None:
    done, server = tell(says(200, TAKEN), tmp_path, "--help me")

    assert (done.returncode, server.heard[0][1]["text"]) == (0, "--help me")


def test_the_verb_reads_the_secrets_of_the_installation_that_it_is_told_of(tmp_path: Path) -> None:
    server = Server(says(200, TAKEN))
    secrets = tmp_path / "secrets" / "runtime.env"
    secrets.parent.mkdir()
    secrets.touch(0o600)

    async def within() -> subprocess.CompletedProcess[str]:
        async with listening(server) as base:
            lines = {**WHOLE, "INTERLOCK__TELEGRAM__API_BASE": base}
            secrets.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
            words = [PROGRAM, "notify", "--root", str(tmp_path), FAIL]
            return await asyncio.to_thread(
                subprocess.run,
                words,
                env={"PATH": "/usr/bin:/bin"},
                cwd="/",
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
            )

    done = asyncio.run(within())

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [body["text"] for _, body in server.heard] == [FAIL]
