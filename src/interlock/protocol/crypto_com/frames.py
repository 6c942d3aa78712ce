"""What is said on the user socket, both ways: their frames as our facts, and the few words that we say.

News of orders, triggers and executions are read as a list that must be whole: a frame of which one row cannot be read is Unreachable,
and whoever listens has a gap. News of a channel that we did not ask for say nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from interlock.account import AccountReading
from interlock.errors import Refused, Unreachable
from interlock.orders.evidence import Fill, OrderFact, Source
from interlock.protocol.crypto_com import account, orders, trades
from interlock.protocol.crypto_com.codes import refusal
from interlock.protocol.crypto_com.signing import signature
from interlock.protocol.crypto_com.wire import EXPONENT_MAX, decode
from interlock.values import Instant, Secret, Unknown

HEARTBEAT: Final = "public/heartbeat"
ECHO: Final = "public/respond-heartbeat"
AUTH: Final = "public/auth"
SUBSCRIBE: Final = "subscribe"
# Answered in order on the same socket, and changing nothing: what was said before its answer has been heard.
PROOF: Final = "private/get-cancel-on-disconnect"
CHANNELS: Final = ("user.order", "user.advance.order", "user.trade", "user.balance")

ORDERS: Final = {
    "user.order": Source.USER_STREAM,
    "user.advance.order": Source.ADVANCED_STREAM,
    "user.advanced.order": Source.ADVANCED_STREAM,
}
TRADES: Final = "user.trade"
BALANCE: Final = "user.balance"


@dataclass(frozen=True, slots=True)
class Beat:
    """They ask whether we are there: the same id is to be said back within 5 s."""

    id: int


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a word of ours; `refused` when it was not done."""

    id: int
    method: str
    refused: Refused | None = None


@dataclass(frozen=True, slots=True)
class News:
    """What happened to orders, executions or the wallet; the first news of a channel bear the id of the request for it.

    A wallet that is not told whole is Unknown with its why: that it moved is news all the same.
    """

    id: int
    facts: tuple[OrderFact, ...] = ()
    fills: tuple[Fill, ...] = ()
    wallet: AccountReading | Unknown | None = None


Frame = Beat | Reply | News


class _Frame(msgspec.Struct):
    method: str
    id: int | str | None = None
    code: int | str = 0
    message: str | None = None
    result: msgspec.Raw = msgspec.Raw(b"")


class _Told(msgspec.Struct):
    channel: str | None = None
    subscription: str | None = None


def frame(raw: bytes, as_of: Instant) -> Frame:
    """The frame that these bytes are; a shape that we do not know raises Unreachable."""
    said = decode(raw, _Frame, "the user socket")
    code = _whole(said.code)
    if said.method == HEARTBEAT and code == 0:
        return Beat(_whole(said.id))
    if code != 0:
        return Reply(_id(said), said.method, refusal(code, said.message or ""))
    if said.method == SUBSCRIBE and said.result:
        return _news(_id(said), bytes(said.result), as_of)
    return Reply(_id(said), said.method)


def echo(beat: Beat) -> bytes:
    """We are there."""
    return msgspec.json.encode({"id": beat.id, "method": ECHO})


def authentication(api_key: Secret, api_secret: Secret, request_id: int, nonce: int) -> bytes:
    """Who we are: key, signature and nonce stand beside the method, not among parameters."""
    key = api_key.reveal()
    sig = signature(api_secret, AUTH, str(request_id), key, {}, str(nonce))
    said = {"id": request_id, "method": AUTH, "api_key": key, "sig": sig, "nonce": nonce}
    return msgspec.json.encode(said)


def subscription(request_id: int, nonce: int, channels: Sequence[str] = CHANNELS) -> bytes:
    """What we want to hear."""
    params = {"channels": list(channels)}
    said = {"id": request_id, "method": SUBSCRIBE, "params": params, "nonce": nonce}
    return msgspec.json.encode(said)


def proof(request_id: int, nonce: int) -> bytes:
    """The question whose answer proves that everything before it was heard."""
    said = {"id": request_id, "method": PROOF, "params": {}, "nonce": nonce}
    return msgspec.json.encode(said)


def _news(request_id: int, result: bytes, as_of: Instant) -> News:
    told = decode(result, _Told, SUBSCRIBE)
    channel = told.channel or told.subscription or ""
    if channel in ORDERS:
        return News(request_id, facts=orders.orders(result, as_of, ORDERS[channel]).whole())
    if channel == TRADES:
        return News(request_id, fills=trades.fills(result).whole())
    if channel == BALANCE:
        return News(request_id, wallet=_wallet(result, as_of))
    return News(request_id)


def _wallet(result: bytes, as_of: Instant) -> AccountReading | Unknown:
    try:
        return account.account(result, as_of)
    except Unreachable as error:
        return Unknown(str(error))


def _id(said: _Frame) -> int:
    """The id of what was answered; -1 where it names none."""
    return -1 if said.id is None else _whole(said.id)


def _whole(value: int | str | None) -> int:
    text = str(value)
    is_whole = text.removeprefix("-").isdigit() and text.isascii() and len(text) <= EXPONENT_MAX
    if not is_whole:
        raise Unreachable(f"The user socket said {text[:EXPONENT_MAX]!r} where a number stands.")
    return int(text)
