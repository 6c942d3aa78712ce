"""A mark counts a fault where it strikes: what was only armed counts nothing, and a long run that missed one fails (BAR-3)."""

import pytest

from interlock.rehearsal.catalogue import CATALOGUE
from interlock.rehearsal.marks import FLOOR, RULES, SEEDS_MIN, below_floor, must_be_covered
from interlock.rehearsal.perform import perform
from interlock.rehearsal.rehearse import quietly
from interlock.rehearsal.schedule import Act, Schedule

CREATE = "private/create-order"
CANCEL_PAIR = "private/advanced/cancel-oco"
HEARD = "bought, heard"


def arm(fault: str, method: str, **more: object) -> dict[str, object]:
    """From the beginning, once, unless it says otherwise."""
    return {"arm": {"fault": fault, "method": method, "count": 1, **more}}


def down(seam: str, nth: int = 1) -> Act:
    """The process dies there."""
    return Act(0.0, "down", on=seam, nth=nth)


STRIKES = {
    "A1": Schedule("whole", acts=(down("books.rule begins"),)),
    "A2": Schedule("whole", acts=(Act(0.0, "torn", 1.0, on="books.rule begins"),)),
    "A3": Schedule("whole", acts=(Act(5.0, "down", 150.0),)),
    "A4": Schedule("whole", acts=(down(f"send {CREATE}"),)),
    "A6": Schedule("whole", acts=(down(f"sent {CREATE}"),)),
    "A7": Schedule("whole", acts=(down(f"answered {CREATE}"),)),
    "A8": Schedule("whole", acts=(down("books.answered is done"),)),
    "A9": Schedule("whole", acts=(down("answered private/get-trades", 2),)),
    "A12": Schedule("whole", deaths=(3,)),
    "A16": Schedule("whole", deaths=(3, 3)),
    "B3": Schedule("whole", steps=(arm("lose_request", CREATE),)),
    "B4": Schedule("whole", steps=(arm("lose_answer", CREATE),)),
    "B5": Schedule("whole", steps=(arm("accept_late", CREATE, by_seconds=20),)),
    "B13": Schedule("whole", steps=(arm("refuse", CREATE, code=42901),)),
    "B18": Schedule(
        "long", steps=({"transfer": {"currency": "USDT", "amount": "-9950"}, "on": CREATE},)
    ),
    "B19": Schedule("whole", steps=(arm("reject_later", CREATE),)),
    "D3": Schedule(HEARD, steps=({"stream": {"fault": "stall", "seconds": 70.0}, "on": "accept"},)),
    "D8": Schedule(HEARD, acts=(Act(0.0, "mute", 1.0),)),
    "E5": Schedule("whole", steps=(arm("clock_skew", "*", by_seconds=90, count=20),)),
    "F8": Schedule("whole", steps=(arm("refuse", CREATE, code=308),)),
    "G7": Schedule("whole", acts=(Act(0.0, "kill", on=f"sent {CREATE}"),)),
    "N2": Schedule("whole", acts=(Act(5.0, "rival"),)),
}  # fmt: skip - a schedule a line


@pytest.mark.parametrize("name", STRIKES)
def test_a_fault_that_strikes_is_counted_and_no_promise_is_broken(name: str) -> None:
    quietly()

    done = perform(STRIKES[name])

    assert done.marks[name] > 0
    assert done.violations == ()


def test_what_was_armed_and_met_nobody_counts_nothing() -> None:
    quietly()

    done = perform(Schedule("whole", steps=(arm("lose_answer", CANCEL_PAIR),)))

    assert not RULES.keys() & (done.marks.keys() - {"C10"})


def test_every_mark_is_a_fault_of_the_catalogue() -> None:
    assert RULES.keys() <= CATALOGUE.keys()
    assert len(CATALOGUE) == 191


def test_a_long_run_that_missed_a_fault_fails_and_a_short_one_does_not() -> None:
    often = dict.fromkeys(RULES, FLOOR)

    assert must_be_covered(SEEDS_MIN, often) == []
    assert must_be_covered(SEEDS_MIN, often | {"A1": FLOOR - 1}) != []
    assert below_floor(often | {"A1": 0}) == {"A1": 0}
    assert must_be_covered(SEEDS_MIN - 1, {}) == []
