"""How the look commands ask the running platform: its API on loopback, with the token that it left in the data folder."""

import http.client
import json
from collections.abc import Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import Any, ClassVar, Final

from interlock.errors import Unreachable
from interlock.settings import Settings

TIMEOUT_S: Final = 10.0

Json = dict[str, Any]


class NotRunning(Unreachable):
    """The platform does not answer."""

    remedy: ClassVar[str] = "Start it with `interlock run` (or `interlock demo`), and ask again."


def ask(settings: Settings, path: str) -> Json:
    """The body of a GET; raises NotRunning when nobody answers or the answer is a refusal."""
    status, body = exchange(settings, "GET", path)
    if status != HTTPStatus.OK:
        raise NotRunning(f"The platform answers {status}: {body.get('reason', 'no reason')}")
    return body


def exchange(
    settings: Settings, verb: str, path: str, body: bytes | None = None
) -> tuple[int, Json]:
    """Status and JSON body of one request; raises NotRunning when nobody answers in words we can read."""
    where = f"127.0.0.1:{settings.api.port}"
    connection = http.client.HTTPConnection("127.0.0.1", settings.api.port, timeout=TIMEOUT_S)
    try:
        connection.request(verb, path, body, _headers(settings))
        reply = connection.getresponse()
        return reply.status, _read(reply.read(), where)
    except TimeoutError as error:
        raise TimeoutError(f"{where} did not answer in {TIMEOUT_S:g} s") from error
    except (OSError, http.client.HTTPException) as error:
        raise NotRunning(f"Nobody answers on {where}.") from error
    finally:
        connection.close()


def _headers(settings: Settings) -> Mapping[str, str]:
    kind = {"Content-Type": "application/json"}
    try:
        token = settings.token_file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return kind
    return {**kind, "Authorization": f"Bearer {token}"}


def _read(content: bytes, where: str) -> Json:
    try:
        body = json.loads(content, parse_float=Decimal)
    except ValueError as error:
        raise NotRunning(f"What answers on {where} is not Interlock.") from error
    if not isinstance(body, dict):
        raise NotRunning(f"What answers on {where} is not Interlock.")
    return body
