"""What the answer to a request that acts is worth: the whole answer in, exactly one class out. This alone decides.

The heart of the promise that a lost reply is not a lost order. Definite is only what a valid envelope says with a listed code:
one JSON object without duplicate keys or trailing bytes, whose id, method and client_oid are those that were sent. Everything else is
ambiguous, an unlisted code among it. The class never depends on a text meant for people. (reliability, faults 3)
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeGuard

from interlock.errors import NotSent, Unreachable
from interlock.orders.evidence import Accepted, Answer
from interlock.ports import Reply
from interlock.protocol.crypto_com.codes import (
    DEFINITE_REJECT,
    DEFINITE_WITHOUT_ORDER,
    GATEWAY_REJECT,
    SEEN_BEFORE,
    name,
    refusal,
)
from interlock.protocol.crypto_com.orders import CANCEL_PAIR, CREATE_PAIR
from interlock.protocol.crypto_com.wire import HTTP_OK, HTTP_TIMED_OUT, Asked

DIGITS_MAX: Final = 32
# What these are answered with bears no client_oid: id and method alone say that it is ours.
PAIRS: Final = frozenset({CREATE_PAIR, CANCEL_PAIR})


class Class(StrEnum):
    """What an answer is worth; exactly one holds."""

    NOT_SENT = "NOT_SENT"
    GATEWAY_REJECT = "GATEWAY_REJECT"
    DEFINITE_REJECT = "DEFINITE_REJECT"
    SEEN_BEFORE = "SEEN_BEFORE"
    GATEWAY_ACK = "GATEWAY_ACK"
    AMBIGUOUS = "AMBIGUOUS"


Heard = Reply | Unreachable | NotSent


@dataclass(frozen=True, slots=True)
class _Words:
    """What a valid envelope says: its code, its text for people, and the order it names, if any."""

    code: int
    message: str
    order_id: str | None
    list_id: str | None
    is_mine: bool
    names_order: bool


def classify(heard: Heard, asked: Asked) -> Class:
    """The one class of what was heard after `asked` left."""
    return _judge(heard, asked)[0]


def answer(heard: Heard, asked: Asked) -> Answer:
    """What was heard, as the desk understands it: Accepted, Refused, Unreachable (its outcome is unknown) or NotSent."""
    if isinstance(heard, NotSent | Unreachable):
        return heard
    found, words = _judge(heard, asked)
    if words is None:
        return Unreachable(
            f"{asked.method} was answered with HTTP {heard.status} in no words of its own."
        )
    return _said(found, words, heard.status, asked.method)


def _said(found: Class, words: _Words, status: int, method: str) -> Answer:
    said = f"{words.code} {name(words.code)}"
    match found:
        case Class.GATEWAY_ACK:
            return Accepted(words.order_id, words.list_id)
        case Class.DEFINITE_REJECT | Class.GATEWAY_REJECT:
            return refusal(words.code, words.message, words.order_id)
        case Class.SEEN_BEFORE:
            return Unreachable(
                f"{method}: an order with this id exists or existed ({said}): look it up."
            )
        case _:
            return Unreachable(
                f"{method} was answered with HTTP {status}, {said}: it may have acted."
            )


def _judge(heard: Heard, asked: Asked) -> tuple[Class, _Words | None]:
    if isinstance(heard, NotSent):
        return Class.NOT_SENT, None
    if isinstance(heard, Unreachable):
        return Class.AMBIGUOUS, None
    words = _words(heard.body, asked)
    if words is None or heard.status == HTTP_TIMED_OUT:
        return Class.AMBIGUOUS, words
    return _class(heard.status, words, asked), words


def _class(status: int, words: _Words, asked: Asked) -> Class:
    definite = words.code in DEFINITE_REJECT or (
        words.code in DEFINITE_WITHOUT_ORDER and not words.names_order
    )
    if words.code in GATEWAY_REJECT:
        return Class.GATEWAY_REJECT
    if not words.is_mine:
        return Class.AMBIGUOUS
    if words.code in SEEN_BEFORE:
        return Class.SEEN_BEFORE
    if definite:
        return Class.DEFINITE_REJECT
    acked = words.code == 0 and status == HTTP_OK and _names(words, asked)
    return Class.GATEWAY_ACK if acked else Class.AMBIGUOUS


def _names(words: _Words, asked: Asked) -> bool:
    """Whether the answer names what was asked for: an order, the list of a pair, or, of a pair that is to go, nothing."""
    if asked.method == CREATE_PAIR:
        return words.list_id is not None
    return asked.method == CANCEL_PAIR or words.order_id is not None


def _words(body: bytes, asked: Asked) -> _Words | None:
    """What the envelope says, or None when it is none, or contradicts what was sent."""
    envelope = _object(body)
    code = _code(envelope.get("code"))
    if code is None:
        return None
    result = envelope.get("result")
    result = result if isinstance(result, Mapping) else {}
    echoes = (
        _echo(envelope.get("id"), str(asked.id)),
        _echo(envelope.get("method"), asked.method),
    )
    oid = _echo(result.get("client_oid"), asked.client_oid)
    if False in {*echoes, oid}:
        return None
    named, listed = result.get("order_id"), result.get("list_id")
    is_echoed = oid is True or asked.method in PAIRS
    text = envelope.get("message", envelope.get("msg"))
    return _Words(
        code=code,
        message=text if isinstance(text, str) else "",
        order_id=named if _is_order_id(named) else None,
        list_id=str(listed) if _is_list_id(listed) else None,
        is_mine=None not in echoes and (code != 0 or is_echoed),
        names_order=named is not None or listed is not None,
    )


def _echo(found: object, sent: str | None) -> bool | None:
    """Whether what came back is what was sent; None when nothing came back."""
    if found is None:
        return None
    return isinstance(found, str | int) and str(found) == sent


def _object(body: bytes) -> Mapping[str, object]:
    """The one JSON object that the bytes are: no duplicate key, no trailing byte, nothing beyond JSON itself; else an empty one."""
    try:
        found: object = json.loads(
            body.decode(),
            object_pairs_hook=_without_duplicates,
            parse_float=str,
            parse_constant=_no_constant,
        )
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("A key stands twice.")
    return found


def _no_constant(text: str) -> object:
    raise ValueError(f"{text} is not JSON.")


def _code(value: object) -> int | None:
    """A code: a whole number, or its canonical text; nothing else."""
    text = str(value) if isinstance(value, int) and abs(value) < 10**DIGITS_MAX else value
    if not isinstance(text, str) or not text.isascii() or not text.isdigit():
        return None
    return int(text) if len(text) <= DIGITS_MAX and str(int(text)) == text else None


def _is_list_id(value: object) -> bool:
    """The id of a list comes as a text, or as a whole number of more digits than a binary float holds."""
    return _is_order_id(str(value) if type(value) is int else value)


def _is_order_id(value: object) -> TypeGuard[str]:
    return (
        isinstance(value, str)
        and value.isascii()
        and value.isdigit()
        and len(value) <= DIGITS_MAX
        and value.strip("0") != ""
    )
