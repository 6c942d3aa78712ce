"""The rules of an order, in order of precedence: this table is the policy.

Some bind every order; the others bind entries alone, so that no stop switch and no cap can ever keep a lot unprotected or open.
The risk guard comes after all of them.
"""

from typing import Final

from interlock.risk import flow_rules as flow
from interlock.risk import market_rules as market
from interlock.risk import order_shape_rules as shape
from interlock.risk import permission_rules as may
from interlock.risk import room_rules as room
from interlock.risk.finding import Finding, answers
from interlock.risk.order_shape_rules import of_order
from interlock.risk.question import Question
from interlock.risk.rule import Binds, OrderRule
from interlock.strategy.proposal import Purpose

_FORMAT: Final = "INVALID_ORDER_FORMAT"
_UNKNOWN: Final = "INSTRUMENT_UNKNOWN"
_STALE: Final = "MARKET_DATA_STALE"
_ABSENT: Final = "DATA_MISSING"
_COARSE: Final = "TICK_TOO_COARSE"
_COLLAR: Final = "PRICE_NOT_IN_RANGE"
_GUARDRAIL: Final = "GUARDRAIL_BLOCKED"
_ALL: Final = Binds.ALL
_ENTRY: Final = Binds.ENTRY

ORDER_RULES: Final[tuple[OrderRule, ...]] = (
    OrderRule(1, "LEASE", "NOT_LEASE_HOLDER", _ALL, may.lease),
    OrderRule(2, "INSTRUMENT", _UNKNOWN, _ALL, of_order(shape.instrument, _UNKNOWN)),
    OrderRule(2, "GRID", _FORMAT, _ALL, of_order(shape.grid, _FORMAT)),
    OrderRule(2, "LOT", _FORMAT, _ALL, of_order(shape.never_more)),
    OrderRule(3, "KILL", "KILL_SWITCH_ON", _ENTRY, may.kill),
    OrderRule(3, "PAUSE", "TRADING_PAUSED", _ENTRY, may.pause),
    OrderRule(4, "MODE", "TRADING_MODE_OFF", _ENTRY, may.mode),
    OrderRule(5, "ENV_BOUND", "ENV_UPPER_BOUND", _ENTRY, may.bound),
    OrderRule(5, "CERTIFICATE", "CERTIFICATE", _ENTRY, may.certificate),
    OrderRule(6, "TRADE_ENABLED", "TRADE_DISABLED", _ENTRY, may.trade_enabled),
    OrderRule(6, "FORCED", "FORCED_ALERT_ONLY", _ENTRY, may.not_forced),
    OrderRule(7, "ALLOWLIST", _GUARDRAIL, _ENTRY, may.allowlist),
    OrderRule(8, "AMOUNT", "INVALID_TRADE_AMOUNT", _ENTRY, shape.amount),
    OrderRule(8, "ORDER_VALUE", _GUARDRAIL, _ENTRY, shape.amount_cap),
    OrderRule(8, "ORDER_QUANTITY", _GUARDRAIL, _ENTRY, of_order(shape.quantity_cap)),
    OrderRule(8, "STAGE", _GUARDRAIL, _ENTRY, of_order(flow.first_stage)),
    OrderRule(9, "UNKNOWN_OUTCOME", may.UNKNOWN_OUTCOME, _ENTRY, may.no_unknown_outcome),
    OrderRule(9, "FROZEN", "POSITION_MISMATCH_FREEZE", _ENTRY, may.not_frozen),
    OrderRule(10, "PRICE_AGE", _STALE, _ENTRY, market.price_age),
    OrderRule(10, "BAR_AGE", _STALE, _ENTRY, market.bar_age),
    OrderRule(10, "INDICATORS", _ABSENT, _ENTRY, market.indicators),
    OrderRule(10, "ASK", _ABSENT, _ENTRY, market.ask_price),
    OrderRule(10, "PRICE_COLLAR", _COLLAR, _ENTRY, of_order(market.inside_collar)),
    OrderRule(10, "DATA_JUMP", "SAFETY_GUARD", _ENTRY, market.no_jump),
    OrderRule(10, "CLOCK_SKEW", "SAFETY_GUARD", _ENTRY, market.clocks_agree),
    OrderRule(11, "ONE_IN_FLIGHT", "ORDER_CREATION_LOCK", _ENTRY, room.one_in_flight),
    OrderRule(11, "DUPLICATE_INTENT", "IDEMPOTENCY_BLOCKED", _ENTRY, of_order(flow.asked_once)),
    OrderRule(11, "SELF_CROSS", "ALREADY_HAS_OPEN_ORDER", _ENTRY, of_order(flow.no_self_cross)),
    OrderRule(12, "OPEN_PER_BASE", "MAX_OPEN_TRADES_REACHED", _ENTRY, room.open_per_base),
    OrderRule(13, "OPEN_TOTAL", "MAX_OPEN_TRADES_REACHED", _ENTRY, room.open_total),
    OrderRule(14, "COOLDOWN", "RECENT_ORDERS_COOLDOWN", _ENTRY, room.cooldown),
    OrderRule(15, "PER_DAY", _GUARDRAIL, _ENTRY, room.per_day),
    OrderRule(15, "MESSAGE_RATE", _GUARDRAIL, _ENTRY, flow.message_rate),
    OrderRule(15, flow.REPEATED_EXECUTION, _GUARDRAIL, _ENTRY, flow.few_executions),
    OrderRule(16, "PORTFOLIO_CAP", "PORTFOLIO_VALUE_CAP", _ENTRY, room.portfolio_cap),
    OrderRule(16, "CAP_EXPOSURE", _GUARDRAIL, _ENTRY, of_order(flow.exposure_cap)),
    OrderRule(16, "CAP_MARGIN", _GUARDRAIL, _ENTRY, of_order(flow.margin_cap)),
    OrderRule(17, "PROTECTION", "PROTECTION_UNAVAILABLE", _ENTRY, room.protection),
    OrderRule(17, "NAKED_LOT", "PROTECTION_UNAVAILABLE", _ENTRY, room.nothing_naked),
    OrderRule(18, "AVAILABLE", "INSUFFICIENT_AVAILABLE_BALANCE", _ENTRY, room.available),
    OrderRule(19, "MIN_NOTIONAL", "MIN_NOTIONAL_NOT_MET", _ENTRY, of_order(shape.notional)),
    OrderRule(20, "TICK", _COARSE, _ENTRY, of_order(shape.protectable, _COARSE)),
)


_ALL_OF_THEM: Final = tuple((r.name, r.code, r.ask) for r in ORDER_RULES)
_BIND_ALL: Final = tuple((r.name, r.code, r.ask) for r in ORDER_RULES if r.binds is Binds.ALL)


def examine_order(asked: Question) -> tuple[Finding, ...]:
    """What every rule that binds this purpose says of the order."""
    return answers(_ALL_OF_THEM if asked.purpose is Purpose.ENTRY else _BIND_ALL, asked)
