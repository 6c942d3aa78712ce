"""The host's vitals are the kernel's own: real ones can be read, broken ones are unknown, and a dead process counts until it is buried."""

import os
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from interlock.host.vitals import disk_used_pct, memory_free_pct, vitals, zombies
from interlock.values import Unknown


def test_the_vitals_of_this_host_are_read() -> None:
    found = vitals(Path("/"))

    assert isinstance(found.disk_pct, Decimal)
    assert isinstance(found.memory_free_pct, Decimal)
    assert 0 < found.memory_free_pct <= 100
    assert isinstance(found.zombies, int)


def test_the_share_of_memory_is_what_may_be_had_of_the_whole(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 8000 kB\nMemAvailable: 799 kB\n", encoding="ascii")

    assert memory_free_pct(tmp_path) == Decimal("9.99")


@pytest.mark.parametrize(
    "text", ["", "MemTotal: 1 kB\n", "MemTotal: 0 kB\nMemAvailable: 0 kB\n", "x: y z\n"]
)
def test_what_the_kernel_does_not_say_is_unknown(tmp_path: Path, text: str) -> None:
    (tmp_path / "meminfo").write_text(text, encoding="ascii")

    assert isinstance(memory_free_pct(tmp_path), Unknown)
    assert isinstance(memory_free_pct(tmp_path / "none"), Unknown)
    assert isinstance(disk_used_pct(tmp_path / "none"), Unknown)
    assert isinstance(zombies(tmp_path), Unknown)


def test_a_process_that_nobody_buried_is_counted() -> None:
    before = zombies(burial=timedelta(seconds=0.2))
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it is dead, and stays unburied
    dead = zombies(burial=timedelta(seconds=0.2))
    child.wait()

    assert isinstance(before, int)
    assert isinstance(dead, int)
    assert dead > 0
