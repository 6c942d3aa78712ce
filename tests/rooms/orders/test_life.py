"""The life of an order, every pair of states: what a word moves, what it leaves as it is, and what it can never say."""

import pytest

from interlock.errors import BrokenInvariant
from interlock.orders.life import State, move

# What each word makes of each state: > moves to it, . leaves it, ! cannot be true. The columns stand in the order of the rows.
GRID = """
SENDING    . > > ! > > > > > >
ACKED      . . > > ! > > > > !
WORKING    . . . > ! > > > > !
CANCELLING . . > . ! > > > > !
UNKNOWN    ! > > ! . > > > > >
FILLED     . . . . . . . . . .
CANCELLED  . . . . . . . . . .
EXPIRED    . . . . . . . . . .
REJECTED   . . . . . . . . . .
NOT_PLACED . ! ! ! . ! ! ! ! .
"""
ROWS = {State[name]: words for name, *words in map(str.split, GRID.strip().splitlines())}
PAIRS = [
    (now, to, said) for now, words in ROWS.items() for to, said in zip(ROWS, words, strict=True)
]


@pytest.mark.parametrize(("now", "to", "said"), PAIRS)
def test_a_word_moves_a_state_leaves_it_or_cannot_be_true(now: State, to: State, said: str) -> None:
    assert set(ROWS) == set(State)
    if said == "!":
        with pytest.raises(BrokenInvariant):
            move(now, to)
    else:
        assert move(now, to) is (to if said == ">" else now)
