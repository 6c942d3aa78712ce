"""The lease: exactly one engine per data folder. The kernel holds it for a process and frees it when that ends, however it ends.

A stopped process keeps it, so nobody can take over from one that may yet wake: whoever wants to must end it first.
"""

import fcntl
import os
import time
from pathlib import Path
from typing import Final

from interlock.errors import StoreTrouble

FILE: Final = "engine.lock"
TRIES: Final = 4
TRY_S: Final = 0.005
PID_BYTES: Final = 32


class FolderLease:
    """The right to be the engine of this folder, still to be taken."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._descriptor = -1

    def take(self) -> tuple[str, None] | None:
        """Takes it when nobody holds it any more; else which process does, and no time at which it will end."""
        if self._descriptor >= 0:
            return None
        descriptor = self._opened()
        try:
            _lock(descriptor)
        except BlockingIOError:
            return _holder(descriptor), None
        except OSError as error:
            os.close(descriptor)
            raise StoreTrouble(f"{self._path}: {error}.") from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor
        return None

    def release(self) -> None:
        """Lets another engine take over; a second time changes nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _opened(self) -> int:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreTrouble(f"{self._path}: {error}.") from error


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


def _holder(descriptor: int) -> str:
    """Who wrote its process id into the file that is locked; the descriptor is given up."""
    try:
        said = os.pread(descriptor, PID_BYTES, 0).decode(errors="replace").strip()
    finally:
        os.close(descriptor)
    return f"process {said or 'unknown'}"
