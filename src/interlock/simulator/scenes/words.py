"""The control words: each a shape of what is asked, and what then is done to the exchange. Nothing else changes it from outside.

The control port serves each under its name, and a scenario file does each under its name: a word added here is known to both.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, Generic, TypeVar

import msgspec

from interlock.errors import BadInput, Misuse
from interlock.simulator.config import Permission
from interlock.simulator.engine import Engine
from interlock.simulator.faults import Arm
from interlock.simulator.floor import Thinness
from interlock.simulator.streams.audience import Audience
from interlock.simulator.streams.faults import Disturbance

Told = dict[str, object]


class NobodyListens(Misuse):
    """An exchange in process has no sockets."""

    remedy = (
        "Serve the exchange with `interlock simulate`, or leave out what is done to its sockets."
    )


@dataclass(frozen=True, slots=True)
class Stage:
    """What a word is done to: the exchange, those who listen to it on sockets (None in process), and how all connections are cut."""

    engine: Engine
    audience: Audience | None = None
    cut_all: Callable[[], object] = lambda: None

    def pass_on(self) -> None:
        """Tells those who listen what has happened."""
        if self.audience is not None:
            self.audience.pass_on()


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """What a word asks for; a field that it does not know is a mistake."""


class Disarm(Asked):
    """Which fault to take back; null: all of them."""

    fault: str | None = None


class Restart(Asked):
    """How long nobody reaches the exchange after it, on its own clock."""

    seconds: float = 0.0


class Allowlist(Asked):
    """From which addresses a key (null: every key) may come (null: from all), and the code by which others are refused."""

    addresses: list[str] | None
    code: int | None = None
    key: str | None = None


class Key(Asked):
    """What becomes of a key (null: of every key); null leaves as it is."""

    revoked: bool | None = None
    permission: Permission | None = None
    key: str | None = None


class Market(Asked):
    """One market."""

    symbol: str


class Ending(Asked):
    """A market that ends; removed, it is not even listed any more."""

    symbol: str
    remove: bool = False


class Grid(Asked):
    """Another tick or lot; null leaves as it is."""

    symbol: str
    tick: Decimal | None = None
    lot: Decimal | None = None


class Thin(Asked):
    """What a book holds; null: as it was configured."""

    symbol: str
    depth: Decimal | None = None
    volume_share: Decimal | None = None
    half_spread: Decimal | None = None
    ladder: list[tuple[int, Decimal]] | None = None


class Gap(Asked):
    """How many times as high every price is from the next bar on."""

    symbol: str
    factor: Decimal


class Data(Asked):
    """Market data of one symbol; null: of all."""

    symbol: str | None = None


class Hand(Asked):
    """What a person does: a method of REST that acts, and its parameters."""

    method: str
    params: dict[str, Any] = {}


class Transfer(Asked):
    """Money that comes in, or leaves (negative)."""

    currency: str
    amount: Decimal


class MarginCall(Asked):
    """Whether the account is called, whatever it holds."""

    on: bool = True


AnyAsked = TypeVar("AnyAsked", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Word(Generic[AnyAsked]):
    """One word: what must be said, what is done and told of it, and one sentence of what that is."""

    shape: type[AnyAsked]
    do: Callable[[Stage, AnyAsked], Told]
    law: str


def _arm(stage: Stage, asked: Arm) -> Told:
    stage.engine.faults.arm(asked, stage.engine.now)
    return {"armed": asked.fault}


def _disarm(stage: Stage, asked: Disarm) -> Told:
    return {"disarmed": stage.engine.faults.disarm(asked.fault, stage.engine.now)}


def _restart(stage: Stage, asked: Restart) -> Told:
    stage.engine.restart(asked.seconds)
    stage.cut_all()
    return {"seconds": asked.seconds}


def _allowlist(stage: Stage, asked: Allowlist) -> Told:
    stage.engine.access.allow(asked.addresses, asked.code, asked.key)
    return {"addresses": asked.addresses, "code": asked.code}


def _key(stage: Stage, asked: Key) -> Told:
    stage.engine.access.change(revoked=asked.revoked, permission=asked.permission, name=asked.key)
    return {"revoked": asked.revoked, "permission": asked.permission}


def _stream(stage: Stage, asked: Disturbance) -> Told:
    if stage.audience is None:
        raise NobodyListens(f"{asked.fault!r} has nobody to meet here.")
    return {asked.fault: stage.audience.disturb(asked)}


def _halt(stage: Stage, asked: Market) -> Told:
    stage.engine.floor.halt(asked.symbol, stage.engine.now)
    return {"halted": asked.symbol}


def _resume(stage: Stage, asked: Market) -> Told:
    stage.engine.floor.resume(asked.symbol, stage.engine.now)
    return {"resumed": asked.symbol}


def _delist(stage: Stage, asked: Ending) -> Told:
    stage.engine.floor.delist(asked.symbol, stage.engine.now, remove=asked.remove)
    return {"delisted": asked.symbol}


def _grid(stage: Stage, asked: Grid) -> Told:
    stage.engine.floor.regrid(asked.symbol, asked.tick, asked.lot)
    return {"symbol": asked.symbol, "tick": asked.tick, "lot": asked.lot}


def _thin(stage: Stage, asked: Thin) -> Told:
    ladder = None if asked.ladder is None else tuple(asked.ladder)
    thinness = Thinness(asked.depth, asked.volume_share, asked.half_spread, ladder)
    stage.engine.floor.thin(asked.symbol, thinness, stage.engine.now)
    return {"thin": asked.symbol}


def _gap(stage: Stage, asked: Gap) -> Told:
    stage.engine.floor.gap(asked.symbol, asked.factor, stage.engine.now)
    return {"symbol": asked.symbol, "factor": asked.factor}


def _freeze(stage: Stage, asked: Data) -> Told:
    stage.engine.floor.freeze(asked.symbol, stage.engine.now)
    return {"frozen": asked.symbol}


def _thaw(stage: Stage, asked: Data) -> Told:
    stage.engine.floor.thaw(asked.symbol)
    return {"thawed": asked.symbol}


def _hand(stage: Stage, asked: Hand) -> Told:
    return stage.engine.floor.hand(asked.method, asked.params, stage.engine.now)


def _transfer(stage: Stage, asked: Transfer) -> Told:
    if not asked.amount:
        raise BadInput(f"Nothing of {asked.currency} would move.")
    stage.engine.transfer(asked.currency, asked.amount)
    return {"currency": asked.currency, "amount": asked.amount}


def _margin_call(stage: Stage, asked: MarginCall) -> Told:
    stage.engine.margin_call(on=asked.on)
    return {"on": asked.on}


WORDS: Final[Mapping[str, Word[Any]]] = MappingProxyType(
    {
        "arm": Word(Arm, _arm, "Arms a fault for requests to come."),
        "disarm": Word(Disarm, _disarm, "Takes back what is still armed."),
        "restart": Word(
            Restart, _restart, "Cuts every connection; for so long nobody gets through."
        ),
        "stream": Word(Disturbance, _stream, "Disturbs the news on a socket, or closes it."),
        "allowlist": Word(Allowlist, _allowlist, "Sets from which addresses a key may come."),
        "key": Word(Key, _key, "Revokes a key, brings it back, or sets what it may do."),
        "halt": Word(
            Market, _halt, "Halts a market: 309, nothing is met, what is seen stands still."
        ),
        "resume": Word(Market, _resume, "Ends a halt."),
        "delist": Word(
            Ending, _delist, "Ends a market for good: open orders are cancelled, then 208."
        ),
        "grid": Word(Grid, _grid, "Gives an instrument another tick or lot: 308 and 213 off it."),
        "thin": Word(Thin, _thin, "Sets what the book of a market holds, and how wide it is."),
        "gap": Word(Gap, _gap, "Lets the price jump when its next bar opens."),
        "freeze": Word(Data, _freeze, "Lets market data stand still while trading goes on."),
        "thaw": Word(Data, _thaw, "Lets market data go on."),
        "hand": Word(
            Hand, _hand, "A person trades on the same account, in the exchange's own app."
        ),
        "transfer": Word(Transfer, _transfer, "Money comes in, or leaves."),
        "margin_call": Word(
            MarginCall, _margin_call, "Calls the account's margin, or takes it back."
        ),
    }
)
"""Every word by its name."""

OF_RECORDINGS: Final = frozenset({"grid", "thin", "gap", "freeze", "thaw"})
"""What cannot be done to a live market."""
