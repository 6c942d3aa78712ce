"""Who listens on this host, by `ss`: the local address alone; the peer column says nothing about exposure."""

from dataclasses import dataclass
from typing import Final

from interlock.host.commands import run
from interlock.values import Unknown

LOOPBACK: Final = ("127.", "[::1]", "::1")
LOCAL_COLUMN: Final = 3


@dataclass(frozen=True, slots=True)
class Listener:
    """One listening TCP socket: the address as `ss` writes it (`127.0.0.1`, `0.0.0.0`, `[::]`, `*`), and its port."""

    address: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this very host reaches it."""
        return self.address.startswith(LOOPBACK)


def listeners() -> tuple[Listener, ...] | Unknown:
    """Every listening TCP socket of this network namespace; Unknown when nobody could look, or a line cannot be read."""
    ran = run(("ss", "-Hltn"))
    if isinstance(ran, Unknown):
        return ran
    if ran.code != 0:
        return Unknown(f"ss ended with {ran.code}")
    return read(ran.stdout)


def read(text: str) -> tuple[Listener, ...] | Unknown:
    """The listeners of `ss -Hltn`: state, two queues, local address, peer."""
    found: list[Listener] = []
    for line in text.splitlines():
        columns = line.split()
        if not columns:
            continue
        local = columns[LOCAL_COLUMN] if len(columns) > LOCAL_COLUMN else ""
        address, _, port = local.rpartition(":")
        if not address or not port.isdecimal():
            return Unknown("ss prints a line that cannot be read")
        # An address may name the interface that it is bound to: 127.0.0.53%lo.
        found.append(Listener(address.partition("%")[0], int(port)))
    return tuple(found)
