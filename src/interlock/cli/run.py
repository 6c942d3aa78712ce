"""`interlock run`: the platform, until it is told to end. Starting is recovery, so there is nothing else to start with."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from socket import socket
from typing import Annotated, Any, Final

import structlog
import typer
from starlette.types import ASGIApp

from interlock.api.app import build
from interlock.api.token import issue
from interlock.desk.day import Day, Pass
from interlock.errors import InterlockError
from interlock.host.door import listen, server
from interlock.host.superior import Superior
from interlock.settings import Settings, check_bind, read
from interlock.wiring.roles import check_role, engine, notifier, platform, updater, view

ROLES: Final = ("all", "api", "engine", "updater", "notifier", "dashboard")


@dataclass(frozen=True, slots=True)
class Moving:
    """What must have happened for this process to be ready, and what must come round for it to be alive."""

    ready: list[Callable[[], bool]] = field(default_factory=list)
    stuck: list[Callable[[], tuple[str, ...]]] = field(default_factory=list)

    def begun(self, day: Day, passes: Sequence[Pass]) -> None:
        """A day begins: it recovers, and then its passes come round."""
        self.ready.append(lambda: day.has_recovered(passes))
        self.stuck.append(lambda: day.stuck(passes))

    def waits(self) -> None:
        """It stands by for another: that is all that it can be ready for."""
        self.ready.append(lambda: True)

    def is_ready(self) -> bool:
        """Whether something has begun, and all that began has got so far."""
        return bool(self.ready) and all(has_happened() for has_happened in self.ready)

    def is_stuck(self) -> tuple[str, ...]:
        """Whatever did not come round in time."""
        return tuple(name for names in self.stuck for name in names())


Work = Callable[[Settings, Moving], Coroutine[Any, Any, None]]


def run(
    role: Annotated[str, typer.Argument(help=f"One of {', '.join(ROLES)}.")] = "all",
    *,
    has_tls_proxy: Annotated[
        bool, typer.Option("--i-have-a-tls-proxy", help="Admit a bind that is not loopback.")
    ] = False,
) -> None:
    """Run the platform in one process, or one role of it; the roles share books on PostgreSQL."""
    if role not in ROLES:
        raise typer.BadParameter(f"{role} is no role: {', '.join(ROLES)}.")
    settings = read()
    check_bind(settings, has_tls_proxy=has_tls_proxy)
    check_role(settings, role)
    _log_as_json()
    if role == "dashboard":
        _dashboard(settings)
    else:
        asyncio.run(_until_told(_followed(settings, role)))


def _dashboard(settings: Settings) -> None:
    from interlock.dashboard.server import run as serve  # noqa: PLC0415 - NiceGUI costs the engine a second and 60 MB it never uses

    serve(settings)


async def _followed(settings: Settings, role: str) -> None:
    """The work of the role, and beside it the words that the service manager waits for."""
    moving = Moving()
    superior = Superior.of(os.environ)  # noqa: TID251 - the service manager's own words, not settings
    try:
        await _first_of(
            _work(settings, role, moving), superior.follow(moving.is_ready, moving.is_stuck)
        )
    finally:
        superior.stop()


async def _work(settings: Settings, role: str, moving: Moving) -> None:
    """What the role does until it ends; on SQLite all of it is one engine with its API."""
    if role in WORKS:
        await WORKS[role](settings, moving)
    elif settings.database.url:
        await _first_of(*(work(settings, moving) for work in WORKS.values()))
    else:
        await _all(settings, moving)


async def _all(settings: Settings, moving: Moving) -> None:
    """Engine and API as tasks of one process, since SQLite's books belong to one; whichever ends, ends the other."""
    async with platform(settings, moving.waits) as ours:
        door = listen(settings.api.bind, settings.api.port, "INTERLOCK__API__PORT")
        token = issue(settings.token_file)
        known = ours.desk.instruments.get
        app = build(ours.books, ours.market, settings, ours.clock, token, instruments=known)
        moving.begun(ours.desk.day, ours.desk.passes)
        work = ours.desk.day.work(ours.desk.passes)
        await _first_of(_served(app, door, moving), work)


async def _api(settings: Settings, moving: Moving) -> None:
    """The API alone: it shows what the others write, and says so when the database is down."""
    door = listen(settings.api.bind, settings.api.port, "INTERLOCK__API__PORT")
    with view(settings) as shown:
        app = build(
            shown.books,
            shown.market,
            settings,
            shown.clock,
            issue(settings.token_file),
            instruments=shown.instruments.get,
            is_led=shown.is_led,
        )
        await _served(app, door, moving)


async def _served(app: ASGIApp, door: socket, moving: Moving) -> None:
    api = server(app)
    moving.ready.append(lambda: api.started)
    await api.serve(sockets=[door])


WORKS: Final[Mapping[str, Work]] = {
    "api": _api,
    "engine": lambda settings, moving: engine(settings, moving.begun),
    "updater": lambda settings, moving: updater(settings, moving.begun),
    "notifier": lambda settings, moving: notifier(settings, moving.begun),
}


async def _until_told(work: Coroutine[Any, Any, None]) -> None:
    """Works until a signal, or until the work ends by itself."""
    told = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, told.set)
    await _first_of(work, _wait(told))


async def _wait(told: asyncio.Event) -> None:
    await told.wait()


async def _first_of(*works: Coroutine[Any, Any, None]) -> None:
    """Runs them side by side until one of them ends; what it raised is raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in (t for t in tasks if t in done):
            _raise_first(task.exception())
    finally:
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)


def _raise_first(error: BaseException | None) -> None:
    """What ended the day, without the group around it: one clear error for the door to say."""
    if isinstance(error, BaseExceptionGroup):
        ours = error.subgroup(InterlockError)
        _raise_first((ours or error).exceptions[0])
    elif error is not None:
        raise error


def _log_as_json() -> None:
    """One JSON line per event on stderr; a secret has no text that could get into one."""
    structlog.configure(
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
