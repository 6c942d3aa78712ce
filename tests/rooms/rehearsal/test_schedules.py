"""A schedule is its text: what a seed draws can be written down, read back, made small, and performed again with the same trace."""

from collections import Counter
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import BadInput
from interlock.rehearsal.draw import draw
from interlock.rehearsal.perform import REST, STILL, chaos_of, perform
from interlock.rehearsal.rehearse import quietly
from interlock.rehearsal.schedule import Act, Schedule, places, read, text_of, without
from interlock.rehearsal.shrink import shrunk

SEEDS = st.integers(0, 10_000)


@given(SEEDS)
def test_what_a_seed_draws_is_drawn_again_and_its_text_is_the_same_schedule(seed: int) -> None:
    drawn = draw(seed)

    assert draw(seed) == drawn
    assert read(text_of(drawn).encode(), "a file") == drawn


@given(SEEDS)
def test_what_is_left_out_is_gone_and_nothing_else_is(seed: int) -> None:
    drawn = draw(seed)
    every = places(drawn)

    assert len(every) == drawn.size
    assert without(drawn, ()) == drawn
    assert without(drawn, every).size == 0
    for gone in every[:5]:
        assert without(drawn, (gone,)).size == drawn.size - 1


def test_some_seeds_are_quiet_and_some_are_wild() -> None:
    sizes = Counter(min(draw(seed).size, 21) for seed in range(400))

    assert sizes[0] > 0
    assert sizes[21] > 0


@pytest.mark.parametrize(
    "text",
    [
        b"{",
        b'{"script": "bought", "surprise": 1}',
        b'{"script": "bought", "steps": [{"arm": {"fault": "none", "colour": 1}}]}',
        b'{"script": "bought", "steps": [{}]}',
    ],
)
def test_a_schedule_that_cannot_be_is_told_with_its_file(text: bytes) -> None:
    with pytest.raises(BadInput, match=r"a file|step 1"):
        read(text, "a file")


@pytest.mark.parametrize("said", [Schedule("nowhere"), Schedule("bought", acts=(Act(1, "sing"),))])
def test_a_word_or_a_script_that_nobody_knows_is_told(said: Schedule) -> None:
    with pytest.raises(BadInput, match="there are"):
        perform(said)


@given(st.integers(0, 30), st.integers(1, 40))
def test_of_many_things_only_those_that_break_it_are_left(needed: int, more: int) -> None:
    acts = tuple(Act(float(n), "pause") for n in range(needed + more))
    wild = Schedule("bought", symbols=3, acts=acts)
    culprit = acts[needed // 2]

    small = shrunk(wild, lambda tried: culprit in tried.acts)

    assert small.acts == (culprit,)
    assert (small.symbols, small.shuffle) == (1, False)


def test_the_same_schedule_leaves_the_same_trace_and_another_order_another_one() -> None:
    quietly()
    drawn = msgspec.structs.replace(draw(1), shuffle=True)
    other = msgspec.structs.replace(drawn, seed=2)

    assert perform(drawn) == perform(drawn)
    assert perform(drawn).trace != perform(other).trace


def test_a_seed_is_over_when_everything_has_been_at_rest_for_long_enough() -> None:
    quietly()
    calm = Schedule("whole", chaos=45.0)

    done = perform(calm)

    assert done.violations == ()
    assert timedelta(seconds=45) + STILL <= timedelta(seconds=done.virtual_s) < REST


def test_what_strangers_did_is_waited_for_until_it_is_booked() -> None:
    quietly()
    moved = draw(next(s for s in range(100) if any("transfer" in e for e in draw(s).steps)))

    done = perform(moved)

    assert done.violations == ()
    assert done.virtual_s > chaos_of(moved) + STILL.total_seconds()
