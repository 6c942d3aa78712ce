"""What an owner may rely on at night, shown on the whole desk: stops, switches, shut doors, late bars, audits."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from interlock.account import Mode
from interlock.desk.guardian import BREAKER
from interlock.evidence.picture import Picture
from interlock.market import Bar
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.protection.plan import STOP_REFUSED
from interlock.rehearsal.judge import violations
from interlock.rehearsal.script import BY_TARGET, NO_PAIRS, ROW, Script, stage
from interlock.rehearsal.world import World
from interlock.strategy.proposal import Purpose
from interlock.values import Instant
from tests.rehearsal.sweep import quietly

FOR_EVER = 10**9
SHORT = replace(BY_TARGET, hours=0.2)


@pytest.fixture(autouse=True)
def _quiet() -> None:
    quietly()


def picture(world: World) -> Picture:
    return world.open_books().picture(world.now(), limit=1000)


def of(world: World, purpose: Purpose) -> list[Intent]:
    return [i for i in picture(world).intents if i.proposal.purpose is purpose]


def requests(world: World) -> dict[str, int]:
    truth: dict[str, Any] = world.engine.books()
    counted: dict[str, int] = truth["requests"]
    return counted


def played(script: Script, **faults: int) -> World:
    """The script with codes that the exchange answers to a method for ever; `__` stands for a slash, `_` for a dash."""
    world = stage(script)
    for method, code in faults.items():
        name = method.replace("__", "/").replace("_", "-")
        world.engine.arm("refuse", f"private/{name}", FOR_EVER, code)
    world.run()
    return world


def test_a_refused_stop_flattens_the_lot_at_once_and_opens_the_breaker() -> None:
    world = played(replace(SHORT, arms=NO_PAIRS), advanced__create_order=140001)

    (flat,) = of(world, Purpose.FLATTEN)
    (lot,) = picture(world).lots
    assert flat.state is State.FILLED
    assert lot.exit_reason == STOP_REFUSED
    assert lot.closed_at is not None
    assert (lot.closed_at - lot.opened_at).total_seconds() < 30
    assert world.open_books().standing(world.now()).breaker is not None
    assert BREAKER in {incident.fingerprint for incident in picture(world).incidents}
    assert violations(world) == []


def test_a_kill_before_the_signal_lets_no_entry_leave() -> None:
    world = stage(SHORT)
    world.open_books().switch("owner", "asleep", world.start, mode=None, kill=True)
    world.run()

    assert of(world, Purpose.ENTRY) == []
    assert requests(world).get("private/create-order", 0) == 0
    blocked = [d for d in picture(world).decisions if d.outcome == "BLOCKED"]
    assert [d.code for d in blocked] == ["KILL_SWITCH_ON"]


def test_mode_off_admits_no_entry_and_still_guards_and_closes_what_is_open() -> None:
    world = stage(BY_TARGET)
    world.after = timedelta(minutes=30)
    world.meanwhile = lambda: _turn_off(world)
    world.run()

    (entry,) = of(world, Purpose.ENTRY)
    (sale,) = [i for i in of(world, Purpose.PROTECT) if i.leader is not None]
    assert entry.created_at < world.start + world.after < sale.updated_at
    assert sale.state is State.FILLED
    assert violations(world) == []


def _turn_off(world: World) -> None:
    world.open_books().switch("owner", "enough", world.now(), mode=Mode.OFF, kill=None)


def test_a_shut_door_is_knocked_at_once_a_minute_and_blocks_every_entry() -> None:
    world = played(SHORT, user_balance=40101)

    minutes = SHORT.hours * 60
    assert requests(world)["private/user-balance"] <= minutes + 1
    assert requests(world).get("private/create-order", 0) == 0
    assert [i.fingerprint for i in picture(world).incidents] == ["exchange:auth"]


def test_a_bar_that_closed_while_nobody_watched_is_decided_and_never_traded() -> None:
    world = stage(replace(BY_TARGET, start="2024-02-29T01:10:00", hours=0.3))
    world.run()

    (late,) = [d for d in picture(world).decisions if d.signal.decision == "BUY"]
    assert late.outcome == "BLOCKED"
    assert late.code == "MARKET_DATA_STALE"
    assert requests(world).get("private/create-order", 0) == 0


def test_an_audit_says_which_side_differs() -> None:
    world = stage(replace(BY_TARGET, hours=3.5))
    world.run()
    (passed,) = picture(world).audits
    assert passed.passed
    assert all(row.compared > 0 for row in passed.rows)
    assert picture(world).incidents == ()

    robbed = stage(replace(BY_TARGET, hours=3.5))
    robbed.engine.arm("refuse", "private/get-transactions", FOR_EVER, 50001)
    robbed.after = timedelta(hours=1)
    robbed.meanwhile = lambda: robbed.engine.transfer("USDT", Decimal(-200))
    robbed.run()
    (failed,) = picture(robbed).audits
    assert not failed.passed
    assert [row.step for row in failed.rows if not row.holds] == ["portfolio"]
    told = {incident.fingerprint: incident for incident in picture(robbed).incidents}
    assert told.keys() == {"audit", "freeze:POSITION_MISMATCH_FREEZE:USDT"}
    assert told["audit"].severity == "FAIL"
    assert told["audit"].text.startswith("The audit failed at portfolio: drift_pct=")


def test_a_strategy_that_nobody_has_is_named_and_the_other_rows_are_traded() -> None:
    world = stage(SHORT)
    bad = replace(ROW, symbol="AAA_USDT", preset="no-such-preset", updated_at=world.start)
    world.open_books().watch(bad, "owner", world.start)
    world.market.keep_bars([a_bar("AAA_USDT", world.start)])
    world.run()

    assert [i.fingerprint for i in picture(world).incidents] == ["strategy:no-such-preset"]
    assert len(of(world, Purpose.ENTRY)) == 1


def a_bar(symbol: str, now: Instant) -> Bar:
    span = timedelta(hours=1)
    one = Decimal(1)
    return Bar(symbol, now.floor(span) - span, span, one, one, one, one, one)
