"""What can be tried, and in which order: the same for everybody who asks the same."""

from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from interlock.errors import BadInput
from interlock.research.candidates import Grid, Random, shuffled
from interlock.research.space import Space, read_params, space_of, text_of
from interlock.strategy.bars import Bars
from interlock.strategy.columns import Columns
from interlock.strategy.contract import Percent, Strategy
from interlock.strategy.presets import PRESETS
from tests.rooms.research.toy import Cross


def test_the_declared_parameters_are_the_space_and_steps_are_exact_in_decimals() -> None:
    space = space_of(Cross())

    assert [axis.name for axis in space.axes] == ["fast", "slow", "weight"]
    assert space.size == 19 * 6 * 10
    assert [space.point(place)["weight"] for place in range(3)] == [0.1, 0.2, 0.3]
    assert space.point(space.size - 1) == {"fast": 20, "slow": 60, "weight": 1.0}


@given(st.integers(0, 19 * 6 * 10 - 1))
def test_parameters_come_back_from_their_text_as_they_were(place: int) -> None:
    space = space_of(replace(Cross(), stop=Percent(Decimal(2))), ["stop.pct=1:2:0.25"], whole=True)
    params = space.point(place)

    back = read_params(text_of(params), space)

    assert back == params
    assert [type(value) for value in back.values()] == [int, int, float, Decimal]


def test_any_number_of_a_strategy_can_be_varied_a_stop_and_a_threshold_too() -> None:
    space = space_of(PRESETS["scalp-aggressive"], ["stop.pct=0.3:0.5:0.1", "buy_below=40:60:20"])

    found = [space.at(space.point(place)) for place in range(space.size)]

    assert [str(each.stop.pct) for each in found if isinstance(each.stop, Percent)] == [
        *("0.3", "0.3", "0.4", "0.4", "0.5", "0.5")
    ]
    assert space.at({}) == PRESETS["scalp-aggressive"]


@pytest.mark.parametrize(
    ("vary", "where", "said"),
    [
        ("fast=9:3:1", "", "no values"),
        ("fast=3:9:0.5", "", "whole number"),
        ("quick=1:2:1", "", "has no quick"),
        ("name=1:2:1", "", "is no number"),
        ("bars_needed", "", "say bars_needed=LOW:HIGH:STEP"),
        ("fast=1:2", "", "is not NAME=LOW:HIGH:STEP"),
        ("fast", "fast <", "is no condition"),
        ("fast", "__import__('os')", "is no condition on parameters"),
        ("fast", "fast.__class__", "is no condition on parameters"),
        ("fast", "fast < quick", "cannot be asked"),
    ],
)
def test_what_cannot_be_varied_is_refused_with_what_is_wrong(
    vary: str, where: str, said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        space_of(Cross(), [vary], where)


def test_a_grid_holds_every_point_that_the_strategy_and_the_condition_allow() -> None:
    space = space_of(Cross(), ["fast", "slow"], "slow - fast >= 10")

    tried = list(next(Grid({"a": space, "b": space}).batches()))

    pairs = [(fast, slow) for fast in range(2, 21) for slow in range(10, 61, 10)]
    wanted = [
        {"fast": fast, "slow": slow} for fast, slow in pairs if fast < slow and slow - fast >= 10
    ]
    assert [each.params for each in tried] == wanted * 2
    assert len({each.number for each in tried}) == len(tried)


def test_a_random_search_is_the_same_for_the_same_seed_and_never_tries_a_point_twice() -> None:
    space = space_of(Cross())
    whole = {each.key for each in next(Grid({"a": space}).batches())}

    tried = list(next(Random({"a": space}, 7, space.size).batches()))
    again = list(next(Random({"a": space}, 7, 50).batches()))
    other = list(next(Random({"a": space}, 8, 50).batches()))

    assert len(tried) == len(whole)
    assert {each.key for each in tried} == whole
    assert again == tried[:50]
    assert {each.key for each in other} != {each.key for each in again}


def test_two_subjects_of_a_random_search_are_tried_in_turn_with_numbers_of_their_own() -> None:
    space = space_of(Cross())

    tried = list(islice(next(Random({"a": space, "b": space}, 7, 3).batches()), 6))

    assert [each.subject for each in tried] == ["a", "b"] * 3
    assert len({each.number for each in tried}) == 6
    assert tried[0].params == tried[1].params


@given(st.integers(1, 3000), st.integers())
def test_shuffling_moves_every_place_to_a_place_of_its_own(size: int, seed: int) -> None:
    assert {shuffled(place, size, seed) for place in range(size)} == set(range(size))


def test_a_condition_that_nothing_meets_is_told_instead_of_searched_for_ever() -> None:
    space = space_of(Cross(), ["slow=10:1000000:1"], "fast > slow")

    with pytest.raises(BadInput, match="none holds"):
        list(next(Random({"a": space}, 7, 1).batches()))


def test_a_strategy_without_parameters_says_how_to_name_some() -> None:
    with pytest.raises(BadInput, match="declares no parameter"):
        space_of(Fixed())


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed(Strategy):
    name: str = "fixed"
    level: float = 30

    @override
    def rules(self, bars: Bars) -> Columns:
        return Columns((bars.rsi().below(self.level),))


def test_a_number_that_is_a_float_may_be_varied_by_halves_though_its_default_is_whole() -> None:
    space = space_of(Fixed(), ["level=30:31:0.5"])

    assert [space.point(place)["level"] for place in range(3)] == [30.0, 30.5, 31.0]


def test_a_point_that_the_class_refuses_does_not_hold() -> None:
    space = Space(Cross(), space_of(Cross(), ["fast=1:3:1"]).axes)

    assert [space.holds(space.point(place)) for place in range(3)] == [False, True, True]
