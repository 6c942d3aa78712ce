"""What happens at the exchange without any client's asking: markets halt, thin out, change their grid and end; a person trades by hand.

Each takes effect at once. The books are those of every client, and so are the streams: nobody is spared the news.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from interlock.errors import BadInput, Misuse
from interlock.simulator.answers import Refusal, wording
from interlock.simulator.books.orderbook import Orderbook
from interlock.simulator.books.trading import Trading
from interlock.simulator.config import ApiKey
from interlock.simulator.market.conditions import USUAL, Conditions, Ladder
from interlock.simulator.market.listing import Listing
from interlock.simulator.market.replay import Market
from interlock.simulator.rest.private import ACTS, PrivateSide
from interlock.simulator.rest.requests import Call
from interlock.values import Instant, Secret, number_text

HAND: Final = "hand"
"""How the books name what was ordered by hand."""

FACTOR_LEAST: Final = Decimal("0.01")
NAMED: Final = ("/create-order", "/amend-order")
NO_KEY: Final = ApiKey(HAND, Secret(HAND))


class OnlyRecorded(Misuse):
    """A live market is not ours to change: what it costs and what stands there is told by a real exchange."""

    remedy = "Play it on recorded prices, or leave it out: a live market can be halted, resumed and delisted here."


@dataclass(frozen=True, slots=True)
class Thinness:
    """How thin a market is; None: as it was configured. `half_spread` is a fraction of the price, `ladder` are levels on each side."""

    depth: Decimal | None = None
    volume_share: Decimal | None = None
    half_spread: Decimal | None = None
    ladder: Ladder | None = None

    @property
    def is_possible(self) -> bool:
        """Whether nothing in it is negative, and a spread leaves something of the price."""
        sizes = [self.depth, self.volume_share, *(size for _, size in self.ladder or ())]
        ticks = (ticks for ticks, _ in self.ladder or ())
        spread = self.half_spread or Decimal(0)
        is_spread = 0 <= spread < 1
        return (
            is_spread
            and all(size is None or size >= 0 for size in sizes)
            and min(ticks, default=0) >= 0
        )


class Floor:
    """The markets and the web application of one exchange."""

    def __init__(
        self,
        listing: Listing,
        market: Market,
        book: Orderbook,
        trading: Trading,
        private: PrivateSide,
    ) -> None:
        self._listing: Final = listing
        self._market: Final = market
        self._book: Final = book
        self._trading: Final = trading
        self._private: Final = private

    # -- markets

    def is_still(self, symbol: str) -> bool:
        """Whether nothing new is to be seen of a symbol that is listed."""
        return symbol in self._listing.instruments and self._market.conditions(symbol).is_still

    def trades(self, symbol: str) -> bool:
        """Whether a symbol was ever traded here."""
        return symbol in self._market.listed

    @property
    def is_recorded(self) -> bool:
        """Whether prices are recorded; else a real exchange tells them."""
        return not self._market.listed or bool(self._market.replays)

    def halt(self, symbol: str, now: Instant) -> None:
        """Nothing is traded: orders are refused with 309, resting ones stay and are not met, and what is seen stands still."""
        here = self._conditions(symbol)
        if not here.is_open:
            raise BadInput(f"{symbol} is halted already.")
        self._set(symbol, replace(here, halted=now), now)

    def resume(self, symbol: str, now: Instant) -> None:
        """Ends a halt: the price is where the recording has it now, and meets what it has passed meanwhile."""
        here = self._conditions(symbol)
        if here.is_open:
            raise BadInput(f"{symbol} is not halted.")
        self._set(symbol, replace(here, halted=None), now)

    def delist(self, symbol: str, now: Instant, *, remove: bool = False) -> None:
        """Ends a market for good: its open orders are cancelled, new ones refused with 208, or 209 where it is listed no more."""
        here = self._conditions(symbol)
        self._trading.cancel_all_of(symbol, now)
        if remove:
            self._listing.remove(symbol)
        else:
            self._market.relist(self._listing.change(symbol, tradable=False))
        self._set(symbol, replace(here, halted=here.halted or now, delisted=True), now)

    def regrid(self, symbol: str, tick: Decimal | None, lot: Decimal | None) -> None:
        """Another tick or lot (None: as it was) for every order to come; those that rest stay as they are."""
        self._recorded(symbol)
        fields: dict[str, object] = {}
        for step, size, decimals in (
            (tick, "price_tick_size", "quote_decimals"),
            (lot, "qty_tick_size", "quantity_decimals"),
        ):
            if step is not None and step <= 0:
                raise BadInput(f"A grid of {step} is none.")
            if step is not None:
                fields |= {size: number_text(step), decimals: _decimals(step)}
        self._market.relist(self._listing.change(symbol, **fields))

    def thin(self, symbol: str, thinness: Thinness, now: Instant) -> None:
        """What the book of a symbol holds from now on."""
        if not thinness.is_possible:
            raise BadInput(
                "What stands in a book is not negative, and a half-spread lies between 0 and 1."
            )
        here = self._recorded(symbol)
        new = replace(
            here,
            depth=thinness.depth,
            volume_share=thinness.volume_share,
            half_spread=thinness.half_spread,
            ladder=thinness.ladder,
        )
        self._set(symbol, new, now)

    def gap(self, symbol: str, factor: Decimal, now: Instant) -> None:
        """From the next bar on the price is so many times as high; what it jumps over is met behind the gap."""
        self._recorded(symbol)
        if not FACTOR_LEAST <= factor <= 1 / FACTOR_LEAST:
            raise BadInput(f"A price does not become {factor} times what it is.")
        self._market.replays[symbol].gap(factor, now)
        self._trading.await_price(symbol, now)

    def freeze(self, symbol: str | None, now: Instant) -> None:
        """What is seen of a symbol (None: of every one) stands still, while trading goes on at prices that nobody sees."""
        for each in self._named(symbol):
            here = self._recorded(each)
            self._market.set_conditions(each, replace(here, frozen=here.frozen or now))

    def thaw(self, symbol: str | None) -> None:
        """What is seen goes on."""
        for each in self._named(symbol):
            self._market.set_conditions(each, replace(self._recorded(each), frozen=None))

    def heal(self, now: Instant) -> None:
        """Every market that was not delisted is as it was configured."""
        for symbol in self._named(None):
            self._set(symbol, USUAL, now)

    def _named(self, symbol: str | None) -> list[str]:
        every = [each for each in self._market.listed if not self._market.conditions(each).delisted]
        return every if symbol is None else [symbol]

    def _conditions(self, symbol: str) -> Conditions:
        if symbol not in self._market.listed:
            raise BadInput(f"{symbol} is not traded here, so nothing can happen to it.")
        here = self._market.conditions(symbol)
        if here.delisted:
            raise BadInput(f"{symbol} is delisted for good.")
        return here

    def _recorded(self, symbol: str) -> Conditions:
        here = self._conditions(symbol)
        if not self.is_recorded:
            raise OnlyRecorded(
                f"{symbol} is told of by a real exchange: that cannot be done to it here."
            )
        return here

    def _set(self, symbol: str, new: Conditions, now: Instant) -> None:
        before = self._market.conditions(symbol)
        self._market.set_conditions(symbol, new)
        if (before.halted, before.half_spread) != (new.halted, new.half_spread):
            self._trading.await_price(symbol, now)

    # -- a person

    def hand(self, method: str, params: Mapping[str, object], now: Instant) -> dict[str, object]:
        """What a person does in the exchange's own application: a method of REST that acts, without a key; answered as REST would.

        Where the params name no client_oid, the exchange gives one of its own kind.
        """
        act = self._private.methods.get(method)
        if act is None or not method.rpartition("/")[2].startswith(ACTS):
            raise BadInput(f"{method!r} is nothing that a person does with orders.")
        own = {"client_oid": self._book.next_id()} if method.endswith(NAMED) else {}
        try:
            result = act(Call(HAND, own | dict(params), now.ms, NO_KEY), now)
        except Refusal as refused:
            told = {"code": refused.code, "message": wording(refused.code)}
            return told if refused.result is None else told | {"result": refused.result}
        return {"code": 0} if result is None else {"code": 0, "result": result}


def _decimals(step: Decimal) -> int:
    exponent = step.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
