"""The exchange's journal of what came or went without an order, priced and booked: for the settler and for whoever reconciles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from interlock.account import Tenure, Transfer
from interlock.ports import Books, Clock, Exchange
from interlock.values import Instant

STABLE: Final[dict[str, Decimal]] = {"USD": Decimal(1), "USDT": Decimal(1)}


@dataclass(frozen=True, slots=True)
class Journal:
    """Reads the exchange's journal, and books what it tells."""

    exchange: Exchange
    books: Books
    clock: Clock
    tenure: Tenure

    async def book(self, since: Instant, until: Instant) -> tuple[Transfer, ...]:
        """Books what the journal tells between the two instants; what was new is returned."""
        told = await self.exchange.transfers(since)
        return await self.keep([each for each in told if each.at <= until])

    async def keep(self, told: Sequence[Transfer]) -> tuple[Transfer, ...]:
        """Books these, each with its worth now; one that has no price makes the day's loss unknown."""
        if not told:
            return ()
        prices = await self._prices({each.currency for each in told})
        worth = [_priced(each, prices) for each in told]
        return self.books.transferred(self.tenure.epoch, self.clock.now(), worth)

    async def _prices(self, currencies: set[str]) -> Mapping[str, Decimal]:
        if currencies <= STABLE.keys():
            return STABLE
        ticks = await self.exchange.ticks()
        return {tick.symbol.split("_")[0]: tick.last for tick in ticks} | STABLE


def _priced(transfer: Transfer, prices: Mapping[str, Decimal]) -> Transfer:
    price = prices.get(transfer.currency)
    return transfer if price is None else replace(transfer, value=transfer.amount * price)
