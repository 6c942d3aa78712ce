"""Room kept free beside the books, for the day on which the disk is full.

While it stands everything may be written. Once it was given up nothing new is asked for until the disk has room for it again; what must
be written all the same (a cancel, an answer, an execution, a switch, a new start) takes its place.
"""

import os
from pathlib import Path
from typing import Final

from interlock.errors import StoreTrouble

SIZE: Final = 1 << 20


class Reserve:
    """A file of real blocks that holds nothing."""

    def __init__(self, books: Path) -> None:
        self._path = books.with_name(f"{books.name}.reserve")

    def keep(self) -> None:
        """Stands from now on, or is trouble: what is new must not be begun on a disk that is full."""
        if not self._stands():
            try:
                self._fill()
            except OSError as error:
                self.give_up()
                raise StoreTrouble(
                    f"{self._path.parent} has no room: nothing new is asked for. {error.strerror}."
                ) from error

    def give_up(self) -> bool:
        """Frees its room; whether there was any."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True

    def _stands(self) -> bool:
        try:
            return self._path.stat().st_size == SIZE
        except FileNotFoundError:
            return False

    def _fill(self) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, SIZE)
        finally:
            os.close(descriptor)
