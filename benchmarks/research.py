"""What a backtest costs, ours beside its peers': the same series, the same strategy, one run, each in a process of its own.

Seconds are those of the processor. A peer is installed into a folder of its own at first use, and is no dependency of anything here;
one that cannot be installed is named as such. Run alone: `python benchmarks/research.py`, a table and JSON.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.figure import Figure
from interlock.simulator import recordings

HERE: Final = Path(__file__).parent
PEERS_HOME: Final = HERE.parent / "build" / "peers"
BARS: Final = 100_000
OURS: Final = (
    ("exact", "exact"),
    ("exact", "preset"),
    ("exact", "portfolio"),
    ("exact", "fit"),
    ("screen", "screen"),
)
PEERS: Final = {
    "vectorbt": "1.2.0",
    "backtesting": "0.6.6",
    "nautilus_trader": "1.221.0",
}
NOT_MEASURED: Final = "freqtrade and jesse need an exchange's market list or a database of candles"
MINUTES_MAX: Final = 10


def series(path: Path) -> None:
    """Recorded bars of ETH, chained to the length of the bench where they end."""
    rows = recordings.load("binance_ETH-USDT_5m")
    size = len(rows.open_time)
    places = np.arange(BARS) % size
    factor = np.where(np.arange(BARS) < size, 1.0, rows.close[-1] / rows.open[0])
    prices = {
        name: np.round(getattr(rows, name)[places] * factor, 2)
        for name in ("open", "high", "low", "close")
    }
    opens = rows.open_time[0] + np.arange(BARS, dtype=np.int64) * rows.timeframe_ms
    np.savez(path, opens_ms=opens, volume=rows.volume[places], **prices)


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """One row per program, as it told it."""
    for module, part in OURS:
        yield _told([sys.executable, "-m", f"benchmarks.peers.ours_{module}", str(path), part])
    for name, version in PEERS.items():
        python = _installed(name, version)
        if python is None:
            yield {"name": name, "note": f"{version} could not be installed here"}
        else:
            yield _told([str(python), str(HERE / "peers" / f"with_{name}.py"), str(path)])


def research() -> list[Figure]:
    """The same as figures of `make bench`."""
    figures = []
    for row in measured():
        note = f"{row.get('version', '')} {row.get('note', '')}".strip()
        name = f"research {row['name']}"
        for key, unit in (
            ("bars_per_second", "bars/s"),
            ("combinations_per_second", "1/s"),
            ("seconds", "s"),
            ("max_rss_mb", "MB"),
            ("bars_r2", "R2"),
            ("symbols_r2", "R2"),
        ):
            if key in row:
                figures.append(Figure(f"{name} {key}", float(row[key]), unit, note))
    return figures


def measured() -> list[dict[str, Any]]:
    """Every row, on one series."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "series.npz"
        series(path)
        return list(rows(path))


def _installed(name: str, version: str) -> Path | None:
    """The peer's own interpreter; None when it cannot be had."""
    home = PEERS_HOME / f"{name}-{version}"
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        asked = [str(python), "-m", "pip", "install", "--quiet", f"{name}=={version}"]
        if subprocess.run(asked, check=False, timeout=MINUTES_MAX * 60).returncode:
            return None
        (home / "ready").touch()
    return python


def _told(command: list[str]) -> dict[str, Any]:
    """The JSON that a program ends with, or what became of it."""
    alone = ["env", "OMP_NUM_THREADS=1", "NUMBA_NUM_THREADS=1", f"PYTHONPATH={HERE.parent}"]
    done = subprocess.run(
        [*alone, *command],
        check=False,
        capture_output=True,
        text=True,
        timeout=MINUTES_MAX * 60,
    )
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        return {"name": Path(command[-2]).stem, "note": f"ended with {done.returncode}"}
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def main() -> int:
    """The table to stderr, JSON to stdout."""
    found = measured()
    names = (
        "name",
        "version",
        "bars_per_second",
        "combinations_per_second",
        "trades",
        "max_rss_mb",
    )
    table = Table(*names)
    for row in found:
        table.add_row(*(str(row.get(name, "")) for name in names))
    Console(stderr=True).print(table)
    print(json.dumps({"bars": BARS, "rows": found, "not_measured": NOT_MEASURED}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
