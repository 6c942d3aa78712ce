"""The keys of the account as their settings stand now: revoked or not, what each may do, and from which addresses it may come.

They can be changed while the exchange runs, as a person does on its page. Public methods are open to everybody, always.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from interlock.errors import BadInput
from interlock.simulator.answers import IP_ILLEGAL, UNAUTHORISED, Refusal
from interlock.simulator.config import ApiKey, Permission
from interlock.simulator.switches import AS_SEEN, DuplicateNonce, Switches

DUPLICATE_REQUEST: Final = 40006
BLOCK_CODES: Final = (UNAUTHORISED, IP_ILLEGAL)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Door:
    """One key and its settings. `allowed` None admits every address, an empty one none; `block_code` is how the others are told."""

    key: ApiKey
    allowed: tuple[Network, ...] | None = None
    block_code: int = UNAUTHORISED
    is_revoked: bool = False


class Access:
    """Whom the exchange knows. A change names a key, or means all of them."""

    def __init__(self, keys: Iterable[ApiKey], switches: Switches = AS_SEEN) -> None:
        self.switches: Final = switches
        self._nonces: Final[set[tuple[str, str]]] = set()
        self._doors: Final = {key.key: Door(key) for key in keys}

    def key(self, name: object, source: str) -> ApiKey:
        """The key of this name, asked for from `source`; the refusal when it is none, revoked, or not admitted from there."""
        door = self._doors.get(name) if isinstance(name, str) else None
        if door is None or door.is_revoked:
            raise Refusal(UNAUTHORISED)
        if door.allowed is not None and not _is_within(source, door.allowed):
            raise Refusal(door.block_code)
        return door.key

    def is_revoked(self, name: str) -> bool:
        """Whether the key of this name was taken back."""
        door = self._doors.get(name)
        return door is None or door.is_revoked

    def use(self, key: ApiKey, nonce: str) -> None:
        """A proven request uses its nonce; 40006 where it may do so once alone."""
        if self.switches.duplicate_nonce is DuplicateNonce.ACCEPT:
            return
        if (key.key, nonce) in self._nonces:
            raise Refusal(DUPLICATE_REQUEST)
        self._nonces.add((key.key, nonce))

    def allow(
        self, addresses: Sequence[str] | None, code: int | None = None, name: str | None = None
    ) -> None:
        """Sets the allowlist (None: everybody) and the code by which all others are refused (None: that of the switch)."""
        code = int(self.switches.ip_block_style) if code is None else code
        if code not in BLOCK_CODES:
            raise BadInput(f"An address is refused with one of {BLOCK_CODES}, not with {code}.")
        networks = None if addresses is None else tuple(_network(text) for text in addresses)
        for door in self._named(name):
            self._put(replace(door, allowed=networks, block_code=code))

    def change(
        self, *, revoked: bool | None, permission: Permission | None, name: str | None = None
    ) -> None:
        """Revokes a key or brings it back, and sets what it may do; None leaves as it is."""
        for door in self._named(name):
            key = replace(door.key, permission=permission or door.key.permission)
            is_revoked = door.is_revoked if revoked is None else revoked
            self._put(replace(door, key=key, is_revoked=is_revoked))

    def _named(self, name: str | None) -> list[Door]:
        doors = [door for door in self._doors.values() if name in {None, door.key.key}]
        if not doors:
            raise BadInput("There is no such key here.")
        return doors

    def _put(self, door: Door) -> None:
        self._doors[door.key.key] = door


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is no address and no network.") from error


def _is_within(source: str, networks: Iterable[Network]) -> bool:
    try:
        address = ipaddress.ip_address(source)
    except ValueError:
        return False
    return any(address in network for network in networks)
