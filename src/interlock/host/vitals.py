"""How the host fares, by the kernel's own word: how full the disk is, how much memory is to be had, how many processes died unburied."""

import os
import time
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

from interlock.values import Unknown

PROC: Final = Path("/proc")
BURIAL: Final = timedelta(seconds=1)
HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class Vitals:
    """Shares in percent; `zombies` are those that stay."""

    disk_pct: Decimal | Unknown
    memory_free_pct: Decimal | Unknown
    zombies: int | Unknown


def vitals(folder: Path, proc: Path = PROC) -> Vitals:
    """The disk that holds `folder`, and the memory and processes of this host."""
    return Vitals(disk_used_pct(folder), memory_free_pct(proc), zombies(proc))


def disk_used_pct(folder: Path) -> Decimal | Unknown:
    """What is used of what an ordinary user may use, or of the inodes, whichever is more; as `df` counts."""
    try:
        found = os.statvfs(folder)
    except OSError as error:
        return Unknown(f"{folder}: {error.strerror}")
    blocks = _used(found.f_blocks - found.f_bfree, found.f_bavail)
    inodes = _used(found.f_files - found.f_ffree, found.f_favail)
    return max(blocks, inodes) if found.f_blocks else Unknown(f"{folder} is on no disk")


def memory_free_pct(proc: Path = PROC) -> Decimal | Unknown:
    """What new work may still have, without swapping."""
    try:
        lines = (proc / "meminfo").read_text(encoding="ascii").splitlines()
        told = {name: int(rest.split()[0]) for name, _, rest in (x.partition(":") for x in lines)}
        return round(Decimal(told["MemAvailable"]) / told["MemTotal"] * HUNDRED, 2)
    except (OSError, LookupError, ValueError, ArithmeticError) as error:
        return Unknown(f"meminfo: {type(error).__name__}")


def zombies(proc: Path = PROC, burial: timedelta = BURIAL) -> int | Unknown:
    """Processes that were dead at two looks: one that is buried in between was none."""
    first = _dead(proc)
    if isinstance(first, Unknown) or not first:
        return first if isinstance(first, Unknown) else 0
    time.sleep(burial.total_seconds())
    again = _dead(proc)
    return again if isinstance(again, Unknown) else len(first & again)


def _dead(proc: Path) -> frozenset[str] | Unknown:
    try:
        entries = [name for name in os.listdir(proc) if name.isdecimal()]  # noqa: PTH208 - a thousand names, not a thousand paths
    except OSError as error:
        return Unknown(f"{proc}: {error.strerror}")
    return (
        frozenset(pid for pid in entries if _is_dead(proc / pid / "stat"))
        if entries
        else Unknown(f"{proc} lists no process")
    )


def _is_dead(stat: Path) -> bool:
    """The state stands behind the program's name, which may hold anything; a process that has gone meanwhile is buried."""
    try:
        return (
            stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0] == "Z"
        )
    except (OSError, LookupError):
        return False


def _used(used: int, left: int) -> Decimal:
    return round(Decimal(used) / (used + left) * HUNDRED, 2) if used + left else Decimal(0)
