"""The risk probe's truth table as data: one row, one question, and what the world gets for it. Asked in the room, and again over HTTP."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from interlock.account import DayOpen, Figures, Kill, Mode, Standing
from interlock.risk.limits import Limits
from interlock.values import Known, Unknown
from tests.rooms.making import LIMITS, NOW, SWITCHES, D, standing

BASE: Final[dict[str, Any]] = {
    "symbol": "BTC_USDT",
    "side": "BUY",
    "price": 50000,
    "quantity": 0.01,
    "is_margin": False,
    "leverage": None,
    "trade_on_margin_from_watchlist": True,
    "account_equity": 10000,
    "total_margin_exposure": 0,
    "daily_loss_pct": 0,
}
FIGURES: Final = ("account_equity", "total_margin_exposure", "daily_loss_pct")
SEED: Final = {name: BASE[name] for name in BASE if name not in FIGURES}
U: Final = (
    b'{"allowed":false,"reason":"Provide account_equity, total_margin_exposure, daily_loss_pct '
    b'for probe when exchange unavailable","reason_code":"RISK_GUARD_BLOCKED"}'
)
SOUND: Final = standing()
DOWN: Final = standing(figures=Unknown("the exchange does not answer"))
KILLED: Final = replace(SWITCHES, kill=Kill("owner", "drill", NOW))
LATCH: Final = DayOpen("2024-03-15", D(10000), NOW, late=False, latched_at=NOW)


@dataclass(frozen=True)
class Row:
    """One row: its number, what is asked, and the letters that object; no letters is allowed, None is U."""

    name: str
    change: dict[str, Any] = field(default_factory=dict)
    rules: tuple[str, ...] | None = ()
    found: str = ""
    standing: Standing = SOUND
    limits: Limits = LIMITS
    without: tuple[str, ...] = ()


def margin(leverage: float | None, **more: Any) -> dict[str, Any]:  # noqa: ANN401  fields of every type
    return {"is_margin": True, "leverage": leverage, **more}


def recorded(
    equity: str,
    exposure: str = "0",
    loss: str = "0",
    *,
    age: int = 0,
    **more: Any,  # noqa: ANN401  fields of every type
) -> Standing:
    known = Known(Figures(D(equity), D(exposure), D(loss)), NOW - timedelta(seconds=age))
    return standing(figures=known, **more)


ROWS: Final = [
    Row("1"),
    Row("2", {"quantity": 0.02}),
    Row("3", {"quantity": 0.0201}, ("C",), "10.05 10"),
    Row("4", margin(5)),
    Row("5", margin(5.01), ("B",), "5.01 5"),
    Row("6", margin(10), ("B", "E"), "10 5 10 15"),
    Row("7", margin(10, trade_on_margin_from_watchlist=False)),
    Row("8", margin(None), ("B",), "missing 5"),
    Row("8-absent", {"is_margin": True}, ("B",), "missing 5", without=("leverage",)),
    Row("9-zero", margin(0), ("B",), "0 1"),
    Row("9-half", margin(0.99999), ("B",), "0.9999 1"),
    Row("10", margin(1)),
    Row("11", {"leverage": 10}),
    Row("12-6.66", margin(6.66), limits=Limits(max_leverage=D(10))),
    Row("12-6.67", margin(6.67), ("E",), "14.9925 15", limits=Limits(max_leverage=D(10))),
    Row("12-equal", margin(4), limits=Limits(min_liquidation_buffer_pct=D(25))),
    Row("13", {"account_equity": 0}, ("C",)),
    Row("13-little", {"account_equity": 0.5, "trade_value_usd": 0.05}),
    Row("14-4000", {"total_margin_exposure": 4000}),
    Row("14-4001", {"total_margin_exposure": 4001}, ("D",), "40.01 40"),
    Row("15-3500", margin(2, total_margin_exposure=3500)),
    Row("15-3501", margin(2, total_margin_exposure=3501), ("D",), "40.01 40"),
    Row("16-4.99", {"daily_loss_pct": 4.99}),
    Row("16-5", {"daily_loss_pct": 5}, ("F",), "5 5"),
    Row("16-gain", {"daily_loss_pct": -2}),
    Row("17", {}, ("F",), standing=standing(day=LATCH)),
    Row(
        "19",
        margin(10, quantity=0.03, total_margin_exposure=5000, daily_loss_pct=6),
        ("B", "C", "D", "E", "F"),
    ),
    Row("20", {}, ("A",), "kill_switch clear", standing=standing(switches=KILLED)),
    Row("21", {}, ("A",), standing=replace(DOWN, switches=KILLED), without=FIGURES),
    Row("22", {}, ("A",), standing=standing(switches=replace(SWITCHES, readable=False))),
    Row("22-off", {}, ("A",), standing=standing(switches=replace(SWITCHES, enabled=False))),
    Row("23", {"trade_value_usd": 5000000}, ("SIZE",), "5000000 1000000", DOWN, without=FIGURES),
    Row("24", {"trade_value_usd": 5000000}, ("SIZE", "C")),
    Row("25", {}, None, standing=DOWN, without=FIGURES),
    Row("26-10", margin(10), None, standing=DOWN, without=FIGURES),
    Row("26-5", margin(5), None, standing=DOWN, without=FIGURES),
    Row("supplied-down", {}, standing=DOWN),
    Row("loss-missing-down", {}, None, standing=DOWN, without=FIGURES[2:]),
    Row("loss-null-down", {"daily_loss_pct": None}, None, standing=DOWN),
    Row("27", {}, None, standing=DOWN, without=FIGURES[1:]),
    Row("28", {}, standing=recorded("10000"), without=FIGURES),
    Row("29-120", {}, standing=recorded("10000", age=120), without=FIGURES),
    Row("29-121", {}, None, standing=recorded("10000", age=121), without=FIGURES),
    Row("29-future", {}, None, standing=recorded("10000", age=-121), without=FIGURES),
    Row("31-5000", {}, standing=recorded("5000"), without=FIGURES),
    Row("31-4999", {}, ("C",), "10.0021 10", recorded("4999"), without=FIGURES),
    Row("32", {"price": 1, "quantity": 0.0001}, standing=recorded("100"), without=FIGURES),
    Row("33-off", standing=standing(switches=replace(SWITCHES, mode=Mode.OFF))),
    Row("33-sim", standing=standing(switches=replace(SWITCHES, bound=Mode.OFF))),
    Row("46", {"scope": "guard"}),
]


NUMBERS: Final = (
    "price",
    "quantity",
    "trade_value_usd",
    "leverage",
    "account_equity",
    "total_margin_exposure",
    "daily_loss_pct",
)
HOSTILE: Final = [
    *[("34", name, text) for name in NUMBERS for text in ("NaN", "Infinity", "-Infinity")],
    *[("35", name, text) for name in NUMBERS for text in ('"abc"', '"50000"', "true", "[1]", "{}")],
    ("35", "trade_value_usd", '"nan"'),
    ("36", "quantity", "-1"),
    ("36", "quantity", "0"),
    ("36", "price", "0"),
    ("36", "price", "null"),
    ("36", "leverage", "-3"),
    ("36", "total_margin_exposure", "-1"),
    ("36", "account_equity", "-5"),
    ("37", "is_margin", '"false"'),
    ("37", "is_margin", "0"),
    ("37", "is_margin", "null"),
    ("37", "trade_on_margin_from_watchlist", '"no"'),
    *[
        ("38", "symbol", f'"{text}"')
        for text in (
            "",
            "btc_usdt",
            "BTCUSDT",
            "BTC_EUR",
            "BTCUSD-PERP",
            "BTC_USDT;",
            "BTC_USDT\\n",
        )
    ],
    ("38", "symbol", "null"),
    ("39", "side", '"HOLD"'),
    ("39", "side", '"buy"'),
    ("39", "side", "1"),
    ("41", "surprise", "1"),
    ("42", "daily_loss_pct", "NaN"),
    ("43", "price", "9" * 10_000),
    ("43", "price", "0." + "1" * 10_000),
    ("43", "price", "1e999"),
    ("43", "price", "1e-999"),
    ("43", "price", "1e99999999999999999999999999"),
    ("43", "leverage", "0e-999999"),
    ("43", "quantity", "1" + "0" * 18),
    ("48", "scope", '"all"'),
    ("48", "scope", "1"),
    ("48", "scope", "null"),
]
