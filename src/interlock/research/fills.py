"""How orders are filled in a backtest: every assumption is a field of `Fills`, and nothing is assumed beside them.

The models are those of `matching`, which the simulated exchange uses too. Without a word a fill is as pessimistic as bars allow: the
spread is paid, the stop comes before the target inside one bar, and a stop that is jumped over is filled at the open.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_UP,
    Decimal,
)
from enum import StrEnum
from typing import Final

from interlock.account import Lot
from interlock.errors import BadInput
from interlock.matching import Quote, maker_level, quote_of, takeable
from interlock.protection.view import stop_price, target_price
from interlock.values import Instrument, Price, Side

FINEST: Final = Decimal("1e-12")


class EntryAt(StrEnum):
    """At what an entry may be filled: the live collar (ask plus allowed slippage, else not at all), or the next open whatever it is."""

    COLLAR = "COLLAR"
    OPEN = "OPEN"


class Inside(StrEnum):
    """What happens first where stop and target lie in one bar: the stop, or what the path of `matching` meets first."""

    STOP_FIRST = "STOP_FIRST"
    PATH = "PATH"


class Anchor(StrEnum):
    """What distances are a share of: the close of the decided bar, as live freezes them, or the ask at the entry."""

    SIGNAL = "SIGNAL"
    ENTRY = "ENTRY"


class End(StrEnum):
    """Where what is still open ends on the last bar: at its close, or at its open."""

    CLOSE = "CLOSE"
    OPEN = "OPEN"


class Onto(StrEnum):
    """To which side a level goes onto the tick."""

    DOWN = ROUND_FLOOR
    UP = ROUND_CEILING
    NEAREST = ROUND_HALF_UP


@dataclass(frozen=True, slots=True)
class Fills:
    """Rates, half-spread, slippage and share are plain fractions. `latency` is from the end of the decided bar to the execution.

    `slippage` makes what takes worse, never what rests. A target is met when price touches it, or only when it is `crossed`.
    `volume_share` is how much of a bar's volume one order can take (None: all that is wanted). A stop goes onto the tick downward and
    a target upward, as protection has them, unless said otherwise. A buy's fee is taken in base unless `fee_in_quote`.
    """

    entry: EntryAt = EntryAt.COLLAR
    inside: Inside = Inside.STOP_FIRST
    anchor: Anchor = Anchor.SIGNAL
    end: End = End.CLOSE
    maker_rate: Decimal = Decimal("0.0025")
    taker_rate: Decimal = Decimal("0.005")
    fee_in_quote: bool = False
    half_spread: Decimal = Decimal("0.0001")
    slippage: Decimal = Decimal(0)
    latency: timedelta = timedelta()
    volume_share: Decimal | None = None
    crossed: bool = False
    stop_onto: Onto = Onto.DOWN
    target_onto: Onto = Onto.UP
    path_seed: int | None = None
    hourly_interest_rate: Decimal = Decimal("0.00001")

    def __post_init__(self) -> None:
        shares = (self.maker_rate, self.taker_rate, self.half_spread, self.slippage)
        if not all(0 <= share < 1 for share in shares) or self.latency < timedelta():
            raise BadInput(
                "A rate, spread or slippage is not in [0, 1), or the latency is negative."
            )
        if self.volume_share is not None and not 0 < self.volume_share <= 1:
            raise BadInput(f"A volume share of {self.volume_share} is not in (0, 1].")

    def quote(self, price: Decimal, instrument: Instrument) -> Quote:
        """Bid and ask around a price of the path."""
        return quote_of(price, self.half_spread, instrument.price_tick)

    def bought_at(self, quote: Quote, limit: Decimal) -> Decimal | None:
        """What a buy pays, in quote per base; None when that is above the limit that binds it."""
        price = quote.ask * (1 + self.slippage)
        if self.entry is EntryAt.COLLAR and price > limit:
            return None
        return price

    def sold_at(self, price: Decimal, instrument: Instrument) -> Decimal:
        """What a sale that takes gets around a price of the path; at least a tick, since whoever sells at any price sells."""
        bid = self.quote(price, instrument).bid or instrument.price_tick
        return bid * (1 - self.slippage)

    def available(self, wanted: Decimal, volume: Decimal, instrument: Instrument) -> Decimal:
        """How much of what is wanted a bar of this volume lets through, in whole lots."""
        if self.volume_share is None:
            return wanted
        return takeable(wanted, volume * self.volume_share, instrument.lot)

    def levels(self, lot: Lot, instrument: Instrument) -> tuple[Price | None, Price | None]:
        """Where the lot is stopped and where it is taken, by the functions of protection, onto the tick as these settings say."""
        stop, target = stop_price(lot, instrument), target_price(lot, instrument)
        if self.stop_onto is not Onto.DOWN:
            stop = onto(lot.average - lot.stop_distance, instrument, self.stop_onto)
        if self.target_onto is not Onto.UP:
            target = onto(lot.average + lot.target_distance, instrument, self.target_onto)
        return stop, target

    def met_at(self, target: Decimal) -> Decimal:
        """The price of the path at which a resting target is met: where the bid gets to it."""
        return maker_level(Side.SELL, target, self.half_spread) if self.half_spread else target


def onto(rate: Decimal, instrument: Instrument, side: Onto) -> Price | None:
    """The price on the tick to this side of a rate; None when that is nothing."""
    tick = instrument.price_tick
    on_tick = (rate / tick).to_integral_value(side.value) * tick
    return Price(on_tick, instrument.base, instrument.quote) if on_tick > 0 else None


def ungridded(symbol: str, lot: Decimal = FINEST) -> Instrument:
    """A book without a grid worth speaking of: for rules that round nothing."""
    base, _, quote = symbol.partition("_")
    return Instrument(
        symbol=symbol,
        base=base,
        quote=quote,
        price_tick=FINEST,
        lot=lot,
        tradable=True,
        margin_buy=True,
        max_leverage=Decimal(50),
        min_notional=None,
    )
