"""Which fields an order and a balance show, in the order in which the exchange was recorded to show them."""

from types import MappingProxyType
from typing import Final

RESTING: Final = ("maker_fee_rate", "taker_fee_rate", "ref_price_type")
"""What a read does not show of an ordinary order that is open."""

PAIR_WORDS: Final = MappingProxyType(
    {
        "account_id": "account_id",
        "order_id": "order_id",
        "client_oid": "client_oid",
        "type": "order_type",
        "time_in_force": "time_in_force",
        "side": "side",
        "exec_inst": "exec_inst",
        "quantity": "quantity",
        "price": "limit_price",
        "order_value": "order_value",
        "avg_price": "avg_price",
        "trigger_price": "ref_price",
        "cumulative_quantity": "cumulative_quantity",
        "cumulative_value": "cumulative_value",
        "cumulative_fee": "cumulative_fee",
        "status": "status",
        "update_user_id": "update_user_id",
        "order_date": "order_date",
        "instrument_name": "instrument_name",
        "fee_instrument_name": "fee_instrument_name",
        "list_id": "list_id",
        "contingency_type": "contingency_type",
        "trigger_price_type": "ref_price_type",
        "create_time": "create_time",
        "create_time_ns": "create_time_ns",
        "update_time": "update_time",
    }
)
"""The older words of private/get-order-list, and what they are called now."""

READ_BALANCE: Final = (
    "total_risk_exposure",
    "total_available_balance",
    "total_margin_balance",
    "total_initial_margin",
    "total_haircut",
    "total_position_im",
    "total_maintenance_margin",
    "total_position_cost",
    "total_cash_balance",
    "total_collateral_value",
    "total_session_unrealized_pnl",
    "instrument_name",
    "total_session_realized_pnl",
    "position_balances",
    "credit_limits",
    "total_isolated_cash_balance",
    "isolated_positions",
    "total_effective_leverage",
    "position_limit",
    "used_position_limit",
    "total_borrow",
    "is_liquidating",
    "has_risk",
    "terminatable",
)
"""A balance as it is read."""

TOLD_BALANCE: Final = (
    "instrument_name",
    "total_available_balance",
    "total_cash_balance",
    "total_initial_margin",
    "total_position_im",
    "total_haircut",
    "has_risk",
    "total_maintenance_margin",
    "total_position_cost",
    "total_session_unrealized_pnl",
    "total_margin_balance",
    "total_session_realized_pnl",
    "total_effective_leverage",
    "position_limit",
    "used_position_limit",
    "is_liquidating",
    "total_borrow",
    "total_risk_exposure",
    "position_balances",
    "credit_limits",
    "isolated_positions",
    "total_collateral_value",
    "total_isolated_cash_balance",
)
TOLD_COIN: Final = (
    "instrument_name",
    "quantity",
    "reserved_qty",
    "market_value",
    "collateral_eligible",
    "collateral_amount",
    "haircut",
    "max_withdrawal_balance",
    "hourly_interest_rate",
)
"""A balance as the user socket tells it, and each of its coins."""

TOLD_ORDER: Final = (
    "account_id",
    "client_oid",
    "instrument_name",
    "fee_instrument_name",
    "order_type",
    "time_in_force",
    "side",
    "exec_inst",
    "quantity",
    "limit_price",
    "ref_price",
    "ref_price_type",
    "order_value",
    "maker_fee_rate",
    "taker_fee_rate",
    "reason",
    "create_time",
    "create_time_ns",
    "order_date",
    "order_id",
    "avg_price",
    "cumulative_quantity",
    "cumulative_value",
    "cumulative_fee",
    "status",
    "update_user_id",
    "update_time",
    "transaction_time_ns",
)
"""An ordinary order as the user socket tells it."""
