"""A sweep on a Ray cluster, a local one, finds what the local pool finds."""

import sqlite3
from pathlib import Path

import pytest
import ray

from interlock.errors import Unreachable
from interlock.research.candidates import Candidate, Goal
from interlock.research.cluster import LOCAL, Cluster
from interlock.research.pool import DIED, evaluated
from interlock.research.results import EXACT, continued
from interlock.research.sweep import Stage
from tests.rooms.research import sweeping
from tests.rooms.research.toy import MANIFEST, ToyMaker, series

pytestmark = pytest.mark.host


def table(path: Path) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    asked = "SELECT stage, number, subject, params, metrics, failure FROM result ORDER BY 1, 2"
    rows = connection.execute(asked).fetchall()
    connection.close()
    return rows


@pytest.mark.parametrize("search", ["random", "tpe"])
def test_a_cluster_finds_what_the_local_pool_finds(tmp_path: Path, search: str) -> None:
    local, there = tmp_path / "local.sqlite", tmp_path / "there.sqlite"
    sweeping.main(local, search, 0.0, 1)
    crew, chosen = Cluster(ToyMaker(), series(), LOCAL), sweeping.search(search)
    try:
        with continued(there, MANIFEST) as study:
            Stage(study, EXACT, Goal("sharpe"), chosen.expected, lambda _: None).run(chosen, crew)
    finally:
        crew.close()

    assert table(there) == table(local)
    assert not ray.is_initialized()


def test_what_a_candidate_does_to_a_machine_of_the_cluster_is_its_own_result() -> None:
    candidates = [Candidate(n, "cross", {"fast": n, "slow": 30}) for n in range(2, 8)]
    crew = Cluster(ToyMaker(falls=4, raises=6), series(), LOCAL)
    try:
        found = [each for results in evaluated(crew, candidates) for each in results]
    finally:
        crew.close()

    failures = {each.candidate.number: each.failure for each in found if each.failure}
    assert failures == {4: DIED, 6: "ValueError: 6 is not to my taste"}
    assert len(found) == len(candidates)


def test_a_cluster_that_is_not_there_is_told() -> None:
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1"):
        Cluster(ToyMaker(), series(), "127.0.0.1:1")
