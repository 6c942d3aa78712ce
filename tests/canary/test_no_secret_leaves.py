"""Six secrets in every slot, a platform that trades, fails, dies and is asked everything, and not one of them in anything it lets out."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from aiohttp import web
from starlette.routing import Route

from interlock.rehearsal.script import ROW
from interlock.settings import read
from interlock.simulator.config import ApiKey
from interlock.simulator.front.serve import ServeOptions, serving
from interlock.values import Instant, Secret
from interlock.wiring.acts import prepare
from tests.canary.hostile import Hostile, standing_before
from tests.canary.scanner import CANARIES, Sinks, descendants
from tests.doors.asking import Door
from tests.doors.serving import free_port, wait_until
from tests.fakes.notify import TAKEN, Server, listening
from tests.fakes.shown import ShownBooks

PROGRAM = str(Path(sys.executable).with_name("interlock"))
START = Instant.of_iso("2024-02-29T00:59:50")
# What each of them was told of us, and the secret that was only used.
TO_THE_EXCHANGE = f"{CANARIES['api_key']} {CANARIES['api_secret']}"
TO_THE_MESSENGER = CANARIES["telegram_token"]
ECHO = " ".join(CANARIES.values()).replace('"', "'")
PASSWORD = quote(CANARIES["database_password"], safe="")
DATABASE = f"postgresql://interlock:{PASSWORD}@127.0.0.1:1/books"
# Whatever a library would say if it were asked to say everything.
TALKATIVE = "import logging, sys\nlogging.basicConfig(level=logging.DEBUG, stream=sys.stderr)\n"
LOOKS = (
    *("status", "orders", "positions", "balance", "watchlist", "why XRP_USDT", "health"),
    *("health --guard", "audit --details", "config", "doctor --json", "--help"),
)
SNIPPET = (
    "from app.services.brokers.crypto_com_trade import CryptoComTradeClient\n"
    "CryptoComTradeClient().get_account_summary()\n"
)
PATIENCE_S = 100.0
SPOILT = {"private/create-order", "private/user-balance"}
SLOTS = ("api.token", "interlock.toml", "api_key", "api_secret", "telegram_token", "database_url")


def by_environment() -> dict[str, str]:
    return {
        "INTERLOCK__EXCHANGE__API_KEY": CANARIES["api_key"],
        "EXCHANGE_CUSTOM_API_SECRET": CANARIES["api_secret"],
        "TELEGRAM_BOT_TOKEN": CANARIES["telegram_token"],
        "WEBHOOK_KEY": CANARIES["webhook_key"],
    }


def by_file(folder: Path) -> dict[str, str]:
    """The same secrets in files that only their owner may read: one for each, and the one that the scripts share."""
    folder.mkdir(exist_ok=True)
    for name in ("api_key", "api_secret", "telegram_token"):
        path = folder / name
        path.touch(0o600)
        path.write_text(CANARIES[name] + "\n", encoding="utf-8")
    runtime = folder / "runtime.env"
    runtime.touch(0o600)
    given = by_environment().items()
    runtime.write_text("".join(f"{name}={value}\n" for name, value in given), encoding="utf-8")
    return {
        "EXCHANGE_CUSTOM_API_KEY_FILE": str(folder / "api_key"),
        "INTERLOCK__EXCHANGE__API_SECRET_FILE": str(folder / "api_secret"),
        "TELEGRAM_BOT_TOKEN_FILE": str(folder / "telegram_token"),
    }


@dataclass(slots=True)
class Outside:
    """Exchange and messenger, in a thread of their own: both hostile, both real HTTP."""

    rest: str = ""
    control: str = ""
    telegram: str = ""
    hostile: Hostile = field(default_factory=lambda: Hostile("", TO_THE_EXCHANGE))
    phone: Server = field(init=False)
    bodies: list[bytes] = field(default_factory=list)
    _ready: threading.Event = field(default_factory=threading.Event)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.phone = Server(self._hear)

    async def _hear(self, _: web.Request) -> web.StreamResponse:
        """The first messages meet a refusal that echoes, a request for patience, and a page."""
        match len(self.phone.heard):
            case 1:
                return web.json_response({"ok": False, "description": TO_THE_MESSENGER}, status=400)
            case 2:
                return web.Response(status=502, text=f"<html>{TO_THE_MESSENGER}</html>")
            case 3:
                patience = {
                    "ok": False,
                    "description": TO_THE_MESSENGER,
                    "parameters": {"retry_after": 1},
                }
                return web.json_response(patience, status=429)
            case _:
                return web.json_response(TAKEN)

    async def _stand(self) -> None:
        key = ApiKey(CANARIES["api_key"], Secret(CANARIES["api_secret"]))
        candles = ("binance_XRP-USDT_1h",)
        options = ServeOptions(start=START, days=1, stepping=True, candles=candles, key=key)
        async with serving(options) as served, listening(self.phone) as telegram:
            self.hostile.behind = served.addresses.rest
            async with standing_before(self.hostile) as rest:
                self.rest, self.control, self.telegram = rest, served.addresses.control, telegram
                self._ready.set()
                await self._over.wait()

    @contextmanager
    def standing(self) -> Iterator["Outside"]:
        thread = threading.Thread(target=self._loop.run_until_complete, args=(self._stand(),))
        thread.start()
        try:
            assert self._ready.wait(20)
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._over.set)
            thread.join()
            self._loop.close()


@dataclass(slots=True)
class Inside:
    """The platform's processes, and everything that comes out of them."""

    folder: Path
    outside: Outside
    sinks: Sinks = field(default_factory=Sinks)
    api: int = field(default_factory=free_port)
    page: int = field(default_factory=free_port)
    lives: int = 0

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def environ(self, secrets: Mapping[str, str]) -> dict[str, str]:
        talkative = self.folder / "talkative"
        talkative.mkdir(exist_ok=True)
        (talkative / "sitecustomize.py").write_text(TALKATIVE, encoding="utf-8")
        return {
            "PATH": os.defpath,
            "HOME": str(self.folder),
            "COLUMNS": "400",
            "PYTHONPATH": str(talkative),
            "PYTHONASYNCIODEBUG": "1",
            "PYTHONFAULTHANDLER": "1",
            "INTERLOCK__DATA": str(self.data),
            "INTERLOCK__MODE": "SIM",
            "INTERLOCK__API__PORT": str(self.api),
            "INTERLOCK__DASHBOARD__PORT": str(self.page),
            "INTERLOCK__EXCHANGE__REST_URL": self.outside.rest,
            "INTERLOCK__HOST__EGRESS_URLS": f"{self.outside.rest}/public/ip",
            "INTERLOCK__HOST__PUBLIC_TIME_URL": f"{self.outside.rest}/public/get-time",
            "INTERLOCK__SIM__CONTROL": self.outside.control,
            "INTERLOCK__TELEGRAM__API_BASE": self.outside.telegram,
            "RUN_TELEGRAM": "true",
            "TELEGRAM_CHAT_ID": "-100",
            **secrets,
        }

    def say(self, secrets: Mapping[str, str], words: str, **more: str) -> int:
        """One command, with what it prints; its exit code."""
        done = self.let(secrets, [PROGRAM, *words.split()], **more)
        return done.returncode

    def let(
        self, secrets: Mapping[str, str], words: list[str], **more: str
    ) -> subprocess.CompletedProcess[bytes]:
        """One program, with what it prints."""
        done = subprocess.run(
            words,
            env={**self.environ(secrets), **more},
            cwd=self.folder,
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
        self.sinks.take(f"{words[1:]}: stdout", done.stdout)
        self.sinks.take(f"{words[1:]}: stderr", done.stderr)
        return done

    @contextmanager
    def running(
        self, words: str, secrets: Mapping[str, str], end: signal.Signals, *, by_file: bool
    ) -> Iterator[int]:
        """One process until the block ends it by a signal, with its log and what /proc shows of it."""
        self.lives += 1
        log = self.folder / f"{self.lives}.log"
        with log.open("wb") as file:
            child = subprocess.Popen(
                [PROGRAM, *words.split()], env=self.environ(secrets), stdout=file, stderr=file
            )
            try:
                yield child.pid
                for pid in descendants(child.pid):
                    self.sinks.process(pid, environ=by_file)
            finally:
                child.send_signal(end)
                child.wait()
        self.sinks.file(log)

    def ask(self, path: str, verb: str = "GET", port: int | None = None, **how: Any) -> int:  # noqa: ANN401 - whatever a request may carry
        """One request, with body and headers of its answer."""
        reply = httpx.request(verb, f"http://127.0.0.1:{port or self.api}{path}", timeout=10, **how)
        self.sinks.take(f"{verb} {path}: body", reply.content)
        self.sinks.take(f"{verb} {path}: headers", str(reply.headers.raw))
        return reply.status_code

    def token(self) -> str:
        """The API's own token of this life, which is looked for from now on."""
        wait_until((self.data / "api.token").exists, PATIENCE_S)
        wait_until(self._answers, PATIENCE_S)
        token = (self.data / "api.token").read_text(encoding="ascii")
        self.sinks.secrets = {**self.sinks.secrets, f"api_token of life {self.lives}": token}
        return token

    def _answers(self) -> bool:
        try:
            return self.ask("/api/health") == 200
        except httpx.TransportError:
            return False


def everything_is_asked(inside: Inside, token: str) -> None:
    """Every route, by every kind of caller; and bodies in which a secret stands where it does not belong."""
    mine = {"Authorization": f"Bearer {token}"}
    assert inside.ask("/api/status") == 401
    assert inside.ask("/api/status", headers={"Authorization": f"Bearer {ECHO[:40]}"}) == 401
    assert inside.ask(f"/api/status?token={token}") == 401
    for path in (route.path for route in Door(ShownBooks()).app.routes if isinstance(route, Route)):
        inside.ask(path.replace("{symbol}", "XRP_USDT"), headers=mine)
        inside.ask(path.replace("{symbol}", quote(ECHO, safe="")), "POST", headers=mine, json={})
    misplaced = dict(CANARIES) | {"symbol": ECHO, "side": ECHO, "price": ECHO}
    for body in (json.dumps(misplaced), ECHO, json.dumps([ECHO]), f'{{"symbol": "{ECHO}'):
        assert inside.ask("/api/risk/probe", "POST", content=body.encode()) in {400, 422}


def wait(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def bad_settings() -> Iterator[tuple[str, dict[str, str]]]:
    """A secret under a wrong name, in a wrong place, in a file that others may read; and books that do not answer."""
    yield "a number", {"INTERLOCK__API__PORT": CANARIES["webhook_key"]}
    yield "a mode", {"INTERLOCK__MODE": CANARIES["api_secret"]}
    yield "an address", {"INTERLOCK__EXCHANGE__REST_URL": f"http://a:{PASSWORD}@127.0.0.1/"}
    yield "a misspelt name", {"INTERLOCK__TELEGRAM__TOKEN": CANARIES["telegram_token"]}
    yield "a flag", {"RUN_TELEGRAM": CANARIES["telegram_token"]}
    yield "books", {"DATABASE_URL": DATABASE}


def test_no_secret_is_in_anything_that_the_platform_lets_out(tmp_path: Path) -> None:
    """Faults J10, K26."""
    with Outside().standing() as outside:
        inside = Inside(tmp_path, outside)
        settings = read(inside.environ(by_environment()))
        prepare(settings, [ROW], START - timedelta(hours=1), "owner")

        with inside.running("run", by_environment(), signal.SIGABRT, by_file=False):
            everything_is_asked(inside, inside.token())
            wait(lambda: len(outside.phone.heard) > 6, "the messenger is spoken to")
            wait(lambda: outside.hostile.spoilt.keys() >= SPOILT, "the exchange has echoed us")
            with ThreadPoolExecutor(2) as hands:
                runs = [hands.submit(inside.say, by_environment(), words) for words in LOOKS]
            assert all(run.result() in {0, 1} for run in runs)

        secrets = by_file(tmp_path / "secrets")
        with (
            inside.running("run", secrets, signal.SIGKILL, by_file=True),
            inside.running("run dashboard", secrets, signal.SIGTERM, by_file=True),
        ):
            inside.token()
            wait(lambda: page_answers(inside), "the dashboard answers")
            assert inside.say({}, "notify It_is_so.") == 0
            inside.say({}, "doctor")
            wrong = {**by_environment(), "INTERLOCK__EXCHANGE__API_KEY": CANARIES["webhook_key"]}
            refused = inside.let(wrong, [sys.executable, "-c", SNIPPET])
            assert b"Traceback" in refused.stderr
            assert b"RuntimeError" in refused.stderr

        files(inside, secrets)
        messages = [json.dumps(body) for _, body in outside.phone.heard]
        inside.sinks.take("messages", "\n".join(messages))
    inside.sinks.folder(inside.data, but=SLOTS)
    assert "most recent call first" in (tmp_path / "1.log").read_text(encoding="utf-8")

    assert {(hit.sink, hit.secret, hit.encoding) for hit in inside.sinks.hits} == set()
    assert any("***" in text for text in messages), (
        "what the exchange echoed came as far as the owner"
    )
    assert any("Bought" in text for text in messages)
    assert sum(inside.sinks.looked_at.values()) > 1_000_000


def page_answers(inside: Inside) -> bool:
    try:
        return inside.ask("/", port=inside.page) == 200
    except httpx.TransportError:
        return False


def files(inside: Inside, secrets: Mapping[str, str]) -> None:
    """Settings that cannot be, by name, by place and by file; and books that are none, over which the engine falls."""
    unknown, torn_toml, torn = (inside.folder / name for name in ("a.toml", "b.toml", "torn"))
    unknown.write_text(f"[exchange]\nwebhook = {json.dumps(ECHO)}\n", encoding="utf-8")
    torn_toml.write_text(f"[exchange]\napi_key = {json.dumps(ECHO)} {ECHO}\n", encoding="utf-8")
    torn.mkdir()
    (torn / "books.sqlite").write_text("SQLite format 3\0" + ECHO * 100, encoding="utf-8")
    seen = inside.folder / "seen_by_others"
    seen.write_text(CANARIES["api_key"], encoding="utf-8")
    seen.chmod(0o644)
    cannot_be = (
        *bad_settings(),
        ("an unknown key", {"INTERLOCK__CONFIG": str(unknown)}),
        ("no TOML", {"INTERLOCK__CONFIG": str(torn_toml)}),
        ("a file that others may read", {"EXCHANGE_CUSTOM_API_KEY_FILE": str(seen)}),
        ("no books", {"INTERLOCK__DATA": str(torn)}),
    )
    with ThreadPoolExecutor(2) as hands:
        runs = {
            what: hands.submit(inside.say, secrets, "run", **given) for what, given in cannot_be
        }
    assert [what for what, run in runs.items() if run.result() == 0] == []
