"""A container engine without containers: `docker compose …`, `docker inspect` and `ss`, as programs on PATH, over one state file.

What runs "inside" a service runs on this host from the same `.venv`, with the environment of that service and nothing else.
A test breaks one thing with `Engine.broken` or `Engine.changed`; every call is kept with its words.
"""

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

STATE: Final = "FAKE_ENGINE"
FOLDER: Final = Path(__file__).parent / "engine"
SERVICES: Final = ("db", "backend-aws", "frontend-aws", "engine-aws", "updater-aws", "notifier-aws")
STARTED_BY: Final = {"backend-aws": ("db", "engine-aws", "updater-aws", "notifier-aws")}
LISTEN: Final = "0A"

State = dict[str, Any]


def container(**ports: str) -> State:
    """A healthy container; `ports` as in `_8002="127.0.0.1:8002"`."""
    return {
        "state": "running",
        "health": "healthy",
        "restarts": 0,
        "oom_killed": False,
        "started_at": "2026-01-01T00:00:00.000000000Z",
        "ports": {name.strip("_"): where for name, where in ports.items()},
    }


@dataclass(slots=True)
class Engine:
    """A healthy stack. `environ` is that of the backend's container; `state` is what the programs answer from."""

    file: Path
    environ: Mapping[str, str]
    api_port: int = 8002
    dashboard_port: int = 3000
    state: State = field(init=False)

    def __post_init__(self) -> None:
        here = "127.0.0.1"
        services = {name: container() for name in SERVICES}
        services["backend-aws"] = container(_8002=f"{here}:{self.api_port}")
        services["frontend-aws"] = container(_3000=f"{here}:{self.dashboard_port}")
        self.state = {
            "services": services,
            "stack": services,
            "environ": dict(self.environ),
            "rendered": rendered(services),
            "exits": {},
            "hangs": [],
            "seen": [self.api_port, self.dashboard_port],
            "listeners": [],
        }
        self.save()

    def save(self) -> None:
        """The programs answer from the state as it is now."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps(self.state), encoding="utf-8")
        fresh.replace(self.file)

    @property
    def words(self) -> Mapping[str, str]:
        """What puts the programs on the PATH of a script."""
        bins = (str(FOLDER), str(Path(sys.executable).parent), os.defpath)
        return {"PATH": os.pathsep.join(bins), STATE: str(self.file)}

    @property
    def calls(self) -> list[list[str]]:
        """The words of every call so far, oldest first."""
        log = self.file.with_suffix(".calls")
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        return [json.loads(line) for line in lines]

    @contextmanager
    def broken(self, **parts: object) -> Iterator[None]:
        """The engine with these parts of its state instead, until the block ends.

        `exits={"up": 1}`: that command ends with 1 and says nothing. `hangs=["exec"]`: it never ends. `rendered=None`: there is no
        compose file. `listeners=["0.0.0.0:8002"]`: sockets that stand beside the real ones. `services={}`: nothing was ever started.
        """
        whole = deepcopy(self.state)
        self.state |= parts
        self.save()
        try:
            yield
        finally:
            self.state = whole
            self.save()

    @contextmanager
    def changed(self, service: str, **facts: object) -> Iterator[None]:
        """One container with other facts (`state`, `health`, `restarts`, `oom_killed`, `started_at`, `ports`), until the block ends."""
        services = deepcopy(self.state["services"])
        services[service] |= facts
        with self.broken(services=services):
            yield


def rendered(services: Mapping[str, State]) -> str:
    """The compose file as compose itself prints it, as far as ports go."""
    lines = ["name: automated-trading-platform", "services:"]
    for name, each in services.items():
        lines += [f"  {name}:", "    image: interlock"]
        if each["ports"]:
            lines += ["    ports:", *_published(each["ports"])]
    return "\n".join(lines) + "\n"


def _published(ports: Mapping[str, str]) -> Iterator[str]:
    for target, where in ports.items():
        address, _, port = where.rpartition(":")
        yield "      - mode: ingress"
        if address:
            yield f"        host_ip: {address}"
        yield f"        target: {target}"
        yield f'        published: "{port}"'
        yield "        protocol: tcp"


# ---------------------------------------------------------------- the programs


def main(program: str, words: Sequence[str]) -> int:
    """What the program says; its exit code."""
    file = Path(os.environ[STATE])  # noqa: TID251 - a program on its own, told by its environment where its state is
    state: State = json.loads(file.read_text(encoding="utf-8"))
    with file.with_suffix(".calls").open("a", encoding="utf-8") as log:
        log.write(json.dumps([program, *words]) + "\n")
    command, rest = _command(program, words)
    if command in state["hangs"]:
        time.sleep(3600)
    if command in state["exits"]:
        return int(state["exits"][command])
    return COMMANDS[command](state, rest)


def _command(program: str, words: Sequence[str]) -> tuple[str, Sequence[str]]:
    match words:
        case _ if program == "ss":
            return "ss", words
        case ["compose", "--profile", "aws", command, *rest] if command in COMMANDS:
            return command, rest
        case ["version", "--format", _]:
            return "version", ("28.0-test",)
        case ["compose", "version"]:
            return "version", ("Docker Compose version v2-test",)
        case ["inspect", *rest]:
            return "inspect", rest
        case _:
            return "unknown", words


def _up(state: State, words: Sequence[str]) -> int:
    """Starts what is named and what it depends on; what stood in another state is well afterwards."""
    if state["rendered"] is None:
        return _no("no configuration file provided: not found")
    named = [word for word in words if not word.startswith("-")]
    for name in {*named, *(each for word in named for each in STARTED_BY.get(word, ()))}:
        if not _running(state, name):
            state["services"][name] = state["stack"].get(name, container())
        sys.stderr.write(f" Container {name}  Started\n")
    Path(os.environ[STATE]).write_text(json.dumps(state), encoding="utf-8")  # noqa: TID251 - as above
    return 0


def _port(state: State, words: Sequence[str]) -> int:
    service, port = words
    found = _running(state, service).get("ports", {}).get(port)
    if found is None:
        return _no(f"no port {port}/tcp for container {service}")
    return _say(f"0.0.0.0{found}" if found[0] == ":" else found)  # noqa: S104 - what a short form is published on


def _config(state: State, words: Sequence[str]) -> int:
    if state["rendered"] is None or words:
        return _no("no configuration file provided: not found")
    sys.stdout.write(state["rendered"])
    return 0


def _ps(state: State, words: Sequence[str]) -> int:
    is_all = "-a" in words
    shown = [n for n, each in state["services"].items() if is_all or each["state"] == "running"]
    return _say("\n".join(map(_id, shown)))


def _exec(state: State, words: Sequence[str]) -> int:
    """Becomes the program, as it would run inside the container."""
    silent, service, *told = words
    if silent != "-T" or not _running(state, service):
        return _no(f'service "{service}" is not running')
    inside = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}", **state["environ"]}
    try:
        os.execvpe(told[0], told, inside)  # noqa: S606 - no shell: the words are the program's own
    except FileNotFoundError:
        _no(f'exec: "{told[0]}": executable file not found in $PATH')
        return 127


def _inspect(state: State, words: Sequence[str]) -> int:
    by_id = {_id(name): (name, each) for name, each in state["services"].items()}
    if not words or any(word not in by_id for word in words):
        sys.stdout.write("[]\n")
        return _no("Error: No such object")
    return _say(json.dumps([_described(*by_id[word]) for word in words], indent=4))


def _described(name: str, each: State) -> State:
    health = {"Health": {"Status": each["health"]}} if each["health"] else {}
    bindings = {
        f"{port}/tcp": [{"HostIp": where.rpartition(":")[0], "HostPort": where.rpartition(":")[2]}]
        for port, where in each["ports"].items()
    }
    return {
        "Id": _id(name),
        "Image": f"sha256:{_id('image')}",
        "RestartCount": each["restarts"],
        "State": {
            "Status": each["state"],
            "OOMKilled": each["oom_killed"],
            "StartedAt": each["started_at"],
            **health,
        },
        "Config": {"Labels": {"com.docker.compose.service": name}},
        "HostConfig": {"PortBindings": bindings},
    }


def _sockets(state: State, words: Sequence[str]) -> int:
    """`ss -Hltn` (or `-ltnp` with its heading): the real listeners on the ports that are seen, and those that the state adds."""
    if not any("H" in word for word in words):
        sys.stdout.write("State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n")
    real = [where for where in _listening() if int(where.rpartition(":")[2]) in state["seen"]]
    for where in [*real, *state["listeners"]]:
        sys.stdout.write(f"LISTEN 0      128    {where}      0.0.0.0:*\n")
    return 0


def _listening() -> Iterator[str]:
    """Local addresses of the listening sockets, as `ss` writes them."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            address, _, port = local.rpartition(":")
            if state == LISTEN:
                yield f"{_address(address)}:{int(port, 16)}"


def _address(text: str) -> str:
    """The kernel's hex, word by word in the order of the machine."""
    raw = b"".join(bytes.fromhex(text[i : i + 8])[::-1] for i in range(0, len(text), 8))
    if len(raw) == 4:
        return ".".join(map(str, raw))
    return {bytes(16): "[::]", bytes(15) + b"\1": "[::1]"}.get(raw, f"[{raw.hex(':', 2)}]")


def _version(_: State, words: Sequence[str]) -> int:
    return _say(words[0])


def _unknown(_: State, words: Sequence[str]) -> int:
    return _no(f"unknown command: docker {' '.join(words)}")


def _running(state: State, service: str) -> State:
    found: State = state["services"].get(service, {})
    return found if found.get("state") == "running" else {}


def _id(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _say(text: str) -> int:
    sys.stdout.write(f"{text}\n")
    return 0


def _no(why: str) -> int:
    sys.stderr.write(f"{why}\n")
    return 1


COMMANDS: Final = {
    "up": _up,
    "port": _port,
    "config": _config,
    "ps": _ps,
    "exec": _exec,
    "inspect": _inspect,
    "ss": _sockets,
    "version": _version,
    "unknown": _unknown,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
