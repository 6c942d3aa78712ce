"""The seed's JSON: its keys and types whatever happens, null only where it may stand, and what more we know under `details`."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from interlock.account import Kill, Mode, Switches
from interlock.health.cover import Cover, Covered
from interlock.health.observations import (
    AccountSeen,
    MarketSeen,
    Observed,
    RecordSeen,
    nothing_seen,
)
from interlock.health.seed_json import seed_json
from interlock.health.verdict import assess
from interlock.values import Known, Unknown
from tests.fakes.goods import lot
from tests.rooms.health.seen import GOOD, MINUTE, NOW, OVERDUE, SWITCHES, TRADE
from tests.rooms.health.test_the_health_matrix import ROWS

FLAG, COUNT, FIGURE, LIGHT = "flag", "count", "figure", "light"
# The golden shape: key by key, what kind of value may stand there, and with `?` whether null may.
GOLDEN: dict[str, Any] = {
    "global_status": LIGHT,
    "timestamp": "time",
    "db_status": "updown",
    "market_data": {
        "status": LIGHT,
        "fresh_symbols": COUNT,
        "stale_symbols": COUNT,
        "max_age_minutes": "figure?",
    },
    "market_updater": {
        "status": LIGHT,
        "is_running": FLAG,
        "last_heartbeat_age_minutes": "figure?",
    },
    "signal_monitor": {"status": LIGHT, "is_running": FLAG, "last_cycle_age_minutes": "figure?"},
    "telegram": {
        "status": LIGHT,
        "enabled": FLAG,
        "chat_id_set": FLAG,
        "bot_token_set": FLAG,
        "run_telegram_env": FLAG,
        "kill_switch_enabled": FLAG,
        "last_send_ok": "flag?",
    },
    "trade_system": {
        "status": LIGHT,
        "open_orders": COUNT,
        "max_open_orders": "count?",
        "order_intents_table_exists": FLAG,
        "last_check_ok": FLAG,
    },
    "risk_guard": {
        "max_leverage": FIGURE,
        "daily_loss_triggered": "flag?",
        "global_trading_enabled": FLAG,
    },
}
KINDS: dict[str, Callable[[Any], bool]] = {
    FLAG: lambda v: isinstance(v, bool),
    COUNT: lambda v: type(v) is int and v >= 0,
    FIGURE: lambda v: type(v) in (int, float),
    LIGHT: lambda v: v in ("PASS", "WARN", "FAIL"),
    "updown": lambda v: v in ("up", "down"),
    "time": lambda v: len(v) == len("2024-03-01T12:00:00.000000+00:00") and v.endswith("+00:00"),
}
DETAILS = {
    "exchange", "ready_to_trade", "price_age_max_s", "blocked_symbols", "equity_age_s", "equity_age_max_s",
    "unknown_outcomes", "unprotected_lots", "circuit_breaker", "protection", "trade_system_why", "mode", "bound", "venue", "kill", "mute",
    "epoch", "began_at", "incidents", "last_audit", "last_undelivered_alert", "user_stream", "passes", "errors",
}  # fmt: skip # a list of names


def written(observed: Observed) -> dict[str, Any]:
    body = seed_json(assess(observed, NOW))
    read: dict[str, Any] = msgspec.json.decode(
        msgspec.json.Encoder(decimal_format="number").encode(body)
    )
    return read


def differences(body: dict[str, Any], shape: dict[str, Any], path: str = "") -> list[str]:
    if list(body) != list(shape):
        return [f"{path}: keys {list(body)}"]
    found: list[str] = []
    for key, kind in shape.items():
        if isinstance(kind, dict):
            found += differences(body[key], kind, f"{path}.{key}")
        elif not (body[key] is None and kind.endswith("?")) and not KINDS[kind.rstrip("?")](
            body[key]
        ):
            found.append(f"{path}.{key} = {body[key]!r} is no {kind}")
    return found


@pytest.mark.parametrize("state", ROWS)
def test_in_every_state_the_keys_and_types_are_the_seeds(state: str) -> None:
    body = written(ROWS[state][0])
    details = body.pop("details")

    assert differences(body, GOLDEN) == []
    assert set(details) == DETAILS


@pytest.mark.parametrize("state", ROWS)
def test_nothing_passes_on_null_but_where_the_seed_lets_it(state: str) -> None:
    body = written(ROWS[state][0])
    nullable = {"last_send_ok", "max_open_orders"}

    for name in ("market_data", "market_updater", "signal_monitor", "telegram", "trade_system"):
        nulls = {key for key, value in body[name].items() if value is None}
        assert body[name]["status"] != "PASS" or nulls <= nullable


def test_the_seeds_own_figures_are_rounded_to_two_places() -> None:
    body = written(GOOD)

    assert body["signal_monitor"]["last_cycle_age_minutes"] == pytest.approx(0.33)
    assert body["telegram"]["kill_switch_enabled"] is True
    assert body["risk_guard"] == {
        "max_leverage": 5,
        "daily_loss_triggered": False,
        "global_trading_enabled": True,
    }


def test_with_the_database_down_counts_are_zero_ages_null_and_flags_false() -> None:
    body = written(nothing_seen(GOOD.limits, GOOD.max_leverage, "StoreTrouble"))
    telegram = body["telegram"]

    assert body["db_status"] == "down"
    assert body["market_data"]["fresh_symbols"] == body["trade_system"]["open_orders"] == 0
    assert body["market_updater"]["last_heartbeat_age_minutes"] is None
    assert [value for value in telegram.values() if value is True] == []
    assert body["risk_guard"]["daily_loss_triggered"] is None
    assert body["risk_guard"]["global_trading_enabled"] is False
    assert body["details"]["ready_to_trade"] == {
        "allowed": False,
        "why": ["the books cannot be read"],
    }
    assert {"component": "market", "error": "StoreTrouble"} in body["details"]["errors"]


def test_a_check_that_found_something_is_not_ok() -> None:
    body = written(replace(GOOD, trade=replace(TRADE, inconsistencies=("lot 1 holds -1 of 2",))))

    assert body["trade_system"]["last_check_ok"] is False
    assert "lot 1 holds -1 of 2" in body["details"]["trade_system_why"]


def test_a_refused_account_shows_its_code_and_leaves_the_lights_alone() -> None:
    shut = AccountSeen(NOW - 9 * MINUTE, "40101")

    body = written(replace(GOOD, account=shut))

    access = body["details"]["exchange"]
    assert body["global_status"] == "PASS"
    assert (access["status"], access["code"]) == ("FAIL", 40101)
    assert access["last_ok"] == access["since"] == (NOW - 9 * MINUTE).iso()
    assert body["details"]["ready_to_trade"]["allowed"] is False


def test_figures_that_age_warn_before_they_are_refused() -> None:
    aged = AccountSeen(NOW - timedelta(seconds=121), None)

    body = written(replace(GOOD, account=aged))

    assert body["details"]["exchange"]["status"] == "WARN"
    assert body["details"]["ready_to_trade"]["allowed"] is False


KILL = Kill("owner", "a walk", NOW)


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (
            {"record": RecordSeen(replace(SWITCHES, kill=KILL), 3, NOW)},
            "kill_switch is engaged by owner: a walk",
        ),
        (
            {"record": RecordSeen(replace(SWITCHES, enabled=False), 3, NOW)},
            "trading_enabled forbids trading",
        ),
        (
            {"record": RecordSeen(replace(SWITCHES, mode=Mode.OFF), 3, NOW)},
            "the trading mode is OFF",
        ),
        (
            {
                "record": RecordSeen(
                    Switches(Mode.LIVE, Mode.SIM, Mode.LIVE, None, enabled=True), 3, NOW
                )
            },
            "the environment admits mode SIM at most",
        ),
        ({"record": Unknown("ValueError")}, "the switches are unknown: ValueError"),
        ({"monitor": Unknown("ValueError")}, "the engine is unknown: ValueError"),
        ({"account": Unknown("ValueError")}, "the account is unknown: ValueError"),
        ({"trade": Unknown("ValueError")}, "the order tables are unknown: ValueError"),
        ({"guard": Unknown("ValueError")}, "the risk guard is unknown: ValueError"),
        ({"market": Unknown("ValueError")}, "prices are unknown: ValueError"),
        (
            {"trade": replace(TRADE, breaker="a stop was refused")},
            "the circuit breaker is open: a stop was refused",
        ),
        ({"trade": replace(TRADE, unknown_outcomes=("a", "b"))}, "2 order outcomes are unknown"),
        (
            {"trade": replace(TRADE, covers=(OVERDUE,))},
            "BTC_USDT lot lot-1 has no confirmed stop",
        ),
        ({"trade": replace(TRADE, freezes=("BTC X: y",))}, "entries are frozen: BTC X: y"),
        (
            {"account": AccountSeen(NOW, None, Unknown("no Date"))},
            "the clocks cannot be compared: no Date",
        ),
        (
            {"account": AccountSeen(NOW, None, Known(timedelta(0), NOW - timedelta(seconds=121)))},
            "the clocks were compared too long ago",
        ),
        (
            {"account": AccountSeen(NOW, None, Known(timedelta(seconds=-5.1), NOW))},
            "the exchange's clock is 5.1 s from ours",
        ),
    ],
)
def test_every_reason_that_forbids_an_entry_is_told(spoilt: dict[str, object], said: str) -> None:
    seen = replace(GOOD, **spoilt)  # type: ignore[arg-type] # the names are those of Observed

    assert said in written(seen)["details"]["ready_to_trade"]["why"]


def test_a_price_too_old_for_an_entry_blocks_its_symbol_while_the_light_is_still_green() -> None:
    priced = {"BTC_USDT": NOW - timedelta(seconds=121), "ETH_USDT": NOW}

    body = written(replace(GOOD, market=MarketSeen(priced)))

    assert body["market_data"]["status"] == "PASS"
    assert body["details"]["blocked_symbols"] == ["BTC_USDT"]
    assert body["details"]["ready_to_trade"]["allowed"] is False


def test_a_healthy_platform_is_ready() -> None:
    assert written(GOOD)["details"]["ready_to_trade"] == {"allowed": True, "why": []}


STOPPED = Covered(lot(), Cover.PROTECTED, None, None, overdue=False)


@pytest.mark.parametrize(
    ("covers", "light", "longest"),
    [
        ((), "PASS", None),
        ((STOPPED, STOPPED), "PASS", None),
        ((STOPPED, replace(STOPPED, cover=Cover.SL_ONLY)), "WARN", None),
        ((STOPPED, replace(OVERDUE, overdue=False)), "WARN", Decimal(60)),
        ((STOPPED, OVERDUE), "FAIL", Decimal(60)),
        ((replace(STOPPED, cover=Cover.UNKNOWN),), "FAIL", None),
    ],
)
def test_the_detector_of_naked_positions_shows_the_worst_lot_and_the_longest_window(
    covers: tuple[Covered, ...], light: str, longest: Decimal | None
) -> None:
    seen = written(replace(GOOD, trade=replace(TRADE, covers=covers)))["details"]["protection"]

    assert (seen["status"], seen["unprotected_s_max"]) == (light, longest)
    assert sum(seen["lots"].values()) == len(covers)


def test_lots_that_nobody_could_look_at_are_no_protected_lots() -> None:
    seen = written(replace(GOOD, trade=Unknown("ValueError")))["details"]["protection"]

    assert seen == {"status": "FAIL", "why": "ValueError"}
