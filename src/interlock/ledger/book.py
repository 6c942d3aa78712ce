"""Double-entry: every fill becomes postings that sum to zero per currency, and moves exactly one lot.

Accounts are `wallet` (what we hold), `market` (what went to or came from the other side), `fees`, `opening` (what was there before us),
and `external` (what the owner brought or took away).
A fill is booked once per exchange trade id; booking it twice is booking it once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from interlock.account import Lot, Transfer
from interlock.errors import BrokenInvariant
from interlock.orders.evidence import Fill
from interlock.orders.intent import Intent
from interlock.strategy.proposal import Purpose
from interlock.values import Instant, Side


class Account(StrEnum):
    """The accounts of each currency."""

    WALLET = "wallet"
    MARKET = "market"
    FEES = "fees"
    OPENING = "opening"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class Posting:
    """So much of one currency into one account (negative: out of it)."""

    account: Account
    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Entry:
    """What one event did to what we own. `cause` is the exchange's trade id, `opening:CURRENCY`, or `journal:ID`."""

    cause: str
    at: Instant
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        for currency in sorted({p.currency for p in self.postings}):
            if sum(p.amount for p in self.postings if p.currency == currency):
                raise BrokenInvariant(f"Entry {self.cause} does not sum to zero in {currency}.")


def opening(currency: str, amount: Decimal, at: Instant) -> Entry:
    """The entry that says what was in the wallet when the books began."""
    return Entry(
        f"opening:{currency}",
        at,
        (
            Posting(Account.WALLET, currency, amount),
            Posting(Account.OPENING, currency, -amount),
        ),
    )


def moved(transfer: Transfer) -> Entry:
    """The entry of what came or went without an order: the owner's own, or a charge."""
    other = Account.EXTERNAL if transfer.is_owners else Account.FEES
    return Entry(
        f"journal:{transfer.id}",
        transfer.at,
        (
            Posting(Account.WALLET, transfer.currency, transfer.amount),
            Posting(other, transfer.currency, -transfer.amount),
        ),
    )


def entry_of(fill: Fill, base: str, quote: str) -> Entry:
    """The postings of one fill: base one way, quote the other, the fee out of the wallet in its own currency."""
    sign = 1 if fill.side is Side.BUY else -1
    size, value = sign * fill.quantity, sign * fill.quantity * fill.price
    postings = (
        Posting(Account.WALLET, base, size),
        Posting(Account.MARKET, base, -size),
        Posting(Account.WALLET, quote, -value),
        Posting(Account.MARKET, quote, value),
        Posting(Account.WALLET, fill.fee_currency, -fill.fee),
        Posting(Account.FEES, fill.fee_currency, fill.fee),
    )
    return Entry(fill.trade_id, fill.at, postings)


def wallet(entries: Iterable[Entry]) -> Mapping[str, Decimal]:
    """What the wallet must hold of each currency, by our own books."""
    held: dict[str, Decimal] = {}
    for entry in entries:
        for posting in entry.postings:
            if posting.account is Account.WALLET:
                held[posting.currency] = held.get(posting.currency, Decimal(0)) + posting.amount
    return held


def lot_after(fill: Fill, intent: Intent, lot: Lot | None) -> Lot | None:
    """The lot that this fill of this intent opens, enlarges or reduces; None when the intent serves no lot.

    The lot of an ENTRY has the intent's id. A buy's fee in base leaves less than was bought; a sale's fee is in quote.
    """
    proposal = intent.proposal
    fee_base = fill.fee if fill.fee_currency == proposal.instrument.base else Decimal(0)
    fee_quote = fill.fee if fill.fee_currency == proposal.instrument.quote else Decimal(0)
    value = fill.quantity * fill.price
    if proposal.purpose is Purpose.ENTRY:
        return _enlarged(lot or _opened(intent, fill.at), fill.quantity, value, fee_base, fee_quote)
    if lot is None:
        return None
    return replace(
        lot,
        remaining=lot.remaining - fill.quantity - fee_base,
        sold=lot.sold + fill.quantity,
        proceeds=lot.proceeds + value,
        fees=lot.fees + fee_quote,
    )


def close_if_done(lot: Lot, intent: Intent, at: Instant) -> Lot:
    """The lot, closed when an exit left nothing above dust."""
    is_exit = intent.proposal.purpose is not Purpose.ENTRY
    if is_exit and lot.closed_at is None and lot.is_dust(intent.proposal.instrument):
        return replace(lot, closed_at=at)
    return lot


def realised(lot: Lot) -> Decimal:
    """Profit or loss of the part that was sold, in quote: its proceeds less its share of the cost, less the quote fees and the interest."""
    share = lot.cost * lot.sold / lot.bought if lot.bought else Decimal(0)
    return lot.proceeds - share - lot.fees - lot.interest


def _opened(intent: Intent, at: Instant) -> Lot:
    proposal = intent.proposal
    if proposal.protection is None:
        raise BrokenInvariant(f"Entry {intent.id} carries no protection.")
    zero = Decimal(0)
    return Lot(
        id=intent.id,
        symbol=proposal.symbol,
        base=proposal.instrument.base,
        quote=proposal.instrument.quote,
        funding=proposal.funding,
        opened_at=at,
        bought=zero,
        cost=zero,
        remaining=zero,
        stop_distance=proposal.protection.stop_distance,
        target_distance=proposal.protection.target_distance,
        trailing_pct=proposal.protection.trailing_pct,
        stop_floor=proposal.protection.stop_floor,
    )


def _enlarged(
    lot: Lot, size: Decimal, value: Decimal, fee_base: Decimal, fee_quote: Decimal
) -> Lot:
    return replace(
        lot,
        bought=lot.bought + size,
        cost=lot.cost + value,
        remaining=lot.remaining + size - fee_base,
        fees=lot.fees + fee_quote,
    )
