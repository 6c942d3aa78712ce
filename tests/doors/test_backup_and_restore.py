"""An owner backs up while the platform runs, loses the books to a kill and a lost disk, restores, and finds everything reconciled."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.doors.serving import free_port, wait_until

PROGRAM = str(Path(sys.executable).with_name("interlock"))
PATIENCE_S = 60.0


@pytest.fixture
def exchange() -> Iterator[dict[str, str]]:
    with subprocess.Popen([PROGRAM, "simulate"], stdout=subprocess.PIPE, env={}) as child:
        assert child.stdout is not None
        said: dict[str, str] = json.loads(child.stdout.readline())
        yield said
        child.kill()


@pytest.fixture
def environ(exchange: dict[str, str], tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "HOME": str(tmp_path),
        "INTERLOCK__DATA": str(tmp_path / "data"),
        "INTERLOCK__MODE": "SIM",
        "INTERLOCK__API__PORT": str(free_port()),
        "INTERLOCK__EXCHANGE__REST_URL": exchange["rest"],
        "INTERLOCK__EXCHANGE__API_KEY": exchange["api_key"],
        "INTERLOCK__EXCHANGE__API_SECRET": exchange["api_secret"],
    }


def _say(environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *words], env=environ, capture_output=True, text=True, timeout=60, check=False
    )


@contextmanager
def _running(environ: dict[str, str]) -> Iterator[None]:
    """The platform, which has read the wallet; killed at the end."""
    with subprocess.Popen([PROGRAM, "run"], env=environ, stderr=subprocess.DEVNULL) as child:
        try:
            wait_until(lambda: _has_read(environ), PATIENCE_S)
            yield
        finally:
            child.kill()


def _has_read(environ: dict[str, str]) -> bool:
    """Whether the books hold what was in the wallet when they began."""
    path = Path(environ["INTERLOCK__DATA"]) / "books.sqlite"
    if not path.exists():
        return False
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as rows:
        count: int = rows.execute("SELECT count(*) FROM entries").fetchone()[0]
    return count > 0


def test_a_backup_of_a_running_platform_is_restored_after_its_books_are_lost(
    environ: dict[str, str], tmp_path: Path
) -> None:
    file, data = str(tmp_path / "copy"), Path(environ["INTERLOCK__DATA"])
    with _running(environ):
        made = _say(environ, "backup", file, "--json")
        assert made.returncode == 0, made.stderr
        assert json.loads(made.stdout.splitlines()[-1])["venue"] == "SIM"
        held = _say(environ, "restore", file, "--why", "no", "--over")
        assert held.returncode == 2
        assert "end the engine first" in held.stderr
    for path in data.glob("books.sqlite*"):
        path.unlink()

    restored = _say(environ, "restore", file, "--why", "the disk was lost")
    assert restored.returncode == 0, restored.stderr
    assert "entries are paused" in restored.stdout
    verified = _say(environ, "journal", "verify", "--json")
    assert verified.returncode == 0, verified.stdout
    with _running(environ):
        wait_until(lambda: _say(environ, "reconcile").returncode == 0, PATIENCE_S)
        assert _say(environ, "resume", "--why", "looked").stdout.strip().endswith("not paused")
    assert _say(environ, "journal").stdout.startswith("PASS")
