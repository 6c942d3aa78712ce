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
        for name in ("_run_once", "_make_self_pipe", "_close_self_pipe", "_ssock"):
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


def test_what_is_due_at_one_instant_comes_in_the_order_in_which_it_was_put_off() -> None:
    async def timers() -> list[int]:
        loop, seen = asyncio.get_running_loop(), list[int]()
        for number in range(50):
            loop.call_at(1.0 + number % 2, seen.append, number)
        await asyncio.sleep(3)
        return seen

    assert run(timers())[0] == [*range(0, 50, 2), *range(1, 50, 2)]


def test_what_was_called_off_neither_happens_nor_moves_time() -> None:
    async def called_off() -> list[str]:
        loop, seen = asyncio.get_running_loop(), list[str]()
        timer, soon = loop.call_later(1, seen.append, "later"), loop.call_soon(seen.append, "soon")
        timer.cancel()
        soon.cancel()
        await asyncio.sleep(0)
        assert soon.cancelled()
        return seen

    assert run(called_off()) == ([], 0.0)


def test_whatever_a_callback_raises_ends_the_run() -> None:
    async def fails() -> None:
        asyncio.get_running_loop().call_soon(int, "no number")
        await asyncio.sleep(1)

    with pytest.raises(RuntimeError, match="no number"):
        run(fails())
