"""The judge approves only what every rule admits; caps bind at their edge, and never keep a lot from being protected."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.account import (
    Balance,
    DayOpen,
    Figures,
    Freeze,
    InFlight,
    Kill,
    Lot,
    Margin,
    Mode,
    Spot,
    Standing,
    Switches,
)
from interlock.risk.finding import answers
from interlock.risk.judge import examine, judge, judge_guard
from interlock.risk.limits import Limits
from interlock.risk.order_rules import ORDER_RULES
from interlock.risk.question import Question
from interlock.risk.rule import Binds, OrderRule
from interlock.risk.verdict import Approved, Blocked
from interlock.strategy.proposal import Protection, Purpose
from interlock.strategy.sizing import Unsized
from interlock.values import Instant, Known, Price, Quantity, Side, Unknown
from tests.rooms.making import (
    BAR_ENDED,
    BTC,
    LIMITS,
    NOW,
    SWITCHES,
    D,
    entry,
    facts,
    lot,
    question,
    row,
    serving,
    standing,
    tick,
)

NOTHING: Final = Unknown("not read")
EXITS: Final = (Purpose.PROTECT, Purpose.REDUCE, Purpose.FLATTEN)


def codes(asked: Question) -> list[str]:
    verdict = judge(asked)
    return [each.code for each in verdict.objections] if isinstance(verdict, Blocked) else []


def limited(name: str, number: Any) -> Limits:  # noqa: ANN401  fields of every type
    change: dict[str, Any] = {name: number}
    return replace(LIMITS, **change)


def test_a_sound_entry_is_approved_and_every_rule_was_asked() -> None:
    asked = question()
    verdict = judge(asked)

    assert isinstance(verdict, Approved)
    assert verdict.proposal is asked.wish
    assert len(examine(asked)) == len(ORDER_RULES) + 8
    assert all(each.said.passed for each in examine(asked))


def flying(**changes: Any) -> InFlight:  # noqa: ANN401  fields of every type
    other = InFlight("i-1", "BTC_USDT", "BTC", Side.SELL, "ENTRY", Spot(), D(0), "ACKED", None)
    return replace(other, **changes)


def lots(count: int, **changes: Any) -> tuple[Lot, ...]:  # noqa: ANN401  fields of every type
    return tuple(lot(id=f"lot-{i}", **changes) for i in range(count))


def holding(currency: str, total: str, free: str | None = None, *, age: float = 0) -> Standing:
    wallet = {
        "USDT": Balance("USDT", D(10000), D(10000)),
        currency: Balance(currency, D(total), D(free or total)),
    }
    return standing(balances=Known(wallet, NOW - timedelta(seconds=age)))


def switched(**changes: Any) -> Standing:  # noqa: ANN401  fields of every type
    return standing(switches=replace(SWITCHES, **changes))


def seconds_ago(seconds: float) -> Instant:
    return NOW - timedelta(seconds=seconds)


def frozen(scope: str, code: str) -> Standing:
    return standing(freezes=(Freeze(scope, code, "because"),))


def amounted(amount: str, **changes: Any) -> Question:  # noqa: ANN401  fields of every type
    return question(facts=facts(row=row(trade_amount_usd=D(amount))), **changes)


ON_MARGIN: Final = entry(funding=Margin(D(2)))


def free(margin: str) -> Standing:
    return standing(margin=Known(D(margin), NOW))


CAPPED: Final = replace(LIMITS, usd_per_order_max=D(1000))

EDGES: Final[list[tuple[str, str | None, Question]]] = [
    # 1 lease
    ("another epoch", "NOT_LEASE_HOLDER", question(facts=facts(epoch=6))),
    ("no lease known", "NOT_LEASE_HOLDER", question(standing=standing(epoch=None))),
    ("no epoch of ours", "NOT_LEASE_HOLDER", question(facts=facts(epoch=None))),
    # 2 shape
    ("no instrument", "INSTRUMENT_UNKNOWN", question(facts=facts(instrument=NOTHING))),
    ("list 24 h old", None, question(facts=facts(instrument=Known(BTC, seconds_ago(86400))))),
    (
        "list older",
        "INSTRUMENT_UNKNOWN",
        question(facts=facts(instrument=Known(BTC, seconds_ago(86400.001)))),
    ),
    (
        "other grid",
        "INSTRUMENT_UNKNOWN",
        question(facts=facts(instrument=Known(replace(BTC, lot=D(1)), NOW))),
    ),
    (
        "halted",
        "INVALID_ORDER_FORMAT",
        question(
            wish=entry(instrument=replace(BTC, tradable=False)),
            facts=facts(instrument=Known(replace(BTC, tradable=False), NOW)),
        ),
    ),
    (
        "off tick",
        "INVALID_ORDER_FORMAT",
        question(wish=entry(limit=Price(D("50149.999"), "BTC", "USDT"))),
    ),
    (
        "off lot",
        "INVALID_ORDER_FORMAT",
        question(wish=entry(quantity=Quantity(D("0.000019"), "BTC"))),
    ),
    ("zero", "INVALID_ORDER_FORMAT", question(wish=entry(quantity=Quantity(D(0), "BTC")))),
    ("no limit", "INVALID_ORDER_FORMAT", question(wish=entry(limit=None))),
    ("short", "INVALID_ORDER_FORMAT", question(wish=entry(side=Side.SELL))),
    ("margin", None, question(wish=ON_MARGIN)),
    ("free margin", None, question(wish=ON_MARGIN, standing=free("55"))),
    (
        "less margin free",
        "INSUFFICIENT_AVAILABLE_BALANCE",
        question(wish=ON_MARGIN, standing=free("54.9")),
    ),
    (
        "free margin unknown",
        "RISK_GUARD_BLOCKED",
        question(wish=ON_MARGIN, standing=standing(margin=NOTHING)),
    ),
    ("spot needs none", None, question(standing=standing(margin=NOTHING))),
    (
        "no margin here",
        "INVALID_ORDER_FORMAT",
        question(
            wish=replace(ON_MARGIN, instrument=replace(BTC, margin_buy=False)),
            facts=facts(instrument=Known(replace(BTC, margin_buy=False), NOW)),
        ),
    ),
    (
        "less leverage here",
        "INVALID_ORDER_FORMAT",
        question(
            wish=replace(ON_MARGIN, instrument=replace(BTC, max_leverage=D("1.5"))),
            facts=facts(instrument=Known(replace(BTC, max_leverage=D("1.5")), NOW)),
        ),
    ),
    # 3 to 5 switches
    ("killed", "KILL_SWITCH_ON", question(standing=switched(kill=Kill("owner", "drill", NOW)))),
    ("unreadable", "KILL_SWITCH_ON", question(standing=switched(readable=False))),
    ("mode off", "TRADING_MODE_OFF", question(standing=switched(mode=Mode.OFF))),
    (
        "mode of the other venue",
        "TRADING_MODE_OFF",
        question(standing=switched(mode=Mode.LIVE, bound=Mode.LIVE)),
    ),
    ("bound", "ENV_UPPER_BOUND", question(standing=switched(bound=Mode.OFF))),
    ("disabled", "ENV_UPPER_BOUND", question(standing=switched(enabled=False))),
    (
        "live without certificate",
        "CERTIFICATE",
        question(standing=switched(mode=Mode.LIVE, bound=Mode.LIVE, venue=Mode.LIVE)),
    ),
    (
        "live with certificate",
        None,
        question(
            standing=switched(mode=Mode.LIVE, bound=Mode.LIVE, venue=Mode.LIVE),
            facts=facts(certified=True),
        ),
    ),
    # 6 and 7 the owner's row
    ("trade off", "TRADE_DISABLED", question(facts=facts(row=row(trade_enabled=False)))),
    ("deleted", "TRADE_DISABLED", question(facts=facts(row=row(is_deleted=True)))),
    ("no row", "TRADE_DISABLED", question(facts=facts(row=None))),
    ("other row", "TRADE_DISABLED", question(facts=facts(row=row(symbol="BTC_USD")))),
    ("forced", "FORCED_ALERT_ONLY", question(facts=facts(forced=True))),
    ("listed", None, question(limits=replace(LIMITS, allowlist=frozenset({"BTC_USDT"})))),
    (
        "not listed",
        "GUARDRAIL_BLOCKED",
        question(limits=replace(LIMITS, allowlist=frozenset({"ETH_USDT"}))),
    ),
    # 8 amount
    ("amount null", "INVALID_TRADE_AMOUNT", question(facts=facts(row=row(trade_amount_usd=None)))),
    ("amount 0", "INVALID_TRADE_AMOUNT", amounted("0")),
    ("amount -5", "INVALID_TRADE_AMOUNT", amounted("-5")),
    ("amount NaN", "INVALID_TRADE_AMOUNT", amounted("NaN")),
    ("amount 100", None, amounted("100")),
    ("amount 100.01", "GUARDRAIL_BLOCKED", amounted("100.01")),
    (
        "order above the cap",
        "GUARDRAIL_BLOCKED",
        question(wish=entry(quantity=Quantity(D("0.002"), "BTC"))),
    ),
    # 9 freezes
    (
        "unknown outcome",
        "UNKNOWN_OUTCOME_FREEZE",
        question(standing=standing(in_flight=(flying(state="UNKNOWN"),))),
    ),
    (
        "unknown outcome elsewhere",
        None,
        question(
            standing=standing(in_flight=(flying(state="UNKNOWN", symbol="ETH_USDT", base="ETH"),))
        ),
    ),
    (
        "frozen unknown",
        "UNKNOWN_OUTCOME_FREEZE",
        question(standing=frozen("BTC_USDT", "UNKNOWN_OUTCOME_FREEZE")),
    ),
    (
        "mismatch",
        "POSITION_MISMATCH_FREEZE",
        question(standing=frozen("BTC", "POSITION_MISMATCH_FREEZE")),
    ),
    ("mismatch elsewhere", None, question(standing=frozen("ETH", "POSITION_MISMATCH_FREEZE"))),
    (
        "609 on margin",
        "MARGIN_ERROR_609_LOCK",
        question(wish=ON_MARGIN, standing=frozen("BTC_USDT", "MARGIN_ERROR_609_LOCK")),
    ),
    ("609 on spot", None, question(standing=frozen("BTC_USDT", "MARGIN_ERROR_609_LOCK"))),
    # 10 market
    ("price 120 s", None, question(facts=facts(tick=Known(tick(at=seconds_ago(120)), NOW)))),
    (
        "price 120.001 s",
        "MARKET_DATA_STALE",
        question(facts=facts(tick=Known(tick(at=seconds_ago(120.001)), NOW))),
    ),
    (
        "price from the future",
        "MARKET_DATA_STALE",
        question(facts=facts(tick=Known(tick(at=seconds_ago(-121)), NOW))),
    ),
    (
        "price of another",
        "MARKET_DATA_STALE",
        question(facts=facts(tick=Known(tick(symbol="ETH_USDT"), NOW))),
    ),
    ("no price", "MARKET_DATA_STALE", question(facts=facts(tick=NOTHING))),
    ("bar 120 s", None, question(facts=facts(bar_ended=seconds_ago(120)))),
    ("bar 121 s", "MARKET_DATA_STALE", question(facts=facts(bar_ended=seconds_ago(121)))),
    ("bar that forms", "MARKET_DATA_STALE", question(facts=facts(bar_ended=seconds_ago(-1)))),
    ("no bar", "MARKET_DATA_STALE", question(facts=facts(bar_ended=NOTHING))),
    ("no averages", "DATA_MISSING", question(facts=facts(indicators_known=False))),
    ("no ask", "DATA_MISSING", question(facts=facts(tick=Known(tick(None), NOW)))),
    ("ask at the target", None, question(facts=facts(row=row(buy_target=D(50150))))),
    (
        "ask and limit at the target",
        None,
        question(
            wish=entry(limit=Price(D(50000), "BTC", "USDT")),
            facts=facts(row=row(buy_target=D(50000))),
        ),
    ),
    (
        "ask above the target",
        "PRICE_ABOVE_BUY_TARGET",
        question(facts=facts(row=row(buy_target=D("49999.99")))),
    ),
    (
        "limit above the target",
        "PRICE_NOT_IN_RANGE",
        question(facts=facts(row=row(buy_target=D(50149)))),
    ),
    (
        "limit above the collar",
        "PRICE_NOT_IN_RANGE",
        question(wish=entry(limit=Price(D("50150.01"), "BTC", "USDT"))),
    ),
    # 11 to 15 counts
    (
        "another entry in flight",
        "ORDER_CREATION_LOCK",
        question(standing=standing(in_flight=(flying(side=Side.BUY),))),
    ),
    (
        "an exit in flight",
        None,
        question(standing=standing(in_flight=(flying(side=Side.BUY, purpose="REDUCE"),))),
    ),
    ("2 open of the base", None, question(standing=standing(lots=lots(2)))),
    ("3 open of the base", "MAX_OPEN_TRADES_REACHED", question(standing=standing(lots=lots(3)))),
    (
        "1 + 2 in two books of the base",
        "MAX_OPEN_TRADES_REACHED",
        question(standing=standing(lots=(lot(id="x", symbol="BTC_USD"), *lots(2)))),
    ),
    (
        "2 and an unknown entry",
        "UNKNOWN_OUTCOME_FREEZE",
        question(standing=standing(lots=lots(2), in_flight=(flying(state="UNKNOWN"),))),
    ),
    ("9 open in total", None, question(standing=standing(lots=lots(9, base="ETH")))),
    (
        "10 open in total",
        "MAX_OPEN_TRADES_REACHED",
        question(standing=standing(lots=lots(10, base="ETH"))),
    ),
    (
        "300 s after the last",
        None,
        question(standing=standing(last_entry={"BTC": seconds_ago(300)})),
    ),
    (
        "299.999 s after the last",
        "RECENT_ORDERS_COOLDOWN",
        question(standing=standing(last_entry={"BTC": seconds_ago(299.999)})),
    ),
    ("after another base", None, question(standing=standing(last_entry={"ETH": seconds_ago(1)}))),
    ("second of the day", None, question(standing=standing(entries_today={"BTC": 1}))),
    (
        "third of the day",
        "GUARDRAIL_BLOCKED",
        question(standing=standing(entries_today={"BTC": 2})),
    ),
    # 16 to 20 room and size
    ("300 of the base", None, question(standing=holding("BTC", "0.006"))),
    ("300.01 of the base", "PORTFOLIO_VALUE_CAP", question(standing=holding("BTC", "0.0060002"))),
    (
        "300 with what is in flight",
        "PORTFOLIO_VALUE_CAP",
        question(
            standing=replace(holding("BTC", "0.006"), in_flight=(flying(reserved=D("0.01")),))
        ),
    ),
    ("wallet unknown", "RISK_GUARD_BLOCKED", question(standing=standing(balances=NOTHING))),
    ("clock unread", "RISK_GUARD_BLOCKED", question(standing=standing(clock=NOTHING))),
    (
        "breaker",
        "PROTECTION_UNAVAILABLE",
        question(standing=standing(breaker="a stop was not confirmed")),
    ),
    ("110 free", None, question(standing=holding("USDT", "110"))),
    ("109.99 free", "INSUFFICIENT_AVAILABLE_BALANCE", question(standing=holding("USDT", "109.99"))),
    (
        "110 free, but promised",
        "INSUFFICIENT_AVAILABLE_BALANCE",
        question(
            standing=replace(
                holding("USDT", "110"),
                in_flight=(flying(symbol="ETH_USDT", base="ETH", reserved=D(1)),),
            )
        ),
    ),
    ("balances 120 s old", None, question(standing=holding("USDT", "1000", age=120))),
    (
        "balances 121 s old",
        "RISK_GUARD_BLOCKED",
        question(standing=holding("USDT", "1000", age=121)),
    ),
    ("nothing free, on margin", None, question(wish=ON_MARGIN, standing=holding("USDT", "0"))),
    (
        "worth 1",
        None,
        question(
            wish=entry(quantity=Quantity(D("0.00002"), "BTC"), limit=Price(D(50000), "BTC", "USDT"))
        ),
    ),
    (
        "worth 0.99",
        "MIN_NOTIONAL_NOT_MET",
        question(
            wish=entry(quantity=Quantity(D("0.00002"), "BTC"), limit=Price(D(49500), "BTC", "USDT"))
        ),
    ),
    ("bare", "TICK_TOO_COARSE", question(wish=entry(protection=None))),
    (
        "a stop below zero",
        "TICK_TOO_COARSE",
        question(wish=entry(protection=Protection(D(60000), D(1), "mode", "mode"))),
    ),
    # 21 the risk guard
    ("no figures", "RISK_GUARD_BLOCKED", question(standing=standing(figures=NOTHING))),
    (
        "old figures",
        "RISK_GUARD_BLOCKED",
        question(standing=standing(figures=Known(Figures(D(10000), D(0), D(0)), seconds_ago(121)))),
    ),
    (
        "latched",
        "RISK_GUARD_BLOCKED",
        question(
            standing=standing(day=DayOpen("2024-03-15", D(1), NOW, late=False, latched_at=NOW))
        ),
    ),
    ("margin, no leverage", "RISK_GUARD_BLOCKED", question(wish=entry(funding=Margin(None)))),
]


@pytest.mark.parametrize(
    ("code", "asked"), [each[1:] for each in EDGES], ids=[each[0] for each in EDGES]
)
def test_edges(code: str | None, asked: Question) -> None:
    assert codes(asked)[:1] == ([] if code is None else [code])


@pytest.mark.parametrize("purpose", EXITS)
@pytest.mark.parametrize("asked", [each[2] for each in EDGES], ids=[each[0] for each in EDGES])
def test_no_stop_switch_and_no_cap_binds_an_order_that_serves_a_lot(
    asked: Question, purpose: Purpose
) -> None:
    account = replace(asked.standing, lots=(lot(),), epoch=7)
    known = replace(asked.facts, epoch=7, instrument=Known(BTC, NOW))

    verdict = judge(replace(asked, wish=serving(purpose), standing=account, facts=known))

    assert isinstance(verdict, Approved)


@pytest.mark.parametrize("purpose", EXITS)
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quantity": Quantity(D("0.00201"), "BTC")}, "INVALID_ORDER_FORMAT"),
        ({"quantity": Quantity(D("0.0000001"), "BTC")}, "INVALID_ORDER_FORMAT"),
        ({"side": Side.BUY}, "INVALID_ORDER_FORMAT"),
        ({"lot_id": None}, "INVALID_ORDER_FORMAT"),
        ({"lot_id": "lot-2"}, "INVALID_ORDER_FORMAT"),
        ({"funding": Margin(D(2))}, "INVALID_ORDER_FORMAT"),
        ({"trigger": Price(D("1.001"), "BTC", "USDT")}, "INVALID_ORDER_FORMAT"),
    ],
)
def test_an_order_that_would_raise_exposure_is_refused_whatever_it_calls_itself(
    purpose: Purpose, changes: dict[str, Any], code: str
) -> None:
    asked = question(wish=serving(purpose, **changes), standing=standing(lots=(lot(),)))

    assert codes(asked) == [code]


@pytest.mark.parametrize("purpose", EXITS)
def test_lease_and_instrument_bind_every_order(purpose: Purpose) -> None:
    served = question(wish=serving(purpose), standing=standing(lots=(lot(),)))

    assert codes(replace(served, facts=facts(epoch=6))) == ["NOT_LEASE_HOLDER"]
    assert codes(replace(served, facts=facts(instrument=NOTHING))) == ["INSTRUMENT_UNKNOWN"]
    assert [rule.name for rule in ORDER_RULES if rule.binds is Binds.ALL] == [
        "LEASE",
        "INSTRUMENT",
        "GRID",
        "LOT",
    ]


def test_all_objections_are_told_gravest_first() -> None:
    worst = question(
        wish=entry(funding=Margin(D(10))),
        standing=standing(
            switches=replace(SWITCHES, mode=Mode.OFF, kill=Kill("owner", "drill", NOW)),
            figures=Known(Figures(D(100), D(50), D(6)), NOW),
            lots=lots(3),
        ),
        facts=facts(epoch=None, row=row(trade_enabled=False)),
    )
    verdict = judge(worst)

    assert isinstance(verdict, Blocked)
    assert [each.rule for each in verdict.objections] == [
        "LEASE",
        "KILL",
        "MODE",
        "TRADE_ENABLED",
        "OPEN_PER_BASE",
        "A",
        "B",
        "C",
        "D",
        "E",
        "F",
    ]
    assert verdict.code == "NOT_LEASE_HOLDER"
    assert all(each.reason.endswith(".") for each in verdict.objections)


def test_an_order_worth_the_whole_account_is_told_by_how_much() -> None:
    asked = question(
        limits=replace(CAPPED, allowlist=frozenset()),
        facts=facts(row=row(trade_amount_usd=D(1000))),
        wish=entry(quantity=Quantity(D("0.01994"), "BTC")),
        standing=standing(figures=Known(Figures(D(1000), D(0), D(0)), NOW)),
    )
    verdict = judge(asked)

    assert isinstance(verdict, Blocked)
    (share,) = verdict.objections
    assert (share.rule, share.code, share.found, share.limit) == (
        "C",
        "RISK_GUARD_BLOCKED",
        "99.9991",
        "10",
    )


def test_an_objection_tells_the_limit_that_bound() -> None:
    tight = facts(row=row(buy_target=D(50100)))
    verdict = judge(question(facts=tight, limits=limited("allowlist", frozenset({"B", "A"}))))

    assert isinstance(verdict, Blocked)
    told = [(each.rule, each.found, each.limit) for each in verdict.objections]
    assert told == [("ALLOWLIST", "BTC_USDT", "A, B"), ("PRICE_COLLAR", "50150", "50100")]


def test_what_could_not_be_sized_is_blocked_by_that_and_by_graver_rules_first() -> None:
    lost = Unsized("BTC_USDT", Spot(), "TICK_TOO_COARSE", "1", "5", "The tick is too coarse.")

    assert codes(question(wish=lost)) == ["TICK_TOO_COARSE"]
    assert codes(question(wish=lost, standing=switched(readable=False))) == [
        "KILL_SWITCH_ON",
        "TICK_TOO_COARSE",
    ]
    nameless = replace(lost, code="DATA_MISSING")
    assert codes(question(wish=nameless)) == ["DATA_MISSING"]


@pytest.mark.parametrize("rule", ORDER_RULES, ids=[rule.name for rule in ORDER_RULES])
def test_a_rule_that_raises_says_no_with_its_code(rule: OrderRule) -> None:
    broken: dict[str, Any] = dict.fromkeys(["standing", "facts", "limits", "at"])
    bare: dict[str, Any] = {"instrument": None, "purpose": None}
    asked = replace(question(wish=entry(**bare)), **broken)

    (finding,) = answers([(rule.name, rule.code, rule.ask)], asked)

    assert finding.objects
    assert finding.objection().code == rule.code


def test_a_limit_that_is_no_number_admits_nothing() -> None:
    for name in ("max_leverage", "max_equity_per_trade_pct", "usd_per_order_max"):
        for text in ("NaN", "sNaN"):
            assert codes(question(wish=ON_MARGIN, limits=limited(name, D(text))))


# ---------------------------------------------------------------- properties

CAPS: Final[dict[str, st.SearchStrategy[Any]]] = {
    "max_leverage": st.decimals(1, 100, places=2),
    "max_equity_per_trade_pct": st.decimals("0.1", 100, places=2),
    "max_total_margin_exposure_pct": st.decimals(0, 100, places=2),
    "max_daily_loss_pct": st.decimals(0, 100, places=2),
    "max_order_notional_usd": st.decimals(1, 1000, places=2),
    "usd_per_order_max": st.decimals(1, 1000, places=2),
    "open_per_base_max": st.integers(0, 5),
    "open_total_max": st.integers(0, 5),
    "orders_per_base_and_day_max": st.integers(0, 5),
    "portfolio_cap_multiple": st.decimals(0, 5, places=2),
    "equity_age_max": st.integers(0, 200).map(lambda s: timedelta(seconds=s)),
    "price_age_max": st.integers(0, 200).map(lambda s: timedelta(seconds=s)),
    "bar_age_max": st.integers(0, 200).map(lambda s: timedelta(seconds=s)),
    "entry_slippage_pct_max": st.decimals(0, 1, places=2),
    "price_jump_pct_max": st.decimals(0, 20, places=2),
    "clock_skew_max": st.integers(0, 10).map(lambda s: timedelta(seconds=s)),
}
questions = st.builds(
    lambda leverage, equity, exposure, loss, count, made, held, age: question(
        wish=entry(funding=Margin(leverage) if leverage else Spot()),
        standing=replace(
            holding("BTC", str(held)),
            figures=Known(Figures(equity, exposure, loss), seconds_ago(age)),
            lots=lots(count),
            entries_today={"BTC": made},
            clock=Known(timedelta(seconds=made * 3), NOW),
        ),
        facts=facts(
            tick=Known(tick(at=seconds_ago(age)), NOW),
            close=D(50000 + count * 2000),
            bar_ended=min(BAR_ENDED, seconds_ago(age)),
        ),
    ),
    st.none() | st.decimals(1, 8, places=2),
    st.decimals(500, 20000, places=2),
    st.decimals(0, 5000, places=2),
    st.decimals(-5, 10, places=2),
    st.integers(0, 3),
    st.integers(0, 3),
    st.decimals(0, "0.01", places=5),
    st.integers(0, 150),
)


@given(questions, st.sampled_from(sorted(CAPS)), st.data())
@settings(max_examples=300, deadline=None)
def test_lowering_a_cap_never_admits_more(asked: Question, name: str, data: st.DataObject) -> None:
    one, other = data.draw(CAPS[name]), data.draw(CAPS[name])
    low, high = sorted([one, other])
    strict = set(codes(replace(asked, limits=limited(name, low))))
    loose = set(codes(replace(asked, limits=limited(name, high))))

    assert loose <= strict


@given(st.decimals(1, 100, places=2), st.decimals(1, 100, places=2), questions)
@settings(max_examples=100, deadline=None)
def test_raising_a_floor_never_admits_more(one: Decimal, other: Decimal, asked: Question) -> None:
    low, high = sorted([one, other])
    for name in ("min_liquidation_buffer_pct", "available_multiple"):
        loose = set(codes(replace(asked, limits=limited(name, low))))
        strict = set(codes(replace(asked, limits=limited(name, high))))
        assert loose <= strict


switchings = st.builds(
    Switches,
    mode=st.sampled_from(Mode),
    bound=st.sampled_from(Mode),
    venue=st.sampled_from([Mode.SIM, Mode.LIVE]),
    kill=st.none() | st.just(Kill("owner", "drill", NOW)),
    enabled=st.booleans(),
    readable=st.booleans(),
)


@given(questions, switchings, st.sampled_from(EXITS), st.booleans())
@settings(max_examples=200, deadline=None)
def test_no_state_of_the_account_keeps_a_lot_from_being_protected(
    asked: Question,
    switches: Switches,
    purpose: Purpose,
    blind: bool,  # noqa: FBT001  drawn by hypothesis
) -> None:
    account = replace(
        asked.standing, switches=switches, lots=(lot(),), breaker="open", disarmed="too much"
    )
    account = replace(account, messages=10**6, executions=10**6, naked=("lot-1",))
    unseen = replace(account, figures=NOTHING, balances=NOTHING, clock=NOTHING)
    account = unseen if blind else account

    assert isinstance(judge(replace(asked, wish=serving(purpose), standing=account)), Approved)


@given(questions)
@settings(max_examples=100, deadline=None)
def test_the_guard_of_the_order_path_is_the_guard_alone(asked: Question) -> None:
    verdict = judge(asked)
    alone = judge_guard(asked.guard(entry(funding=asked.funding)))
    told = verdict.objections if isinstance(verdict, Blocked) else ()

    assert alone == tuple(each for each in told if each.code == "RISK_GUARD_BLOCKED")
