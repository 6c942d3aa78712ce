"""The backtest: whole columns at once, then from event to event, and at each event the row that trades live.

A signal walks `size_entry`, the judge, `intend`, a fill of `matching`, `booked`, the plan of protection, and an exit that is judged and
booked likewise. Between two events nothing is decided, so nothing is run: the next one is searched for in arrays.
At one instant come first what rests at the exchange and is met at an open, then entries, then sales that a signal asked for, then
what is met inside the bar, then the end of the data.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import ROUND_FLOOR, Decimal
from itertools import count
from typing import Final

from interlock.account import InFlight, Lot, Standing
from interlock.errors import BadInput, BrokenInvariant
from interlock.ledger.book import realised
from interlock.ledger.booking import booked
from interlock.market import Tick
from interlock.matching import Execution, Quote, execution
from interlock.orders.evidence import Fill
from interlock.orders.intent import Intent, target_of
from interlock.orders.life import State
from interlock.orders.wishes import Market, Occasion, Terms, wish, wish_entry
from interlock.protection.plan import TARGET, Ask, Close, needs
from interlock.protection.view import View
from interlock.research.bars import exact, opens_at
from interlock.research.books import DAY, EPOCH, ZERO, Books
from interlock.research.curve import curve_of
from interlock.research.fills import Anchor, End, EntryAt, Fills, Onto
from interlock.research.run import ExitReason, Run, Trade
from interlock.research.stub import signal_at
from interlock.research.touches import Levels, Touch
from interlock.research.track import Lane, Track, track_of
from interlock.risk.limits import Limits
from interlock.strategy.distances import stop_distance, target_distance
from interlock.strategy.proposal import Proposal
from interlock.strategy.signal import Signal
from interlock.values import Instant, Instrument, Side, Unknown

RESTING, ENTRIES, SALES, INSIDE, LAST = range(5)
FULL: Final = "MAX_OPEN_TRADES_REACHED"
COOLING: Final = "RECENT_ORDERS_COOLDOWN"
SPENT: Final = "GUARDRAIL_BLOCKED"
NOT_FILLED: Final = "NOT_FILLED"
NO_BAR_LEFT: Final = "NO_BAR_LEFT"
NOTHING_TO_SELL: Final = "NO_POSITION_TO_CLOSE"
SILENT: Final = "THROTTLED_PRICE_GATE"
CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Setup:
    """The account and the assumptions: cash in quote, the limits of the live guard, and how orders are filled.

    With `settle_first` a signal that has no room is counted without asking all other rules; the same signals are kept either way.
    """

    cash: Decimal = Decimal(10000)
    limits: Limits = Limits()  # noqa: RUF009 - frozen: safe as a default
    fills: Fills = Fills()  # noqa: RUF009 - frozen: safe as a default
    install_id: str = "backtest"
    settle_first: bool = True


@dataclass(slots=True, eq=False)
class Holding:
    """An open lot with what serves it. `stop` is the judged intent of its protection, `ends` what is to be sold of it at an open."""

    track: Track
    lot: Lot
    signal: Signal
    entered: int
    levels: Levels
    stop: Intent | None = None
    first: Levels = Levels(None, None)
    fee_base: Decimal = ZERO
    reason: ExitReason | None = None


def backtest(lanes: Sequence[Lane], setup: Setup = Setup()) -> Run:  # noqa: B008 - frozen: safe as a default
    """One account over these lanes, from the first bar to the last."""
    return Play(lanes, setup).run()


class Play:
    """One run."""

    def __init__(self, lanes: Sequence[Lane], setup: Setup) -> None:
        self._setup: Final = setup
        self._fills: Final = setup.fills
        self._limits: Final = _limits(setup)
        self._tracks: Final = [track_of(lane, setup.fills) for lane in lanes]
        self._of: Final[dict[str, list[Track]]] = {}
        for track in self._tracks:
            book = _book(track)
            self._of.setdefault(book.base, []).append(track)
        self._books: Final = Books(
            _one_quote(self._tracks),
            setup.cash,
            self._limits,
            lambda base, now: self._of[base][0].worth(now),
            setup.fills.hourly_interest_rate,
        )
        self._holdings: Final[dict[str, Holding]] = {}
        self._waiting: Final[list[Track]] = []
        self._heap: Final[list[tuple[int, int, int, Callable[[], None]]]] = []
        self._serial: Final = count()
        self._blocked: Final[Counter[str]] = Counter()
        self._trades: Final[list[Trade]] = []
        self._sold_by_signal = 0
        self._watched = Instant(0)

    def run(self) -> Run:
        """Plays every event and closes the books."""
        for track in self._tracks:
            self._await_buy(track, 0)
        heap = self._heap
        while heap:
            at, _, _, act = heapq.heappop(heap)
            self._watch(Instant(at))
            act()
        for track in self._waiting:
            self._block(FULL, len(track.buys.bars) - (track.waits_from or 0))
        return self._closed()

    # -- entries

    def _await_buy(self, track: Track, place: int) -> None:
        """The next signal to buy is an event, while a bar is left that can be entered."""
        if place >= len(track.buys.bars):
            return
        if track.buys.bars[place] + 2 > track.last:
            self._block(NO_BAR_LEFT, len(track.buys.bars) - place)
            return
        self._push(track.buy_us.item(place), ENTRIES, lambda: self._buy(track, place))

    def _buy(self, track: Track, place: int) -> None:
        now = Instant(track.buy_us.item(place))
        if self._setup.settle_first and self._is_settled(track, place, now):
            return
        bar = track.buys.bars.item(place) + 1
        quote = track.quote_at(bar, now, self._fills)
        market = track.market(quote, now)
        standing = self._books.standing(now)
        row = track.lane.row
        if track.lane.share_pct is not None:
            row = replace(row, trade_amount_usd=_share(standing, track.lane.share_pct))
        signal = self._signal(track, bar - 1, quote)
        occasion = Occasion(signal, row, track.lane.strategy, market)
        terms = self._terms(now)
        ruling = wish_entry(occasion, standing, track.heard(track.buys, place, row), terms)
        if ruling.intent is None:
            self._block(ruling.block or NOTHING_TO_SELL)
        elif not self._fill_entry(track, ruling.intent, signal, bar, quote, market, standing):
            self._block(NOT_FILLED)
        self._await_buy(track, place + 1)

    def _is_settled(self, track: Track, place: int, now: Instant) -> bool:
        """Signals that have no room are counted by the rule that keeps them, up to the first that may have some."""
        books, limits, base = self._books, self._limits, _book(track).base
        is_full = books.open_of(base) >= limits.open_per_base_max
        if is_full or len(books.lots) >= limits.open_total_max:
            track.waits_from = place
            self._waiting.append(track)
            return True
        last = books.last_entry.get(base)
        if last is not None and now - last < limits.entry_cooldown:
            return self._skip(track, place, last + limits.entry_cooldown, COOLING)
        is_new_day = last is None or last.floor(DAY) != now.floor(DAY)
        if not is_new_day and books.entries_today[base] >= limits.orders_per_base_and_day_max:
            return self._skip(track, place, now.floor(DAY) + DAY, SPENT)
        return False

    def _skip(self, track: Track, place: int, until: Instant, code: str) -> bool:
        following = int(track.buy_us.searchsorted(until.micros))
        self._block(code, following - place)
        self._await_buy(track, following)
        return True

    def _resume(self, now: Instant) -> None:
        """There may be room again for what is carried out after now."""
        waiting, self._waiting[:] = list(self._waiting), []
        for track in waiting:
            place = int(track.buy_us.searchsorted(now.micros, side="right"))
            self._block(FULL, place - (track.waits_from or 0))
            track.waits_from = None
            self._await_buy(track, place)

    def _signal(self, track: Track, bar: int, quote: Quote) -> Signal:
        """The real signal of a bar, its distances a share of what the settings say."""
        lane = track.lane
        signal = signal_at(lane.row, lane.strategy, track.columns, lane.window, bar)
        if self._fills.anchor is Anchor.SIGNAL:
            return signal
        atr = signal.values.get("atr", Unknown("it has no ATR"))
        known = atr if isinstance(atr, Unknown) else Decimal(repr(atr))
        stop = stop_distance(lane.row, lane.strategy.stop, quote.ask, known)
        target = target_distance(lane.row, lane.strategy.target, quote.ask, stop)
        return replace(signal, stop_distance=stop.size, target_distance=target.size)

    def _fill_entry(  # noqa: PLR0913 - one event as it was decided
        self,
        track: Track,
        intent: Intent,
        signal: Signal,
        bar: int,
        quote: Quote,
        market: Market,
        standing: Standing,
    ) -> bool:
        """Fills an entry as far as the settings let it, and has what was bought protected; false when nothing was bought."""
        wanted, now = intent.proposal, standing.balances.as_of  # type: ignore[union-attr]  # a run's own balances are known
        self._books.entered(wanted.instrument.base, now)
        self._books.said(now)
        limit = wanted.limit
        price = self._fills.bought_at(quote, limit.rate) if limit is not None else None
        volume = exact(track.window.volume, bar)
        size = self._fills.available(wanted.quantity.size, volume, wanted.instrument)
        if price is None or not size:
            return False
        fills = self._fills
        done = execution(Side.BUY, size, price, fills.taker_rate, fee_in_quote=fills.fee_in_quote)
        lot = self._book(done, intent, None, now, is_maker=False)
        self._books.bought(now)
        holding = Holding(track, lot, signal, bar, Levels(None, None))
        holding.fee_base = ZERO if fills.fee_in_quote else done.fee
        self._holdings[lot.id] = holding
        self._protect(holding, market, standing, now)
        return True

    # -- protection

    def _protect(self, holding: Holding, market: Market, standing: Standing, now: Instant) -> None:
        """Asks the plan what the lot needs, and looks for the bar that ends it."""
        lot, track = holding.lot, holding.track
        book = track.lane.instrument_at(now)
        tick = market.tick.value  # type: ignore[union-attr]  # a run's own tick is known
        need = next(iter(needs(self._view(holding, book, tick, now))), None)
        match need:
            case None:
                self._books.lots.pop(lot.id)
                del self._holdings[lot.id]
                return
            case Ask(proposal):
                self._rest(holding, self._leveled(lot, proposal, book), market, standing, now)
                self._await_exit(holding, holding.entered, now)
            case Close(reason):
                holding.reason = ExitReason.TARGET if reason == TARGET else ExitReason.STOP
                self._push(now.micros, SALES, lambda: self._exit(holding, now, holding.entered))
            case _:
                raise BrokenInvariant(f"The lot {lot.id} waits for an exchange that is not there.")
        self._await_sale(track, now)

    def _leveled(self, lot: Lot, proposal: Proposal, book: Instrument) -> Proposal:
        """The pair with its prices on the side of the tick that the settings want."""
        fills = self._fills
        if fills.stop_onto is Onto.DOWN and fills.target_onto is Onto.UP:
            return proposal
        stop, target = fills.levels(lot, book)
        return replace(
            proposal, trigger=stop, target=target if proposal.target is not None else None
        )

    def _rest(
        self,
        holding: Holding,
        proposal: Proposal,
        market: Market,
        standing: Standing,
        now: Instant,
    ) -> None:
        """Has the protection judged, and keeps it as what rests at the exchange."""
        lot = holding.lot
        holding.stop = self._judged(proposal, market, standing, now)
        _, watched = self._fills.levels(lot, proposal.instrument)
        target = proposal.target or watched
        holding.levels = Levels(
            proposal.trigger.rate if proposal.trigger else None,
            self._fills.met_at(target.rate) if target else None,
        )
        holding.first = Levels(holding.levels.stop, target.rate if target else None)
        self._books.resting[lot.id] = _resting(holding.stop)
        self._books.said(now)

    def _judged(
        self, proposal: Proposal, market: Market, standing: Standing, now: Instant
    ) -> Intent:
        """The intent of an order that serves a lot; one that the judge blocks ends the run, since live it would open an incident."""
        lots = tuple(self._books.lots.values())
        ruling = wish(proposal, market, replace(standing, lots=lots), self._terms(now))
        if ruling.intent is None:
            raise BrokenInvariant(f"{proposal.purpose} of {proposal.symbol}: {ruling.verdict}")
        return ruling.intent

    def _view(self, holding: Holding, book: Instrument, tick: Tick, now: Instant) -> View:
        return View(holding.lot, (), book, tick, now, now, self._limits.protection_deadline)

    # -- exits

    def _await_exit(self, holding: Holding, first: int, since: Instant) -> None:
        """The bar that meets a level of the lot, up to the next signal to sell, or the end of the data."""
        track, fills = holding.track, self._fills
        bound = track.last + (0 if fills.end is End.OPEN else 1)
        place = track.sells.place(first)
        if place < len(track.sells.bars):
            bound = min(bound, track.sells.bars.item(place) + 1)
        touch = track.search.first(holding.levels, first, bound, since)
        if touch is not None:
            is_open = touch.is_gap and touch.at > since
            rank = RESTING if is_open else INSIDE
            self._push(touch.at.micros, rank, lambda: self._touched(holding, touch))
        elif place >= len(track.sells.bars) or track.sells.bars.item(place) >= track.last:
            self._await_end(holding)

    def _await_end(self, holding: Holding) -> None:
        track = holding.track
        opens = opens_at(track.window, track.last)
        is_open = self._fills.end is End.OPEN
        at, rank = (opens, RESTING) if is_open else (opens + track.window.span, LAST)
        holding_ends = ExitReason.END
        self._push(at.micros, rank, lambda: self._leave(holding, holding_ends, at, track.last))

    def _await_sale(self, track: Track, now: Instant) -> None:
        """The next signal to sell of every lane of the symbol is an event, while a lot of it is open."""
        for each in self._of[_book(track).base]:
            if each.lane.row.symbol != track.lane.row.symbol:
                continue
            place = int(each.sell_us.searchsorted(now.micros, side="right"))
            if place >= len(each.sells.bars) or each.sells.bars.item(place) >= each.last:
                continue
            if place != each.sale_awaited:
                each.sale_awaited = place
                at = each.sell_us.item(place)
                self._push(at, SALES, lambda each=each, place=place: self._sell(each, place))  # type: ignore[misc]  # bound now, called with none

    def _sell(self, track: Track, place: int) -> None:
        """A signal to sell closes every open lot of its symbol, as the row says."""
        now, bar = Instant(track.sell_us.item(place)), track.sells.bars.item(place)
        symbol = track.lane.row.symbol
        if not any(lot.symbol == symbol for lot in self._books.lots.values()):
            return
        quote = track.quote_at(bar + 1, now, self._fills)
        signal = self._signal(track, bar, quote)
        row = track.lane.row
        occasion = Occasion(signal, row, track.lane.strategy, track.market(quote, now))
        standing = self._books.standing(now)
        heard = track.heard(track.sells, place, row)
        ruling = wish_entry(occasion, standing, heard, self._terms(now))
        if ruling.exits:
            self._sold_by_signal += 1
        for lot_id in ruling.exits:
            self._leave(self._holdings[lot_id], ExitReason.SIGNAL, now, bar + 1)
        for lot in tuple(self._books.lots.values()):
            if lot.symbol == symbol and lot.id not in ruling.exits:
                self._await_exit(self._holdings[lot.id], bar + 1, now)
        self._await_sale(track, now)

    def _touched(self, holding: Holding, touch: Touch) -> None:
        """Stop or target of a lot is met."""
        if holding.lot.id not in self._holdings or holding.stop is None:
            return
        holding.reason = ExitReason.STOP if touch.is_stop else ExitReason.TARGET
        stop, track = holding.stop, holding.track
        if touch.is_stop:
            price = self._fills.sold_at(touch.price, stop.proposal.instrument)
            self._take_out(holding, stop, price, touch.at, touch.bar, is_maker=False)
        elif stop.is_pair:
            price = holding.first.target or touch.price
            self._take_out(holding, target_of(stop), price, touch.at, touch.bar, is_maker=True)
        else:
            self._exit(holding, touch.at, touch.bar, touch.price)
        if holding.lot.id in self._holdings:
            self._go_on(track, holding, touch.bar)

    def _leave(self, holding: Holding, reason: ExitReason, now: Instant, bar: int) -> None:
        """Sells a lot at the market, for a reason that is no level of its own."""
        if holding.lot.id in self._holdings:
            holding.reason = reason
            self._exit(holding, now, bar)

    def _exit(self, holding: Holding, now: Instant, bar: int, price: Decimal | None = None) -> None:
        """The sale that the plan asks for once a lot is to be closed, judged and filled around a price, or around what the bar says."""
        if holding.lot.id not in self._holdings:
            return
        track, reason = holding.track, holding.reason or ExitReason.END
        holding.lot = replace(holding.lot, exit_reason=reason)
        self._books.keep(holding.lot)
        book = track.lane.instrument_at(now)
        around = track.worth(now) if price is None else price
        quote = self._fills.quote(around, book)
        market = track.market(quote, now)
        tick = market.tick.value  # type: ignore[union-attr]  # a run's own tick is known
        need = next(iter(needs(self._view(holding, book, tick, now))), None)
        if not isinstance(need, Ask):
            raise BrokenInvariant(f"The lot {holding.lot.id} asks for no sale: {need}.")
        intent = self._judged(need.proposal, market, self._books.standing(now), now)
        sold = self._fills.sold_at(around, book)
        self._take_out(holding, intent, sold, now, bar, is_maker=False)
        if holding.lot.id in self._holdings:
            self._go_on(track, holding, bar)

    def _go_on(self, track: Track, holding: Holding, bar: int) -> None:
        """What a bar did not take is sold at the next open."""
        reason = holding.reason or ExitReason.END
        if bar >= track.last:
            raise BrokenInvariant(f"The last bar does not take the lot {holding.lot.id}.")
        at = opens_at(track.window, bar + 1)
        self._push(at.micros, RESTING, lambda: self._leave(holding, reason, at, bar + 1))

    def _take_out(  # noqa: PLR0913 - one sale, as it was met
        self,
        holding: Holding,
        intent: Intent,
        price: Decimal,
        now: Instant,
        bar: int,
        *,
        is_maker: bool,
    ) -> None:
        """Sells what a lot has, as far as the bar takes it; on the last bar all of it."""
        book, fills, lot = intent.proposal.instrument, self._fills, holding.lot
        wanted = lot.sellable(book)
        if bar < holding.track.last:
            wanted = fills.available(wanted, exact(holding.track.window.volume, bar), book)
        if not wanted:
            return
        rate = fills.maker_rate if is_maker else fills.taker_rate
        done = execution(Side.SELL, wanted, price, rate)
        holding.lot = self._book(done, intent, lot, now, is_maker=is_maker)
        self._books.said(now)
        if holding.lot.closed_at is not None:
            del self._holdings[lot.id]
            self._trades.append(_trade(holding, now))
            self._resume(now)

    def _book(
        self, done: Execution, intent: Intent, lot: Lot | None, now: Instant, *, is_maker: bool
    ) -> Lot:
        """One execution in lots, cash and coins."""
        book = intent.proposal.instrument
        in_quote = done.side is Side.SELL or self._fills.fee_in_quote
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
        self._books.post(done, book.base, now)
        if lot is not None:
            lot = self._books.lots[lot.id]
        after = booked(fill, intent, lot)
        if after is None:
            raise BrokenInvariant(f"An execution of {intent.id} moves no lot.")
        self._books.keep(after)
        return after

    # -- the account

    def _watch(self, now: Instant) -> None:
        """Between two events the day's loss may have reached its limit at the close of a bar."""
        since, self._watched = self._watched, now
        self._books.turn(now)
        day = self._books.day
        if not self._holdings or day is None or day.latched_at is not None:
            return
        lowest = self._lowest(max(since, day.as_of), now)
        if lowest is not None:
            self._books.latch(self._books.cash + lowest, now)

    def _lowest(self, since: Instant, now: Instant) -> Decimal | None:
        """The least that the coins were worth at the close of a bar after `since`, not after `now`; None when none closed."""
        bases = {holding.lot.base for holding in self._holdings.values()}
        lowest = None
        for base in bases:
            window = self._of[base][0].window
            span = window.span // timedelta(milliseconds=1)
            first, last = window.opens_ms.searchsorted(
                (since.micros // 1000 - span + 1, now.micros // 1000 - span + 1)
            )
            if first < last:
                low = Decimal(repr(window.close[first:last].min().item()))
                lowest = (lowest or ZERO) + low * self._books.coins[base]
        return lowest

    def _terms(self, now: Instant) -> Terms:
        return Terms(self._setup.install_id, EPOCH, self._limits, now)

    def _push(self, at: int, rank: int, act: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (at, rank, next(self._serial), act))

    def _block(self, code: str, times: int = 1) -> None:
        if times:
            self._blocked[code] += times

    def _closed(self) -> Run:
        tracks = self._tracks
        for track in tracks:
            self._block(SILENT, track.buys.silent + track.sells.silent)
        said = sum(len(track.sells.bars) for track in tracks)
        self._block(NOTHING_TO_SELL, said - self._sold_by_signal)
        ends = max(opens_at(track.window, track.last) + track.window.span for track in tracks)
        windows = {base: them[0].window for base, them in self._of.items()}
        return Run(
            trades=tuple(self._trades),
            blocked=dict(sorted(self._blocked.items())),
            signals=sum(track.signals for track in tracks),
            bars=sum(len(track.window) for track in tracks),
            equity_start=self._setup.cash,
            equity_end=self._books.equity(ends),
            curve=curve_of(windows, self._setup.cash, self._books.postings),
        )


def _limits(setup: Setup) -> Limits:
    """The guard's limits; an entry at the open whatever it is has no slippage to allow."""
    if setup.fills.entry is EntryAt.OPEN:
        return replace(setup.limits, entry_slippage_pct_max=ZERO)
    return setup.limits


def _book(track: Track) -> Instrument:
    book = track.lane.instrument
    return book if isinstance(book, Instrument) else book[0][1]


def _one_quote(tracks: Sequence[Track]) -> str:
    quotes = {_book(track).quote for track in tracks}
    if len(quotes) != 1:
        raise BadInput(f"One account has one quote currency, not {sorted(quotes)}.")
    names = [(track.lane.row.symbol, track.lane.strategy.key) for track in tracks]
    if len(set(names)) < len(names):
        raise BadInput("The same strategy twice on one symbol would decide a bar twice.")
    return quotes.pop()


def _share(standing: Standing, pct: Decimal) -> Decimal:
    """So many percent of equity, in whole cents."""
    equity = standing.figures.value.equity  # type: ignore[union-attr]  # a run's own figures are known
    return (equity * pct / 100).quantize(CENT, ROUND_FLOOR)


def _resting(stop: Intent) -> tuple[InFlight, ...]:
    """What rests at the exchange for a lot, as the judge reads it."""
    legs = (stop, target_of(stop)) if stop.is_pair else (stop,)
    return tuple(
        InFlight(
            intent_id=leg.id,
            symbol=leg.proposal.symbol,
            base=leg.proposal.instrument.base,
            side=leg.proposal.side,
            purpose=leg.proposal.purpose,
            funding=leg.proposal.funding,
            reserved=ZERO,
            state=State.ACKED,
            lot_id=leg.proposal.lot_id,
            limit=leg.proposal.limit.rate if leg.proposal.limit else None,
        )
        for leg in legs
    )


def _trade(holding: Holding, now: Instant) -> Trade:
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
