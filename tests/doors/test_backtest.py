"""`interlock backtest` from outside: the same figures twice, figures as numbers, a report beside them, and refusals with a reason."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAM = str(Path(sys.executable).with_name("interlock"))
MAY_DIFFER = {"elapsed_s", "bars_per_second", "max_rss_mb", "run_id", "started_at", "report"}


def ran(data: Path, *words: str, hash_seed: str = "0") -> tuple[int, dict[str, Any], str]:
    """Exit code, the last line as JSON, and stderr."""
    env = {"INTERLOCK__DATA": str(data), "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(
        [PROGRAM, "backtest", *words], env=env, capture_output=True, text=True, check=False
    )
    lines = done.stdout.splitlines()
    is_json = "--json" in words and lines
    return done.returncode, json.loads(lines[-1]) if is_json else {}, done.stderr or done.stdout


def test_without_a_word_it_plays_the_default_over_what_ships_and_writes_a_report(
    tmp_path: Path,
) -> None:
    code, told, said = ran(tmp_path, "--json")

    assert code == 0, said
    assert {row["symbol"] for row in told["data"]} == {
        "BTC_USDT",
        "ETH_USDT",
        "SOL_USDT",
        "XRP_USDT",
    }
    assert told["bars"] == 189_828
    assert told["trades"] > 100
    assert told["elapsed_s"] < 30
    assert isinstance(told["profit"], float)
    assert Path(told["report"]).read_text(encoding="utf-8").startswith("<!doctype html>")


def test_two_runs_differ_in_what_they_took_and_in_nothing_else(tmp_path: Path) -> None:
    words = ("--json", "--symbol", "ETH_USDT", "--strategy", "scalp-aggressive", "--no-report")

    _, one, _ = ran(tmp_path / "one", *words, hash_seed="1")
    _, other, _ = ran(tmp_path / "other", *words, hash_seed="2")

    assert {name for name in one if one[name] != other[name]} <= MAY_DIFFER
    assert one["trades"] > 100
    assert one["config_hash"] == other["config_hash"]


def test_a_person_reads_a_table_and_is_told_what_kept_the_signals(tmp_path: Path) -> None:
    words = ("--symbol", "BTC_USDT", "--from", "2023-01-01", "--check-lookahead", "--no-report")

    code, _, said = ran(tmp_path, *words)

    assert code == 0
    for expected in ("Sharpe", "kept by the rule", "No look ahead", "warm-up of trend-dip"):
        assert expected in said


def test_a_market_that_was_away_for_long_is_refused_with_the_way_out(tmp_path: Path) -> None:
    code, _, said = ran(tmp_path, "--symbol", "CLOUD_USD", "--timeframe", "15m", "--json")

    assert code == 2
    assert "--accept-halt" in said


def test_an_unknown_strategy_and_an_unknown_run_are_usage(tmp_path: Path) -> None:
    assert ran(tmp_path, "--strategy", "moon")[0] == 2
    assert ran(tmp_path, "--against", "yesterday")[0] == 2
