"""Runs that were kept, so that a later one can be held against them: manifest, figures, equity by the day."""

import re
from pathlib import Path
from typing import Any, ClassVar, Final

import msgspec

from interlock.errors import BadInput
from interlock.research.manifest import Manifest
from interlock.research.measures.returns import Days

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
RUN_ID: Final = re.compile(r"[\w.:-]{1,80}", re.ASCII)


class NoSuchRun(BadInput):
    """No run of this name was kept."""

    remedy: ClassVar[str] = (
        "The names are those of the files under `research/runs` in the data folder."
    )


class KeptRun(msgspec.Struct, frozen=True):
    """What is kept of a run. `ends_ms` and `equity` are its days."""

    run_id: str
    title: str
    config_hash: str
    code: str
    sources: tuple[str, ...]
    figures: dict[str, Any]
    ends_ms: tuple[int, ...]
    equity: tuple[float, ...]
    sharpe_daily: float | None = None


def kept_of(
    manifest: Manifest, title: str, figures: dict[str, Any], days: Days | None, daily: float | None
) -> KeptRun:
    """What is kept of a run that was measured."""
    return KeptRun(
        manifest.run_id,
        title,
        manifest.config_hash,
        manifest.code,
        tuple(source.sha256 for source in manifest.sources),
        figures,
        tuple(days.ends_ms.tolist()) if days else (),
        tuple(days.equity.tolist()) if days else (),
        daily,
    )


def keep(folder: Path, run: KeptRun) -> None:
    """Writes it, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{run.run_id}.json"
    aside.write_bytes(_ENCODER.encode(run))
    aside.replace(folder / f"{run.run_id}.json")


def recall(folder: Path, run_id: str) -> KeptRun:
    """The run of this name; NoSuchRun when there is none, or when it cannot be read."""
    path = folder / f"{run_id}.json"
    if not RUN_ID.fullmatch(run_id) or not path.exists():
        raise NoSuchRun(f"No run is called {run_id!r}.")
    try:
        return msgspec.json.decode(path.read_bytes(), type=KeptRun)
    except (OSError, msgspec.MsgspecError) as error:
        raise NoSuchRun(f"{path} cannot be read: {error}.") from error
