"""An owner's strategy runs in a process of its own: what it cannot do there it cannot do to the platform."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final, TypeVar

import pytest

from interlock.errors import BadInput
from interlock.market import Window
from interlock.strategist.caller import Worker
from interlock.strategist.loading import load
from interlock.strategist.words import (
    REPLY_MAX,
    Card,
    Level,
    Spoken,
    declared_of,
    length,
    opinion_of,
    reply_of,
)
from interlock.strategy import AtrStop, RiskReward
from interlock.strategy.contract import Declared
from interlock.strategy.decide import managed, opinion_at
from interlock.strategy.manage import Exit, Held, Hold, MoveStop
from interlock.strategy.signal import Opinion
from interlock.values import Unknown
from tests.fakes.strategies import HEAD, managing, write
from tests.rooms.making import HOUR, NOW, window

T = TypeVar("T")
SOON: Final = 0.4
LONG: Final = 20.0
BARS: Final[Window] = window([100 + i % 7 for i in range(80)])


def asked(folder: Path, do: Callable[[Worker], Awaitable[T]]) -> T:
    async def whole() -> T:
        worker = Worker(folder, LONG)
        try:
            return await do(worker)
        finally:
            await worker.close()

    return asyncio.run(whole())


def test_what_a_strategy_says_there_is_what_it_says_here(tmp_path: Path) -> None:
    folder = write(tmp_path / "own", "sound")
    there = asked(folder, lambda worker: worker.ask("sound", BARS))
    here = load(folder).strategies["sound"]

    assert there == opinion_at(here.columns(BARS), len(BARS) - 1)


FAILINGS: Final = {
    "endless": "it gave no answer within 0.4 s",
    "raising": "it raised ZeroDivisionError: division by zero (raising.py, line 15)",
    "sulking": "it raised SystemExit: 0",
    "eating": "it raised MemoryError",
    "dying": "its process died",
    "loud": "it raised BadInput: It says what it may not",
    "asleep": "it gave no answer within 0.4 s",
}


def test_who_cannot_be_heard_is_unknown_with_the_reason_and_the_next_one_is_heard(
    tmp_path: Path,
) -> None:
    async def all_of_them(worker: Worker) -> dict[str, tuple[str, bool]]:
        told = {}
        for name, why in FAILINGS.items():
            worker.deadline_s = SOON if "within" in why else LONG
            said = await worker.ask(name, BARS)
            worker.deadline_s = LONG
            after = await worker.ask("sound", BARS)
            told[name] = (getattr(said, "why", "heard"), isinstance(after, Opinion))
        return told

    told = asked(write(tmp_path / "own", *FAILINGS, "sound"), all_of_them)

    for name, why in FAILINGS.items():
        assert why in told[name][0]
        assert told[name][1]


ANSWERS: Final = {
    "return Hold()": Hold(),
    'return Exit("late")': Exit("late"),
    'return MoveStop(standing.average, "even")': MoveStop(Decimal("99.5"), "even"),
    'return MoveStop(standing.stop, "same")': Hold(),
    'return MoveStop(bar.close, "tight")': Exit("tight"),
    'return MoveStop(Decimal("NaN"), "none")': Hold(),
}


def test_what_it_answers_about_lots_there_is_what_it_answers_here(tmp_path: Path) -> None:
    does = "".join(
        f"if standing.remaining == {n}: {does}\n        " for n, does in enumerate(ANSWERS)
    )
    folder = managing(tmp_path / "own", "minder", does)
    lots = [
        Held("BTC_USDT", NOW, Decimal("99.5"), Decimal(n), Decimal(97), None)
        for n in range(len(ANSWERS))
    ]
    there = asked(folder, lambda worker: worker.ask("minder", BARS, lots))
    here, newest = load(folder).strategies["minder"], len(BARS) - 1

    assert isinstance(there, Opinion)
    assert there.answers == tuple(ANSWERS.values())
    assert there == managed(here, opinion_at(here.columns(BARS), newest), BARS, newest, lots)


def test_an_answer_that_is_none_is_not_heard(tmp_path: Path) -> None:
    folder = managing(tmp_path / "own", "minder", "return 1")
    held = Held("BTC_USDT", NOW, Decimal("99.5"), Decimal("0.1"), Decimal(97), None)

    assert isinstance(asked(folder, lambda worker: worker.ask("minder", BARS, (held,))), Unknown)


def test_nothing_of_our_environment_is_in_theirs_and_the_kernel_ends_them_first(
    tmp_path: Path,
) -> None:
    folder = write(tmp_path / "own", "sound")
    first = 'open("/proc/self/oom_score_adj").read().strip()'
    seen = HEAD + f'raise ValueError(",".join(sorted(os.environ)) + " " + {first})\n'
    (folder / "curious.py").write_text(seen, encoding="utf-8")
    shelf = asked(folder, lambda worker: worker.shelf())

    assert not isinstance(shelf, Unknown)
    assert (
        "ValueError: LANG,OMP_NUM_THREADS,OPENBLAS_NUM_THREADS 1000" in shelf.broken["curious.py"]
    )


def test_a_file_that_cannot_be_loaded_is_named_and_stops_nobody_else(tmp_path: Path) -> None:
    folder = write(tmp_path / "own", "sound")
    untyped = (
        HEAD
        + '@dataclass(frozen=True)\nclass A(Strategy):\n    name = "a"\n    def rules(s, b): ...\n'
    )
    bare = HEAD + 'class B(Strategy):\n    name: str = "b"\n    def rules(s, b): ...\n'
    taken = (folder / "sound.py").read_text(encoding="utf-8").replace('"sound"', '"trend-dip"')
    texts = {"absent": "import nothing_such", "untyped": untyped, "bare": bare, "taken": taken}
    for name, text in (texts | {"empty": "x = 1", "cut": "def", "_private": "1 / 0"}).items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    loaded = load(folder)

    assert list(loaded.strategies) == ["sound"]
    assert loaded.broken.keys() == {f"{n}.py" for n in (*texts, "empty", "cut")}
    assert "No module named 'nothing_such' (absent.py, line 1)" in loaded.broken["absent.py"]
    assert "A.name lacks its type" in loaded.broken["untyped.py"]
    assert "B lacks `@dataclass(frozen=True, kw_only=True)`" in loaded.broken["bare.py"]
    assert "'trend-dip' is taken" in loaded.broken["taken.py"]


def test_an_installed_package_offers_its_strategies_by_an_entry_point(tmp_path: Path) -> None:
    folder = write(tmp_path / "own", "raising")
    (folder / "pack").mkdir()
    (folder / "raising.py").rename(folder / "pack" / "__init__.py")
    about = folder / "pack-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: pack\nVersion: 1.0\n", "utf-8")
    points = "[interlock.strategies]\none = pack:Raising\nnone = pack:Absent\n"
    (about / "entry_points.txt").write_text(points, "utf-8")
    shelf = asked(folder, lambda worker: worker.shelf())

    assert not isinstance(shelf, Unknown)
    assert [(card.name, card.source) for card in shelf.cards] == [("raising", "pack:Raising")]
    assert shelf.broken.keys() == {"pack:Absent"}


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    folder = write(tmp_path / "own", "sound")

    async def twice(worker: Worker) -> tuple[int, int]:
        counts = []
        for name in ("sound", "raising"):
            write(folder, name)
            shelf = await worker.shelf()
            assert not isinstance(shelf, Unknown)
            counts.append(len(shelf.cards))
        return counts[0], counts[1]

    assert asked(folder, twice) == (1, 2)


def test_a_strategy_declares_itself_and_one_that_is_not_there_is_unknown(tmp_path: Path) -> None:
    folder = write(tmp_path / "own", "sound")

    async def both(worker: Worker) -> tuple[Declared | Unknown, Declared | Unknown]:
        return await worker.declared("sound"), await worker.declared("absent")

    there, absent = asked(folder, both)
    assert there == Declared(
        name="sound",
        key="sound",
        timeframe=HOUR,
        bars_needed=50,
        stop=None,
        target=None,
        price_change_pct_min=Decimal(1),
        manages=False,
    )
    assert absent == Unknown("there is no strategy of this name")


def card(**changes: object) -> Card:
    given = {
        "name": "x",
        "timeframe_ms": 3_600_000,
        "bars_needed": 9,
        "stop": Level("atr", "2", "3"),
        "target": Level("ratio", "1.5"),
        "price_change_pct_min": "1",
        "manages": False,
        "says": "",
        "source": "x.py",
        "parameters": {},
    }
    return Card(**(given | changes))  # type: ignore[arg-type]  # a table names fields


def test_what_is_declared_is_read_as_it_was_meant_or_not_at_all() -> None:
    whole = declared_of(card())

    assert (whole.stop, whole.target) == (
        AtrStop(Decimal(2), Decimal(3)),
        RiskReward(Decimal("1.5")),
    )
    assert whole.timeframe == timedelta(hours=1)
    for bad in (
        {"stop": Level("atr", "-1")},
        {"stop": Level("percent", "NaN")},
        {"stop": Level("ratio", "1")},
        {"target": Level("atr", "1")},
        {"price_change_pct_min": "0"},
    ):
        with pytest.raises(BadInput):
            declared_of(card(**bad))


def test_a_reply_that_is_none_is_refused() -> None:
    for body in (b"", b"\x00", b"\xff" * 9, b"\x81\xa4type\xa3sys"):
        with pytest.raises(BadInput):
            reply_of(body)
    with pytest.raises(BadInput, match="is none"):
        length((REPLY_MAX + 1).to_bytes(4, "big"), REPLY_MAX)
    with pytest.raises(BadInput, match="asks no condition"):
        opinion_of(Spoken([("buy_x_ok", None, "")], [], {}))
    with pytest.raises(BadInput, match="not one of buy_"):
        opinion_of(Spoken([("sell_x_ok", True, "")], [], {}))
