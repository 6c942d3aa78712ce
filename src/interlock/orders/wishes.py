"""From a signal to all that one transaction writes about it: switches, throttle, size, verdict, and intent, exits or block.

Pure functions of the standing, asked inside the transaction that locks the account: what is judged is what is sent. Every emitted
signal ends in exactly one of an intent, exits, or a block code; an alert never waits for its order, nor is it kept back by one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from interlock.account import Standing
from interlock.market import Tick
from interlock.orders.intent import intend
from interlock.orders.ruling import Ruling
from interlock.risk.judge import judge
from interlock.risk.limits import Limits
from interlock.risk.question import Facts, Question
from interlock.risk.verdict import Approved, Verdict
from interlock.strategy.contract import Declares
from interlock.strategy.proposal import Proposal
from interlock.strategy.signal import Decision, Signal
from interlock.strategy.sizing import may_move, size_entry, spending
from interlock.strategy.throttle import (
    Allowed,
    Suppressed,
    ThrottleState,
    reconfigured,
    throttle,
)
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, Instrument, Known, Unknown, digest, number_text

NOT_DECIDED: Final = Unknown("an exit is decided by no bar")


@dataclass(frozen=True, slots=True)
class Terms:
    """Under what an order is judged and named: installation, tenure, limits, the instant, and whether LIVE is certified, or why not."""

    install_id: str
    epoch: int
    limits: Limits
    now: Instant
    certified: bool = False
    doubt: str = "none was read"


@dataclass(frozen=True, slots=True)
class Market:
    """What the exchange's list and its newest ticker say of one symbol, each known with its time or unknown."""

    instrument: Known[Instrument] | Unknown
    tick: Known[Tick] | Unknown


@dataclass(frozen=True, slots=True)
class Occasion:
    """One decided bar with the settings that it was decided under and the market as it is now."""

    signal: Signal
    row: WatchlistRow
    preset: Declares
    market: Market


def settings_hash(row: WatchlistRow) -> str:
    """A hash over the settings whose change forces an alert: switches, preset, price gate and amount."""
    numbers = (row.min_price_change_pct, row.trade_amount_usd)
    # Only where one is named: the hash of every other row stays what it was.
    share = () if row.trade_share_pct is None else (number_text(row.trade_share_pct),)
    return digest(
        str(row.alert_enabled),
        str(row.buy_alert_enabled),
        str(row.sell_alert_enabled),
        str(row.trade_enabled),
        row.preset,
        *("null" if number is None else number_text(number) for number in numbers),
        *share,
    )


def throttle_key(signal: Signal) -> str:
    """The name of the throttle state of a signal: side, symbol and strategy."""
    return f"{signal.decision}:{signal.symbol}:{signal.strategy}"


def wish_entry(
    occasion: Occasion,
    standing: Standing,
    throttles: Mapping[str, ThrottleState],
    terms: Terms,
) -> Ruling:
    """What becomes of a signal: kept silent, or emitted and then an intent (BUY), the exits of its lots (SELL), or a block."""
    signal = occasion.signal
    if signal.decision is Decision.WAIT:
        return Ruling(signal=signal)
    if not _may_alert(occasion.row, signal.decision):
        return Ruling(signal=signal, block="ALERT_DISABLED")
    heard = _throttled(occasion, throttles, terms.now)
    if isinstance(heard, Suppressed):
        return Ruling(signal=signal, block=heard.code)
    if signal.decision is Decision.SELL:
        return _exits(occasion, standing, heard)
    return _entry(occasion, standing, heard, terms)


def wish(proposal: Proposal, market: Market, standing: Standing, terms: Terms) -> Ruling:
    """What becomes of an order that serves a lot (PROTECT, REDUCE, FLATTEN): an intent, or a block."""
    return _ruled(Ruling(), judge(question_of(proposal, market, standing, terms)), terms)


def question_of(proposal: Proposal, market: Market, standing: Standing, terms: Terms) -> Question:
    """The question about an order that serves a lot: no bar decided it, and no watchlist row binds it."""
    facts = Facts(
        instrument=market.instrument,
        tick=market.tick,
        bar_ended=NOT_DECIDED,
        indicators_known=False,
        row=None,
        epoch=terms.epoch,
        certified=terms.certified,
        doubt=terms.doubt,
    )
    return Question(proposal, standing, facts, terms.limits, terms.now)


def is_forced(signal: Signal, row: WatchlistRow, heard: Allowed) -> bool:
    """Whether a signal is an alert alone: its settings changed since, or its bar ended before they did."""
    return heard.forced or signal.ends < row.updated_at


def _may_alert(row: WatchlistRow, decision: Decision) -> bool:
    side = row.buy_alert_enabled if decision is Decision.BUY else row.sell_alert_enabled
    return row.alert_enabled and side and not row.is_deleted


def _throttled(
    occasion: Occasion, throttles: Mapping[str, ThrottleState], now: Instant
) -> Allowed | Suppressed:
    """The throttle's answer under the settings now in use; the price gate is the row's, else the preset's."""
    signal, row = occasion.signal, occasion.row
    fresh = ThrottleState(signal.symbol, signal.strategy, signal.decision)
    kept = throttles.get(throttle_key(signal), fresh)
    gate = row.min_price_change_pct
    least = occasion.preset.price_change_pct_min if gate is None else gate
    return throttle(reconfigured(kept, settings_hash(row), signal.close), signal.close, now, least)


def _exits(occasion: Occasion, standing: Standing, heard: Allowed) -> Ruling:
    """A SELL closes every open lot of the symbol that the bot owns, and nothing else."""
    signal = occasion.signal
    lots = [lot for lot in standing.lots if lot.symbol == signal.symbol and not lot.closed_at]
    forced = is_forced(signal, occasion.row, heard)
    exits = () if forced else tuple(lot.id for lot in lots)
    block = "FORCED_ALERT_ONLY" if forced else "NO_POSITION_TO_CLOSE"
    return Ruling(
        signal=signal,
        emitted=True,
        throttle=heard.state,
        exits=exits,
        block=None if exits else block,
        alert=_alert(signal, forced=forced),
    )


def _entry(occasion: Occasion, standing: Standing, heard: Allowed, terms: Terms) -> Ruling:
    """A BUY is sized and judged by every rule; the row, its switches and a forced alert are rules too."""
    signal, market = occasion.signal, occasion.market
    row = spending(occasion.row, standing.figures)
    forced = is_forced(signal, row, heard)
    slippage = terms.limits.entry_slippage_pct_max
    sized = size_entry(signal, row, market.instrument, market.tick, slippage)
    if occasion.preset.manages and isinstance(sized, Proposal):
        sized = may_move(sized)
    facts = Facts(
        instrument=market.instrument,
        tick=market.tick,
        bar_ended=signal.ends,
        indicators_known=_are_known(signal),
        row=row,
        epoch=terms.epoch,
        forced=forced,
        certified=terms.certified,
        doubt=terms.doubt,
        close=signal.close,
    )
    emitted = Ruling(
        signal=signal, emitted=True, throttle=heard.state, alert=_alert(signal, forced=forced)
    )
    return _ruled(emitted, judge(Question(sized, standing, facts, terms.limits, terms.now)), terms)


def _ruled(ruling: Ruling, verdict: Verdict, terms: Terms) -> Ruling:
    """The ruling with its verdict, and the intent of an approval or the code of a block."""
    if not isinstance(verdict, Approved):
        return replace(ruling, verdict=verdict, block=verdict.code)
    signal_id = ruling.signal.id if ruling.signal else None
    intent = intend(verdict, terms.install_id, terms.now, signal_id=signal_id)
    return replace(ruling, verdict=verdict, intent=intent)


def _are_known(signal: Signal) -> bool:
    needed = ("ema10", "ma50")
    return not any(isinstance(signal.values.get(name, NOT_DECIDED), Unknown) for name in needed)


def _alert(signal: Signal, *, forced: bool) -> str:
    """What the owner reads: the decision, its bar's close, and the because that belongs to it."""
    side = signal.decision.lower()
    because = [f.because for f in signal.flags if f.holds and f.name.startswith(f"{side}_")]
    after = " (after a change of settings)" if forced else ""
    close = number_text(signal.close)
    return f"{signal.decision} {signal.symbol} at {close}{after}. {' '.join(because)}"
