"""What the exchange itself once answered is read without loss."""

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from interlock.errors import Refused
from interlock.orders.evidence import Accepted, Source
from interlock.orders.life import State
from interlock.ports import Reply
from interlock.protocol.crypto_com import account, instruments, market, orders, trades
from interlock.protocol.crypto_com.outcome import Class, answer, classify
from interlock.protocol.crypto_com.wire import Asked, result_of
from interlock.simulator import recordings
from interlock.values import Instant

HERE: Final = Path(__file__).parent / "exchange"
NOW: Final = Instant.of_iso("2026-08-17T00:00:00")


def load(name: str) -> Any:  # noqa: ANN401 - a recording is whatever the exchange answered
    return json.loads((HERE / name).read_bytes())


def result(name: str) -> bytes:
    return json.dumps(load(f"recorded/{name}.json")["result"]).encode()


PRODUCTION: Final[dict[str, Any]] = load("production_responses.json")["responses"]


def production(name: str) -> bytes:
    envelope = PRODUCTION[name]
    request_id = None if envelope["id"] == -1 else int(envelope["id"])
    body = json.dumps(envelope).encode()
    return result_of(Reply(200, body), Asked(envelope["method"], request_id))


@pytest.mark.parametrize("name", PRODUCTION)
def test_the_envelope_of_every_production_answer_is_read(name: str) -> None:
    assert json.loads(production(name)) == PRODUCTION[name]["result"]


def test_every_instrument_of_the_whole_listing_is_read() -> None:
    risk = instruments.order_limits((recordings.HERE / "risk_parameters.json").read_bytes())
    listed = json.loads((recordings.HERE / "instruments.json").read_bytes())
    result_bytes = json.dumps({"data": listed}).encode()
    read = instruments.instruments(result_bytes, {own.base: own for own in risk.facts})
    ours = [
        row
        for row in listed
        if row["inst_type"] == "CCY_PAIR" and row["quote_ccy"] in {"USD", "USDT"}
    ]
    assert (risk.skipped, read.skipped) == ((), ())
    assert [found.symbol for found in read.facts] == [row["symbol"] for row in ours]
    assert [found.lot for found in read.facts] == [Decimal(row["qty_tick_size"]) for row in ours]
    assert len(ours) == 545
    btc = next(found for found in read.facts if found.symbol == "BTC_USDT")
    assert [btc.min_notional, btc.max_leverage] == [Decimal(1), Decimal(16)]


def test_the_sample_listing_keeps_what_is_ours() -> None:
    listed = load("instruments.json")
    read = instruments.instruments(json.dumps(listed["result"]).encode(), {})
    assert read.skipped == ()
    assert {"BTC_USDT", "CRO_USD", "ACH_USD"} & {found.symbol for found in read.facts}


def test_every_ticker_of_ours_is_read() -> None:
    rows = load("recorded/tickers.json")["result"]["data"]
    read = market.ticks(result("tickers"))
    ours = [r for r in rows if r["i"].endswith(("_USD", "_USDT"))]
    assert read.skipped == ()
    assert [(t.symbol, t.last, t.at.ms) for t in read.facts] == [
        (r["i"], Decimal(r["a"]), r["t"]) for r in ours
    ]


def test_every_candle_is_a_bar_but_the_one_that_still_formed() -> None:
    recorded = load("recorded/candlestick_rest.json")
    candles, span = recorded["result"]["data"], timedelta(minutes=15)
    end = Instant.of_ms(candles[-1]["t"])
    read = market.bars(result("candlestick_rest"), "CLOUD_USD", span, end)
    assert read.skipped == ()
    assert [(b.opens.ms, b.close, b.volume) for b in read.facts] == [
        (c["t"], Decimal(c["c"]), Decimal(c["v"])) for c in candles[:-1]
    ]


@pytest.mark.parametrize("place", range(6))
def test_every_recorded_wallet_is_read(place: int) -> None:
    recorded = load("recorded/user_balance.json")
    assert len(recorded) == 6
    wallet = recorded[place]["result"]
    reading = account.account(json.dumps(wallet).encode(), NOW)
    totals = wallet["data"][0]
    assert reading.equity == Decimal(totals["total_cash_balance"]) + Decimal(
        totals["total_session_unrealized_pnl"]
    )
    assert reading.exposure == Decimal(totals["total_position_cost"])
    assert {c: b.total for c, b in reading.balances.items()} == {
        row["instrument_name"]: Decimal(row["quantity"]) for row in totals["position_balances"]
    }


def test_a_wallet_with_positions_is_read() -> None:
    reading = account.account(production("private/user-balance"), NOW)
    assert reading.equity == Decimal("143.04034396") - Decimal("1.645")
    assert reading.exposure == Decimal("335.768")
    assert reading.balances["USDT"].available == Decimal("83.34116398")


def recorded_orders(found: object) -> Iterator[dict[str, Any]]:
    match found:
        case {"order_id": _, "status": _}:
            assert isinstance(found, dict)
            yield found
        case dict():
            for inner in found.values():
                yield from recorded_orders(inner)
        case list():
            for inner in found:
                yield from recorded_orders(inner)
        case _:
            return


LIVES: Final = list(recorded_orders(load("recorded/order_lifecycles.json")))


def test_every_order_of_the_recorded_lives_is_read() -> None:
    assert len(LIVES) == 43
    for row in LIVES:
        fact = orders.order(json.dumps(row).encode(), NOW, Source.ORDER_DETAIL)
        assert (fact.order_id, fact.client_oid) == (row["order_id"], row["client_oid"])
        assert (fact.filled, fact.value) == (
            Decimal(row["cumulative_quantity"]),
            Decimal(row["cumulative_value"]),
        )
        assert fact.unlisted is None


def test_a_cancelled_buy_by_notional_has_bought() -> None:
    facts = [orders.order(json.dumps(r).encode(), NOW, Source.ORDER_DETAIL) for r in LIVES]
    cancelled = [f for f in facts if f.state is State.CANCELLED and f.filled > 0]
    assert cancelled
    assert any(f.filled > f.quantity for f in cancelled)


def test_open_orders_and_history_are_whole() -> None:
    assert len(orders.orders(result("open_orders"), NOW, Source.OPEN_ORDERS).whole()) == len(
        load("recorded/open_orders.json")["result"]["data"]
    )
    (done,) = orders.orders(
        production("private/get-order-history"), NOW, Source.ORDER_HISTORY
    ).whole()
    assert (done.state, done.type) == (State.FILLED, "MARKET")


def test_recorded_trades_carry_the_fee_that_was_charged() -> None:
    newest = trades.fills(result("user_trades")).whole()
    assert [(f.side, f.fee, f.fee_currency) for f in newest] == [
        ("BUY", Decimal("0.00454572"), "USD"),
        ("SELL", Decimal("0.007069832"), "USD"),
    ]
    (old,) = trades.fills(production("private/get-trades")).whole()
    assert (old.fee, old.fee_currency) == (Decimal("0.00075"), "XRP")


@pytest.mark.parametrize("name", ["private/create-order (limit)", "private/cancel-order"])
def test_a_production_acknowledgement_is_accepted(name: str) -> None:
    envelope = PRODUCTION[name]
    asked = Asked(envelope["method"], envelope["id"], envelope["result"]["client_oid"])
    heard = answer(Reply(200, json.dumps(envelope).encode()), asked)
    assert heard == Accepted(envelope["result"]["order_id"])


@pytest.mark.parametrize("seen", load("error_bodies.json")["errors"], ids=lambda seen: seen["name"])
def test_every_observed_refusal_is_understood(seen: dict[str, Any]) -> None:
    body, status = json.dumps(seen["body"]).encode(), seen["http_status"] or 400
    with pytest.raises(Refused) as refused:
        result_of(Reply(status, body), Asked("private/create-order"))
    assert refused.value.code == int(seen["body"]["code"])
    asked = Asked("private/create-order", seen["body"].get("id", 1))
    expected = {40101: Class.GATEWAY_REJECT, 213: Class.DEFINITE_REJECT}
    found = classify(Reply(status, body), asked)
    # An order code without an echo, a code of the old stack and maintenance prove nothing.
    assert found is expected.get(refused.value.code, Class.AMBIGUOUS)
