"""The golden paths: what each preset says of bars whose every figure is known, and of one flag more or less."""

import math
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.errors import BadInput
from interlock.market import Window
from interlock.strategy.bars import Bars
from interlock.strategy.decide import decide, decision, index
from interlock.strategy.presets import PRESETS, Preset
from interlock.strategy.presets import seen as columns_seen
from interlock.strategy.shelf import named
from interlock.strategy.signal import Decision, Flag
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Unknown
from tests.rooms.making import D, Reading, flags_of, reading, row, window

NAMES: Final = (
    "swing-conservative",
    "swing-aggressive",
    "intraday-conservative",
    "intraday-aggressive",
    "scalp-conservative",
    "scalp-aggressive",
    "trend-dip",
)
RISE: Final = [100 + 0.5 * i for i in range(250)]
FALL: Final = [200 - 0.25 * i for i in range(250)]


def after(base: list[float], *changes: float) -> list[float]:
    return base + [base[-1] + sum(changes[: i + 1]) for i in range(len(changes))]


P1: Final = after(RISE, -8, -8, 0.5, 10)
P2: Final = after(RISE, -8)
PATHS: Final = {
    "P1": (P1, "BUY WAIT WAIT WAIT WAIT BUY BUY"),
    "P1a": (P1[:-1], "WAIT BUY BUY BUY WAIT BUY WAIT"),
    "P2": (P2, "WAIT BUY BUY BUY WAIT BUY WAIT"),
    "P3": (after(RISE, -6), "WAIT WAIT WAIT WAIT WAIT BUY WAIT"),
    "P4": (after(RISE, -8, -8, -8, 3, 10), "BUY WAIT WAIT BUY BUY BUY BUY"),
    "P5": (after(FALL, 4, 4), "SELL SELL SELL SELL SELL SELL SELL"),
    "P6": (after(FALL, 3, 3), "WAIT WAIT WAIT SELL WAIT SELL WAIT"),
    "P7": (RISE, "WAIT WAIT WAIT WAIT SELL SELL WAIT"),
    "P8": ([100.0] * 250, "WAIT WAIT WAIT WAIT WAIT WAIT WAIT"),
    "P9": (P2[-49:], "WAIT WAIT WAIT WAIT WAIT BUY WAIT"),
    "P10": (P2[-199:], "WAIT WAIT BUY BUY WAIT BUY WAIT"),
    "P11": (P2[-200:], "WAIT BUY BUY BUY WAIT BUY WAIT"),
}
TABLE: Final = [
    pytest.param(closes, name, said, id=f"{path}-{name}")
    for path, (closes, line) in PATHS.items()
    for name, said in zip(NAMES, line.split(), strict=True)
]


@pytest.mark.parametrize(("closes", "name", "said"), TABLE)
def test_golden_paths(closes: list[float], name: str, said: str) -> None:
    assert decide(row(), PRESETS[name], window(closes)).decision == said


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("said", ["BUY", "SELL"])
def test_every_preset_can_say_buy_and_can_say_sell(name: str, said: str) -> None:
    heard = {decide(row(), PRESETS[name], window(closes)).decision for closes, _ in PATHS.values()}

    assert said in heard


def test_the_table_of_presets_is_the_seven() -> None:
    assert tuple(PRESETS) == NAMES
    assert len({preset.key for preset in PRESETS.values()}) == len(NAMES)


def test_a_preset_that_nobody_wrote_is_bad_input_with_the_names_that_there_are() -> None:
    assert named("trend-dip") is PRESETS["trend-dip"]
    with pytest.raises(BadInput, match="swing-conservative, swing-aggressive"):
        named("moonshot")


@pytest.mark.parametrize(
    ("path", "rsi", "ema10", "ma50", "ma200", "close"),
    [
        ("P1", 54.082152, 217.441858, 213.25, 176.5, 219.0),
        ("P1a", 29.878886, 217.095605, 212.9, 176.0375, 209.0),
        ("P2", 44.827586, 221.204545, 212.58, 175.2075, 216.5),
        ("P3", 52.0, 221.568182, 212.62, 175.2175, 218.5),
        ("P4", 47.785831, 213.384811, 213.0, 176.8125, 213.5),
        ("P5", 71.8802, 140.552686, 143.63, 162.18875, 145.75),
        ("P6", 65.720081, 140.040289, 143.57, 162.17375, 143.75),
        ("P7", 100, 222.25, 212.25, 174.75, 224.5),
    ],
)
def test_the_golden_paths_have_the_values_that_they_say(  # noqa: PLR0913, PLR0917  one row of the table
    path: str, rsi: float, ema10: float, ma50: float, ma200: float, close: float
) -> None:
    seen = reading(window(PATHS[path][0]))

    assert (seen.rsi, seen.ema10, seen.ma50, seen.ma200, seen.close) == pytest.approx(
        (rsi, ema10, ma50, ma200, close), abs=1e-6
    )
    assert seen.ma10w == Unknown("TOO_FEW_BARS")


def with_ratio(closes: list[float], ratio: float) -> Window:
    return window(closes, volumes=[1.0] * (len(closes) - 1) + [ratio])


@pytest.mark.parametrize(
    ("name", "closes", "ratio", "said"),
    [
        ("swing-aggressive", P2, 0.49, "WAIT"),
        ("swing-aggressive", P2, 0.5, "BUY"),
        ("swing-conservative", P1, 0.99, "WAIT"),
        ("swing-conservative", P1, 1.0, "BUY"),
    ],
)
def test_the_volume_gate_is_at_least_its_ratio(
    name: str, closes: list[float], ratio: float, said: str
) -> None:
    assert decide(row(), PRESETS[name], with_ratio(closes, ratio)).decision == said


def test_an_unknown_volume_is_no_buy() -> None:
    bars = window(P2, volumes=[0.0] * len(P2))

    assert decide(row(), PRESETS["swing-aggressive"], bars).decision is Decision.WAIT


@pytest.mark.parametrize(("target", "said"), [("216.4", "WAIT"), ("216.5", "BUY")])
def test_the_close_may_reach_the_buy_target_and_not_pass_it(target: str, said: str) -> None:
    asked = row(buy_target=D(target))

    assert decide(asked, PRESETS["swing-aggressive"], window(P2)).decision == said


def test_the_index_is_100_at_a_buy_and_below_it_otherwise() -> None:
    preset = PRESETS["swing-conservative"]

    assert decide(row(), preset, window(P1)).index == 100
    assert decide(row(), preset, window(P1[:-1])).index < 100


SEEN: Final = Reading(
    close=100.0,
    rsi=44.0,
    rsi_1=43.0,
    rsi_2=42.0,
    atr=2.0,
    ema10=99.0,
    ma50=98.0,
    ma200=97.0,
    ma10w=96.0,
    volume_ratio=1.0,
)


def buy_flags(asked: WatchlistRow, preset: Preset, at_bar: Reading) -> tuple[Flag, ...]:
    return tuple(f for f in flags_of(preset, at_bar, asked) if f.name.startswith("buy_"))


def sell_flags(preset: Preset, at_bar: Reading) -> tuple[Flag, ...]:
    return tuple(f for f in flags_of(preset, at_bar, row()) if f.name.startswith("sell_"))


def said_of(name: str, seen: Reading) -> Decision:
    return decision(buy_flags(row(), PRESETS[name], seen), sell_flags(PRESETS[name], seen))


@pytest.mark.parametrize(
    ("name", "seen", "said"),
    [
        ("swing-aggressive", {"rsi": 44.9999}, "BUY"),
        ("swing-aggressive", {"rsi": 45.0}, "WAIT"),
        ("swing-aggressive", {"ema10": 98.0}, "WAIT"),
        ("swing-aggressive", {"ma200": 100.0}, "WAIT"),
        ("swing-aggressive", {"ma200": 99.9999}, "BUY"),
        ("swing-aggressive", {"rsi": 68.0, "ema10": 97.0}, "WAIT"),
        ("swing-aggressive", {"rsi": 68.0001, "ema10": 97.0}, "SELL"),
        ("swing-aggressive", {"rsi": 69.0, "ema10": 98.0}, "WAIT"),
        ("swing-aggressive", {"rsi": 69.0, "ma10w": 100.1}, "SELL"),
        ("swing-aggressive", {"rsi": 69.0, "ma10w": 100.0}, "WAIT"),
        ("swing-aggressive", {"rsi": 69.0, "ema10": 97.0, "ma10w": Unknown("GAP")}, "SELL"),
        ("swing-aggressive", {"rsi": 69.0, "ema10": Unknown("GAP"), "ma10w": 101.0}, "SELL"),
        ("swing-aggressive", {"rsi": 69.0, "ema10": 97.0, "volume_ratio": 0.4}, "WAIT"),
        ("scalp-conservative", {"ema10": 100.0}, "WAIT"),
        ("scalp-conservative", {"ema10": 99.9}, "BUY"),
        ("scalp-conservative", {"rsi": 70.1, "ema10": 110.0}, "SELL"),
        ("trend-dip", {"rsi_1": 40.0, "rsi": 40.1}, "BUY"),
        ("trend-dip", {"rsi_1": 39.0, "rsi": 40.0}, "WAIT"),
        ("trend-dip", {"rsi_1": 40.1, "rsi": 41.0}, "WAIT"),
        ("trend-dip", {"rsi_1": Unknown("TOO_FEW_BARS"), "rsi": 41.0}, "WAIT"),
        ("swing-conservative", {"rsi_2": 29.0, "rsi_1": 30.0, "rsi": 31.0}, "BUY"),
        ("swing-conservative", {"rsi_2": 30.0, "rsi_1": 30.0, "rsi": 31.0}, "WAIT"),
        ("swing-conservative", {"rsi_2": Unknown("GAP"), "rsi_1": 30.0, "rsi": 31.0}, "WAIT"),
        ("swing-conservative", {"rsi_2": 29.0, "rsi_1": 29.5, "rsi": 30.0}, "WAIT"),
        ("scalp-aggressive", {"close": -1.0}, "WAIT"),
        ("scalp-aggressive", {"close": 0.0}, "WAIT"),
    ],
)
def test_comparisons_are_strict_as_written(
    name: str, seen: dict[str, float | Unknown], said: str
) -> None:
    assert said_of(name, replace(SEEN, **seen)) == said  # type: ignore[arg-type]  # a table names fields


def test_where_both_rules_hold_buy_wins() -> None:
    preset = replace(PRESETS["scalp-aggressive"], sell_above=40)

    assert decision(buy_flags(row(), preset, SEEN), sell_flags(preset, SEEN)) is Decision.BUY


def with_hindsight(whole: Window, place: int) -> Reading:
    """The reading of one bar by somebody who has seen the whole series."""
    series = columns_seen(Bars(whole))

    def at(name: str, back: int = 0) -> float | Unknown:
        number = float(series[name].own[place - back]) if place >= back else math.nan
        return Unknown("NONE") if math.isnan(number) else number

    return Reading(
        close=float(whole.close[place]),
        rsi=at("rsi"),
        rsi_1=at("rsi", 1),
        rsi_2=at("rsi", 2),
        atr=at("atr"),
        ema10=at("ema10"),
        ma50=at("ma50"),
        ma200=at("ma200"),
        ma10w=at("ma10w"),
        volume_ratio=at("volume_ratio"),
    )


KNOWABLE: Final = [
    "rsi",
    "rsi_1",
    "rsi_2",
    "ema10",
    "ma50",
    "ma200",
    "ma10w",
    "volume_ratio",
]


@pytest.mark.parametrize("name", NAMES)
@given(blind=st.sets(st.sampled_from(KNOWABLE), min_size=1), rsi=st.floats(0, 100))
@settings(max_examples=60, deadline=None)
def test_not_knowing_more_never_makes_a_signal(name: str, blind: set[str], rsi: float) -> None:
    seen = replace(SEEN, rsi=rsi, rsi_1=rsi - 1, rsi_2=rsi - 2)
    less = replace(seen, **dict.fromkeys(sorted(blind), Unknown("GAP")))  # type: ignore[arg-type]  # named fields

    before, now = said_of(name, seen), said_of(name, less)
    assert now in {before, Decision.WAIT} or (before is Decision.BUY and now is Decision.SELL)


@pytest.mark.parametrize("name", NAMES)
@given(
    steps=st.lists(st.floats(-0.03, 0.03), min_size=210, max_size=260),
    count=st.integers(min_value=1, max_value=208),
    volumes=st.integers(min_value=1, max_value=5),
)
@settings(max_examples=25, deadline=None)
def test_what_is_said_of_a_bar_does_not_depend_on_later_ones(
    name: str, steps: list[float], count: int, volumes: int
) -> None:
    closes = 100 * np.cumprod(1 + np.array(steps))
    whole = window(closes, volumes=1 + np.abs(np.sin(closes * volumes)))
    told = decide(row(), PRESETS[name], whole.head(count))

    seen = with_hindsight(whole, count - 1)

    assert told.decision is said_of(name, seen)
    assert told.index == index(buy_flags(row(), PRESETS[name], seen))


@pytest.mark.parametrize("name", NAMES)
def test_index_100_is_a_buy_and_a_buy_is_index_100(name: str) -> None:
    for closes, _ in PATHS.values():
        told = decide(row(), PRESETS[name], window(closes))
        assert (told.index == 100) == (told.decision is Decision.BUY)
        assert 0 <= told.index <= 100


def test_a_signal_says_why_with_its_numbers() -> None:
    told = decide(row(), PRESETS["trend-dip"], window(P1))

    assert "RSI crossed up through 40: 29.8789, then 54.0822." in told.because()
    assert "EMA10 217.442 is above MA50 213.25. Close 219 is above MA200 176.5." in told.because()
    assert "Volume is 1 times its recent mean, at least 0.5." in told.because()


def test_a_wait_says_what_was_missing() -> None:
    told = decide(row(), PRESETS["swing-aggressive"], window(P2[-49:]))

    assert "MA50 is not known (TOO_FEW_BARS): insufficient data." in " ".join(told.because())


def test_the_close_is_the_decimal_that_the_exchange_printed() -> None:
    told = decide(row(), PRESETS["trend-dip"], window([*RISE, 0.1]))

    assert told.close == Decimal("0.1")
    assert told.ends == told.bar + timedelta(hours=1)


def test_the_same_bar_has_the_same_signal_id_in_every_life() -> None:
    one = decide(row(), PRESETS["trend-dip"], window(P1))
    other = decide(row(trade_amount_usd=D(7)), PRESETS["trend-dip"], window(P1))

    assert one.id == other.id
    assert one.id != decide(row(), PRESETS["swing-aggressive"], window(P1)).id


def test_no_bar_is_no_decision() -> None:
    with pytest.raises(BadInput, match="no closed bar"):
        decide(row(), PRESETS["trend-dip"], window([]))


def test_bars_of_another_span_or_symbol_decide_nothing() -> None:
    bars = window(P1)
    with pytest.raises(BadInput, match="reads bars of"):
        decide(row(), PRESETS["trend-dip"], replace(bars, span=timedelta(minutes=5)))
    with pytest.raises(BadInput, match="do not decide"):
        decide(row(symbol="ETH_USDT"), PRESETS["trend-dip"], bars)


def test_a_close_that_is_no_number_is_no_decision() -> None:
    with pytest.raises(BadInput, match="closed at nan"):
        decide(row(), PRESETS["trend-dip"], window([*RISE, float("nan")]))


def test_a_preset_without_candles_is_not_asked_about_them() -> None:
    flags = buy_flags(row(), PRESETS["trend-dip"], SEEN)

    assert next(f for f in flags if f.name == "buy_confirm_ok").holds is None
    assert index(flags) in range(101)
