"""One lane of a backtest at work: a symbol with its strategy, its columns computed once, and the bars at which it spoke."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import numpy as np

from interlock.errors import BadInput
from interlock.market import Tick, Window
from interlock.matching import Quote, price_at
from interlock.orders.wishes import Market, settings_hash
from interlock.research.bars import MILLISECOND, bar_at, exact, opens_at
from interlock.research.fills import Fills
from interlock.research.speaking import Indices, Spoken, spoken
from interlock.research.touches import Search
from interlock.strategy.bars import Bars
from interlock.strategy.columns import Columns
from interlock.strategy.contract import Strategy
from interlock.strategy.decide import meet, sides
from interlock.strategy.signal import Decision, Signal
from interlock.strategy.throttle import ThrottleState
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, Instrument, Known

Grids = tuple[tuple[Instant, Instrument], ...]
"""The book of a symbol from an instant on, oldest first: exchanges change their ticks."""

NEVER: frozenset[str] = frozenset()
# The last bar is not entered: nothing could follow.
LEFT_MIN = 2


@dataclass(frozen=True, slots=True, eq=False)
class Lane:
    """What is to be backtested: the owner's row, the strategy, its bars, and the book on which it trades.

    `fine` are finer bars of the same symbol, which say what came first inside a bar. What would be carried out before `since` is not said:
    those bars are warm-up.
    """

    row: WatchlistRow
    strategy: Strategy
    window: Window
    instrument: Instrument | Grids
    fine: Window | None = None
    since: Instant | None = None

    def __post_init__(self) -> None:
        meet(self.row, self.strategy, self.window)

    def instrument_at(self, now: Instant) -> Instrument:
        """The book as it stood then."""
        if isinstance(self.instrument, Instrument):
            return self.instrument
        found = [book for since, book in self.instrument if since <= now]
        if not found:
            raise BadInput(f"Nobody said what the book of {self.row.symbol} was at {now}.")
        return found[-1]


@dataclass(slots=True, eq=False)
class Track:
    """A lane with what was computed of it. `buy_us` and `sell_us` are when what spoke is carried out, in microseconds."""

    lane: Lane
    columns: Columns
    search: Search
    buys: Spoken
    sells: Spoken
    buy_us: Indices
    sell_us: Indices
    signals: int
    base: str
    quote: str
    waits_from: int = 0
    sale_awaited: int = -1

    @property
    def symbol(self) -> str:
        """The book on which it trades."""
        return self.lane.row.symbol

    @property
    def window(self) -> Window:
        """Its bars."""
        return self.lane.window

    @property
    def last(self) -> int:
        """Its last bar."""
        return len(self.lane.window) - 1

    def bar_of(self, signal: Signal) -> int:
        """The place of the bar that a signal decided."""
        return int(self.window.opens_ms.searchsorted(signal.bar.ms))

    def carried_out(self, bar: int, fills: Fills) -> Instant:
        """When what was decided of a bar is carried out."""
        return opens_at(self.window, bar + 1) + fills.latency

    def quote_at(self, bar: int, now: Instant, fills: Fills) -> Quote:
        """The quote at an instant inside a bar: around its open, or around the path where the instant is later."""
        opens = self.window.opens_ms.item(bar) * 1000
        is_open = now.micros == opens
        window, seed = self.window, fills.path_seed
        price = exact(window.open, bar) if is_open else price_at(bar_at(window, bar), now, seed)
        return fills.quote(price, self.lane.instrument_at(now))

    def market(self, quote: Quote, now: Instant) -> Market:
        """The market as the desk would have read it at this instant."""
        tick = Tick(self.lane.row.symbol, quote.last, quote.bid, quote.ask, now)
        return Market(Known(self.lane.instrument_at(now), now), Known(tick, now))

    def heard(self, side: Spoken, place: int, row: WatchlistRow) -> Mapping[str, ThrottleState]:
        """What was last emitted before the signal at this place of its side, as the store would keep it."""
        before = side.before(place)
        if before is None:
            return {}
        symbol, key = row.symbol, self.lane.strategy.key
        times = self.buy_us if side is self.buys else self.sell_us
        return {
            f"{side.side}:{symbol}:{key}": ThrottleState(
                symbol,
                key,
                side.side,
                baseline=exact(self.window.close, before),
                last_sent_at=Instant(times.item(place - 1)),
                config_hash=settings_hash(row),
            )
        }

    def worth(self, now: Instant) -> Decimal:
        """What one unit of base costs at an instant, as far as it is known then: the open of its bar, or the close of one that ended."""
        window = self.window
        at = now.micros // 1000
        bar = int(window.opens_ms.searchsorted(at, side="right")) - 1
        if bar < 0:
            return Decimal(0)
        is_over = at >= window.opens_ms.item(bar) + window.span // MILLISECOND
        return exact(window.close if is_over else window.open, bar)


def track_of(lane: Lane, fills: Fills, seen: Bars | None = None) -> Track:
    """The lane with its columns, and with the bars at which it spoke; bars that were seen before keep what was computed of them."""
    window, row, strategy = lane.window, lane.row, lane.strategy
    columns = strategy.columns(seen or window)
    entry, exits = sides(row, columns, window)
    carried = _carried_out(window, fills.latency)
    if lane.since is not None:
        is_asked = carried >= lane.since.ms
        entry, exits = entry & is_asked, exits & is_asked
    signals = int(np.count_nonzero(entry) + np.count_nonzero(exits))
    gate = row.min_price_change_pct
    least = strategy.price_change_pct_min if gate is None else gate
    is_heard = row.alert_enabled and not row.is_deleted
    buys = spoken(
        Decision.BUY, window, entry & (is_heard and row.buy_alert_enabled), carried, least
    )
    sells = spoken(
        Decision.SELL, window, exits & (is_heard and row.sell_alert_enabled), carried, least
    )
    search = Search(window, lane.fine, fills)
    book = lane.instrument if isinstance(lane.instrument, Instrument) else lane.instrument[0][1]
    return Track(
        lane=lane,
        columns=columns,
        search=search,
        buys=buys,
        sells=sells,
        buy_us=carried[buys.bars] * 1000,
        sell_us=carried[sells.bars] * 1000,
        signals=signals,
        base=book.base,
        quote=book.quote,
    )


def _carried_out(window: Window, latency: timedelta) -> Indices:
    """When the signal of each bar is carried out: so long after the next bar opens; after the last bar there is none."""
    carried = np.empty_like(window.opens_ms)
    carried[:-1] = window.opens_ms[1:]
    carried[-1] = window.opens_ms[-1] + window.span // MILLISECOND
    if latency:
        carried += latency // MILLISECOND
    return carried
