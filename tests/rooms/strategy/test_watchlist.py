"""A row that could never trade is not saved: each conflict is said, and nothing else is held against it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from interlock.strategy.watchlist import Caps, WatchlistRow, conflicts

CAPS = Caps(Decimal(100), Decimal(5))
TRADED = WatchlistRow("BTC_USDT", trade_enabled=True, trade_amount_usd=Decimal(100))


def test_a_row_at_its_caps_has_no_conflict() -> None:
    margin = replace(TRADED, trade_on_margin=True, leverage=Decimal(5), sl_percentage=Decimal(50))

    assert conflicts(TRADED, CAPS) == ()
    assert conflicts(margin, CAPS) == ()
    assert conflicts(WatchlistRow("BTC_USDT"), CAPS) == ()
    share = replace(TRADED, trade_amount_usd=None, trade_share_pct=Decimal(100))
    assert conflicts(share, CAPS) == ()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"trade_amount_usd": None}, "amount"),
        ({"trade_amount_usd": Decimal(0)}, "amount"),
        ({"trade_amount_usd": Decimal("100.01")}, "MAX_USD_PER_ORDER"),
        ({"trade_share_pct": Decimal(5)}, "not both"),
        ({"trade_amount_usd": None, "trade_share_pct": Decimal(0)}, "share"),
        ({"trade_amount_usd": None, "trade_share_pct": Decimal("100.1")}, "share"),
        ({"trade_on_margin": True}, "leverage"),
        ({"trade_on_margin": True, "leverage": Decimal("0.9")}, "leverage"),
        ({"trade_on_margin": True, "leverage": Decimal("5.01")}, "leverage"),
        ({"sl_percentage": Decimal(0)}, "stop-loss"),
        ({"tp_percentage": Decimal("50.1")}, "take-profit"),
        ({"trailing_pct": Decimal(0)}, "trailing stop"),
        ({"trailing_pct": Decimal(51)}, "trailing stop"),
    ],
)
def test_each_setting_that_could_never_trade_is_named(change: dict[str, object], word: str) -> None:
    (text,) = conflicts(replace(TRADED, **change), CAPS)  # type: ignore[arg-type]  # fields of the row, by name

    assert word in text
