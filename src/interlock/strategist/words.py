"""What the platform and the process of the strategies say to each other: lengths and MessagePack, checked word by word.

Nothing that comes back is ever run or unpickled: it is text and numbers, bounded, or it was not heard.
"""

import math
from collections.abc import Sequence
from dataclasses import fields
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Final, Literal

import msgspec
import numpy as np

from interlock.errors import BadInput
from interlock.market import Window
from interlock.strategy.contract import (
    AtrStop,
    Declared,
    Percent,
    RiskReward,
    Stop,
    Strategy,
    Target,
)
from interlock.strategy.manage import Answer, Exit, Held, Hold, MoveStop
from interlock.strategy.signal import Flag, Opinion
from interlock.values import Instant, Unknown, decimal_of

HEAD: Final = 4
REPLY_MAX: Final = 1 << 20
_MS: Final = timedelta(milliseconds=1)

Word = Annotated[str, msgspec.Meta(max_length=200)]
Text = Annotated[str, msgspec.Meta(max_length=2000)]
Positive = Annotated[int, msgspec.Meta(gt=0, le=10**12)]


class Lot(msgspec.Struct, frozen=True):
    """An open lot that it is asked about."""

    opened_us: int
    average: Decimal
    remaining: Decimal
    stop: Decimal | None
    target: Decimal | None


class Ask(msgspec.Struct, frozen=True):
    """What does this strategy say of the newest of these bars? Arrays as bytes: int64 openings, then float64 columns."""

    name: str
    symbol: str
    span_ms: int
    opens: bytes
    columns: tuple[bytes, bytes, bytes, bytes, bytes]
    lots: list[Lot]


class Level(msgspec.Struct, frozen=True):
    """A stop or a target as it is declared."""

    kind: Literal["atr", "percent", "ratio"]
    number: Word
    fallback: Word | None = None


class Parameter(msgspec.Struct, frozen=True):
    """A parameter that a sweep may change."""

    default: float
    low: float
    high: float
    step: float


class Card(msgspec.Struct, frozen=True):
    """What a strategy is, without the strategy."""

    name: Word
    timeframe_ms: Positive
    bars_needed: Positive
    stop: Level | None
    target: Level | None
    price_change_pct_min: Word
    manages: bool
    says: Text
    source: Text
    parameters: dict[Word, Parameter]


class Shelf(msgspec.Struct, frozen=True, tag=True):
    """The first thing that the process says: what it loaded, and what it could not, by file, and why."""

    cards: list[Card]
    broken: dict[Text, Text]


class Spoken(msgspec.Struct, frozen=True, tag=True):
    """An opinion: flags as (name, holds, because); a value is a number, or the reason why there is none."""

    buys: Annotated[list[tuple[Word, bool | None, Text]], msgspec.Meta(max_length=64)]
    sells: Annotated[list[tuple[Word, bool | None, Text]], msgspec.Meta(max_length=64)]
    values: Annotated[dict[Word, float | Word], msgspec.Meta(max_length=64)]
    answers: list[tuple[Literal["hold", "exit", "move"], Decimal, Word]] = []


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The strategy raised, and what."""

    why: Text


Reply = Shelf | Spoken | Failed
_REPLIES: Final[msgspec.msgpack.Decoder[Reply]] = msgspec.msgpack.Decoder(Reply)
_ASKS: Final = msgspec.msgpack.Decoder(Ask)


def framed(said: Ask | Reply) -> bytes:
    """The bytes of one message: how long it is, and itself."""
    body = msgspec.msgpack.encode(said)
    return len(body).to_bytes(HEAD, "big") + body


def length(head: bytes, most: int = 1 << 30) -> int:
    """How long the message is that follows; BadInput when that cannot be."""
    size = int.from_bytes(head, "big")
    if len(head) != HEAD or size > most:
        raise BadInput(f"A message of {size} bytes is none.")
    return size


def reply_of(body: bytes) -> Reply:
    """A reply; BadInput when it is none."""
    try:
        return _REPLIES.decode(body)
    except msgspec.MsgspecError as error:
        raise BadInput(f"It says what it may not: {error}") from error


def ask_of(body: bytes) -> Ask:
    """A question."""
    return _ASKS.decode(body)


def asked(name: str, window: Window, lots: Sequence[Held] = ()) -> Ask:
    """The question about the newest bar of a window."""
    one, two, three, four, five = (each.tobytes() for each in window.arrays)
    opens = window.opens_ms.tobytes()
    columns = (one, two, three, four, five)
    held = [Lot(x.opened_at.micros, x.average, x.remaining, x.stop, x.target) for x in lots]
    return Ask(name, window.symbol, window.span // _MS, opens, columns, held)


def lots_of(ask: Ask) -> tuple[Held, ...]:
    """The lots that a question is about."""
    return tuple(
        Held(ask.symbol, Instant(x.opened_us), x.average, x.remaining, x.stop, x.target)
        for x in ask.lots
    )


def window_of(ask: Ask) -> Window:
    """The window that a question is about."""
    columns = (np.frombuffer(each, dtype=np.float64) for each in ask.columns)
    opens = np.frombuffer(ask.opens, dtype=np.int64)
    return Window(ask.symbol, ask.span_ms * _MS, opens, *columns)


def spoken(said: Opinion) -> Spoken:
    """An opinion in words."""

    def word(value: float | Unknown) -> float | str:
        return value.why if isinstance(value, Unknown) else value

    return Spoken(
        [(f.name, f.holds, f.because) for f in said.buys],
        [(f.name, f.holds, f.because) for f in said.sells],
        {name: word(value) for name, value in said.values.items()},
        [_answer(each) for each in said.answers],
    )


def opinion_of(words: Spoken) -> Opinion:
    """The opinion that the words are; BadInput when they are none."""
    if not any(holds is not None for _, holds, _ in words.buys):
        raise BadInput("It asks no condition of a BUY.")
    values = {name: _number(value) for name, value in words.values.items()}
    return Opinion(
        tuple(_flag("buy_", *each) for each in words.buys),
        tuple(_flag("sell_", *each) for each in words.sells),
        values,
        tuple(_answer_of(*each) for each in words.answers),
    )


def card_of(strategy: Strategy, source: str) -> Card:
    """What a strategy is."""
    return Card(
        name=strategy.name,
        timeframe_ms=strategy.timeframe // _MS,
        bars_needed=strategy.bars_needed,
        stop=_level(strategy.stop),
        target=_level(strategy.target),
        price_change_pct_min=str(strategy.price_change_pct_min),
        manages=strategy.manages,
        says=strategy.says[:2000],
        source=source,
        parameters=parameters_of(strategy),
    )


def parameters_of(strategy: Strategy) -> dict[str, Parameter]:
    """The parameters that a sweep may change, as this strategy has them."""
    given = {f.name: getattr(strategy, f.name) for f in fields(strategy)}
    return {
        name: Parameter(given[name], allowed.low, allowed.high, allowed.step)
        for name, allowed in strategy.ranges().items()
    }


def declared_of(card: Card) -> Declared:
    """What the desk must know of a strategy; BadInput when a figure is none."""
    return Declared(
        name=card.name,
        key=card.name,
        timeframe=card.timeframe_ms * _MS,
        bars_needed=card.bars_needed,
        stop=_stop(card.stop),
        target=_target(card.target),
        price_change_pct_min=_positive(card.price_change_pct_min),
        manages=card.manages,
    )


def _flag(side: str, name: str, holds: bool | None, because: str) -> Flag:  # noqa: FBT001 - a flag's three parts in their order
    if not name.startswith(side):
        raise BadInput(f"A flag {name!r} is not one of {side}.")
    return Flag(name, holds, because)


def _answer(answer: Answer) -> tuple[Literal["hold", "exit", "move"], Decimal, str]:
    match answer:
        case Hold():
            return ("hold", Decimal(0), "")
        case Exit(why):
            return ("exit", Decimal(0), why)
        case MoveStop(level, why):
            return ("move", level, why)


def _answer_of(kind: Literal["hold", "exit", "move"], level: Decimal, why: str) -> Answer:
    match kind:
        case "hold":
            return Hold()
        case "exit":
            return Exit(why)
        case "move":
            return MoveStop(level, why)


def _number(value: float | str) -> float | Unknown:
    if isinstance(value, str):
        return Unknown(value)
    return value if math.isfinite(value) else Unknown("NO_MOVEMENT")


def _level(declared: Stop | Target | None) -> Level | None:
    match declared:
        case AtrStop(multiple, fallback):
            return Level("atr", str(multiple), None if fallback is None else str(fallback))
        case Percent(pct):
            return Level("percent", str(pct))
        case RiskReward(ratio):
            return Level("ratio", str(ratio))
        case None:
            return None


def _stop(level: Level | None) -> Stop | None:
    match level:
        case None:
            return None
        case Level("atr", number, fallback):
            return AtrStop(_positive(number), None if fallback is None else _positive(fallback))
        case Level("percent", number):
            return Percent(_positive(number))
        case _:
            raise BadInput("A stop is declared by ATR or in percent.")


def _target(level: Level | None) -> Target | None:
    match level:
        case None:
            return None
        case Level("ratio", number):
            return RiskReward(_positive(number))
        case Level("percent", number):
            return Percent(_positive(number))
        case _:
            raise BadInput("A target is declared by its ratio to the stop or in percent.")


def _positive(text: str) -> Decimal:
    number = decimal_of(text)
    if not number.is_finite() or number <= 0:
        raise BadInput(f"{text} is not above zero.")
    return number
