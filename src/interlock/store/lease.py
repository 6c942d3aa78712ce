"""The lease: exactly one engine per data folder. The kernel holds it for a process and frees it when that ends, however it ends."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from interlock.errors import LeaseLost, StoreTrouble

FILE: Final = "engine.lock"


@dataclass(slots=True)
class Lease:
    """The right to be the engine of this folder."""

    path: Path
    _descriptor: int

    def release(self) -> None:
        """Lets another engine take over; a second time changes nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def hold(folder: Path) -> Lease:
    """Takes the lease of the folder, or raises LeaseLost with who holds it."""
    path = folder / FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreTrouble(f"{path}: {error}.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise LeaseLost(f"The engine with process id {holder} holds {folder}.") from error
    except OSError as error:
        os.close(descriptor)
        raise StoreTrouble(f"{path}: {error}.") from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return Lease(path, descriptor)
