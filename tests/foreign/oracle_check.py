"""`make oracle`: every trade list and every indicator of the independent engine against ours, from the data beside the checkout.

The folder is not part of the repository (not all of it may be), so this is no test: it says what it compared, or that it could not.
"""

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from interlock.market import Window
from interlock.research.bars import without_holes
from interlock.strategy import talib
from tests.foreign.oracle_runs import differences, played

DATA: Final = Path(__file__).resolve().parents[2].parent / "shared" / "data"
SPANS: Final = {"1m": 1, "5m": 5, "15m": 15, "1h": 60, "4h": 240, "1d": 1440}
RSI: Final = "RSI14"


def window_of(path: Path) -> Window:
    """The series of a Parquet file, as stored."""
    rows = pl.read_parquet(path)
    _, pair, timeframe = path.stem.split("_")[:3]
    arrays = (rows[name].to_numpy().copy() for name in ("open", "high", "low", "close", "volume"))
    opens = rows["open_time"].dt.epoch("ms").to_numpy().copy()
    return Window(pair.replace("-", "_"), timedelta(minutes=SPANS[timeframe]), opens, *arrays)


def runs(data: Path) -> Iterator[tuple[str, int, list[str]]]:
    """The name of each list, its length, and how ours differs."""
    for path in sorted((data / "oracle").glob("freqtrade_*.json")):
        told = json.loads(path.read_bytes())
        window = window_of(data / told["file"])
        if "with_gaps" in path.name:
            window = without_holes(window)
        run = played(window, told["strategy"], told.get("price_tick_by_month"))
        yield path.name, len(told["trades"]), differences(run, told["trades"])


def indicators(data: Path) -> Iterator[tuple[str, int, list[str]]]:
    """The name of each series, how many values were compared, and which differ."""
    told = json.loads((data / "oracle" / "indicators_talib.json").read_bytes())["files"]
    for name, series in sorted(told.items()):
        window = window_of(data / name)
        ours = {
            RSI: talib.rsi(window.close, 14),
            "ATR14": talib.atr(window.high, window.low, window.close, 14),
            "EMA10": talib.ema(window.close, 10),
            "SMA50": talib.sma(window.close, 50),
            "SMA200": talib.sma(window.close, 200),
        }
        bars = [(bar, each) for bar in series["bars"] for each in ours]
        wrong = [
            f"{each} at {bar['index']}"
            for bar, each in bars
            if not _same(each, ours[each][bar["index"]], bar[each])
        ]
        means = series["series_mean"].items()
        wrong += [f"mean of {each}" for each, mean in means if not _same_mean(ours[each], mean)]
        yield name, len(bars) + len(means), wrong


def _same(name: str, ours: float, theirs: float | None) -> bool:
    if theirs is None:
        return bool(np.isnan(ours))
    return abs(ours - theirs) <= (1e-7 if name == RSI else 1e-9 * abs(theirs))


def _same_mean(ours: Any, theirs: float | None) -> bool:  # noqa: ANN401  an array
    known = ours[~np.isnan(ours)]
    if theirs is None:
        return not len(known)
    return abs(float(known.mean()) - theirs) <= 1e-9 * abs(theirs)


def main() -> int:
    """Compares everything; 1 when something differs or nothing could be compared."""
    if not (DATA / "oracle").is_dir():
        print(f"There is nothing to compare with: {DATA / 'oracle'} is no folder.")
        return 1
    is_wrong, compared = False, 0
    for found in (runs(DATA), indicators(DATA)):
        for name, count, wrong in found:
            is_wrong, compared = is_wrong or bool(wrong), compared + 1
            print(f"{'DIFFERS' if wrong else 'same   '}  {count:6}  {name}")
            for each in wrong[:5]:
                print(f"         {each}")
    return int(is_wrong or not compared)


if __name__ == "__main__":
    sys.exit(main())
