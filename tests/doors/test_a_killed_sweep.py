"""A sweep keeps what it found, whatever becomes of it, and finds the same however many work at it."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from interlock.market import Window
from interlock.research.candidates import Candidate, Chosen, Goal
from interlock.research.pool import DIED, Evaluate, Make, Processes, evaluated, lay, mapped
from interlock.research.results import EXACT, continued
from interlock.research.sweep import Progress, Stage
from tests.rooms.research import sweeping
from tests.rooms.research.toy import MANIFEST, ToyMaker, series

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60


@contextmanager
def crew(tmp_path: Path, make: Make, count: int = 2) -> Iterator[Processes]:
    made = Processes(make, series(), tmp_path / "bars", count)
    try:
        yield made
    finally:
        made.close()


def started(path: Path, search: str, rest_s: float, processes: int) -> "subprocess.Popen[bytes]":
    words = (sys.executable, sweeping.__file__, str(path), search, str(rest_s), str(processes))
    return subprocess.Popen(words, env={**os.environ, "PYTHONPATH": str(ROOT)})  # noqa: TID251 - of a test's process


def table(path: Path) -> list[tuple[object, ...]]:
    """Everything in the file but how long it took."""
    connection = sqlite3.connect(path)
    asked = "SELECT stage, number, subject, params, metrics, failure FROM result ORDER BY 1, 2"
    rows = connection.execute(asked).fetchall()
    manifest = connection.execute("SELECT * FROM manifest").fetchall()
    connection.close()
    return [*manifest, *rows]


def kept(path: Path) -> int:
    try:
        return len(table(path)) - 1
    except sqlite3.OperationalError:
        return 0


@pytest.mark.parametrize("search", ["grid", "tpe"])
def test_a_sweep_that_is_killed_again_and_again_ends_with_the_table_of_one_that_was_not(
    tmp_path: Path, search: str
) -> None:
    whole, torn = tmp_path / "whole.sqlite", tmp_path / "torn.sqlite"
    sweeping.main(whole, search, 0.0, 1)
    dice = random.Random(5)  # noqa: S311 - a seed is what is wanted
    kills = 0
    for _ in range(3):
        process = started(torn, search, 0.05, 2)
        target, end = kept(torn) + dice.randint(1, 8), time.monotonic() + PATIENCE_S
        while kept(torn) < target and process.poll() is None and time.monotonic() < end:
            time.sleep(dice.uniform(0.001, 0.02))
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
    half = table(torn)

    assert started(torn, search, 0.0, 2).wait(PATIENCE_S) == 0

    assert kills == 3
    assert len(half) < len(table(whole))
    assert table(torn) == table(whole)
    assert set(half) <= set(table(whole))


def test_what_is_kept_is_not_evaluated_again(tmp_path: Path) -> None:
    path = tmp_path / "one.sqlite"
    sweeping.main(path, "random", 0.0, 1)
    heard: list[Progress] = []
    chosen = sweeping.search("random")

    with continued(path, MANIFEST) as study, crew(tmp_path, ToyMaker(falls=9)) as hands:
        stage = Stage(study, EXACT, Goal("sharpe"), chosen.expected, heard.append)
        done = stage.run(chosen, hands)

    assert (done.kept, done.done, done.failed) == (60, 0, 0)
    assert done.best_params == '{"fast":9,"slow":30}' or done.best is not None
    assert heard[-1] is done


def test_a_candidate_that_raises_or_kills_its_process_is_a_result_and_the_others_go_on(
    tmp_path: Path,
) -> None:
    candidates = [Candidate(n, "cross", {"fast": n, "slow": 30}) for n in range(2, 20)]

    with crew(tmp_path, ToyMaker(falls=4, raises=7)) as hands:
        found = [each for results in evaluated(hands, candidates) for each in results]

    failures = {each.candidate.number: each.failure for each in found if each.failure}
    assert failures == {4: DIED, 7: "ValueError: 7 is not to my taste"}
    assert sorted(each.candidate.number for each in found) == list(range(2, 20))


def test_trouble_before_the_first_candidate_ends_the_sweep_and_blames_no_candidate(
    tmp_path: Path,
) -> None:
    with crew(tmp_path, broken) as hands, pytest.raises(ValueError, match="no such bars"):
        list(evaluated(hands, [Candidate(0, "cross", {"fast": 2, "slow": 30})]))


def broken(windows: Sequence[Window]) -> Evaluate:
    raise ValueError(f"no such bars: {len(windows)}")


def test_the_processes_of_a_sweep_go_when_it_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "one.sqlite"
    process = started(path, "grid", 0.5, 2)
    end = time.monotonic() + PATIENCE_S
    while not kept(path) and time.monotonic() < end:
        time.sleep(0.05)
    before = using(path)
    process.send_signal(signal.SIGKILL)
    process.wait()
    while using(path) and time.monotonic() < end:
        time.sleep(0.05)

    assert len(before) >= 2
    assert not using(path)


def using(path: Path) -> list[str]:
    """The processes that map the bars of this study."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if str(path.with_suffix(".bars")) in (each / "maps").read_text(encoding="utf-8"):
                found.append(each.name)
        except OSError:
            continue
    return found


def test_bars_come_out_of_the_file_as_they_were_laid_and_nobody_can_write_them(
    tmp_path: Path,
) -> None:
    laid = series(3)

    found = mapped(tmp_path / "bars", lay(laid, tmp_path / "bars"))

    for one, other in zip(found, laid, strict=True):
        assert (one.symbol, one.span) == (other.symbol, other.span)
        arrays = zip((one.opens_ms, *one.arrays), (other.opens_ms, *other.arrays), strict=True)
        assert all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in arrays)
        assert not one.close.flags.writeable
    assert mapped(tmp_path / "none", lay(series(1, 0), tmp_path / "none"))[0].span == laid[0].span


def test_nothing_chosen_is_nothing_done(tmp_path: Path) -> None:
    with continued(tmp_path / "s.sqlite", MANIFEST) as study, crew(tmp_path, ToyMaker()) as hands:
        done = Stage(study, EXACT, Goal("sharpe"), 0, lambda _: None).run(Chosen([]), hands)

    assert (done.done, done.best) == (0, None)
