"""Where series are kept, one file each under the name of symbol and timeframe, and opened for use.

A file is written aside and renamed: it is there whole or not at all. Parquet where Polars is installed, else NumPy's own format; both
are read. What ships with the platform stands on the shelf too, behind what was imported. A series that was halted for long is not
opened until a person has said that it may be.
"""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import ClassVar, Final
from zipfile import BadZipFile

import msgspec
import numpy as np

from interlock.errors import BadInput, InterlockError, Misuse
from interlock.market import Window
from interlock.research.candles.checking import Stretch, halts
from interlock.research.candles.timeframe import name_of
from interlock.values import Instant

SUFFIXES: Final = (".parquet", ".npz")
ACCEPTED: Final = "accepted_halts.json"
_PARQUET: Final = "interlock.research.candles.parquet"
_ARRAYS: Final = ("opens_ms", "open", "high", "low", "close", "volume")

Name = tuple[str, str]
"""Symbol and timeframe, such as ("BTC_USDT", "1h")."""


class NoSuchSeries(BadInput):
    """There are no bars of this symbol and timeframe."""

    remedy: ClassVar[str] = (
        "`interlock data list` shows what there is; `interlock data import` and `fetch` bring more."
    )


class LongHalt(BadInput):
    """The market of these bars was away for so long that it may have come back as another coin."""

    remedy: ClassVar[str] = (
        "Look at it, then run `interlock data check SYMBOL TIMEFRAME --accept-halt` if it is the same coin."
    )


class DamagedSeries(InterlockError):
    """A file on the shelf is not what was put there."""

    remedy: ClassVar[str] = "Import or fetch the series again, with --replace."


class NeedsPolars(Misuse):
    """Parquet is read and written by Polars, which is not installed."""

    remedy: ClassVar[str] = "Install the extra: pip install 'interlock[research]'."


class Origin(msgspec.Struct, frozen=True):
    """Where a series came from, and what was said of it then."""

    source: str
    sha256: str = ""
    at: str = ""
    notes: tuple[str, ...] = ()


class Manifest(msgspec.Struct, frozen=True):
    """What is written beside the bars: their name, their origin, and what they hash to."""

    symbol: str
    timeframe: str
    bars: int
    first: str
    last: str
    data_sha256: str
    origin: Origin


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Bars with their manifest."""

    window: Window
    manifest: Manifest


class Acceptance(msgspec.Struct, frozen=True):
    """Who said, and when, that a series may be used across this halt."""

    start: str
    end: str
    by: str
    at: str


def data_hash(window: Window) -> str:
    """SHA-256 of name, timeframe and every number of the bars: equal bars have equal hashes, whatever file they stand in."""
    digest = hashlib.sha256(f"{window.symbol} {name_of(window.span)}".encode())
    for array in (window.opens_ms, *window.arrays):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def series_of(window: Window, origin: Origin) -> Series:
    """These bars with the manifest that describes them; BadInput for no bars at all."""
    ends = window.ends()
    if ends is None:
        raise BadInput(f"There is not one whole bar of {window.symbol}.")
    first, last = Instant.of_ms(int(window.opens_ms[0])), ends - window.span
    name = (window.symbol, name_of(window.span), len(window))
    return Series(window, Manifest(*name, first.iso(), last.iso(), data_hash(window), origin))


class Shelf:
    """The series of one data folder, before those that ship."""

    def __init__(
        self, folder: Path, shipped: Mapping[Name, Callable[[], Series]] | None = None
    ) -> None:
        self._folder: Final = folder
        self._shipped: Final = shipped or {}

    def names(self) -> tuple[Name, ...]:
        """What there is, in alphabetical order."""
        found = (self._name(path) for path in self._folder.glob("*_*.*"))
        return tuple(sorted({*self._shipped, *filter(None, found)}))

    def kept(self, symbol: str, span: timedelta) -> Series | None:
        """A series of this folder, without those that ship."""
        path = self._path(symbol, span)
        return None if path is None else _read(path, symbol, span)

    def look(self, symbol: str, span: timedelta) -> Series:
        """A series as it is, whether or not it may be used."""
        kept = self.kept(symbol, span)
        if kept is not None:
            return kept
        name = (symbol, name_of(span))
        if name not in self._shipped:
            raise NoSuchSeries(f"There are no bars of {symbol} in {name_of(span)}.")
        return self._shipped[name]()

    def open(self, symbol: str, span: timedelta) -> Series:
        """A series that may be used; LongHalt when nobody has accepted its halts."""
        series = self.look(symbol, span)
        found = self.unaccepted(series.window)
        if found:
            longest = max(found, key=lambda halt: halt.end - halt.start)
            days = (longest.end - longest.start) / timedelta(days=1)
            raise LongHalt(
                f"{symbol} was away for {days:.0f} days from {longest.start.day()} on ({len(found)} halts of a week or more)."
            )
        return series

    def put(self, series: Series, *, over: bool = False) -> Path:
        """Keeps a series, whole or not at all; one of the same name is replaced only when that is said."""
        window = series.window
        old = self._path(window.symbol, window.span)
        if old is not None and not over:
            raise BadInput(f"{old.name} is there already: say --replace to put this in its place.")
        self._folder.mkdir(parents=True, exist_ok=True)
        suffix = SUFFIXES[0] if find_spec("polars") else SUFFIXES[1]
        path = self._folder / f"{window.symbol}_{name_of(window.span)}{suffix}"
        aside = path.with_name(f".{path.stem}.{os.getpid()}{suffix}")
        try:
            _write(aside, series)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
        if old is not None and old != path:
            old.unlink()
        return path

    # -- halts

    def unaccepted(self, window: Window) -> tuple[Stretch, ...]:
        """The long halts of these bars that nobody has accepted."""
        accepted = self._accepted().get(_stem(window), [])
        said = {(each.start, each.end) for each in accepted}
        return tuple(h for h in halts(window) if (h.start.iso(), h.end.iso()) not in said)

    def accept(self, window: Window, by: str, at: Instant) -> tuple[Stretch, ...]:
        """Records who says that these bars may be used across their halts; the halts that were accepted by it."""
        new = self.unaccepted(window)
        if new:
            every = self._accepted()
            rows = [Acceptance(h.start.iso(), h.end.iso(), by, at.iso()) for h in new]
            every[_stem(window)] = [*every.get(_stem(window), []), *rows]
            self._folder.mkdir(parents=True, exist_ok=True)
            aside = self._folder / f".{ACCEPTED}.{os.getpid()}"
            aside.write_bytes(msgspec.json.format(msgspec.json.encode(every)))
            aside.replace(self._folder / ACCEPTED)
        return new

    def _accepted(self) -> dict[str, list[Acceptance]]:
        path = self._folder / ACCEPTED
        try:
            return msgspec.json.decode(path.read_bytes(), type=dict[str, list[Acceptance]])
        except FileNotFoundError:
            return {}
        except msgspec.MsgspecError as error:
            raise DamagedSeries(f"{path} cannot be read: {error}.") from error

    # -- files

    def _path(self, symbol: str, span: timedelta) -> Path | None:
        stem = f"{symbol}_{name_of(span)}"
        paths = (self._folder / f"{stem}{suffix}" for suffix in SUFFIXES)
        return next((path for path in paths if path.exists()), None)

    def _name(self, path: Path) -> Name | None:
        symbol, _, timeframe = path.stem.rpartition("_")
        is_series = path.suffix in SUFFIXES and not path.name.startswith(".")
        return (symbol, timeframe) if is_series else None


def joined(old: Window, new: Window) -> Window:
    """Two windows of one market as one; BadInput where both have a bar and do not agree about it."""
    both, ours, theirs = np.intersect1d(old.opens_ms, new.opens_ms, return_indices=True)
    for a, b in zip(old.arrays, new.arrays, strict=True):
        differing = np.flatnonzero(a[ours] != b[theirs])
        if differing.size:
            when = Instant.of_ms(int(both[differing[0]]))
            raise BadInput(f"The bars of {when} differ from those that are kept: say --replace.")
    opens, places = np.unique(np.concatenate((old.opens_ms, new.opens_ms)), return_index=True)
    arrays = (np.concatenate(pair)[places] for pair in zip(old.arrays, new.arrays, strict=True))
    return Window(old.symbol, old.span, opens, *arrays)


def parquet() -> ModuleType:
    """The module that speaks Parquet: imported when it is needed, since it costs half a second and 60 MB."""
    if find_spec("polars") is None:
        raise NeedsPolars("This is a Parquet file, and Polars is not installed.")
    return import_module(_PARQUET)


def between(series: Series, start: Instant | None, end: Instant | None) -> Series:
    """The bars that open at or after `start` and before `end`, with their own manifest; BadInput when there are none."""
    window = series.window
    first = 0 if start is None else int(np.searchsorted(window.opens_ms, start.ms))
    last = len(window) if end is None else int(np.searchsorted(window.opens_ms, end.ms))
    part = window.head(last).tail(max(0, last - first))
    return series_of(part, series.manifest.origin)


def _stem(window: Window) -> str:
    return f"{window.symbol}_{name_of(window.span)}"


def _write(path: Path, series: Series) -> None:
    manifest = msgspec.json.encode(series.manifest).decode()
    if path.suffix == SUFFIXES[0]:
        parquet().write(path, series.window, manifest)
    else:
        arrays: Sequence[np.ndarray] = (series.window.opens_ms, *series.window.arrays)
        columns = dict(zip(_ARRAYS, arrays, strict=True))
        np.savez_compressed(path, manifest=np.array(manifest), **columns)  # type: ignore[arg-type] # columns are arrays alone
    with path.open("rb") as written:
        os.fsync(written.fileno())


def _read(path: Path, symbol: str, span: timedelta) -> Series:
    try:
        window, text = _contents(path, symbol, span)
        manifest = msgspec.json.decode(text, type=Manifest)
    except (OSError, ValueError, KeyError, BadZipFile, msgspec.MsgspecError) as error:
        raise DamagedSeries(f"{path} cannot be read: {type(error).__name__}.") from error
    if data_hash(window) != manifest.data_sha256:
        raise DamagedSeries(f"{path} holds other bars than its manifest describes.")
    return Series(window, manifest)


def _contents(path: Path, symbol: str, span: timedelta) -> tuple[Window, str]:
    if path.suffix == SUFFIXES[0]:
        found: tuple[Window, str] = parquet().read(path, symbol, span)
        return found
    with np.load(path, allow_pickle=False) as npz:
        return Window(symbol, span, *(npz[name] for name in _ARRAYS)), str(npz["manifest"])
