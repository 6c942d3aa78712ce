"""What the nightly audit keeps beside its evidence from one night to the next: alerts that nobody heard, and what it counts from.

A note that is absent says nothing; one that cannot be read is Unknown. Notes are written whole or not at all.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from interlock.evidence.nightly import Alert
from interlock.evidence.stability import Baseline
from interlock.values import Unknown

Note = TypeVar("Note")
ALERTS: Final = "alert_undelivered.json"
BASELINE: Final = "stability_baseline.json"
SEEN: Final = "stability_seen.json"


@dataclass(frozen=True, slots=True)
class Notes:
    """The notes in the folder of the evidence."""

    folder: Path

    def undelivered(self) -> tuple[Alert, ...] | Unknown:
        """The alerts that nobody heard, oldest first."""
        return _read(self.folder / ALERTS, tuple[Alert, ...], ())

    def keep_undelivered(self, alerts: tuple[Alert, ...]) -> None:
        """Keeps them until they are heard or acknowledged; none is no note."""
        if alerts:
            _write(self.folder / ALERTS, alerts)
        else:
            (self.folder / ALERTS).unlink(missing_ok=True)

    def baseline(self) -> Baseline | Unknown:
        """What the last audit saw; before the first one, nothing."""
        return _read(self.folder / BASELINE, Baseline, Baseline())

    def keep_seen(self, seen: Baseline) -> None:
        """What a look at the stability saw: the next baseline, once the audit that it belongs to has ended."""
        _write(self.folder / SEEN, seen)

    def audited(self) -> None:
        """An audit has ended: what it saw is what the next one counts from."""
        seen = self.folder / SEEN
        if seen.exists():
            seen.replace(self.folder / BASELINE)


def _read(path: Path, kind: type[Note], absent: Note) -> Note | Unknown:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return absent
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        return Unknown(f"{path.name} cannot be read: {type(error).__name__}")


def _write(path: Path, note: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(note))
    fresh.replace(path)
