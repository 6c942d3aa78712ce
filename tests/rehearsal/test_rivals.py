"""Two engines on one data folder, as real processes: one sends, the other waits, and a stopped one is waited for."""

from pathlib import Path

from tests.rehearsal.rivals import exchange, race, take_turns

FEW = 2


def test_nobody_takes_over_from_an_engine_that_is_stopped_and_the_next_leads_when_it_dies(
    tmp_path: Path,
) -> None:
    with exchange() as at:
        tally = take_turns(str(tmp_path), at, FEW)

    assert tally.violations == []
    assert (tally.done, tally.late) == (FEW, 0)
    assert tally.epochs == FEW + 1
    assert tally.accepts >= FEW


def test_of_two_engines_that_begin_at_once_one_leads(tmp_path: Path) -> None:
    """Fault N1."""
    with exchange() as at:
        tally = race(str(tmp_path), at, FEW)

    assert (tally.done, tally.violations) == (FEW, [])
