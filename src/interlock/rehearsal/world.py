"""One exchange, one durable store, and as many lives of the platform as it takes; a crash waits at a numbered seam.

The desk, the client, the signer, the parser and the classifier are the ones that trade. What lies behind the four seams is simulated:
the exchange's engine, the store, the clock. Every seam call is numbered before and after, and a life ends at the number it is told.
When a life is over its seams refuse every call first, and only then are its tasks cancelled: a SIGKILL runs no `finally`.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from interlock.account import Mode
from interlock.desk.day import Pass
from interlock.desk.settler import Settler
from interlock.errors import (
    BrokenInvariant,
    ClockWentBack,
    LeaseLost,
    NotSent,
    StoreTrouble,
    Unreachable,
)
from interlock.exchange.client import Credentials, CryptoComExchange, sleep
from interlock.exchange.stream import UserStream
from interlock.ports import Books, Gate, MarketFile, Notifier, Reply, open_gate
from interlock.rehearsal.beside import Machine, Nobody, Onlooker, SoundMachine, Watcher
from interlock.rehearsal.line import Sockets
from interlock.rehearsal.loop import Crash, SimLoop
from interlock.rehearsal.seams import Seams
from interlock.rehearsal.store import DictGround
from interlock.simulator.config import ApiKey
from interlock.simulator.engine import Engine
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, Secret
from interlock.wiring.desk import Desk, Listens, desk_of

RESTART = timedelta(seconds=2)
NEVER = 10.0**9
# A process that ended by itself so often ends so for ever: the rest of the scenario shows nothing new.
HOPELESS = 20
# How a process may end: it is started again, and starting is recovery.
ENDS = (Crash, LeaseLost, StoreTrouble, BrokenInvariant, ClockWentBack)


class VirtualClock:
    """The `Clock` of a virtual loop: monotonic time is the loop's, and business time is, but for what our clock is wrong by."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._loop = world.loop
        self._seams = world.seams
        self._bells: dict[str, asyncio.Event] = {}

    def now(self) -> Instant:
        return self._world.machine.tells(self._world.now())

    def monotonic(self) -> float:
        return self._loop.time()

    def nudge(self, who: str) -> asyncio.Event:
        bell = self._bells.get(who)
        if bell is None:
            bell = self._bells[who] = asyncio.Event()
        return bell

    def attend(self, names: Sequence[str]) -> None:
        """Time waits for nobody here."""

    async def settled(self) -> None:
        """Nobody looks from outside."""

    async def wait(self, who: str, until: Instant, backstop: float) -> None:
        self._world.onlooker.rests(who)
        self._seams.point(f"rest {who}")
        seconds = min(backstop, max(0.0, (until - self.now()).total_seconds()))
        bell, loop = self.nudge(who), self._loop
        ring = loop.call_later(seconds, bell.set) if seconds else loop.call_soon(bell.set)
        try:
            await bell.wait()
        finally:
            ring.cancel()
        bell.clear()
        self._seams.point(f"wake {who}")


class EngineTransport:
    """The `Transport` that ends in the exchange's engine: bytes in, bytes out, a little later."""

    def __init__(self, world: "World") -> None:
        self._world = world

    async def request(self, verb: str, path: str, body: bytes, gate: Gate = open_gate) -> Reply:
        seams, engine = self._world.seams, self._world.engine
        seams.point(f"send {path}")
        if not self._world.machine.is_plugged_in():
            raise NotSent("no way leads out of this host")
        gate()
        onlooker = self._world.onlooker
        self._world.watcher.leaves(path, body)
        onlooker.leaves(path, body)
        await asyncio.sleep(0.005)
        if seams.is_dead:
            raise Crash(path)
        self._world.catch_up()
        self._world.watcher.reaches(path)
        answer = engine.handle(verb, f"/exchange/v1/{path.lstrip('/')}", body)
        onlooker.answers(path, body, answer)
        self._world.pass_on()
        seams.point(f"sent {path}")
        await asyncio.sleep(0.005)
        seams.point(f"answered {path}")
        if answer is not None:
            onlooker.hears(path, body)
        else:
            await asyncio.sleep(10)
            raise Unreachable("no answer")
        return Reply(answer.status, answer.body, answer.date or engine.now)


class CrashingNotifier:
    """A messenger whose every call is a crash point: before the message left, and after it was heard but not yet kept."""

    def __init__(self, inner: Notifier, world: "World") -> None:
        self._inner = inner
        self._seams = world.seams
        self._world = world

    async def send(self, text: str) -> str:
        self._seams.point("say begins")
        await asyncio.sleep(0.005)
        if self._seams.is_dead:
            raise Crash(text)
        self._world.watcher.tells(text)
        theirs = await self._inner.send(text)
        self._seams.point("say is done")
        await asyncio.sleep(0.005)
        self._seams.point("say is answered")
        return theirs


class CrashingStore:
    """A store whose every call is a crash point before and after: within there is none, because it is a plain function."""

    def __init__(self, inner: object, world: "World", name: str) -> None:
        self._inner = inner
        self._world = world
        self._seams = world.seams
        self._name = name

    def __getattr__(self, what: str) -> Callable[..., Any]:
        call, world, point = getattr(self._inner, what), self._world, self._seams.point
        begins, done = f"{self._name}.{what} begins", f"{self._name}.{what} is done"

        def crashing(*arguments: object, **named: object) -> object:
            point(begins)
            world.machine.may_write(what)
            result = call(*arguments, **named)
            world.machine.wrote(what)
            point(done)
            return result

        setattr(self, what, crashing)
        return crashing


@dataclass(slots=True)
class World:
    """The scenario: an engine, books, a market file, a watchlist, how long it lasts, and what somebody else does meanwhile."""

    engine: Engine
    key: ApiKey
    open_books: Callable[[], Books]
    market: MarketFile
    row: WatchlistRow
    lasts: timedelta
    seed: int = 0
    crashes: frozenset[int] = frozenset()
    shuffle: bool = True
    lives: int = 0
    after: timedelta = timedelta()
    meanwhile: Callable[[], None] | None = None
    notifier: Notifier | None = None
    clock: "VirtualClock | None" = None
    listens: bool = False
    machine: Machine = field(default_factory=SoundMachine)
    watcher: Watcher = field(default_factory=Nobody)
    exchange: CryptoComExchange | None = None
    tasks_max: int = 0
    frames_max: int = 0
    rivals: int = 0
    fenced: int = 0
    broken: int = 0
    ending: asyncio.Timeout | None = None
    spare: ApiKey | None = None
    ground: DictGround | None = None
    onlooker: Onlooker = field(default_factory=Nobody)
    desk: Desk | None = None
    settler: Settler | None = None
    up: asyncio.Event = field(default_factory=asyncio.Event)
    sockets: Sockets = field(init=False)
    seams: Seams = field(init=False)
    _life: "asyncio.Task[None] | None" = None
    _now: tuple[float, Instant] | None = None
    loop: SimLoop = field(init=False)
    start: Instant = field(init=False)

    def __post_init__(self) -> None:
        self.seams = Seams(self.crashes)
        self.loop = SimLoop(self.seed, shuffle=self.shuffle)
        self.start = self.engine.now
        self.up.set()
        self.sockets = Sockets(self.engine, self.seams)

    def run(self) -> str:
        """Lives until the scenario is over; the trace hash of all of them."""
        if self.meanwhile is not None:
            self.loop.call_later(self.after.total_seconds(), self.meanwhile)
        try:
            self.loop.run_until_complete(self._all_lives())
        finally:
            self.loop.close()
        return self.seams.trace

    def now(self) -> Instant:
        """Virtual time."""
        virtual, known = self.loop.virtual, self._now
        if known is None or known[0] != virtual:
            at = Instant(self.start.micros + round(virtual * 1_000_000))
            known = self._now = (virtual, at)
        return known[1]

    def catch_up(self) -> None:
        """The exchange lives on the same time, whether or not anybody asks it."""
        now = self.now()
        if now > self.engine.now:
            self.engine.advance(now)
        self.pass_on()

    def pass_on(self) -> None:
        """Who listens is told what happened."""
        self.sockets.audience.pass_on()
        self.watcher.looks()
        self.onlooker.happens()

    def end_life(self) -> None:
        """The process is gone, here and now."""
        if self._life is not None and not self._life.done() and not self.seams.is_dead:
            self.seams.is_dead = True
            self._life.cancel()

    async def _all_lives(self) -> None:
        while self.now() < self.start + self.lasts and self.broken <= self.machine.hid + HOPELESS:
            self.lives += 1
            self.seams.begin(self.lives)
            await self._one_life()
            await asyncio.sleep(RESTART.total_seconds())
            await self.up.wait()

    def go_on(self, span: timedelta) -> None:
        """The scenario lasts so long from now on, if it would end before."""
        self.lasts = max(self.lasts, self.now() + span - self.start)
        if self.ending is not None:
            self.ending.reschedule(self.lasts.total_seconds())

    def end(self) -> None:
        """The scenario is over now."""
        self.lasts = self.now() - self.start
        if self.ending is not None:
            self.ending.reschedule(self.loop.time())

    async def _one_life(self) -> None:
        life = self._life = asyncio.create_task(self._live())
        try:
            async with asyncio.timeout_at(self.lasts.total_seconds()) as self.ending:
                await life
        except TimeoutError:
            pass
        except asyncio.CancelledError:
            if not self.seams.is_dead:
                raise
            self.onlooker.dies()
        except BaseExceptionGroup as group:
            ends, others = group.split(ENDS)
            if others is not None or ends is None:
                raise
            self._count(ends)
        except ENDS as died:
            self._count(BaseExceptionGroup("a life ended", [died]))
        self.ending = None
        self.seams.is_dead = True
        self.sockets.all_end()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _count_what_waits(self) -> None:
        self.tasks_max = max(self.tasks_max, len(asyncio.all_tasks()))
        self.frames_max = max(self.frames_max, *(each.waiting for each in self.sockets.lines), 0)

    def _count(self, ends: BaseExceptionGroup[BaseException]) -> None:
        if ends.subgroup(Crash) is not None:
            self.onlooker.dies()
        self.fenced += ends.subgroup(LeaseLost) is not None
        self.broken += ends.subgroup(BrokenInvariant) is not None

    async def _live(self) -> None:
        clock = self.clock = VirtualClock(self)
        desk = self.desk = self._desk(clock)
        self.settler = next((one for one in desk.passes if isinstance(one, Settler)), None)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._stir(clock))
            group.create_task(desk.day.work(_without_backstops(desk.passes)))

    def _desk(self, clock: VirtualClock) -> Desk:
        books: Any = CrashingStore(self.open_books(), self, "books")
        market: Any = CrashingStore(self.market, self, "market")
        credentials = Credentials(Secret(self.key.key), self.key.secret)
        exchange = CryptoComExchange(EngineTransport(self), credentials, clock.now)
        self.exchange = exchange
        tenure = books.open(Mode.SIM, clock.now())
        notifier = CrashingNotifier(self.notifier, self) if self.notifier else None
        listens = self._listens(credentials, clock) if self.listens else None
        return desk_of(books, market, exchange, clock, tenure, notifier=notifier, listens=listens)

    def _listens(self, credentials: Credentials, clock: VirtualClock) -> Listens:
        wake = clock.nudge("listener").set
        return Listens(UserStream(self.sockets.dial, credentials, clock.now, sleep, wake))

    async def _stir(self, clock: VirtualClock) -> None:
        """The exchange's own events happen at their time; where nobody listens, the settler is told that something happened."""
        while True:
            self.catch_up()
            self._count_what_waits()
            due = self.engine.next_event()
            stirs = self.engine.stirs
            seconds = (due - self.now()).total_seconds() if due else 60.0
            await asyncio.sleep(min(60.0, max(0.001, seconds)))
            self.catch_up()
            if self.engine.stirs != stirs and not self.listens:
                clock.nudge("settler").set()


def _without_backstops(passes: tuple[Pass, ...]) -> tuple[Pass, ...]:
    """Cadences are backstops of real time; here everything is due by an event, a deadline or a nudge."""
    for one in passes:
        one.backstop = NEVER
    return passes


def wallet_of(engine: Engine) -> Mapping[str, Decimal]:
    """What the exchange says we hold."""
    balances: Mapping[str, str] = engine.books()["balances"]
    return {currency: Decimal(size) for currency, size in balances.items()}
