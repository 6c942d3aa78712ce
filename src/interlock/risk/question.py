"""The question that the judge is asked: the wish, and everything that may be known when it is judged, each part known or unknown.

Guards and payload read the same frozen object: the proposal inside is the order that would be sent.
"""

from dataclasses import dataclass
from decimal import Decimal

from interlock.account import Figures, Funding, Standing, Switches
from interlock.errors import BadInput
from interlock.market import Tick
from interlock.risk.limits import Limits
from interlock.strategy.proposal import Proposal, Purpose
from interlock.strategy.sizing import Unsized
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, Instrument, Known, Side, Unknown


@dataclass(frozen=True, slots=True)
class GuardQuestion:
    """What rules A to F need. `value` is quantity times limit price, in quote; `margin_in_flight` is in quote too."""

    value: Decimal
    funding: Funding
    figures: Known[Figures] | Unknown
    switches: Switches
    latched: bool
    margin_in_flight: Decimal
    limits: Limits
    at: Instant

    @property
    def known(self) -> Figures:
        """The figures, for rules that are asked once they are known."""
        if isinstance(self.figures, Unknown):
            raise BadInput(f"The account's figures are unknown: {self.figures.why}.")
        return self.figures.value


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one symbol outside of the account's standing.

    `bar_ended` is the end of the decided bar, `close` its last price; `indicators_known` says that its EMA10 and MA50 are numbers.
    `forced` marks a signal that is an alert and never an order. `epoch` is the tenure of the engine that asks, and
    `certified` says that LIVE was proven for this code and configuration; while it was not, `doubt` says why.
    """

    instrument: Known[Instrument] | Unknown
    tick: Known[Tick] | Unknown
    bar_ended: Instant | Unknown
    indicators_known: bool
    row: WatchlistRow | None
    epoch: int | None
    forced: bool = False
    certified: bool = False
    doubt: str = "none was read"
    close: Decimal | Unknown = Unknown("no bar was decided")  # noqa: RUF009 - frozen: safe as a default


@dataclass(frozen=True, slots=True)
class Question:
    """Whether this may be sent, as things stand at this instant."""

    wish: Proposal | Unsized
    standing: Standing
    facts: Facts
    limits: Limits
    at: Instant

    @property
    def purpose(self) -> Purpose:
        """Why the order is wanted; what could not be sized was an entry."""
        return self.wish.purpose if isinstance(self.wish, Proposal) else Purpose.ENTRY

    @property
    def symbol(self) -> str:
        """The book on which it would trade."""
        return self.wish.symbol

    @property
    def base(self) -> str:
        """The base currency, per which positions and cool-downs are counted."""
        return self.wish.instrument.base if isinstance(self.wish, Proposal) else self.wish.base

    @property
    def side(self) -> Side:
        """Which way it would trade; what could not be sized was a buy."""
        return self.wish.side if isinstance(self.wish, Proposal) else Side.BUY

    @property
    def funding(self) -> Funding:
        """How it would be paid for."""
        return self.wish.funding

    def guard(self, proposal: Proposal) -> GuardQuestion:
        """The same question as the risk guard asks it."""
        return GuardQuestion(
            value=proposal.value.amount,
            funding=proposal.funding,
            figures=self.standing.figures,
            switches=self.standing.switches,
            latched=is_latched(self.standing),
            margin_in_flight=self.standing.margin_in_flight(),
            limits=self.limits,
            at=self.at,
        )


def is_latched(standing: Standing) -> bool:
    """Whether the daily loss limit was reached; the latch holds until the books open another day."""
    return standing.day is not None and standing.day.latched_at is not None
