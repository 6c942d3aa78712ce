"""The health matrix, row by row, and the edges of each age."""

from dataclasses import replace

import pytest

from interlock.account import Mode
from interlock.health.observations import AccountSeen, LoopSeen, MarketSeen, Observed, nothing_seen
from interlock.health.verdict import Light, assess
from interlock.values import Unknown
from tests.rooms.health.seen import (
    GOOD,
    LOOP,
    MINUTE,
    NOW,
    OVERDUE,
    TELEGRAM,
    TRADE,
    last_cycle,
    stale,
)

BLIND = Unknown("ValueError")
DOWN = nothing_seen(GOOD.limits, GOOD.max_leverage, "StoreTrouble")
OFF = replace(TELEGRAM, run_env=False, chat_id_set=False, bot_token_set=False)

# state -> what was observed, and the lights of market, updater, monitor, telegram, trade and the whole
# (P PASS, W WARN, F FAIL), as the acceptance table has them.
ROWS: dict[str, tuple[Observed, str]] = {
    "all good": (GOOD, "PPPPP P"),
    "one of 23 symbols stale": (replace(GOOD, market=stale(1)), "WPPPP W"),
    "all stale, updater alive": (replace(GOOD, market=stale(23)), "FPPPP W"),
    "updater dead 31 min, data stale": (
        replace(GOOD, market=stale(23), updater=last_cycle("31")),
        "FFPPP W",
    ),
    "updater dead, data still young": (replace(GOOD, updater=last_cycle("31")), "PFPPP W"),
    "watchlist empty": (replace(GOOD, market=MarketSeen({})), "WPPPP W"),
    "monitor stopped": (replace(GOOD, monitor=replace(LOOP, lease_held=False)), "PPFPP F"),
    "monitor's last cycle 30.01 min ago": (replace(GOOD, monitor=last_cycle("30.01")), "PPFPP F"),
    "telegram on, token missing": (
        replace(GOOD, telegram=replace(TELEGRAM, bot_token_set=False)),
        "PPPFP F",
    ),
    "muted": (replace(GOOD, telegram=replace(TELEGRAM, sending_allowed=False)), "PPPWP W"),
    "off while LIVE": (replace(GOOD, telegram=replace(OFF, mode=Mode.LIVE)), "PPPWP W"),
    "off outside LIVE": (replace(GOOD, telegram=OFF), "PPPPP P"),
    "order_intents missing": (replace(GOOD, trade=replace(TRADE, intents_table=False)), "PPPPF F"),
    "11 open of 10": (replace(GOOD, trade=replace(TRADE, open_positions=11)), "PPPPW W"),
    "unprotected lot past the deadline": (
        replace(GOOD, trade=replace(TRADE, covers=(OVERDUE,))),
        "PPPPF F",
    ),
    "UNKNOWN outcome open": (
        replace(GOOD, trade=replace(TRADE, unknown_outcomes=("i",))),
        "PPPPW W",
    ),
    "signed calls fail with 40101": (
        replace(GOOD, account=AccountSeen(NOW - MINUTE, "40101")),
        "PPPPP P",
    ),
    "exception inside the market check": (replace(GOOD, market=BLIND), "FPPPP W"),
    "exception inside the updater check": (replace(GOOD, updater=BLIND), "PFPPP W"),
    "exception inside the monitor check": (replace(GOOD, monitor=BLIND), "PPFPP F"),
    "exception inside the telegram check": (replace(GOOD, telegram=BLIND), "PPPFP F"),
    "exception inside the trade check": (replace(GOOD, trade=BLIND), "PPPPF F"),
    "database down": (DOWN, "FFFFF F"),
}
LETTERS = {"P": Light.PASS, "W": Light.WARN, "F": Light.FAIL}


@pytest.mark.parametrize("state", ROWS)
def test_each_state_of_the_matrix_shows_its_lights(state: str) -> None:
    observed, letters = ROWS[state]

    health = assess(observed, NOW)

    shown = [
        health.market.status,
        health.updater.status,
        health.monitor.status,
        health.telegram.status,
        health.trade.status,
        health.status,
    ]
    assert shown == [LETTERS[letter] for letter in letters.replace(" ", "")]


def test_the_ages_turn_at_their_exact_limits() -> None:
    market = {m: MarketSeen({"A_USDT": last_cycle(m).last_cycle}) for m in ("30", "30.01")}
    assert assess(replace(GOOD, market=market["30"]), NOW).market.status is Light.PASS
    assert assess(replace(GOOD, market=market["30.01"]), NOW).market.status is Light.FAIL

    updater = {
        m: assess(replace(GOOD, updater=last_cycle(m)), NOW) for m in ("4.99", "5", "29.99", "30")
    }
    assert [h.updater.status for h in updater.values()] == ["PASS", "WARN", "WARN", "FAIL"]

    monitor = {
        m: assess(replace(GOOD, monitor=last_cycle(m)), NOW) for m in ("3", "3.01", "30", "30.01")
    }
    assert [h.monitor.status for h in monitor.values()] == ["PASS", "WARN", "WARN", "FAIL"]


def test_a_monitor_without_a_cycle_is_forgiven_for_five_minutes_only() -> None:
    young, old = LoopSeen(True, None, NOW - 5 * MINUTE), LoopSeen(True, None, NOW - 5.01 * MINUTE)  # noqa: FBT003 (the lease is held)

    assert assess(replace(GOOD, monitor=young), NOW).monitor.status is Light.WARN
    assert assess(replace(GOOD, monitor=old), NOW).monitor.status is Light.FAIL


def test_a_time_from_the_future_is_not_fresh() -> None:
    ahead = MarketSeen({"BTC_USDT": NOW + 31 * MINUTE})

    assert assess(replace(GOOD, market=ahead), NOW).market.status is Light.FAIL


@pytest.mark.parametrize(
    ("spoilt", "light"),
    [
        ({"failures_in_row": 2, "last_send_ok": False}, Light.WARN),
        ({"failures_in_row": 3, "last_send_ok": False}, Light.FAIL),
        ({"oldest_unsent": NOW - 15 * MINUTE}, Light.PASS),
        ({"oldest_unsent": NOW - 15.01 * MINUTE}, Light.FAIL),
        ({"last_send_ok": True}, Light.PASS),
    ],
)
def test_the_messenger_is_judged_by_what_was_heard(spoilt: dict[str, object], light: Light) -> None:
    seen = replace(TELEGRAM, **spoilt)  # type: ignore[arg-type] # the names are those of TelegramSeen; a wrong one fails at once

    assert assess(replace(GOOD, telegram=seen), NOW).telegram.status is light


@pytest.mark.parametrize(
    ("spoilt", "light"),
    [
        ({"checked_at": None}, Light.FAIL),
        ({"checked_at": NOW - 10 * MINUTE}, Light.FAIL),
        ({"checked_at": NOW - 9.99 * MINUTE}, Light.PASS),
        ({"inconsistencies": ("lot 1 holds -1 of 2",)}, Light.FAIL),
        ({"missing_intents": ("signal",)}, Light.FAIL),
        ({"freezes": ("BTC MISMATCH",)}, Light.WARN),
        ({"breaker": "a stop was refused"}, Light.WARN),
        ({"open_positions": 10}, Light.PASS),
    ],
)
def test_the_order_tables_are_judged_by_what_they_say(
    spoilt: dict[str, object], light: Light
) -> None:
    seen = replace(TRADE, **spoilt)  # type: ignore[arg-type] # the names are those of TradeSeen; a wrong one fails at once

    assert assess(replace(GOOD, trade=seen), NOW).trade.status is light
