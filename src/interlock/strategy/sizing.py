"""The size of an entry: a LIMIT at the collar, so that its price is bounded and its reservation exact.

What cannot be sized is `Unsized` with its stored reason code; there is no default amount, tick, lot or price.
"""

from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from typing import Final

from interlock.account import Figures, Funding, Margin, Spot
from interlock.market import Tick
from interlock.strategy.proposal import OrderType, Proposal, Protection, Purpose, TimeInForce
from interlock.strategy.say import say
from interlock.strategy.signal import Signal
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instrument, Known, Price, Side, Unknown, number_text

STRETCH_MAX: Final = 2
CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Unsized:
    """No order could be made of the wish: the stored reason code, what was found, what it had to be, and the sentence."""

    symbol: str
    funding: Funding
    code: str
    found: str
    limit: str
    reason: str

    @property
    def base(self) -> str:
        """The base currency of its symbol."""
        return self.symbol.split("_", maxsplit=1)[0]


@dataclass(frozen=True, slots=True)
class _No:
    code: str
    found: str
    limit: str
    reason: str


def funding_of(row: WatchlistRow) -> Funding:
    """How an entry of this row is paid for: margin unticked is spot, without leverage; nothing is sent on credit by default."""
    return Margin(row.leverage) if row.trade_on_margin else Spot()


def spending(row: WatchlistRow, figures: Known[Figures] | Unknown) -> WatchlistRow:
    """The row with what one entry of it spends now, in whole cents: of a share that is what it is of the equity.

    A share of an equity that nobody knows is no amount, and no amount is blocked; where both are named, the smaller is spent.
    """
    if row.trade_share_pct is None:
        return row
    if isinstance(figures, Unknown) or not row.trade_share_pct.is_finite():
        return replace(row, trade_amount_usd=None)
    share = (figures.value.equity * row.trade_share_pct / 100).quantize(CENT, ROUND_DOWN)
    named = share if row.trade_amount_usd is None else min(share, row.trade_amount_usd)
    return replace(row, trade_amount_usd=named)


def no_amount(row: WatchlistRow) -> str:
    """Why an entry of this row, as it spends now, has nothing to spend."""
    if row.trade_share_pct is not None and row.trade_amount_usd is None:
        return f"{row.symbol} spends {say(row.trade_share_pct)} % of an equity that is not known."
    return f"{row.symbol} has no amount to spend."


def size_entry(
    signal: Signal,
    row: WatchlistRow,
    instrument: Known[Instrument] | Unknown,
    tick: Known[Tick] | Unknown,
    slippage_pct: Decimal,
) -> Proposal | Unsized:
    """The entry that a BUY signal wants: limit = min(ask x (1 + slippage), buy target) on the tick, quantity = amount / limit on the lot.

    Prices in quote per base, the amount in quote, slippage in percent; both are rounded down.
    """
    sized = _sized(signal, row, instrument, tick, slippage_pct)
    if isinstance(sized, _No):
        return Unsized(
            row.symbol, funding_of(row), sized.code, sized.found, sized.limit, sized.reason
        )
    return sized


def may_move(entry: Proposal) -> Proposal:
    """The entry of a strategy that may raise the stop of its lot later."""
    if entry.protection is None:
        return entry
    return replace(entry, protection=replace(entry.protection, stop_floor=Decimal(0)))


def collar(ask: Decimal, slippage_pct: Decimal) -> Decimal:
    """The most that an entry may pay at this ask, in quote per base, before rounding."""
    return ask * (1 + slippage_pct / 100)


def entry_key(signal_id: str) -> str:
    """What names the entry of a signal for ever."""
    return f"signal:{signal_id}:side:{Side.BUY}"


def too_coarse(instrument: Instrument, entry: Price, protection: Protection) -> str | None:
    """Why a long entry at this price cannot be protected on this tick; None when it can.

    0 < stop < entry < target, each at least one tick away, and the stop at most twice as far as intended.
    """
    tick, rate = instrument.price_tick, entry.rate
    stop = instrument.price_down(rate - protection.stop_distance)
    target = instrument.price_up(rate + protection.target_distance)
    if stop is None or target is None:
        return f"No stop above zero lies {say(protection.stop_distance)} below {entry}."
    if rate - stop.rate < tick or target.rate - rate < tick:
        return "Stop or target would be less than one tick from the entry."
    if rate - stop.rate > STRETCH_MAX * protection.stop_distance:
        found, wanted = say(rate - stop.rate), say(protection.stop_distance)
        return f"The tick {number_text(tick)} stretches the stop from {wanted} to {found}."
    return None


def _sized(
    signal: Signal,
    row: WatchlistRow,
    instrument: Known[Instrument] | Unknown,
    tick: Known[Tick] | Unknown,
    slippage_pct: Decimal,
) -> Proposal | _No:
    if isinstance(instrument, Unknown):
        return _No("INSTRUMENT_UNKNOWN", "missing", "known", f"{row.symbol}: {instrument.why}.")
    amount = _amount(row)
    if isinstance(amount, _No):
        return amount
    limit = _limit(row, instrument.value, tick, slippage_pct)
    if isinstance(limit, _No):
        return limit
    protection = _protection(signal, row, instrument.value, limit)
    if isinstance(protection, _No):
        return protection
    quantity = instrument.value.quantity_down(amount / limit.rate)
    if not quantity:
        lot = number_text(instrument.value.lot)
        return _No(
            "INVALID_ORDER_FORMAT",
            "0",
            lot,
            f"{say(amount)} buys less than one lot of {lot} at {limit}.",
        )
    return Proposal(
        key=entry_key(signal.id),
        purpose=Purpose.ENTRY,
        instrument=instrument.value,
        side=Side.BUY,
        type=OrderType.LIMIT,
        tif=TimeInForce.IMMEDIATE_OR_CANCEL,
        quantity=quantity,
        funding=funding_of(row),
        limit=limit,
        protection=protection,
    )


def _amount(row: WatchlistRow) -> Decimal | _No:
    amount = row.trade_amount_usd
    if amount is None or not amount.is_finite() or amount <= 0:
        found = "missing" if amount is None else str(amount)
        return _No("INVALID_TRADE_AMOUNT", found, "0", no_amount(row))
    return amount


def _limit(
    row: WatchlistRow, instrument: Instrument, tick: Known[Tick] | Unknown, slippage_pct: Decimal
) -> Price | _No:
    """The collar on the tick, never above the buy target."""
    ask = None if isinstance(tick, Unknown) else tick.value.ask
    if ask is None or not ask.is_finite() or ask <= 0:
        return _No("DATA_MISSING", "missing", "known", f"The ask of {row.symbol} is not known.")
    highest = collar(ask, slippage_pct)
    if row.buy_target is not None:
        if ask > row.buy_target:
            found, target = number_text(ask), number_text(row.buy_target)
            reason = f"The ask {found} is above the buy target {target}."
            return _No("PRICE_ABOVE_BUY_TARGET", found, target, reason)
        highest = min(highest, row.buy_target)
    limit = instrument.price_down(highest)
    if limit is None:
        found, step = say(highest), number_text(instrument.price_tick)
        return _No("TICK_TOO_COARSE", found, step, f"{found} is below one tick of {step}.")
    return limit


def _protection(
    signal: Signal, row: WatchlistRow, instrument: Instrument, limit: Price
) -> Protection | _No:
    """The frozen distances of the signal and the row, if a lot at the limit price can be protected with them."""
    stop, target = signal.stop_distance, signal.target_distance
    if isinstance(stop, Unknown):
        return _No("DATA_MISSING", "missing", "known", f"No stop can be set: {stop.why}.")
    if isinstance(target, Unknown):
        return _No("DATA_MISSING", "missing", "known", f"No target can be set: {target.why}.")
    sources = (signal.stop_source, signal.target_source)
    protection = Protection(stop, target, *sources, row.trailing_pct)
    coarse = too_coarse(instrument, limit, protection)
    if coarse is not None:
        step = number_text(instrument.price_tick)
        return _No("TICK_TOO_COARSE", say(stop), step, coarse)
    return protection
