from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from interlock.errors import BadInput
from interlock.market import Window
from interlock.research.candles.shelf import (
    DamagedSeries,
    LongHalt,
    NoSuchSeries,
    Origin,
    Series,
    Shelf,
    data_hash,
    joined,
    series_of,
)
from interlock.values import Instant
from tests.rooms.research.candles import HOUR, shipped
from tests.rooms.research.test_checking_candles import without

NOW = Instant.of_iso("2026-08-01")
BARS = shipped(first=1000, bars=500)


def a_series(window: Window = BARS) -> Series:
    return series_of(window, Origin("a file", notes=("a note",)))


def test_what_is_put_on_the_shelf_is_there_with_every_bit_and_nothing_beside_it(
    tmp_path: Path,
) -> None:
    path = Shelf(tmp_path).put(a_series())

    found = Shelf(tmp_path).open("BTC_USDT", HOUR)

    assert data_hash(found.window) == data_hash(BARS)
    assert found.manifest.origin.notes == ("a note",)
    assert list(tmp_path.iterdir()) == [path]
    assert Shelf(tmp_path).names() == (("BTC_USDT", "1h"),)


def test_a_series_is_replaced_only_when_that_is_said(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put(a_series())

    with pytest.raises(BadInput, match="--replace"):
        shelf.put(a_series(BARS.head(10)))
    assert len(shelf.look("BTC_USDT", HOUR).window) == 500
    shelf.put(a_series(BARS.head(10)), over=True)
    assert len(shelf.look("BTC_USDT", HOUR).window) == 10


def test_what_ships_stands_behind_what_was_imported(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, {("BTC_USDT", "1h"): lambda: a_series(BARS.head(7))})

    assert len(shelf.open("BTC_USDT", HOUR).window) == 7
    shelf.put(a_series())
    assert len(shelf.open("BTC_USDT", HOUR).window) == 500
    with pytest.raises(NoSuchSeries):
        shelf.open("ETH_USDT", HOUR)


def test_a_symbol_that_was_away_for_long_is_not_used_until_a_person_says_so(tmp_path: Path) -> None:
    shelf, halted = Shelf(tmp_path), without(BARS, 100, 300)
    shelf.put(a_series(halted))

    with pytest.raises(LongHalt, match="8 days"):
        shelf.open("BTC_USDT", HOUR)
    assert len(shelf.accept(halted, "ada", NOW)) == 1
    assert len(Shelf(tmp_path).open("BTC_USDT", HOUR).window) == 300


def test_one_accepted_halt_does_not_accept_the_next(tmp_path: Path) -> None:
    shelf, halted = Shelf(tmp_path), without(BARS, 30, 210)
    shelf.accept(halted, "ada", NOW)
    shelf.put(a_series(without(halted, 60, 260)))

    with pytest.raises(LongHalt):
        shelf.open("BTC_USDT", HOUR)


def test_a_file_that_was_damaged_is_not_read_in_part(tmp_path: Path) -> None:
    path = Shelf(tmp_path).put(a_series())
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)

    with pytest.raises(DamagedSeries):
        Shelf(tmp_path).look("BTC_USDT", HOUR)


def test_what_cannot_be_written_leaves_the_old_series(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put(a_series())
    uneven = replace(BARS, volume=BARS.volume[:5])

    with pytest.raises(Exception, match=r"."):
        shelf.put(replace(a_series(), window=uneven), over=True)
    assert len(shelf.look("BTC_USDT", HOUR).window) == 500
    assert len(list(tmp_path.iterdir())) == 1


def test_what_cannot_be_put_in_place_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "BTC_USDT_1h.parquet" / "in the way").mkdir(parents=True)

    with pytest.raises(OSError, match="directory"):
        Shelf(tmp_path).put(a_series(), over=True)
    assert len(list(tmp_path.iterdir())) == 1


def test_two_windows_are_joined_where_they_agree_and_refused_where_not() -> None:
    one, other = BARS.head(300), BARS.tail(300)

    whole = joined(one, other)

    assert data_hash(whole) == data_hash(BARS)
    close = other.close.copy()
    close[0] += 0.5
    with pytest.raises(BadInput, match="differ"):
        joined(one, replace(other, close=close))
    assert np.array_equal(whole.opens_ms, BARS.opens_ms)
