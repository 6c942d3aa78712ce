"""The API put together: a pure factory, without a global, whose every answer and failure goes through `answer`."""

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from interlock.account import Mode
from interlock.api.answer import answer, problem
from interlock.api.facts import Instruments, no_instruments
from interlock.api.gate import HEALTH, OPEN, Gate, digest
from interlock.api.memory import Memory, Priced, Readable, always
from interlock.api.routes import Routes
from interlock.errors import StoreTrouble
from interlock.host.door import authorities
from interlock.ports import Clock
from interlock.settings import Settings
from interlock.values import Secret

OPENAPI = "/api/openapi.json"
PROBE = "/api/risk/probe"
PROBE_PATIENCE_S = 5.0
PROBE_FAILED = {
    "allowed": False,
    "reason": "risk guard unavailable",
    "reason_code": "RISK_GUARD_BLOCKED",
}
Endpoint = Callable[..., Awaitable[Response]]


def build(  # noqa: PLR0913 (the parts of an application are the arguments of its factory)
    books: Readable,
    market: Priced,
    settings: Settings,
    clock: Clock,
    token: Secret,
    *,
    instruments: Instruments = no_instruments,
    patience_s: float = PROBE_PATIENCE_S,
    is_led: Callable[[], bool] = always,
) -> FastAPI:
    """The API over the reading half of the store. `token` is the bearer token that its guarded routes ask for.

    `instruments` tells the probe of scope ORDER what is listed, `is_led` whether an engine holds the account; `patience_s` is how
    long a probe waits for figures that grew old.
    """
    app = FastAPI(
        title="Interlock", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    memory = Memory(books, market, clock, is_led)
    routes = Routes(memory, settings, instruments, settings.limits(), patience_s)
    for path, endpoint in _table(routes).items():
        app.add_api_route(path, endpoint, methods=["GET"], response_class=Response)
    app.add_api_route(PROBE, routes.probe, methods=["POST"], response_class=Response)
    # The same endpoint, found first and without FastAPI's reading of parameters: this halves what a probe costs.
    app.router.routes.insert(0, Route(PROBE, routes.probe, methods=["POST"]))
    is_rehearsal = settings.bound is not Mode.LIVE
    app.add_api_route(OPENAPI, _openapi(app), methods=["GET"], include_in_schema=False)
    app.add_middleware(AtRest, clock=clock)
    app.add_middleware(
        Gate,
        names=authorities(settings.api.port, settings.api.hosts),
        token_digest=digest(token.reveal()),
        open_paths=OPEN | {OPENAPI} if is_rehearsal else OPEN,
        monotonic=clock.monotonic,
    )
    app.add_exception_handler(HTTPException, _not_routed)
    app.add_exception_handler(RequestValidationError, _not_readable)
    app.add_exception_handler(StoreTrouble, _no_books)
    app.add_exception_handler(Exception, _defect)
    return app


class AtRest:
    """Every look but the one for life waits until nobody is in the middle of a simulated instant."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, when the clock has settled."""
        if scope["type"] == "http" and scope["path"] not in HEALTH:
            await self._clock.settled()
        await self._app(scope, receive, send)


def _table(routes: Routes) -> dict[str, Endpoint]:
    return {
        **dict.fromkeys(HEALTH, routes.live),
        "/api/health/ready": routes.ready,
        "/api/health/system": routes.system,
        "/api/status": routes.status,
        "/api/dashboard/snapshot": routes.dashboard,
        "/api/orders": routes.orders,
        "/api/orders/{named}": routes.order,
        "/api/intents": routes.intents,
        "/api/decisions": routes.decisions,
        "/api/why/{symbol}": routes.why,
        "/api/positions": routes.positions,
        "/api/portfolio": routes.portfolio,
        "/api/watchlist": routes.watchlist,
    }


def _openapi(app: FastAPI) -> Endpoint:
    async def openapi() -> Response:
        """What this API answers, for programs."""
        return answer(app.openapi())

    return openapi


def _id(request: Request) -> str:
    return str(request.scope.get("correlation_id", ""))


async def _not_routed(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    word, reason = {405: ("wrong_method", "This path has another method.")}.get(
        status, ("not_found", "There is nothing here.")
    )
    return problem(status, word, reason, _id(request))


async def _not_readable(request: Request, error: Exception) -> Response:
    """The path to what is wrong and its kind, never what was sent."""
    found = error.errors()[0] if isinstance(error, RequestValidationError) else {}
    where = ".".join(str(part) for part in found.get("loc", ()))[:100]
    return problem(422, "bad_input", f"{where}: {found.get('type', 'invalid')}", _id(request))


async def _no_books(request: Request, error: Exception) -> Response:
    if request.url.path == PROBE:
        return answer(PROBE_FAILED, 503)
    return problem(503, type(error).__name__, "The books cannot be read now.", _id(request))


async def _defect(request: Request, error: Exception) -> Response:
    """A defect of ours: its class is all that is told; the server logs the rest. The probe never answers 500."""
    if request.url.path == PROBE:
        return answer(PROBE_FAILED, 503)
    return problem(500, type(error).__name__, "This is a defect of the platform.", _id(request))
