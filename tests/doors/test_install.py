"""`interlock install` puts down what it says, for the right profile, with the right modes, and stops where the host is not fit."""

import os
import pwd
import re
import shutil
import stat
from pathlib import Path

import pytest

from interlock.cli import main
from interlock.host.installation import Profile, unit
from tests.house.tree import ROOT

# Root may not run the platform, so whoever runs the tests as root installs for somebody else.
USER = pwd.getpwuid(os.getuid() or pwd.getpwnam("nobody").pw_uid).pw_name


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "srv" / "automated-trading-platform"
    shutil.copytree(ROOT / "deploy/systemd", root / "deploy/systemd")
    return root


@pytest.fixture
def host(tmp_path: Path) -> Path:
    found = tmp_path / "host"
    found.mkdir()
    return found


def install(profile: str, checkout: Path, host: Path, *more: str) -> int:
    words = ["install", "--profile", profile, "--root", str(checkout), "--destdir", str(host)]
    with pytest.raises(SystemExit) as left:
        main([*words, *(more or ("--user", USER))])
    return int(str(left.value.code or 0))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def units(host: Path) -> set[str]:
    return {path.name for path in (host / "etc/systemd/system").iterdir()}


def test_beside_the_containers_no_unit_of_the_platform_is_placed(
    checkout: Path, host: Path
) -> None:
    assert install("aws", checkout, host) == 0
    assert units(host) == {
        "nightly-integrity-audit.service",
        "nightly-integrity-audit.timer",
        "interlock-alert@.service",
    }


def test_units_have_the_real_root_and_user_and_nothing_of_the_committed_ones(
    checkout: Path, host: Path
) -> None:
    assert install("host", checkout, host) == 0

    for path in (host / "etc/systemd/system").glob("*.service"):
        text = path.read_text(encoding="utf-8")
        assert "/opt/" not in text
        assert f"\nWorkingDirectory={checkout}\n" in text
        assert f"\nUser={USER}\n" in text
        assert "\nProtectHome=yes\n" in text
    assert "interlock.service" in units(host)


def test_secrets_and_state_are_for_their_owner_alone(checkout: Path, host: Path) -> None:
    install("aws", checkout, host)

    for folder in (host / "var/lib/interlock", checkout / "secrets", checkout / "evidence"):
        assert mode(folder) == 0o700
    for name in (".env", ".env.aws", "secrets/runtime.env", "secrets/db.env"):
        assert mode(checkout / name) == 0o600
    assert mode(host / "etc/sudoers.d/interlock") == 0o440


def test_what_the_owner_has_written_is_kept_and_its_mode_is_narrowed(
    checkout: Path, host: Path
) -> None:
    (checkout / "secrets").mkdir()
    written = checkout / "secrets/runtime.env"
    written.write_text("DATABASE_URL=postgresql://interlock:own@db:5432/interlock\n")
    written.chmod(0o644)

    install("aws", checkout, host)
    install("aws", checkout, host)

    assert written.read_text() == "DATABASE_URL=postgresql://interlock:own@db:5432/interlock\n"
    assert (checkout / "secrets/db.env").read_text() == "POSTGRES_PASSWORD=own\n"
    assert mode(written) == 0o600


def test_the_database_gets_one_password_that_no_line_of_the_output_tells(
    checkout: Path, host: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install("aws", checkout, host)

    password = (checkout / "secrets/db.env").read_text().strip().partition("=")[2]
    assert len(password) >= 32
    assert f"://interlock:{password}@db:5432/" in (checkout / "secrets/runtime.env").read_text()
    assert password not in "".join(capsys.readouterr())


@pytest.mark.parametrize(("profile", "count"), [("aws", 5), ("host", 6)])
def test_sudo_admits_the_commands_of_the_closeout_and_no_other(
    profile: str, count: int, checkout: Path, host: Path
) -> None:
    install(profile, checkout, host)

    rules = (host / "etc/sudoers.d/interlock").read_text(encoding="utf-8")
    assert len(re.findall(r"/usr/bin/", rules)) == count
    assert "systemctl start nightly-integrity-audit.service" in rules
    assert ("systemctl start interlock.service" in rules) is (profile == "host")
    assert not re.search(r"[*?\[]|NOPASSWD: ALL", rules)


@pytest.mark.parametrize(
    ("zone", "code"), [("Etc/UTC", 0), ("Europe/London", 2), ("Europe/Berlin", 2)]
)
def test_a_host_in_another_zone_is_refused_with_the_remedy(
    checkout: Path, host: Path, zone: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    (host / "etc").mkdir()
    (host / "etc/localtime").symlink_to(f"/usr/share/zoneinfo/{zone}")

    assert install("aws", checkout, host) == code
    said = capsys.readouterr().err
    assert ("timedatectl set-timezone Etc/UTC" in said) is bool(code)
    assert (host / "etc/systemd").exists() is not bool(code)


def test_a_platform_enabled_beside_the_containers_is_refused(checkout: Path, host: Path) -> None:
    wanted = host / "etc/systemd/system/multi-user.target.wants"
    wanted.mkdir(parents=True)
    (wanted / "interlock.service").symlink_to("../interlock.service")

    assert install("aws", checkout, host) == 2
    assert install("host", checkout, host) == 0


@pytest.mark.parametrize("who", ["root", "nobody-of-this-name"])
def test_only_a_user_who_is_here_and_is_not_root_may_run_it(
    checkout: Path, host: Path, who: str
) -> None:
    assert install("aws", checkout, host, "--user", who) == 2
    assert not any(host.iterdir())


def test_a_dry_run_says_all_and_does_nothing(
    checkout: Path, host: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert install("aws", checkout, host, "--user", USER, "--dry-run") == 0

    said = capsys.readouterr().out.splitlines()
    assert all(line.startswith("would: ") for line in said)
    assert any("sudoers.d/interlock (0440 root)" in line for line in said)
    assert not any(host.iterdir())
    assert {path.name for path in checkout.iterdir()} == {"deploy"}


def test_everything_that_was_placed_was_said(
    checkout: Path, host: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install("host", checkout, host)

    said = capsys.readouterr().out
    placed = [path for path in (*host.rglob("*"), *checkout.glob("secrets/*")) if path.is_file()]
    assert placed
    for path in placed:
        assert f" {path} " in said


def test_below_a_home_the_units_may_read_the_homes() -> None:
    real = unit("ProtectHome=yes\n", Profile.AWS, Path("/home/ops/atp"), "ops", "ops")

    assert real == "ProtectHome=read-only\n"


@pytest.mark.parametrize(
    ("profile", "ends"), [("aws", "_audit.sh\n"), ("host", "_audit.sh --profile host\n")]
)
def test_the_audit_looks_at_what_was_installed(
    profile: str, ends: str, checkout: Path, host: Path
) -> None:
    install(profile, checkout, host)

    placed = host / "etc/systemd/system/nightly-integrity-audit.service"
    started = next(
        line for line in placed.read_text().splitlines(keepends=True) if "ExecStart=" in line
    )
    assert started.endswith(ends)
