"""From a folder of collected market data to the recordings that Interlock ships.

    python scripts/data/build_recordings.py COLLECTED [RECORDINGS]

COLLECTED holds a `MANIFEST.json` that names the source of every file, the parquet files, the
recorded payloads and `LICENSES/`. The same input gives the same bytes: entries have a fixed order
and a fixed date. Only another zlib could pack an array differently, never change it: the hash of
the arrays stands beside that of their file. Needs Polars, which the package never imports.
"""

import argparse
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

HERE: Final = Path(__file__).resolve()
RECORDINGS: Final = HERE.parents[2] / "src" / "interlock" / "simulator" / "recordings"
BAR: Final = ("open_time", "open", "high", "low", "close", "volume")
TRADE: Final = ("time", "time_ns", "trade_id", "match_id", "price", "qty", "taker_side")
TIMEFRAME_MS: Final = {
    "1m": 60_000,
    "5m": 300_000,
    "15m": 900_000,
    "1h": 3_600_000,
    "1d": 86_400_000,
}
PERMITTED_TIER: Final = "A1"
CAPTURES: Final = "goincrypto/cryptocom-exchange"
ZIP_DATE: Final = (1980, 1, 1, 0, 0, 0)
UNIX: Final = 3
COMPRESSION_LEVEL: Final = 6

COLUMN_TYPE: Final = {"open_time": np.int64, "time": np.int64, "time_ns": np.int64}


@dataclass(frozen=True, slots=True)
class Cut:
    """A series that ships only in part: the bars that open before `until`."""

    until: datetime
    why: str


CANDLES: Final[Mapping[str, Cut | None]] = {
    "binance_BTC-USDT_1h": None,
    "binance_ETH-USDT_1h": None,
    "binance_SOL-USDT_1h": None,
    "binance_XRP-USDT_1h": None,
    "binance_ETH-USDT_5m": Cut(
        datetime(2023, 9, 1, tzinfo=UTC),
        "cut to the first eight of the twelve months at the source, to bound the size; they hold "
        "the outage of 24 March and the crash of 17 August",
    ),
    "cryptocom_BTC-USDT_1m_ws": None,
    "cryptocom_BTC-USD_5m": None,
    "cryptocom_CLOUD-USD_15m": None,
    "cryptocom_CLOUD-USD_1d": None,
    "cryptocom_CRO-USDT_1m": None,
    "cryptocom_ETH-USDT_1m_ws": None,
}
TRADES: Final = ("cryptocom_BTC-USD_trades",)
DOCUMENTS: Final = ("instruments", "risk_parameters")


def main() -> None:
    """Build every recording, then the manifest that proves them."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("collected", type=Path)
    asked.add_argument("recordings", type=Path, nargs="?", default=RECORDINGS)
    places = asked.parse_args()
    collected: Path = places.collected
    recordings: Path = places.recordings
    sources = sources_by_name(collected)
    manifest = {
        "candles": {name: candles(name, sources, collected, recordings) for name in CANDLES},
        "trades": {name: trades(name, sources, collected, recordings) for name in TRADES},
        "documents": {name: document(name, collected, recordings) for name in DOCUMENTS},
    }
    entries = [entry for kind in manifest.values() for entry in kind.values()]
    licences({entry["source_repository"] for entry in entries}, collected, recordings)
    write(recordings / "MANIFEST.json", (json.dumps(manifest, indent=1) + "\n").encode())


def sources_by_name(collected: Path) -> dict[str, dict[str, Any]]:
    """Say where every series and tape was found, by its name without folder and ending."""
    listed = json.loads((collected / "MANIFEST.json").read_bytes())
    return {
        Path(source["file"]).name.partition(".")[0]: source
        for source in listed["candles"] + listed["trades_book_quotes"]
    }


def candles(
    name: str, sources: Mapping[str, dict[str, Any]], collected: Path, recordings: Path
) -> dict[str, Any]:
    """Ship one series, and say of it what a reader can check."""
    source = sources[name]
    frame = pl.read_parquet(proven(collected, source))
    cut = CANDLES[name]
    if cut is not None:
        frame = frame.filter(pl.col("open_time") < cut.until)
    arrays = {column: array(frame, column) for column in BAR}
    step = TIMEFRAME_MS[source["timeframe"]]
    leaps = np.diff(arrays["open_time"])
    return {
        **provenance(source),
        "timeframe": source["timeframe"],
        "timeframe_ms": step,
        **extent(arrays["open_time"]),
        "gap_count": int((leaps != step).sum()),
        "missing_bars": int((leaps // step - 1).sum()),
        "price_decimals": decimals(np.concatenate([arrays[column] for column in BAR[1:5]])),
        "volume_decimals": decimals(arrays["volume"]),
        "note": "; ".join(filter(None, [remark(source), cut.why if cut else ""])),
        **packed(arrays, f"candles/{name}.npz", recordings),
    }


def trades(
    name: str, sources: Mapping[str, dict[str, Any]], collected: Path, recordings: Path
) -> dict[str, Any]:
    """Ship one tape of trades; ids, prices and quantities stay the text that was printed."""
    source = sources[name]
    frame = pl.read_parquet(proven(collected, source))
    arrays = {column: array(frame, column) for column in TRADE}
    return {
        **provenance(source),
        **extent(arrays["time"]),
        "note": remark(source),
        **packed(arrays, f"trades/{name}.npz", recordings),
    }


def document(name: str, collected: Path, recordings: Path) -> dict[str, Any]:
    """Ship the inside of one recorded answer, compact; rows keep their order, fields and types."""
    recorded = json.loads((collected / "cryptocom" / f"{name}.json").read_bytes())
    result = recorded["result"]
    inside = result["data"] if name == "instruments" else result
    path, _, commit = recorded["source"].partition("@")
    text = json.dumps(inside, separators=(",", ":")) + "\n"
    return {
        "source_repository": CAPTURES,
        "source_path": path,
        "source_commit": commit,
        "licence": "MIT",
        "exchange": "cryptocom",
        "method": recorded["method"],
        "captured": moment(round(recorded["captured_epoch"] * 1000)),
        "file": f"{name}.json",
        "sha256": write(recordings / f"{name}.json", text.encode()),
    }


def proven(collected: Path, source: Mapping[str, Any]) -> bytes:
    """Read a collected file, if we may ship it and it is the one that its manifest describes."""
    raw: bytes = (collected / source["file"]).read_bytes()
    if source["licence_tier"] != PERMITTED_TIER:
        raise SystemExit(f"{source['file']}: its licence does not let us ship it")
    if hashlib.sha256(raw).hexdigest() != source["sha256"]:
        raise SystemExit(f"{source['file']}: not the file that the manifest describes")
    return raw


def provenance(source: Mapping[str, Any]) -> dict[str, Any]:
    """Say where a file comes from and of which market it is, its symbol as Crypto.com spells it."""
    return {
        "source_repository": source["source_repo"],
        "source_path": source["source_path"],
        "source_commit": source["source_commit"],
        "licence": source["licence"].partition(" ")[0],
        "source_sha256": source["sha256"],
        "exchange": source["exchange"],
        "symbol": source["symbol"].replace("/", "_"),
    }


def remark(source: Mapping[str, Any]) -> str:
    """Repeat what the collector noted, with files named as they ship."""
    return str(source["note"]).replace(".parquet", ".npz")


def array(frame: pl.DataFrame, column: str) -> np.ndarray[Any, Any]:
    """Take one column in the type in which it ships: time integer, bars float64, trades text."""
    values = frame[column]
    if values.dtype == pl.Datetime:
        values = values.dt.epoch("ms")
    if values.dtype == pl.Float64:
        return np.ascontiguousarray(values.to_numpy())
    return np.array(values.to_list(), dtype=COLUMN_TYPE.get(column, np.str_))


def extent(times: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Count the rows, and say when the first and the last were."""
    return {"rows": len(times), "first": moment(int(times[0])), "last": moment(int(times[-1]))}


def moment(epoch_ms: int) -> str:
    """Write a time as people do, to the second, or to the millisecond where it has one."""
    spelled = datetime.fromtimestamp(epoch_ms / 1000, tz=UTC).isoformat(timespec="milliseconds")
    return spelled.replace(".000", "").replace("+00:00", "Z")


def decimals(values: np.ndarray[Any, Any]) -> int:
    """Count the most decimals that the exchange printed in any of these."""
    return max(
        -int(Decimal(repr(x)).normalize().as_tuple().exponent) for x in np.unique(values).tolist()
    )


def packed(
    arrays: Mapping[str, np.ndarray[Any, Any]], file: str, recordings: Path
) -> dict[str, str]:
    """Write the arrays as a `.npz` that does not know when it was made; answer its two hashes."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as npz:
        for column, values in arrays.items():
            entry = zipfile.ZipInfo(f"{column}.npy", ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = UNIX
            member = io.BytesIO()
            np.lib.format.write_array(member, values, version=(1, 0), allow_pickle=False)
            npz.writestr(entry, member.getvalue(), compresslevel=COMPRESSION_LEVEL)
    inside = hashlib.sha256(b"".join(values.tobytes() for values in arrays.values()))
    return {
        "file": file,
        "sha256": write(recordings / file, archive.getvalue()),
        "arrays_sha256": inside.hexdigest(),
    }


def licences(repositories: set[str], collected: Path, recordings: Path) -> None:
    """Copy the licence text of each repository that something came from, and of no other."""
    for repository in sorted(repositories):
        name = repository.replace("/", "+") + ".txt"
        write(recordings / "LICENSES" / name, (collected / "LICENSES" / name).read_bytes())


def write(path: Path, content: bytes) -> str:
    """Write a file and answer the hash of what was written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    main()
