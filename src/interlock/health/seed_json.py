"""The seed's health JSON, key for key, in this one file; whatever more we know stands under `details`.

Ages are decimals of minutes with two places, times are ISO 8601 with offset; null stands only where the seed lets it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from interlock.health.cover import Cover, Covered
from interlock.health.observations import Observed, RecordSeen
from interlock.health.verdict import Light, LoopHealth, SystemHealth, minutes, worst
from interlock.orders.evidence import Ear, Listening
from interlock.values import Instant, Unknown

Json = Mapping[str, object]
PARTS = ("market", "updater", "monitor", "telegram", "trade", "guard", "account", "record")
CODE_DIGITS = 5
RECORDED = (
    *("mode", "bound", "venue", "kill", "mute"),
    *("epoch", "began_at", "incidents", "last_audit", "last_undelivered_alert", "user_stream"),
)


def seed_json(health: SystemHealth) -> Json:
    """The body of `/api/health/system`: the same keys whether all is well or the books cannot be read."""
    telegram, trade, guard = health.telegram, health.trade, health.guard
    return {
        "global_status": health.status,
        "timestamp": health.at.iso(),
        "db_status": "up" if health.database_up else "down",
        "market_data": {
            "status": health.market.status,
            "fresh_symbols": health.market.fresh,
            "stale_symbols": health.market.stale,
            "max_age_minutes": minutes(health.market.age_max),
        },
        "market_updater": _loop(health.updater, "last_heartbeat_age_minutes"),
        "signal_monitor": _loop(health.monitor, "last_cycle_age_minutes"),
        "telegram": {
            "status": telegram.status,
            "enabled": telegram.enabled,
            "chat_id_set": telegram.chat_id_set,
            "bot_token_set": telegram.bot_token_set,
            "run_telegram_env": telegram.run_env,
            "kill_switch_enabled": telegram.sending_allowed,
            "last_send_ok": telegram.last_send_ok,
        },
        "trade_system": {
            "status": trade.status,
            "open_orders": trade.open_positions,
            "max_open_orders": trade.max_open,
            "order_intents_table_exists": trade.intents_table,
            "last_check_ok": trade.last_check_ok,
        },
        "risk_guard": {
            "max_leverage": guard.max_leverage,
            "daily_loss_triggered": guard.daily_loss_triggered,
            "global_trading_enabled": guard.trading_enabled,
        },
        "details": _details(health),
    }


def _loop(loop: LoopHealth, age: str) -> Json:
    return {"status": loop.status, "is_running": loop.is_running, age: minutes(loop.age)}


def _details(health: SystemHealth) -> Json:
    observed, now = health.observed, health.at
    ready, limits = health.readiness, health.observed.limits
    return {
        "exchange": _exchange(observed, now),
        "ready_to_trade": {"allowed": ready.allowed, "why": list(ready.why)},
        "price_age_max_s": _seconds(limits.price_age_max),
        "blocked_symbols": list(ready.blocked_symbols),
        "equity_age_s": _equity_age(observed, now),
        "equity_age_max_s": _seconds(limits.equity_age_max),
        **_trade(observed, now),
        "trade_system_why": list(health.trade.why),
        **_record(observed.record, now),
        "errors": list(_errors(observed)),
    }


def _exchange(observed: Observed, now: Instant) -> Json:
    """The signed account access: FAIL with the exchange's code while it refuses us, whatever the lights say."""
    account = observed.account
    if isinstance(account, Unknown):
        return _access(Light.FAIL, account.why, None, None)
    last_ok = account.last_ok
    if account.trouble is not None or last_ok is None:
        return _access(Light.FAIL, account.trouble, _since(observed), last_ok)
    is_old = abs(now - last_ok) > observed.limits.equity_age_max
    return _access(Light.WARN if is_old else Light.PASS, None, last_ok if is_old else None, last_ok)


def _access(status: Light, why: str | None, since: Instant | None, last_ok: Instant | None) -> Json:
    return {
        "status": status,
        "code": _code(why),
        "why": why,
        "since": since.iso() if since else None,
        "last_ok": last_ok.iso() if last_ok else None,
    }


def _code(why: str | None) -> int | None:
    """The exchange's code, which a refusal states as its first number of five digits."""
    words = (why or "").replace(":", " ").replace(".", " ").split()
    return next((int(w) for w in words if w.isdecimal() and len(w) == CODE_DIGITS), None)


def _since(observed: Observed) -> Instant | None:
    """No success since: the last one, or the engine's start when there was none."""
    account, record = observed.account, observed.record
    if not isinstance(account, Unknown) and account.last_ok is not None:
        return account.last_ok
    return None if isinstance(record, Unknown) else record.began_at


def _equity_age(observed: Observed, now: Instant) -> Decimal | None:
    account = observed.account
    if isinstance(account, Unknown) or account.last_ok is None:
        return None
    return _seconds(now - account.last_ok)


def _trade(observed: Observed, now: Instant) -> Json:
    trade = observed.trade
    if isinstance(trade, Unknown):
        nothing = ("unknown_outcomes", "unprotected_lots", "circuit_breaker")
        return {**dict.fromkeys(nothing), "protection": {"status": Light.FAIL, "why": trade.why}}
    return {
        "unknown_outcomes": list(trade.unknown_outcomes),
        "unprotected_lots": [{"lot": lot.lot_id, "symbol": lot.symbol} for lot in trade.naked],
        "circuit_breaker": trade.breaker,
        "protection": _protection(trade.covers, now),
    }


def _protection(covers: Sequence[Covered], now: Instant) -> Json:
    """The detector of naked positions: FAIL for one past its deadline, WARN while one is not stopped and taken at the exchange."""
    lights = (_cover_light(each) for each in covers)
    bare = [now - each.bare_since for each in covers if each.bare_since is not None]
    return {
        "status": worst([Light.PASS, *lights]),
        "lots": dict(sorted(Counter(each.cover.value for each in covers).items())),
        "unprotected_s_max": _seconds(max(bare)) if bare else None,
    }


def _cover_light(each: Covered) -> Light:
    if each.overdue or each.cover is Cover.UNKNOWN:
        return Light.FAIL
    return Light.PASS if each.cover in (Cover.PROTECTED, Cover.DUST) else Light.WARN


def _record(record: RecordSeen | Unknown, now: Instant) -> Json:
    if isinstance(record, Unknown):
        return {**dict.fromkeys(RECORDED), "passes": {}}
    kill, audit, switches = record.switches.kill, record.audit, record.switches
    mute = record.mute
    return {
        "mode": switches.mode,
        "bound": switches.bound,
        "venue": switches.venue,
        "kill": {"who": kill.who, "why": kill.why, "at": kill.at.iso()} if kill else None,
        "mute": {"who": mute[0], "why": mute[1], "at": mute[2].iso()} if mute else None,
        "epoch": record.epoch,
        "began_at": record.began_at.iso() if record.began_at else None,
        "incidents": [
            {"fingerprint": name, "severity": severity, "opened_at": at.iso(), "count": count}
            for name, severity, at, count in record.incidents
        ],
        "last_audit": {"passed": audit[0], "at": audit[1].iso()} if audit else None,
        "last_undelivered_alert": _undelivered(record.undelivered),
        "user_stream": _stream(record.stream),
        "passes": {who: {"age_s": _seconds(now - at)} for who, at in record.heartbeats.items()},
    }


def _stream(how: Listening | None) -> Json:
    """Whether all that the exchange says unasked was heard; off, the platform asks for everything."""
    if how is None:
        return {"status": Ear.OFF, "since": None, "why": "nobody listens: REST alone"}
    return {"status": how.ear, "since": how.since.iso(), "why": how.why or None}


def _undelivered(alert: tuple[str, str] | Unknown | None) -> Json | None:
    if isinstance(alert, Unknown):
        return {"unknown": alert.why}
    return {"message": alert[0], "at": alert[1]} if alert else None


def _errors(observed: Observed) -> Iterator[Json]:
    for part in PARTS:
        seen = getattr(observed, part)
        if isinstance(seen, Unknown):
            yield {"component": part, "error": seen.why}


def _seconds(age: timedelta) -> Decimal:
    return round(Decimal(age // timedelta(microseconds=1)) / 1_000_000, 2)
