"""From TA-Lib's values over all collected candles to those over the recordings that ship.

    python scripts/data/trim_oracle.py COLLECTED [ORACLE]

Values are carried over, never made here, but for one: the mean over a series that ships only in part
is taken from TA-Lib again, over the rows that ship. A shipped series starts where its source starts,
so every value at an index that it still has stays true. Needs the package itself and TA-Lib.
"""

import argparse
import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import talib
from numpy.typing import NDArray

from interlock.simulator import recordings

HERE: Final = Path(__file__).resolve()
ORACLE: Final = HERE.parents[2] / "tests" / "foreign" / "oracle" / "indicators_talib.json"
DEFINITIONS: Final = {
    "input": "the rows of the recording as stored, index 0 is the first; holes are not filled; "
    "c is close, h high, l low, all float64",
    "SMA(n)": "mean of c[i-n+1..i]; first value at index n-1",
    "EMA10": "value at index 9 is the mean of c[0..9]; then e[i] = e[i-1] + 2/11*(c[i]-e[i-1])",
    "RSI14": "Wilder: gains and losses of the first 14 differences averaged, value at index 14; then "
    "avg = (avg*13 + new)/14; RSI = 100*G/(G+L); where G+L is 0 TA-Lib answers 0",
    "ATR14": "Wilder: TR[i] uses c[i-1], first TR at index 1; value at index 14 is the mean of "
    "TR[1..14]; then (prev*13 + TR)/14",
    "undefined": "before the first index a value is null; series_mean is over all defined bars",
}


def main() -> None:
    """Trim the values, and name each series as the loader does."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("collected", type=Path)
    asked.add_argument("oracle", type=Path, nargs="?", default=ORACLE)
    places = asked.parse_args()
    whole = json.loads((places.collected / "oracle" / "indicators_talib.json").read_bytes())
    trimmed = {
        "library": whole["library"],
        "definitions": DEFINITIONS,
        "tolerance": whole["tolerance"],
        "series": {
            name: trim(whole["files"][f"candles/{name}.parquet"], recordings.load(name))
            for name in recordings.available()
        },
    }
    places.oracle.parent.mkdir(parents=True, exist_ok=True)
    places.oracle.write_text(json.dumps(trimmed, indent=1) + "\n", encoding="utf-8")


def trim(values: dict[str, Any], series: recordings.Series) -> dict[str, Any]:
    """Keep the bars that ship; where some do not, take the means over those that do."""
    rows = len(series.close)
    if rows == values["rows"]:
        return values
    return {
        **values,
        "rows": rows,
        "series_mean": {name: mean(line) for name, line in indicators(series).items()},
        "bars": [bar for bar in values["bars"] if bar["index"] < rows],
    }


def mean(line: NDArray[np.float64]) -> float:
    """Average what is defined."""
    return float(np.nanmean(line))


def indicators(series: recordings.Series) -> dict[str, NDArray[np.float64]]:
    """Ask TA-Lib for the five lines of the oracle."""
    return {
        "RSI14": talib.RSI(series.close, 14),
        "SMA50": talib.SMA(series.close, 50),
        "SMA200": talib.SMA(series.close, 200),
        "EMA10": talib.EMA(series.close, 10),
        "ATR14": talib.ATR(series.high, series.low, series.close, 14),
    }


if __name__ == "__main__":
    main()
