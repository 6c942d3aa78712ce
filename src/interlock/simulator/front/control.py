"""The control port: registering and resting processes, the state of the clock, the books, pace and horizon, and every word of `scenes`.

JSON in and out.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, TypeVar

import msgspec
from aiohttp import web

from interlock.errors import BadInput, Misuse
from interlock.simulator.engine import Engine
from interlock.simulator.front.stepping import Seat, Step, Stepping
from interlock.simulator.scenes.play import Play
from interlock.simulator.scenes.words import WORDS, Stage, Word
from interlock.simulator.streams.audience import Audience
from interlock.values import Instant

HOUR: Final = timedelta(hours=1)
CONFLICT: Final = 409
BAD_REQUEST: Final = 400
SECONDS_PER_HOUR_MAX: Final = 3600.0
Asked = TypeVar("Asked", bound=msgspec.Struct)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Named(msgspec.Struct):
    """A process, and until when it has nothing due."""

    process: str
    until_us: int | None = None


class Pace(msgspec.Struct):
    """How long a simulated hour lasts for the eye."""

    seconds_per_hour: float


class Horizon(msgspec.Struct):
    """How far the clock may go; null: as far as it is led."""

    until_us: int | None


class Driver:
    """Moves a stepping clock whenever everybody is idle, and tells those who wait; `after` is done after each step."""

    def __init__(self, stepping: Stepping, after: Callable[[], None]) -> None:
        self.stepping: Final = stepping
        self._after: Final = after
        self.seconds_per_hour = 0.0
        self._waiting: Final[dict[Seat, asyncio.Future[Step]]] = {}
        self._changed: Final = asyncio.Event()

    def changed(self) -> None:
        """Something happened that may let the clock move."""
        self._changed.set()

    async def rest(self, seat: Seat, until: Instant | None) -> Step:
        """Waits for the next step. A newer wait of the same seat takes the place of an older one, which is told the time.

        A wait that is cut off, as by the death of the process, leaves the process busy.
        """
        self.stepping.rest(seat, until)
        self._tell(self._waiting.pop(seat, None), Step(self.stepping.now, stirred=False))
        waiting: asyncio.Future[Step] = asyncio.get_running_loop().create_future()
        self._waiting[seat] = waiting
        self.changed()
        try:
            return await waiting
        finally:
            if self._waiting.get(seat) is waiting:
                del self._waiting[seat]
                self.stepping.wake(seat)

    async def run(self) -> None:
        """Steps for ever."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._move()

    async def _move(self) -> None:
        target = self.stepping.target()
        if target is not None and self.seconds_per_hour > 0:
            await asyncio.sleep((target - self.stepping.now) / HOUR * self.seconds_per_hour)
            target = self.stepping.target()
        if target is None:
            return
        step = self.stepping.step(target)
        self._after()
        told = list(self._waiting.values())
        self._waiting.clear()
        for waiting in told:
            self._tell(waiting, step)

    @staticmethod
    def _tell(waiting: asyncio.Future[Step] | None, step: Step) -> None:
        if waiting is not None and not waiting.done():
            waiting.set_result(step)


class ControlServer:
    """The routes of the control port. `driver` is None when the clock is the wall's."""

    def __init__(
        self,
        engine: Engine,
        driver: Driver | None,
        held: Callable[[], int],
        audience: Audience,
        play: Play | None = None,
    ) -> None:
        self._audience: Final = audience
        self._engine: Final = engine
        self._driver: Final = driver
        self._held: Final = held
        self._start: Final = engine.now
        self._play: Final = play
        self._stage: Final = Stage(engine, audience)

    def application(self) -> web.Application:
        """The application that serves the control port."""
        app = web.Application(middlewares=[said_plainly])
        app.router.add_post("/control/register", self.register)
        app.router.add_post("/control/idle", self.idle)
        app.router.add_post("/control/pace", self.pace)
        app.router.add_post("/control/horizon", self.horizon)
        for name, word in WORDS.items():
            app.router.add_post(f"/control/{name}", self._doing(word))
        app.router.add_get("/control/streams", self.streams)
        app.router.add_get("/control/scenario", self.scenario)
        app.router.add_get("/control/state", self.state)
        app.router.add_get("/control/books", self.books)
        return app

    async def register(self, request: web.Request) -> web.Response:
        """A process begins: it holds the clock until it is idle."""
        asked = await read(request, Named)
        self._clock().stepping.register(asked.process)
        return answer({"now_us": self._engine.now.micros})

    async def idle(self, request: web.Request) -> web.Response:
        """The long wait of a process that has nothing due; it ends with the next step."""
        asked = await read(request, Named)
        driver = self._clock()
        until = None if asked.until_us is None else Instant(asked.until_us)
        step = await driver.rest(driver.stepping.seat(asked.process), until)
        return answer({"now_us": step.now.micros, "stirred": step.stirred})

    async def pace(self, request: web.Request) -> web.Response:
        """Sets how long a simulated hour lasts."""
        asked = await read(request, Pace)
        if not 0 <= asked.seconds_per_hour <= SECONDS_PER_HOUR_MAX:
            raise BadInput(f"An hour cannot last {asked.seconds_per_hour} seconds here.")
        self._clock().seconds_per_hour = asked.seconds_per_hour
        return answer({"seconds_per_hour": asked.seconds_per_hour})

    async def horizon(self, request: web.Request) -> web.Response:
        """Sets how far the clock may go."""
        asked = await read(request, Horizon)
        driver = self._clock()
        driver.stepping.horizon = None if asked.until_us is None else Instant(asked.until_us)
        driver.changed()
        return answer({"horizon_us": asked.until_us})

    def _doing(self, word: Word[Any]) -> Handler:
        """The route of one word that scenario files know too; what it brings about is told at once."""

        async def done(request: web.Request) -> web.Response:
            told = word.do(self._stage, await read(request, word.shape))
            self._stage.engine.stir()
            self._audience.pass_on()
            return answer(told)

        return done

    async def state(self, request: web.Request) -> web.Response:  # noqa: ARG002 - aiohttp hands it over
        """Where the clock stands, who waits, how many answers are withheld, and how much was traded."""
        stepping = self._driver.stepping if self._driver is not None else None
        horizon = stepping.horizon if stepping is not None else None
        return answer(
            {
                "now_us": self._engine.now.micros,
                "start_us": self._start.micros,
                "horizon_us": None if horizon is None else horizon.micros,
                "at_horizon": stepping is not None and stepping.at_horizon(),
                "idle": [] if stepping is None else stepping.idle,
                "registered": [] if stepping is None else stepping.registered,
                "steps": 0 if stepping is None else stepping.steps,
                "held": self._held(),
                **self._engine.counts(),
                "mode": "wall" if stepping is None else "stepping",
            }
        )

    async def books(self, request: web.Request) -> web.Response:  # noqa: ARG002 - aiohttp hands it over
        """The truth."""
        return answer(self._engine.books())

    async def scenario(self, request: web.Request) -> web.Response:  # noqa: ARG002 - aiohttp hands it over
        """What is played, and how far it is; nothing when nothing is."""
        return answer({} if self._play is None else self._play.row())

    async def streams(self, request: web.Request) -> web.Response:  # noqa: ARG002 - aiohttp hands it over
        """Who listens to what, how many bytes wait for each, and which faults have taken effect."""
        return answer(self._audience.row())

    def _clock(self) -> Driver:
        if self._driver is None:
            raise Misuse("This exchange runs on the wall's clock, which nobody moves.")
        return self._driver


@web.middleware
async def said_plainly(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What was asked wrongly is answered with what is wrong and what to do."""
    try:
        return await handler(request)
    except BadInput as wrong:
        return answer({"error": str(wrong), "remedy": wrong.remedy}, BAD_REQUEST)
    except Misuse as wrong:
        return answer({"error": str(wrong), "remedy": wrong.remedy}, CONFLICT)


async def read(request: web.Request, shape: type[Asked]) -> Asked:
    """The body of a request in its shape; anything else is bad input."""
    try:
        return msgspec.json.decode(await request.read(), type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadInput(f"The body is not what this asks for: {error}.") from error


def answer(content: dict[str, object], status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.Response(
        status=status, body=msgspec.json.encode(content), content_type="application/json"
    )
