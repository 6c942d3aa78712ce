"""The words of the sockets, pure: what a client may say, and how it is answered. An answer without a request's id bears -1.

The order of the fields is the exchange's: id, method, code, then what there is to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

import msgspec

from interlock.protocol.crypto_com import codes
from interlock.simulator.answers import UNAUTHORISED, Refusal, wording
from interlock.simulator.rest.requests import ID_MAX, NO_ID, digits

NOT_JSON: Final = 40001
BAD_REQUEST: Final = 40003
OLD_BAD_REQUEST: Final = 10004
NAMELESS: Final = "ERROR"
BAD_CHANNEL: Final = "invalid channel"
_JSON: Final = msgspec.json.Decoder(float_hook=Decimal)
_NO_PARAMS: Final[Mapping[str, object]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that a client said. `id` is the received text, or None where it gave none."""

    id: str | None
    method: str
    params: Mapping[str, object]
    nonce: object
    api_key: object
    sig: object
    original: str

    @property
    def answered_as(self) -> int:
        """The id that its answer bears."""
        return NO_ID if self.id is None else int(self.id)


def said(frame: str) -> Said:
    """What a frame says; 40001 when it is no JSON object with a method, whole digits as its id (if any) and an object of parameters."""
    try:
        received = _JSON.decode(frame)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Refusal(NOT_JSON) from error
    if not isinstance(received, dict):
        raise Refusal(NOT_JSON)
    request_id = digits(received["id"]) if received.get("id") is not None else None
    bad_id = received.get("id") is not None and (request_id is None or int(request_id) > ID_MAX)
    method, params = received.get("method"), received.get("params", _NO_PARAMS)
    if bad_id or not isinstance(method, str) or not isinstance(params, Mapping):
        raise Refusal(NOT_JSON)
    nonce, api_key, sig = (received.get(name) for name in ("nonce", "api_key", "sig"))
    return Said(request_id, method, params, nonce, api_key, sig, frame)


def channels_of(heard: Said) -> tuple[str, ...]:
    """The channels that a subscription names; 40003 when it names none."""
    names = heard.params.get("channels")
    if not isinstance(names, list) or not names or not all(isinstance(each, str) for each in names):
        raise Refusal(BAD_REQUEST)
    return tuple(names)


def done(heard: Said, result: object = None, message: str | None = None) -> bytes:
    """The answer to what was done."""
    frame: dict[str, object] = {"id": heard.answered_as, "method": heard.method, "code": 0}
    if message is not None:
        frame["message"] = message
    if result is not None:
        frame["result"] = result
    return msgspec.json.encode(frame)


def refused(heard: Said, refusal: Refusal) -> bytes:
    """The answer to what was refused: the ids of an order come along, else the words that were refused, but never those with a key."""
    frame: dict[str, object] = {"id": heard.answered_as}
    named: dict[str, object] = {"method": heard.method}
    coded: dict[str, object] = {"code": refusal.code}
    frame |= coded | named if heard.method == "subscribe" else named | coded
    frame["message"] = _text(heard, refusal.code)
    if refusal.result is not None:
        frame["result"] = refusal.result
    elif heard.api_key is None:
        frame["original"] = heard.original
    return msgspec.json.encode(frame)


def not_understood(refusal: Refusal) -> bytes:
    """The answer to what is no request at all."""
    frame = {"id": NO_ID, "method": NAMELESS, "code": refusal.code}
    return msgspec.json.encode(frame | {"message": codes.name(refusal.code)})


def told(result: Mapping[str, object], request_id: int = NO_ID) -> bytes:
    """News of a channel."""
    frame = {"id": request_id, "method": "subscribe", "code": 0, "result": result}
    return msgspec.json.encode(frame)


def heartbeat(beat: int) -> bytes:
    """What a client must answer with the same id."""
    return msgspec.json.encode({"id": beat, "method": "public/heartbeat", "code": 0})


def _text(heard: Said, code: int) -> str:
    if heard.method == "subscribe" and code in {BAD_REQUEST, OLD_BAD_REQUEST}:
        return BAD_CHANNEL
    return codes.name(code) if code == UNAUTHORISED else wording(code)
