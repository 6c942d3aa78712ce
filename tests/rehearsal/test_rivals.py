"""Two engines on one data folder, as real processes: one sends, the other waits, and a stopped one is waited for."""

from tests.rehearsal.rivalry import met

FEW = 2


def test_nobody_takes_over_from_an_engine_that_is_stopped_and_the_next_leads_when_it_dies() -> None:
    tally = met("turns", FEW)

    assert tally["violations"] == []
    assert (tally["stops"], tally["late"]) == (FEW, 0)
    assert tally["epochs"] == FEW + 1


def test_of_two_engines_that_begin_at_once_one_leads() -> None:
    tally = met("races", FEW)

    assert (tally["races"], tally["epochs"], tally["violations"]) == (FEW, FEW, [])


def test_a_stopped_engine_that_its_watchdog_ends_is_followed_by_the_next_epoch() -> None:
    tally = met("zombies", FEW)

    assert (tally["races"], tally["zombies"], tally["violations"]) == (FEW, FEW, [])
    assert len(tally["takeovers"]) == FEW
