"""A host holds when every metric was read and is as it must be; each alone makes it fail, and so does not having looked."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.evidence.stability import (
    Baseline,
    Life,
    Metrics,
    StabilityLimits,
    cycles_of,
    stability,
)
from interlock.values import Unknown

LIMITS = StabilityLimits()
WELL = Metrics(
    lives={"backend-aws": Life(2)},
    disk_pct=Decimal("89.99"),
    memory_free_pct=Decimal(10),
    zombies=8,
    offset=timedelta(seconds=-4.999),
    cycles={"market_updater": Decimal("29.99"), "signal_monitor": Decimal(0)},
    undelivered=0,
    baseline=Baseline({"backend-aws": Life(2)}, 3),
)


def test_a_host_at_the_very_edge_still_holds() -> None:
    row = stability(WELL, LIMITS)

    assert row.holds
    assert row.compared == 7


@pytest.mark.parametrize(
    "fault",
    [
        {"lives": {"backend-aws": Life(3)}},
        {"lives": {"backend-aws": Life(2, oom_killed=True)}},
        {"lives": {"backend-aws": Life(2), "engine-aws": Life(1)}},
        {"disk_pct": Decimal(90)},
        {"memory_free_pct": Decimal("9.99")},
        {"zombies": 9},
        {"offset": timedelta(seconds=5)},
        {"offset": timedelta(seconds=-5)},
        {"cycles": {"market_updater": Decimal(30), "signal_monitor": Decimal(0)}},
        {"undelivered": 1},
    ],
    ids=str,
)
def test_each_metric_alone_makes_it_fail(fault: dict[str, object]) -> None:
    assert not stability(replace(WELL, **fault), LIMITS).holds  # type: ignore[arg-type] # the names are those of Metrics; a wrong one fails at once


@pytest.mark.parametrize("metric", [each.name for each in fields(Metrics)])
def test_a_metric_that_was_not_read_fails_with_nothing_compared(metric: str) -> None:
    row = stability(replace(WELL, **{metric: Unknown("nobody could look")}), LIMITS)

    assert not row.holds
    assert row.compared == 0
    assert "nobody could look" in row.found


@given(before=st.integers(0, 9), now=st.integers(0, 9))
def test_a_count_that_fell_is_a_new_container_and_all_of_it_is_new(before: int, now: int) -> None:
    seen = replace(
        WELL, lives={"db": Life(now)}, baseline=Baseline({"db": Life(before)}, WELL_ZOMBIES)
    )

    assert stability(seen, LIMITS).holds is (now == before or (now < before and now == 0))


WELL_ZOMBIES = 8


def test_the_first_audit_counts_from_zero() -> None:
    assert stability(replace(WELL, lives={"db": Life(0)}, baseline=Baseline()), LIMITS).holds
    assert not stability(replace(WELL, lives={"db": Life(1)}, baseline=Baseline()), LIMITS).holds


def test_a_kill_that_the_last_audit_saw_is_not_a_new_one() -> None:
    known = Baseline({"db": Life(1, oom_killed=True)}, 8)

    assert stability(
        replace(WELL, lives={"db": Life(1, oom_killed=True)}, baseline=known), LIMITS
    ).holds
    assert not stability(
        replace(WELL, lives={"db": Life(2, oom_killed=True)}, baseline=known), LIMITS
    ).holds


HEALTH: Mapping[str, Mapping[str, object]] = {
    "market_updater": {"is_running": True, "last_heartbeat_age_minutes": Decimal("0.5")},
    "signal_monitor": {"is_running": True, "last_cycle_age_minutes": 1},
}


def test_the_ages_of_the_cycles_are_those_of_the_health_report() -> None:
    assert cycles_of(HEALTH) == {"market_updater": Decimal("0.5"), "signal_monitor": Decimal(1)}


@pytest.mark.parametrize("part", ["market_updater", "signal_monitor"])
@pytest.mark.parametrize("spoilt", [{"is_running": False}, {"is_running": "true"}, None])
def test_a_loop_that_does_not_run_has_no_age(part: str, spoilt: dict[str, object] | None) -> None:
    said = {**HEALTH, part: {**HEALTH[part], **spoilt} if spoilt else None}

    assert isinstance(cycles_of(said), Unknown)
    assert isinstance(cycles_of({**HEALTH, part: {"is_running": True}}), Unknown)
