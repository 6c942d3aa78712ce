"""What the compose file publishes on this host, from the file as compose itself renders it; what cannot be read strictly is Unknown.

An entry without an address is published on every address, and so is one that names only the port inside.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from interlock.host.sockets import LOOPBACK
from interlock.values import Unknown


@dataclass(frozen=True, slots=True)
class Published:
    """One port of a service on this host: the address as the file names it (empty: any), and the port (0: the engine's choice)."""

    service: str
    address: str
    port: int
    target: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this very host reaches it."""
        return self.address.startswith(LOOPBACK)


def published(rendered: str) -> tuple[Published, ...] | Unknown:
    """Every published port of a rendered compose file. Nothing of the file is in what is said of it: it may hold secrets."""
    try:
        services = _mapping(_mapping(yaml.safe_load(rendered))["services"])
        return tuple(each for name, said in services.items() for each in _of_service(name, said))
    except (yaml.YAMLError, LookupError, TypeError, ValueError) as error:
        return Unknown(f"the rendered compose file cannot be read: {type(error).__name__}")


def _of_service(name: str, said: object) -> Iterator[Published]:
    entries = _mapping(said).get("ports") or []
    if not isinstance(entries, list):
        raise TypeError
    for entry in entries:
        if isinstance(entry, Mapping):
            target, port = int(entry["target"]), int(entry.get("published") or 0)
            yield Published(name, str(entry.get("host_ip") or ""), port, target)
        else:
            yield _short(name, str(entry))


def _short(name: str, entry: str) -> Published:
    """`[address:]published:target[/protocol]`, or the target alone."""
    rest, _, target = entry.partition("/")[0].rpartition(":")
    address, _, port = rest.rpartition(":")
    return Published(name, address, int(port or 0), int(target))


def _mapping(said: object) -> Mapping[str, object]:
    if not isinstance(said, Mapping):
        raise TypeError
    return said
