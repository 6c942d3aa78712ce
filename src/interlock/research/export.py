"""A study as a table: one row per result, its parameters and figures as columns, in Parquet."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from interlock.research.results import Row, Study


def export(study: Study, path: Path) -> int:
    """Writes every row of the study, and the manifest into the file's metadata; returns how many rows there are."""
    rows = [_flat(row) for row in study.rows()]
    told = {name: str(value) for name, value in asdict(study.manifest).items()}
    pl.DataFrame(rows, infer_schema_length=None).write_parquet(path, metadata=told)
    return len(rows)


def _flat(row: Row) -> dict[str, Any]:
    """Parameters are named `param.x`, figures as they are."""
    params = msgspec.json.decode(row.params, type=dict[str, float])
    named = {f"param.{name}": value for name, value in params.items()}
    fixed = {"stage": row.stage, "number": row.number, "subject": row.subject}
    return {**fixed, **named, **row.figures, "failure": row.failure, "elapsed_s": row.elapsed_s}
