"""The monitor decides what comes with the platform here, and asks for the rest, and who is not heard has said WAIT."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from interlock.account import Mode
from interlock.desk.guardian import Guardian
from interlock.desk.monitor import Monitor
from interlock.desk.settler import Settler
from interlock.exchange.client import Credentials, CryptoComExchange
from interlock.host.clock import StoodStill
from interlock.market import Bar
from interlock.orders.life import State
from interlock.ports import Strategist
from interlock.rehearsal.store import DictMarket, dict_books
from interlock.store.books import RowBooks
from interlock.strategist.caller import Worker
from interlock.strategy.proposal import Protection
from interlock.strategy.signal import Decision, Signal
from interlock.values import Instant, Price, Secret
from interlock.wiring.desk import desk_of
from tests.fakes.strategies import InProcess, managing, write
from tests.promises.wishes import ask, entry, fact, fill, learn
from tests.rooms.desk.test_trader import NobodyThere
from tests.rooms.making import HOUR, NOW, D, row

OLDEST: Final = NOW.floor(HOUR) - 120 * HOUR


def bars(symbol: str, count: int = 120) -> list[Bar]:
    closes = [Decimal(100 + i % 7) for i in range(count)]
    return [
        Bar(symbol, OLDEST + i * HOUR, HOUR, c, c + 1, c - 1, c, Decimal(1))
        for i, c in enumerate(closes)
    ]


class Watched:
    """A desk over a dictionary, with a market in it, whose rows name these strategies; the guardian turns while the monitor does."""

    def __init__(self, strategist: Strategist | None, **presets: str) -> None:
        self.books: RowBooks = dict_books(bound=Mode.SIM)
        tenure = self.tenure = self.books.open(Mode.SIM, NOW)
        market, clock = DictMarket(), StoodStill(NOW)
        for symbol, preset in presets.items():
            self.books.watch(row(symbol=symbol, preset=preset), "owner", NOW)
            market.keep_bars(bars(symbol))
        keys = Credentials(Secret("k"), Secret("s"))
        exchange = CryptoComExchange(NobodyThere(), keys, clock.now)
        desk = desk_of(self.books, market, exchange, clock, tenure, strategist=strategist)
        self.market = market
        self.monitor = next(one for one in desk.passes if isinstance(one, Monitor))
        self.guardian = next(one for one in desk.passes if isinstance(one, Guardian))
        next(one for one in desk.passes if isinstance(one, Settler)).ready_at = NOW
        self.guarded = 0

    def bought(self) -> str:
        """A lot at 100 with its stop at 97, whose strategy may raise it, opened two hours ago; its id."""
        at = NOW - 2 * HOUR
        price = Price(D(100), "BTC", "USDT")
        guarded = Protection(D(3), D(50), "preset", "preset", stop_floor=D(0))
        wish = replace(entry(), limit=price, protection=guarded)
        intent, _ = ask(self.books, self.tenure, wish, at)
        done = replace(fact(intent, State.FILLED, "0.01"), value=D(1))
        filled = replace(fill(intent, "t", "0.01", at), price=D(100))
        learn(self.books, self.tenure, at, done, filled)
        return intent.id

    async def turn(self) -> None:
        """One pass of the monitor; the turns that the guardian ends meanwhile, one every 20 ms, are counted."""
        work = asyncio.create_task(self.monitor.once())
        while not work.done():
            await asyncio.sleep(0.02)
            await self.guardian.once()
            self.guarded += not work.done()
        await work

    def said(self) -> dict[str, Signal]:
        """The newest signal of each symbol."""
        return {each.signal.symbol: each.signal for each in self.books.picture(NOW).decisions}

    def incidents(self) -> dict[str, str]:
        """What is open, and its text."""
        opened = self.books.picture(NOW).incidents
        return {each.fingerprint: each.text for each in opened if each.closed_at is None}


def lived(watched: Watched, worker: Worker | None, turns: int = 1) -> Watched:
    async def whole() -> None:
        for _ in range(turns):
            await watched.turn()
        if worker is not None:
            await worker.close()

    asyncio.run(whole())
    return watched


@pytest.mark.parametrize("name", ["endless", "raising", "eating", "dying"])
def test_a_strategy_that_fails_waits_with_the_reason_and_stops_neither_guardian_nor_others(
    name: str, tmp_path: Path
) -> None:
    own, deadline_s = write(tmp_path / "own", name, "sound"), 1.0 if name == "endless" else 20.0
    worker = Worker(own, deadline_s)
    presets = {"AAA_USDT": name, "BTC_USDT": "ema-cross", "ETH_USDT": "sound"}
    watched = lived(Watched(worker, **presets), worker, turns=2)
    said = watched.said()

    assert said.keys() == presets.keys()
    assert said["AAA_USDT"].decision is Decision.WAIT
    assert f"{name} was not heard: " in " ".join(said["AAA_USDT"].because())
    assert said["ETH_USDT"].because()[0].startswith("Close ")
    assert watched.incidents().keys() == {f"strategy:{name}"}
    assert name != "endless" or watched.guarded > 3


def test_an_incident_ends_when_its_strategy_is_heard_again(tmp_path: Path) -> None:
    folder = write(tmp_path / "own", "raising")
    worker = Worker(folder)
    watched = Watched(worker, BTC_USDT="raising")

    async def whole() -> None:
        await watched.turn()
        assert watched.incidents().keys() == {"strategy:raising"}
        text = (folder / "raising.py").read_text(encoding="utf-8").replace("1 / 0", "pass  ")
        (folder / "raising.py").write_text(text, encoding="utf-8")
        watched.market.keep_bars([bars("BTC_USDT", 121)[-1]])
        await watched.turn()
        await worker.close()

    asyncio.run(whole())
    assert watched.incidents() == {}
    assert len(watched.books.picture(NOW).decisions) == 2


def test_without_anybody_who_runs_them_an_owners_strategies_wait() -> None:
    watched = lived(Watched(None, BTC_USDT="mine"), None)

    assert "nobody here runs strategies" in " ".join(watched.said()["BTC_USDT"].because())


def test_a_strategy_of_four_hours_is_asked_of_whole_bars_once_each(tmp_path: Path) -> None:
    folder = write(tmp_path / "own", "sound")
    text = (folder / "sound.py").read_text(encoding="utf-8")
    coarse = text.replace("    fast: int", "    timeframe: timedelta = 4 * HOUR\n    fast: int")
    head = "from datetime import timedelta\nfrom interlock.strategy import HOUR\n"
    (folder / "sound.py").write_text(head + coarse, encoding="utf-8")
    strategist = InProcess(folder)
    watched = Watched(strategist, BTC_USDT="sound")

    async def whole() -> None:
        for count in (121, 122, 124, 125):
            await watched.turn()
            watched.market.keep_bars(bars("BTC_USDT", count))

    asyncio.run(whole())
    bars_decided = sorted(each.signal.bar for each in watched.books.picture(NOW).decisions)
    assert [Instant.floor(bar, 4 * HOUR) for bar in bars_decided] == bars_decided
    assert [after - bar for bar, after in pairwise(bars_decided)] == [timedelta(hours=4)]


def test_a_timeframe_that_hours_do_not_make_waits(tmp_path: Path) -> None:
    folder = write(tmp_path / "own", "sound")
    text = (folder / "sound.py").read_text(encoding="utf-8")
    fine = text.replace("    fast: int", "    timeframe: timedelta = HOUR / 4\n    fast: int")
    head = "from datetime import timedelta\nfrom interlock.strategy import HOUR\n"
    (folder / "sound.py").write_text(head + fine, encoding="utf-8")
    watched = lived(Watched(InProcess(folder), BTC_USDT="sound"), None)

    assert "its bars of 0:15:00 are not made of bars of 1:00:00" in " ".join(
        watched.said()["BTC_USDT"].because()
    )


def test_a_strategy_that_kept_everybody_waiting_is_asked_once_in_a_pass(tmp_path: Path) -> None:
    worker = Worker(write(tmp_path / "own", "endless"), deadline_s=1.1)
    symbols = ("AAA_USDT", "BBB_USDT", "CCC_USDT")
    watched = lived(Watched(worker, **dict.fromkeys(symbols, "endless")), worker)
    told = [" ".join(watched.said()[symbol].because()) for symbol in symbols]

    assert "no answer within 1.1 s" in told[0]
    assert all("late for another symbol" in each for each in told[1:])


@pytest.mark.parametrize(
    ("does", "reason", "floor"),
    [
        ('return Exit("it took too long")', "MANAGE:it took too long", D(0)),
        ('return MoveStop(standing.stop + Decimal("0.5"), "up")', None, D("97.5")),
        ("return Hold()", None, D(0)),
    ],
)
def test_what_a_strategy_says_about_its_lot_is_written_down_for_the_guardian(
    does: str, reason: str | None, floor: Decimal, tmp_path: Path
) -> None:
    strategist = InProcess(managing(tmp_path / "own", "minder", does))
    watched = Watched(strategist, BTC_USDT="minder")
    lot_id = watched.bought()
    asyncio.run(watched.monitor.once())

    ((lot, _),) = watched.books.open_lots()
    assert (lot.id, lot.exit_reason, lot.stop_floor) == (lot_id, reason, floor)


def test_a_bar_whose_signal_the_trader_could_not_take_is_asked_about_again(tmp_path: Path) -> None:
    watched = Watched(InProcess(write(tmp_path / "own", "sound")), BTC_USDT="sound")
    takes, watched.monitor.trader = watched.monitor.trader, Refusing()  # type: ignore[assignment]  # all that the monitor asks of a trader
    watched.market.keep_bars(bars("BTC_USDT", 126)[-6:])  # ends above its mean: a BUY

    asyncio.run(watched.monitor.once())
    assert watched.incidents().keys() == {"row:BTC_USDT"}
    watched.monitor.trader = takes
    asyncio.run(watched.monitor.once())

    assert watched.said()["BTC_USDT"].decision is Decision.BUY


class Refusing:
    """A trader that cannot take any signal."""

    async def decide(self, *_: object) -> None:
        raise ValueError("not now")
