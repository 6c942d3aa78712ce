"""Which installation a data folder belongs to, written beside its books: a folder that had books is never given new ones unasked."""

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Final

from interlock.errors import StoreTrouble

FILE: Final = "installation"


class Stamp:
    """The id of an installation, in a file of its own that is written once."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def read(self) -> str | None:
        """The id; None where the folder never had one."""
        try:
            return self._path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise StoreTrouble(f"{self._path}: {error}.") from error

    def look_for(self, books: Path) -> None:
        """Raises when the folder had books and they are gone."""
        if self.read() is not None and not books.exists():
            raise StoreTrouble(
                f"{books} is missing, and there were books: bring them back, or move {self._path} away to begin anew."
            )

    def agree(self, install_id: str) -> str:
        """The id that holds here: this one where none was written, which of several that write at once only one does."""
        try:
            self._write(install_id)
        except OSError as error:
            raise StoreTrouble(f"{self._path}: {error}.") from error
        return self.read() or install_id

    def _write(self, install_id: str) -> None:
        if self._path.exists():
            return
        descriptor, name = tempfile.mkstemp(prefix=f"{FILE}.", suffix=".new", dir=self._path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(f"{install_id}\n")
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                self._path.hardlink_to(name)
        finally:
            Path(name).unlink()
