"""`interlock sweep` and `walkforward` from outside: stopped and continued, the same on one process as on two, and refused with a reason."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

PROGRAM = str(Path(sys.executable).with_name("interlock"))
PATIENCE_S = 120
OWN = """
from dataclasses import dataclass
from interlock.strategy.bars import Bars
from interlock.strategy.columns import Columns
from interlock.strategy.contract import Strategy, param


@dataclass(frozen=True, slots=True, kw_only=True)
class Mine(Strategy):
    name: str = "mine"
    fast: int = param(8, low=2, high=10, step=2)
    slow: int = param(60, low=20, high=60, step=20)

    def rules(self, bars: Bars) -> Columns:
        if self.fast == 4:
            raise ValueError("four is not for me")
        return Columns((bars.ema(self.fast).crosses_up(bars.ema(self.slow), "cross"),))

    def sane(self) -> bool:
        return self.fast < self.slow
"""
SWEEP = ("sweep", "--strategy", "mine", "--symbol", "ETH_USDT", "--from", "2023-10-01", "--grid")
STUDY = ("--study", "one")


def ran(data: Path, *words: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, the last line as JSON, and what was said on both lines."""
    done = subprocess.run(
        [PROGRAM, *words], env=env(data), capture_output=True, text=True, check=False
    )
    lines = done.stdout.splitlines()
    is_json = "--json" in words and lines
    return done.returncode, json.loads(lines[-1]) if is_json else {}, done.stderr + done.stdout


def env(data: Path) -> dict[str, str]:
    return {"INTERLOCK__DATA": str(data)}


def table(data: Path) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(data / "research" / "studies" / "one.sqlite")
    asked = "SELECT stage, number, subject, params, metrics, failure FROM result ORDER BY 1, 2"
    rows = connection.execute(asked).fetchall()
    connection.close()
    return rows


def folder(path: Path) -> Path:
    (path / "strategies").mkdir(parents=True)
    (path / "strategies" / "mine.py").write_text(OWN, encoding="utf-8")
    return path


def stopped(data: Path) -> tuple[int, str]:
    """A sweep that a person stops when it has kept something."""
    words = (PROGRAM, *SWEEP, *STUDY, "--processes", "2")
    process = subprocess.Popen(words, env=env(data), stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        time.sleep(0.02)
        try:
            if table(data):
                break
        except sqlite3.OperationalError:
            continue
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE_S)
    return process.returncode, said


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a study that was stopped once and continued."""
    made = folder(tmp_path_factory.mktemp("research") / "data")
    code, said = stopped(made)
    assert (code, "The same command goes on" in said) == (1, True), said
    half = len(table(made))
    code, told, said = ran(made, *SWEEP, *STUDY, "--processes", "2", "--json")
    assert code == 0, said
    assert 0 < half < told["candidates"] == 15
    assert told["evaluated"] == told["candidates"] - half
    assert told["failed"] == 3
    return made


def test_a_sweep_of_an_owners_own_strategy_finds_the_same_on_one_process_as_stopped_on_two(
    data: Path, tmp_path: Path
) -> None:
    other = folder(tmp_path / "other")

    code, told, said = ran(other, *SWEEP, *STUDY, "--processes", "1", "--json")
    _, shown, _ = ran(data, "sweep", "show", "one", "--json")

    assert code == 0, said
    assert table(other) == table(data)
    assert shown["best"] == told["best"]
    assert {name: told[name] for name in ("data_hash", "code", "config_hash", "seed")} == {
        name: shown[name] for name in ("data_hash", "code", "config_hash", "seed")
    }
    assert shown["failures"] == {"ValueError: four is not for me": 3}


def test_a_study_is_listed_exported_and_not_continued_with_something_else(
    data: Path, tmp_path: Path
) -> None:
    code, told, _ = ran(data, "sweep", "export", "one", str(tmp_path / "one.parquet"), "--json")
    listed = ran(data, "sweep", "list")[2]
    refused, _, said = ran(data, *SWEEP, *STUDY, "--seed", "3")

    found = pl.read_parquet(tmp_path / "one.parquet")
    assert (code, told["rows"]) == (0, 15)
    assert found.height == 15
    assert found["param.fast"].dtype.is_numeric()
    assert found["sharpe"].drop_nulls().len() == 12
    assert "one " in listed
    assert (refused, "other settings and seed" in said, "--study" in said) == (2, True, True)


def test_a_walk_screens_every_fold_and_judges_what_was_not_seen(tmp_path: Path) -> None:
    words = ("walkforward", "--symbol", "ETH_USDT", "--from", "2023-10-01", "--folds", "2")
    vary = ("--vary", "fast=10:30:20", "--vary", "slow=60:90:30")

    code, told, said = ran(tmp_path, *words, *vary, "--optuna", "8", "--screen", "--json")

    assert code == 0, said
    assert [fold["tried"] for fold in told["folds"]] == [4, 4]
    assert told["tried"] == 8
    assert told["folds"][0]["train"][1] == told["folds"][0]["test"][0]
    assert told["folds"][1]["test"][0] == told["folds"][0]["test"][1]
    assert told["equity_end"] == pytest.approx(10000 + told["unseen"]["profit"], abs=2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("sweep", "--strategy", "none"), "'none' is no strategy"),
        (("sweep", "--grid", "--random", "5"), "choose one"),
        (("sweep", "show", "none"), "There is no study none"),
    ],
)
def test_what_cannot_be_searched_is_refused_with_a_reason(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    code, _, told = ran(tmp_path, *words)

    assert code == 2
    assert said in told
