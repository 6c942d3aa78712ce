"""Where stop and target come from, at an entry of 100 with an ATR of 2."""

from decimal import Decimal
from typing import Any

import pytest

from interlock.strategy.distances import stop_distance, target_distance
from interlock.strategy.presets import PRESETS
from interlock.values import Unknown
from tests.rooms.making import D, row

ATR = D(2)
BLIND = Unknown("TOO_FEW_BARS")


@pytest.mark.parametrize(
    ("preset", "atr", "settings", "stop", "target", "sources"),
    [
        (
            "trend-dip",
            ATR,
            {"sl_percentage": D(4), "tp_percentage": D(6)},
            "96",
            "106",
            "watchlist watchlist",
        ),
        ("swing-conservative", ATR, {}, "97", "104.5", "preset preset"),
        ("swing-aggressive", ATR, {}, "98", "102.4", "preset preset"),
        ("intraday-conservative", ATR, {}, "98", "102.4", "preset preset"),
        ("intraday-aggressive", ATR, {}, "98.4", "101.6", "preset preset"),
        ("scalp-conservative", ATR, {}, "99.5", "100.8", "preset preset"),
        ("scalp-aggressive", ATR, {}, "99.65", "100.5", "preset preset"),
        ("trend-dip", ATR, {}, "97", "104.5", "preset preset"),
        (None, ATR, {}, "97", "103", "mode mode"),
        (None, ATR, {"sl_tp_mode": "aggressive"}, "98", "102", "mode mode"),
        ("swing-conservative", ATR, {"sl_percentage": D(4)}, "96", "106", "watchlist preset"),
        ("swing-conservative", BLIND, {}, "97", "104.5", "preset preset"),
        ("swing-aggressive", BLIND, {}, "97", "103.6", "mode preset"),
        (
            "trend-dip",
            ATR,
            {"sl_percentage": D(0), "tp_percentage": D(0)},
            "97",
            "104.5",
            "preset preset",
        ),
    ],
)
def test_watchlist_before_preset_before_mode(  # noqa: PLR0913, PLR0917  one row of the table
    preset: str | None,
    atr: Decimal | Unknown,
    settings: dict[str, Any],
    stop: str,
    target: str,
    sources: str,
) -> None:
    asked = row(**settings)
    declared = PRESETS[preset] if preset else None
    below = stop_distance(asked, declared and declared.stop, D(100), atr)  # type: ignore[arg-type]  # None or a stop
    above = target_distance(asked, declared and declared.target, D(100), below)  # type: ignore[arg-type]  # None or a target

    assert isinstance(below.size, Decimal)
    assert isinstance(above.size, Decimal)
    assert (100 - below.size, 100 + above.size) == (D(stop), D(target))
    assert f"{below.source} {above.source}" == sources


def test_a_mode_that_nobody_knows_gives_no_distance() -> None:
    lost = row(sl_tp_mode="bold")
    below = stop_distance(lost, None, D(100), ATR)

    assert isinstance(below.size, Unknown)
    assert isinstance(
        target_distance(lost, PRESETS["trend-dip"].target, D(100), below).size, Unknown
    )
