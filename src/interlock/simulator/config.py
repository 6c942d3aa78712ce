"""What a simulated exchange is made of: its market, its fees, its account, its keys. Everything else follows from the requests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from interlock.simulator.recordings import Series, Tape
from interlock.simulator.switches import AS_SEEN, Switches
from interlock.values import Instant, Secret


class Permission(StrEnum):
    """What a key may do; a key that may trade may read."""

    READ = "read"
    TRADE = "trade"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key of the account."""

    key: str
    secret: Secret
    permission: Permission = Permission.TRADE


def demo_key(seed: int) -> ApiKey:
    """The key that a seed gives: plainly made up, worth nothing anywhere else."""
    return ApiKey(f"sim-key-{seed:06d}", Secret(f"sim-secret-{seed:06d}-worth-nothing"))


def reading_key(seed: int) -> ApiKey:
    """The second key that a seed gives: it may look and not trade."""
    secret = Secret(f"sim-reader-secret-{seed:06d}-worth-nothing")
    return ApiKey(f"sim-reader-key-{seed:06d}", secret, Permission.READ)


@dataclass(frozen=True, slots=True)
class Config:
    """One exchange. Fee rates, half-spread and share are plain fractions; balances are by currency.

    `replay` has one recording per symbol, bars or trades; `depth` (base, per symbol) replaces what the best level holds, which is
    else `volume_share` of the bar's volume; `ladders` gives a symbol several levels on each side, as ticks away from the best and
    base there. `seed` shifts where order and trade ids begin and nothing else. The `switches` answer what is not known of the
    exchange for certain. `rate_limits` run on the engine's clock: on one that steps everything is asked at one instant. With `margin`
    the account may borrow, at `hourly_interest_rate` (a fraction). `path_seed` draws the paths inside the bars; without one they go
    in thirds. With `live` symbols nothing is replayed: prices are those that the engine is fed, and unknown when the book was not
    heard of for `live_stale_s`. With `slippage_ticks` nine more levels stand behind the best one, each as deep and so many ticks
    further away. With `listed` only these of the recorded instruments are listed.
    """

    start: Instant
    replay: Mapping[str, Series | Tape]
    keys: tuple[ApiKey, ...]
    balances: Mapping[str, Decimal] = field(default_factory=lambda: {"USDT": Decimal(10000)})
    seed: int = 0
    maker_rate: Decimal = Decimal("0.0025")
    taker_rate: Decimal = Decimal("0.005")
    half_spread: Decimal = Decimal("0.0001")
    volume_share: Decimal = Decimal("0.1")
    depth: Mapping[str, Decimal] = field(default_factory=dict)
    ladders: Mapping[str, tuple[tuple[int, Decimal], ...]] = field(default_factory=dict)
    rate_limits: bool = False
    switches: Switches = AS_SEEN
    margin: bool = False
    hourly_interest_rate: Decimal = Decimal("0.00001")
    path_seed: int | None = None
    live: tuple[str, ...] = ()
    live_stale_s: int = 10
    slippage_ticks: int = 0
    listed: tuple[str, ...] = ()
