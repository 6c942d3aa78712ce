"""Our side and theirs as tests of the plan need them: agreeing by default, so that a test names only where they differ."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from interlock.account import Lot
from interlock.ledger.book import Entry
from interlock.orders.evidence import Fill, OrderFact, Source
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.reconcile.difference import (
    Action,
    Kind,
    Ours,
    Plan,
    Policy,
    Theirs,
)
from interlock.reconcile.plan import plan
from interlock.values import Unknown
from tests.fakes.goods import NOW, entry, intent

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
OPENED = NOW - 24 * HOUR
LONG_AGO = NOW - 2 * HOUR
UNREAD = Unknown("40101")
Sides = tuple[Kind, Action]


def order(state: State = State.WORKING, age: timedelta = HOUR, **more: object) -> Intent:
    """An entry of ours that last changed `age` ago; the exchange knows it as order 1."""
    known: dict[str, object] = {"order_id": "1", "created_at": LONG_AGO, "updated_at": NOW - age}
    return intent(entry(), state, **{**known, **more})


def word(of: Intent, state: State = State.WORKING, filled: str = "0", **more: object) -> OrderFact:
    """Their word about it, as it was asked for."""
    wish = of.proposal
    told = OrderFact(
        client_oid=of.client_oid,
        order_id=of.order_id or "1",
        symbol=wish.symbol,
        side=wish.side,
        type=wish.type,
        state=state,
        quantity=wish.quantity.size,
        filled=Decimal(filled),
        value=Decimal(filled) * 50000,
        trigger=wish.trigger.rate if wish.trigger else None,
        source=Source.ADVANCED_OPEN_ORDERS if of.is_advanced else Source.OPEN_ORDERS,
        as_of=NOW,
        limit=wish.limit.rate if wish.limit else None,
        list_id=of.list_id,
    )
    return replace(told, **more)  # type: ignore[arg-type] # the names are those of OrderFact


def ours(
    *intents: Intent,
    lots: tuple[tuple[Lot, tuple[Intent, ...]], ...] = (),
    fills: tuple[Fill, ...] = (),
    entries: tuple[Entry, ...] = (),
    told: Iterable[str] = (),
) -> Ours:
    return Ours("abcdef123", OPENED, intents, lots, fills, entries, frozenset(told))


def theirs(
    *listed: OrderFact, wallet: Mapping[str, Decimal] | Unknown | None = None, **more: object
) -> Theirs:
    read = Theirs(NOW, NOW - HOUR, tuple(listed), {} if wallet is None else wallet)
    return replace(read, **more)  # type: ignore[arg-type] # the names are those of Theirs


def planned(
    our: Ours,
    their: Theirs,
    policy: Policy | None = None,
    earlier: dict[str, Decimal] | None = None,
) -> Plan:
    return plan(our, their, policy or Policy(), NOW, earlier or {})


def found(our: Ours, their: Theirs, policy: Policy | None = None) -> list[Sides]:
    return [(each.kind, each.action) for each in planned(our, their, policy).differences]


BOUGHT = intent(entry(), State.FILLED, id="lot-1", filled=Decimal("0.001"), value=Decimal(50))
