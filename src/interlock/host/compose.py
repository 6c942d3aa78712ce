"""The containers of this installation, through `docker compose` with its profile: what is up, where it is published, what it says."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from interlock.host.commands import WAIT, Ran, run
from interlock.values import Unknown

START_WAIT: Final = timedelta(seconds=300)


@dataclass(frozen=True, slots=True)
class Container:
    """One container as the engine describes it; `health` is empty where it has no health check."""

    service: str
    state: str
    health: str
    restarts: int
    oom_killed: bool
    image: str

    @property
    def is_well(self) -> bool:
        """Whether it runs and its health check says so."""
        return self.state == "running" and self.health == "healthy"


@dataclass(frozen=True, slots=True)
class Compose:
    """The stack of the checkout at `root` under one profile."""

    root: Path
    profile: str = "aws"

    def up(self, services: Sequence[str]) -> Ran | Unknown:
        """Starts the services and what they depend on."""
        return self._run("up", "-d", *services, wait=START_WAIT)

    def port(self, service: str, port: int) -> str | Unknown:
        """Where a port of a service is published, as the engine prints it: `127.0.0.1:8002`."""
        ran = self._run("port", service, str(port))
        if isinstance(ran, Unknown):
            return ran
        return ran.last_line if ran.code == 0 else Unknown(f"compose port ended with {ran.code}")

    def rendered(self) -> str | Unknown:
        """The compose file as the engine reads it. It may hold secrets: it is judged and never shown."""
        ran = self._run("config")
        if isinstance(ran, Unknown):
            return ran
        return ran.stdout if ran.code == 0 else Unknown(f"compose config ended with {ran.code}")

    def engine(self) -> str | Unknown:
        """Which engine runs the containers, and which compose stands in front of it, as both name themselves."""
        told = run(("docker", "version", "--format", "{{.Server.Version}}"))
        if isinstance(told, Unknown):
            return told
        if told.code != 0 or not told.last_line:
            return Unknown(f"docker version ended with {told.code}")
        front = run(("docker", "compose", "version"), folder=self.root)
        said = "" if isinstance(front, Unknown) else front.stdout.partition("\n")[0].strip()
        return f"docker {told.last_line}, its compose is {said or 'unknown'}"

    def execute(
        self, service: str, words: Sequence[str], *, stdin: str = "", wait: timedelta = WAIT
    ) -> Ran | Unknown:
        """Runs a program inside a running container of a service."""
        return self._run("exec", "-T", service, *words, stdin=stdin, wait=wait)

    def containers(self) -> Mapping[str, Container] | Unknown:
        """Every container of the stack by its service, stopped ones too."""
        listed = self._run("ps", "-q", "-a")
        if isinstance(listed, Unknown):
            return listed
        ids = listed.stdout.split()
        if listed.code != 0 or not ids:
            return Unknown("compose lists no container")
        ran = run(("docker", "inspect", *ids))
        if isinstance(ran, Unknown):
            return ran
        return _read(ran.stdout)

    def _run(self, *words: str, stdin: str = "", wait: timedelta = WAIT) -> Ran | Unknown:
        told = ("docker", "compose", "--profile", self.profile, *words)
        return run(told, stdin=stdin, wait=wait, folder=self.root)


def _read(text: str) -> Mapping[str, Container] | Unknown:
    try:
        found = [_container(each) for each in json.loads(text)]
    except (ValueError, KeyError, TypeError, AttributeError):
        return Unknown("the engine describes its containers in words that cannot be read")
    return {each.service: each for each in found}


def _container(said: Mapping[str, object]) -> Container:
    state, config = _part(said, "State"), _part(said, "Config")
    health = state.get("Health")
    return Container(
        service=str(_part(config, "Labels")["com.docker.compose.service"]),
        state=str(state["Status"]),
        health=str(health["Status"]) if isinstance(health, Mapping) else "",
        restarts=int(str(said["RestartCount"])),
        oom_killed=bool(state["OOMKilled"]),
        image=str(said["Image"]),
    )


def _part(said: Mapping[str, object], name: str) -> Mapping[str, object]:
    part = said[name]
    if not isinstance(part, Mapping):
        raise TypeError(name)
    return part
