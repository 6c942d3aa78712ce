"""A deployment from nothing: a checkout, its `.venv`, its images, the installation, the keys; then the runbook's own scripts."""

import json
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from tests.host_lab.boxes import (
    CA,
    CHECKOUT,
    CONTROL_PORT,
    EXCHANGE_PORT,
    HERE,
    OPERATOR,
    STANDINS_PORT,
    WORLD,
    Lab,
)
from tests.host_lab.ground import DATABASE, PLATFORM, base
from tests.host_lab.machine import MINUTES, Said, check, must, say, until
from tests.house.tree import ROOT

PROGRAM: Final = f"{CHECKOUT}/.venv/bin/interlock"
REPORT: Final = f"{CHECKOUT}/reports/PHASE6_EC2_FINAL_CLOSEOUT_REPORT.md"
COMPLETE: Final = "PHASE 6 — EC2 VALIDATION COMPLETE"
SERVICES: Final = {"db", "backend-aws", "frontend-aws", "engine-aws", "updater-aws", "notifier-aws"}
FOREIGN: Final = re.compile(r"https?://(?!127\.0\.0\.1:)|_KEY=|_SECRET=|_TOKEN=|PASSWORD=")
STANDINS: Final = f"https://{WORLD}:{STANDINS_PORT}"
OFFLINE: Final = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": f"{CHECKOUT}/build/wheels"}
# Where the lab's world is. The platform's own settings say it as on any host; nothing in the images knows of a lab.
PLACES: Final = f"""\
INTERLOCK__EXCHANGE__REST_URL=https://{WORLD}:{EXCHANGE_PORT}/exchange/v1
INTERLOCK__TELEGRAM__API_BASE={STANDINS}
INTERLOCK__HOST__EGRESS_URLS={STANDINS}/address/one,{STANDINS}/address/two
INTERLOCK__HOST__PUBLIC_TIME_URL={STANDINS}/v2/public/get-time
SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
"""


@dataclass(frozen=True, slots=True)
class Deployment:
    """The platform on the deployment host, and the exchange in the world outside."""

    lab: Lab

    def operator(self, *words: str, wait: float = 2 * MINUTES) -> Said:
        """What the operator hears from a command in the checkout."""
        return self.lab.host.run(*words, user=OPERATOR, folder=CHECKOUT, wait=wait)

    def compose(self, *words: str, wait: float = 5 * MINUTES) -> str:
        """One command of the runbook that ends well: `docker compose --profile aws …`."""
        told = ("docker", "compose", "--profile", "aws", *words)
        return self.lab.host.must(*told, user=OPERATOR, folder=CHECKOUT, wait=wait)

    def script(self, name: str) -> Said:
        """One of the runbook's scripts, as the runbook calls it."""
        return self.operator("bash", f"scripts/aws/{name}", wait=20 * MINUTES)

    def admit(self, *addresses: str) -> None:
        """The exchange admits the key from these addresses alone, as its owner sets it there."""
        self.control("allowlist", {"addresses": list(addresses), "code": 40101})

    def control(self, what: str, body: dict[str, Any]) -> None:
        """One word to the simulated exchange, behind its back door."""
        url = f"{json.loads(self._first_word())['control']}/control/{what}"
        headers = ("-H", "Content-Type: application/json")
        self.lab.world.must("curl", "-fsS", *headers, "-d", json.dumps(body), url)

    # -- from nothing to a host that is ready
    def begin_world(self) -> dict[str, str]:
        """Starts the exchange and the stand-ins; returns what the exchange says first."""
        world = self.lab.world
        world.must("mkdir", "-p", "/opt/world")
        for name in ("cert.pem", "key.pem"):
            world.put(self.lab.folder / name, f"/opt/world/{name}")
        world.put(ROOT / "tests/host_lab/world.py", "/opt/world/world.py")
        pem = ("/opt/world/cert.pem", "/opt/world/key.pem")
        standins = f"python3 /opt/world/world.py {WORLD} {STANDINS_PORT} {pem[0]} {pem[1]} /opt/world/messages"
        exchange = (
            f"{PROGRAM} simulate --bind {WORLD} --beyond-loopback --port {EXCHANGE_PORT} --control-port {CONTROL_PORT} "
            f"--tls-cert {pem[0]} --tls-key {pem[1]} --allow 192.0.2.1"
        )
        for name, line in (("standins", standins), ("exchange", exchange)):
            shell = f"exec setsid {line} >/opt/world/{name}.out 2>/opt/world/{name}.err"
            self.lab.podman("exec", "-d", world.name, "sh", "-c", shell)
        until("the exchange speaks", lambda: self._first_word() != "", 60)
        for url in (
            f"{STANDINS}/address/one",
            f"https://{WORLD}:{EXCHANGE_PORT}/exchange/v1/public/get-instruments",
        ):
            until(f"{url} answers", partial(self._answers, url), 30)
        found: dict[str, str] = json.loads(self._first_word())
        return found

    def _answers(self, url: str) -> bool:
        return self.lab.host.run("curl", "-fsS", "-o", "/dev/null", url).code == 0

    def _first_word(self) -> str:
        return self.lab.world.run("head", "-n", "1", "/opt/world/exchange.out").out.strip()

    def check_out(self) -> None:
        """A bare remote, a checkout of it, and a `.venv` from hashed wheels alone."""
        host, remote = self.lab.host, self.lab.folder / "remote.git"
        must("git", "init", "--quiet", "--bare", "--initial-branch=main", str(remote))
        must("git", "push", "--quiet", str(remote), "HEAD:refs/heads/main", folder=ROOT)
        must(
            str(ROOT / "scripts/fetch_wheels.sh"),
            str(ROOT / "build/wheels"),
            wait=10 * MINUTES,
            folder=ROOT,
        )
        host.put(remote, "/srv/platform.git")
        host.must("install", "-d", "-o", OPERATOR, "-g", OPERATOR, CHECKOUT)
        host.must("chown", "-R", f"{OPERATOR}:{OPERATOR}", "/srv/platform.git", CHECKOUT)
        host.must("git", "clone", "--quiet", "/srv/platform.git", CHECKOUT, user=OPERATOR)
        host.must("mkdir", "-p", f"{CHECKOUT}/build", user=OPERATOR)
        host.put(ROOT / "build/wheels", f"{CHECKOUT}/build/wheels")
        host.must("chown", "-R", f"{OPERATOR}:{OPERATOR}", f"{CHECKOUT}/build")
        host.must(
            "scripts/install_lock.sh",
            "server",
            user=OPERATOR,
            folder=CHECKOUT,
            environ=OFFLINE,
            wait=10 * MINUTES,
        )
        head = host.must(
            "git", "rev-parse", "--short", "HEAD", user=OPERATOR, folder=CHECKOUT
        ).strip()
        dirty = must("git", "status", "--porcelain", folder=ROOT).strip()
        check("a checkout with a bare remote beside it, and its .venv from wheels", head, head)
        if dirty:
            say(f"      NOTE: the lab runs {head}; what is not committed is not in it")
        world = self.lab.world
        archive = self.lab.folder / "checkout"
        self.lab.podman("cp", f"{host.name}:{CHECKOUT}", str(archive), wait=5 * MINUTES)
        world.put(archive, CHECKOUT)

    def build_images(self) -> None:
        """The two images, by the script of the checkout, over bases of Debian packages; the base trusts the lab's certificate."""
        host = self.lab.host
        for name, packages in (("interlock-base", PLATFORM), ("interlock-db-base", DATABASE)):
            host.put(base(packages), "/opt/base.tar")
            host.must("docker", "import", "/opt/base.tar", f"{name}:bookworm", wait=5 * MINUTES)
            host.must("rm", "/opt/base.tar")
        layer = f"FROM interlock-base:bookworm\nCOPY lab.crt {CA}\nRUN update-ca-certificates\n"
        host.must("mkdir", "-p", "/opt/trust")
        host.must("cp", CA, "/opt/trust/lab.crt")
        host.write("/opt/trust/Dockerfile", layer)
        host.must(
            "docker",
            "build",
            "-q",
            "-t",
            "interlock-base:lab",
            "/opt/trust",
            environ={"DOCKER_BUILDKIT": "0"},
        )
        environ = {**OFFLINE, "INTERLOCK_BASE": "interlock-base:lab"}
        host.must(
            "scripts/build_images.sh",
            user=OPERATOR,
            folder=CHECKOUT,
            environ=environ,
            wait=10 * MINUTES,
        )
        asked = "import app, interlock, os; print(os.getuid())"
        flags = (
            "--rm",
            "--network",
            "none",
            "--read-only",
            "--cap-drop",
            "ALL",
            "--entrypoint",
            "python3",
        )
        uid = host.must("docker", "run", *flags, "interlock:local", "-c", asked).strip()
        check(
            "one image, in which python3 imports app and interlock as nobody's root",
            uid == "10001",
            uid,
        )
        names = host.must(
            "docker", "history", "--no-trunc", "--format", "{{.CreatedBy}}", "interlock:local"
        )
        check(
            "its layers name no index and no secret",
            not FOREIGN.search(names),
        )

    def install(self, exchange: dict[str, str]) -> None:
        """The installation as root does it on a real host, then the keys as their owner writes them."""
        host = self.lab.host
        said = host.must(PROGRAM, "install", "--profile", "aws", "--user", OPERATOR)
        for line in said.splitlines():
            say(f"      {line}")
        host.must("usermod", "-aG", "docker,systemd-journal", OPERATOR)
        host.write(f"{CHECKOUT}/.env.aws", PLACES, append=True)
        keys = {
            "EXCHANGE_CUSTOM_API_KEY": exchange["api_key"],
            "EXCHANGE_CUSTOM_API_SECRET": exchange["api_secret"],
            "RUN_TELEGRAM": "true",
            "TELEGRAM_BOT_TOKEN": "1234567:AAlabLabLabLabLabLabLabLabLabLabLab",
            "TELEGRAM_CHAT_ID": "4711004711",
        }
        lines = "".join(f"{name}={value}\n" for name, value in keys.items())
        host.write(f"{CHECKOUT}/secrets/runtime.env", lines, append=True)
        modes = host.must(
            "stat", "-c", "%a %U %n", f"{CHECKOUT}/secrets/runtime.env", "/etc/sudoers.d/interlock"
        )
        check(
            "secrets are their owner's, rules are root's",
            modes.startswith(f"600 {OPERATOR} ") and "\n440 root " in modes,
        )
        clean = self.operator("git", "status", "--porcelain").out.strip()
        check("the installation leaves the tree clean", not clean, clean)

    def start(self) -> None:
        """The whole platform by the runbook's one command, and a symbol to watch; mode stays OFF."""
        self.compose("up", "-d", "db", "backend-aws", "frontend-aws", wait=10 * MINUTES)
        names = set(self.compose("ps", "--services", "--filter", "status=running").split())
        check(
            "the runbook's three services bring the whole platform up",
            names == SERVICES,
            ", ".join(sorted(names)),
        )
        for symbol in ("BTC_USDT", "ETH_USDT"):
            self.compose("exec", "-T", "backend-aws", "interlock", "watch", symbol)
        took = until("every container is healthy", self.is_healthy, 240, 2)
        check("every container is healthy", holds=True, found=f"{took:.0f} s")
        where = [
            self.compose("port", *each).strip()
            for each in (("backend-aws", "8002"), ("frontend-aws", "3000"))
        ]
        check(
            "published on loopback alone",
            where == ["127.0.0.1:8002", "127.0.0.1:3000"],
            " ".join(where),
        )

    def is_healthy(self) -> bool:
        """Whether the engine calls every container healthy."""
        return set(self.health().values()) == {"healthy"} and len(self.health()) == len(SERVICES)

    def health(self) -> dict[str, str]:
        """What the engine says of each container."""
        ids = self.compose("ps", "-q").split()
        form = '{{index .Config.Labels "com.docker.compose.service"}} {{.State.Health.Status}}'
        told = self.lab.host.must("docker", "inspect", "-f", form, *ids)
        return dict(line.split() for line in told.splitlines())

    def is_green(self) -> bool:
        """Whether the platform passes its own health and knows the account."""
        said = self.operator("curl", "-fsS", "http://127.0.0.1:8002/api/health/system")
        try:
            body = json.loads(said.out)
        except ValueError:
            return False
        return bool(
            body["global_status"] == "PASS" and body["details"]["exchange"]["status"] == "PASS"
        )

    def report(self) -> str:
        """The report that the closeout has written."""
        return self.lab.host.must("cat", REPORT, user=OPERATOR)

    def told(self) -> list[str]:
        """What the owner has been told so far."""
        said = self.lab.world.must("cat", "/opt/world/messages")
        return [json.loads(line) for line in said.splitlines()]

    def close_red(self) -> None:
        """The seed's own situation: the key does not admit this address. Nothing is declared, and the lines say where it stands."""
        expect(
            self,
            "40101: this address is not on the key's allowlist",
            "PHASE B: ACCOUNT_NOT_OK",
            "STEP 3: ACCOUNT_NOT_OK",
        )

    def close_green(self, keep: Path) -> None:
        """The key admits the address: within two minutes every row is green, and the closeout declares."""
        self.admit(HERE)
        took = until("the platform is green", self.is_green, 120, 2)
        check(
            "allowlisted at the exchange, the platform turns green",
            holds=True,
            found=f"{took:.0f} s",
        )
        self.audit_by_hand()
        for name in (
            "ec2_quick_verify.sh",
            "final_ec2_hard_verification.sh",
            "phase6_final_ec2_close.sh",
        ):
            said = self.script(name)
            if said.code != 0:
                say(self._details(name))
            check(
                f"{name} ends with the line of completion",
                (said.code, said.last) == (0, COMPLETE),
                said.last,
            )
        report = self.report()
        keep.write_text(report, encoding="utf-8")
        say(report)
        check("the report's last line declares", report.rstrip().splitlines()[-1] == COMPLETE)

    def audit_by_hand(self) -> None:
        """The audit's service, started by the operator with the rule that the installer wrote; its last run is what counts."""
        service = "nightly-integrity-audit.service"
        said = self.operator("sudo", "-n", "systemctl", "start", service, wait=20 * MINUTES)
        journal = self.operator(
            "sudo", "-n", "journalctl", "-u", service, "-n", "120", "--no-pager"
        )
        last = [line for line in journal.out.splitlines() if "audit[" in line][-1:]
        check("the audit's service passes under its sandbox", said.code == 0, " ".join(last))

    def _details(self, name: str) -> str:
        again = self.lab.host.run(
            "bash",
            f"scripts/aws/{name}",
            user=OPERATOR,
            folder=CHECKOUT,
            wait=20 * MINUTES,
            environ={"DEBUG": "1"},
        )
        return f"{again.out}\n{again.err}"


def expect(ours: Deployment, what: str, line: str, close: str, again: object = None) -> None:
    """Verification and closeout stop at exactly these lines, and no report declares. `again` breaks it anew in between."""
    quick = ours.script("ec2_quick_verify.sh")
    check(
        f"{what}: quick verify",
        (quick.code, quick.out.strip()) == (1, f"VALIDATION BLOCKED — {line}"),
        quick.out.strip(),
    )
    if callable(again):
        again()
    closed = ours.script("phase6_final_ec2_close.sh")
    check(
        f"{what}: closeout",
        (closed.code, closed.last) == (1, f"VALIDATION BLOCKED — {close}"),
        closed.last,
    )
    report = ours.report()
    check(f"{what}: no report declares", COMPLETE not in report.splitlines() and close in report)
