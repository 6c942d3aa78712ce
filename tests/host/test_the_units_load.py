"""Every unit loads as committed and as installed, is closed by what it says of itself, and the sudo rules are read by sudo."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path

import pytest

from interlock.cli import main
from tests.house.tree import ROOT

pytestmark = pytest.mark.host

COMMITTED = sorted((ROOT / "deploy/systemd").iterdir())
SERVICES = [path for path in COMMITTED if path.suffix == ".service"]
PROGRAMS = (
    ".venv/bin/interlock",
    "scripts/aws/nightly_integrity_audit.sh",
    "scripts/aws/_notify_telegram_fail.sh",
)
EXPOSURE_MAX = 15  # in tenths
USER = pwd.getpwuid(os.getuid() or pwd.getpwnam("daemon").pw_uid).pw_name


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, check=False)


def host(tmp_path: Path, checkout: str) -> Path:
    """A root of a file system that holds systemd's own units, and the programs that ours start."""
    shutil.copytree("/lib/systemd/system", tmp_path / "lib/systemd/system", symlinks=True)
    for program in ("/bin/sh", *(f"{checkout}/{each}" for each in PROGRAMS)):
        path = tmp_path / program.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o755)
    return tmp_path


def verified(root: Path, names: list[str]) -> str:
    judged = run("systemd-analyze", "verify", f"--root={root}", "--man=no", *names)
    ours = [line for line in judged.stderr.splitlines() if "interlock" in line or "nightly" in line]
    return "\n".join(ours) if ours or judged.returncode == 0 else judged.stderr


def test_every_committed_unit_loads(tmp_path: Path) -> None:
    root = host(tmp_path, "/opt/automated-trading-platform")
    shutil.copytree(ROOT / "deploy/systemd", root / "etc/systemd/system")

    assert len(COMMITTED) >= 5
    assert not verified(root, [path.name for path in COMMITTED])


def test_a_misspelt_unit_does_not_load(tmp_path: Path) -> None:
    root = host(tmp_path, "/opt/automated-trading-platform")
    (root / "etc/systemd/system").mkdir(parents=True)
    timer = (ROOT / "deploy/systemd/nightly-integrity-audit.timer").read_text()
    wrong = timer.replace("*-*-* 03:15:00", "03:61")
    (root / "etc/systemd/system/nightly-integrity-audit.timer").write_text(wrong)

    assert verified(root, ["nightly-integrity-audit.timer"])


@pytest.mark.parametrize("profile", ["aws", "host"])
def test_every_installed_unit_loads(profile: str, tmp_path: Path) -> None:
    checkout = tmp_path / "srv" / "platform"
    shutil.copytree(ROOT / "deploy/systemd", checkout / "deploy/systemd")
    root = host(tmp_path / "host", str(checkout))
    words = ["install", "--profile", profile, "--root", str(checkout), "--user", USER]
    with pytest.raises(SystemExit):
        main([*words, "--destdir", str(root)])

    placed = sorted(path.name for path in (root / "etc/systemd/system").iterdir())
    assert len(placed) == {"aws": 3, "host": 5}[profile]
    assert not verified(root, placed)


@pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.name)
def test_the_exposure_of_every_service_is_at_most_one_and_a_half(unit: Path) -> None:
    judged = run(
        "systemd-analyze",
        "security",
        "--offline=true",
        "--no-pager",
        f"--threshold={EXPOSURE_MAX}",
        str(unit),
    )

    assert judged.returncode == 0, judged.stdout.splitlines()[-1]


def test_an_open_service_is_over_the_threshold(tmp_path: Path) -> None:
    unit = tmp_path / "open.service"
    unit.write_text("[Service]\nExecStart=/bin/true\n")

    judged = run("systemd-analyze", "security", "--offline=true", "--threshold=15", str(unit))

    assert judged.returncode != 0


@pytest.mark.parametrize("day", ["2026-03-28", "2026-10-24"])
def test_the_audit_is_due_at_a_quarter_past_three_utc_on_both_sides_of_a_clock_change(
    day: str,
) -> None:
    listed = run(
        "env",
        "TZ=UTC",
        "systemd-analyze",
        "calendar",
        f"--base-time={day} 12:00:00 UTC",
        "--iterations=3",
        "*-*-* 03:15:00",
    )

    assert listed.stdout.count(" 03:15:00 UTC") == 3


def test_sudo_reads_the_rules_and_a_broken_one_is_never_placed(tmp_path: Path) -> None:
    rules = ROOT / "deploy/systemd"
    checkout = tmp_path / "platform"
    shutil.copytree(rules, checkout / "deploy/systemd")
    words = ["install", "--profile", "aws", "--root", str(checkout), "--user", USER]
    with pytest.raises(SystemExit):
        main([*words, "--destdir", str(tmp_path / "host")])
    placed = tmp_path / "host/etc/sudoers.d/interlock"

    assert run("visudo", "-cf", str(placed)).returncode == 0
    broken = tmp_path / "broken"
    broken.write_text(placed.read_text().replace("NOPASSWD:", "NOPASSWD;"))
    assert run("visudo", "-cf", str(broken)).returncode != 0
