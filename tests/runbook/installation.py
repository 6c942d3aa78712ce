"""An installation as the scripts of the host see it: a checkout with its scripts, a fake container engine, and the real processes.

The simulated exchange and the platform run as programs of their own; what "runs in a container" runs from the same `.venv` with the
environment of that platform. Telegram is a small HTTP server.
"""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.doors.serving import free_port
from tests.fakes.docker import Engine
from tests.fakes.notify import TAKEN, Server, listening, says

ROOT = Path(__file__).parents[2]
PROGRAM = str(Path(sys.executable).with_name("interlock"))
PATIENCE_S = 40.0
TOKEN = "7123456789:AAF4k3_t0k3n-of-the-real-length-00000"  # noqa: S105 - clearly fake
CHAT = "424242"


@contextmanager
def exchange() -> Iterator[dict[str, str]]:
    """The simulated exchange; its first line."""
    child = subprocess.Popen([PROGRAM, "simulate"], stdout=subprocess.PIPE, env={})
    assert child.stdout is not None
    try:
        said: dict[str, str] = json.loads(child.stdout.readline())
        yield said
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


@contextmanager
def telegram(server: Server) -> Iterator[str]:
    """The messenger on a thread of its own; its base address."""
    loop = asyncio.new_event_loop()
    told: list[str] = []
    ready, over = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with listening(server) as base:
            told.append(base)
            ready.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(PATIENCE_S)
        yield told[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(PATIENCE_S)
        loop.close()


@dataclass(slots=True)
class Installation:
    """A checkout under `root`, its engine, where its exchange is, and what its owner was told."""

    root: Path
    at: Mapping[str, str]
    messenger: str
    phone: Server
    api_port: int = field(default_factory=free_port)
    dashboard_port: int = field(default_factory=free_port)
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True)
        shutil.copytree(ROOT / "scripts" / "aws", self.root / "scripts" / "aws")
        (self.root / ".venv").symlink_to(Path(sys.executable).parents[1])
        (self.root / ".gitignore").write_text(".venv\nevidence\n", encoding="utf-8")
        self._commit()
        self.engine = Engine(
            self.root.parent / "engine.json", self.inside, self.api_port, self.dashboard_port
        )

    def _commit(self) -> None:
        who = ("-c", "user.name=t", "-c", "user.email=t@t")
        for words in (("init", "-q"), ("add", "-A"), (*who, "commit", "-qm", "as deployed")):
            subprocess.run(["git", *words], cwd=self.root, check=True, env=self._plain)  # noqa: S607 - git, from PATH

    @property
    def _plain(self) -> dict[str, str]:
        return {"PATH": os.defpath, "HOME": str(self.root.parent)}

    @property
    def hash(self) -> str:
        words = ["git", "rev-parse", "--short", "HEAD"]
        return subprocess.check_output(words, cwd=self.root, text=True).strip()

    @property
    def inside(self) -> dict[str, str]:
        """The environment of the backend."""
        return {
            "INTERLOCK__DATA": str(self.root.parent / "data"),
            "INTERLOCK__MODE": "SIM",
            "INTERLOCK__API__PORT": str(self.api_port),
            "INTERLOCK__EXCHANGE__REST_URL": self.at["rest"],
            "INTERLOCK__EXCHANGE__API_KEY": self.at["api_key"],
            "INTERLOCK__EXCHANGE__API_SECRET": self.at["api_secret"],
            "INTERLOCK__HOST__EVIDENCE_DIR": str(self.root / "evidence"),
        }

    @property
    def environ(self) -> dict[str, str]:
        """The environment of the scripts: quick, and without a key of the exchange."""
        return {
            **self._plain,
            **self.engine.words,
            "INTERLOCK__API__PORT": str(self.api_port),
            "INTERLOCK__DASHBOARD__PORT": str(self.dashboard_port),
            "INTERLOCK__EXCHANGE__REST_URL": self.at["rest"],
            "INTERLOCK__HOST__PACE": "0.01",
            "INTERLOCK__TELEGRAM__API_BASE": self.messenger,
            "RUN_TELEGRAM": "true",
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_CHAT_ID": CHAT,
        }

    def script(
        self, name: str, *words: str, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """A script, run as the runbook runs it, from another directory."""
        return subprocess.run(
            ["/bin/bash", str(self.root / "scripts" / "aws" / f"{name}.sh"), *words],
            cwd="/",
            env={**self.environ, **(environ or {})},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def verdict(
        self, name: str, *words: str, environ: Mapping[str, str] | None = None
    ) -> tuple[str, int]:
        """The whole stdout of a script, and its exit code; without DEBUG it says nothing on stderr."""
        ran = self.script(name, *words, environ=environ)
        assert ran.stderr == ""
        return ran.stdout, ran.returncode

    def why(self, name: str, environ: Mapping[str, str] | None = None) -> str:
        """What a script that fails says on stderr when it is asked."""
        ran = self.script(name, environ={"DEBUG": "1", **(environ or {})})
        assert (ran.stdout, ran.returncode) == ("FAIL\n", 1), ran.stderr
        return ran.stderr

    @property
    def told(self) -> list[str]:
        """What the owner was told."""
        return [body["text"] for _, body in self.phone.heard if body]

    def control(self, what: str, body: object) -> None:
        """Asks the exchange's control port."""
        httpx.post(f"{self.at['control']}/control/{what}", json=body, timeout=5).raise_for_status()

    @contextmanager
    def shut_out(self) -> Iterator[None]:
        """The exchange admits our address no more (40101), until the block ends."""
        self.control("allowlist", {"addresses": []})
        try:
            yield
        finally:
            self.control("allowlist", {"addresses": None})

    @contextmanager
    def replaced(self, name: str, text: str | None, mode: int = 0o755) -> Iterator[None]:
        """Another script in the place of one, until the block ends."""
        path = self.root / "scripts" / "aws" / f"{name}.sh"
        original = path.read_text(encoding="utf-8")
        path.write_text(original if text is None else text, encoding="utf-8")
        path.chmod(mode)
        try:
            yield
        finally:
            path.write_text(original, encoding="utf-8")
            path.chmod(0o755)

    @contextmanager
    def platform(self) -> Iterator[None]:
        """The platform and something that listens for the dashboard; both stand when the block begins."""
        child = subprocess.Popen(
            [PROGRAM, "run"], env={**self._plain, **self.inside}, stderr=subprocess.DEVNULL
        )
        with socket.create_server(("127.0.0.1", self.dashboard_port)):
            try:
                self._until_it_works()
                yield
            finally:
                child.terminate()
                child.wait(PATIENCE_S)

    def _until_it_works(self) -> None:
        end = time.monotonic() + PATIENCE_S
        while not self._works():
            assert time.monotonic() < end, "the platform does not come to work"
            time.sleep(0.1)

    def _works(self) -> bool:
        url = f"http://127.0.0.1:{self.api_port}/api/health/system"
        try:
            health: dict[str, Any] = httpx.get(url, timeout=5).json()
        except httpx.TransportError:
            return False
        loops = (health["market_updater"], health["signal_monitor"])
        is_read = health["details"]["exchange"]["status"] == "PASS"
        return is_read and all(loop["is_running"] for loop in loops)


@contextmanager
def installed(folder: Path) -> Iterator[Installation]:
    """A checkout with an exchange and a messenger; nothing of the platform runs yet."""
    phone = Server(says(200, TAKEN))
    with exchange() as at, telegram(phone) as base:
        yield Installation(folder / "repo", at, base, phone)
