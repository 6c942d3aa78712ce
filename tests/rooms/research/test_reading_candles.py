import gzip
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.errors import BadInput
from interlock.market import Window
from interlock.research.candles.reading import read
from interlock.research.candles.table import BadBars
from tests.rooms.research.candles import (
    HOUR,
    csv,
    json_lines,
    newest_first_with_swapped_volumes,
    pages_in_another_order,
    rows,
    shipped,
)

BARS = shipped(first=30_000, bars=240)
NAMES = ("time", "open", "high", "low", "close", "volume")


def same(one: Window, other: Window) -> bool:
    pairs = zip((one.opens_ms, *one.arrays), (other.opens_ms, *other.arrays), strict=True)
    return one.symbol == other.symbol and all(np.array_equal(a, b) for a, b in pairs)


def imported(raw: bytes, symbol: str = "BTC_USDT") -> Window:
    return read(raw, symbol, HOUR).window


def test_columns_in_another_order_without_names_and_bars_repeated_at_page_borders_come_right() -> (
    None
):
    made = read(pages_in_another_order(BARS), "BTC_USDT", HOUR)

    assert same(made.window, BARS)
    assert made.notes == ("4 rows were there twice, word for word.",)


def test_newest_first_with_volumes_that_change_places_half_way_comes_right() -> None:
    made = read(newest_first_with_swapped_volumes(BARS, 120), "BTC_USDT", HOUR)

    assert same(replace(made.window, volume=BARS.volume), BARS)
    assert np.array_equal(made.window.volume[120:], BARS.volume[120:])
    assert np.array_equal(made.window.volume[:120], np.round(BARS.volume[:120], 2))
    assert made.notes == (
        "The file calls its symbol BTC/USD.",
        "It was newest first.",
        "In 120 rows the columns of volume had changed places; they were put back.",
    )


@pytest.mark.parametrize(
    "raw",
    [
        csv([NAMES, *rows(BARS)]),
        gzip.compress(csv([NAMES, *rows(BARS)])),
        csv([("# a remark",), NAMES, *rows(BARS)]).replace(b",", b";"),
        csv([(t * 1000, *rest) for t, *rest in rows(BARS)]),
        json_lines(BARS),
        json.dumps(rows(BARS)).encode(),
        b"\n".join(json.dumps(row).encode() for row in rows(BARS)),
        csv([NAMES, *sorted(rows(BARS), key=lambda row: row[0] % 7)]),
    ],
    ids=["csv", "gzip", "semicolons", "microseconds", "objects", "list", "arrays", "shuffled"],
)
def test_a_file_of_any_kind_gives_the_same_bars(raw: bytes) -> None:
    assert same(imported(raw), BARS)


def broken(line: int, place: int, value: object) -> bytes:
    lines: list[list[object]] = [list(row) for row in rows(BARS)]
    lines[line - 2][place] = value
    return csv([NAMES, *lines])


@pytest.mark.parametrize(
    ("raw", "line", "what"),
    [
        (broken(7, 2, 1), 7, "outside of its low and high"),
        (broken(9, 5, -1), 9, "cannot be"),
        (broken(9, 1, 0), 9, "cannot be"),
        (broken(5, 4, "nan"), 5, "no number"),
        (broken(5, 4, "1_000"), 5, "no number"),
        (broken(5, 4, ""), 5, "no number"),
        (broken(11, 0, rows(BARS)[9][0] + 1), 11, "off the grid"),
        (broken(11, 0, "yesterday"), 11, "no time"),
        (broken(4, 0, rows(BARS)[1][0]), 4, "something else"),
        (csv([NAMES, *rows(BARS)[:4], (1, 2)]), 6, "2 values where 6"),
        (csv([NAMES, *rows(BARS)[:4]]) + b"\xff\n", 6, "no text"),
        (json_lines(BARS) + b"\n{", 241, "no JSON"),
        (
            newest_first_with_swapped_volumes(BARS, 0).replace(b"BTC/USD", b"ETH/USD", 1),
            3,
            "BTC/USD",
        ),
    ],
)
def test_what_is_no_bar_is_refused_with_its_line(raw: bytes, line: int, what: str) -> None:
    with pytest.raises(BadBars, match=what) as caught:
        imported(raw)

    assert caught.value.at_line == line


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b"", "no row"),
        (csv([NAMES]), "no row"),
        (csv([("when", *NAMES[1:]), *rows(BARS)]), "is a time"),
        (csv([(*NAMES[:4], "last", "volume"), *rows(BARS)]), "is the close"),
        (csv([row[:5] for row in rows(BARS)]), "are six"),
        (csv([row for n, row in enumerate(rows(BARS)) if n % 2 == 0]), "2:00:00 apart"),
    ],
)
def test_a_file_that_says_too_little_is_refused(raw: bytes, what: str) -> None:
    with pytest.raises(BadBars, match=what):
        imported(raw)


def test_an_order_of_unnamed_columns_that_two_readings_fit_is_not_guessed() -> None:
    close, opened = [1.0, 2.0, 1.0, 2.0], [2.0, 1.0, 2.0, 1.0]
    flat = [
        (n * 3_600_000 + 10**12 // 3_600_000 * 3_600_000, 3, o, c, 0.5, 7)
        for n, (o, c) in enumerate(zip(opened, close, strict=True))
    ]

    with pytest.raises(BadBars, match="cannot be told"):
        imported(csv(flat))


def test_what_only_python_takes_for_white_space_is_white_space_everywhere() -> None:
    assert same(imported(csv([NAMES, *rows(BARS)]).replace(b",", b",\x1e")), BARS)


@settings(max_examples=150)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_any_bytes_give_bars_or_a_reason(raw: bytes) -> None:
    outcome(raw)


@settings(max_examples=150)
@given(st.data())
def test_a_damaged_file_gives_bars_or_a_reason(data: st.DataObject) -> None:
    whole = csv([NAMES, *rows(BARS)[:6]])
    start = data.draw(st.integers(0, len(whole)))
    length = data.draw(st.integers(0, 20))
    put = data.draw(st.one_of(st.binary(max_size=6), st.sampled_from([b"e99", b"\n", b",", b'"'])))

    outcome(whole[:start] + put + whole[start + length :])


def outcome(raw: bytes) -> None:
    try:
        window = imported(raw)
    except BadInput:
        return
    assert len(window)
    assert (np.diff(window.opens_ms) > 0).all()
    assert (window.low <= window.open).all()
    assert (window.close <= window.high).all()
