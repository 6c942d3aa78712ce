"""The listener: books what the exchange says unasked, proves that the line still stands, and says when something may not have been heard.

One turn is one transaction, however many frames came. A line that broke is opened again after a pause that doubles; whatever could have
been missed meanwhile is the settler's to ask for. It decides nothing, and what it does not hear proves nothing.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from interlock.account import Tenure
from interlock.desk.asking import alarms
from interlock.desk.hearing import Hearing
from interlock.errors import ExchangeTrouble, NotAuthorised
from interlock.orders.evidence import PARKED_MAX, Evidence, Heard
from interlock.ports import Books, Clock, Exchange, Stream
from interlock.values import Instant

_log = structlog.get_logger("listener")

LAG: Final = timedelta(seconds=1)
PROBE: Final = timedelta(seconds=10)
PAUSE_MAX: Final = timedelta(seconds=60)
AUTH_PAUSE: Final = timedelta(seconds=60)
DOUBLINGS_MAX: Final = 6
JITTER_US: Final = 1_000_000
NOTHING: Final = Evidence(is_heard=True)


@dataclass(slots=True)
class Listener:
    """One pass: open the line when it is not, take what came, prove that nothing is missing, and book it.

    Without a `probe` the line is proven at every turn, as where time steps; with one, so often while nothing is said.
    """

    stream: Stream
    exchange: Exchange
    books: Books
    clock: Clock
    hearing: Hearing
    tenure: Tenure
    span: timedelta
    probe: timedelta | None = PROBE
    name: str = "listener"
    backstop: float = 10.0
    _is_booking: bool = False
    _failures: int = 0
    _retry_at: Instant = Instant(0)
    _opened_at: Instant | None = None
    _proven_at: Instant = Instant(0)

    async def once(self) -> Instant:
        """Hears what there is; due again for the next proof."""
        if self._is_booking:
            self._break("what was heard could not be booked")
        try:
            if not self.stream.is_open():
                self._book(self.stream.take())
                self._rest_after_the_end()
                quiet_until = self._quiet_until()
                if self.clock.now() < quiet_until:
                    return quiet_until
                await self._open()
            await self._hear()
        except ExchangeTrouble as error:
            return await self._broke(error)
        return self._due()

    def _quiet_until(self) -> Instant:
        """Nobody dials before this: after a failure, and while the exchange does not accept us."""
        return max(self._retry_at, self.exchange.shut_until() or self._retry_at)

    def _rest_after_the_end(self) -> None:
        """A line that stood and broke is not dialled again at once; how it broke was told already, or nobody knows."""
        if self._opened_at is None:
            return
        if self.hearing.is_open:
            self._break("the line broke")
        self._opened_at = None
        self._rest(None)

    async def _open(self) -> None:
        await self.stream.open()
        self._opened_at = self.clock.now()
        self.hearing.opened(self._opened_at)
        self._proven_at = Instant(0)
        self.clock.nudge("settler").set()
        _log.info("listening")

    async def _hear(self) -> None:
        """What came, and then what came before a proof of it."""
        self._book(self.stream.take())
        asked_at = self.clock.now()
        if self.probe is not None and asked_at - self._proven_at < self.probe:
            return
        await self.stream.prove()
        self._proven_at = asked_at
        self._book(self.stream.take())
        self.hearing.proven(asked_at)
        if self._opened_at is not None and asked_at - self._opened_at >= PAUSE_MAX:
            self._failures = 0

    def _book(self, heard: Heard) -> None:
        """Books what came in one transaction, and wakes whoever has something to do now."""
        now, is_news = self.clock.now(), heard.evidence != NOTHING
        if is_news:
            self._is_booking = True
            self.books.learn(self.tenure.epoch, now, heard.evidence)
            self._is_booking = False
            incidents = alarms(heard.evidence.facts, now)
            if incidents:
                self.books.note(now, incidents=incidents)
            if len(self.books.parked()) >= PARKED_MAX:
                self._break("too much of unknown orders waits")
        for why in heard.gaps:
            self._break(why)
        if is_news or heard.is_wallet_moved:
            self.hearing.is_wallet_due = True
            for who in ("settler", "guardian", "herald"):
                self.clock.nudge(who).set()

    def _break(self, why: str) -> None:
        """Something may not have been heard: the settler asks for everything since."""
        self._is_booking = False
        self.hearing.broke(why, self.clock.now(), is_open=self.stream.is_open())
        self.clock.nudge("settler").set()
        _log.warning("not whole", why=why)

    async def _broke(self, error: ExchangeTrouble) -> Instant:
        """The line cannot be had now; the settler asks for everything until it can."""
        await self.stream.close()
        self._break(str(error))
        self._opened_at = None
        self._rest(error)
        return self._retry_at

    def _rest(self, error: ExchangeTrouble | None) -> None:
        """Twice as long each time, less a part that the clock's microseconds choose, so that not everybody dials at once."""
        now = self.clock.now()
        self._failures += 1
        longest = min(PAUSE_MAX, timedelta(seconds=2 ** min(self._failures, DOUBLINGS_MAX)))
        part = (now.micros % JITTER_US) / JITTER_US
        pause = AUTH_PAUSE if isinstance(error, NotAuthorised) else longest * (1 - part / 2)
        self._retry_at = now + pause

    def _due(self) -> Instant:
        if self.probe is None:
            return self.clock.now().floor(self.span) + self.span + LAG
        return self._proven_at + self.probe
