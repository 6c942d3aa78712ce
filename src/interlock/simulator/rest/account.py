"""The private methods about the account: money, fees, positions, who it is, what moved its money. They change its settings alone.

It is a spot account, on margin or not, and has no positions. Wallet methods are answered in the old gateway's typing, all numbers as texts.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from heapq import merge
from itertools import islice
from operator import itemgetter
from types import MappingProxyType
from typing import Final

from interlock.simulator.answers import Refusal
from interlock.simulator.books.journal import Cause, totals_at
from interlock.simulator.books.orderbook import Orderbook
from interlock.simulator.books.orders import ZERO, Trade
from interlock.simulator.books.trading import Trading
from interlock.simulator.books.wallet import Wallet
from interlock.simulator.config import Config
from interlock.simulator.market.listing import Listing
from interlock.simulator.market.replay import Market
from interlock.simulator.rest.arguments import (
    BAD_ARGUMENT,
    DAY,
    MILLISECOND,
    Span,
    chain_page,
    history_page,
    span,
    text,
)
from interlock.simulator.rest.balances import DOLLAR, CreditTerms, balance_row, cut
from interlock.simulator.rest.fields import READ_BALANCE
from interlock.simulator.rest.funding import change, settings_row
from interlock.simulator.rest.requests import Call
from interlock.simulator.rest.rows import (
    ACCOUNT,
    NETWORK_ID,
    arranged,
    balance_words,
    chain_row,
    journal_rows,
    movement_row,
    trade_row,
)
from interlock.values import Instant, number_text

NO_ACCOUNT: Final = 401
BASIS_POINTS: Final = 10_000
# Seven days back from now are asked for too, whose end by default lies just after now.
TRADES_WINDOW: Final = 7 * DAY + MILLISECOND
NETWORK: Final = MappingProxyType(
    {
        "network_id": NETWORK_ID,
        "withdrawal_fee": "0.18000000",
        "withdraw_enabled": False,
        "min_withdrawal_amount": "0.36",
        "deposit_enabled": False,
        "confirmation_required": "15",
    }
)

Method = Callable[[Call, Instant], object]


@dataclass(frozen=True, slots=True)
class AccountSide:
    """What the exchange tells its one account about itself."""

    config: Config
    listing: Listing
    market: Market
    wallet: Wallet
    book: Orderbook
    trading: Trading

    @property
    def methods(self) -> dict[str, Method]:
        """Every method by its name."""
        return {
            "private/user-balance": self.balance,
            "private/get-fee-rate": self.fee_rate,
            "private/get-instrument-fee-rate": self.instrument_fee_rate,
            "private/get-positions": self.positions,
            "private/get-accounts": self.accounts,
            "private/get-account-settings": self.settings,
            "private/change-account-settings": self.change_settings,
            "private/change-account-leverage": self.change_leverage,
            "private/user-balance-history": self.balance_history,
            "private/get-deposit-history": partial(self.chain, Cause.DEPOSIT, "deposit_list"),
            "private/get-withdrawal-history": partial(
                self.chain, Cause.WITHDRAWAL, "withdrawal_list"
            ),
            "private/get-currency-networks": self.networks,
            "private/get-trades": self.trades,
            "private/get-transactions": self.transactions,
        }

    def balance(self, call: Call, now: Instant) -> object:  # noqa: ARG002 - it has no parameters
        """The wallet."""
        margin, rate = self.trading.margin, self.config.hourly_interest_rate
        terms = CreditTerms(
            self.listing.haircuts,
            rate if self.config.margin else ZERO,
            margin.settings.leverage,
            is_called=margin.is_called(now),
            is_gone=margin.is_gone(now),
        )
        row = balance_row(self.wallet, self.market, terms, now)
        return {"data": [balance_words(row, READ_BALANCE, self.config.switches)]}

    def balance_history(self, call: Call, now: Instant) -> object:
        """What all money was worth at the end of each day or hour, oldest first, the last one as it stands."""
        asked = history_page(call.params, now)
        times = [asked.end - n * asked.step for n in reversed(range(asked.count))]
        rows = [
            {"t": at.ms, "c": number_text(self._worth(at))}
            for at in times
            if at >= self.config.start
        ]
        return {"instrument_name": DOLLAR, "data": rows}

    def _worth(self, at: Instant) -> Decimal:
        held = totals_at(self.wallet.total, self.book.trades, self.trading.journal, at)
        worth = (cut(amount * self.market.usd(name, at)) for name, amount in held.items())
        return sum(worth, ZERO)

    def fee_rate(self, call: Call, now: Instant) -> object:  # noqa: ARG002 - it has no parameters
        """What a trade costs, in basis points."""
        maker, taker = self._rates()
        return {
            "spot_tier": "1",
            "deriv_tier": "1",
            "effective_spot_maker_rate_bps": maker,
            "effective_spot_taker_rate_bps": taker,
            "effective_deriv_maker_rate_bps": maker,
            "effective_deriv_taker_rate_bps": taker,
        }

    def instrument_fee_rate(self, call: Call, now: Instant) -> object:  # noqa: ARG002 - a rate does not change
        """What a trade of one instrument costs, in basis points."""
        symbol = text(call.params, "instrument_name")
        if symbol not in self.listing.instruments:
            raise Refusal(BAD_ARGUMENT)
        maker, taker = self._rates()
        return {
            "instrument_name": symbol,
            "effective_maker_rate_bps": maker,
            "effective_taker_rate_bps": taker,
        }

    def positions(self, call: Call, now: Instant) -> object:  # noqa: ARG002 - no derivatives, no positions
        """None: what a spot account holds are balances."""
        return {"data": []}

    def accounts(self, call: Call, now: Instant) -> object:  # noqa: ARG002 - it has no parameters
        """The one account, which has no others below it."""
        opened = self.config.start.ms
        master = {
            "uuid": ACCOUNT,
            "master_account_uuid": ACCOUNT,
            "label": "simulated",
            "enabled": True,
            "tradable": True,
            "name": "",
            "country_code": "",
            "margin_access": "ENABLED" if self.config.margin else "DISABLED",
            "derivatives_access": "DISABLED",
            "create_time": opened,
            "update_time": opened,
            "two_fa_enabled": True,
            "kyc_level": "ADVANCED",
            "suspended": False,
            "terminated": False,
        }
        return {"master_account": master, "sub_account_list": []}

    def settings(self, call: Call, now: Instant) -> object:  # noqa: ARG002 - it has no parameters
        """The account's leverage, and its prevention of self-trades."""
        return [settings_row(self.trading.margin.settings)]

    def change_settings(self, call: Call, now: Instant) -> None:  # noqa: ARG002 - it holds from now on
        """Sets leverage and self-trade prevention for what comes."""
        change(self.trading.margin.settings, call.params)

    def change_leverage(self, call: Call, now: Instant) -> None:  # noqa: ARG002 - it holds from now on
        """Sets the leverage of the one account."""
        if call.params.get("account_id") not in {None, ACCOUNT}:
            raise Refusal(NO_ACCOUNT)
        change(self.trading.margin.settings, {"leverage": call.params.get("leverage")})

    def chain(self, cause: Cause, name: str, call: Call, now: Instant) -> object:
        """Deposits or withdrawals, newest first, a page at a time."""
        page = chain_page(call.params, now)
        found = (
            chain_row(moved)
            for moved in self.trading.journal.of(cause)
            if page.start <= moved.at < page.end and page.symbol in {None, moved.currency}
        )
        return {name: list(islice(found, page.skip, page.skip + page.limit))}

    def networks(self, call: Call, now: Instant) -> object:  # noqa: ARG002 - it has no parameters
        """Every currency that is traded or held here; none of them leaves."""
        pairs = {
            name for listed in self.market.listed.values() for name in (listed.base, listed.quote)
        }
        return {
            "update_time": str(now.ms),
            "currency_map": {
                name: {
                    "full_name": name,
                    "default_network": NETWORK["network_id"],
                    "network_list": [dict(NETWORK)],
                }
                for name in sorted(pairs | set(self.wallet.total))
            },
        }

    def trades(self, call: Call, now: Instant) -> object:
        """Executions, newest first; a window of more than seven days is refused."""
        asked = self._window(call.params, now)
        rows = map(trade_row, islice(self._of(asked), asked.limit))
        return {"data": arranged(rows, self.config.switches.history_order)}

    def transactions(self, call: Call, now: Instant) -> object:
        """What moved the money, newest first: each execution and its fee, transfers, interest."""
        kind, asked = text(call.params, "journal_type"), self._window(call.params, now)
        dealt = ((t.at, row) for t in self._of(asked) for row in journal_rows(t))
        moved = (
            (moved.at, movement_row(moved))
            for moved in self.trading.journal.of()
            if asked.start <= moved.at < asked.end and asked.symbol in {None, moved.currency}
        )
        newest = merge(dealt, moved, key=itemgetter(0), reverse=True)
        rows = (row for _, row in newest if kind in {None, row["journal_type"]})
        return {"data": list(islice(rows, asked.limit))}

    def _window(self, params: Mapping[str, object], now: Instant) -> Span:
        asked = span(params, now)
        if asked.end - asked.start > TRADES_WINDOW:
            raise Refusal(BAD_ARGUMENT)
        return asked

    def _of(self, asked: Span) -> Iterator[Trade]:
        return (
            trade
            for trade in reversed(self.book.trades)
            if asked.start <= trade.at < asked.end and asked.symbol in {None, trade.listed.symbol}
        )

    def _rates(self) -> tuple[str, str]:
        rates = (self.config.maker_rate, self.config.taker_rate)
        maker, taker = (number_text(rate * BASIS_POINTS) for rate in rates)
        return maker, taker
