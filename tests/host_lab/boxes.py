"""Two machines on one cable: the deployment host, with systemd as its first process, and the world outside it."""

import json
import secrets
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.fakes.certificate import certificate
from tests.host_lab.ground import HOST, Podman, base
from tests.host_lab.machine import MINUTES, Said, check, must, ran, until

CHECKOUT: Final = "/opt/automated-trading-platform"
OPERATOR: Final = "ops"
HERE: Final = "10.77.0.1"
WORLD: Final = "10.77.0.2"
EXCHANGE_PORT: Final = 8443
STANDINS_PORT: Final = 8444
CONTROL_PORT: Final = 9000
CA: Final = "/usr/local/share/ca-certificates/lab.crt"
# `docker compose` through the compose at hand; Debian has no plugin of that name.
FRONT: Final = """\
#!/bin/sh
# docker: `docker compose …` through the compose at hand
[ "$1" = compose ] || exec /usr/bin/docker "$@"
shift
exec docker-compose "$@"
"""
LAYER: Final = f"""\
FROM localhost/lab/host-base:bookworm
COPY docker /usr/local/bin/docker
COPY lab.crt {CA}
RUN chmod 0755 /usr/local/bin/docker && update-ca-certificates \
 && ln -sf /usr/share/zoneinfo/Etc/UTC /etc/localtime \
 && useradd --create-home --shell /bin/bash --groups docker {OPERATOR}
STOPSIGNAL SIGRTMIN+3
ENTRYPOINT ["/bin/sh", "-c", "mount --make-rshared / && exec /lib/systemd/systemd"]
"""


@dataclass(frozen=True, slots=True)
class Box:
    """One machine of the lab."""

    podman: Podman
    name: str

    def run(
        self,
        *words: str,
        user: str = "root",
        folder: str = "/",
        wait: float = 2 * MINUTES,
        stdin: str | None = None,
        environ: dict[str, str] | None = None,
    ) -> Said:
        """What a program said in it, however it ended."""
        given = [flag for each in (environ or {}).items() for flag in ("-e", "=".join(each))]
        told = ("podman", "exec", "-i", "-u", user, "-w", folder, *given, self.name, *words)
        return ran(*told, wait=wait, stdin=stdin or "", environ=self.podman.environ)

    def must(
        self,
        *words: str,
        user: str = "root",
        folder: str = "/",
        wait: float = 2 * MINUTES,
        stdin: str | None = None,
        environ: dict[str, str] | None = None,
    ) -> str:
        """What a program said in it, when it ended well."""
        said = self.run(*words, user=user, folder=folder, wait=wait, stdin=stdin, environ=environ)
        check_ended(f"{self.name}: {shlex.join(words)}", said)
        return said.out

    def write(self, path: str, text: str, *, append: bool = False) -> None:
        """Writes a file, whose owner and mode stay as they are."""
        self.must("tee", *(["-a"] if append else []), path, stdin=text)

    def put(self, source: Path, path: str) -> None:
        """Copies a file or folder of this machine into it."""
        self.podman("cp", str(source), f"{self.name}:{path}")

    @property
    def pid(self) -> str:
        """Its first process, as this machine counts."""
        return self.podman("inspect", "-f", "{{.State.Pid}}", self.name).strip()


def check_ended(what: str, said: Said) -> None:
    """Fails with what a program said when it did not end well."""
    if said.code != 0:
        check(
            f"{what} ends with 0",
            holds=False,
            found=f"{said.code}\n{said.out[-2000:]}\n{said.err[-3000:]}",
        )


@dataclass(frozen=True, slots=True)
class Lab:
    """The two machines, and the folder that everything of theirs lies in."""

    folder: Path
    podman: Podman
    host: Box
    world: Box

    @classmethod
    def at(cls, folder: Path) -> "Lab":
        """A lab in this folder; nothing runs yet."""
        podman = Podman(folder)
        tag = secrets.token_hex(3)
        return cls(folder, podman, Box(podman, f"host-{tag}"), Box(podman, f"world-{tag}"))

    def build(self) -> None:
        """The image of the deployment host: Debian packages, the front, the lab's certificate."""
        context = self.folder / "context"
        context.mkdir()
        cert, key = certificate(self.folder, WORLD)
        (context / "lab.crt").write_bytes(cert.read_bytes())
        (context / "docker").write_text(FRONT)
        (context / "Containerfile").write_text(LAYER)
        key.chmod(0o600)
        self.podman("import", "-q", str(base(HOST)), "localhost/lab/host-base:bookworm")
        flags = ("--pull=never", "--isolation", "chroot", "--network", "host", "--format", "docker")
        self.podman("build", "-q", *flags, "-t", "localhost/lab/host:dev", str(context))

    def boot(self) -> None:
        """Starts both, lays the cable, and waits until the host says that it runs."""
        storage = self.folder / "docker"
        storage.mkdir()
        common = ("run", "--pull=never", "-d", "--network", "none")
        self.podman(
            *common,
            *("--systemd=always", "--privileged", "--cgroupns=private", "--name", self.host.name),
            *("-v", f"{storage}:/var/lib/docker", "localhost/lab/host:dev"),
        )
        self.podman(
            *common,
            *(
                "--init",
                "--stop-signal",
                "KILL",
                "--name",
                self.world.name,
                "--entrypoint",
                "sleep",
            ),
            *("localhost/lab/host:dev", "infinity"),
        )
        self._cable()
        took = until("the deployment host runs", self._runs, 60)
        failed = self.host.must("systemctl", "--failed", "--plain", "--no-legend").strip()
        check(
            "the deployment host booted with systemd as PID 1",
            not failed,
            failed or f"{took:.1f} s",
        )
        engine = json.loads(self.host.must("docker", "info", "--format", "{{json .}}"))
        compose = self.host.must("docker", "compose", "version").splitlines()[0]
        check(
            "it has a container engine behind the front `docker`",
            engine["ServerVersion"],
            f"{engine['ServerVersion']}, {engine['Driver']}, {compose}",
        )

    def _cable(self) -> None:
        one, other = self.host.pid, self.world.pid
        must(
            *("ip", "link", "add", "lab0", "netns", one),
            *("type", "veth", "peer", "name", "lab0", "netns", other),
        )
        for pid, address in ((one, HERE), (other, WORLD)):
            inside = ("nsenter", f"--net=/proc/{pid}/ns/net", "ip")
            must(*inside, "addr", "add", f"{address}/24", "dev", "lab0")
            must(*inside, "link", "set", "lab0", "up")
        must("nsenter", f"--net=/proc/{one}/ns/net", "ip", "route", "add", "default", "via", WORLD)

    def _runs(self) -> bool:
        said = self.host.run("systemctl", "is-system-running")
        return said.last in {"running", "degraded"}

    def tear_down(self) -> None:
        """Stops the containers inside, then both machines, then removes all that the lab has made."""
        self.host.run("sh", "-c", "docker ps -q | xargs -r docker kill", wait=MINUTES)
        self.podman.clear()
