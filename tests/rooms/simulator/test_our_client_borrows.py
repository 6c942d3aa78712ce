"""Our own client on margin: what it judged is what it sends, a debt is exposure and not a negative holding, no refusal is mistaken."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from interlock.account import Funding, Margin, Spot
from interlock.errors import Refused
from interlock.exchange.client import Credentials, CryptoComExchange
from interlock.orders.evidence import Accepted, Answer, OrderFact
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.ports import Gate, Reply, open_gate
from interlock.simulator.config import demo_key
from interlock.simulator.engine import Engine
from interlock.values import Price, Quantity, Secret
from tests.fakes.goods import entry, intent
from tests.rooms.simulator.person import exchange

LIMIT = Price(Decimal(50100), "BTC", "USDT")


class Wire:
    """A `Transport` that ends in the engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def request(self, verb: str, path: str, body: bytes, gate: Gate = open_gate) -> Reply:
        gate()
        answer = self._engine.handle(verb, f"/exchange/v1/{path.lstrip('/')}", body)
        assert answer is not None
        return Reply(answer.status, answer.body, self._engine.now)


def client_of(engine: Engine) -> CryptoComExchange:
    key = demo_key(0)
    return CryptoComExchange(
        Wire(engine), Credentials(Secret(key.key), key.secret), lambda: engine.now
    )


def asked(quantity: str, funding: Funding) -> Intent:
    size = Quantity(Decimal(quantity), "BTC")
    return intent(replace(entry(), quantity=size, limit=LIMIT, funding=funding))


def placed(engine: Engine, order: Intent) -> Answer:
    return asyncio.run(client_of(engine).place(order, engine.now.ms))


def test_a_margin_entry_is_filled_and_its_debt_is_our_exposure() -> None:
    engine = exchange(margin=True)
    order = asked("0.4", Margin(Decimal(3)))

    assert isinstance(placed(engine, order), Accepted)

    fact = asyncio.run(client_of(engine).order(order))
    assert isinstance(fact, OrderFact)
    assert fact.state is State.FILLED
    reading = asyncio.run(client_of(engine).account())
    owed = -Decimal(engine.books()["balances"]["USDT"])
    assert owed > 10000
    assert reading.exposure == owed
    bought = Decimal("0.4") * Decimal("0.995") * 50000
    assert abs(reading.equity - (bought - owed)) < Decimal("1e-7")


@pytest.mark.parametrize(
    ("funding", "is_margin", "is_called", "code"),
    [
        (Margin(Decimal(2)), True, False, 609),
        (Margin(Decimal(2)), True, True, 301),
        (Margin(Decimal(2)), False, False, 416),
        (Spot(), True, False, 306),
    ],
)
def test_a_refusal_is_read_as_one_and_nothing_was_borrowed(
    funding: Funding, *, is_margin: bool, is_called: bool, code: int
) -> None:
    engine = exchange(margin=is_margin)
    engine.margin_call(on=is_called)

    answer = placed(engine, asked("0.5", funding))

    assert isinstance(answer, Refused)
    assert answer.code == code
    assert engine.books()["balances"] == {"USDT": "10000"}
    assert engine.books()["requests"] == {"private/create-order": 1}
