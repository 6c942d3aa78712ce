"""The exchange and the ledger of one run: a judged order is filled by the stated settings and booked as live fills are.

Nothing here decides when something happens, and nothing is executed that the judge did not approve.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from interlock.account import InFlight, Lot, Standing
from interlock.errors import BrokenInvariant
from interlock.ledger.book import realised
from interlock.ledger.booking import booked
from interlock.market import Tick
from interlock.matching import Execution, Quote, execution
from interlock.orders.evidence import Fill
from interlock.orders.intent import Intent, target_of
from interlock.orders.life import State
from interlock.orders.ruling import Ruling
from interlock.orders.wishes import Market, Occasion, Terms, wish, wish_entry
from interlock.protection.plan import Ask, Need, higher_mark, needs
from interlock.protection.view import View
from interlock.research.bars import exact
from interlock.research.books import EPOCH, ZERO, Books
from interlock.research.fills import Fills
from interlock.research.run import ExitReason, Trade
from interlock.research.touches import Levels
from interlock.research.track import Track
from interlock.risk.limits import Limits
from interlock.strategy.proposal import Proposal
from interlock.strategy.signal import Signal
from interlock.strategy.throttle import ThrottleState
from interlock.values import Instant, Instrument, Side

NO_LEVELS: Final = Levels(None, None)


@dataclass(slots=True, eq=False)
class Holding:
    """An open lot with what serves it. `stop` is the judged intent of its protection; `levels` are where the path ends it now.

    `first` are stop and target as it was first protected with them. `entered` is the bar of its entry, `reason` why it is to be sold.
    """

    track: Track
    lot: Lot
    signal: Signal
    entered: int
    fee_base: Decimal
    levels: Levels = NO_LEVELS
    first: Levels = NO_LEVELS
    stop: Intent | None = None
    reason: ExitReason | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """One instant at one symbol: what the market said, and the account as it stood."""

    now: Instant
    quote: Quote
    market: Market
    standing: Standing

    @property
    def tick(self) -> Tick:
        """The newest word of the market."""
        return self.market.tick.value  # type: ignore[union-attr]  # a run makes its own tick: it is known


@dataclass(slots=True, eq=False)
class Clearing:
    """Fills and books for one account. `holdings` are the open lots by id."""

    books: Books
    fills: Fills
    limits: Limits
    install_id: str
    holdings: dict[str, Holding] = field(default_factory=dict)
    trades: list[Trade] = field(default_factory=list)

    def scene(self, track: Track, quote: Quote, now: Instant) -> Scene:
        """What may be known at this instant."""
        return Scene(now, quote, track.market(quote, now), self.books.standing(now))

    def ruling(
        self, occasion: Occasion, scene: Scene, heard: Mapping[str, ThrottleState]
    ) -> Ruling:
        """What live would do with a signal."""
        return wish_entry(occasion, scene.standing, heard, self._terms(scene.now))

    def judged(self, proposal: Proposal, scene: Scene) -> Intent:
        """The intent of an order that serves a lot; one that is blocked ends the run, since live it would open an incident."""
        standing = replace(scene.standing, lots=tuple(self.books.lots.values()))
        ruling = wish(proposal, scene.market, standing, self._terms(scene.now))
        if ruling.intent is None:
            raise BrokenInvariant(f"{proposal.purpose} of {proposal.symbol}: {ruling.verdict}")
        return ruling.intent

    def need(self, holding: Holding, scene: Scene) -> Need | None:
        """What the plan of protection wants for a lot first; None when it is too small for any order."""
        return next(iter(needs(self._view(holding, (), scene.tick, scene.now))), None)

    def is_higher(self, holding: Holding, bid: Decimal, now: Instant) -> bool:
        """Whether the stop would follow this bid, which is to say by a whole step."""
        if holding.stop is None:
            return False
        listed = replace(holding.stop, state=State.ACKED, confirmed_at=now)
        tick = Tick(holding.lot.symbol, bid, bid, bid, now)
        return higher_mark(self._view(holding, (listed,), tick, now)) is not None

    def followed(self, holding: Holding, bid: Decimal, scene: Scene) -> Need | None:
        """What the lot needs once its mark is raised to this bid: the higher stop, or to be closed."""
        holding.lot = replace(self.books.lots[holding.lot.id], high=bid)
        self.books.keep(holding.lot)
        return self.need(holding, scene)

    def buy(self, track: Track, intent: Intent, signal: Signal, scene: Scene) -> Holding | None:
        """Executes an entry as far as the settings let it; None when nothing was bought."""
        wanted, now, fills = intent.proposal, scene.now, self.fills
        self.books.entered(wanted.instrument.base, now)
        self.books.said(now)
        if wanted.limit is None:
            raise BrokenInvariant(f"The entry {intent.id} has no limit.")
        bar = track.bar_of(signal) + 1
        price = fills.bought_at(scene.quote, wanted.limit.rate)
        volume = exact(track.window.volume, bar)
        size = fills.available(wanted.quantity.size, volume, wanted.instrument)
        if price is None or not size:
            return None
        in_quote = fills.fee_in_quote
        done = execution(Side.BUY, size, price, fills.taker_rate, fee_in_quote=in_quote)
        lot = self._booked(done, intent, None, now, is_maker=False)
        self.books.bought(now)
        holding = Holding(track, lot, signal, bar, ZERO if in_quote else done.fee)
        self.holdings[lot.id] = holding
        return holding

    def forget(self, holding: Holding) -> None:
        """A crumb that nobody can sell is no lot: the coins stay."""
        self.books.lots.pop(holding.lot.id)
        del self.holdings[holding.lot.id]

    def rest(self, holding: Holding, proposal: Proposal, scene: Scene) -> None:
        """Has the protection of a lot judged, and keeps it as what rests at the exchange."""
        lot, book = holding.lot, proposal.instrument
        stop, target = self.fills.levels(lot, book)
        pair = replace(
            proposal, trigger=stop, target=target if proposal.target is not None else None
        )
        holding.stop = self.judged(pair, scene)
        bid = target.rate if target else None
        holding.levels = Levels(
            stop.rate if stop else None, self.fills.met_at(bid) if bid else None
        )
        if holding.first is NO_LEVELS:
            holding.first = Levels(holding.levels.stop, bid)
        self.books.resting[lot.id] = _resting(holding.stop)
        self.books.said(scene.now)

    def stopped(
        self, holding: Holding, stop: Intent, price: Decimal, bar: int, now: Instant
    ) -> None:
        """The stop has fired around a price of the path."""
        sold = self.fills.sold_at(price, stop.proposal.instrument)
        self._sell(holding, stop, sold, bar, now)

    def taken(self, holding: Holding, stop: Intent, bar: int, now: Instant) -> None:
        """The target beside the stop is met, at its own limit."""
        target = target_of(stop)
        if target.proposal.limit is None:
            raise BrokenInvariant(f"The target {target.id} has no limit.")
        limit = target.proposal.limit.rate
        self._sell(holding, target, limit, bar, now, is_maker=True)

    def leave(self, holding: Holding, around: Decimal, bar: int, now: Instant) -> None:
        """Sells a lot that is to be closed by the order that the plan asks for, around a price of the path."""
        track, reason = holding.track, holding.reason or ExitReason.END
        holding.lot = replace(self.books.lots[holding.lot.id], exit_reason=reason)
        self.books.keep(holding.lot)
        book = track.lane.instrument_at(now)
        scene = self.scene(track, self.fills.quote(around, book), now)
        need = self.need(holding, scene)
        if not isinstance(need, Ask):
            raise BrokenInvariant(f"The lot {holding.lot.id} asks for no sale: {need}.")
        intent = self.judged(need.proposal, scene)
        self._sell(holding, intent, self.fills.sold_at(around, book), bar, now)

    def _view(self, holding: Holding, legs: tuple[Intent, ...], tick: Tick, now: Instant) -> View:
        return View(
            lot=holding.lot,
            legs=legs,
            instrument=holding.track.lane.instrument_at(now),
            tick=tick,
            since=now,
            now=now,
            deadline=self.limits.protection_deadline,
        )

    def _sell(  # noqa: PLR0913 - one sale, as it was met
        self,
        holding: Holding,
        intent: Intent,
        price: Decimal,
        bar: int,
        now: Instant,
        *,
        is_maker: bool = False,
    ) -> None:
        """Sells what a lot has, as far as the bar takes it; the last bar takes all of it."""
        book, fills, track = intent.proposal.instrument, self.fills, holding.track
        wanted = holding.lot.sellable(book)
        if bar < track.last:
            wanted = fills.available(wanted, exact(track.window.volume, bar), book)
        if not wanted:
            return
        rate = fills.maker_rate if is_maker else fills.taker_rate
        done = execution(Side.SELL, wanted, price, rate)
        lot = self.books.lots[holding.lot.id]
        holding.lot = self._booked(done, intent, lot, now, is_maker=is_maker)
        self.books.said(now)
        if holding.lot.closed_at is not None:
            del self.holdings[lot.id]
            self.trades.append(_trade(holding, now))

    def _booked(
        self, done: Execution, intent: Intent, lot: Lot | None, now: Instant, *, is_maker: bool
    ) -> Lot:
        """One execution in lots, cash and coins."""
        book = intent.proposal.instrument
        in_quote = done.side is Side.SELL or self.fills.fee_in_quote
        fill = Fill(
            trade_id=f"{intent.id}:{now.micros}",
            order_id=intent.id,
            client_oid=intent.client_oid,
            symbol=book.symbol,
            side=done.side,
            quantity=done.quantity,
            price=done.price,
            fee=done.fee,
            fee_currency=book.quote if in_quote else book.base,
            is_maker=is_maker,
            at=now,
        )
        self.books.post(done, book.base, now)
        after = booked(fill, intent, lot)
        if after is None:
            raise BrokenInvariant(f"An execution of {intent.id} moves no lot.")
        self.books.keep(after)
        return after

    def _terms(self, now: Instant) -> Terms:
        return Terms(self.install_id, EPOCH, self.limits, now)


def _resting(stop: Intent) -> tuple[InFlight, ...]:
    """What rests at the exchange for a lot, as the judge reads it."""
    legs = (stop, target_of(stop)) if stop.is_pair else (stop,)
    return tuple(_in_flight(leg, leg.proposal.instrument) for leg in legs)


def _in_flight(leg: Intent, book: Instrument) -> InFlight:
    wish_ = leg.proposal
    return InFlight(
        intent_id=leg.id,
        symbol=book.symbol,
        base=book.base,
        side=wish_.side,
        purpose=wish_.purpose,
        funding=wish_.funding,
        reserved=ZERO,
        state=State.ACKED,
        lot_id=wish_.lot_id,
        limit=wish_.limit.rate if wish_.limit else None,
    )


def _trade(holding: Holding, now: Instant) -> Trade:
    """What a lot has become. A fee in base is worth what the base had cost."""
    lot = holding.lot
    fee_base = holding.fee_base * lot.average
    return Trade(
        symbol=lot.symbol,
        strategy=holding.signal.strategy,
        signal_bar=holding.signal.bar,
        opened_at=lot.opened_at,
        closed_at=now,
        quantity=lot.bought,
        entry=lot.average,
        exit=lot.proceeds / lot.sold,
        stop=holding.first.stop,
        target=holding.first.target,
        fees=lot.fees + fee_base,
        interest=lot.interest,
        profit=realised(lot) - fee_base,
        reason=holding.reason or ExitReason.END,
        because=holding.signal.because(),
    )
