"""The kinds of values that a setting can have: each reads a text or a value of the file, and says in words what it must be.

No message holds the value itself: it may be a secret under a wrong name.
"""

import ipaddress
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field

from interlock.errors import BadInput
from interlock.values import Secret, check_symbol, decimal_of

FLAGS: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def _flag(value: object) -> bool:
    found = value if isinstance(value, bool) else FLAGS.get(str(value).strip().lower())
    if found is None:
        raise ValueError("must be true or false, 1 or 0, yes or no")
    return found


def _decimal(value: object) -> Decimal:
    try:
        return decimal_of(value.strip() if isinstance(value, str) else value)
    except BadInput as error:
        raise ValueError("must be a decimal number") from error


def _secret(value: object) -> Secret:
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str):
        raise ValueError("must be a text")  # noqa: TRY004 (pydantic turns ValueError, not TypeError, into its own)
    return Secret(value.strip())


def _names(value: object) -> tuple[str, ...]:
    """A list of the file, or a comma-separated text of the environment."""
    words = value.split(",") if isinstance(value, str) else value
    if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
        raise ValueError("must be a list of names")
    return tuple(word.strip() for word in words if word.strip())


def _symbols(value: object) -> tuple[str, ...]:
    try:
        return tuple(check_symbol(name) for name in _names(value))
    except BadInput as error:
        raise ValueError("must be a list of symbols such as BTC_USDT") from error


def _url(schemes: tuple[str, ...]) -> Callable[[object], str]:
    """An address of one of the schemes; a plain one (http, ws) only on loopback, because keys travel there."""

    def check(value: object) -> str:
        parts = urlsplit(str(value).strip())
        if parts.scheme not in schemes or not parts.hostname or parts.username:
            raise ValueError(f"must be an address that begins with {' or '.join(schemes)}://")
        if parts.scheme in {"http", "ws"} and not is_loopback(parts.hostname):
            raise ValueError("must be encrypted (https, wss) unless it is on loopback")
        return str(value).strip().rstrip("/")

    return check


def _inside(value: object) -> str:
    """An address of our own containers: a name without a dot is theirs, and their network is not routed; else as any other."""
    parts = urlsplit(str(value).strip())
    if parts.scheme == "http" and parts.hostname and re.fullmatch(r"[a-z0-9-]+", parts.hostname):
        return str(value).strip().rstrip("/")
    return _url(("https", "http"))(value)


def _webs(value: object) -> tuple[str, ...]:
    return tuple(_url(("https", "http"))(address) for address in _names(value))


def is_loopback(host: str) -> bool:
    """Whether this host is the machine itself, by its address or as `localhost`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


Flag = Annotated[bool, BeforeValidator(_flag)]
Number = Annotated[Decimal, BeforeValidator(_decimal)]
Hidden = Annotated[Secret, BeforeValidator(_secret)]
Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
Symbols = Annotated[tuple[str, ...], BeforeValidator(_symbols)]
Web = Annotated[str, BeforeValidator(_url(("https", "http")))]
Inside = Annotated[str, BeforeValidator(_inside)]
Webs = Annotated[tuple[str, ...], BeforeValidator(_webs)]
Socket = Annotated[str, BeforeValidator(_url(("wss", "ws")))]
Port = Annotated[int, Field(ge=0, le=65535)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
