"""What a fault makes of a good answer: cut in its middle, called a page, typed otherwise, with words that no document knows. Pure.

Each takes the answer and the word that was armed with the fault (where it reads one), and returns what goes out instead.
"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import msgspec

from interlock.simulator.answers import Answer
from interlock.values import number_text

Row = dict[str, Any]
HAIR: Final = Decimal("1e-10")
MORE: Final = Decimal("1.01")
_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def truncated(answer: Answer, word: str) -> Answer:  # noqa: ARG001 - every twist takes a word
    """Half of the body, as if it were whole."""
    return replace(answer, body=answer.body[: len(answer.body) // 2])


def called_a_page(answer: Answer, word: str) -> Answer:  # noqa: ARG001 - as above
    """The same body under another content type."""
    return replace(answer, content_type="text/html; charset=utf-8")


def typed_otherwise(answer: Answer, word: str) -> Answer:  # noqa: ARG001 - as above
    """The typing of the old gateway in the envelope."""
    envelope = _DECODER.decode(answer.body)
    envelope["code"] = str(envelope["code"])
    if "message" in envelope:
        envelope["msg"] = envelope.pop("message")
    return replace(answer, body=_ENCODER.encode(envelope))


def with_a_field(answer: Answer, word: str) -> Answer:
    """A field more in every object."""
    return _each(answer, lambda row: row | {word: {"since": 1}})


def without_a_field(answer: Answer, word: str) -> Answer:
    """A field less in every object."""
    return _each(answer, lambda row: {name: row[name] for name in row if name != word})


def with_a_status(answer: Answer, word: str) -> Answer:
    """Another status wherever there is one."""
    return _each(answer, lambda row: row | {"status": word} if "status" in row else row)


def with_a_reason(answer: Answer, word: str) -> Answer:
    """Another reason wherever there is a status."""
    reason = int(word) if word.isdigit() else word
    return _each(answer, lambda row: row | {"reason": reason} if "status" in row else row)


def drifted(answer: Answer, word: str) -> Answer:  # noqa: ARG001 - as above
    """More decimals than there are, in every balance of a coin."""
    return _each(answer, lambda row: _held(row, lambda held: held + HAIR))


def too_high(answer: Answer, word: str) -> Answer:  # noqa: ARG001 - as above
    """More than there is, in every balance of a coin."""
    return _each(answer, lambda row: _held(row, lambda held: held * MORE))


def _held(row: Row, change: Callable[[Decimal], Decimal]) -> Row:
    if "reserved_qty" not in row:
        return row
    return row | {"quantity": number_text(change(Decimal(row["quantity"])))}


def _each(answer: Answer, change: Callable[[Row], Row]) -> Answer:
    """The answer with every object within its result changed."""
    envelope = _DECODER.decode(answer.body)
    if "result" in envelope:
        envelope["result"] = _within(envelope["result"], change)
    return replace(answer, body=_ENCODER.encode(envelope))


def _within(found: object, change: Callable[[Row], Row]) -> object:
    match found:
        case dict():
            return change({name: _within(each, change) for name, each in found.items()})
        case list():
            return [_within(each, change) for each in found]
        case _:
            return found
