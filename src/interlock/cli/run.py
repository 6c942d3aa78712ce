"""`interlock run`: the platform, until it is told to end. Starting is recovery, so there is nothing else to start with."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Awaitable
from typing import Annotated

import structlog
import typer

from interlock.api.app import build
from interlock.api.token import issue
from interlock.errors import InterlockError
from interlock.host.door import listen, server
from interlock.settings import Settings, check_bind, read
from interlock.wiring import platform


def run(
    role: Annotated[str, typer.Argument(help="all (engine and API), or dashboard.")] = "all",
    *,
    has_tls_proxy: Annotated[
        bool, typer.Option("--i-have-a-tls-proxy", help="Admit a bind that is not loopback.")
    ] = False,
) -> None:
    """Run the platform, or its dashboard."""
    settings = read()
    check_bind(settings, has_tls_proxy=has_tls_proxy)
    _log_as_json()
    if role == "dashboard":
        _dashboard(settings)
    elif role == "all":
        asyncio.run(_all(settings))
    else:
        raise typer.BadParameter(f"{role} is no role: all, dashboard.")


def _dashboard(settings: Settings) -> None:
    from interlock.dashboard.server import run as serve  # noqa: PLC0415 - NiceGUI costs the engine a second and 60 MB it never uses

    serve(settings)


async def _all(settings: Settings) -> None:
    """Engine and API as tasks of one process, since SQLite's books belong to one; whichever ends, ends the other."""
    door = listen(settings.api.bind, settings.api.port, "INTERLOCK__API__PORT")
    async with platform(settings) as ours:
        token = issue(settings.token_file)
        api = server(
            build(
                ours.books,
                ours.market,
                settings,
                ours.clock,
                token,
                instruments=ours.desk.instruments.get,
            )
        )
        await _until_told(api.serve(sockets=[door]), ours.desk.day.work(ours.desk.passes))


async def _until_told(*works: Awaitable[None]) -> None:
    """Runs them side by side until a signal, or until one of them ends; what it raised is raised."""
    told = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, told.set)
    tasks = [asyncio.ensure_future(work) for work in (*works, told.wait())]
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
