"""The folder of evidence and the folder of reports: a file appears whole or not at all, and what was there before is kept.

The place for a run's evidence is taken when the run begins, so that a run which could not be written down never starts.
"""

import json
import os
import tempfile
from dataclasses import dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from interlock.evidence.certificate import Certificate
from interlock.evidence.closeout import DryRun
from interlock.values import Instant, Unknown

VERIFICATION: Final = "verification"
CLOSEOUT: Final = "closeout"


@dataclass(slots=True)
class EvidenceFile:
    """One run's evidence, to be: taken at the beginning, kept once it is whole, and gone when it never was."""

    folder: Path
    name: str
    _fresh: str = ""

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, self._fresh = tempfile.mkstemp(dir=self.folder, prefix=".", suffix=".part")
        os.close(handle)
        return self

    def keep(self, content: bytes) -> None:
        """Writes it, durably, under its name; nobody but its owner may read it."""
        _settle(Path(self._fresh), self.folder / self.name, content)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        Path(self._fresh).unlink(missing_ok=True)


def keep(path: Path, content: bytes) -> None:
    """A file that appears whole or not at all."""
    _settle(path.with_name(f".{path.name}.part"), path, content)


def write_report(path: Path, text: str, earlier_at: str) -> None:
    """The report at its place; an earlier one there is kept beside it with its time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        os.link(path, path.with_name(f"{path.stem}.{earlier_at}{path.suffix}"))
    keep(path, text.encode())


def last_dry_run(folder: Path) -> DryRun | None:
    """The last verification in this folder that ran where nothing is deployed; None when there is none."""
    for path in sorted(folder.glob("*.json"), reverse=True):
        found = _read(path)
        if found.get("kind") == VERIFICATION and found.get("is_deployment_host") is False:
            told = {key: str(found.get(key, "")) for key in ("at", "hostname", "head", "line")}
            return DryRun(**told, code=int(found.get("exit", 1)))
    return None


def keep_certificate(path: Path, made: Certificate) -> None:
    """The certificate as it was given, to the letter: what it is bound to is compared, and there is no secret in it."""
    told = {each.name: str(getattr(made, each.name)) for each in fields(made)}
    keep(path, json.dumps({"certificate": told}, indent=1).encode() + b"\n")


def read_certificate(path: Path) -> Certificate | Unknown:
    """The certificate that a passed closeout left there, or why none is known."""
    told = _read(path).get("certificate")
    if not isinstance(told, dict):
        return Unknown(f"there is none in {path.parent}")
    try:
        words = {each.name: str(told[each.name]) for each in fields(Certificate)}
        return Certificate(**{**words, "at": Instant.of_iso(words["at"])})  # type: ignore[arg-type] # every other field is a text
    except (KeyError, ValueError) as error:
        return Unknown(f"the one in {path.parent} cannot be read: {error}")


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _settle(fresh: Path, path: Path, content: bytes) -> None:
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
