"""Self-trade prevention: which resting orders of the account an incoming one would meet, and which of the two ends."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from interlock.simulator.books.orders import Order, Prevention
from interlock.simulator.books.terms import is_good
from interlock.values import Side

PREVENTED: Final = 43012


def met(incoming: Order, resting: Iterable[Order], before: Decimal | None) -> list[Order]:
    """The account's own orders that the incoming one meets ahead of the level `before` (None: of all that is left), best first.

    At one price the market stands first. Only what bears the same mark is looked at: everything else passes by.
    """
    stp, wish = incoming.wish.stp, incoming.wish
    if stp is None or wish.post_only:
        return []
    is_buy = wish.side is Side.BUY
    found = []
    for own in resting:
        price = own.wish.limit
        if own is incoming or price is None or own.wish.kind.is_trigger:
            continue
        if own.wish.listed is not wish.listed or own.wish.side is wish.side:
            continue
        is_ahead = before is None or (price < before if is_buy else price > before)
        if is_ahead and stp.binds(own.wish.stp) and is_good(incoming, price):
            found.append((price if is_buy else -price, own.created, own.id, own))
    return [own for *_, own in sorted(found, key=lambda each: each[:3])]


def ends_resting(incoming: Order) -> bool:
    """Whether the order that rests is cancelled."""
    stp = incoming.wish.stp
    return stp is not None and stp.prevention is not Prevention.TAKER


def ends_incoming(incoming: Order) -> bool:
    """Whether the order that came in is cancelled."""
    stp = incoming.wish.stp
    return stp is not None and stp.prevention is not Prevention.MAKER
