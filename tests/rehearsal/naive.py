"""The naive bot: the usual approach to placing an order, in some sixty lines, as a baseline to compare with. It is nobody's product.

A random id at the time of sending; no answer, a 5xx or a refusal is a failure; a signal without a local order is ordered again; the
order's row is written when its acknowledgement came; three times not found is lost; what the socket tells is added up as it comes; a
cancelled order is over, whatever was filled before; the stop follows the fill in the same breath; a restart goes on with its rows.
"""

import asyncio
import json
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final

from typing_extensions import override

from interlock.errors import Unreachable
from interlock.exchange.client import Credentials, sleep
from interlock.exchange.stream import UserStream
from interlock.protocol.crypto_com.wire import signed_body
from interlock.rehearsal.script import SYMBOL
from interlock.rehearsal.world import EngineTransport, VirtualClock, World
from interlock.values import Secret

ENTRY: Final = "private/create-order"
STOP: Final = "private/advanced/create-order"
DETAIL: Final = "private/get-order-detail"
FIRST_S: Final = 21  # the bar closes ten seconds after the beginning, and a signal takes some more
TURN_S: Final = 5
TIMES: Final = 3
AMOUNT: Final = Decimal(100)
OVER: Final = frozenset({"CANCELED", "EXPIRED", "REJECTED"})


@dataclass(slots=True)
class Row:
    """One order as the bot keeps it."""

    order_id: str
    quantity: Decimal
    state: str = "OPEN"
    filled: Decimal = Decimal(0)
    stop_id: str | None = None
    misses: int = 0


@dataclass(slots=True)
class Bot:
    """One life over its rows, which outlive it."""

    world: World
    rows: list[Row]
    stream: UserStream
    transport: EngineTransport
    clock: VirtualClock

    async def live(self) -> None:
        await sleep_s(max(0.0, FIRST_S - self.clock.monotonic()))
        await self.stream.open()
        while True:
            if all(row.state == "LOST" for row in self.rows):  # no order is known: buy
                await self.buy()
            await sleep_s(TURN_S)
            self.add_up()
            for row in self.rows:
                if row.state == "OPEN":
                    await self.follow(row)

    async def buy(self) -> None:
        ask = self.price() * Decimal("1.003")
        quantity = (AMOUNT / ask).quantize(Decimal("0.1"), ROUND_DOWN)
        order = {
            "side": "BUY",
            "type": "LIMIT",
            "time_in_force": "IMMEDIATE_OR_CANCEL",
            "price": str(ask.quantize(Decimal("0.0001"))),
            "quantity": str(quantity),
        }
        accepted = await self.call(ENTRY, instrument_name=SYMBOL, **order)
        if accepted is not None:
            self.save(Row(accepted["order_id"], quantity))

    async def follow(self, row: Row) -> None:
        told = await self.call(DETAIL, order_id=row.order_id)
        row.misses = 0 if told is not None else row.misses + 1
        if row.misses == TIMES:
            row.state = "LOST"
        elif told is not None and told["status"] == "FILLED":
            row.state = "FILLED"
            await self.protect(row)
        elif told is not None and told["status"] in OVER:
            row.state = "CANCELLED"
        self.save()

    async def protect(self, row: Row) -> None:
        size = (row.filled * Decimal("0.995")).quantize(Decimal("0.1"), ROUND_DOWN)  # after fees
        trigger = (self.price() * Decimal("0.98")).quantize(Decimal("0.0001"))
        stop = {"type": "STOP_LOSS", "quantity": str(size), "ref_price": str(trigger)}
        for _ in range(TIMES):
            accepted = await self.call(STOP, instrument_name=SYMBOL, side="SELL", **stop)
            if accepted is not None:
                row.stop_id = accepted["order_id"]
                return

    def add_up(self) -> None:
        for fill in self.stream.take().evidence.fills:
            for row in self.rows:
                row.filled += fill.quantity if row.order_id == fill.order_id else 0

    async def call(self, method: str, **params: object) -> dict[str, Any] | None:
        """The result, or None: it failed."""
        key, nonce = self.world.key, self.clock.now().ms
        if "type" in params:
            params["client_oid"] = f"naive-{nonce}"  # as good as random: never the same again
        body = signed_body(Secret(key.key), key.secret, method, params, nonce)
        try:
            reply = await self.transport.request("POST", method, body)
            said = json.loads(reply.body)
        except (Unreachable, ValueError):
            return None
        found: dict[str, Any] | None = said.get("result") if said["code"] == 0 else None
        return found

    def save(self, row: Row | None = None) -> None:
        """The bot's commit, with a crash point before and after."""
        self.world.seams.point("rows.save begins")
        if row is not None:
            self.rows.append(row)
        self.world.seams.point("rows.save is done")

    def price(self) -> Decimal:
        rows: Any = self.world.engine.tell("public/get-tickers", {"instrument_name": SYMBOL})
        return Decimal(rows["data"][0]["k"])


async def sleep_s(seconds: float) -> None:
    await asyncio.sleep(seconds)


@dataclass(slots=True)
class NaiveWorld(World):
    """The same exchange, loop, seams and deaths; in them lives the naive bot."""

    rows: list[Row] = field(default_factory=list)

    @classmethod
    def over(cls, staged: World) -> "NaiveWorld":
        """Takes over a world that is about to be played."""
        staged.loop.close()
        names = ("engine", "key", "open_books", "market", "row", "lasts", "seed", "crashes")
        return cls(**{name: getattr(staged, name) for name in names})

    @override
    async def _live(self) -> None:
        clock = self.clock = VirtualClock(self)
        credentials = Credentials(Secret(self.key.key), self.key.secret)
        stream = UserStream(self.sockets.dial, credentials, clock.now, sleep, lambda: None)
        bot = Bot(self, self.rows, stream, EngineTransport(self), clock)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._stir(clock))
            group.create_task(bot.live())
