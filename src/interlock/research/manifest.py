"""The manifest of a run: what it was made of, to the bit. Equal manifests give equal figures."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from interlock.market import Window
from interlock.research.candles.shelf import data_hash
from interlock.research.candles.timeframe import name_of
from interlock.research.engine import Setup
from interlock.research.track import Lane
from interlock.values import Instant, digest


@dataclass(frozen=True, slots=True)
class Source:
    """The bars of one lane: where they are from, which, and what they hash to."""

    symbol: str
    timeframe: str
    bars: int
    first: str
    last: str
    sha256: str
    origin: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a run was made of. `config` is every assumption in words, `config_hash` names it."""

    run_id: str
    started_at: str
    code: str
    seed: int
    config_hash: str
    config: Any
    sources: tuple[Source, ...]


def source_of(window: Window, origin: str) -> Source:
    """The bars of one lane, which are at least one."""
    first, last = (Instant.of_ms(int(window.opens_ms[n])).iso()[:16] for n in (0, -1))
    size = (name_of(window.span), len(window))
    return Source(window.symbol, *size, first, last, data_hash(window), origin)


def config_of(lanes: Sequence[Lane], setup: Setup) -> dict[str, Any]:
    """Every field of the account, the limits, the fills, the rows and the strategies, in plain words."""
    told = [
        {
            "row": plain(lane.row),
            "strategy": plain(lane.strategy),
            "instrument": plain(lane.instrument),
        }
        for lane in lanes
    ]
    return {"setup": plain(setup), "lanes": told}


def config_hash(config: object) -> str:
    """The same config has the same hash in every process."""
    return digest(repr(config))


def plain(value: object) -> Any:  # noqa: ANN401 - JSON of any shape
    """A value as texts, numbers, lists and objects; sets are sorted, and a class says its name."""
    if is_dataclass(value) and not isinstance(value, type):
        names = (field.name for field in fields(value))
        return {"is": type(value).__name__, **{n: plain(getattr(value, n)) for n in names}}
    match value:
        case None | bool() | int() | float():
            return value
        case frozenset() | set():
            return sorted(str(each) for each in value)
        case tuple() | list():
            return [plain(each) for each in value]
        case dict():
            return {str(name): plain(each) for name, each in value.items()}
        case _:
            return str(value)
