"""`interlock install`: units, sudo rules, folders and first files of an installation, and a line for each thing it did.

It stops before it has changed anything where the host is not as it must be. What the owner has written it keeps.
"""

import grp
import os
import pwd
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer

from interlock.errors import Misuse
from interlock.host.commands import run
from interlock.host.installation import (
    AUDIT,
    SUDO_RULES,
    UNITS,
    Piece,
    Profile,
    database,
    is_plain,
    pieces,
)
from interlock.host.units import PLATFORM
from interlock.values import Unknown

CHECKOUT: Final = Path(__file__).parents[3]
LOCALTIME: Final = Path("/etc/localtime")
BOOTED: Final = Path("/run/systemd/system")
MONTH: Final = timedelta(days=30)


def install(
    *,
    profile: Annotated[Profile, typer.Option(help="In containers (aws), or as units (host).")],
    root: Annotated[Path, typer.Option(help="The checkout.")] = CHECKOUT,
    user: Annotated[str, typer.Option(help="Who runs it; else whoever owns the checkout.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say it, and do nothing.")] = False,
    destdir: Annotated[Path, typer.Option(help="Another root of the file system.")] = Path("/"),
) -> None:
    """Install units, sudo rules and folders on this host, and print each thing that was done."""
    site = _site(profile, root.absolute(), user, destdir)
    site.check()
    for line in (*site.files(dry_run=dry_run), *site.services(dry_run=dry_run)):
        typer.echo(f"would: {line}" if dry_run else line)


@dataclass(frozen=True, slots=True)
class Site:
    """One installation: of which profile, from which checkout, for whom, and below which root of the file system."""

    profile: Profile
    root: Path
    user: pwd.struct_passwd
    destdir: Path

    def check(self) -> None:
        """Raises with the remedy where this host cannot carry it."""
        if not is_plain(self.root):
            raise Misuse(f"{self.root}: a unit can hold no such path; move the checkout.")
        if self.user.pw_uid == 0:
            raise Misuse("The platform does not run as root: name its user with --user.")
        zone = self.at(LOCALTIME)
        if not _is_utc(zone):
            raise Misuse(
                f"This host does not run UTC ({zone.resolve()}), and the timer's 03:15 is the host's own. "
                "Run `timedatectl set-timezone Etc/UTC`."
            )
        enabled = self.at(UNITS) / "multi-user.target.wants"
        beside = [name for name in PLATFORM if (enabled / name).is_symlink()]
        if self.profile is Profile.AWS and beside:
            raise Misuse(
                f"{', '.join(beside)} must not run beside the containers: `systemctl disable --now {' '.join(beside)}`."
            )

    def files(self, *, dry_run: bool) -> Iterator[str]:
        """Places every piece; one line each."""
        committed = {
            name: (self.root / "deploy/systemd" / name).read_text(encoding="utf-8")
            for name in self.profile.units
        }
        group = grp.getgrgid(self.user.pw_gid).gr_name
        for piece in pieces(self.profile, self.root, self.user.pw_name, group, committed):
            yield self._place(piece, dry_run=dry_run)
        if self.profile is Profile.AWS:
            yield from self._database(dry_run=dry_run)

    def services(self, *, dry_run: bool) -> Iterator[str]:
        """Loads and enables what belongs to the profile, where a service manager runs; else says what remains to be done."""
        enabled = [f"{AUDIT}.timer"]
        told = [("systemctl", "daemon-reload"), ("systemctl", "enable", "--now", *enabled)]
        if self.profile is Profile.HOST:
            told.append(("systemctl", "enable", *PLATFORM))
        is_here = self.destdir == Path("/") and BOOTED.is_dir()
        for words in told:
            yield _said(words, do=is_here and not dry_run)
        if self.profile is Profile.AWS and self.user.pw_name not in _members("docker"):
            yield f"TO DO: usermod -aG docker,systemd-journal {self.user.pw_name}"
        start = {
            Profile.AWS: "docker compose --profile aws up -d db backend-aws frontend-aws",
            Profile.HOST: f"systemctl start {' '.join(PLATFORM)}",
        }
        yield f"TO DO: write the keys into {self.root}/secrets/runtime.env, then `{start[self.profile]}`"

    def at(self, path: Path) -> Path:
        """The path below the root of the file system that is installed to; the checkout stands where it stands."""
        return path if path.is_relative_to(self.root) else self.destdir / path.relative_to("/")

    def _database(self, *, dry_run: bool) -> Iterator[str]:
        """The database's password: made once, and known to the two files that need it."""
        runtime, own = self.root / "secrets/runtime.env", self.root / "secrets/db.env"
        known = runtime.read_text(encoding="utf-8") if runtime.exists() else ""
        text, missing = database(known, secrets.token_urlsafe(24))
        yield self._place(Piece(own, 0o600, text, is_first=True), dry_run=dry_run)
        if missing and not dry_run:
            runtime.write_text(f"{known}{missing}", encoding="utf-8")
        if missing:
            yield f"added    DATABASE_URL to {runtime}"

    def _place(self, piece: Piece, *, dry_run: bool) -> str:
        path = self.at(piece.path)
        is_kept = piece.is_first and path.exists()
        word = "kept" if is_kept else "folder" if piece.text is None else "wrote"
        owner = "root" if piece.is_roots else self.user.pw_name
        if not dry_run:
            if piece.text is None:
                path.mkdir(parents=True, exist_ok=True)
            elif not is_kept:
                _write(path, piece)
            path.chmod(piece.mode)
            if os.geteuid() == 0:
                owned = (0, 0) if piece.is_roots else (self.user.pw_uid, self.user.pw_gid)
                os.chown(path, *owned)
        return f"{word:8} {path} ({piece.mode:04o} {owner})"


def _site(profile: Profile, root: Path, user: str, destdir: Path) -> Site:
    if not (root / "deploy/systemd").is_dir():
        raise Misuse(f"{root} is no checkout of the platform: it has no deploy/systemd.")
    if destdir == Path("/") and os.geteuid() != 0:
        raise Misuse("Units and sudo rules are root's: run it with sudo.")
    try:
        account = pwd.getpwnam(user) if user else pwd.getpwuid(root.stat().st_uid)
    except KeyError:
        raise Misuse(
            f"There is no user {user}: `useradd --system --user-group --no-create-home --shell /usr/sbin/nologin {user}`."
        ) from None
    return Site(profile, root, account, destdir)


def _write(path: Path, piece: Piece) -> None:
    """The whole file or none of it; a sudo rule that `visudo` does not accept is never placed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(piece.text or "")
    fresh.chmod(piece.mode)
    if piece.path == SUDO_RULES and shutil.which("visudo"):
        judged = run(("visudo", "-cf", str(fresh)))
        if isinstance(judged, Unknown) or judged.code != 0:
            fresh.unlink()
            raise Misuse(f"visudo does not accept the rules for {path}.")
    fresh.replace(path)


def _is_utc(localtime: Path) -> bool:
    """Whether the zone of the host is UTC all the year round; a host without one runs UTC."""
    if not localtime.exists():
        return not localtime.is_symlink()
    with localtime.open("rb") as file:
        zone = ZoneInfo.from_file(file)
    year = [datetime(2026, 1, 1, tzinfo=UTC) + month * MONTH for month in range(12)]
    return all(day.astimezone(zone).utcoffset() == timedelta(0) for day in year)


def _members(group: str) -> list[str]:
    try:
        return grp.getgrnam(group).gr_mem
    except KeyError:
        return []


def _said(words: tuple[str, ...], *, do: bool) -> str:
    line = " ".join(words)
    if not do:
        return f"TO DO: {line}"
    ran = run(words)
    if isinstance(ran, Unknown) or ran.code != 0:
        why = ran.why if isinstance(ran, Unknown) else ran.stderr.strip()
        raise Misuse(f"`{line}` failed: {why}")
    return f"ran      {line}"
