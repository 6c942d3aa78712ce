"""The messenger against a small server: what counts as heard, what does not, and that the token is in no word of any failure."""

import asyncio
import logging
import os
import subprocess
import sys
import traceback
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
import structlog
from aiohttp import web

from interlock.errors import AskedToWait, Unreachable
from interlock.notify import TelegramNotifier
from interlock.values import Secret
from tests.fakes.notify import TAKEN, Answer, Server, listening, says

TOKEN = "7123456789:AAF4k3_t0k3n-of-the-real-length-00000"  # noqa: S105 - clearly fake, and looked for in every word below
CHAT = "-100200300"


def writes(status: int, body: bytes, **headers: str) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body, headers=headers)

    return answer


async def silence(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(5)
    return web.json_response(TAKEN)


async def cut(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def send(server: Server, text: str = "It is so.") -> str:
    async def within() -> str:
        patience = timedelta(seconds=0.3)
        async with (
            listening(server) as base,
            TelegramNotifier(f"{base}/", Secret(TOKEN), CHAT, timeout=patience) as telegram,
        ):
            return await telegram.send(text)

    return asyncio.run(within())


def test_a_message_is_heard_when_it_was_given_an_id() -> None:
    server = Server(says(200, TAKEN))

    assert send(server, "BUY <b>BTC</b> *now*") == "4711"
    assert server.heard == [
        (f"/bot{TOKEN}/sendMessage", {"chat_id": CHAT, "text": "BUY <b>BTC</b> *now*"})
    ]


def test_a_text_longer_than_telegram_takes_is_cut_and_not_refused_for_ever() -> None:
    """Fault J9."""
    server = Server(says(200, TAKEN))

    send(server, "x" * 10_000)

    assert len(server.heard[0][1]["text"]) <= 4096


@pytest.mark.parametrize(("seconds", "waits"), [(1, 1), (37, 37), (10**30, 86_400)])
def test_a_429_says_how_long_to_wait_up_to_a_day(seconds: int, waits: int) -> None:
    body = {"ok": False, "error_code": 429, "parameters": {"retry_after": seconds}}

    with pytest.raises(AskedToWait) as asked:
        send(Server(says(429, body)))

    assert asked.value.retry_after == timedelta(seconds=waits)


NOT_HEARD: dict[str, Answer] = {
    "500": says(500, {"ok": False, "description": "internal"}),
    "500 with the body of a success": says(500, TAKEN),
    "201": says(201, TAKEN),
    "400": says(400, {"ok": False, "error_code": 400, "description": "chat not found"}),
    "429 without a time": says(429, {"ok": False}),
    "429 with a time that is none": says(429, {"ok": False, "parameters": {"retry_after": -5}}),
    "429 with a time that is a text": says(429, {"ok": False, "parameters": {"retry_after": "9"}}),
    "not ok": says(200, {"ok": False, "result": {"message_id": 1}}),
    "ok without a result": says(200, {"ok": True}),
    "ok without a message id": says(200, {"ok": True, "result": {}}),
    "a message id that is true": says(200, {"ok": True, "result": {"message_id": True}}),
    "a list": says(200, [1]),
    "no JSON": writes(200, b"<html>Just a moment...</html>"),
    "no end": writes(200, b'{"ok": true, "x": "' + b"x" * 1_000_000),
    "nothing": writes(200, b""),
    "a redirect": writes(302, b"", Location="/elsewhere"),
    "a permanent redirect": writes(308, b"", Location="/elsewhere"),
    "silence": silence,
    "a cut line": cut,
}


@pytest.mark.parametrize("name", NOT_HEARD)
def test_without_a_message_id_nothing_was_heard_and_nothing_shows_the_token(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Faults J5, J10."""
    caplog.set_level(logging.DEBUG)
    server = Server(NOT_HEARD[name])

    with pytest.raises(Unreachable) as failed:
        send(server)

    assert len(server.heard) == 1, "it is asked once, and nothing is followed"
    assert not isinstance(failed.value, AskedToWait)
    assert TOKEN not in everything_said_of(failed.value) + caplog.text


def test_a_place_where_nobody_listens_shows_no_token_either() -> None:
    async def within() -> None:
        async with TelegramNotifier("http://127.0.0.1:1", Secret(TOKEN), CHAT) as telegram:
            await telegram.send("Anybody?")

    with pytest.raises(Unreachable) as failed:
        asyncio.run(within())

    assert TOKEN not in everything_said_of(failed.value)


@pytest.mark.parametrize("base", ["http://[::1", "http://a b", "//nowhere", "ftp://127.0.0.1"])
def test_an_address_that_is_none_shows_no_token_either(base: str) -> None:
    async def within() -> None:
        async with TelegramNotifier(base, Secret(TOKEN), CHAT) as telegram:
            await telegram.send("Anybody?")

    with pytest.raises(Unreachable) as failed:
        asyncio.run(within())

    assert TOKEN not in everything_said_of(failed.value)


def test_the_messenger_has_no_word_for_its_token() -> None:
    telegram = TelegramNotifier("https://api.telegram.org", Secret(TOKEN), CHAT)

    assert TOKEN not in repr(telegram) + str(telegram) + repr(vars(telegram))


def test_the_library_is_told_no_token_and_says_none_at_its_most_talkative(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    assert send(Server(says(200, TAKEN))) == "4711"

    assert "sendMessage" in caplog.text
    assert TOKEN not in caplog.text


def test_a_platform_that_tells_nobody_does_not_load_the_library() -> None:
    asked = "import sys, interlock.cli.run, interlock.cli.notify; print('telegram' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=30
    )

    assert done.stdout.strip() == "False"


def test_neither_a_proxy_of_the_environment_nor_a_cookie_is_used(tmp_path: Path) -> None:
    """The proxy leads nowhere: whoever took it would hear nothing."""
    nowhere = dict.fromkeys(
        ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"), "http://127.0.0.1:9"
    )
    server = Server(
        writes(200, b'{"ok": true, "result": {"message_id": 5}}', **{"Set-Cookie": "a=b"})
    )

    async def within() -> int:
        async with listening(server) as address:
            base = address.replace("127.0.0.1", "localhost")  # a cookie belongs to a name
            say = f"""
import asyncio
from interlock.notify import TelegramNotifier
from interlock.values import Secret
async def main():
    async with TelegramNotifier({base!r}, Secret("0:x"), "1") as telegram:
        await telegram.send("one")
        await telegram.send("two")
asyncio.run(main())
"""
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-c", say, env={"PATH": os.defpath, **nowhere}, cwd=tmp_path
            )
            return await child.wait()

    assert asyncio.run(within()) == 0
    assert [body["text"] for _, body in server.heard] == ["one", "two"]
    assert server.cookies == []


def everything_said_of(error: BaseException) -> str:
    """Text, repr, every error behind it, the traceback with the locals of each frame, and the line that the platform logs."""
    words = [repr(error), *traceback.format_exception(error)]
    behind: BaseException | None = error
    while behind is not None:
        words += [str(behind), repr(behind.args)]
        behind = behind.__cause__ or behind.__context__
    frames = traceback.TracebackException.from_exception(error, capture_locals=True)
    ours = [f for f in frames.stack if "interlock" in f.filename]
    words += [str(frame.locals) for frame in ours]
    stream = StringIO()
    log = structlog.wrap_logger(
        structlog.PrintLogger(stream),
        processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
    )
    log.warning("pass failed", exc_info=error, text=str(error))
    assert error.__cause__ is None
    assert error.__context__ is None
    return " ".join([*words, stream.getvalue()])
