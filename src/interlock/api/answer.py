"""Every answer of the API: one line of JSON with exact numbers, never cached, with the headers that keep a browser out.

Decimals are written as JSON numbers with all their digits; a figure that is no number is null.
"""

from typing import Final

import msgspec
from starlette.responses import Response

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def answer(body: object, status: int = 200, *, correlation_id: str = "") -> Response:
    """The body as JSON; the correlation id is the one under which a failure can be found."""
    headers = HEADERS | ({"X-Correlation-Id": correlation_id} if correlation_id else {})
    return Response(_ENCODER.encode(body), status, headers, media_type="application/json")


def problem(status: int, error: str, reason: str, correlation_id: str = "") -> Response:
    """A refusal or failure: its code, one sentence, and the id; no trace, no path, no echo of what was sent."""
    body = {"error": error, "reason": reason, "correlation_id": correlation_id}
    return answer(body, status, correlation_id=correlation_id)
