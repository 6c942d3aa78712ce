"""From a signal to its ruling: every emitted signal ends in exactly one of an intent, exits, or a block."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.account import Kill, Mode, Standing, Switches
from interlock.orders.intent import client_oid
from interlock.orders.life import State
from interlock.orders.ruling import Ruling
from interlock.orders.wishes import (
    Market,
    Occasion,
    Terms,
    settings_hash,
    throttle_key,
    wish,
    wish_entry,
)
from interlock.risk.verdict import Approved, Blocked
from interlock.strategy.presets import PRESETS
from interlock.strategy.proposal import Purpose
from interlock.strategy.signal import Decision, Flag, Signal
from interlock.strategy.throttle import ThrottleState
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, Known, Unknown
from tests.rooms.making import (
    BTC,
    EPOCH,
    HOUR,
    LIMITS,
    NOW,
    SWITCHES,
    D,
    lot,
    row,
    serving,
    signal,
    standing,
    tick,
)

TERMS: Final = Terms(install_id="a1b2c3", epoch=EPOCH, limits=LIMITS, now=NOW)
MARKET: Final = Market(Known(BTC, NOW), Known(tick(), NOW))
SELL: Final = signal(decision=Decision.SELL)
HELD: Final = standing(lots=(lot(), lot(id="lot-2"), lot(id="eth", symbol="ETH_USDT", base="ETH")))


def rule(
    told: Signal | None = None,
    account: Standing | None = None,
    throttles: dict[str, ThrottleState] | None = None,
    market: Market = MARKET,
    **changes: Any,  # noqa: ANN401  fields of every type
) -> Ruling:
    occasion = Occasion(told or signal(), row(**changes), PRESETS["trend-dip"], market)
    return wish_entry(occasion, account or standing(), throttles or {}, TERMS)


def spoken(asked: WatchlistRow, told: Signal, **changes: Any) -> dict[str, ThrottleState]:  # noqa: ANN401  fields of every type
    """A throttle that spoke an hour ago under these settings."""
    state = ThrottleState(
        told.symbol,
        told.strategy,
        told.decision,
        baseline=D(48000),
        last_sent_at=NOW - HOUR,
        config_hash=settings_hash(asked),
    )
    return {throttle_key(told): replace(state, **changes)}


def test_a_buy_that_every_rule_admits_is_an_intent_born_sending() -> None:
    ruling = rule()

    assert isinstance(ruling.verdict, Approved)
    assert ruling.intent is not None
    assert ruling.intent.state is State.SENDING
    assert ruling.intent.signal_id == signal().id
    assert ruling.intent.proposal is ruling.verdict.proposal
    assert ruling.intent.client_oid == client_oid("a1b2c3", ruling.intent.proposal.key)
    assert (ruling.emitted, ruling.block, ruling.exits) == (True, None, ())


def test_an_entry_of_a_share_is_sized_from_the_equity_and_none_is_made_of_an_unknown_one() -> None:
    share: dict[str, Any] = {"trade_amount_usd": None, "trade_share_pct": D("0.5")}
    ruling = rule(**share)
    unknown = rule(account=standing(figures=Unknown("40101")), **share)

    assert ruling.intent is not None
    assert D(49) < ruling.intent.proposal.value.amount <= D(50)
    assert unknown.block == "INVALID_TRADE_AMOUNT"
    assert rule(trade_amount_usd=None).block == "INVALID_TRADE_AMOUNT"
    assert rule(trade_amount_usd=None, trade_share_pct=D(90)).block == "GUARDRAIL_BLOCKED"


def test_a_change_of_the_share_is_a_change_of_settings_and_rows_without_one_keep_their_hash() -> (
    None
):
    one, other = row(trade_share_pct=D(1)), row(trade_share_pct=D(2))

    assert len({settings_hash(each) for each in (one, other, row())}) == 3


def test_the_same_signal_asked_twice_is_one_intent() -> None:
    one, other = rule().intent, rule().intent

    assert one == other


def test_a_sell_is_the_exits_of_the_bots_lots_of_that_symbol() -> None:
    ruling = rule(SELL, HELD)

    assert ruling.exits == ("lot-1", "lot-2")
    assert (ruling.emitted, ruling.block, ruling.intent, ruling.verdict) == (True, None, None, None)


def test_a_sell_without_a_lot_is_blocked_and_sells_nothing_that_the_bot_did_not_buy() -> None:
    assert rule(SELL).block == "NO_POSITION_TO_CLOSE"
    assert rule(SELL, standing(lots=(lot(closed_at=NOW),))).block == "NO_POSITION_TO_CLOSE"


def test_neither_kill_nor_mode_keeps_a_sell_from_closing() -> None:
    shut = replace(SWITCHES, mode=Mode.OFF, kill=Kill("owner", "drill", NOW), enabled=False)

    assert rule(SELL, replace(HELD, switches=shut), trade_enabled=False).exits


def test_live_enters_nothing_without_a_certificate() -> None:
    live = standing(switches=replace(SWITCHES, mode=Mode.LIVE, bound=Mode.LIVE, venue=Mode.LIVE))
    occasion = Occasion(signal(), row(), PRESETS["trend-dip"], MARKET)

    assert rule(account=live).block == "CERTIFICATE"
    assert wish_entry(occasion, live, {}, replace(TERMS, certified=True)).intent


def test_a_wait_becomes_nothing() -> None:
    told = signal(decision=Decision.WAIT)

    assert rule(told) == Ruling(signal=told)


@pytest.mark.parametrize(
    ("told", "switch"),
    [
        (signal(), "alert_enabled"),
        (signal(), "buy_alert_enabled"),
        (SELL, "alert_enabled"),
        (SELL, "sell_alert_enabled"),
    ],
)
def test_a_side_whose_alerts_are_off_says_nothing(told: Signal, switch: str) -> None:
    off: dict[str, Any] = {switch: False}
    ruling = rule(told, HELD, **off)

    assert (ruling.emitted, ruling.block) == (False, "ALERT_DISABLED")
    assert ruling.throttle is None


def test_the_other_sides_switch_is_its_own() -> None:
    assert rule(sell_alert_enabled=False).intent
    assert rule(SELL, HELD, buy_alert_enabled=False).exits


def test_an_alert_is_emitted_although_its_order_is_blocked() -> None:
    shut = standing(switches=replace(SWITCHES, mode=Mode.OFF))
    ruling = rule(account=shut)

    assert (ruling.emitted, ruling.block, ruling.intent) == (True, "TRADING_MODE_OFF", None)
    assert ruling.throttle is not None
    assert ruling.alert is not None


def test_trading_disabled_is_an_ordinary_block_and_no_error() -> None:
    ruling = rule(trade_enabled=False)

    assert (ruling.emitted, ruling.block) == (True, "TRADE_DISABLED")
    assert isinstance(ruling.verdict, Blocked)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"trade_amount_usd": None}, "INVALID_TRADE_AMOUNT"),
        ({"trade_amount_usd": D(200)}, "GUARDRAIL_BLOCKED"),
        ({"buy_target": D("49999.99")}, "PRICE_ABOVE_BUY_TARGET"),
        ({"market": Market(Unknown("not listed"), MARKET.tick)}, "INSTRUMENT_UNKNOWN"),
        ({"market": Market(MARKET.instrument, Unknown("not read"))}, "MARKET_DATA_STALE"),
        ({"market": Market(MARKET.instrument, Known(tick(None), NOW))}, "DATA_MISSING"),
        ({"told": signal(values={"ema10": 1.0, "ma50": Unknown("TOO_FEW_BARS")})}, "DATA_MISSING"),
        ({"told": signal(values={})}, "DATA_MISSING"),
        ({"told": signal(stop_distance=Unknown("no mode"))}, "DATA_MISSING"),
        ({"told": signal(ends=NOW - timedelta(seconds=121))}, "MARKET_DATA_STALE"),
        ({"told": signal(stop_distance=D("0.001"))}, "TICK_TOO_COARSE"),
        ({"trade_on_margin": True}, "RISK_GUARD_BLOCKED"),
        ({"account": standing(figures=Unknown("not read"))}, "RISK_GUARD_BLOCKED"),
    ],
)
def test_a_buy_that_may_not_be_sent_ends_in_its_code(changes: dict[str, Any], code: str) -> None:
    ruling = rule(**changes)

    assert (ruling.emitted, ruling.block, ruling.intent) == (True, code, None)


def test_path_9_too_few_bars_are_a_signal_and_no_order() -> None:
    told = signal(values={"ema10": 221.2, "ma50": Unknown("TOO_FEW_BARS")})

    assert rule(told).block == "DATA_MISSING"


@pytest.mark.parametrize(
    ("seconds", "close", "gate", "code"),
    [
        (30, "60000", None, "THROTTLED_TIME_GATE"),
        (60, "60000", None, None),
        (65, "48400", None, "THROTTLED_PRICE_GATE"),
        (65, "48480", None, None),
        (65, "48480", "3", "THROTTLED_PRICE_GATE"),
        (65, "48001", "0", None),
    ],
)
def test_the_throttle_speaks_first_and_its_price_gate_is_the_rows_else_the_presets(
    seconds: int, close: str, gate: str | None, code: str | None
) -> None:
    changes: dict[str, Any] = {"min_price_change_pct": None if gate is None else D(gate)}
    told = signal(close=D(close))
    heard = spoken(row(**changes), told, last_sent_at=NOW - timedelta(seconds=seconds))

    there = Market(Known(BTC, NOW), Known(tick(close), NOW))
    ruling = rule(told, throttles=heard, market=there, **changes)

    assert ruling.block == code
    assert ruling.emitted is (code is None)
    assert (ruling.throttle is None) is (code is not None)


def test_a_spoken_signal_is_the_next_baseline() -> None:
    heard = spoken(row(), signal())
    state = rule(throttles=heard).throttle

    assert state is not None
    assert (state.baseline, state.last_sent_at) == (D(50000), NOW)
    assert state.config_hash == settings_hash(row())


def test_a_change_of_settings_is_one_alert_and_no_order_and_the_next_bar_may_order() -> None:
    before = spoken(row(trade_amount_usd=D(50)), signal(), last_sent_at=NOW - timedelta(seconds=1))
    first = rule(throttles=before)

    assert (first.emitted, first.block, first.intent) == (True, "FORCED_ALERT_ONLY", None)
    assert first.alert is not None
    assert "after a change of settings" in first.alert
    assert first.throttle is not None

    again = {throttle_key(signal()): first.throttle}
    assert rule(throttles=again).block == "THROTTLED_TIME_GATE"
    spaced = replace(first.throttle, last_sent_at=NOW - HOUR, baseline=D(49000))
    assert rule(throttles={throttle_key(signal()): spaced}).intent


def test_a_changed_note_forces_nothing() -> None:
    asked = row(version=2, buy_target=D(60000))

    assert rule(throttles=spoken(row(), signal()), version=2, buy_target=D(60000)).intent
    assert settings_hash(asked) == settings_hash(row())


@pytest.mark.parametrize(
    "change",
    [
        {"alert_enabled": False},
        {"buy_alert_enabled": False},
        {"sell_alert_enabled": False},
        {"trade_enabled": False},
        {"preset": "swing-aggressive"},
        {"min_price_change_pct": D(0)},
        {"trade_amount_usd": D(99)},
        {"trade_amount_usd": None},
    ],
)
def test_every_setting_that_counts_changes_the_hash(change: dict[str, Any]) -> None:
    assert settings_hash(row(**change)) != settings_hash(row())


def test_the_same_number_written_otherwise_is_the_same_setting() -> None:
    assert settings_hash(row(trade_amount_usd=D("100.00"))) == settings_hash(row())


@pytest.mark.parametrize(
    ("updated_at", "code"),
    [(signal().ends, None), (signal().ends + timedelta(microseconds=1), "FORCED_ALERT_ONLY")],
)
def test_a_bar_that_ended_before_the_settings_is_an_alert_alone(
    updated_at: Instant, code: str | None
) -> None:
    assert rule(updated_at=updated_at).block == code
    assert rule(SELL, HELD, updated_at=updated_at).block == code


def test_a_forced_sell_sells_nothing() -> None:
    later = signal().ends + timedelta(seconds=1)

    assert rule(SELL, HELD, updated_at=later).exits == ()


def test_an_alert_tells_the_reasons_of_its_side() -> None:
    flags = (
        Flag("buy_rsi_ok", holds=True, because="RSI 44.8 is below 45."),
        Flag("buy_confirm_ok", holds=None, because="Not asked."),
        Flag("sell_rsi_ok", holds=False, because="RSI 44.8 is not above 70."),
    )
    alert = rule(signal(flags=flags)).alert

    assert alert == "BUY BTC_USDT at 50000. RSI 44.8 is below 45."


@pytest.mark.parametrize("purpose", [Purpose.PROTECT, Purpose.REDUCE, Purpose.FLATTEN])
def test_an_order_that_serves_a_lot_is_an_intent_whatever_the_switches_say(
    purpose: Purpose,
) -> None:
    shut = replace(SWITCHES, mode=Mode.OFF, kill=Kill("owner", "drill", NOW), readable=False)
    blind = Market(MARKET.instrument, Unknown("not read"))
    ruling = wish(serving(purpose), blind, replace(HELD, switches=shut), TERMS)

    assert isinstance(ruling.verdict, Approved)
    assert ruling.intent is not None
    assert (ruling.signal, ruling.block, ruling.intent.reserved) == (None, None, D(0))


def test_an_order_that_serves_no_lot_is_blocked() -> None:
    ruling = wish(serving(Purpose.REDUCE), MARKET, standing(), TERMS)

    assert (ruling.block, ruling.intent) == ("INVALID_ORDER_FORMAT", None)


rows = st.builds(
    row,
    alert_enabled=st.booleans(),
    buy_alert_enabled=st.booleans(),
    sell_alert_enabled=st.booleans(),
    trade_enabled=st.booleans(),
    trade_amount_usd=st.none() | st.decimals(-5, 200, places=2),
    trade_on_margin=st.booleans(),
    leverage=st.none() | st.decimals(0, 10, places=1),
    buy_target=st.none() | st.sampled_from([D(49000), D(50000), D(51000)]),
    updated_at=st.sampled_from([Instant(0), NOW]),
)
switchings = st.builds(
    Switches,
    mode=st.sampled_from(Mode),
    bound=st.sampled_from(Mode),
    venue=st.just(Mode.SIM),
    kill=st.none() | st.just(Kill("owner", "drill", NOW)),
    enabled=st.booleans(),
)
accounts = st.builds(
    lambda switches, count, known: standing(
        switches=switches,
        lots=tuple(lot(id=str(i)) for i in range(count)),
        figures=standing().figures if known else Unknown("not read"),
    ),
    switchings,
    st.integers(0, 4),
    st.booleans(),
)
markets = st.builds(
    Market,
    st.sampled_from([MARKET.instrument, Unknown("not listed")]),
    st.sampled_from([MARKET.tick, Unknown("not read"), Known(tick(None), NOW)]),
)


@given(st.sampled_from([signal(), SELL]), rows, accounts, markets)
@settings(max_examples=300, deadline=None)
def test_every_emitted_signal_ends_in_exactly_one_of_intent_exits_or_block(
    told: Signal, asked: WatchlistRow, account: Standing, market: Market
) -> None:
    ruling = wish_entry(Occasion(told, asked, PRESETS["trend-dip"], market), account, {}, TERMS)
    ends = [ruling.intent is not None, bool(ruling.exits), ruling.block is not None]

    assert sum(ends) == 1
    assert ruling.emitted is (ruling.throttle is not None) is (ruling.alert is not None)
    assert ruling.emitted or ruling.block == "ALERT_DISABLED"
    assert (ruling.intent is not None) is isinstance(ruling.verdict, Approved)
