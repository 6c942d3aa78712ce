"""The lease: exactly one engine per data folder. The kernel holds it for a process and frees it when that ends, however it ends."""

import fcntl
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from interlock.errors import LeaseLost, StoreTrouble

FILE: Final = "engine.lock"
TRIES: Final = 4
TRY_S: Final = 0.005


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


def is_held(folder: Path) -> bool:
    """Whether an engine holds the folder now. Asking holds it for an instant, which whoever takes it then waits for."""
    try:
        descriptor = os.open(folder / FILE, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def hold(folder: Path) -> Lease:
    """Takes the lease of the folder, or raises LeaseLost with who holds it."""
    path = folder / FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreTrouble(f"{path}: {error}.") from error
    try:
        _lock(descriptor)
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


def _lock(descriptor: int) -> None:
    """Takes the lock, a few times: one who only asks whether it is held has it for an instant."""
    for _ in range(TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(TRY_S)
        else:
            return
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
