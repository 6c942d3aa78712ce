"""The recordings are what the exchanges printed, and a damaged one is refused."""

import hashlib
import json
import shutil
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from interlock.errors import InterlockError
from interlock.simulator import recordings
from interlock.simulator.recordings import DamagedRecording, Series, UnknownRecording

MANIFEST: Final = json.loads((recordings.HERE / "MANIFEST.json").read_bytes())
CANDLES: Final = sorted(MANIFEST["candles"])
TAPE: Final = "cryptocom_BTC-USD_trades"
SMALL: Final = "cryptocom_CRO-USDT_1m"
ENTRIES: Final = [entry for kind in MANIFEST.values() for entry in kind.values()]
ORACLE: Final = json.loads(
    (Path(__file__).parent / "oracle" / "indicators_talib.json").read_bytes()
)
DEMO_START_MS: Final = 1_709_164_800_000  # 2024-02-29
DEMO_END_MS: Final = 1_711_756_800_000  # 2024-03-30
HOUR_MS: Final = 3_600_000

every_entry = pytest.mark.parametrize("entry", ENTRIES, ids=[entry["file"] for entry in ENTRIES])
every_series = pytest.mark.parametrize("name", CANDLES)


def prices(series: Series) -> NDArray[np.float64]:
    return np.concatenate([series.open, series.high, series.low, series.close])


def columns(series: Series) -> list[NDArray[Any]]:
    return [
        series.open_time,
        series.open,
        series.high,
        series.low,
        series.close,
        series.volume,
    ]


def spelled(epoch_ms: int) -> str:
    return datetime.fromtimestamp(epoch_ms / 1000, tz=UTC).isoformat().replace("+00:00", "Z")


def decimals(values: NDArray[np.float64]) -> int:
    printed = (Decimal(repr(x)).normalize() for x in np.unique(values).tolist())
    return max(-int(number.as_tuple().exponent) for number in printed)


def copied(file: str, folder: Path) -> Path:
    """Copy one recording and the manifest to a folder of their own, to be damaged there."""
    (folder / file).parent.mkdir(exist_ok=True)
    shutil.copy(recordings.HERE / "MANIFEST.json", folder)
    return Path(shutil.copy(recordings.HERE / file, folder / file))


def read(file: str, folder: Path) -> object:
    name = Path(file).stem
    match file.partition("/")[0]:
        case "candles":
            return recordings.load(name, folder)
        case "trades":
            return recordings.trades(name, folder)
        case "instruments.json":
            return recordings.instruments(folder)
        case _:
            return recordings.risk_parameters(folder)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(f"candles/{SMALL}.npz", tmp_path_factory.mktemp("recordings"))


@every_entry
def test_every_shipped_file_is_the_one_that_its_manifest_describes(entry: dict[str, Any]) -> None:
    raw = (recordings.HERE / entry["file"]).read_bytes()

    assert hashlib.sha256(raw).hexdigest() == entry["sha256"]


def test_nothing_is_shipped_without_an_entry() -> None:
    shipped = [
        *recordings.HERE.glob("*/*.npz"),
        *(path for path in recordings.HERE.glob("*.json") if path.name != "MANIFEST.json"),
    ]

    assert {path.relative_to(recordings.HERE).as_posix() for path in shipped} == {
        entry["file"] for entry in ENTRIES
    }


def test_every_source_is_named_in_words_and_its_licence_and_no_other_is_shipped() -> None:
    words = (recordings.HERE / "ATTRIBUTION.md").read_text(encoding="utf-8")
    sources = {entry["source_repository"] for entry in ENTRIES}
    licences = {path.stem for path in (recordings.HERE / "LICENSES").iterdir()}

    assert licences == {source.replace("/", "+") for source in sources}
    assert all(f"## {source} (MIT)" in words for source in sources)
    assert all(f"`{entry['file']}`" in words for entry in ENTRIES)
    assert {entry["licence"] for entry in ENTRIES} == {"MIT"}


def test_the_names_that_load_knows_are_those_of_the_manifest() -> None:
    assert recordings.available() == tuple(CANDLES)


@every_series
def test_a_series_holds_what_the_manifest_says_of_it(name: str) -> None:
    series, said = recordings.load(name), MANIFEST["candles"][name]
    inside = hashlib.sha256(b"".join(column.tobytes() for column in columns(series)))
    leaps = np.diff(series.open_time)

    assert inside.hexdigest() == said["arrays_sha256"]
    assert (series.symbol, series.timeframe_ms) == (said["symbol"], said["timeframe_ms"])
    assert {len(column) for column in columns(series)} == {said["rows"]}
    assert spelled(int(series.open_time[0])) == said["first"]
    assert spelled(int(series.open_time[-1])) == said["last"]
    assert (leaps != series.timeframe_ms).sum() == said["gap_count"]
    assert (leaps // series.timeframe_ms - 1).sum() == said["missing_bars"]


@every_series
def test_bars_are_in_order_each_once_and_on_the_grid(name: str) -> None:
    series = recordings.load(name)

    assert (np.diff(series.open_time) > 0).all()
    assert not (series.open_time % series.timeframe_ms).any()


@every_series
def test_no_bar_contradicts_itself(name: str) -> None:
    series = recordings.load(name)

    assert (series.low > 0).all()
    assert (series.low <= np.minimum(series.open, series.close)).all()
    assert (series.high >= np.maximum(series.open, series.close)).all()
    assert (series.volume >= 0).all()


@every_series
def test_every_number_is_the_decimal_that_the_exchange_printed(name: str) -> None:
    series, said = recordings.load(name), MANIFEST["candles"][name]

    assert decimals(prices(series)) == said["price_decimals"] <= 5
    assert decimals(series.volume) == said["volume_decimals"] <= 6


@every_series
def test_a_recording_cannot_be_changed_by_who_reads_it(name: str) -> None:
    series = recordings.load(name)

    with pytest.raises(ValueError, match="read-only"):
        series.close[0] = 1.0
    assert not any(column.flags.writeable for column in columns(series))


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_flipped_byte_is_refused_wherever_it_is(small: Path, place: int, flip: int) -> None:
    whole = (recordings.HERE / "candles" / f"{SMALL}.npz").read_bytes()
    damaged = bytearray(whole)
    damaged[place % len(whole)] ^= flip
    small.write_bytes(damaged)

    with pytest.raises(DamagedRecording, match=SMALL) as refusal:
        recordings.load(SMALL, small.parents[1])
    assert isinstance(refusal.value, InterlockError)
    assert "Install the package again" in refusal.value.remedy


@every_entry
def test_no_recording_is_read_with_a_flipped_byte_cut_short_or_away(
    entry: dict[str, Any], tmp_path: Path
) -> None:
    file = copied(entry["file"], tmp_path)
    whole = file.read_bytes()
    middle = len(whole) // 2

    assert read(entry["file"], tmp_path)
    for damaged in (whole[:-1], whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]):
        file.write_bytes(damaged)
        with pytest.raises(DamagedRecording, match="is not the file"):
            read(entry["file"], tmp_path)
    file.unlink()
    with pytest.raises(DamagedRecording, match="cannot be read"):
        read(entry["file"], tmp_path)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"candles": 1}', b"\xff"])
def test_a_manifest_that_says_nothing_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "MANIFEST.json").write_bytes(content)

    with pytest.raises(DamagedRecording, match=r"MANIFEST\.json"):
        recordings.available(tmp_path)


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedRecording, match=r"MANIFEST\.json"):
        recordings.load(SMALL, tmp_path)


@pytest.mark.parametrize("name", ["", "binance_BTC-USDT_1w", "../MANIFEST", TAPE])
def test_an_unknown_name_is_refused_with_the_names_that_are_known(name: str) -> None:
    with pytest.raises(UnknownRecording, match=SMALL) as refusal:
        recordings.load(name)
    assert "available()" in refusal.value.remedy


moments = st.integers(min_value=1_728_562_000_000, max_value=1_728_581_000_000)


@given(moments, moments)
def test_between_takes_the_start_and_leaves_the_end(one: int, other: int) -> None:
    whole = recordings.load(SMALL)
    part = recordings.between(whole, min(one, other), max(one, other))

    assert part.open_time.tolist() == [
        opened for opened in whole.open_time.tolist() if min(one, other) <= opened < max(one, other)
    ]
    assert (part.symbol, part.timeframe_ms) == (whole.symbol, whole.timeframe_ms)


@given(moments)
def test_two_halves_are_the_whole(middle: int) -> None:
    whole = recordings.load(SMALL)
    before = recordings.between(whole, 0, middle)
    after = recordings.between(whole, middle, 2**53)

    for first, second, both in zip(columns(before), columns(after), columns(whole), strict=True):
        assert np.concatenate([first, second]).tobytes() == both.tobytes()


def test_a_stretch_that_ends_before_it_starts_is_empty() -> None:
    assert not len(recordings.between(recordings.load(SMALL), 2**53, 0).close)


@pytest.mark.parametrize("coin", ["BTC", "ETH", "SOL", "XRP"])
def test_the_month_of_the_demo_has_no_hole_and_lies_on_the_ticks_of_crypto_com(coin: str) -> None:
    month = recordings.between(
        recordings.load(f"binance_{coin}-USDT_1h"), DEMO_START_MS, DEMO_END_MS
    )
    ticks = {row["symbol"]: row["price_tick_size"] for row in recordings.instruments()}
    digits = -int(Decimal(ticks[f"{coin}_USD"]).as_tuple().exponent)

    assert len(month.close) == (DEMO_END_MS - DEMO_START_MS) // HOUR_MS
    assert (month.volume > 0).all()
    assert decimals(prices(month)) <= digits


def test_bitcoin_is_above_fifty_thousand_in_the_month_of_the_demo() -> None:
    bitcoin = recordings.load("binance_BTC-USDT_1h")

    assert recordings.between(bitcoin, DEMO_START_MS, DEMO_END_MS).low.min() > 50_000


def test_the_tape_keeps_order_and_whole_ids() -> None:
    tape = recordings.trades(TAPE)

    assert len(tape.time) == MANIFEST["trades"][TAPE]["rows"]
    assert (np.diff(tape.time_ns) >= 0).all()
    assert len(np.unique(tape.trade_id)) == len(tape.trade_id)
    assert {len(trade_id) for trade_id in tape.trade_id.tolist()} == {19}
    assert set(tape.taker_side.tolist()) == {"buy", "sell"}
    assert (tape.time_ns // 1_000_000 == tape.time).all()


def test_the_bars_of_crypto_com_are_its_trades_folded() -> None:
    tape, bars = recordings.trades(TAPE), recordings.load("cryptocom_BTC-USD_5m")
    complete = recordings.between(bars, int(tape.time[0]), 2**53)

    assert len(complete.close) == 13
    for index, opened in enumerate(complete.open_time.tolist()):
        inside = (tape.time >= opened) & (tape.time < opened + bars.timeframe_ms)
        traded = [Decimal(price) for price in tape.price[inside].tolist()]
        assert traded[0] == Decimal(repr(float(complete.open[index])))
        assert max(traded) == Decimal(repr(float(complete.high[index])))
        assert min(traded) == Decimal(repr(float(complete.low[index])))
        assert traded[-1] == Decimal(repr(float(complete.close[index])))
        assert sum(Decimal(size) for size in tape.quantity[inside].tolist()) == Decimal(
            repr(float(complete.volume[index]))
        )


def test_the_instruments_are_the_930_that_were_listed_with_ticks_as_text() -> None:
    rows = recordings.instruments()

    assert len(rows) == len({row["symbol"] for row in rows}) == 930
    assert all(Decimal(row["price_tick_size"]) > 0 for row in rows)
    assert all(Decimal(row["qty_tick_size"]) > 0 for row in rows)
    assert all(isinstance(row["price_tick_size"], str) for row in rows)


def test_for_some_instruments_the_lot_is_not_a_power_of_ten_below_one() -> None:
    lots = {row["symbol"]: row["qty_tick_size"] for row in recordings.instruments()}

    assert lots["PEPE_USD"] == lots["SHIB_USD"] == "10000"


def test_the_risk_parameters_bound_an_order_in_usd() -> None:
    limits = {
        row["instrument_name"]: row for row in recordings.risk_parameters()["base_currency_config"]
    }

    assert Decimal(limits["BTC"]["min_order_notional_usd"]) > 0
    assert Decimal(limits["BTC"]["max_order_notional_usd"]) > 0


@every_series
def test_the_oracle_speaks_of_the_bars_that_are_shipped(name: str) -> None:
    series, said = recordings.load(name), ORACLE["series"][name]

    assert said["rows"] == len(series.close)
    for bar in said["bars"]:
        assert series.open_time[bar["index"]] == bar["open_time_ms"]
        assert series.close[bar["index"]] == bar["close"]
