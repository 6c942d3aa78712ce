"""A question to a door of ours, as the verification asks it: bounded twice, once, and whoever does not answer is HTTP 000."""

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from http.client import HTTPConnection, HTTPException
from typing import Final

import msgspec

from interlock.evidence.seen import Answer
from interlock.host.clock import WallClock
from interlock.host.web import BODY_MAX, within
from interlock.values import Known, Unknown

HERE: Final = "127.0.0.1"
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for the connection, and for all of it."""

    connect: timedelta
    total: timedelta


PROBE: Final = Patience(timedelta(seconds=3), timedelta(seconds=15))
HEALTH: Final = Patience(timedelta(seconds=5), timedelta(seconds=30))


def call(
    port: int, path: str, patience: Patience, question: Mapping[str, object] | None = None
) -> Known[Answer]:
    """The answer to one GET, or to one POST where there is a question; status 0 when none came in time."""
    heard = within(patience.total, lambda: _heard(port, path, patience, question))
    answer = Answer(0, None) if isinstance(heard, Unknown) else heard
    return Known(answer, WallClock().now())


def _heard(
    port: int, path: str, patience: Patience, question: Mapping[str, object] | None
) -> Answer | Unknown:
    connection = HTTPConnection(HERE, port, timeout=patience.connect.total_seconds())
    try:
        connection.connect()
        _allow(connection.sock, patience.total)
        if question is None:
            connection.request("GET", path)
        else:
            kind = {"Content-Type": "application/json"}
            connection.request("POST", path, _ENCODER.encode(question), kind)
        reply = connection.getresponse()
        return Answer(reply.status, _object(reply.read(BODY_MAX)))
    except (OSError, HTTPException) as error:
        return Unknown(type(error).__name__)
    finally:
        connection.close()


def _allow(connected: socket.socket, total: timedelta) -> None:
    connected.settimeout(total.total_seconds())


def _object(content: bytes) -> Mapping[str, object] | None:
    """The JSON object that it is, with exact numbers; None when it is none."""
    try:
        body = json.loads(content, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None
