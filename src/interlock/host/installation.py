"""What an installation puts on a host, as texts: the units with real paths and user, the sudo rules, folders and first files.

Nothing here writes. The units are committed valid as they stand; two of their words are exchanged, and nothing else is.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from interlock.host.units import PLATFORM, PRIVILEGED, START_PLATFORM

COMMITTED_ROOT: Final = "/opt/automated-trading-platform"
COMMITTED_USER: Final = "interlock"
HOMES: Final = ("/home", "/root")
DATA: Final = Path("/var/lib/interlock")
UNITS: Final = Path("/etc/systemd/system")
SUDO_RULES: Final = Path("/etc/sudoers.d/interlock")
AUDIT: Final = "nightly-integrity-audit"
AUDIT_SCRIPT: Final = "nightly_integrity_audit.sh"
# What a unit file and a sudo rule can hold without quoting; a name with anything else is refused.
PLAIN_PATH: Final = re.compile(r"/[A-Za-z0-9._/+-]*[A-Za-z0-9._+-]")
URL_NAMES: Final = ("DATABASE_URL", "INTERLOCK__DATABASE__URL")

RUNTIME: Final = """\
# Secrets of this installation, one NAME=value a line. Nobody but its owner reads this file.
# EXCHANGE_CUSTOM_API_KEY=
# EXCHANGE_CUSTOM_API_SECRET=
# RUN_TELEGRAM=true
# TELEGRAM_BOT_TOKEN=
# TELEGRAM_CHAT_ID=
"""


class Profile(StrEnum):
    """Where the platform runs: in the containers of compose.yaml, or as units of the host."""

    AWS = "aws"
    HOST = "host"

    @property
    def units(self) -> tuple[str, ...]:
        """The unit files; those of the platform itself never stand beside the containers."""
        audit = (f"{AUDIT}.service", f"{AUDIT}.timer", "interlock-alert@.service")
        return audit if self is Profile.AWS else (*audit, *PLATFORM)


@dataclass(frozen=True, slots=True)
class Piece:
    """A file, or a folder when it has no text. `is_first` is written once and then belongs to the owner."""

    path: Path
    mode: int
    text: str | None = None
    is_roots: bool = False
    is_first: bool = False


def unit(text: str, profile: Profile, root: Path, user: str, group: str) -> str:
    """The committed unit with the real root and user; below a home the homes are readable, and an audit of units asks no engine."""
    if profile is Profile.HOST:
        text = re.sub(
            rf"^(ExecStart=.*/{AUDIT_SCRIPT})$", r"\1 --profile host", text, flags=re.MULTILINE
        )
    real = text.replace(COMMITTED_ROOT, str(root))
    real = re.sub(rf"^User={COMMITTED_USER}$", f"User={user}", real, flags=re.MULTILINE)
    real = re.sub(rf"^Group={COMMITTED_USER}$", f"Group={group}", real, flags=re.MULTILINE)
    if any(root.is_relative_to(home) for home in HOMES):
        real = re.sub(r"^ProtectHome=yes$", "ProtectHome=read-only", real, flags=re.MULTILINE)
    return real


def sudo_rules(profile: Profile, user: str) -> str:
    """Exactly the commands of the closeout, word for word, and no other."""
    starts = (START_PLATFORM,) if profile is Profile.HOST else ()
    told = ", \\\n    ".join(f"/usr/bin/{' '.join(words)}" for words in (*PRIVILEGED, *starts))
    return (
        "# The closeout proves the nightly audit with these commands; written by `interlock install`.\n"
        f"Cmnd_Alias INTERLOCK_PROOF = {told}\n"
        f"{user} ALL=(root) NOPASSWD: INTERLOCK_PROOF\n"
    )


def pieces(
    profile: Profile, root: Path, user: str, group: str, committed: Mapping[str, str]
) -> Iterator[Piece]:
    """Everything that is placed, in order; `committed` are the unit files of the checkout by name."""
    yield Piece(DATA, 0o700)
    for name in ("secrets", "evidence", "reports"):
        yield Piece(root / name, 0o700)
    yield Piece(root / ".env", 0o600, "", is_first=True)
    yield Piece(
        root / ".env.aws", 0o600, f"APP_ENV={profile}\nINTERLOCK__DATA={DATA}\n", is_first=True
    )
    yield Piece(root / "secrets/runtime.env", 0o600, RUNTIME, is_first=True)
    for name in profile.units:
        text = unit(committed[name], profile, root, user, group)
        yield Piece(UNITS / name, 0o644, text, is_roots=True)
    yield Piece(SUDO_RULES, 0o440, sudo_rules(profile, user), is_roots=True)


def database(runtime: str, fresh: str) -> tuple[str, str]:
    """The database's own file, and what the runtime file still lacks to be let in there.

    A password that the runtime file already names is kept; else it is `fresh`. The containers' database knows no key.
    """
    named = [line for line in runtime.splitlines() if line.split("=", 1)[0] in URL_NAMES]
    if not named:
        missing = f"DATABASE_URL=postgresql://interlock:{fresh}@db:5432/interlock\n"
        return f"POSTGRES_PASSWORD={fresh}\n", missing
    password = urlsplit(named[-1].split("=", 1)[1].strip("'\" ")).password or ""
    return f"POSTGRES_PASSWORD={password}\n", ""


def is_plain(root: Path) -> bool:
    """Whether unit files and sudo rules can hold this path as it is."""
    return bool(PLAIN_PATH.fullmatch(str(PurePosixPath(root))))
