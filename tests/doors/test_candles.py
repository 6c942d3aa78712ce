"""`interlock data` from outside: files in, bars from a real `interlock simulate`, and nothing half done."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from interlock.host.clock import WallClock
from interlock.values import Instant
from tests.rooms.research.candles import HOUR, pages_in_another_order, shipped

PROGRAM = str(Path(sys.executable).with_name("interlock"))


@dataclass(frozen=True, slots=True)
class Desk:
    """A data folder, and the exchange that is asked."""

    folder: Path
    rest: str = "http://127.0.0.1:9/exchange/v1"

    def data(self, *words: str) -> tuple[int, dict[str, Any], str]:
        """Exit code, the last line as JSON where there is one, and what was said on stderr."""
        env = {"INTERLOCK__DATA": str(self.folder), "INTERLOCK__EXCHANGE__REST_URL": self.rest}
        ran = subprocess.run(
            [PROGRAM, "data", *words, "--json"],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        lines = ran.stdout.splitlines()
        return ran.returncode, json.loads(lines[-1]) if lines else {}, ran.stderr


@pytest.fixture(scope="module")
def rest() -> Iterator[str]:
    command = [PROGRAM, "simulate", "--start", "2024-03-20T10:20:00"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())["rest"]
        finally:
            process.terminate()


def test_a_file_is_imported_checked_and_resampled(tmp_path: Path) -> None:
    desk, file = Desk(tmp_path), tmp_path / "bars.csv"
    file.write_bytes(pages_in_another_order(shipped(first=30_000, bars=100)))

    code, told, _ = desk.data("import", str(file), "--symbol", "BTC_USDT", "--timeframe", "1h")
    assert (code, told["bars"], told["missing"]) == (0, 100, 0)
    assert desk.data("check", "BTC_USDT", "1h")[1]["data_sha256"] == told["data_sha256"]
    _, coarse, _ = desk.data("resample", "BTC_USDT", "1h", "--to", "4h")
    assert coarse["bars"] == 24
    _, listed, _ = desk.data("list")
    named = {(row["symbol"], row["timeframe"]): row["origin"]["source"] for row in listed["series"]}
    assert named["BTC_USDT", "1h"] == "bars.csv"
    assert named["BTC_USDT", "4h"] == "resampled from 1h"
    assert named["XRP_USDT", "1h"] == "shipped: binance_XRP-USDT_1h"


def test_a_file_with_a_wrong_line_leaves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "bars.csv"
    file.write_bytes(pages_in_another_order(shipped(first=30_000, bars=100)) + b"1,2\n")

    code, _, said = Desk(tmp_path / "data").data(
        "import", str(file), "--symbol", "BTC_USDT", "--timeframe", "1h"
    )

    assert code == 2
    assert said.startswith("Line 102: It has 2 values where 7 are expected.")
    assert not list((tmp_path / "data").rglob("*.*"))


@pytest.mark.parametrize("via", [(), ("--via", "ccxt:cryptocom")], ids=["rest", "ccxt"])
def test_more_than_a_page_of_closed_bars_comes_from_the_exchange_and_the_open_one_does_not(
    tmp_path: Path, rest: str, via: tuple[str, ...]
) -> None:
    desk, began = Desk(tmp_path, rest), WallClock().now()
    start = began.floor(HOUR) - HOUR * 700
    asked = ("--symbol", "BTC_USDT", "--timeframe", "1h", "--from", start.iso())

    code, told, said = desk.data("fetch", *asked, *via, *(("--rest", rest) if via else ()))

    hours = (WallClock().now().floor(HOUR) - start) // HOUR
    assert code == 0, said
    assert told["first"] == start.iso()
    assert 700 <= told["bars"] <= hours
    assert told["missing"] == 0
    assert Instant.of_iso(told["last"]) + HOUR <= WallClock().now()


def test_an_exchange_that_is_not_there_leaves_nothing(tmp_path: Path) -> None:
    code, _, said = Desk(tmp_path).data(
        *("fetch", "--symbol", "BTC_USDT", "--timeframe", "1h", "--from", "2024-01-01")
    )

    assert code == 3
    assert "Not connected" in said
    assert not list(tmp_path.rglob("*.*"))
