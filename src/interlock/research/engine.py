"""The backtest: whole columns at once, then from event to event, and at each event the row that trades live.

A signal walks `size_entry`, the judge, `intend`, a fill of `matching`, `booked`, the plan of protection, and an exit that is judged and
booked likewise. Between two events nothing is decided, so nothing is run: the next one is searched for in arrays.
At one instant come first stops that follow the price, then what rests at the exchange and is met at an open, then entries, then
sales that a signal asked for, then what is met inside the bar, then the end of the data.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal
from functools import partial
from itertools import count
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from interlock.account import Standing
from interlock.errors import BadInput, BrokenInvariant
from interlock.market import Window
from interlock.matching import Quote
from interlock.orders.wishes import Occasion
from interlock.protection.plan import TARGET, Ask, Close
from interlock.research.bars import MILLISECOND, exact, opens_at
from interlock.research.books import DAY, ZERO, Books
from interlock.research.clearing import Clearing, Holding, Scene
from interlock.research.curve import curve_of, prices, union
from interlock.research.fills import Anchor, End, EntryAt, Fills
from interlock.research.run import ExitReason, Run
from interlock.research.touches import Touch
from interlock.research.track import Lane, Track, track_of
from interlock.risk.limits import Limits
from interlock.strategy.decide import signal_at
from interlock.strategy.distances import stop_distance, target_distance
from interlock.strategy.signal import Signal
from interlock.values import Instant, Unknown

MOVES, RESTING, ENTRIES, SALES, INSIDE, LAST = range(6)
CENT: Final = Decimal("0.01")
FULL: Final = "MAX_OPEN_TRADES_REACHED"
COOLING: Final = "RECENT_ORDERS_COOLDOWN"
SPENT: Final = "GUARDRAIL_BLOCKED"
# What keeps a signal that no rule of the judge keeps.
NOT_FILLED: Final = "NOT_FILLED"
NO_BAR_LEFT: Final = "NO_BAR_LEFT"
NOTHING_TO_SELL: Final = "NO_POSITION_TO_CLOSE"
SILENT: Final = "THROTTLED_PRICE_GATE"

Act = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Setup:
    """The account and the assumptions: cash in quote, the limits of the live guard, and how orders are filled.

    `collateral` is other money that stands behind debts, by its worth in quote: it is equity, and is never spent.
    With `settle_first` a signal that has no room is counted without asking all other rules; the same signals are kept either way.
    """

    cash: Decimal = Decimal(10000)
    collateral: Decimal = Decimal(0)
    limits: Limits = Limits()  # noqa: RUF009 - frozen: safe as a default
    fills: Fills = Fills()  # noqa: RUF009 - frozen: safe as a default
    install_id: str = "backtest"
    settle_first: bool = True


SETUP: Final = Setup()


def backtest(lanes: Sequence[Lane], setup: Setup = SETUP) -> Run:
    """One account over these lanes, from the first bar to the last."""
    return Play(lanes, setup).run()


class Play:
    """One run: the queue of what comes next, and what is done about it."""

    def __init__(self, lanes: Sequence[Lane], setup: Setup) -> None:
        tracks = [track_of(lane, setup.fills) for lane in lanes]
        limits = _limits(setup)
        self._start: Final = setup.cash + setup.collateral
        self._fills: Final = setup.fills
        self._limits: Final = limits
        self._settles: Final = setup.settle_first
        self._tracks: Final = tracks
        self._of: Final[dict[str, list[Track]]] = {}
        for track in tracks:
            self._of.setdefault(track.base, []).append(track)
        rate = setup.fills.hourly_interest_rate
        self._books: Final = Books(
            _quote(tracks), setup.cash, setup.collateral, limits, self._worth, rate
        )
        self._clearing: Final = Clearing(self._books, setup.fills, limits, setup.install_id)
        opens = [track.window.opens_ms for track in tracks]
        self._is_one_grid: Final = all(np.array_equal(opens[0], each) for each in opens[1:])
        self._waiting: Final[list[Track]] = []
        self._heap: Final[list[tuple[int, int, int, Act]]] = []
        self._serial: Final = count()
        self._blocked: Final[Counter[str]] = Counter()
        self._sold_by_signal = 0
        self._watched = Instant(0)

    def run(self) -> Run:
        """Plays every event, in the order of time."""
        for track in self._tracks:
            self._await_buy(track, 0)
        heap = self._heap
        while heap:
            heapq.heappop(heap)[-1]()
        return self._closed()

    # -- entries

    def _await_buy(self, track: Track, place: int) -> None:
        """The next signal to buy is an event, while a bar is left that can be entered: the last one cannot."""
        left = len(track.buys.bars) - place
        if not left:
            return
        if track.buys.bars.item(place) + 1 >= track.last:
            self._block(NO_BAR_LEFT, left)
            return
        self._push(track.buy_us.item(place), ENTRIES, partial(self._buy, track, place))

    def _buy(self, track: Track, place: int) -> None:
        now = Instant(track.buy_us.item(place))
        if self._settles and self._is_settled(track, place, now):
            return
        self._watch(now)
        bar = track.buys.bars.item(place)
        quote = track.quote_at(bar + 1, now, self._fills)
        scene = self._clearing.scene(track, quote, now)
        row, share = track.lane.row, track.lane.share_pct
        if share is not None:
            row = replace(row, trade_amount_usd=_share(scene.standing, share))
        signal = self._signal(track, bar, quote)
        occasion = Occasion(signal, row, track.lane.strategy, scene.market)
        ruling = self._clearing.ruling(occasion, scene, track.heard(track.buys, place, row))
        if ruling.intent is None:
            self._block(ruling.block or SILENT)
        else:
            holding = self._clearing.buy(track, ruling.intent, signal, scene)
            if holding is None:
                self._block(NOT_FILLED)
            else:
                self._protect(holding, scene)
        self._await_buy(track, place + 1)

    def _is_settled(self, track: Track, place: int, now: Instant) -> bool:
        """Signals that have no room are counted by the rule that keeps them, up to the first that may have some."""
        books, limits, base = self._books, self._limits, track.base
        is_full = books.open_of(base) >= limits.open_per_base_max
        if is_full or len(books.lots) >= limits.open_total_max:
            track.waits_from = place
            self._waiting.append(track)
            return True
        last = books.last_entry.get(base)
        if last is None:
            return False
        if now - last < limits.entry_cooldown:
            return self._skip(track, place, last + limits.entry_cooldown, COOLING)
        today = now.floor(DAY)
        is_spent = books.entries_today[base] >= limits.orders_per_base_and_day_max
        return last >= today and is_spent and self._skip(track, place, today + DAY, SPENT)

    def _skip(self, track: Track, place: int, until: Instant, code: str) -> bool:
        following = int(track.buy_us.searchsorted(until.micros))
        self._block(code, following - place)
        self._await_buy(track, following)
        return True

    def _resume(self, now: Instant, rank: int) -> None:
        """There may be room again for what is carried out after what has happened now."""
        side: Literal["left", "right"] = "left" if rank < ENTRIES else "right"
        waiting = self._waiting.copy()
        self._waiting.clear()
        for track in waiting:
            place = int(track.buy_us.searchsorted(now.micros, side=side))
            self._block(FULL, place - track.waits_from)
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

    def _protect(self, holding: Holding, scene: Scene) -> None:
        """Has a new lot protected as the plan wants it, and looks for the bar that ends it."""
        now = scene.now
        match self._clearing.need(holding, scene):
            case None:
                self._clearing.forget(holding)
                return
            case Ask(proposal):
                self._clearing.rest(holding, proposal, scene)
                self._await_exit(holding, holding.entered, now)
            case Close(why):
                self._leave_at(now, SALES, holding, _reason(why), holding.entered)
            case other:
                raise BrokenInvariant(f"The lot {holding.lot.id} needs {other} in a backtest.")
        self._await_sale(holding.track, now)

    # -- exits

    def _await_exit(self, holding: Holding, first: int, since: Instant) -> None:
        """The bar that meets a level of the lot, up to the next signal to sell, or the end of the data."""
        track = holding.track
        bound = track.last + (self._fills.end is End.CLOSE)
        place = track.sells.place(first)
        is_sold = place < len(track.sells.bars) and track.sells.bars.item(place) < track.last
        if is_sold:
            bound = min(bound, track.sells.bars.item(place) + 1)
        touch = track.search.first(holding.levels, first, bound, since)
        if holding.lot.trailing_pct is not None:
            bound = touch.bar if touch is not None else bound
            if self._follow(holding, first, min(bound, track.last)):
                return
        if touch is not None:
            rank = RESTING if touch.is_gap and touch.at > since else INSIDE
            self._push(touch.at.micros, rank, partial(self._touched, holding, touch, rank))
        elif not is_sold:
            opens = opens_at(track.window, track.last)
            if self._fills.end is End.OPEN:
                self._leave_at(opens, RESTING, holding, ExitReason.END, track.last)
            else:
                closes = opens + track.window.span
                self._leave_at(closes, LAST, holding, ExitReason.END, track.last)

    def _follow(self, holding: Holding, first: int, bound: int) -> bool:
        """The first bar at whose end the stop follows the highest bid by a step; false when none before `bound` moves it."""
        window, book = holding.track.window, holding.track.lane.instrument_at(holding.lot.opened_at)
        mark = holding.lot.high
        for bar in range(first, bound):
            bid = self._fills.quote(exact(window.high, bar), book).bid
            if bid is None or (mark is not None and bid <= mark):
                continue
            at = opens_at(window, bar) + window.span
            if self._clearing.is_higher(holding, bid, at):
                self._push(at.micros, MOVES, partial(self._moved, holding, bid, bar, at))
                return True
        return False

    def _moved(self, holding: Holding, bid: Decimal, bar: int, now: Instant) -> None:
        """The stop of a lot follows the price; one that the price has passed by now is a sale."""
        if holding.lot.id not in self._clearing.holdings:
            return
        self._watch(now)
        track = holding.track
        price = exact(track.window.close, bar)
        quote = self._fills.quote(price, track.lane.instrument_at(now))
        scene = self._clearing.scene(track, quote, now)
        need = self._clearing.followed(holding, bid, scene)
        if isinstance(need, Ask):
            self._clearing.rest(holding, need.proposal, scene)
            self._await_exit(holding, bar + 1, now)
        elif isinstance(need, Close):
            self._leave(holding, _reason(need.reason), bar, now, MOVES)

    def _await_sale(self, track: Track, now: Instant) -> None:
        """The next signal to sell of every lane of the symbol is an event, while a lot of it is open."""
        for each in self._of[track.base]:
            place = int(each.sell_us.searchsorted(now.micros, side="right"))
            is_there = place < len(each.sells.bars) and each.sells.bars.item(place) < each.last
            if is_there and place != each.sale_awaited and each.symbol == track.symbol:
                each.sale_awaited = place
                self._push(each.sell_us.item(place), SALES, partial(self._sell, each, place))

    def _sell(self, track: Track, place: int) -> None:
        """A signal to sell closes every open lot of its symbol, as the row says."""
        now, bar = Instant(track.sell_us.item(place)), track.sells.bars.item(place)
        held = [h for h in self._clearing.holdings.values() if h.lot.symbol == track.symbol]
        if not held:
            return
        self._watch(now)
        quote = track.quote_at(bar + 1, now, self._fills)
        scene, row = self._clearing.scene(track, quote, now), track.lane.row
        occasion = Occasion(
            self._signal(track, bar, quote),
            row,
            track.lane.strategy,
            scene.market,
        )
        ruling = self._clearing.ruling(occasion, scene, track.heard(track.sells, place, row))
        self._sold_by_signal += bool(ruling.exits)
        for holding in held:
            if holding.lot.id in ruling.exits:
                self._leave(holding, ExitReason.SIGNAL, bar + 1, now, SALES)
            else:
                self._await_exit(holding, bar + 1, now)
        self._await_sale(track, now)

    def _touched(self, holding: Holding, touch: Touch, rank: int) -> None:
        """Stop or target of a lot is met. A target that does not rest at the exchange is watched, and sold at the market."""
        stop = holding.stop
        if holding.lot.id not in self._clearing.holdings or stop is None:
            return
        self._watch(touch.at)
        holding.reason = ExitReason.STOP if touch.is_stop else ExitReason.TARGET
        if touch.is_stop:
            self._clearing.stopped(holding, stop, touch.price, touch.bar, touch.at)
        elif stop.is_pair:
            self._clearing.taken(holding, stop, touch.bar, touch.at)
        else:
            self._clearing.leave(holding, touch.price, touch.bar, touch.at)
        self._left(holding, touch.bar, touch.at, rank)

    def _leave_at(
        self, at: Instant, rank: int, holding: Holding, reason: ExitReason, bar: int
    ) -> None:
        self._push(at.micros, rank, partial(self._leave, holding, reason, bar, at, rank))

    def _leave(
        self, holding: Holding, reason: ExitReason, bar: int, now: Instant, rank: int
    ) -> None:
        """Sells a lot at the market, for a reason that is no level of its own."""
        if holding.lot.id not in self._clearing.holdings:
            return
        self._watch(now)
        holding.reason = reason
        self._clearing.leave(holding, holding.track.worth(now), bar, now)
        self._left(holding, bar, now, rank)

    def _left(self, holding: Holding, bar: int, now: Instant, rank: int) -> None:
        """A lot that is closed makes room; what a bar did not take is sold at the next open."""
        if holding.lot.id not in self._clearing.holdings:
            self._resume(now, rank)
            return
        following = opens_at(holding.track.window, bar + 1)
        reason = holding.reason or ExitReason.END
        self._leave_at(following, RESTING, holding, reason, bar + 1)

    # -- the account

    def _watch(self, now: Instant) -> None:
        """Before anything is decided: since the last time the day's loss may have reached its limit at the close of a bar."""
        since, self._watched = self._watched, now
        books = self._books
        books.turn(now)
        if self._clearing.holdings and books.may_latch:
            lowest = self._lowest(max(since, now.floor(DAY)), now)
            if lowest is not None:
                books.latch(books.money + lowest, now)

    def _lowest(self, since: Instant, now: Instant) -> Decimal | None:
        """The least that all coins were worth together when a bar closed after `since`, not after `now`; None when none closed."""
        held = sorted({holding.lot.base for holding in self._clearing.holdings.values()})
        windows = [self._of[base][0].window for base in held]
        first, last = _closed_in(windows[0], since, now)
        coins = [self._books.coins[base] for base in held]
        if len(held) == 1:
            if first == last:
                return None
            return coins[0] * Decimal(repr(windows[0].close[first:last].min().item()))
        if self._is_one_grid:
            worth = [w.close[first:last] * float(n) for w, n in zip(windows, coins, strict=True)]
        else:
            ends = union([_ends(w, *_closed_in(w, since, now)) for w in windows])
            worth = [prices(w, ends) * float(n) for w, n in zip(windows, coins, strict=True)]
        total = np.sum(worth, axis=0)
        return Decimal(repr(total.min().item())) if len(total) else None

    def _worth(self, base: str, now: Instant) -> Decimal:
        return self._of[base][0].worth(now)

    def _push(self, at: int, rank: int, act: Act) -> None:
        heapq.heappush(self._heap, (at, rank, next(self._serial), act))

    def _block(self, code: str, times: int = 1) -> None:
        if times:
            self._blocked[code] += times

    def _closed(self) -> Run:
        for track in self._waiting:
            self._block(FULL, len(track.buys.bars) - track.waits_from)
        tracks = self._tracks
        for track in tracks:
            self._block(SILENT, track.buys.silent + track.sells.silent)
        said = sum(len(track.sells.bars) for track in tracks)
        self._block(NOTHING_TO_SELL, said - self._sold_by_signal)
        ends = max(opens_at(track.window, track.last) + track.window.span for track in tracks)
        windows = {base: them[0].window for base, them in self._of.items()}
        return Run(
            trades=tuple(self._clearing.trades),
            blocked=dict(sorted(self._blocked.items())),
            signals=sum(track.signals for track in tracks),
            bars=sum(len(track.window) for track in tracks),
            equity_start=self._start,
            equity_end=self._books.equity(ends),
            curve=curve_of(windows, self._start, self._books.postings),
        )


def _limits(setup: Setup) -> Limits:
    """The guard's limits; an entry at the open whatever it is has no slippage to allow."""
    if setup.fills.entry is EntryAt.OPEN:
        return replace(setup.limits, entry_slippage_pct_max=ZERO)
    return setup.limits


def _reason(why: str) -> ExitReason:
    """Why the plan closes a lot that it cannot protect: the price is beyond its target, or its stop."""
    return ExitReason.TARGET if why == TARGET else ExitReason.STOP


def _quote(tracks: Sequence[Track]) -> str:
    """The one quote currency of the account."""
    quotes = {track.quote for track in tracks}
    if len(quotes) != 1:
        raise BadInput(f"One account has one quote currency, not {sorted(quotes)}.")
    names = [(track.symbol, track.lane.strategy.key) for track in tracks]
    if len(set(names)) < len(names):
        raise BadInput("The same strategy twice on one symbol would decide a bar twice.")
    return quotes.pop()


def _share(standing: Standing, pct: Decimal) -> Decimal:
    """So many percent of equity, in whole cents."""
    equity = standing.figures.value.equity  # type: ignore[union-attr]  # a run's own figures are known
    return (equity * pct / 100).quantize(CENT, ROUND_FLOOR)


def _ends(window: Window, first: int, last: int) -> NDArray[np.int64]:
    return window.opens_ms[first:last] + window.span // MILLISECOND


def _closed_in(window: Window, since: Instant, now: Instant) -> tuple[int, int]:
    """The places of the bars that closed after `since`, and not after `now`."""
    span = window.span // MILLISECOND
    first, last = window.opens_ms.searchsorted(
        (since.micros // 1000 - span, now.micros // 1000 - span), side="right"
    )
    return int(first), int(last)
