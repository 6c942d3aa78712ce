"""The private methods that look at the account and change nothing: money, fees, positions, who it is, and what moved its money.

The account is a spot account: it has no positions. Wallet methods are answered in the old gateway's typing, all numbers as texts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Final

from interlock.simulator.answers import Refusal
from interlock.simulator.books.orderbook import Orderbook
from interlock.simulator.books.orders import Trade
from interlock.simulator.books.wallet import Wallet
from interlock.simulator.config import Config
from interlock.simulator.market.listing import Listing
from interlock.simulator.market.replay import Market
from interlock.simulator.rest.arguments import BAD_ARGUMENT, DAY, MILLISECOND, span, text
from interlock.simulator.rest.balances import balance_row
from interlock.simulator.rest.requests import Call
from interlock.simulator.rest.rows import ACCOUNT, journal_rows, trade_row
from interlock.values import Instant, number_text

BASIS_POINTS: Final = 10_000
# Seven days back from now are asked for too, whose end by default lies just after now.
TRADES_WINDOW: Final = 7 * DAY + MILLISECOND
NETWORK: Final = MappingProxyType(
    {
        "network_id": "CRONOS",
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
            "private/get-currency-networks": self.networks,
            "private/get-trades": self.trades,
            "private/get-transactions": self.transactions,
        }

    def balance(self, call: Call, now: Instant) -> object:  # noqa: ARG002 - it has no parameters
        """The wallet."""
        return {"data": [balance_row(self.wallet, self.market, self.listing.haircuts, now)]}

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
            "margin_access": "DISABLED",
            "derivatives_access": "DISABLED",
            "create_time": opened,
            "update_time": opened,
            "two_fa_enabled": True,
            "kyc_level": "ADVANCED",
            "suspended": False,
            "terminated": False,
        }
        return {"master_account": master, "sub_account_list": []}

    def settings(self, call: Call, now: Instant) -> object:  # noqa: ARG002 - they cannot be changed here
        """No leverage and no prevention of self-trades."""
        return [{"leverage": "1", "stp_id": "0", "stp_scope": "NULL_VAL", "stp_inst": "NULL_VAL"}]

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
        return {"data": [trade_row(trade) for trade in self._within(call.params, now)]}

    def transactions(self, call: Call, now: Instant) -> object:
        """What moved the money, newest first: each execution, and its fee."""
        kind = text(call.params, "journal_type")
        rows = [row for trade in self._within(call.params, now) for row in journal_rows(trade)]
        return {"data": [row for row in rows if kind in {None, row["journal_type"]}]}

    def _within(self, params: Mapping[str, object], now: Instant) -> list[Trade]:
        asked = span(params, now)
        if asked.end - asked.start > TRADES_WINDOW:
            raise Refusal(BAD_ARGUMENT)
        found = (
            trade
            for trade in reversed(self.book.trades)
            if asked.start <= trade.at < asked.end and asked.symbol in {None, trade.listed.symbol}
        )
        return list(islice(found, asked.limit))

    def _rates(self) -> tuple[str, str]:
        rates = (self.config.maker_rate, self.config.taker_rate)
        maker, taker = (number_text(rate * BASIS_POINTS) for rate in rates)
        return maker, taker
