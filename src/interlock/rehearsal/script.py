"""The first scenario of all: buy, partial fill, stop, exit; on real prices, judged by the exchange's own books.

`by_target` lets the market reach the target, which rests at the exchange beside the stop; `by_stop` lets it fall through the stop,
which fires; in `by_trail` the stop follows the price. In `by_plan` the exchange takes no pairs: the target is
watched at the desk, and the exit plan runs with a stop alone; in `by_word` the owner's word closes a lot that a pair protects.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from interlock.account import Mode
from interlock.ports import Books
from interlock.rehearsal.store import DictGround, DictMarket, dict_books
from interlock.rehearsal.watch import Watch
from interlock.rehearsal.world import World
from interlock.simulator.config import Config, demo_key
from interlock.simulator.engine import Engine
from interlock.simulator.recordings import load
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant

SYMBOL = "XRP_USDT"
LEAVING = "SIGNAL:by-hand"
ALIKE = ("ADA_USDT", "DOGE_USDT")  # other markets that the same bars move
TRADED = (SYMBOL, *ALIKE)
LISTED = ("BTC_USDT", "ETH_USDT", SYMBOL, *ALIKE, "XRP_USD", "USDT_USD")
SERIES = load("binance_XRP-USDT_1h")
REPLAY = {name: replace(SERIES, symbol=name) for name in TRADED}
ROW = WatchlistRow(
    symbol=SYMBOL,
    preset="intraday-aggressive",
    alert_enabled=True,
    buy_alert_enabled=True,
    sell_alert_enabled=True,
    trade_enabled=True,
    trade_amount_usd=Decimal(100),
    sl_percentage=Decimal(2),
    tp_percentage=Decimal(3),
)

BORROWER = {"USD": Decimal(10000), "USDT": Decimal(40)}


@dataclass(frozen=True, slots=True)
class Script:
    """When a scenario starts, how long it lasts, how much of an order the best level holds, and whether the platform listens.

    `arms` are faults that the exchange has from the beginning (name, method, count, code); after `leaves` hours every lot is to be sold;
    `edits` change the row. With a `leverage` it is bought on margin: the account holds dollars that pledge, and less of the quote than
    the entry costs, so that it must borrow.
    """

    name: str
    start: str
    hours: float
    depth: Decimal
    arms: tuple[tuple[str, str, int, int], ...] = ()
    leaves: float | None = None
    edits: Mapping[str, Any] = field(default_factory=dict)
    listens: bool = False
    leverage: Decimal | None = None

    def staged(self, crashes: frozenset[int] = frozenset()) -> World:
        """A world in which it is about to be played, with crashes at these seams."""
        return stage(self, crashes=crashes)


FOR_EVER = 10**9
SPARE = 500_000_000  # the seed of a key's successor, so far off that no seed draws it
A_MOMENT = 0.001  # hours: the bar that decides has not closed yet
PAIR = "private/advanced/create-oco"
NO_PAIRS = (("refuse", PAIR, FOR_EVER, 140001),)
BY_TARGET = Script("by_target", "2024-02-29T00:59:50", 6.2, Decimal(100))
BY_STOP = Script("by_stop", "2024-02-29T21:59:50", 2.2, Decimal(100))
BY_PLAN = replace(
    BY_TARGET, name="by_plan", hours=1.2, arms=NO_PAIRS, edits={"tp_percentage": Decimal("0.8")}
)
BY_WORD = replace(BY_TARGET, name="by_word", hours=1.4, leaves=0.5)
BY_TRAIL = replace(
    BY_TARGET,
    name="by_trail",
    hours=2.4,
    edits={"trailing_pct": Decimal(1), "tp_percentage": Decimal(20)},
)
BOUGHT = replace(BY_TARGET, name="bought", hours=0.3)
WHOLE = replace(BOUGHT, name="whole", depth=Decimal(1000))
LEFT = replace(BY_WORD, name="left", hours=1.1)  # sold by a signal, so that the pair must go first
SOLD = replace(BY_TARGET, name="sold", hours=6.4)
LONG = replace(BOUGHT, name="long", hours=2.3)  # until executions are swept
# On margin: until the next hour's interest is booked, and until the debt is repaid.
LENT = replace(BOUGHT, name="lent", hours=1.3, leverage=Decimal(3))
REPAID = replace(SOLD, name="repaid", leverage=Decimal(3))
SCRIPTS = (BY_TARGET, BY_STOP, BY_PLAN, BY_WORD, BY_TRAIL)
MIDNIGHT = replace(WHOLE, name="midnight", start="2024-03-23T23:59:50")  # bought as a day begins
AWAY = replace(BOUGHT, name="away", hours=8 * 24 + 0.6)  # longer than a window of the exchange
HEARD = Script("heard", BY_TARGET.start, 0.1, BY_TARGET.depth, listens=True)
HEARD_TO_FIRE = Script("heard to fire", BY_STOP.start, BY_STOP.hours, BY_STOP.depth, listens=True)


def listening(script: Script) -> Script:
    """The same, where the platform listens."""
    return replace(script, name=f"{script.name}, heard", listens=True)


def stage(
    script: Script,
    seed: int = 0,
    crashes: frozenset[int] = frozenset(),
    open_books: Callable[[], Books] | None = None,
    symbols: int = 1,
) -> World:
    """A world with this script, new books (on a dictionary, or what `open_books` opens), and crashes at these seams."""
    start = Instant.of_iso(script.start)
    key, spare = demo_key(seed), demo_key(seed + SPARE)
    names = TRADED[:symbols]
    config = Config(
        start=start,
        replay={name: REPLAY[name] for name in names},
        keys=(key, spare),
        depth=dict.fromkeys(names, script.depth),
        listed=LISTED,
    )
    if script.leverage is not None:
        config = replace(config, margin=True, balances=BORROWER)
    ground = DictGround()
    opened = open_books or (lambda: dict_books(ground, bound=Mode.SIM))
    books = opened()
    books.open(Mode.SIM, start)
    books.switch("owner", "first steps", start, mode=Mode.SIM, kill=None)
    row = replace(
        ROW,
        updated_at=start - timedelta(hours=2),
        trade_on_margin=script.leverage is not None,
        leverage=script.leverage,
        **script.edits,
    )
    for name in names:
        books.watch(replace(row, symbol=name), "owner", start - timedelta(hours=2))
    engine = Engine(config)
    for fault in script.arms:
        engine.arm(*fault)
    world = World(
        engine=engine,
        key=key,
        open_books=opened,
        market=DictMarket(),
        row=row,
        lasts=timedelta(hours=script.hours),
        seed=seed,
        crashes=crashes,
        listens=script.listens,
        spare=spare,
        ground=ground,
    )
    if open_books is None:
        world.watcher = Watch(world, ground)
    if script.leaves is not None:
        world.after = timedelta(hours=script.leaves)
        world.meanwhile = lambda: leave(world)
    return world


@cache
def market_before(start: str, symbols: int = 1) -> DictMarket:
    """What a platform that had run before would know of the market: its bars are not read anew in each of thousands of runs."""
    before = stage(replace(BOUGHT, start=start, hours=A_MOMENT), symbols=symbols)
    before.run()
    assert isinstance(before.market, DictMarket)
    return before.market


def leave(world: World, why: str = LEAVING) -> None:
    """Every open lot is to be sold, as by a SELL signal, or for another reason."""
    books, now = world.open_books(), world.now()
    tenure = books.picture(now).tenure
    assert tenure is not None
    for lot, _ in books.open_lots():
        books.flag_exit(tenure.epoch, now, lot.id, why)
