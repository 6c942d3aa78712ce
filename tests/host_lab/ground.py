"""What the lab stands on: Debian packages, root file systems made of Debian packages, and a container engine with its own storage."""

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.host_lab.machine import MINUTES, check, must, say
from tests.house.tree import ROOT

PACKAGES: Final = (
    *("podman", "buildah", "runc", "conmon", "catatonit", "containernetworking-plugins"),
    *("iptables", "uidmap", "mmdebstrap", "iproute2", "procps", "util-linux", "git"),
    *("ca-certificates", "python3-venv"),
)
PROGRAMS: Final = ("podman", "runc", "conmon", "mmdebstrap", "ip", "nsenter", "git")
PLATFORM: Final = "python3,python3-venv,ca-certificates"
DATABASE: Final = "postgresql-15,ca-certificates"
# The deployment host: systemd as its first process, a container engine, and what the runbook's commands need.
HOST: Final = (
    "python3,python3-venv,systemd,systemd-sysv,dbus,libnss-systemd,procps,iproute2,iptables,ca-certificates,"
    "sudo,git,curl,docker.io,docker-compose"
)
# Its own run-time folder and locks too: what one engine of this machine forgets, no other may lose.
CONTAINERS_CONF: Final = """\
[engine]
runtime = "runc"
tmp_dir = "{folder}/libpod"
lock_type = "file"
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
"""


def install_packages() -> None:
    """Installs what is missing, and asserts that each program is there."""
    must(str(ROOT / "scripts/install_host_packages.sh"), *PACKAGES, wait=15 * MINUTES)
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    check("the programs of the lab are installed", not absent, " ".join(absent))
    say(f"      {must('podman', '--version').strip()}, {must('runc', '--version').splitlines()[0]}")


def base(packages: str) -> Path:
    """The root file system with these packages, made once and kept by how it is made."""
    script = ROOT / "scripts/make_base.sh"
    made_by = hashlib.sha256(f"{packages}\n".encode() + script.read_bytes()).hexdigest()[:16]
    kept = _cache() / f"{made_by}.tar"
    if not kept.exists():
        say(f"      making a root file system of {packages}")
        fresh = kept.with_suffix(f".{os.getpid()}")
        must("bash", "-c", f'exec "{script}" "$0" >"{fresh}"', packages, wait=15 * MINUTES)
        fresh.rename(kept)
    return kept


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")  # noqa: TID251 - where caches lie is no setting
    folder = Path(home) / "interlock-lab"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@dataclass(frozen=True, slots=True)
class Podman:
    """A container engine whose storage and settings are the lab's own."""

    folder: Path

    def prepare(self) -> None:
        """Writes its settings; the storage lies beside them, on a real file system."""
        (self.folder / "containers.conf").write_text(CONTAINERS_CONF.format(folder=self.folder))
        store = f'[storage]\ndriver = "overlay"\ngraphroot = "{self.folder}/graph"\nrunroot = "{self.folder}/run"\n'
        (self.folder / "storage.conf").write_text(store)

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment in which podman is the lab's."""
        ours = {
            "CONTAINERS_CONF": str(self.folder / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"),
        }
        return {**os.environ, **ours}  # noqa: TID251 - handed on to a program, not read

    def __call__(self, *words: str, wait: float = 5 * MINUTES, stdin: str | None = None) -> str:
        """One command of podman that ends well."""
        return must("podman", *words, wait=wait, stdin=stdin, environ=self.environ)

    def clear(self) -> None:
        """Removes every container, image and mount of the lab, and of nobody else."""
        self("rm", "--all", "--force", "--time", "10")
        self("rmi", "--all", "--force")
        mounts = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
        below = [where for where in (line.split()[1] for line in mounts) if self._holds(where)]
        for where in sorted(below, reverse=True):
            must("umount", where)

    def _holds(self, where: str) -> bool:
        return Path(where).is_relative_to(self.folder)
