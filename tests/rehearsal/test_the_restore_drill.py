"""Books that are lost and restored from an older copy: the exchange's books say that nothing was lost or done twice."""

import pytest

from interlock.rehearsal.restoring import drill, one
from tests.rehearsal.sweep import quietly


@pytest.fixture(autouse=True)
def _quiet() -> None:
    quietly()


# An entry that the backup does not know and that was lost before its stop; a lot that was sold since; a pair that was placed since.
@pytest.mark.parametrize("seed", [2, 3, 1])
def test_what_was_ordered_after_the_backup_is_adopted_and_guarded(seed: int) -> None:
    adopted, wrong = one(seed)

    assert wrong == []
    assert adopted > 0


def test_a_drill_counts_what_it_did() -> None:
    done = drill(1, 0)

    assert (done.drills, done.violations) == (1, ())
