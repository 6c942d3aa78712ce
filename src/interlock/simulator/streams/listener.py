"""One client on one socket: who it is, what it listens to, what it ordered, and what is on its way to it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from interlock.simulator.config import ApiKey
from interlock.simulator.streams import wire
from interlock.simulator.streams.channels import Channel, Socket, Topic
from interlock.simulator.streams.faults import StreamFault, StreamFaults
from interlock.simulator.streams.outbox import Outbox
from interlock.simulator.streams.terms import StreamTerms
from interlock.values import Instant

MISSED_HEARTBEAT: Final = 1000


@dataclass(slots=True, eq=False)
class Listener:
    """A socket that is open. `key` is None until it is authenticated; `orders` are those that came through this connection."""

    socket: Socket
    source: str
    outbox: Outbox
    faults: StreamFaults
    key: ApiKey | None = None
    channels: dict[str, Channel] = field(default_factory=dict)
    orders: list[str] = field(default_factory=list)
    cancels_on_disconnect: bool = False
    beat: int | None = None
    echoed: asyncio.Event = field(default_factory=asyncio.Event)
    _held: list[bytes] = field(default_factory=list)

    def hears(self, topic: Topic, symbol: str | None) -> bool:
        """Whether it listens to this, by name or to all of the kind."""
        return any(
            channel.topic is topic and channel.symbol in {None, symbol}
            for channel in self.channels.values()
        )

    def tell(self, frame: bytes, name: str) -> None:
        """Says news of a channel, or what an armed fault makes of them."""
        met = self.faults.meet(name)
        if met is None:
            self._say(frame)
            return
        match met.fault:
            case StreamFault.DROP:
                return
            case StreamFault.DUPLICATE:
                self._say(frame)
                self._say(frame)
            case StreamFault.DELAY:
                asyncio.get_running_loop().call_later(met.seconds, self.outbox.put, frame)
            case StreamFault.REORDER:
                self._held.append(frame)

    def _say(self, frame: bytes) -> None:
        self.outbox.put(frame)
        held, self._held[:] = list(self._held), []
        for late in held:
            self.outbox.put(late)

    def echo(self, request_id: str | None) -> None:
        """It has answered a heartbeat; another one's answer does not count."""
        if self.beat is not None and request_id == str(self.beat):
            self.echoed.set()

    async def keep_alive(self, terms: StreamTerms, now: Callable[[], Instant]) -> None:
        """Beats for ever; without the echo in time the connection is closed."""
        loop = asyncio.get_running_loop()
        due = loop.time() + terms.heartbeat_s  # det-ok: monotonic
        while True:
            await asyncio.sleep(due - loop.time())  # det-ok: likewise
            due += terms.heartbeat_s
            self.beat = now().ms
            self.echoed.clear()
            self.outbox.put(wire.heartbeat(self.beat))
            try:
                async with asyncio.timeout(terms.answer_s):
                    await self.echoed.wait()
            except TimeoutError:
                self.outbox.close(MISSED_HEARTBEAT)
                return
