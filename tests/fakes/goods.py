"""Values that many tests need, each with the least that makes it whole."""

from decimal import Decimal

from interlock.account import Lot, Spot
from interlock.orders.evidence import Fill
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.strategy.proposal import OrderType, Proposal, Protection, Purpose, TimeInForce
from interlock.values import Instant, Instrument, Price, Quantity, Side

NOW = Instant.of_iso("2024-03-01T12:00:00")
BTC = Instrument(
    symbol="BTC_USDT",
    base="BTC",
    quote="USDT",
    price_tick=Decimal("0.01"),
    lot=Decimal("0.00001"),
    tradable=True,
    margin_buy=True,
    max_leverage=Decimal(50),
    min_notional=Decimal(1),
)


def price(rate: str) -> Price:
    return Price(Decimal(rate), "BTC", "USDT")


def entry(key: str = "signal:1:side:BUY", size: str = "0.001", limit: str = "50000") -> Proposal:
    return Proposal(
        key=key,
        purpose=Purpose.ENTRY,
        instrument=BTC,
        side=Side.BUY,
        type=OrderType.LIMIT,
        tif=TimeInForce.IMMEDIATE_OR_CANCEL,
        quantity=Quantity(Decimal(size), "BTC"),
        funding=Spot(),
        limit=price(limit),
        protection=Protection(Decimal(500), Decimal(700), "preset", "preset"),
    )


def exit_order(
    purpose: Purpose, lot_id: str, size: str = "0.001", *, trigger: str | None = None, n: int = 0
) -> Proposal:
    return Proposal(
        key=f"{purpose}:{lot_id}:{n}",
        purpose=purpose,
        instrument=BTC,
        side=Side.SELL,
        type=OrderType.STOP_LOSS if trigger else OrderType.MARKET,
        tif=TimeInForce.GOOD_TILL_CANCEL,
        quantity=Quantity(Decimal(size), "BTC"),
        funding=Spot(),
        trigger=price(trigger) if trigger else None,
        lot_id=lot_id,
    )


def intent(proposal: Proposal, state: State = State.ACKED, **more: object) -> Intent:
    values: dict[str, object] = {
        "id": f"intent-{proposal.key}",
        "client_oid": f"ilabcdef-{proposal.key}"[:36],
        "proposal": proposal,
        "verdict_id": "verdict",
        "state": state,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Intent(**{**values, **more})  # type: ignore[arg-type] # the names are those of Intent; a wrong one fails at once


def fill(  # noqa: PLR0913 - each is one word of an execution
    side: Side = Side.BUY,
    size: str = "0.001",
    at: str = "50000",
    *,
    trade_id: str = "t1",
    fee: str = "0.000005",
    fee_currency: str = "BTC",
) -> Fill:
    return Fill(
        trade_id=trade_id,
        order_id="1",
        client_oid="ilabcdef-1",
        symbol="BTC_USDT",
        side=side,
        quantity=Decimal(size),
        price=Decimal(at),
        fee=Decimal(fee),
        fee_currency=fee_currency,
        is_maker=False,
        at=NOW,
    )


def lot(remaining: str = "0.000995", **more: object) -> Lot:
    values: dict[str, object] = {
        "id": "lot-1",
        "symbol": "BTC_USDT",
        "base": "BTC",
        "quote": "USDT",
        "funding": Spot(),
        "opened_at": NOW,
        "bought": Decimal("0.001"),
        "cost": Decimal(50),
        "remaining": Decimal(remaining),
        "stop_distance": Decimal(500),
        "target_distance": Decimal(700),
    }
    return Lot(**{**values, **more})  # type: ignore[arg-type] # the names are those of Lot; a wrong one fails at once
