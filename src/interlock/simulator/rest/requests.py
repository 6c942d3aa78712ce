"""A request as it was received: parsed without binary floats, and proven to come from a key of the account.

The order of the checks is the exchange's: JSON, method, nonce, key, address, signature, permission. What a method's parameters
must be is said where the method lives.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from interlock.errors import BadInput
from interlock.protocol.crypto_com import signing
from interlock.simulator.answers import UNAUTHORISED, Refusal
from interlock.simulator.config import ApiKey
from interlock.simulator.faults import Armed, Sought
from interlock.simulator.rest.access import Access
from interlock.simulator.switches import NestedExecInst
from interlock.values import Instant

ROOT: Final = "/exchange/v1/"
ANNOUNCEMENTS: Final = "/v1/public/get-announcements"
NONCE_WINDOW_MS: Final = 60_000
ID_MAX: Final = 2**63 - 1
NO_ID: Final = -1
# Of the renderings of a list within a list the plain one comes first and the bracketed one last.
RENDERINGS: Final = MappingProxyType({NestedExecInst.PLAIN: 0, NestedExecInst.BRACKETS: -1})
_JSON: Final = msgspec.json.Decoder(float_hook=Decimal)
_NO_PARAMS: Final[Mapping[str, object]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Arrived:
    """One request as it came in, its path split; the fault that it met, and what the exchange's clock says to it."""

    verb: str
    method: str
    query: str
    body: bytes
    source: str
    clock: Instant
    met: Armed | None = None

    @property
    def sought(self) -> Sought:
        """What a fault knows it by."""
        return Sought(self.method, self.source, partial(claimed_key, self.body))


@dataclass(frozen=True, slots=True)
class Call:
    """A private request that was proven: what is asked, with which parameters and nonce, by which key."""

    method: str
    params: Mapping[str, object]
    nonce: int
    key: ApiKey


@dataclass(frozen=True, slots=True)
class Envelope:
    """The body of a private request before it is believed; id and nonce are the received texts."""

    method: str
    params: Mapping[str, object]
    id: str
    nonce: object
    api_key: object
    sig: object


def split(path: str) -> tuple[str, str]:
    """The method and the query of a path below the API's root; the method is empty elsewhere."""
    bare, _, query = path.partition("?")
    if bare == ANNOUNCEMENTS:
        return "public/get-announcements", query
    return (bare.removeprefix(ROOT) if bare.startswith(ROOT) else ""), query


def query_params(query: str) -> Mapping[str, object]:
    """The parameters of a public request; all are texts."""
    return dict(parse_qsl(query))


def envelope(body: bytes) -> Envelope:
    """The body of a private request; 40001 when it is no JSON object with a numeric id and an object of parameters."""
    try:
        received = _JSON.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(40001) from error
    if not isinstance(received, dict):
        raise Refusal(40001)
    request_id = digits(received.get("id"))
    if request_id is None or int(request_id) > ID_MAX:
        raise Refusal(40001)
    params = received.get("params", _NO_PARAMS)
    if not isinstance(params, Mapping):
        raise Refusal(40001)
    rest = (received.get(name) for name in ("nonce", "api_key", "sig"))
    return Envelope(str(received.get("method")), params, request_id, *rest)


def claimed_key(body: bytes) -> str | None:
    """By which key a body says that it comes; nothing of it is believed."""
    try:
        name = envelope(body).api_key
    except Refusal:
        return None
    return name if isinstance(name, str) else None


def authenticate(sent: Envelope, access: Access, source: str, now: Instant) -> Call:
    """The call that this envelope proves; 40102 outside the nonce window, 40101 for anything that does not verify.

    An address that the key does not admit is refused before the signature is looked at.
    """
    if isinstance(sent.nonce, Decimal):
        raise Refusal(UNAUTHORISED)
    nonce = digits(sent.nonce)
    if nonce is None or abs(int(nonce) - now.ms) > NONCE_WINDOW_MS:
        raise Refusal(40102)
    key = access.key(sent.api_key, source)
    rendering = RENDERINGS.get(access.switches.nested_exec_inst)
    if not isinstance(sent.sig, str) or not _verifies(sent, key, nonce, sent.sig, rendering):
        raise Refusal(UNAUTHORISED)
    access.use(key, nonce)
    return Call(sent.method, sent.params, int(nonce), key)


def _verifies(sent: Envelope, key: ApiKey, nonce: str, sig: str, rendering: int | None) -> bool:
    try:
        parts = (key.secret, sent.method, sent.id, key.key, sent.params, nonce, sig)
        return signing.verifies(*parts, rendering=rendering)
    except BadInput:
        return False


def digits(value: object) -> str | None:
    """The received text of a whole number, sent as such or as a text; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if value >= 0 else None
    if not isinstance(value, str) or not value.isascii() or not value.isdigit():
        return None
    return value if len(value) <= len(str(ID_MAX)) else None
