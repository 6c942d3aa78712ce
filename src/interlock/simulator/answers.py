"""Answers as the exchange words them: the envelope, the HTTP status of each code, and the texts that differ from a code's name.

A refusal is raised where it is found and worded once, here. Authentication failures name neither id nor method.
"""

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import msgspec

from interlock.errors import InterlockError
from interlock.protocol.crypto_com import codes
from interlock.simulator.switches import StatusStyle, Switches, Typing
from interlock.values import Instant

UNAUTHORISED: Final = 40101
IP_ILLEGAL: Final = 40103
MAINTENANCE: Final = 9010001
# A code that is in no table, as a fault may arm one, comes with this status.
UNLISTED_STATUS: Final = 400
WALLET: Final = frozenset(
    {
        "private/get-currency-networks",
        "private/get-deposit-address",
        "private/get-deposit-history",
        "private/get-withdrawal-history",
    }
)
TEXTS: Final = MappingProxyType(
    {
        213: "Invalid quantity format",
        308: "Invalid price format",
        40004: "Missing or invalid argument",
        UNAUTHORISED: "Authentication failure",
    }
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: HTTP status and the exact bytes. `date` is what the clock says where a fault moves it."""

    status: int
    body: bytes
    content_type: str = "application/json"
    date: Instant | None = None


class Refusal(InterlockError):
    """The simulated exchange refuses; where an order was made only to be refused, its two ids come along; maintenance says details."""

    def __init__(
        self, code: int, result: dict[str, str] | None = None, details: str | None = None
    ) -> None:
        super().__init__(f"The simulated exchange refuses: {code}.")
        self.code: Final = code
        self.result: Final = result
        self.details: Final = details


DETAILS: Final = MappingProxyType(
    {
        9010001: (
            "Crypto.com Exchange is currently under maintenance. "
            "Please refer to https://status.crypto.com for more details."
        )
    }
)
# The old gateway behind the wallet has codes of its own, which are texts.
OLD_NAMES: Final = MappingProxyType(
    {10001: "SYS_ERROR", 10004: "BAD_REQUEST", 20005: "ACCOUNT_NOT_FOUND"}
)
BAD_GATEWAY: Final = Answer(
    502, b"<html><head><title>502 Bad Gateway</title></head></html>", "text/html"
)


def old_gateway(code: int) -> Answer:
    """A refusal as the old gateway words it."""
    return Answer(400, msgspec.json.encode({"code": str(code), "msg": OLD_NAMES[code]}))


OLD_GATEWAY: Final = old_gateway(10004)


def wording(code: int) -> str:
    """The message that comes with a code."""
    return TEXTS.get(code) or codes.name(code)


def success(request_id: int, method: str, result: object, message: str | None = None) -> Answer:
    """The answer to a request that was done; some have no result at all, and wallet methods have texts for numbers."""
    envelope: dict[str, object] = {"id": request_id, "method": method, "code": 0}
    if method in WALLET:
        envelope |= {"id": str(request_id), "code": "0"}
    if message is not None:
        envelope["message"] = message
    if result is not None:
        envelope["result"] = result
    return Answer(200, msgspec.json.encode(envelope))


def refusal(request_id: int, method: str, refused: Refusal) -> Answer:
    """The answer to a request that was refused."""
    code = refused.code
    if code in OLD_NAMES:
        return old_gateway(code)
    text = wording(code)
    if code == UNAUTHORISED or code in DETAILS or refused.details is not None:
        body: dict[str, object] = {"code": code, "message": text}
    else:
        body = {"id": request_id, "method": method, "code": code, "message": text}
    if refused.result is not None:
        body["result"] = refused.result
    details = refused.details or DETAILS.get(code)
    if details is not None:
        body["details"] = details
    status = codes.http_status(code) if code in codes.CODES else UNLISTED_STATUS
    return Answer(status, msgspec.json.encode(body))


def styled(answer: Answer, switches: Switches, code: int = 0) -> Answer:
    """An answer in the style that the switches choose: its status as seen in production, its numbers as texts."""
    if switches.status_style is StatusStyle.OBSERVED and code in codes.CODES:
        answer = replace(answer, status=codes.http_status(code, observed=True))
    if switches.typing is Typing.OBSERVED:
        return answer
    return replace(answer, body=msgspec.json.encode(_texts(msgspec.json.decode(answer.body))))


def _texts(value: object) -> object:
    match value:
        case bool():
            return value
        case int():
            return str(value)
        case dict():
            return {key: _texts(inner) for key, inner in value.items()}
        case list():
            return [_texts(inner) for inner in value]
        case _:
            return value
