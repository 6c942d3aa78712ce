"""The user stream: one line at a time, authenticated and subscribed, its heartbeats answered, its news kept in order until they are taken.

A line whose heartbeat is missing is dead, whatever else it says. A frame that cannot be read and a refusal that nobody asked for leave the
line standing, but what was heard is less than whole. Nothing here dials again: whoever listens decides when.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Final

from interlock.errors import ExchangeTrouble, NotAuthorised, Refused, Unreachable
from interlock.exchange.client import Credentials, hidden
from interlock.exchange.pausing import Pausing
from interlock.exchange.windows import Pause
from interlock.orders.evidence import Evidence, Fill, Heard, OrderFact
from interlock.ports import Dial, Line
from interlock.protocol.crypto_com import frames
from interlock.values import Instant

# The exchange beats every 30 s; its limits of the first second after connecting are those of a part of it.
SILENCE_S: Final = 35.0
ANSWER_S: Final = 5.0
AFTER_CONNECT: Final = timedelta(seconds=1)


@dataclass(slots=True)
class _Post:
    """What came and was not taken yet, in order."""

    facts: list[OrderFact] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    is_wallet_moved: bool = False
    gaps: list[str] = field(default_factory=list)


class UserStream:
    """`ports.Stream` over lines that `dial` opens. `wake` is called when there is something to take, or the line broke."""

    def __init__(
        self,
        dial: Dial,
        credentials: Credentials,
        now: Callable[[], Instant],
        pause: Pause,
        wake: Callable[[], None],
    ) -> None:
        self._dial: Final = dial
        self._credentials: Final = credentials
        self._now: Final = now
        self._pause: Final = pause
        self._wake: Final = wake
        self._pausing: Final = Pausing(now)
        self._ids: Final = count(1)
        self._asked: Final[dict[int, asyncio.Future[ExchangeTrouble | None]]] = {}
        self._post = _Post()
        self._line: Line | None = None
        self._reader: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Listens from now on; after an authentication failure nobody tries again for a minute."""
        standing = self._pausing.why_not()
        if standing is not None:
            raise standing.with_traceback(None)
        await self.close()
        self._line = line = await self._dial()
        self._reader = asyncio.create_task(self._read(line))
        self._reader.add_done_callback(self._ended)
        try:
            await self._pause(AFTER_CONNECT)
            await self._introduce()
        except ExchangeTrouble as error:
            if isinstance(error, NotAuthorised):
                self._pausing.refused(error, act=False)
            await self.close()
            raise

    def is_open(self) -> bool:
        """Whether the line stands and its heartbeat is not missing."""
        return self._reader is not None and not self._reader.done()

    def take(self) -> Heard:
        """Everything that came since this was last asked; what ended the reading, if it was no trouble of the line, is raised."""
        post, self._post = self._post, _Post()
        reader = self._reader
        if reader is not None and reader.done():
            self._reader = None
            if not reader.cancelled():
                reader.result()
        evidence = Evidence(tuple(post.facts), tuple(post.fills), is_heard=True)
        return Heard(evidence, post.is_wallet_moved, tuple(post.gaps))

    async def prove(self) -> None:
        """Asks a question whose answer comes after all that was said before; that it is refused is an answer too."""
        try:
            await self._ask(frames.proof)
        except NotAuthorised:
            raise
        except Refused:
            return

    async def close(self) -> None:
        """Ends the line, if there is one."""
        reader, line = self._reader, self._line
        self._reader = self._line = None
        if reader is not None:
            reader.cancel()
        if line is not None:
            await line.hang_up()

    async def _introduce(self) -> None:
        """Who we are, and what we want to hear."""
        key = self._credentials
        await self._ask(
            lambda n, nonce: frames.authentication(key.api_key, key.api_secret, n, nonce)
        )
        await self._ask(frames.subscription)

    async def _ask(self, words: Callable[[int, int], bytes]) -> None:
        """Says one thing and returns when it was done; raises Refused when it was not, Unreachable when nobody answered."""
        line, number = self._line, next(self._ids)
        if line is None:
            raise Unreachable("Nobody listens: there is no line.")
        answered: asyncio.Future[ExchangeTrouble | None] = (
            asyncio.get_running_loop().create_future()
        )
        self._asked[number] = answered
        try:
            async with asyncio.timeout(ANSWER_S):
                await line.say(words(number, self._now().ms))
                trouble = await answered
        except TimeoutError as error:
            raise Unreachable("The user stream did not answer.") from error
        finally:
            del self._asked[number]
        if trouble is not None:
            raise trouble

    async def _read(self, line: Line) -> None:
        """Reads until the line breaks or is silent; each beat is answered at once."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(SILENCE_S) as silence:
                while True:
                    beat = self._hear(await line.hear())
                    if beat is not None:
                        await line.say(frames.echo(beat))
                        until = loop.time() + SILENCE_S  # det-ok: the loop's own deadline
                        silence.reschedule(until)
        except TimeoutError:
            self._post.gaps.append(f"no heartbeat for {SILENCE_S:g} s")
        except Unreachable as error:
            self._post.gaps.append(str(error))

    def _hear(self, raw: bytes) -> frames.Beat | None:
        """Keeps what a frame says; a beat is given back."""
        try:
            said = frames.frame(hidden(raw, self._credentials), self._now())
        except Unreachable as error:
            self._post.gaps.append(str(error))
            self._wake()
            return None
        match said:
            case frames.Beat():
                return said
            case frames.Reply(id=number, refused=refused):
                self._answer(number, refused)
            case frames.News():
                self._answer(said.id, None)
                self._keep(said)
        return None

    def _answer(self, number: int, refused: Refused | None) -> None:
        """Whoever asked hears it; a refusal that nobody waits for says that something else is not as it should be."""
        asked = self._asked.get(number)
        if asked is not None and not asked.done():
            asked.set_result(refused)
        elif refused is not None:
            self._post.gaps.append(str(refused))
            self._wake()

    def _keep(self, news: frames.News) -> None:
        self._post.facts += news.facts
        self._post.fills += news.fills
        self._post.is_wallet_moved = self._post.is_wallet_moved or news.wallet is not None
        self._wake()

    def _ended(self, reader: asyncio.Task[None]) -> None:
        """Whoever waits for an answer on this line waits for nothing; an older line's end is no news."""
        if reader.cancelled() or reader is not self._reader:
            return
        reader.exception()  # it is raised by whoever takes next
        for asked in self._asked.values():
            if not asked.done():
                asked.set_result(Unreachable("The line broke before it answered."))
        self._wake()
