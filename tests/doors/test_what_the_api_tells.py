"""What the API tells: health, orders in the runbook's words, decisions with every reason, positions with their cover, the account."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from interlock.account import Kill
from interlock.api.views import WORDS
from interlock.evidence.telling import Delivery, Mute
from interlock.evidence.timeline import OrderRecord, Step
from interlock.orders.life import State
from interlock.values import Unknown
from tests.doors.asking import Door
from tests.fakes.goods import NOW, entry, intent
from tests.fakes.scene import scene
from tests.fakes.shown import ShownBooks, tick


def door() -> Door:
    return Door(*scene())


def test_a_well_platform_passes_and_is_ready() -> None:
    body = door().body("/api/health/system")

    assert body["global_status"] == "PASS"
    assert body["db_status"] == "up"
    assert body["trade_system"]["open_orders"] == 2
    assert body["details"]["ready_to_trade"] == {"allowed": True, "why": []}
    assert body["details"]["errors"] == []


def test_with_the_books_unreadable_health_keeps_its_keys_and_everything_else_is_503() -> None:
    here = door()
    well = here.body("/api/health/system")
    here.books.down = True

    dark = here.ask("/api/health/system")

    assert dark.status_code == 503
    assert list(dark.json()) == list(well)
    assert (dark.json()["global_status"], dark.json()["db_status"]) == ("FAIL", "down")
    assert here.ask("/api/health/ready").status_code == 503
    assert here.ask("/api/health/ready").json() == {"status": "not_ready", "why": ["StoreTrouble"]}
    assert here.ask("/api/orders").status_code == 503
    assert here.ask("/api/health").status_code == 200


def test_a_missing_table_fails_the_trade_system_and_nothing_else() -> None:
    here = door()
    here.books.missing = ("order_intents",)

    body = here.body("/api/health/system")

    assert (body["global_status"], body["db_status"]) == ("FAIL", "up")
    assert body["trade_system"]["status"] == "FAIL"
    assert body["trade_system"]["order_intents_table_exists"] is False
    for name in ("market_data", "market_updater", "signal_monitor", "telegram"):
        assert body[name]["status"] == "PASS"
    assert "table order_intents is missing" in body["details"]["ready_to_trade"]["why"]
    assert here.ask("/api/orders").status_code == 503, (
        "what cannot be read whole is not shown in part"
    )


def test_another_missing_table_fails_the_trade_system_too() -> None:
    here = door()
    here.books.missing = ("lots",)

    trade = here.body("/api/health/system")["trade_system"]

    assert (trade["status"], trade["order_intents_table_exists"]) == ("FAIL", True)


def test_a_database_that_answers_in_words_that_nobody_can_read_is_up_and_has_failed() -> None:
    here = door()
    here.books.garbled = True

    body = here.body("/api/health/system")

    assert (body["global_status"], body["db_status"]) == ("FAIL", "up")
    assert body["trade_system"]["status"] == body["signal_monitor"]["status"] == "FAIL"


def test_an_account_that_no_engine_leads_fails_the_monitor_and_blocks_an_order() -> None:
    here = Door(*scene(), is_led=False)
    order = {"symbol": "BTC_USDT", "side": "BUY", "price": 50000, "quantity": 0.001}

    body = here.body("/api/health/system")
    asked = json.dumps({**order, "scope": "order"}).encode()
    rules = here.ask("/api/risk/probe", verb="POST", content=asked).json()["rules"]

    assert body["signal_monitor"] == {
        **body["signal_monitor"],
        "status": "FAIL",
        "is_running": False,
    }
    assert "no engine holds the account" in body["details"]["ready_to_trade"]["why"]
    assert [rule["passed"] for rule in rules if rule["rule"] == "LEASE"] == [False]


def test_the_40101_situation_of_the_seed() -> None:
    here = door()
    here.books.figures = Unknown("40101")
    here.books.commits += 1

    body = here.body("/api/health/system")

    assert body["global_status"] == "PASS"
    assert body["details"]["exchange"]["status"] == "FAIL"
    assert body["details"]["exchange"]["code"] == 40101
    assert body["details"]["ready_to_trade"]["allowed"] is False


def test_one_broken_part_fails_alone() -> None:
    here = door()
    here.books.decisions = ("not a decision",)  # type: ignore[assignment] # a row that cannot be read

    body = here.body("/api/health/system")

    assert body["trade_system"]["status"] == "FAIL"
    assert body["market_data"]["status"] == body["signal_monitor"]["status"] == "PASS"
    assert {"component": "trade", "error": "AttributeError"} in body["details"]["errors"]


def test_what_cannot_even_be_judged_has_failed_and_is_no_500() -> None:
    here = door()
    here.market.beats["updater"] = "not an instant"  # type: ignore[assignment] # a row that cannot be read

    reply = here.ask("/api/health/system")

    assert (reply.status_code, reply.json()["global_status"], reply.json()["db_status"]) == (
        200,
        "FAIL",
        "up",
    )
    assert {"component": "updater", "error": "TypeError"} in reply.json()["details"]["errors"]


def test_the_books_are_read_again_only_when_something_was_committed() -> None:
    here = door()
    for _ in range(3):
        here.body("/api/status")
    assert here.books.readings == 1

    here.books.kill(kill=Kill("owner", "a walk", NOW))

    assert here.body("/api/status")["kill"] == {"who": "owner", "why": "a walk", "at": NOW.iso()}
    assert here.books.readings == 2


def test_prices_are_read_again_when_business_time_moved() -> None:
    here = door()
    here.body("/api/watchlist")
    here.market.prices["BTC_USDT"] = tick("BTC_USDT", "1", NOW)
    here.clock.at = NOW + timedelta(microseconds=1)

    assert here.body("/api/watchlist")["watchlist"][0]["last"] == 1


def test_the_dashboard_is_told_everything_of_one_instant() -> None:
    here = door()
    body = here.body("/api/dashboard/snapshot")

    assert body["status"] == _without_as_of(here.body("/api/status"))
    assert body["portfolio"] == _without_as_of(here.body("/api/portfolio"))
    for name in ("positions", "orders", "watchlist"):
        assert body[name] == here.body(f"/api/{name}")[name]
    assert body["all_decisions"] == here.body("/api/decisions")["decisions"]
    assert [each["outcome"] for each in body["decisions"]] == ["BLOCKED", "ORDERED", "BLOCKED"]


def _without_as_of(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != "as_of"}


def test_every_answer_says_as_of_when_it_is_true() -> None:
    here = door()
    here.clock.at = NOW + timedelta(seconds=90)
    paths = (
        "status",
        "orders",
        "intents",
        "decisions",
        "positions",
        "portfolio",
        "watchlist",
        "why/BTC_USDT",
    )

    assert {here.body(f"/api/{path}")["as_of"] for path in paths} == {here.clock.at.iso()}
    assert here.body("/api/portfolio")["figures_age_s"] == 90
    assert here.body("/api/watchlist")["watchlist"][0]["price_age_s"] == 102


@pytest.mark.parametrize("state", State)
def test_an_order_bears_the_tables_word_and_the_runbooks(state: State) -> None:
    here = Door(ShownBooks(intents=(intent(entry(), state),)))

    row = here.body("/api/orders")["orders"][0]

    assert (row["state"], row["status"]) == (state.value, WORDS[state])
    assert row["status"] in {"PENDING", "ORDER_PLACED", "ORDER_FAILED", "UNKNOWN"}


def test_figures_are_exact_json_numbers() -> None:
    worth = Decimal("10000.12345678901234567890")
    made = replace(intent(entry()), filled=Decimal("0.00000001"), value=worth)

    row = Door(ShownBooks(intents=(made,))).body("/api/intents")["intents"][0]

    assert row["value"] == worth
    assert row["filled"] == Decimal("0.00000001")
    assert isinstance(row["limit"], int | Decimal)


def test_a_decision_tells_its_because_and_every_objection_gravest_first() -> None:
    body = door().body("/api/decisions?symbol=SOL_USDT")

    made = body["decisions"][0]
    assert body["count"] == 1
    assert made["outcome"] == "BLOCKED"
    assert made["status"] == "ORDER_BLOCKED"
    assert made["signal"]["because"] == [
        "RSI 37.44 is below 40",
        "EMA10 62180.25 is above MA50 61877.9",
    ]
    assert made["signal"]["values"]["ma200"] == {"unknown": "199 bars of 200"}
    assert [o["rule"] for o in made["verdict"]["objections"]] == ["C", "COOLDOWN"]


def test_why_tells_the_decision_in_force_at_an_instant() -> None:
    here = door()
    at = (NOW - timedelta(hours=2)).iso()

    assert here.body("/api/why/BTC_USDT")["outcome"] == "ORDERED"
    assert here.body(f"/api/why/BTC_USDT?at={at}")["outcome"] == "ORDERED"
    assert here.ask("/api/why/BTC_USDT?at=2024-03-01T08:00:00Z").status_code == 404
    assert here.ask("/api/why/BTC_USDT?at=yesterday").status_code == 422
    assert here.ask("/api/why/btc").status_code == 422


def test_a_position_tells_its_cover() -> None:
    rows = door().body("/api/positions")["positions"]

    assert [row["protection"] for row in rows] == ["PROTECTED", "PROTECTED"]
    assert all(row["stop"] < row["average"] < row["target"] for row in rows)


def test_a_lot_that_lost_its_stop_fails_health_after_the_deadline() -> None:
    here = door()
    lot, legs = here.books.lots[0]
    here.books.lots = ((lot, legs[:1]), here.books.lots[1])
    here.clock.at = NOW + timedelta(seconds=31)

    assert here.body("/api/positions")["positions"][0]["protection"] == "UNPROTECTED"
    assert here.body("/api/health/system")["trade_system"]["status"] == "FAIL"


def test_the_account_tells_equity_and_the_day() -> None:
    body = door().body("/api/portfolio")

    assert body["equity"] == Decimal("10241.37")
    assert body["day_pnl"] == Decimal("122.42")
    assert body["day_pnl_pct"] == Decimal("1.21")
    times = [point[0] for point in body["equity_series"]]
    assert times == sorted(times)


def test_unknown_figures_are_null_and_say_why() -> None:
    body = Door(ShownBooks(figures=Unknown("never read"))).body("/api/portfolio")

    assert body["equity"] is None
    assert body["day_pnl"] is None
    assert body["unknown"] == body["balances"]["unknown"] == "never read"


def test_the_watchlist_tells_the_last_decision() -> None:
    rows = {row["symbol"]: row for row in door().body("/api/watchlist")["watchlist"]}

    assert rows["SOL_USDT"]["outcome"] == "BLOCKED"
    assert rows["XRP_USDT"]["trade_enabled"] is False


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "1.5"])
def test_a_limit_out_of_range_is_bad_input(limit: str) -> None:
    assert door().ask(f"/api/orders?limit={limit}").status_code == 422


def test_no_answer_holds_a_number_that_is_none() -> None:
    here = door()
    for path in ("status", "orders", "intents", "decisions", "positions", "portfolio", "watchlist"):
        json.loads(here.ask(f"/api/{path}").content, parse_constant=_refuse)


def _refuse(word: str) -> Any:  # noqa: ANN401 (it returns nothing at all)
    raise AssertionError(word)


TELEGRAM = {
    "INTERLOCK__TELEGRAM__ENABLED": "true",
    "INTERLOCK__TELEGRAM__BOT_TOKEN": "7123456789:AAF4k3-clearly-fake",
    "INTERLOCK__TELEGRAM__CHAT_ID": "-100",
}


@pytest.mark.parametrize(
    ("delivery", "status", "last_send_ok"),
    [
        (Delivery(), "PASS", None),
        (Delivery(last_send_ok=True), "PASS", True),
        (Delivery(last_send_ok=False, failures_in_row=2), "WARN", False),
        (Delivery(last_send_ok=False, failures_in_row=3), "FAIL", False),
        (Delivery(oldest_unsent=NOW - timedelta(minutes=15)), "PASS", None),
        (Delivery(oldest_unsent=NOW - timedelta(minutes=15, seconds=1)), "FAIL", None),
    ],
)
def test_the_messenger_is_as_well_as_its_last_messages(
    delivery: Delivery, status: str, last_send_ok: object
) -> None:
    here = Door(*scene(), environ=TELEGRAM)
    here.books.delivery = delivery

    told = here.body("/api/health/system")["telegram"]

    assert (told["status"], told["enabled"]) == (status, True)
    assert told["last_send_ok"] is last_send_ok


def test_what_waits_while_nothing_is_sent_is_no_failure_of_the_messenger() -> None:
    here = door()
    old = NOW - timedelta(days=30)
    here.books.delivery = Delivery(last_send_ok=False, failures_in_row=9, oldest_unsent=old)

    told = here.body("/api/health/system")["telegram"]

    assert (told["status"], told["enabled"], told["last_send_ok"]) == ("PASS", False, None)


def test_a_mute_warns_says_whose_it_is_and_is_no_failure_of_what_waits() -> None:
    here = Door(*scene(), environ=TELEGRAM)
    mute = Mute("owner", "asleep", NOW)
    old = NOW - timedelta(days=30)
    here.books.delivery = Delivery(failures_in_row=9, oldest_unsent=old, mute=mute)

    body = here.body("/api/health/system")
    told = body["telegram"]

    assert (told["status"], told["enabled"], told["kill_switch_enabled"]) == ("WARN", False, False)
    assert body["details"]["mute"] == {"who": "owner", "why": "asleep", "at": NOW.iso()}
    assert body["details"]["kill"] is None


def test_the_timeline_of_an_order_is_told_by_any_name_that_the_books_know() -> None:
    here = door()
    asked = intent(entry())
    step = Step(asked.id, 1, NOW, "ACKED", "answer", "ACKED, order 7")
    here.books.records["7"] = OrderRecord(asked, None, None, (), (step,), (), None, ())

    body = here.body("/api/orders/7")

    assert body["sentence"] == "ENTRY BUY 0.001 BTC_USDT LIMIT at 50000"
    assert body["order"]["client_oid"] == asked.client_oid
    assert [line["event"] for line in body["timeline"]] == ["written", "acknowledged"]
    assert here.ask("/api/orders/8").status_code == 404
    assert here.ask("/api/orders/7", token=None).status_code == 401
