"""Any bytes, and any JSON, become facts or a typed error in every reader; never another exception."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import InterlockError
from interlock.orders.evidence import Source
from interlock.ports import Reply
from interlock.protocol.crypto_com import (
    account,
    frames,
    instruments,
    market,
    orders,
    trades,
    transfers,
)
from interlock.protocol.crypto_com.wire import Asked, result_of
from interlock.values import Instant

NOW = Instant.of_iso("2024-03-01T12:00:00")
NAMES = (
    *("data", "code", "id", "method", "result", "symbol", "inst_type", "base_ccy", "quote_ccy"),
    *("price_tick_size", "qty_tick_size", "i", "a", "b", "k", "t", "o", "h", "l", "c", "v"),
    *("position_balances", "total_cash_balance", "total_position_cost", "quantity", "currency"),
    *("order_id", "client_oid", "instrument_name", "side", "status", "cumulative_quantity"),
    *("cumulative_value", "trade_id", "traded_quantity", "traded_price", "fees", "create_time"),
    *("journal_type", "journal_id", "transaction_qty", "event_timestamp_ms"),
    *("fee_instrument_name", "base_currency_config", "effective_spot_maker_rate_bps"),
)


def _told(channel: str, raw: bytes) -> bytes:
    """News of a channel whose data are these bytes, or the end of a frame that is torn."""
    return b'{"method":"subscribe","result":{"channel":"%s","data":[%s]}}' % (
        channel.encode(),
        raw,
    )


READERS: dict[str, Callable[[bytes], object]] = {
    "envelope": lambda raw: result_of(Reply(200, raw), Asked("m", 1)),
    "order limits": instruments.order_limits,
    "instruments": lambda raw: instruments.instruments(raw, {}),
    "ticks": market.ticks,
    "bars": lambda raw: market.bars(raw, "BTC_USDT", timedelta(hours=1), NOW),
    "account": lambda raw: account.account(raw, NOW),
    "fee rate": account.fee_rate,
    "order": lambda raw: orders.order(raw, NOW, Source.ORDER_DETAIL),
    "orders": lambda raw: orders.orders(raw, NOW, Source.OPEN_ORDERS),
    "trades": trades.fills,
    "transfers": transfers.transfers,
    "user socket": lambda raw: frames.frame(raw, NOW),
    **{
        f"news of {channel}": lambda raw, channel=channel: frames.frame(_told(channel, raw), NOW)  # type: ignore[misc] # mypy cannot infer a default
        for channel in frames.CHANNELS
    },
}
every_reader = pytest.mark.parametrize("read", READERS.values(), ids=list(READERS))

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(
        [
            "",
            "1",
            "-1",
            "0",
            "NaN",
            "1e999999999",
            "BUY",
            "ACTIVE",
            "SUBACCOUNT_TX",
            "CCY_PAIR",
            "USD",
            "BTC_USDT",
        ]
    )
    | st.text(max_size=3)
)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=12)
    ),
    max_leaves=30,
)


def is_fact_or_typed_error(read: Callable[[bytes], object], raw: bytes) -> None:
    try:
        read(raw)
    except InterlockError as error:
        assert error.line()  # noqa: PT017 - any other exception is the failure


@every_reader
@given(raw=st.binary())
def test_any_bytes(read: Callable[[bytes], object], raw: bytes) -> None:
    is_fact_or_typed_error(read, raw)


@every_reader
@given(tree=trees, inside=st.sampled_from(["bare", "row", "one"]))
def test_any_json(read: Callable[[bytes], object], tree: object, inside: str) -> None:
    shaped = {"bare": tree, "row": {"data": [tree]}, "one": {"data": tree}}[inside]
    is_fact_or_typed_error(read, json.dumps(shaped).encode())


@every_reader
@pytest.mark.parametrize(
    "raw", [b"[" * 100_000, b'{"data":' * 50_000, b'{"data":[' + b"1" * 5000 + b"]}", b"\xff\xfe"]
)
def test_hostile_bytes(read: Callable[[bytes], object], raw: bytes) -> None:
    """Fault K30."""
    is_fact_or_typed_error(read, raw)
