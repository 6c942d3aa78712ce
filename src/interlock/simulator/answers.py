"""Answers as the exchange words them: the envelope, the HTTP status of each code, and the texts that differ from a code's name.

A refusal is raised where it is found and worded once, here. Authentication failures name neither id nor method.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import msgspec

from interlock.errors import InterlockError
from interlock.protocol.crypto_com import codes
from interlock.values import Instant

UNAUTHORISED: Final = 40101
IP_ILLEGAL: Final = 40103
MAINTENANCE: Final = 9010001
# A code that is in no table, as a fault may arm one, comes with this status.
UNLISTED_STATUS: Final = 400
WALLET: Final = frozenset(
    {
        "private/get-currency-networks",
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


BAD_GATEWAY: Final = Answer(
    502, b"<html><head><title>502 Bad Gateway</title></head></html>", "text/html"
)
OLD_GATEWAY: Final = Answer(400, b'{"code":"10004","msg":"BAD_REQUEST"}')


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
    text = wording(code)
    if code == UNAUTHORISED or refused.details is not None:
        body: dict[str, object] = {"code": code, "message": text}
    else:
        body = {"id": request_id, "method": method, "code": code, "message": text}
    if refused.result is not None:
        body["result"] = refused.result
    if refused.details is not None:
        body["details"] = refused.details
    status = codes.http_status(code) if code in codes.CODES else UNLISTED_STATUS
    return Answer(status, msgspec.json.encode(body))
