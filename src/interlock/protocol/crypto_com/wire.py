"""The envelope, out and in: one signed request, and the result in the answer to a question.

What cannot be read is never empty: an unknown shape is Unreachable. A list of things that stand alone loses only the row that cannot
be read; a list that must be complete is lost whole. Numbers never pass through a binary float.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Generic, TypeVar

import msgspec

from interlock.errors import BadInput, Unreachable
from interlock.ports import Reply
from interlock.protocol.crypto_com.codes import TIMED_OUT, refusal
from interlock.protocol.crypto_com.signing import signature
from interlock.values import Instant, Secret

Row = TypeVar("Row")
Fact = TypeVar("Fact")

HTTP_OK: Final = 200
HTTP_TIMED_OUT: Final = 408
MS_MAX: Final = 10**14
EXPONENT_MAX: Final = 40


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it left, and so what its answer must echo. A public question has no id."""

    method: str
    id: int | None = None
    client_oid: str | None = None


@dataclass(frozen=True, slots=True)
class Rows(Generic[Fact]):
    """What a list said, and one line for each of its rows that could not be read."""

    facts: tuple[Fact, ...]
    skipped: tuple[str, ...]

    def whole(self) -> tuple[Fact, ...]:
        """The facts of a list that proves something only when every row of it was read; else Unreachable."""
        if self.skipped:
            raise Unreachable(f"A list of the exchange is not whole: {self.skipped[0]}")
        return self.facts


class _Envelope(msgspec.Struct):
    code: int | str
    id: int | str | None = None
    method: str | None = None
    message: str | None = None
    msg: str | None = None
    result: msgspec.Raw = msgspec.Raw(b"")


class _List(msgspec.Struct):
    data: list[msgspec.Raw]


def signed_body(
    api_key: Secret, api_secret: Secret, method: str, params: Mapping[str, object], nonce: int
) -> bytes:
    """The body of one private request: its id is its nonce, its numbers are texts; the secret itself is not in it."""
    key, stamp = api_key.reveal(), str(nonce)
    return msgspec.json.encode(
        {
            "id": nonce,
            "method": method,
            "params": params,
            "api_key": key,
            "sig": signature(api_secret, method, stamp, key, params, stamp),
            "nonce": nonce,
        }
    )


def result_of(reply: Reply, asked: Asked) -> bytes:
    """The result in the answer to a question; a non-zero code raises Refused, and whatever we cannot read Unreachable."""
    envelope = decode(reply.body, _Envelope, asked.method)
    code = _code(envelope.code, asked)
    if reply.status == HTTP_TIMED_OUT or code == TIMED_OUT or not _echoes(envelope, asked):
        raise Unreachable(f"{asked.method} was not answered (HTTP {reply.status}, code {code}).")
    if code != 0:
        raise refusal(code, envelope.message or envelope.msg or "")
    if reply.status != HTTP_OK:
        raise Unreachable(f"{asked.method} was answered with HTTP {reply.status} and no refusal.")
    return bytes(envelope.result)


def decode(raw: bytes, kind: type[Row], what: str) -> Row:
    """`raw` as `kind`; a shape that we do not know raises Unreachable, never reads as empty."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (ValueError, RecursionError) as error:
        raise Unreachable(f"{what} was answered in a shape we do not know: {error}.") from error


def rows_of(
    result: bytes, kind: type[Row], read: Callable[[Row], Fact | None], what: str
) -> Rows[Fact]:
    """Each row of `result.data` as `read` says it; None is a row that is not for us, and is not reported."""
    return read_rows(decode(result, _List, what).data, kind, read)


def read_rows(
    raws: list[msgspec.Raw], kind: type[Row], read: Callable[[Row], Fact | None]
) -> Rows[Fact]:
    """Each raw row as `read` says it; one that cannot be read is reported, and the others stay."""
    facts: list[Fact] = []
    skipped: list[str] = []
    for place, raw in enumerate(raws):
        try:
            fact = read(msgspec.json.decode(raw, type=kind))
        except (ValueError, RecursionError, BadInput) as error:
            skipped.append(f"row {place}: {error}")
            continue
        if fact is not None:
            facts.append(fact)
    return Rows(tuple(facts), tuple(skipped))


def number(value: Decimal) -> Decimal:
    """The number itself when it is finite and of a size that money can have; else bad input."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -EXPONENT_MAX or value.adjusted() > EXPONENT_MAX:
        raise BadInput(f"{str(value)[:EXPONENT_MAX]} is no number we can take.")
    return value


def instant(milliseconds: int | str) -> Instant:
    """The instant that whole milliseconds, as number or text, name."""
    return Instant.of_ms(_whole(milliseconds, MS_MAX))


def instant_ns(nanoseconds: int | str) -> Instant:
    """The instant that whole nanoseconds, as number or text, name, rounded down to microseconds."""
    return Instant(_whole(nanoseconds, MS_MAX * 10**6) // 1000)


def flag(value: bool | str) -> bool:  # noqa: FBT001 - it reads one
    """A boolean as the exchange writes it: as such, or as text."""
    if isinstance(value, str) and value not in {"true", "false"}:
        raise BadInput(f"{value!r} is neither true nor false.")
    return value in {True, "true"}


def _whole(value: int | str, limit: int) -> int:
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) <= EXPONENT_MAX):
        raise BadInput(f"{text[:EXPONENT_MAX]!r} is no time.")
    if int(text) >= limit:
        raise BadInput(f"{text} is no time we can take.")
    return int(text)


def _code(value: int | str, asked: Asked) -> int:
    if isinstance(value, int):
        return value
    if value.isascii() and value.isdigit() and len(value) <= EXPONENT_MAX:
        return int(value)
    raise Unreachable(f"{asked.method} was answered with a code that is none.")


def _echoes(envelope: _Envelope, asked: Asked) -> bool:
    """Whether id and method are those that were sent, where the answer names them."""
    is_mine = asked.id is None or envelope.id is None or str(envelope.id) == str(asked.id)
    return is_mine and envelope.method in {None, asked.method}
