"""Every rule of both tables: what it admits at its edge, what it refuses beyond it, and what a person does about it."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any, Final

import pytest

from interlock.account import (
    Balance,
    Figures,
    Freeze,
    Funding,
    InFlight,
    Kill,
    Margin,
    Mode,
    Spot,
    Stage,
    Standing,
)
from interlock.risk.finding import MISSING, NOT_ASKED, RAISED
from interlock.risk.guard import RULES
from interlock.risk.judge import examine
from interlock.risk.limits import BOUNDS, Limits
from interlock.risk.order_rules import ORDER_RULES
from interlock.risk.question import Question
from interlock.risk.remedies import REMEDIES, remedy
from interlock.risk.rule import Binds
from interlock.strategy.proposal import Proposal, Protection, Purpose
from interlock.strategy.sizing import Unsized
from interlock.values import Instant, Known, Price, Quantity, Side, Unknown
from tests.rooms.making import (
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
NAMES: Final = [name for name, _ in RULES] + [rule.name for rule in ORDER_RULES]


@dataclass(frozen=True)
class Edge:
    """The last question that the rule admits, and the first that it refuses, with what it then tells."""

    admits: Question
    refuses: Question
    code: str
    found: str
    limit: str


def ago(seconds: float) -> Instant:
    return NOW - timedelta(seconds=seconds)


def stood(**changes: Any) -> Question:  # noqa: ANN401  fields of every type
    return question(standing=standing(**changes))


def switched(**changes: Any) -> Question:  # noqa: ANN401  fields of every type
    return stood(switches=replace(SWITCHES, **changes))


def knowing(**changes: Any) -> Question:  # noqa: ANN401  fields of every type
    return question(facts=facts(**changes))


def wished(**changes: Any) -> Question:  # noqa: ANN401  fields of every type
    return question(wish=entry(**changes))


def limited(asked: Question, **changes: Any) -> Question:  # noqa: ANN401  fields of every type
    return replace(asked, limits=replace(asked.limits, **changes))


def worth(value: str, funding: Funding | None = None) -> Proposal:
    """An entry of exactly this value, in quote."""
    size, rate = Quantity(D(1), "BTC"), Price(D(value), "BTC", "USDT")
    return entry(quantity=size, limit=rate, funding=funding or Spot())


def figured(equity: str = "10000", exposure: str = "0", loss: str = "0", *, age: float = 0) -> Any:  # noqa: ANN401  a part of the standing
    return Known(Figures(D(equity), D(exposure), D(loss)), ago(age))


def flying(**changes: Any) -> InFlight:  # noqa: ANN401  fields of every type
    other = InFlight("i-1", "ETH_USDT", "ETH", Side.BUY, "ENTRY", Spot(), D(0), "ACKED", None)
    return replace(other, **changes)


def holding(usdt: str = "10000", btc: str = "0") -> Any:  # noqa: ANN401  a part of the standing
    held = {"USDT": usdt, "BTC": btc}
    return Known({c: Balance(c, D(t), D(t)) for c, t in held.items()}, NOW)


def selling(limit: str) -> Question:
    ours = flying(symbol="BTC_USDT", base="BTC", side=Side.SELL, purpose="REDUCE", limit=D(limit))
    return stood(in_flight=(ours,))


def lots(count: int, **changes: Any) -> tuple[Any, ...]:  # noqa: ANN401  fields of every type
    return tuple(lot(id=f"lot-{n}", **changes) for n in range(count))


def served(size: str) -> Question:
    stop = serving(Purpose.PROTECT, quantity=Quantity(D(size), "BTC"))
    return question(wish=stop, standing=standing(lots=(lot(),)))


LIVE: Final = {"mode": Mode.LIVE, "bound": Mode.LIVE, "venue": Mode.LIVE}
G: Final = "RISK_GUARD_BLOCKED"
EDGES: Final[dict[str, Edge]] = {
    "A": Edge(question(), switched(enabled=False), G, "trading_enabled", "clear"),
    "SIZE": Edge(
        question(wish=worth("1000000")),
        question(wish=worth("1000000.01")),
        G,
        "1000000.01",
        "1000000",
    ),
    "EQUITY": Edge(
        stood(figures=figured(age=120)), stood(figures=figured(age=120.001)), G, "120.001", "120"
    ),
    "B": Edge(wished(funding=Margin(D(5))), wished(funding=Margin(D("5.01"))), G, "5.01", "5"),
    "C": Edge(question(wish=worth("1000")), question(wish=worth("1000.01")), G, "10.0001", "10"),
    "D": Edge(
        question(
            wish=worth("500", Margin(D(2))), standing=standing(figures=figured("10000", "3500"))
        ),
        question(
            wish=worth("500.01", Margin(D(2))), standing=standing(figures=figured("10000", "3500"))
        ),
        G,
        "40.0001",
        "40",
    ),
    "E": Edge(
        limited(wished(funding=Margin(D(4))), min_liquidation_buffer_pct=D(25)),
        limited(wished(funding=Margin(D("4.01"))), min_liquidation_buffer_pct=D(25)),
        G,
        "24.9376",
        "25",
    ),
    "F": Edge(stood(figures=figured(loss="4.9999")), stood(figures=figured(loss="5")), G, "5", "5"),
    "LEASE": Edge(question(), knowing(epoch=8), "NOT_LEASE_HOLDER", "8", "7"),
    "INSTRUMENT": Edge(
        knowing(instrument=Known(BTC, ago(86400))),
        knowing(instrument=Known(BTC, ago(86400.001))),
        "INSTRUMENT_UNKNOWN",
        "86400.001",
        "86400",
    ),
    "GRID": Edge(
        wished(quantity=Quantity(D("0.00001"), "BTC")),
        wished(quantity=Quantity(D("0.000015"), "BTC")),
        "INVALID_ORDER_FORMAT",
        "0.000015 BTC",
        "0.01 0.00001",
    ),
    "LOT": Edge(served("0.002"), served("0.00201"), "INVALID_ORDER_FORMAT", "0.00201", "0.002"),
    "KILL": Edge(
        question(), switched(kill=Kill("owner", "drill", NOW)), "KILL_SWITCH_ON", "engaged", "clear"
    ),
    "PAUSE": Edge(
        question(), switched(pause=Kill("owner", "lunch", NOW)), "TRADING_PAUSED", "paused", "clear"
    ),
    "MODE": Edge(question(), switched(mode=Mode.OFF), "TRADING_MODE_OFF", "OFF", "SIM"),
    "ENV_BOUND": Edge(
        switched(bound=Mode.LIVE), switched(bound=Mode.OFF), "ENV_UPPER_BOUND", "SIM", "OFF"
    ),
    "CERTIFICATE": Edge(
        replace(switched(**LIVE), facts=facts(certified=True)),
        switched(**LIVE),
        "CERTIFICATE",
        "missing",
        "valid",
    ),
    "TRADE_ENABLED": Edge(
        question(), knowing(row=row(trade_enabled=False)), "TRADE_DISABLED", "off", "on"
    ),
    "FORCED": Edge(question(), knowing(forced=True), "FORCED_ALERT_ONLY", "forced", "decided"),
    "ALLOWLIST": Edge(
        limited(question(), allowlist=frozenset({"BTC_USDT"})),
        limited(question(), allowlist=frozenset({"BTC_USD"})),
        "GUARDRAIL_BLOCKED",
        "BTC_USDT",
        "BTC_USD",
    ),
    "AMOUNT": Edge(
        knowing(row=row(trade_amount_usd=D("0.01"))),
        knowing(row=row(trade_amount_usd=D(0))),
        "INVALID_TRADE_AMOUNT",
        "0",
        "0",
    ),
    "ORDER_VALUE": Edge(
        question(wish=worth("100")),
        question(wish=worth("100.01")),
        "GUARDRAIL_BLOCKED",
        "100.01",
        "100",
    ),
    "ORDER_QUANTITY": Edge(
        wished(quantity=Quantity(D("0.002"), "BTC"), limit=Price(D(1), "BTC", "USDT")),
        wished(quantity=Quantity(D("0.00201"), "BTC"), limit=Price(D(1), "BTC", "USDT")),
        "GUARDRAIL_BLOCKED",
        "0.00201",
        "0.002",
    ),
    "STAGE": Edge(
        replace(question(wish=worth("10")), standing=standing(stage=Stage(3))),
        replace(question(wish=worth("10.01")), standing=standing(stage=Stage(3))),
        "GUARDRAIL_BLOCKED",
        "10.01 and 0 positions",
        "10 and no position",
    ),
    "UNKNOWN_OUTCOME": Edge(
        stood(in_flight=(flying(state="UNKNOWN"),)),
        stood(in_flight=(flying(state="UNKNOWN", symbol="BTC_USDT", base="BTC"),)),
        "UNKNOWN_OUTCOME_FREEZE",
        "1",
        "0",
    ),
    "FROZEN": Edge(
        stood(freezes=(Freeze("ETH", "POSITION_MISMATCH_FREEZE", "why"),)),
        stood(freezes=(Freeze("BTC", "POSITION_MISMATCH_FREEZE", "why"),)),
        "POSITION_MISMATCH_FREEZE",
        "frozen",
        "clear",
    ),
    "PRICE_AGE": Edge(
        knowing(tick=Known(tick(at=ago(120)), NOW)),
        knowing(tick=Known(tick(at=ago(120.001)), NOW)),
        "MARKET_DATA_STALE",
        "120.001",
        "120",
    ),
    "BAR_AGE": Edge(
        knowing(bar_ended=ago(120)),
        knowing(bar_ended=ago(120.001)),
        "MARKET_DATA_STALE",
        "120.001",
        "120",
    ),
    "INDICATORS": Edge(
        question(), knowing(indicators_known=False), "DATA_MISSING", "missing", "known"
    ),
    "ASK": Edge(
        knowing(row=row(buy_target=D(50000))),
        knowing(row=row(buy_target=D("49999.99"))),
        "PRICE_ABOVE_BUY_TARGET",
        "50000",
        "49999.99",
    ),
    "PRICE_COLLAR": Edge(
        wished(limit=Price(D(50150), "BTC", "USDT")),
        wished(limit=Price(D("50150.01"), "BTC", "USDT")),
        "PRICE_NOT_IN_RANGE",
        "50150.01",
        "50150",
    ),
    "DATA_JUMP": Edge(
        knowing(tick=Known(tick("55000"), NOW)),
        knowing(tick=Known(tick("44999.99"), NOW)),
        "SAFETY_GUARD",
        "10.0001",
        "10",
    ),
    "CLOCK_SKEW": Edge(
        stood(clock=Known(timedelta(seconds=-5), ago(120))),
        stood(clock=Known(timedelta(seconds=-5.001), NOW)),
        "SAFETY_GUARD",
        "5.001",
        "5",
    ),
    "ONE_IN_FLIGHT": Edge(
        stood(in_flight=(flying(),)),
        stood(in_flight=(flying(symbol="BTC_USDT", base="BTC"),)),
        "ORDER_CREATION_LOCK",
        "1",
        "0",
    ),
    "DUPLICATE_INTENT": Edge(
        stood(entry_keys=frozenset({"signal:abd:side:BUY"})),
        stood(entry_keys=frozenset({"signal:abc:side:BUY"})),
        "IDEMPOTENCY_BLOCKED",
        "1",
        "0",
    ),
    "SELF_CROSS": Edge(
        selling("50150.01"), selling("50150"), "ALREADY_HAS_OPEN_ORDER", "50150", "50150"
    ),
    "OPEN_PER_BASE": Edge(
        stood(lots=lots(2)), stood(lots=lots(3)), "MAX_OPEN_TRADES_REACHED", "3", "3"
    ),
    "OPEN_TOTAL": Edge(
        stood(lots=lots(9, base="ETH")),
        stood(lots=lots(10, base="ETH")),
        "MAX_OPEN_TRADES_REACHED",
        "10",
        "10",
    ),
    "COOLDOWN": Edge(
        stood(last_entry={"BTC": ago(300)}),
        stood(last_entry={"BTC": ago(299.999)}),
        "RECENT_ORDERS_COOLDOWN",
        "299.999",
        "300",
    ),
    "PER_DAY": Edge(
        stood(entries_today={"BTC": 1}),
        stood(entries_today={"BTC": 2}),
        "GUARDRAIL_BLOCKED",
        "2",
        "2",
    ),
    "MESSAGE_RATE": Edge(stood(messages=59), stood(messages=60), "GUARDRAIL_BLOCKED", "60", "60"),
    "REPEATED_EXECUTION": Edge(
        stood(executions=19), stood(executions=20), "GUARDRAIL_BLOCKED", "20", "20"
    ),
    "PORTFOLIO_CAP": Edge(
        stood(balances=holding(btc="0.006")),
        stood(balances=holding(btc="0.0060002")),
        "PORTFOLIO_VALUE_CAP",
        "300.01",
        "300",
    ),
    "CAP_EXPOSURE": Edge(
        limited(
            question(wish=worth("50"), standing=standing(lots=lots(1))), exposure_usd_max=D(150)
        ),
        limited(
            question(wish=worth("50.01"), standing=standing(lots=lots(1))), exposure_usd_max=D(150)
        ),
        "GUARDRAIL_BLOCKED",
        "150.01",
        "150",
    ),
    "CAP_MARGIN": Edge(
        limited(
            question(wish=worth("50", Margin(D(2))), standing=standing(lots=lots(1))),
            margin_usd_max=D(50),
        ),
        limited(
            question(
                wish=worth("50", Margin(D(2))),
                standing=standing(in_flight=(flying(funding=Margin(D(2)), reserved=D("0.01")),)),
            ),
            margin_usd_max=D(50),
        ),
        "GUARDRAIL_BLOCKED",
        "50.01",
        "50",
    ),
    "PROTECTION": Edge(
        question(), stood(breaker="a stop was refused"), "PROTECTION_UNAVAILABLE", "open", "closed"
    ),
    "NAKED_LOT": Edge(question(), stood(naked=("lot-1",)), "PROTECTION_UNAVAILABLE", "1", "0"),
    "AVAILABLE": Edge(
        stood(balances=holding("110")),
        stood(balances=holding("109.99")),
        "INSUFFICIENT_AVAILABLE_BALANCE",
        "109.99",
        "110",
    ),
    "MIN_NOTIONAL": Edge(
        question(wish=worth("1")), question(wish=worth("0.99")), "MIN_NOTIONAL_NOT_MET", "0.99", "1"
    ),
    "TICK": Edge(
        wished(protection=Protection(D("0.01"), D("0.01"), "mode", "mode")),
        wished(protection=Protection(D(50150), D(1), "mode", "mode")),
        "TICK_TOO_COARSE",
        "50150",
        "0.01",
    ),
}


def test_every_rule_has_its_edge_and_its_remedy_and_no_other_is_told() -> None:
    assert list(EDGES) == NAMES
    assert set(REMEDIES) == {*NAMES, "SIZING"}
    assert all(remedy(name).endswith(".") for name in NAMES)
    assert remedy("no rule") == ""


def test_every_limit_that_binds_a_rule_is_a_field_and_every_field_binds_one() -> None:
    windows = {"message_window", "execution_window"}
    assert set(BOUNDS) < set(NAMES)
    assert set(BOUNDS.values()) | windows == {field.name for field in fields(Limits)}


@pytest.mark.parametrize("name", NAMES)
def test_the_edge_of_a_rule(name: str) -> None:
    """Fault G9."""
    edge = EDGES[name]
    (last,) = [each for each in examine(edge.admits) if each.rule == name]
    (first,) = [each for each in examine(edge.refuses) if each.rule == name]

    assert last.said.passed
    assert not first.said.passed
    told = first.objection()
    assert (told.code, told.found, told.limit) == (edge.code, edge.found, edge.limit)
    assert told.reason.endswith(".")


LOST: Final = Unsized("BTC_USDT", Spot(), "DATA_MISSING", "missing", "known", "Not known.")
UNSEEN: Final[list[tuple[str, Question]]] = [
    ("DATA_JUMP", knowing(tick=NOTHING)),
    ("DATA_JUMP", knowing(close=NOTHING)),
    ("DATA_JUMP", knowing(close=D(0))),
    ("CLOCK_SKEW", stood(clock=NOTHING)),
    ("CLOCK_SKEW", stood(clock=Known(timedelta(0), ago(120.001)))),
    ("CLOCK_SKEW", stood(clock=Known(timedelta(0), ago(-120.001)))),
    ("ORDER_QUANTITY", knowing(tick=Known(tick(None), NOW))),
    ("ORDER_QUANTITY", knowing(tick=NOTHING)),
    ("PRICE_COLLAR", knowing(tick=NOTHING)),
    ("PRICE_COLLAR", knowing(tick=Known(tick(None), NOW))),
    ("PRICE_COLLAR", wished(limit=None)),
    ("PRICE_AGE", knowing(tick=NOTHING)),
    ("BAR_AGE", knowing(bar_ended=NOTHING)),
    ("ASK", knowing(tick=NOTHING)),
    ("ASK", knowing(tick=Known(tick(None), NOW))),
    ("INSTRUMENT", knowing(instrument=NOTHING)),
    ("ORDER_VALUE", question(wish=LOST, facts=facts(row=None))),
    ("PORTFOLIO_CAP", knowing(row=None)),
    ("PORTFOLIO_CAP", knowing(row=row(trade_amount_usd=None))),
    ("PORTFOLIO_CAP", knowing(tick=NOTHING)),
    ("PORTFOLIO_CAP", stood(balances=NOTHING)),
    ("AVAILABLE", knowing(row=None)),
    ("AVAILABLE", knowing(row=row(trade_amount_usd=None))),
    ("AVAILABLE", stood(balances=NOTHING)),
    ("AMOUNT", knowing(row=None)),
    ("AMOUNT", knowing(row=row(trade_amount_usd=None))),
    ("TICK", wished(protection=None)),
    ("TICK", wished(limit=None)),
    ("LEASE", knowing(epoch=None)),
    ("TRADE_ENABLED", knowing(row=None)),
    ("KILL", switched(readable=False)),
    ("EQUITY", stood(figures=NOTHING)),
    ("B", stood(figures=NOTHING)),
    ("D", stood(figures=figured("0"))),
    ("B", wished(funding=Margin(None))),
    ("E", wished(funding=Margin(None))),
    ("E", wished(funding=Margin(D("0.99")))),
]


@pytest.mark.parametrize(("name", "asked"), UNSEEN)
def test_what_cannot_be_seen_has_not_passed(name: str, asked: Question) -> None:
    """Fault G12."""
    (told,) = [each for each in examine(asked) if each.rule == name]

    assert not told.said.passed
    assert told.said.found in {MISSING, NOT_ASKED}


def test_a_lot_of_which_nothing_was_bought_cannot_be_counted_and_so_blocks() -> None:
    assert said_of("CAP_EXPOSURE", stood(lots=(lot(bought=D(0)),))) == (RAISED, NOT_ASKED)


def said_of(name: str, asked: Question) -> tuple[str, str]:
    (told,) = [each for each in examine(asked) if each.rule == name]
    return told.said.found, told.said.limit


def test_both_the_last_price_and_the_ask_must_be_near_the_close() -> None:
    jumped = tick("50000", last=D(55001))

    assert said_of("DATA_JUMP", knowing(tick=Known(jumped, NOW))) == ("10.002", "10")
    assert said_of("DATA_JUMP", knowing(tick=Known(tick(None), NOW))) == ("0", "10")


def test_a_coin_may_cost_less_than_one() -> None:
    cheap = knowing(close=D("0.5"), tick=Known(tick("0.54"), NOW))

    assert said_of("DATA_JUMP", cheap) == ("8", "10")


def test_the_exchanges_own_minimum_counts_and_without_one_a_dollar() -> None:
    for least, value, found in (("5", "4.99", "4.99"), (None, "0.99", "0.99"), (None, "1", "1")):
        book = replace(BTC, min_notional=None if least is None else D(least))
        asked = question(wish=replace(worth(value), instrument=book))
        assert said_of("MIN_NOTIONAL", asked) == (found, least or "1")


def test_an_instrument_may_be_traded_at_its_own_leverage_and_not_above() -> None:
    book = replace(BTC, max_leverage=D(2))
    for leverage, told in (("2", ("0", "86400")), ("2.01", ("2.01", "2"))):
        wish = entry(instrument=book, funding=Margin(D(leverage)))
        asked = question(wish=wish, facts=facts(instrument=Known(book, NOW)))
        assert said_of("INSTRUMENT", asked) == told


def test_an_order_off_the_grid_is_told_with_its_price() -> None:
    (told,) = [f for f in examine(EDGES["GRID"].refuses) if f.rule == "GRID"]

    assert "at 50150" in told.said.reason


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("bound", Mode)
def test_the_environment_admits_a_mode_up_to_its_own(mode: Mode, bound: Mode) -> None:
    modes = list(Mode)
    (told,) = [f for f in examine(switched(mode=mode, bound=bound)) if f.rule == "ENV_BOUND"]

    assert told.said.passed is (modes.index(mode) <= modes.index(bound))


def test_what_could_not_be_sized_counts_as_a_buy_beside_what_is_in_flight() -> None:
    ours = flying(symbol="BTC_USDT", base="BTC")
    told = [
        said_of("ONE_IN_FLIGHT", question(wish=LOST, standing=standing(in_flight=(each,))))
        for each in (ours, replace(ours, side=Side.SELL), flying())
    ]

    assert told == [("1", "0"), ("0", "0"), ("0", "0")]


def test_what_is_not_there_counts_as_none_of_it() -> None:
    once = limited(question(), orders_per_base_and_day_max=1)

    assert said_of("PER_DAY", once) == ("0", "1")
    assert said_of("AVAILABLE", stood(balances=Known({}, NOW))) == ("0", "110")


def test_once_disarmed_entering_waits_for_a_person_whatever_the_last_hour_had() -> None:
    told = said_of("REPEATED_EXECUTION", stood(executions=0, disarmed="20 entries bought."))

    assert told == ("disarmed", "20")


def test_a_buy_a_stop_and_another_symbol_are_no_sell_that_an_entry_could_meet() -> None:
    at = {"symbol": "BTC_USDT", "limit": D(1), "side": Side.SELL}
    for other in ({"side": Side.BUY}, {"limit": None}, {"symbol": "BTC_USD"}):
        assert said_of("SELF_CROSS", stood(in_flight=(flying(**(at | other)),))) == ("none", "none")
    assert said_of("SELF_CROSS", replace(selling("1"), wish=entry(limit=None)))[0] == "none"


def test_spot_is_not_counted_as_margin_and_an_exit_commits_nothing() -> None:
    account = standing(
        lots=(lot(), lot(id="lot-2", funding=Margin(D(2)))),
        in_flight=(
            flying(reserved=D(7)),
            flying(reserved=D(5), funding=Margin(D(2))),
            flying(reserved=D(9), purpose="REDUCE", funding=Margin(D(2))),
        ),
    )

    assert (account.committed(), account.margin_committed()) == (D(212), D(105))
    assert said_of("CAP_MARGIN", question(standing=account)) == ("spot", "5000")


@pytest.mark.parametrize(
    ("change", "objections"),
    [
        ({"target": Price(D(52000), "BTC", "USDT")}, []),
        ({"target": Price(D("48500.01"), "BTC", "USDT")}, []),
        ({"target": Price(D(48500), "BTC", "USDT")}, ["GRID"]),
        ({"target": Price(D("52000.001"), "BTC", "USDT")}, ["GRID"]),
        ({"target": Price(D(52000), "BTC", "USDT"), "trigger": None}, ["GRID"]),
    ],
)
def test_a_pair_is_a_stop_with_a_target_above_it(
    change: dict[str, Any], objections: list[str]
) -> None:
    pair = question(wish=serving(Purpose.PROTECT, **change), standing=standing(lots=(lot(),)))

    assert [each.rule for each in examine(pair) if each.objects] == objections


def test_a_pair_on_margin_is_none() -> None:
    on = {"funding": Margin(D(2))}
    stop = serving(Purpose.PROTECT, target=Price(D(52000), "BTC", "USDT"), **on)
    pair = question(wish=stop, standing=standing(lots=(lot(**on),)))

    assert [each.rule for each in examine(pair) if each.objects] == ["GRID"]


def test_what_is_told_of_a_freeze_is_the_freeze_that_binds() -> None:
    code = "POSITION_MISMATCH_FREEZE"
    both = stood(freezes=(Freeze("ETH", code, "ether"), Freeze("BTC", code, "coins")))
    (told,) = (each.said.reason for each in examine(both) if each.rule == "FROZEN")

    assert told == "BTC is frozen: coins."


def test_what_margin_entries_in_flight_may_take_is_not_free() -> None:
    def margin(free: str, leverage: str) -> Question:
        ahead = flying(reserved=D(100), funding=Margin(D(2)))
        known = standing(margin=Known(D(free), NOW), in_flight=(ahead,))
        return question(wish=entry(funding=Margin(D(leverage))), standing=known)

    assert said_of("AVAILABLE", margin("104.99", "2")) == ("54.99", "55")
    assert said_of("AVAILABLE", margin("160", "1")) == ("110", "110")


def test_what_is_in_flight_counts_where_it_is_paid_and_where_it_is_held() -> None:
    flights = (
        flying(symbol="BTC_USDT", base="BTC", reserved=D(1)),
        flying(symbol="ETH_USDT", base="ETH", reserved=D(10)),
        flying(symbol="BTC_USD", base="BTC", reserved=D(100)),
        flying(symbol="BTC_USDT", base="BTC", reserved=D(1000), funding=Margin(D(2))),
        flying(symbol="BTC_USDT", base="BTC", reserved=D(10000), purpose="REDUCE"),
    )
    known = standing(in_flight=flights, balances=holding("120", "0"))

    assert said_of("AVAILABLE", question(standing=known)) == ("109", "110")
    capped = limited(question(standing=known), portfolio_cap_multiple=D(1))
    assert said_of("PORTFOLIO_CAP", capped)[0] == "1101"


def test_of_several_bounds_the_tightest_binds() -> None:
    high, low = (
        flying(symbol="BTC_USDT", side=Side.SELL, purpose="REDUCE", limit=D(limit))
        for limit in (60000, 50100)
    )
    assert said_of("SELF_CROSS", stood(in_flight=(high, low))) == ("50150", "50100")

    wish = entry(limit=Price(D("50100.01"), "BTC", "USDT"))
    bought = replace(knowing(row=row(buy_target=D(50100))), wish=wish)
    assert said_of("PRICE_COLLAR", bought) == ("50100.01", "50100")


def test_a_bar_that_ended_at_this_instant_is_young_and_one_that_is_to_end_is_no_bar() -> None:
    told = {
        age: {each.rule for each in examine(knowing(bar_ended=ago(age))) if each.objects}
        for age in (0, -1)
    }

    assert "BAR_AGE" not in told[0]
    assert "BAR_AGE" in told[-1]


CAP_OF: Final[dict[str, Callable[[Standing], Standing]]] = {
    "messages_max": lambda s: replace(s, messages=5),
    "executions_max": lambda s: replace(s, executions=5),
    "exposure_usd_max": lambda s: replace(s, lots=lots(1)),
    "margin_usd_max": lambda s: replace(s, lots=lots(1, funding=Margin(D(2)))),
}


@pytest.mark.parametrize("field", CAP_OF)
@pytest.mark.parametrize("low", range(0, 300, 7))
def test_lowering_a_cap_of_the_flow_never_admits_more(field: str, low: int) -> None:
    asked = question(wish=entry(funding=Margin(D(2))), standing=CAP_OF[field](standing()))
    strict, loose = (
        {each.rule for each in examine(limited(asked, **{field: cap})) if each.objects}
        for cap in (low, low + 7)
    )

    assert loose <= strict


def test_only_shape_and_lease_bind_an_order_that_serves_a_lot() -> None:
    assert [r.name for r in ORDER_RULES if r.binds is Binds.ALL] == [
        "LEASE",
        "INSTRUMENT",
        "GRID",
        "LOT",
    ]
    assert Limits() == LIMITS
