"""Parquet through Polars: the one module that imports it, and that is itself imported when a Parquet file is there or is asked for."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from interlock.market import Window
from interlock.research.candles.table import BadBars, Table

COLUMNS: Final = ("open", "high", "low", "close", "volume")


def table_of(raw: bytes) -> Table:
    """The rows of anybody's Parquet file; times become milliseconds."""
    try:
        frame = pl.read_parquet(io.BytesIO(raw))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BadBars(f"It is no Parquet file that can be read: {str(error)[:200]}") from error
    if not frame.height or not frame.width:
        raise BadBars("There is no row in it.")
    times = [name for name, kind in frame.schema.items() if kind.is_temporal()]
    plain = frame.with_columns(_milliseconds(frame, name) for name in times)
    decimals = [name for name, kind in plain.schema.items() if kind.is_decimal()]
    plain = plain.with_columns(pl.col(name).cast(pl.String) for name in decimals)
    return Table(tuple(plain.columns), plain.rows(), range(1, frame.height + 1))


def _milliseconds(frame: pl.DataFrame, name: str) -> pl.Expr:
    column = pl.col(name)
    if frame.schema[name] in (pl.Time, pl.Duration):
        return column.cast(pl.String, strict=False)
    return column.cast(pl.Datetime("ms")).dt.epoch("ms")


def write(path: Path, window: Window, manifest: str) -> None:
    """One series as a file; `open_time` is the opening of the bar."""
    opens = pl.Series("open_time", window.opens_ms).cast(pl.Datetime("ms", "UTC"))
    columns = {name: pl.Series(a) for name, a in zip(COLUMNS, window.arrays, strict=True)}
    frame = pl.DataFrame({"open_time": opens, **columns})
    frame.write_parquet(path, compression="zstd", metadata={"interlock": manifest})


def read(path: Path, symbol: str, span: timedelta) -> tuple[Window, str]:
    """The series that `write` wrote, and what it was told of it; ValueError for a file that is none of its own."""
    try:
        manifest = pl.read_parquet_metadata(path)["interlock"]
        frame = pl.read_parquet(path)
        opens = frame["open_time"].dt.epoch("ms").to_numpy().astype(np.int64)
        window = Window(symbol, span, opens, *(frame[name].to_numpy() for name in COLUMNS))
    except pl.exceptions.PolarsError as error:
        raise ValueError(str(error)) from error
    return window, manifest
