import base64
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typing_extensions import override

from interlock.errors import BadInput
from interlock.research import Lane, Run, backtest, ungridded
from interlock.research.engine import SETUP
from interlock.research.kept import KeptRun, keep, recall
from interlock.research.manifest import config_hash, config_of
from interlock.research.measures.measures import figures, measure
from interlock.research.report.content import Subject, months
from interlock.research.report.packing import packed, thinned
from interlock.research.report.page import page, write
from interlock.risk.limits import Limits
from interlock.strategy.presets import PRESETS
from interlock.strategy.watchlist import WatchlistRow
from tests.rooms.research.candles import shipped

EVIL = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"


@cache
def played() -> tuple[tuple[Lane, ...], Run]:
    window = shipped(first=30_000, bars=3000)
    row = WatchlistRow(
        window.symbol,
        alert_enabled=True,
        buy_alert_enabled=True,
        sell_alert_enabled=True,
        trade_enabled=True,
        trade_amount_usd=Decimal(100),
    )
    lanes = (Lane(row, PRESETS["intraday-aggressive"], window, ungridded(window.symbol)),)
    return lanes, backtest(lanes)


def subject(title: str = "a run", others: tuple[KeptRun, ...] = (), **changes: object) -> Subject:
    lanes, run = played()
    found = measure(run, [lane.window for lane in lanes])
    body: Mapping[str, Any] = {
        **figures(found),
        "run_id": "one",
        "started_at": "now",
        "code": "interlock",
        "seed": 0,
        "config_hash": "c0",
        "data": [{"symbol": "BTC_USDT", "timeframe": "1h", "bars": run.bars, "sha256": "d0"}],
        "first": "2021",
        "last": "2022",
        "bars": run.bars,
        "signals": run.signals,
        "blocked": dict(run.blocked),
        "equity_start": run.equity_start,
        "equity_end": run.equity_end,
        "warm_up": [],
        "notes": ["a note"],
        "checks": [],
        **changes,
    }
    return Subject(title, run, found, lanes, body, {"is": "Setup"}, others)


@dataclass
class Seen(HTMLParser):
    """Every address in the page, and every element with its attributes."""

    def __post_init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))


def elements(text: str) -> list[tuple[str, dict[str, str | None]]]:
    seen = Seen()
    seen.feed(text)
    return seen.elements


def data_of(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="run">(.*?)</script>', text, re.DOTALL)
    assert found
    read: dict[str, Any] = json.loads(found[1])
    return read


def test_the_page_needs_nothing_but_itself() -> None:
    text = page(subject())

    for tag, attributes in elements(text):
        assert tag not in {"link", "img", "iframe", "object", "embed", "base"}
        assert not {"src", "href", "srcset", "action"} & attributes.keys()
    policy = next(a["content"] for t, a in elements(text) if "http-equiv" in a and t == "meta")
    assert policy
    assert policy.startswith("default-src 'none';")
    assert "http" not in policy


def test_what_a_person_wrote_is_never_markup() -> None:
    other = KeptRun("two", EVIL, "c", "code", (), {}, (0, 1), (1.0, 2.0))
    check = {
        "symbol": EVIL,
        "strategy": EVIL,
        "bars": 3,
        "glimpses": [{"what": EVIL, "at": "2024", "alone": "0", "later": "1"}],
        "recursion": [],
    }

    text = page(subject(EVIL, (other,), notes=[EVIL], checks=[check], code=EVIL, blocked={EVIL: 1}))

    assert len([tag for tag, _ in elements(text) if tag == "script"]) == 3
    assert "img" not in {tag for tag, _ in elements(text)}
    assert data_of(text)["others"][0]["title"].startswith(EVIL)


def test_the_page_draws_the_bars_the_trades_and_the_indicators_of_the_run() -> None:
    lanes, run = played()
    data = data_of(page(subject()))

    (lane,) = data["lanes"]
    assert np.array_equal(unpacked(lane["opens"], "f8"), lanes[0].window.opens_ms)
    assert np.array_equal(unpacked(lane["bars"][3], "f4"), lanes[0].window.close.astype(np.float32))
    assert {"ema10", "ma50"} <= set(lane["overlays"])
    assert "rsi" in lane["panes"]
    assert [row[9] for row in data["trades"]] == [float(trade.profit) for trade in run.trades]
    assert len(data["trades"]) > 10
    assert data["curve"]["equity"][-1] == pytest.approx(
        float(run.equity_end / run.equity_start) - 1, abs=1e-6
    )


def unpacked(text: str, kind: str) -> np.ndarray:
    raw = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=np.uint8)
    width = np.dtype(kind).itemsize
    return np.ascontiguousarray(raw.reshape(width, -1).T).view(f"<{kind}").ravel()


def test_a_thinned_line_keeps_its_peaks_and_its_end() -> None:
    values = np.sin(np.arange(100_000) / 7) + np.where(np.arange(100_000) == 54_321, 9.0, 0.0)

    places = thinned(values, 900)

    assert len(places) <= 900
    assert {int(values.argmax()), int(values.argmin()), 99_999} <= set(places.tolist())
    assert unpacked(packed(values), "f4") == pytest.approx(values, abs=1e-6)


def test_a_year_is_what_its_months_compound_to() -> None:
    ((year, row, total),) = months({"2024-02": 0.1, "2024-03": -0.5})

    assert (year, row[0], row[1], row[2]) == ("2024", None, 0.1, -0.5)
    assert total == pytest.approx(-0.45)


def test_a_page_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    write(tmp_path / "deep" / "run.html", subject())

    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["run.html"]


def test_a_kept_run_comes_back_and_a_path_is_no_name(tmp_path: Path) -> None:
    lanes, run = played()
    told = figures(measure(run, [lane.window for lane in lanes]))
    kept = KeptRun("one", "a run", "c0", "code", ("d0",), told, (1, 2), (1.0, 2.0), 0.1)
    keep(tmp_path, kept)
    keep(tmp_path / "runs", kept)

    again = recall(tmp_path / "runs", "one")

    assert again.figures["trades"] == told["trades"]
    assert again.figures["profit"] == pytest.approx(float(told["profit"]))
    for name in ("two", "../one", "..", ""):
        with pytest.raises(BadInput):
            recall(tmp_path / "runs", name)


def test_every_assumption_is_in_the_hash() -> None:
    lanes, _ = played()
    same = config_hash(config_of(lanes, SETUP))
    limits = replace(SETUP, limits=replace(Limits(), open_total_max=3))
    strategy = replace(lanes[0], strategy=PRESETS["scalp-conservative"])

    assert same == config_hash(config_of(lanes, replace(SETUP)))
    assert same != config_hash(config_of(lanes, limits))
    assert same != config_hash(config_of((strategy,), SETUP))
