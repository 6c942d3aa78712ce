"""The virtual loop keeps its promises, and asyncio still has the private parts on which it stands."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from interlock.rehearsal.loop import SimLoop

T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T], seed: int = 0) -> tuple[T, float]:
    loop = SimLoop(seed)
    try:
        return loop.run_until_complete(coroutine), loop.time()
    finally:
        loop.close()


def test_waiting_an_hour_takes_an_hour_of_virtual_time_and_no_real_one() -> None:
    async def nap() -> None:
        await asyncio.sleep(3600)

    _, elapsed = run(nap())

    assert elapsed == pytest.approx(3600)


def test_a_deadlock_is_found_and_not_waited_out() -> None:
    async def stuck() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(RuntimeError, match="deadlock"):
        run(stuck())


def test_the_private_parts_of_asyncio_on_which_the_loop_stands_exist() -> None:
    loop = asyncio.SelectorEventLoop()
    try:
        for name in ("_ready", "_run_once", "_clock_resolution", "_make_self_pipe", "_ssock"):
            assert hasattr(loop, name)
    finally:
        loop.close()


def order_of_three(seed: int) -> list[int]:
    async def race() -> list[int]:
        seen: list[int] = []

        async def one(number: int) -> None:
            await asyncio.sleep(1)
            seen.append(number)

        await asyncio.gather(*(one(number) for number in range(3)))
        return seen

    return run(race(), seed)[0]


def test_the_same_seed_gives_the_same_interleaving_and_others_give_others() -> None:
    orders = [tuple(order_of_three(seed)) for seed in range(20)]

    assert [tuple(order_of_three(seed)) for seed in range(20)] == orders
    assert len(set(orders)) > 1
