"""The line to a real exchange's public market: what it says is handed to the engine as it came. No key, no account, no order.

It is opened again whenever it breaks or falls silent; meanwhile the engine finds its prices too old and refuses what needs one. That is
said on stderr once each time, and once when it is over.
"""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import aiohttp
import msgspec

from interlock.errors import BadInput, BrokenInvariant
from interlock.simulator.engine import Engine

REST: Final = "https://api.crypto.com/exchange/v1"
WEBSOCKET: Final = "wss://stream.crypto.com/exchange/v1/market"
TIMEFRAMES: Final = ("1m", "5m", "15m", "1h", "4h", "1D")
PAGES: Final = 6
PAGE: Final = 300
CHANNELS: Final = ("book.{}.50", "ticker.{}", "trade.{}")
PAUSE_S_MAX: Final = 30.0
TIMEOUT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class MarketAt:
    """Where a real exchange's public market is found, which symbols are wanted, and how long a line may be silent or rests.

    The exchange asks its clients to wait `settle_s` between connecting and subscribing.
    """

    symbols: tuple[str, ...]
    rest: str = REST
    websocket: str = WEBSOCKET
    silence_s: int = 10
    settle_s: float = 1.0
    pause_s: float = 1.0


class _Said(msgspec.Struct):
    id: int = -1
    method: str = ""
    code: int = 0
    result: msgspec.Raw = msgspec.Raw(b"null")


class _Page(msgspec.Struct):
    data: list[msgspec.Raw]


class _Oldest(msgspec.Struct):
    t: int


class Feed:
    """One line to one market. `tick` brings the engine's clock up to date; `broken` fails when a promise of the engine breaks."""

    def __init__(
        self,
        engine: Engine,
        at: MarketAt,
        tick: Callable[[], None],
        broken: asyncio.Future[None],
    ) -> None:
        self._engine: Final = engine
        self._at: Final = at
        self._tick: Final = tick
        self._broken: Final = broken
        self._is_known = True
        self._pages = PAGES
        self._told_at = 0.0
        self.lines = 0
        self.unread = 0

    async def run(self) -> None:
        """Listens for ever."""
        pause = self._at.pause_s
        while True:
            lines = self.lines
            try:
                await self._listen()
            except (aiohttp.ClientError, OSError, ValueError, msgspec.MsgspecError) as error:
                self._say_unknown(str(error) or type(error).__name__)
            pause = self._at.pause_s if self.lines > lines else min(pause * 2, PAUSE_S_MAX)
            await asyncio.sleep(pause)

    async def _listen(self) -> None:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            await self._read_candles(session)
            async with session.ws_connect(self._at.websocket) as socket:
                await asyncio.sleep(self._at.settle_s)
                await self._subscribe(socket)
                self.lines += 1
                await self._hear_all(socket)

    async def _hear_all(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Listens until the line breaks, is closed, or is silent for too long."""
        self._told_at = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() - self._told_at < self._at.silence_s:
            message = await socket.receive(self._at.silence_s)
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise ConnectionError(f"the line was closed: {message.data}")
            await self._hear(socket, message.data)
        raise TimeoutError("nothing but heartbeats")

    async def _subscribe(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        names = [name.format(symbol) for symbol in self._at.symbols for name in CHANNELS]
        names += [
            f"candlestick.{each}.{symbol}" for symbol in self._at.symbols for each in TIMEFRAMES
        ]
        for number, name in enumerate(names, start=1):
            await socket.send_json(
                {"id": number, "method": "subscribe", "params": {"channels": [name]}}
            )

    async def _hear(self, socket: aiohttp.ClientWebSocketResponse, said: str) -> None:
        frame = msgspec.json.decode(said, type=_Said)
        if frame.method == "public/heartbeat":
            await socket.send_json({"id": frame.id, "method": "public/respond-heartbeat"})
        elif frame.code:
            raise ValueError(f"it answers {frame.code}")
        elif bytes(frame.result) != b"null":
            self._tell(bytes(frame.result))
            self._told_at = asyncio.get_running_loop().time()
            self._say_known()

    # -- candles

    async def _read_candles(self, session: aiohttp.ClientSession) -> None:
        """The candles until now: at first many pages of each, later what may have been missed."""
        for symbol in self._at.symbols:
            for timeframe in TIMEFRAMES:
                await self._read_pages(session, symbol, timeframe)
        self._pages = 1

    async def _read_pages(
        self, session: aiohttp.ClientSession, symbol: str, timeframe: str
    ) -> None:
        asked = {"instrument_name": symbol, "timeframe": timeframe, "count": str(PAGE)}
        for _ in range(self._pages):
            url = f"{self._at.rest}/public/get-candlestick"
            async with session.get(url, params=asked) as answer:
                answer.raise_for_status()
                result = msgspec.json.decode(await answer.read(), type=_Said).result
            rows = msgspec.json.decode(result, type=_Page).data
            named = {"channel": "candlestick", "instrument_name": symbol, "interval": timeframe}
            self._tell(msgspec.json.encode(named | {"data": rows}))
            if len(rows) < PAGE:
                return
            asked["end_ts"] = str(msgspec.json.decode(rows[0], type=_Oldest).t)

    # -- telling

    def _tell(self, frame: bytes) -> None:
        """Hands one frame on; one that the engine cannot read is counted, and is as if it had not been said."""
        try:
            self._tick()
            self._engine.feed(frame)
        except BadInput:
            self.unread += 1
        except BrokenInvariant as promise:
            if not self._broken.done():
                self._broken.set_exception(promise)
            raise

    def _say_unknown(self, why: str) -> None:
        if self._is_known:
            sys.stderr.write(f"The market is not heard ({why}): what needs a price is refused.\n")
        self._is_known = False

    def _say_known(self) -> None:
        if not self._is_known:
            sys.stderr.write("The market is heard again.\n")
        self._is_known = True
