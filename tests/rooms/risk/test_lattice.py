"""Known, stale and unknown over every input of the gate: exactly one region allows, the one in which all is known and well.

The whole product of all inputs is too large to walk. Those that have an age are walked in full; of all of them every single, every pair
and every triple of troubles is.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from datetime import timedelta
from itertools import combinations, product
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.account import DayOpen, Figures, Freeze, Funding, InFlight, Kill, Margin, Mode, Spot
from interlock.account.standing import Stage, Standing
from interlock.risk.judge import judge
from interlock.risk.question import Facts, Question
from interlock.risk.verdict import Approved, Blocked
from interlock.strategy.proposal import Purpose
from interlock.values import Instant, Known, Quantity, Side, Unknown
from tests.rooms.making import (
    BTC,
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
Trouble = Callable[[Question], Question]


def ago(seconds: float) -> Instant:
    return NOW - timedelta(seconds=seconds)


def stood(**changes: Any) -> Trouble:  # noqa: ANN401  fields of every type
    return lambda asked: replace(asked, standing=replace(asked.standing, **changes))


def switched(**changes: Any) -> Trouble:  # noqa: ANN401  fields of every type
    def change(asked: Question) -> Question:
        switches = replace(asked.standing.switches, **changes)
        return replace(asked, standing=replace(asked.standing, switches=switches))

    return change


def knowing(**changes: Any) -> Trouble:  # noqa: ANN401  fields of every type
    return lambda asked: replace(asked, facts=replace(asked.facts, **changes))


def aged(known: Any, age: float) -> Any:  # noqa: ANN401  a known thing of any type
    return replace(known, as_of=ago(age))


SOUND: Final = standing()
LOST: Final = InFlight("i", "BTC_USDT", "BTC", Side.SELL, "REDUCE", Spot(), D(0), "UNKNOWN", None)
LATCH: Final = DayOpen("2024-03-15", D(1), NOW, late=False, latched_at=NOW)
AGED: Final[Mapping[str, Mapping[str, Trouble]]] = {
    "figures": {
        "unknown": stood(figures=NOTHING),
        "stale": stood(figures=Known(Figures(D(10000), D(0), D(0)), ago(120.001))),
    },
    "balances": {
        "unknown": stood(balances=NOTHING),
        "stale": stood(balances=aged(SOUND.balances, 120.001)),
    },
    "clock": {
        "unknown": stood(clock=NOTHING),
        "stale": stood(clock=aged(SOUND.clock, 120.001)),
    },
    "tick": {
        "unknown": knowing(tick=NOTHING),
        "stale": knowing(tick=Known(tick(at=ago(120.001)), NOW)),
    },
    "bar": {
        "unknown": knowing(bar_ended=NOTHING),
        "stale": knowing(bar_ended=ago(120.001)),
    },
    "instrument": {
        "unknown": knowing(instrument=NOTHING),
        "stale": knowing(instrument=Known(BTC, ago(86400.001))),
    },
    "epoch": {"unknown": stood(epoch=None), "stale": stood(epoch=8)},
}
OTHERS: Final[Mapping[str, Mapping[str, Trouble]]] = {
    "switches": {"unknown": switched(readable=False)},
    "kill": {"engaged": switched(kill=Kill("owner", "drill", NOW))},
    "pause": {"engaged": switched(pause=Kill("owner", "lunch", NOW))},
    "mode": {"off": switched(mode=Mode.OFF), "other": switched(mode=Mode.LIVE, bound=Mode.LIVE)},
    "environment": {"off": switched(enabled=False), "bound": switched(bound=Mode.OFF)},
    "certificate": {"none": switched(mode=Mode.LIVE, bound=Mode.LIVE, venue=Mode.LIVE)},
    "day": {"latched": stood(day=LATCH)},
    "breaker": {"open": stood(breaker="a stop was refused")},
    "arming": {"disarmed": stood(disarmed="too much was bought")},
    "stage": {"first": stood(stage=Stage(0))},
    "lots": {"naked": stood(naked=("lot-1",))},
    "orders": {"unknown": stood(in_flight=(LOST,))},
    "freezes": {"frozen": stood(freezes=(Freeze("BTC", "POSITION_MISMATCH_FREEZE", "why"),))},
    "our epoch": {"unknown": knowing(epoch=None)},
    "row": {"unknown": knowing(row=None), "no amount": knowing(row=row(trade_amount_usd=None))},
    "indicators": {"unknown": knowing(indicators_known=False)},
    "ask": {"unknown": knowing(tick=Known(tick(None), NOW))},
    "close": {"unknown": knowing(close=NOTHING)},
    "settings": {"changed": knowing(forced=True)},
    "counts": {
        "messages": stood(messages=60),
        "executions": stood(executions=20),
        "entries": stood(entries_today={"BTC": 2}),
        "asked before": stood(entry_keys=frozenset({entry().key})),
        "just now": stood(last_entry={"BTC": NOW}),
    },
}
INPUTS: Final = {**AGED, **OTHERS}
FUNDINGS: Final = (Spot(), Margin(D(2)))


def is_approved(asked: Question) -> bool:
    return isinstance(judge(asked), Approved)


def of(funding: Funding) -> Question:
    return question(wish=entry(funding=funding), standing=standing(), facts=facts())


def troubled(asked: Question, troubles: Iterator[Trouble]) -> Question:
    for trouble in troubles:
        asked = trouble(asked)
    return asked


@pytest.mark.parametrize("funding", FUNDINGS, ids=["spot", "margin"])
def test_of_what_has_an_age_only_the_region_where_all_is_young_allows(funding: Funding) -> None:
    """Faults G1, G2."""
    regions = list(product(*[["known", *states] for states in AGED.values()]))
    allowed = []
    for region in regions:
        told = zip(AGED.values(), region, strict=True)
        asked = troubled(of(funding), (states[s] for states, s in told if s != "known"))
        allowed += [region] if is_approved(asked) else []

    assert len(regions) == 3 ** len(AGED)
    assert allowed == [("known",) * len(AGED)]


@pytest.mark.parametrize("funding", FUNDINGS, ids=["spot", "margin"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_no_single_no_pair_and_no_triple_of_troubles_makes_the_others_good(
    funding: Funding, count: int
) -> None:
    assert is_approved(of(funding))
    for names in combinations(INPUTS, count):
        for troubles in product(*[INPUTS[name].values() for name in names]):
            assert not is_approved(troubled(of(funding), iter(troubles))), names


def test_every_part_of_what_may_be_known_is_in_the_lattice() -> None:
    """A new input of the gate belongs into the lattice, or is a count that the edges of its rule show."""
    seen = {
        name
        for states in INPUTS.values()
        for trouble in states.values()
        for name in changed(of(Spot()), trouble(of(Spot())))
    }
    parts = {each.name for kind in (Standing, Facts) for each in fields(kind)}

    assert parts - seen == {"lots", "certified", "doubt", "margin"}


def changed(before: Question, after: Question) -> Iterator[str]:
    for old, new in ((before.standing, after.standing), (before.facts, after.facts)):
        yield from (f.name for f in fields(old) if getattr(old, f.name) != getattr(new, f.name))


LOWERING: Final = (Purpose.PROTECT, Purpose.REDUCE, Purpose.FLATTEN)
# What no order can do without: whose turn it is, and what the instrument's grid is.
BINDING: Final = frozenset({"epoch", "our epoch", "instrument"})
GUARDS: Final = {name: states for name, states in INPUTS.items() if name not in BINDING}
anywhere = st.fixed_dictionaries(
    {n: st.sampled_from([None, *s.values()]) for n, s in GUARDS.items()}
)


def serving_of(funding: Funding, purpose: Purpose, **changes: Any) -> Question:  # noqa: ANN401  fields of every type
    """An order that serves the one open lot, of which all is held as it was bought."""
    wish = serving(purpose, funding=funding, **changes)
    return question(wish=wish, standing=standing(lots=(lot(funding=funding),)), facts=facts())


@pytest.mark.parametrize("funding", FUNDINGS, ids=["spot", "margin"])
@pytest.mark.parametrize("purpose", LOWERING)
def test_no_trouble_but_lease_and_instrument_keeps_a_lot_from_being_served(
    purpose: Purpose, funding: Funding
) -> None:
    asked = serving_of(funding, purpose)

    for name, states in INPUTS.items():
        for trouble in states.values():
            assert is_approved(trouble(asked)) is (name not in BINDING), name
    everything = [t for states in GUARDS.values() for t in states.values()]
    assert is_approved(troubled(asked, iter(everything)))
    assert SWITCHES.closed_by() is None


@given(anywhere, st.sampled_from(LOWERING), st.sampled_from(FUNDINGS), st.integers(1, 200))
def test_wherever_the_guards_stand_an_order_that_lowers_exposure_is_approved(
    where: Mapping[str, Trouble | None], purpose: Purpose, funding: Funding, lots: int
) -> None:
    size = Quantity(BTC.lot * lots, "BTC")
    asked = serving_of(funding, purpose, quantity=size)

    assert is_approved(troubled(asked, (t for t in where.values() if t is not None)))


OTHER: Final = replace(BTC, symbol="ETH_USDT", base="ETH")
RAISING: Final[Mapping[str, Mapping[str, Any]]] = {
    "it buys": {"side": Side.BUY},
    "it sells more than is left": {"quantity": Quantity(D("0.00201"), "BTC")},
    "it names no lot": {"lot_id": None},
    "it names a lot that is not open": {"lot_id": "lot-2"},
    "it trades another book": {"instrument": OTHER, "quantity": Quantity(D("0.002"), "ETH")},
    "it is paid for otherwise": {"funding": Margin(D(3))},
}


@pytest.mark.parametrize("raising", RAISING.values(), ids=list(RAISING))
@given(where=anywhere, purpose=st.sampled_from(LOWERING))
def test_wherever_the_guards_stand_an_exit_that_would_raise_exposure_is_no_order(
    raising: Mapping[str, Any], where: Mapping[str, Trouble | None], purpose: Purpose
) -> None:
    """Fault G10."""
    asked = question(
        wish=replace(serving(purpose), **raising),
        standing=standing(lots=(lot(),)),
        facts=facts(instrument=Known(raising.get("instrument", BTC), NOW)),
    )
    verdict = judge(troubled(asked, (t for t in where.values() if t is not None)))

    assert isinstance(verdict, Blocked)
    assert verdict.code == "INVALID_ORDER_FORMAT"
