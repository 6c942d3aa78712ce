"""One afternoon of the platform, whole enough for every view: lots in each state, orders of each word, decisions of each ending."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from interlock.account import DayOpen, EquityPoint, Figures, Lot, Spot
from interlock.evidence.incident import Incident
from interlock.evidence.picture import Decided
from interlock.evidence.proof import AuditRun
from interlock.market import Tick
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.risk.verdict import Blocked, Objection
from interlock.strategy.proposal import Proposal, Purpose
from interlock.strategy.signal import Decision, Flag, Signal
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, Known, Price, Quantity, Unknown
from tests.fakes.goods import BTC, NOW, entry, exit_order, intent
from tests.fakes.shown import ShownBooks, ShownMarket, tick

HOUR = timedelta(hours=1)
PRICES = {
    "BTC_USDT": "62431.5",
    "ETH_USDT": "3432.18",
    "SOL_USDT": "131.402",
    "XRP_USDT": "0.58913",
}
LOOPS = ("updater", "monitor", "trader", "settler", "guardian", "auditor")


def scene(now: Instant = NOW) -> tuple[ShownBooks, ShownMarket]:
    """Books and market as they stand `now`: all is well, two lots are stopped, one entry was blocked."""
    held = [_held("BTC_USDT", 1, now - 3 * HOUR), _held("SOL_USDT", 2, now - HOUR)]
    resting = [leg for _, legs in held for leg in legs]
    failed = _of("ETH_USDT", intent(entry("signal:9:side:BUY", limit="3440"), State.REJECTED))
    refused = replace(
        failed, refusal="306 INSUFFICIENT_AVAILABLE_BALANCE", created_at=now - 5 * HOUR
    )
    books = ShownBooks(
        figures=Known(Figures(Decimal("10241.37"), Decimal(0), Decimal("-1.21")), now),
        watchlist=tuple(_watched(symbol) for symbol in PRICES),
        lots=tuple((lot, tuple(legs)) for lot, legs in held),
        intents=(*reversed(resting), refused),
        decisions=_decisions(now),
        equity=_curve(now),
        incidents=(
            Incident("exchange:auth", "FAIL", "shut out", now - 9 * HOUR, 2, now - 8 * HOUR),
        ),
        audits=(AuditRun(now - HOUR, passed=True, rows=()),),
        day=DayOpen(now.day(), Decimal("10118.95"), now.floor(24 * HOUR), late=False),
    )
    market = ShownMarket(
        {s: _priced(s, now) for s in PRICES}, {who: now - timedelta(seconds=8) for who in LOOPS}
    )
    return books, market


def signal(symbol: str, decision: Decision, at: Instant, *flags: Flag) -> Signal:
    return Signal(
        symbol=symbol,
        strategy="trend-dip",
        bar=at - HOUR,
        ends=at,
        decision=decision,
        index=sum(f.holds is True for f in flags) * 100 // max(1, len(flags)),
        close=Decimal(PRICES[symbol]),
        flags=flags,
        values={
            "RSI": 37.4412,
            "EMA10": 62180.25,
            "ma50": 61877.9,
            "ma200": Unknown("199 bars of 200"),
        },
        stop_distance=Decimal(500),
        target_distance=Decimal(700),
    )


def _held(symbol: str, n: int, at: Instant) -> tuple[Lot, list[Intent]]:
    bought = _of(symbol, intent(entry(f"signal:{n}:side:BUY"), State.FILLED))
    rate = Decimal(PRICES[symbol]) * Decimal("0.992")
    size = bought.proposal.quantity.size
    filled = replace(
        bought,
        order_id=f"57559801{n}",
        filled=size,
        value=size * rate,
        created_at=at,
        updated_at=at,
    )
    lot = Lot(
        filled.id,
        symbol,
        symbol.split("_", maxsplit=1)[0],
        "USDT",
        Spot(),
        at,
        size,
        size * rate,
        size,
        rate * Decimal("0.03"),
        rate * Decimal("0.045"),
    )
    asked = exit_order(Purpose.PROTECT, filled.id, str(size), trigger=str(rate * Decimal("0.97")))
    stop = _of(symbol, intent(asked, State.WORKING, confirmed_at=at, order_id=f"57559802{n}"))
    return lot, [filled, replace(stop, created_at=at, updated_at=at)]


def _of(symbol: str, made: Intent) -> Intent:
    """The same order on another book, its size worth about 100 USD there."""
    base, size = (
        symbol.split("_", maxsplit=1)[0],
        (100 / Decimal(PRICES[symbol])).quantize(Decimal("0.0001")),
    )
    asked = made.proposal
    moved: Proposal = replace(
        asked,
        instrument=replace(BTC, symbol=symbol, base=base, lot=Decimal("0.0001")),
        quantity=Quantity(size, base),
        limit=Price(Decimal(PRICES[symbol]), base, "USDT") if asked.limit else None,
        trigger=Price(asked.trigger.rate, base, "USDT") if asked.trigger else None,
    )
    return replace(made, proposal=moved)


def _watched(symbol: str) -> WatchlistRow:
    is_traded = symbol != "XRP_USDT"
    return WatchlistRow(
        symbol, alert_enabled=True, trade_enabled=is_traded, trade_amount_usd=Decimal(100)
    )


def _priced(symbol: str, now: Instant) -> Tick:
    return tick(symbol, PRICES[symbol], now - timedelta(seconds=12))


def _decisions(now: Instant) -> tuple[Decided, ...]:
    low = Flag("buy_rsi", holds=True, because="RSI 37.44 is below 40")
    up = Flag("buy_trend", holds=True, because="EMA10 62180.25 is above MA50 61877.9")
    down = Flag("buy_trend", holds=False, because="EMA10 3398.11 is not above MA50 3401.52")
    unasked = Flag("buy_volume", holds=None, because="")
    cap = Objection(
        "COOLDOWN",
        "RECENT_ORDERS_COOLDOWN",
        "182 s",
        "300 s",
        "An entry of SOL was sent too lately.",
    )
    size = Objection(
        "C", "RISK_GUARD_BLOCKED", "12.4", "10", "The trade takes more of the equity than allowed."
    )
    buy = signal("BTC_USDT", Decision.BUY, now - 3 * HOUR, low, up, unasked)
    no = signal("SOL_USDT", Decision.BUY, now - HOUR, low, up)
    wait = signal("ETH_USDT", Decision.WAIT, now, low, down)
    sell = signal(
        "XRP_USDT",
        Decision.SELL,
        now - 4 * HOUR,
        Flag("sell_rsi", holds=True, because="RSI 71.2 is above 70"),
    )
    blocked = Blocked(entry("signal:2:side:BUY"), now - HOUR, (size, cap))
    return (
        Decided(wait, now, "WAIT", None, None, None),
        Decided(no, now - HOUR, "BLOCKED", blocked.code, blocked, None),
        Decided(
            buy, now - 3 * HOUR, "ORDERED", "EXEC_ORDER_PLACED", None, "intent-signal:1:side:BUY"
        ),
        Decided(sell, now - 4 * HOUR, "BLOCKED", "NO_POSITION_TO_CLOSE", None, None),
    )


def _curve(now: Instant) -> tuple[EquityPoint, ...]:
    """Two days of a wallet that rises with some ups and downs, newest first."""
    steps = [Decimal((n * n * 31) % 97 - 46) / 2 for n in range(96)]
    worth = [Decimal("9990.37") + sum(steps[: n + 1], Decimal(0)) for n in range(96)]
    start = now - 48 * HOUR
    points = (EquityPoint(start + n * HOUR / 2, each, Decimal(0)) for n, each in enumerate(worth))
    return tuple(reversed(tuple(points)))
