"""The user socket of a rehearsal: the simulator's own streams in process, each frame a crash point on its way in and out.

What is said, to whom, and what goes wrong with it is decided where the real socket decides it; here only the wire is another.
"""

import asyncio
from dataclasses import dataclass, field

from interlock.errors import NotSent, Unreachable
from interlock.rehearsal.loop import Crash
from interlock.rehearsal.seams import Seams
from interlock.simulator.engine import Engine
from interlock.simulator.streams.audience import Audience
from interlock.simulator.streams.channels import Socket
from interlock.simulator.streams.commands import Commands
from interlock.simulator.streams.faults import Disturbance
from interlock.simulator.streams.listener import Listener
from interlock.simulator.streams.terms import USUAL

LATENCY_S = 0.005
HOME = "127.0.0.1"


@dataclass(slots=True)
class Wire:
    """What is on its way to us: frames in order, or that the line is cut. It stands where the simulator's own outbox stands."""

    queue: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)
    flows: asyncio.Event = field(default_factory=asyncio.Event)
    is_closing: bool = False
    waiting: int = 0

    def put(self, frame: bytes) -> None:
        self.queue.put_nowait(frame)

    def close(self, code: int) -> None:  # noqa: ARG002 - here every end is the same end
        self.cut()

    def cut(self) -> None:
        self.is_closing = True
        self.queue.put_nowait(None)

    def stall(self, seconds: float) -> None:
        self.flows.clear()
        asyncio.get_running_loop().call_later(seconds, self.flows.set)


@dataclass(slots=True)
class Sockets:
    """The streams of one engine, and the lines that lead to them. `refuses` is how many more calls nobody answers."""

    engine: Engine
    seams: Seams
    audience: Audience = field(init=False)
    commands: Commands = field(init=False)
    lines: "list[VirtualLine]" = field(default_factory=list)
    refuses: int = 0

    def __post_init__(self) -> None:
        self.audience = Audience(self.engine)
        self.commands = Commands(self.engine, self.audience, USUAL)

    async def dial(self) -> "VirtualLine":
        """`ports.Dial`."""
        self.seams.point("dial")
        await asyncio.sleep(LATENCY_S)
        if self.refuses:
            self.refuses -= 1
            raise NotSent("nobody answers")
        line = VirtualLine(self)
        self.lines.append(line)
        self.seams.point("dialled")
        return line

    def disturb(self, *faults: Disturbance) -> None:
        """Lets these go wrong."""
        for fault in faults:
            self.audience.disturb(fault)

    def cut_all(self) -> None:
        """The exchange cuts every line."""
        for line in self.lines:
            line.cut()

    def all_end(self) -> None:
        """The process at our end is gone, and its lines with it."""
        for line in list(self.lines):
            line.end()


class VirtualLine:
    """`ports.Line` into the simulator's streams."""

    def __init__(self, sockets: Sockets) -> None:
        self._sockets = sockets
        self._wire = Wire()
        self._wire.flows.set()
        outbox: object = self._wire
        self._listener = Listener(Socket.USER, HOME, outbox, sockets.audience.faults)  # type: ignore[arg-type] # it says all that an outbox says
        sockets.audience.listeners.append(self._listener)
        beats = self._listener.keep_alive(USUAL, lambda: sockets.engine.now)
        self._beats = asyncio.create_task(beats)

    async def say(self, frame: bytes) -> None:
        sockets = self._sockets
        sockets.seams.point("say a frame")
        await asyncio.sleep(LATENCY_S)
        if sockets.seams.is_dead:
            raise Crash("say")
        if self._wire.is_closing:
            raise Unreachable("the line was cut")
        sockets.audience.pass_on()
        heard = sockets.commands.obey(self._listener, frame.decode())
        sockets.audience.pass_on()
        for answer in heard.answers:
            self._wire.put(answer)
        for first, channel in heard.firsts:
            self._listener.tell(first, channel)
        sockets.seams.point("a frame was said")

    async def hear(self) -> bytes:
        frame = await self._wire.queue.get()
        await self._wire.flows.wait()
        await asyncio.sleep(LATENCY_S)
        self._sockets.seams.point("hear a frame")
        if frame is None:
            raise Unreachable("the line was cut")
        return frame

    @property
    def waiting(self) -> int:
        """How many frames are on their way to us."""
        return self._wire.queue.qsize()

    def cut(self) -> None:
        """Nothing comes through any more; what was on its way still arrives."""
        self._wire.cut()

    async def hang_up(self) -> None:
        self._sockets.seams.point("hang up")
        self.end()

    def end(self) -> None:
        """The line is no more, at either end."""
        if self not in self._sockets.lines:
            return
        self._sockets.lines.remove(self)
        self._beats.cancel()
        self._sockets.audience.leave(self._listener)
        self._sockets.commands.disconnected(self._listener)
        self._wire.cut()
