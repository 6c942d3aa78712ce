"""The soak: the whole desk over a real books file for many virtual days, with a fault now and then and a death now and then.

It asks what only time shows: whether memory grows, whether the books are still right after months, and what a day adds to the disk.
At each day's end the exchange's books judge ours; what is under way then is given ten minutes, and what is wrong still is a violation.
"""

import json
import os
import random
import sqlite3
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from interlock.account import Mode
from interlock.ports import Books
from interlock.rehearsal.judge import violations
from interlock.rehearsal.script import ROW
from interlock.rehearsal.store import INSTALL_ID
from interlock.rehearsal.world import World
from interlock.risk.limits import Limits
from interlock.simulator.config import Config, demo_key
from interlock.simulator.engine import Engine
from interlock.simulator.faults import Arm
from interlock.simulator.recordings import between, load
from interlock.store.files import BOOKS_FILE, MARKET_FILE, open_books, open_market
from interlock.values import Instant

DAY: Final = timedelta(days=1)
# The month of the demo ends here; longer soaks begin earlier on the same recordings, nothing is repeated.
END: Final = Instant.of_iso("2024-03-29T23:59:50")
DAYS_MAX: Final = 1200
BEFORE: Final = timedelta(days=90)
UNDER_WAY: Final = timedelta(minutes=10)
SLOPE_MAX_MB: Final = 1.0
SYMBOLS: Final = ("BTC_USDT", "ETH_USDT", "SOL_USDT", "XRP_USDT")
LISTED: Final = (*SYMBOLS, "BTC_USD", "ETH_USD", "SOL_USD", "XRP_USD", "USDT_USD")
RAM: Final = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there, readable by its owner alone
STEPS_PER_DAY: Final = 100_000
DAYS_BETWEEN_DEATHS: Final = 3
SEAMS_TO_A_DEATH: Final = 4000
ENTRY: Final = "private/create-order"
PAIR: Final = "private/advanced/create-oco"
# One of these each day, for the first request that meets it.
BACKGROUND: Final = (
    Arm("lose_answer", ENTRY),
    Arm("lose_request", ENTRY),
    Arm("http_502", ENTRY),
    Arm("accept_late", ENTRY, by_seconds=45),
    Arm("lose_answer", PAIR),
    Arm("lose_request", PAIR),
    Arm("accept_late", PAIR, by_seconds=20),
    Arm("refuse", PAIR, code=42901),
    Arm("lose_answer", "private/user-balance"),
    Arm("refuse", "private/get-trades", code=42901),
    Arm("lag", "private/get-order-detail", seconds=600, by_seconds=10),
    Arm("maintenance", seconds=180),
)


@dataclass(frozen=True, slots=True)
class Soaked:
    """What was lived through, and what it left: resident memory per day (MiB), rows and bytes that a day adds to the two files."""

    days: int
    lives: int
    orders: int
    fills: int
    faults: int
    checks: int
    violations: tuple[str, ...]
    rss_mb: tuple[float, ...]
    rows_per_day: Mapping[str, float]
    books_kb_per_day: float
    market_kb_per_day: float
    seconds: float

    @property
    def slope_mb_per_day(self) -> float:
        """How much memory a day adds, by least squares over all days; the exchange's own books are in it."""
        return statistics.linear_regression(range(len(self.rss_mb)), self.rss_mb).slope

    @property
    def holds(self) -> bool:
        """Whether nothing was wrong and memory does not grow."""
        return not self.violations and self.slope_mb_per_day < SLOPE_MAX_MB


class _Silent:
    """A messenger who is always heard."""

    async def send(self, text: str) -> str:
        return str(len(text))


@dataclass(slots=True)
class _Diary:
    """What is done and noted at each day's end."""

    world: World
    chance: random.Random
    rss_mb: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    checks: int = 0

    def begin(self, days: int) -> None:
        """Every day has its fault and its end."""
        for day in range(days):
            self._in(day * DAY + self.chance.random() * DAY, self._disturb)
            self._in((day + 1) * DAY - UNDER_WAY - timedelta(minutes=2), self._end)
            if day % DAYS_BETWEEN_DEATHS == 1:
                self._in(day * DAY + timedelta(hours=1), self._doom)

    def _in(self, span: timedelta, act: Callable[[], None]) -> None:
        self.world.loop.call_later(span.total_seconds(), act)

    def _disturb(self) -> None:
        engine = self.world.engine
        engine.faults.arm(self.chance.choice(BACKGROUND), engine.now)

    def _doom(self) -> None:
        seams = self.world.seams
        seams.crashes = frozenset({seams.count + self.chance.randrange(SEAMS_TO_A_DEATH)})

    def _end(self) -> None:
        """The names of the seams are the rehearsal's own memory, not the platform's."""
        self.world.seams.names.clear()
        self.rss_mb.append(_rss_mb())
        self.checks += 1
        if judged_apart(self.world):
            self._in(UNDER_WAY, self._judge_again)

    def _judge_again(self) -> None:
        self.wrong += [f"{self.world.now()}: {each}" for each in judged_apart(self.world)]


def soak(days: int, seed: int = 0, symbols: tuple[str, ...] = SYMBOLS) -> Soaked:
    """So many virtual days on recorded prices, up to the end of the demo's month."""
    began = time.monotonic()
    # In memory, where there is such a folder: what an fsync costs is asked elsewhere.
    with tempfile.TemporaryDirectory(dir=RAM if RAM.is_dir() else None) as folder:
        world = _stage(days, seed, symbols, Path(folder))
        chance = random.Random(seed)  # noqa: S311 - a seed must give the same choices
        diary = _Diary(world, chance)
        diary.begin(days)
        world.run()
        wrong = (*diary.wrong, *violations(world))
        counts = world.engine.counts()
        return Soaked(
            days=days,
            lives=world.lives,
            orders=counts["orders"],
            fills=counts["fills"],
            faults=sum(world.engine.faults.fired.values()),
            checks=diary.checks + 1,
            violations=wrong,
            rss_mb=tuple(round(each, 1) for each in diary.rss_mb),
            rows_per_day=_rows_per_day(Path(folder), days),
            books_kb_per_day=_kb(Path(folder) / BOOKS_FILE) / days,
            market_kb_per_day=_kb(Path(folder) / MARKET_FILE) / days,
            seconds=round(time.monotonic() - began, 1),
        )


def judged_apart(world: World) -> list[str]:
    """What the judge says in a fork: to read all books at once takes memory, which would be taken for the platform's."""
    ours, theirs = os.pipe()
    child = _fork()
    if child == 0:
        try:
            os.write(theirs, json.dumps(violations(world)).encode())
        finally:
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as told:
        said = told.read()
    os.waitpid(child, 0)
    return list(json.loads(said)) if said else ["the judge died"]


def _fork() -> int:
    """Newer Pythons warn where other threads run: a test runner's hold nothing that the judge needs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _stage(days: int, seed: int, symbols: tuple[str, ...], folder: Path) -> World:
    start, key = END - days * DAY, demo_key(seed)
    first, last = (start - BEFORE).ms, (END + DAY).ms
    replay = {
        symbol: between(load(f"binance_{symbol.replace('_', '-')}_1h"), first, last)
        for symbol in symbols
    }

    def opened() -> Books:
        return open_books(
            folder, limits=Limits(), bound=Mode.SIM, enabled=True, install_id=INSTALL_ID
        )

    books = opened()
    books.open(Mode.SIM, start)
    books.switch("owner", "first steps", start, mode=Mode.SIM, kill=None)
    before = start - timedelta(hours=2)
    rows = [replace(ROW, symbol=symbol, updated_at=before) for symbol in symbols]
    for row in rows:
        books.watch(row, "owner", before)
    world = World(
        engine=Engine(Config(start=start, replay=replay, keys=(key,), listed=LISTED)),
        key=key,
        open_books=opened,
        market=open_market(folder),
        row=rows[0],
        lasts=days * DAY,
        seed=seed,
        notifier=_Silent(),
    )
    world.loop.steps_max = days * STEPS_PER_DAY
    return world


def _rows_per_day(folder: Path, days: int) -> dict[str, float]:
    found = {}
    for file in (BOOKS_FILE, MARKET_FILE):
        with sqlite3.connect(folder / file) as asked:
            tables = asked.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (table,) in tables:
                (count,) = asked.execute(f'SELECT count(*) FROM "{table}"').fetchone()  # noqa: S608 - our own tables
                found[table] = round(count / days, 2)
        asked.close()
    return found


def _kb(path: Path) -> float:
    files = (path, path.with_name(path.name + "-wal"))
    return sum(each.stat().st_size for each in files if each.exists()) / 1024


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
