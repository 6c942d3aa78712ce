"""The command line: one word of what to do, a table or one line of JSON, and an exit code that a script can trust.

0 ok, 1 the check failed, 2 usage or configuration, 3 not running or unreachable, 4 refused by the exchange, 5 timeout.
"""

import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, Final

import typer

from interlock.errors import (
    InterlockError,
    LeaseLost,
    Misuse,
    NotSent,
    Refused,
    Unreachable,
)

# Verb -> function, or group of words. Named, not imported: a look must not wait for the server, the simulator or the browser page to be
# imported (1 to 3 s), so only the module of the verb that was asked for is loaded. `--help` loads them all.
VERBS: Final = {
    "demo": "interlock.cli.demo:demo",
    "run": "interlock.cli.run:run",
    "simulate": "interlock.cli.simulate:simulate",
    "status": "interlock.cli.look:status",
    "orders": "interlock.cli.look:orders",
    "positions": "interlock.cli.look:positions",
    "balance": "interlock.cli.look:balance",
    "watchlist": "interlock.cli.look:watchlist",
    "why": "interlock.cli.why:why",
    "probe": "interlock.cli.probe:probe",
    "health": "interlock.cli.health:health",
    "heartbeat": "interlock.cli.heartbeat:heartbeat",
    "audit": "interlock.cli.audit:audit",
    "reconcile": "interlock.cli.reconcile:reconcile",
    "journal": "interlock.cli.journal:journal",
    "backup": "interlock.cli.backup:backup",
    "restore": "interlock.cli.backup:restore",
    "drill": "interlock.cli.drill:drill",
    "watch": "interlock.cli.edit:watch",
    "strategy": "interlock.cli.strategy:strategy",
    "mode": "interlock.cli.edit:mode",
    "kill": "interlock.cli.switch:kill",
    "pause": "interlock.cli.switch:pause",
    "resume": "interlock.cli.switch:resume",
    "arm": "interlock.cli.arm:arm",
    "mute": "interlock.cli.switch:mute",
    "unmute": "interlock.cli.switch:unmute",
    "notify": "interlock.cli.notify:notify",
    "install": "interlock.cli.install:install",
    "verify": "interlock.cli.verify:verify",
    "config": "interlock.cli.config:config",
    "doctor": "interlock.cli.doctor:doctor",
    "rehearse": "interlock.cli.rehearse:rehearse_command",
    "backtest": "interlock.cli.backtest:backtest_command",
    "sweep": "interlock.cli.sweep:sweep",
    "walkforward": "interlock.cli.walkforward:walkforward",
    "data": "interlock.cli.candles:data",
}
# The first that fits is the exit code; every other trouble of ours is 1.
EXITS: Final[tuple[tuple[type[BaseException], int], ...]] = (
    (Misuse, 2),
    (Unreachable, 3),
    (NotSent, 3),
    (LeaseLost, 3),
    (Refused, 4),
    (TimeoutError, 5),
)


def main(words: list[str] | None = None) -> None:
    """Runs one verb and leaves the process with its exit code."""
    said = sys.argv[1:] if words is None else words
    try:
        sys.exit(_application(said)(args=said, prog_name="interlock", standalone_mode=False))
    except typer.exceptions.TyperException as error:
        _leave(Misuse(), _usage(error, said))
    except KeyboardInterrupt:
        sys.exit(0)
    except InterlockError as error:
        _leave(error, error.line())
    except TimeoutError as error:
        _leave(error, f"It took too long: {error or 'no answer in time'}. Ask again.")


def exit_code(error: BaseException) -> int:
    """The exit code that this error means."""
    return next((code for kind, code in EXITS if isinstance(error, kind)), 1)


def _application(words: Iterable[str]) -> typer.Typer:
    """The application with the verb that was asked for, or with all of them."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        callback=_interlock,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    asked = next((word for word in words if not word.startswith("-")), "")
    for verb in (asked,) if asked in VERBS else VERBS:
        found = _named(VERBS[verb])
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=verb)
        else:
            app.command(verb)(found)
    return app


def _named(name: str) -> Callable[..., Any] | typer.Typer:
    module, _, inside = name.partition(":")
    found: Callable[..., Any] | typer.Typer = getattr(import_module(module), inside)
    return found


def _interlock() -> None:
    """Interlock trades on the Crypto.com Exchange, and only when it is proven safe to."""


def _usage(error: typer.exceptions.TyperException, said: list[str]) -> str:
    """One line: what was wrong with the words, and where the right ones are listed. No words at all get the list itself."""
    text = getattr(error, "format_message", error.__str__)()
    if not said:
        return str(text)
    verb = f"{said[0]} " if said[0] in VERBS else ""
    return f"{str(text).strip().rstrip('.')}. Run `interlock {verb}--help` to see what can be said."


def _leave(error: BaseException, line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.exit(exit_code(error))
