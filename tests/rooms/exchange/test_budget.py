"""What the exchange's limits may rely on: however the line jitters, no window ever counts more than is published."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.errors import NotSent, Starved
from interlock.exchange.budget import Budget, published, unlimited
from interlock.rehearsal.loop import SimLoop

TRADES, DETAIL, OTHER = "private/get-trades", "private/get-order-detail", "private/user-balance"
CREATE, CANCEL = "private/create-order", "private/cancel-order"
# Protocol 7, written down once more.
LIMITS = {
    TRADES: (1, 1.0),
    DETAIL: (30, 0.1),
    OTHER: (3, 0.1),
    CREATE: (15, 0.1),
    CANCEL: (15, 0.1),
}
jitters = st.lists(st.floats(0, 0.4), min_size=12, max_size=12)


async def _sleep(span: timedelta) -> None:
    await asyncio.sleep(span.total_seconds())


class Counter:
    """An exchange that writes down when each request reached it, on a line that is never twice as slow."""

    def __init__(self, loop: SimLoop) -> None:
        self.loop = loop
        self.budget = Budget(_sleep)
        self.arrived: list[float] = []

    async def ask(self, method: str, out: float, back: float) -> None:
        async with self.budget.turn(method, timedelta(hours=1)):
            await asyncio.sleep(out)
            self.arrived.append(self.loop.time())
            await asyncio.sleep(back)


def most_within(arrived: list[float], window: float) -> int:
    return max(sum(0 <= one - first < window for one in arrived) for first in arrived)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(LIMITS)), jitters, jitters, st.integers(0, 99))
def test_no_window_counts_more_than_is_published(
    method: str, outs: list[float], backs: list[float], seed: int
) -> None:
    """Faults B13, C6."""
    loop = SimLoop(seed)
    exchange = Counter(loop)
    lines = zip(outs * 4, backs * 4, strict=True)

    async def all_at_once() -> None:
        await asyncio.gather(*(exchange.ask(method, out, back) for out, back in lines))

    loop.run_until_complete(all_at_once())
    loop.close()
    count, window = LIMITS[method]
    assert len(exchange.arrived) == 4 * 12
    assert most_within(exchange.arrived, window) <= count


def test_a_cancel_waits_for_no_other_request() -> None:
    loop = SimLoop(0)
    exchange = Counter(loop)

    async def crowd() -> float:
        others = [asyncio.create_task(exchange.ask(m, 5, 5)) for m in (CREATE, OTHER) * 40]
        await asyncio.sleep(1)
        before = loop.time()
        await exchange.ask(CANCEL, 0.01, 0.01)
        waited = loop.time() - before
        for other in others:
            other.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        return waited

    assert loop.run_until_complete(crowd()) == pytest.approx(0.02)
    loop.close()


def test_who_waits_too_long_is_starved_and_nothing_was_sent() -> None:
    loop = SimLoop(0)
    exchange = Counter(loop)

    async def crowd() -> None:
        first = asyncio.create_task(exchange.ask(TRADES, 5, 5))
        await asyncio.sleep(0)
        with pytest.raises(Starved) as starved:
            async with exchange.budget.turn(TRADES, timedelta(seconds=1)):
                raise AssertionError("it was let in")
        assert isinstance(starved.value, NotSent)
        await first
        await exchange.ask(TRADES, 0, 0)

    loop.run_until_complete(crowd())
    loop.close()
    assert len(exchange.arrived) == 2


def test_a_turn_that_failed_gives_its_slot_back() -> None:
    loop = SimLoop(0)
    exchange = Counter(loop)

    async def fails() -> None:
        for _ in range(3):
            with pytest.raises(NotSent):
                async with exchange.budget.turn(TRADES, timedelta(seconds=1)):
                    raise NotSent("no route")

    loop.run_until_complete(fails())
    assert loop.time() == pytest.approx(2 * 1.05)
    loop.close()


def test_where_nobody_counts_nobody_waits() -> None:
    async def many() -> int:
        budget = Budget(_sleep, unlimited)
        for _ in range(100):
            async with budget.turn(TRADES, timedelta(0)):
                pass
        return 100

    assert asyncio.run(many()) == 100
    assert all(published(method) for method in LIMITS)
