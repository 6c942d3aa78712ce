"""How often the keeper of our services had to start them again, and whom memory killed: by the container engine, or by systemd."""

from collections.abc import Mapping
from typing import Final

from interlock.evidence.stability import Life
from interlock.host.commands import run
from interlock.host.compose import Compose
from interlock.values import Unknown

UNITS: Final = ("interlock.service", "interlock-dashboard.service")
KILLED: Final = "oom-kill"


def container_lives(compose: Compose) -> Mapping[str, Life] | Unknown:
    """Every container of the stack."""
    found = compose.containers()
    if isinstance(found, Unknown):
        return found
    return {name: Life(each.restarts, each.oom_killed) for name, each in found.items()}


def unit_lives() -> Mapping[str, Life] | Unknown:
    """The units of the platform; one that its manager does not know makes all of them unknown."""
    lives = {name: _unit(name) for name in UNITS}
    unread = [name for name, life in lives.items() if life is None]
    if unread:
        return Unknown(f"systemctl does not show {', '.join(unread)}")
    return {name: life for name, life in lives.items() if life is not None}


def _unit(name: str) -> Life | None:
    ran = run(("systemctl", "show", name, "-p", "LoadState,NRestarts,Result"))
    if isinstance(ran, Unknown) or ran.code != 0:
        return None
    told = dict(line.partition("=")[::2] for line in ran.stdout.splitlines())
    restarts = told.get("NRestarts", "")
    if told.get("LoadState") != "loaded" or not restarts.isdecimal():
        return None
    return Life(int(restarts), told.get("Result") == KILLED)
