"""The zoo is whole: every patch fits, every promise has a bug that it alone sees, and a graft really breaks what others hold."""

from collections import Counter
from typing import Final

import pytest

from interlock.orders import evidence, learning
from interlock.orders.intent import Intent
from tests.zoo.bug import RAISES, Bug, source_of
from tests.zoo.bugs import BARRED, BUGS
from tests.zoo.graft import graft
from tests.zoo.hunt import ROOT, noticed

LEAST: Final = 40
INVARIANTS: Final = tuple(f"I{n}" for n in range(1, 21))


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: f"Z{bug.number}")
def test_a_bug_fits_the_code_and_the_broken_code_can_be_compiled(bug: Bug) -> None:
    for name, text in bug.sources().items():
        assert text != source_of(name)
        compile(text, name, "exec")


def test_the_zoo_is_large_and_every_bug_of_the_list_is_in_it_or_said_to_be_barred() -> None:
    numbers = Counter([*(bug.number for bug in BUGS), *(each.number for each in BARRED)])

    assert len(BUGS) >= LEAST
    assert set(numbers.values()) == {1}
    assert set(range(1, 55)) <= set(numbers)


def test_every_promise_has_a_bug_that_it_alone_sees() -> None:
    alone = {bug.caught_by[0] for bug in BUGS if bug.alone}

    assert alone == set(INVARIANTS)


def test_who_must_see_a_bug_is_a_promise_and_who_hunts_it_is_there() -> None:
    for bug in BUGS:
        assert set(bug.caught_by) <= {*INVARIANTS, RAISES}
        assert bug.hunted_by is None or (ROOT / bug.hunted_by.partition("::")[0]).is_file()


def test_a_graft_reaches_whoever_imported_before_and_is_undone_by_the_sound_text() -> None:
    known = (evidence.LOOKS_MIN, vars(learning)["LOOKS_MIN"], Intent.is_stop)
    sound = {
        name: source_of(name) for name in ("interlock.orders.evidence", "interlock.orders.intent")
    }
    broken = sound["interlock.orders.evidence"].replace(
        "LOOKS_MIN: Final = 2", "LOOKS_MIN: Final = 7"
    )
    try:
        graft("interlock.orders.evidence", broken)
        assert (evidence.LOOKS_MIN, vars(learning)["LOOKS_MIN"]) == (7, 7)
    finally:
        for name, text in sound.items():
            graft(name, text)

    assert (evidence.LOOKS_MIN, vars(learning)["LOOKS_MIN"], Intent.is_stop) == known
    assert evidence.Heard() == evidence.Heard(evidence.Evidence(is_heard=True))


def test_what_was_noticed_is_named_by_the_promises() -> None:
    said = ["I12: an entry left", "I2: ORPHAN", "it raised KeyError: x", "I2: again"]

    assert noticed(said) == ("I2", "I12", RAISES)
