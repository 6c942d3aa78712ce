"""What the API shows of orders, decisions, positions and the account; the runbook's words for orders exist here alone.

Figures are exact JSON numbers, times ISO 8601, ages seconds; what is not known is null beside its why.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Final

from interlock.account import Balance, DayOpen, Figures, Kill, Margin
from interlock.api.memory import Snapshot
from interlock.evidence.picture import Decided
from interlock.health.cover import Covered
from interlock.health.verdict import SystemHealth
from interlock.ledger.book import realised
from interlock.market import Tick
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.risk.remedies import remedy
from interlock.risk.verdict import Approved, Blocked, Verdict
from interlock.strategy.signal import Signal
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, Known, Price, Unknown

Json = dict[str, object]

PLACED: Final = "ORDER_PLACED"
WORDS: Final[Mapping[State, str]] = {
    State.SENDING: "PENDING",
    State.ACKED: PLACED,
    State.WORKING: PLACED,
    State.CANCELLING: PLACED,
    State.FILLED: PLACED,
    State.CANCELLED: PLACED,
    State.EXPIRED: PLACED,
    State.REJECTED: "ORDER_FAILED",
    State.NOT_PLACED: "ORDER_FAILED",
    State.UNKNOWN: "UNKNOWN",
}
DECISIONS: Final[Mapping[str, str]] = {"ORDERED": "EXECUTED", "EXIT": "EXECUTED"}


def seconds(age: timedelta) -> Decimal:
    """An age in seconds, to the millisecond."""
    return Decimal(age // timedelta(milliseconds=1)) / 1000


def status(shown: Snapshot, health: SystemHealth) -> Json:
    """Mode, kill switch, engine, the account in short, and whether an entry could be made now."""
    switches, tenure = shown.picture.switches, shown.picture.tenure
    states = [i.state for i in shown.standing.in_flight]
    return {
        "mode": switches.mode,
        "bound": switches.bound,
        "venue": switches.venue,
        "kill": _engaged(switches.kill),
        "pause": _engaged(switches.pause),
        "epoch": tenure.epoch if tenure else None,
        "began_at": tenure.began_at.iso() if tenure else None,
        **account(shown),
        "open_positions": shown.standing.open_positions(),
        "orders_in_flight": len(states),
        "unknown_outcomes": states.count(State.UNKNOWN),
        "health": health.status,
        "ready_to_trade": health.readiness.allowed,
        "why_not": list(health.readiness.why),
    }


def _engaged(switch: Kill | None) -> Json | None:
    return {"who": switch.who, "why": switch.why, "at": switch.at.iso()} if switch else None


def order(intent: Intent, now: Instant) -> Json:
    """One order: the table's word as `state`, the runbook's as `status`."""
    asked = intent.proposal
    return {
        "client_oid": intent.client_oid,
        "order_id": intent.order_id,
        "symbol": asked.symbol,
        "side": asked.side,
        "type": asked.type,
        "purpose": asked.purpose,
        "quantity": asked.quantity.size,
        "limit": _rate(asked.limit),
        "trigger": _rate(asked.trigger),
        "filled": intent.filled,
        "value": intent.value,
        "average": _average(intent),
        "state": intent.state,
        "status": WORDS[intent.state],
        "refusal": intent.refusal,
        "lot_id": asked.lot_id,
        "created_at": intent.created_at.iso(),
        "updated_at": intent.updated_at.iso(),
        "age_s": seconds(now - intent.created_at),
    }


def intent_row(intent: Intent, now: Instant) -> Json:
    """One intent: its order, and what it was made of."""
    asked = intent.proposal
    margin = asked.funding.leverage if isinstance(asked.funding, Margin) else None
    return {
        **order(intent, now),
        "id": intent.id,
        "key": asked.key,
        "verdict_id": intent.verdict_id,
        "signal_id": intent.signal_id,
        "time_in_force": asked.tif,
        "is_margin": isinstance(asked.funding, Margin),
        "leverage": margin,
        "reserved": intent.reserved,
        "spawned_order_id": intent.spawned_order_id,
        "confirmed_at": intent.confirmed_at.iso() if intent.confirmed_at else None,
    }


def _rate(price: Price | None) -> Decimal | None:
    return price.rate if price else None


def _average(intent: Intent) -> Decimal | None:
    return round(intent.value / intent.filled, 8) if intent.filled else None


def decision(decided: Decided, now: Instant) -> Json:
    """One decision: the signal with its because, what became of it, and every objection, gravest first."""
    return {
        "signal_id": decided.signal.id,
        "symbol": decided.signal.symbol,
        "at": decided.at.iso(),
        "age_s": seconds(now - decided.at),
        "outcome": decided.outcome,
        "type": DECISIONS.get(decided.outcome, "SKIPPED"),
        "status": "ORDER_BLOCKED" if isinstance(decided.verdict, Blocked) else None,
        "code": decided.code,
        "intent_id": decided.intent_id,
        "signal": signal(decided.signal),
        "verdict": verdict(decided.verdict),
    }


def signal(said: Signal) -> Json:
    """What the strategy said of one closed bar."""
    return {
        "decision": said.decision,
        "strategy": said.strategy,
        "bar": said.bar.iso(),
        "bar_ends": said.ends.iso(),
        "close": said.close,
        "index": said.index,
        "because": list(said.because()),
        "flags": [{"name": f.name, "holds": f.holds, "because": f.because} for f in said.flags],
        "values": {name: _value(value) for name, value in said.values.items()},
        "stop_distance": _value(said.stop_distance),
        "target_distance": _value(said.target_distance),
    }


def _value(value: float | Decimal | Unknown) -> object:
    return {"unknown": value.why} if isinstance(value, Unknown) else value


def verdict(said: Verdict | None) -> Json | None:
    """What the judge said; None when nobody asked it."""
    match said:
        case Approved():
            return {"word": "APPROVED", "objections": [], "proposal": _proposal(said)}
        case Blocked():
            objections = [
                {
                    "rule": o.rule,
                    "code": o.code,
                    "found": o.found,
                    "limit": o.limit,
                    "reason": o.reason,
                    "remedy": remedy(o.rule),
                }
                for o in said.objections
            ]
            return {"word": "BLOCKED", "objections": objections, "proposal": _proposal(said)}
        case None:
            return None


def _proposal(said: Verdict) -> Json | None:
    asked = said.proposal
    if asked is None:
        return None
    return {
        "purpose": asked.purpose,
        "side": asked.side,
        "quantity": asked.quantity.size,
        "limit": _rate(asked.limit),
        "value": asked.value.amount,
        "is_margin": isinstance(asked.funding, Margin),
    }


def position(cover: Covered, tick: Tick | None, now: Instant) -> Json:
    """One open lot: what it cost, what it is worth at the last price, and how it is protected."""
    lot = cover.lot
    last = tick.last if tick else None
    average = lot.average if lot.bought else None
    gain = (last - average) * lot.remaining if last is not None and average is not None else None
    return {
        "lot_id": lot.id,
        "symbol": lot.symbol,
        "is_margin": isinstance(lot.funding, Margin),
        "quantity": lot.remaining,
        "average": None if average is None else round(average, 8),
        "cost": lot.cost,
        "last": last,
        "last_age_s": seconds(now - tick.at) if tick else None,
        "unrealised": None if gain is None else round(gain, 8),
        "leverage": lot.funding.leverage if isinstance(lot.funding, Margin) else None,
        "interest": lot.interest,
        "realised": round(realised(lot), 8),
        "protection": cover.cover,
        "overdue": cover.overdue,
        "unprotected_s": seconds(now - cover.bare_since) if cover.bare_since else None,
        "stop": cover.stop,
        "target": cover.target,
        "trailing_pct": lot.trailing_pct,
        "high": lot.high,
        "stop_floor": lot.stop_floor,
        "exit_reason": lot.exit_reason,
        "opened_at": lot.opened_at.iso(),
        "age_s": seconds(now - lot.opened_at),
    }


def portfolio(snapshot: Snapshot) -> Json:
    """Balances, equity and the day's profit; figures that are not known are null, and `unknown` says why."""
    picture = snapshot.picture
    return {
        "balances": _balances(picture.balances, snapshot.as_of),
        **account(snapshot),
        "equity_series": [[p.at.ms, p.equity] for p in reversed(picture.equity)],
    }


def account(snapshot: Snapshot) -> Json:
    """Equity, exposure and the day's profit so far."""
    figures, now = snapshot.picture.figures, snapshot.as_of
    if isinstance(figures, Unknown):
        nothing = ("equity", "exposure", "day_pnl", "day_pnl_pct", "figures_age_s")
        return {**dict.fromkeys(nothing), "unknown": figures.why}
    return {
        "equity": figures.value.equity,
        "exposure": figures.value.exposure,
        "day_pnl": _day_pnl(snapshot.picture.day, figures),
        "day_pnl_pct": -round(figures.value.daily_loss_pct, 4),
        "figures_age_s": seconds(now - figures.as_of),
        "unknown": None,
    }


def _day_pnl(day: DayOpen | None, figures: Known[Figures]) -> Decimal | None:
    return None if day is None else round(figures.value.equity - day.equity - day.transfers, 8)


def _balances(balances: Known[Mapping[str, Balance]] | Unknown, now: Instant) -> Json:
    if isinstance(balances, Unknown):
        return {"unknown": balances.why, "age_s": None, "rows": []}
    rows = [
        {
            "currency": b.currency,
            "total": b.total,
            "available": b.available,
            "owed": max(-b.total, Decimal(0)),
        }
        for _, b in sorted(balances.value.items())
    ]
    return {"unknown": None, "age_s": seconds(now - balances.as_of), "rows": rows}


def watched(
    row: WatchlistRow, tick: Tick | None, decisions: Iterable[Decided], now: Instant
) -> Json:
    """One watchlist row with the live price, its age, and the last decision about it."""
    last = next((d for d in decisions if d.signal.symbol == row.symbol), None)
    return {
        "symbol": row.symbol,
        "preset": row.preset,
        "alert_enabled": row.alert_enabled,
        "trade_enabled": row.trade_enabled,
        "trade_amount_usd": row.trade_amount_usd,
        "trade_share_pct": row.trade_share_pct,
        "trade_on_margin": row.trade_on_margin,
        "leverage": row.leverage,
        "sl_percentage": row.sl_percentage,
        "tp_percentage": row.tp_percentage,
        "trailing_pct": row.trailing_pct,
        "min_price_change_pct": row.min_price_change_pct,
        "buy_target": row.buy_target,
        "version": row.version,
        "last": tick.last if tick else None,
        "bid": tick.bid if tick else None,
        "ask": tick.ask if tick else None,
        "price_age_s": seconds(now - tick.at) if tick else None,
        "decision": last.signal.decision if last else None,
        "outcome": last.outcome if last else None,
        "decision_age_s": seconds(now - last.at) if last else None,
    }
