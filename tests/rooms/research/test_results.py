"""What a study keeps, and whom it lets in."""

import os
import sqlite3
from pathlib import Path

import pytest

from interlock.errors import StoreTrouble
from interlock.research.candidates import Candidate, Goal, Result
from interlock.research.results import (
    EXACT,
    AnotherStudy,
    Busy,
    Manifest,
    NoStudy,
    best_of,
    continued,
    looked_at,
    studies,
)
from tests.rooms.research.toy import MANIFEST


def result(number: int, sharpe: float | None, *, failure: str = "") -> Result:
    candidate = Candidate(number, "cross", {"fast": number, "slow": 0.1})
    return Result(candidate, {"sharpe": sharpe, "trades": 3}, failure, 0.5)


def test_what_is_kept_is_read_back_in_the_order_of_the_numbers(tmp_path: Path) -> None:
    path = tmp_path / "studies" / "one.sqlite"
    with continued(path, MANIFEST) as study:
        study.keep(EXACT, [result(2, 1.5)])
        study.keep(EXACT, [result(0, None, failure="ValueError: no"), result(1, float("inf"))])

    with looked_at(path) as study:
        rows = study.rows(EXACT)

    assert [(row.number, row.failure) for row in rows] == [(0, "ValueError: no"), (1, ""), (2, "")]
    assert rows[1].metrics == '{"sharpe":null,"trades":3}'
    assert rows[2].params == '{"fast":2,"slow":0.1}'
    assert study.manifest == MANIFEST
    assert studies(path.parent) == [path]


def test_a_candidate_is_kept_once_and_results_that_arrive_together_are_kept_together(
    tmp_path: Path,
) -> None:
    with continued(tmp_path / "one.sqlite", MANIFEST) as study:
        study.keep(EXACT, [result(1, 1.0)])
        with pytest.raises(StoreTrouble):
            study.keep(EXACT, [result(2, 1.0), result(1, 2.0)])

        assert [row.number for row in study.rows()] == [1]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Manifest("other", "code", "settings", 1, "", ""), "other bars"),
        (Manifest("bars", "other", "other", 1, "", ""), "other code and settings"),
        (Manifest("bars", "code", "settings", 2, "", ""), "other seed"),
    ],
)
def test_a_study_of_something_else_is_refused_and_left_as_it_is(
    tmp_path: Path, asked: Manifest, said: str
) -> None:
    path = tmp_path / "one.sqlite"
    with continued(path, MANIFEST) as study:
        study.keep(EXACT, [result(1, 1.0)])

    with pytest.raises(AnotherStudy, match=said) as refused, continued(path, asked):
        pass

    assert "--study" in refused.value.line()
    with looked_at(path) as study:
        assert len(study.rows()) == 1


def test_the_command_only_tells_who_began_it(tmp_path: Path) -> None:
    path = tmp_path / "one.sqlite"
    with continued(path, MANIFEST):
        pass

    again = Manifest("bars", "code", "settings", 1, "interlock sweep --processes 1", "{}")
    with continued(path, again) as study:
        assert study.manifest.command == "interlock sweep"


def test_one_process_writes_a_study_while_others_look_at_it(tmp_path: Path) -> None:
    path = tmp_path / "one.sqlite"
    with continued(path, MANIFEST) as study:
        study.keep(EXACT, [result(1, 1.0)])
        with pytest.raises(Busy), continued(path, MANIFEST):
            pass
        with looked_at(path) as seen:
            assert len(seen.rows()) == 1


def test_a_study_that_is_not_there_or_is_no_study_is_told(tmp_path: Path) -> None:
    with pytest.raises(NoStudy), looked_at(tmp_path / "none.sqlite"):
        pass
    (tmp_path / "bad.sqlite").write_bytes(os.urandom(4096))

    with pytest.raises(StoreTrouble), continued(tmp_path / "bad.sqlite", MANIFEST):
        pass
    assert not (tmp_path / "none.sqlite").exists()


def test_a_later_version_of_a_study_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "one.sqlite"
    with continued(path, MANIFEST):
        pass
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 9")
    connection.close()

    with pytest.raises(StoreTrouble, match="version 9"), continued(path, MANIFEST):
        pass


def test_the_best_are_those_with_most_of_a_figure_or_least_and_of_equal_ones_the_first(
    tmp_path: Path,
) -> None:
    with continued(tmp_path / "one.sqlite", MANIFEST) as study:
        study.keep(EXACT, [result(n, sharpe) for n, sharpe in enumerate((1.0, 3.0, None, 3.0))])
        rows = study.rows()

    assert [row.number for row in best_of(rows, Goal("sharpe"), 2)] == [1, 3]
    assert [row.number for row in best_of(rows, Goal("-sharpe"), 9)] == [0, 1, 3]
    assert best_of(rows, Goal("profit"), 1) == []
