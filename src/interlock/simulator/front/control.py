"""The control port: registering and resting processes, the state of the clock, the books, pace and horizon, and every word of `scenes`.

JSON in and out.
"""

from typing import Any, Final, TypeVar

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from interlock.errors import BadInput, Misuse
from interlock.simulator.front.driver import Driver
from interlock.simulator.front.gate import gate
from interlock.simulator.front.page import HEADERS
from interlock.simulator.front.server import ExchangeServer
from interlock.simulator.front.status import status
from interlock.simulator.scenes.play import Play
from interlock.simulator.scenes.words import WORDS, Stage, Word
from interlock.values import Instant

CONFLICT: Final = 409
BAD_REQUEST: Final = 400
SECONDS_PER_HOUR_MAX: Final = 3600.0
REMEDY: Final = "docs/simulator_faults.md lists what this port understands."
Asked = TypeVar("Asked", bound=msgspec.Struct)


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


class ControlServer:
    """The routes of the control port, below its token. `driver` is None when the clock is the wall's."""

    def __init__(
        self,
        driver: Driver | None,
        exchange: ExchangeServer,
        token: str,
        stage: Stage,
        play: Play | None = None,
    ) -> None:
        self._token: Final = token
        self._exchange: Final = exchange
        self._audience: Final = exchange.streams.audience
        self._stage: Final = stage
        self._play: Final = play
        self._engine: Final = stage.engine
        self._driver: Final = driver
        self._start: Final = stage.engine.now

    def application(self) -> web.Application:
        """The application that serves the control port."""
        app = web.Application(middlewares=[gate(self._token), said_plainly])
        for root in ("/{token}", "/{token}/"):
            app.router.add_get(root, self.page)
        app.router.add_post("/{token}/control/register", self.register)
        app.router.add_post("/{token}/control/idle", self.idle)
        app.router.add_post("/{token}/control/pace", self.pace)
        app.router.add_post("/{token}/control/horizon", self.horizon)
        for name, word in WORDS.items():
            app.router.add_post(f"/{{token}}/control/{name}", self._doing(word))
        app.router.add_get("/{token}/control/scenario", self.scenario)
        app.router.add_get("/{token}/control/faults", self.faults)
        app.router.add_get("/{token}/control/streams", self.streams)
        app.router.add_get("/{token}/control/state", self.state)
        app.router.add_get("/{token}/control/books", self.books)
        return app

    async def page(self, request: web.Request) -> web.Response:  # noqa: ARG002 - aiohttp hands it over
        """The status page, for people."""
        self._exchange.tick()
        mode = "wall" if self._driver is None else "stepping"
        text = status(self._engine, self._audience, self._exchange.log, mode)
        return web.Response(text=text, content_type="text/html", headers=HEADERS)

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

    async def faults(self, request: web.Request) -> web.Response:  # noqa: ARG002 - aiohttp hands it over
        """What is armed, and what has fired."""
        faults = self._engine.faults
        return answer({"armed": faults.armed(self._engine.now), "fired": faults.fired})

    def _doing(self, word: Word[Any]) -> Handler:
        """The route of one word that scenario files know too; what it brings about is told at once."""

        async def done(request: web.Request) -> web.Response:
            asked = await read(request, word.shape)
            self._exchange.tick()
            told = word.do(self._stage, asked)
            self._engine.stir()
            self._stage.pass_on()
            return answer(told)

        return done

    async def scenario(self, request: web.Request) -> web.Response:  # noqa: ARG002 - aiohttp hands it over
        """What is played, and how far it is; nothing when nothing is."""
        return answer({} if self._play is None else self._play.row())

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
                "held": self._exchange.held,
                **self._engine.counts(),
                "mode": "wall" if stepping is None else "stepping",
            }
        )

    async def books(self, request: web.Request) -> web.Response:  # noqa: ARG002 - aiohttp hands it over
        """The truth."""
        return answer(self._engine.books())

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
    except web.HTTPException as unknown:
        return answer({"error": f"{unknown.reason}.", "remedy": REMEDY}, unknown.status)


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
