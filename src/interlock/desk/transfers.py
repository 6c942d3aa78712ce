"""The exchange's journal of what came or went without an order, priced and booked: for the settler and for whoever reconciles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from interlock.account import AccountReading, Margin, Tenure, Transfer
from interlock.ports import Books, Clock, Exchange
from interlock.values import Instant

STABLE: Final[dict[str, Decimal]] = {"USD": Decimal(1), "USDT": Decimal(1)}


HOUR: Final = timedelta(hours=1)
# So long after an hour its interest may still come: who charges it takes a moment, and his clock may be behind ours.
LATE: Final = timedelta(seconds=30)
LOOK_BACK: Final = timedelta(days=6)
RETRY: Final = timedelta(seconds=30)


@dataclass(slots=True)
class Journal:
    """Reads the exchange's journal, and books what it tells. `read_to` is until when the interest of this tenure is booked."""

    exchange: Exchange
    books: Books
    clock: Clock
    tenure: Tenure
    read_to: Instant | None = None
    failed_at: Instant | None = None

    async def book(self, since: Instant, until: Instant) -> tuple[Transfer, ...]:
        """Books what the journal tells between the two instants; what was new is returned."""
        told = await self.exchange.transfers(since)
        return await self.keep([each for each in told if each.at <= until])

    async def interest(self, reading: AccountReading) -> None:
        """Books an hour's interest, until all of it must be there, while anything is, was or may be borrowed; on spot nothing is asked.

        A journal that could not be read is asked for again half a minute later, from where it was booked.
        """
        last = self.read_to
        is_booked = last is not None and last >= reading.as_of.floor(HOUR)
        has_failed = self.failed_at is not None and reading.as_of < self.failed_at + RETRY
        if is_booked or has_failed or not self._is_on_margin(reading):
            return
        # What an hour brought late is read once more with the next.
        self.failed_at = reading.as_of
        await self.book((last or reading.as_of - LOOK_BACK) - HOUR, reading.as_of)
        self.failed_at = None
        self.read_to = reading.as_of - LATE

    def _is_on_margin(self, reading: AccountReading) -> bool:
        """Whether anything is owed, a lot stands on credit, or a row lets one be made."""
        if any(balance.total < 0 for balance in reading.balances.values()):
            return True
        rows = (row.trade_on_margin for row in self.books.watchlist())
        return any(rows) or any(
            isinstance(lot.funding, Margin) for lot, _ in self.books.open_lots()
        )

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
