"""Orders that bear our mark and that no intent of ours asked for, and intents that the exchange's complete lists do not know."""

from collections.abc import Iterable
from dataclasses import dataclass

from interlock.orders.evidence import OrderFact
from interlock.orders.intent import PREFIX, Intent


@dataclass(frozen=True, slots=True)
class Orphan:
    """An order at the exchange with our prefix, and no intent."""

    client_oid: str
    order_id: str
    symbol: str


def orphans(
    install_id: str, listed: Iterable[OrderFact], intents: Iterable[Intent]
) -> tuple[Orphan, ...]:
    """Every listed order that bears the mark of this installation and belongs to no intent."""
    mark = f"{PREFIX}{install_id[:6]}-"
    known = {intent.client_oid for intent in intents}
    strangers = (f for f in listed if f.client_oid.startswith(mark) and f.client_oid not in known)
    return tuple(Orphan(f.client_oid, f.order_id, f.symbol) for f in strangers)
