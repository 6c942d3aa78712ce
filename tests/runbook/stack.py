"""A deployment host for tests: simulator and platform as processes, a container engine, a service manager, a checkout with a remote.

Where `is_whole` is not asked for, the health guard and the audit say what the environment tells them to (GUARD, AUDIT: `exit word`),
and QUICK spares a closeout the hard verification: each of them has its own tests.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final, Self

import httpx
from typing_extensions import override

from tests.doors.serving import free_port
from tests.fakes.docker import Engine
from tests.fakes.units import Manager
from tests.fakes.web import Says, Web

REPOSITORY: Final = Path(__file__).parents[2]
PROGRAM: Final = str(Path(sys.executable).with_name("interlock"))
SCRIPTS: Final = (
    "final_ec2_hard_verification.sh",
    "ec2_quick_verify.sh",
    "phase6_final_ec2_close.sh",
)
HOME: Final = ["127.0.0.1:8002", "127.0.0.1:3000"]
GIT: Final = shutil.which("git") or "/usr/bin/git"
ADMITTED: Final = "127.0.0.1"
STRANGER: Final = "127.0.0.99"
EGRESS: Final = "203.0.113.7"
QUICK: Final = (
    "class CryptoComTradeClient:\n    def get_account_summary(self): return {'accounts': [1]}\n"
)
KEPT_OUT: Final = "/evidence/\n/reports/\n.env.aws\n"


@dataclass(slots=True)
class Stack:
    """A healthy host. `say` runs a script of its checkout and returns what it wrote and its exit code."""

    root: Path
    engine: Engine
    manager: Manager
    environ: dict[str, str]
    platform: dict[str, str]
    exchange: dict[str, str]
    web: Web

    def start(self, script: str, **more: str) -> subprocess.Popen[str]:
        return self.start_words([str(self.root / "scripts" / "aws" / script)], **more)

    def start_words(self, words: Sequence[str], **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            words,
            env={**self.environ, **more},
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def head(self) -> str:
        """The commit that is deployed, in short."""
        words = [GIT, "rev-parse", "--short", "HEAD"]
        return subprocess.check_output(words, cwd=self.root, text=True).strip()

    def say(self, script: str, **more: str) -> tuple[str, int]:
        with self.start(script, **more) as child:
            stdout, stderr = child.communicate(timeout=300)
        assert "Traceback" not in stderr
        return stdout, child.returncode

    @property
    def report(self) -> str:
        name = "PHASE6_EC2_FINAL_CLOSEOUT_REPORT.md"
        return (self.root / "reports" / name).read_text(encoding="utf-8")

    def evidence(self) -> dict[str, Any]:
        """The evidence of the last run."""
        files = (self.root / "evidence").glob("2*.json")
        last = max(files, key=lambda path: path.stat().st_mtime_ns)
        found: dict[str, Any] = json.loads(last.read_bytes())
        return found

    @contextmanager
    def seen_quickly(self) -> Iterator[None]:
        """An account read that costs nothing, for what comes after it."""
        client = self.root.parent / "quick" / "app" / "services" / "brokers" / "crypto_com_trade.py"
        client.parent.mkdir(parents=True, exist_ok=True)
        for package in client.parents[:3]:
            (package / "__init__.py").touch()
        client.write_text(QUICK, encoding="utf-8")
        with self.engine.broken(environ={"PYTHONPATH": str(client.parents[3])}):
            yield

    def read_from_elsewhere(self) -> AbstractContextManager[None]:
        """The account is read from an address that the exchange does not admit; the platform itself stays where it is."""
        elsewhere = {"INTERLOCK__EXCHANGE__SOURCE_ADDRESS": STRANGER}
        return self.engine.broken(environ={**self.engine.environ, **elsewhere})

    @contextmanager
    def shut_out(self) -> Iterator[None]:
        """The exchange admits nobody from here for a while, the platform neither: it keeps away for a minute."""
        control = f"{self.exchange['control']}/control/allowlist"
        httpx.post(control, json={"addresses": [STRANGER], "code": 40101})
        try:
            yield
        finally:
            httpx.post(control, json={"addresses": [ADMITTED], "code": 40101})


@contextmanager
def standing(
    folder: Path, more: Mapping[str, str] | None = None, *, is_whole: bool = False
) -> Iterator[Stack]:
    """The whole host, until the block ends; `more` are settings of platform and host alike, `is_whole` leaves every script as it is."""
    says = {"/ip": Says(EGRESS.encode()), "/other": Says(f"{EGRESS}\n".encode())}
    says["/time"] = Says(b'{"code":"10004","msg":"BAD_REQUEST"}', 400)
    with ExitStack() as stack:
        web = stack.enter_context(Web(says))
        exchange = stack.enter_context(_simulator())
        platform = _settings(folder, exchange) | dict(more or {})
        stack.enter_context(_running(platform))
        root = _checkout(folder, is_whole=is_whole)
        (root / ".env.aws").write_text(_host_settings(platform, web), encoding="utf-8")
        (root / ".env.aws").chmod(0o600)
        inside = {name: value for name, value in platform.items() if name != "PATH"}
        engine = Engine(folder / "engine.json", inside)
        engine.state |= {"seen": [], "listeners": HOME}
        engine.save()
        manager = Manager(folder / "units.json")
        environ = {**engine.words, **manager.words, "HOME": str(folder)}
        yield Stack(root, engine, manager, environ, platform, exchange, web)


@contextmanager
def _simulator() -> Iterator[dict[str, str]]:
    words = [PROGRAM, "simulate", "--allow", ADMITTED]
    with subprocess.Popen(words, stdout=subprocess.PIPE, env={}) as child:
        assert child.stdout is not None
        try:
            yield json.loads(child.stdout.readline())
        finally:
            child.kill()


def _settings(folder: Path, exchange: Mapping[str, str]) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "HOME": str(folder),
        "INTERLOCK__DATA": str(folder / "data"),
        "INTERLOCK__API__PORT": str(free_port()),
        "INTERLOCK__EXCHANGE__REST_URL": exchange["rest"],
        "INTERLOCK__EXCHANGE__API_KEY": exchange["api_key"],
        "INTERLOCK__EXCHANGE__API_SECRET": exchange["api_secret"],
    }


@contextmanager
def _running(environ: dict[str, str]) -> Iterator[None]:
    words = [PROGRAM, "watch", "BTC_USDT", "--alert"]
    subprocess.run(words, env=environ, check=True, stdout=subprocess.DEVNULL)
    with subprocess.Popen([PROGRAM, "run"], env=environ, stderr=subprocess.DEVNULL) as child:
        try:
            _until_well(environ)
            yield
        finally:
            child.terminate()


def _until_well(environ: Mapping[str, str]) -> None:
    end, body = time.monotonic() + 40, {}
    while time.monotonic() < end:
        try:
            url = f"http://127.0.0.1:{environ['INTERLOCK__API__PORT']}/api/health/system"
            body = httpx.get(url, timeout=5).json()
        except httpx.TransportError:
            time.sleep(0.2)
            continue
        if body["global_status"] == "PASS" and body["details"]["equity_age_s"] is not None:
            return
        time.sleep(0.2)
    raise AssertionError(body)


def _checkout(folder: Path, *, is_whole: bool) -> Path:
    """A clean clone of a bare remote, with our scripts; where it is not whole, with two that say what the environment tells them to."""
    bare, root = folder / "remote.git", folder / "automated-trading-platform"
    _git("init", "-q", "--bare", "-b", "main", str(bare))
    _git("clone", "-q", str(bare), str(root))
    scripts = root / "scripts" / "aws"
    if is_whole:
        shutil.copytree(REPOSITORY / "scripts" / "aws", scripts)
    else:
        _stubbed(scripts)
    (root / ".gitignore").write_text(KEPT_OUT, encoding="utf-8")
    _git("-C", str(root), "checkout", "-q", "-b", "main")
    _git("-C", str(root), "add", "-A")
    _git("-C", str(root), "commit", "-qm", "The scripts")
    _git("-C", str(root), "push", "-q", "-u", "origin", "main")
    return root


def _stubbed(scripts: Path) -> None:
    scripts.mkdir(parents=True)
    for name in SCRIPTS:
        shutil.copy(REPOSITORY / "scripts" / "aws" / name, scripts)
    for name, variable in (("health_guard", "GUARD"), ("nightly_integrity_audit", "AUDIT")):
        said = f'set -- ${{{variable}-0 PASS}}\necho "$2"\necho "{name}: told so" >&2\nexit "$1"\n'
        (scripts / f"{name}.sh").write_text(f"#!/bin/sh\n{said}", encoding="utf-8")
        (scripts / f"{name}.sh").chmod(0o755)
    quick = scripts / "ec2_quick_verify.sh"
    quick.rename(scripts / "quick_for_real.sh")
    said = 'if [ "$QUICK" ]; then echo "$QUICK"; exit 0; fi\nexec "$(dirname "$0")/quick_for_real.sh"\n'
    quick.write_text(f"#!/bin/sh\n{said}", encoding="utf-8")
    quick.chmod(0o755)


def _git(*words: str) -> None:
    who = ("-c", "user.name=tests", "-c", "user.email=tests@example.test")
    subprocess.run([GIT, *who, *words], check=True, capture_output=True)


def _host_settings(platform: Mapping[str, str], web: Web) -> str:
    ours = {name: value for name, value in platform.items() if name.startswith("INTERLOCK__")}
    urls = f"{web.url('/ip')},{web.url('/other')}"
    told = {
        **ours,
        "APP_ENV": "aws",
        "INTERLOCK__HOST__EGRESS_URLS": urls,
        "INTERLOCK__HOST__PUBLIC_TIME_URL": web.url("/time"),
    }
    return "".join(f"{name}={value}\n" for name, value in told.items())


class Crafted:
    """A backend that answers spot, margin and health as it is told to: `(status, body)` each, the body raw where it is bytes."""

    def __init__(self, **answers: tuple[int, object]) -> None:
        self.answers = answers
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def environ(self) -> dict[str, str]:
        return {"INTERLOCK__API__PORT": str(self._server.server_address[1])}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        crafted = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer("health")

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self._answer("margin" if asked["is_margin"] else "spot")

            def _answer(self, which: str) -> None:
                status, body = crafted.answers[which]
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            @override
            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing."""

        return Handler
