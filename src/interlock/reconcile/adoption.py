"""Orders that bear our mark and that restored books do not know: what each of them was is computed, not guessed.

A client_oid is a function of the installation and of what was wished, and so is all that a wish is named by: a strategy and a bar for an
entry, a lot and a count for what serves it. Whatever names the order that the exchange tells of is what asked for it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from interlock.account import Funding, Margin, Spot
from interlock.orders.evidence import OrderFact
from interlock.orders.intent import Intent, client_oid, target_of
from interlock.orders.life import State
from interlock.risk.verdict import Blocked, Objection
from interlock.strategy.contract import HOUR
from interlock.strategy.distances import stop_distance, target_distance
from interlock.strategy.proposal import OrderType, Proposal, Protection, Purpose, TimeInForce
from interlock.strategy.shelf import SHELF
from interlock.strategy.sizing import entry_key
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, Instrument, Price, Quantity, Side, Unknown, digest

# A bar of an owner's strategy may be a week long.
BARS_BACK: Final = timedelta(days=14)
COUNTED_MAX: Final = 100
RULE: Final = "RESTORED"
NOT_KEPT: Final = Unknown("the indicators of that bar were not kept")
TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Known:
    """What restored books know: whose they are, every intent, the watchlist; and what the exchange lists."""

    install_id: str
    intents: tuple[Intent, ...]
    rows: Mapping[str, WatchlistRow]
    instruments: Mapping[str, Instrument]


@dataclass(frozen=True, slots=True)
class Adopted:
    """An order and what asked for it, with the verdict that says that these books judged it not."""

    intent: Intent
    fact: OrderFact
    verdict: Blocked


def adopted(
    facts: Iterable[OrderFact], known: Known, since: Instant, now: Instant
) -> tuple[Adopted, ...]:
    """Every order of ours that the books do not know, the entries first; what cannot be named is not among them."""
    ours = {intent.client_oid for intent in known.intents}
    strangers = {f.client_oid: f for f in facts if f.client_oid and f.client_oid not in ours}
    entries = tuple(_entries(strangers, known, since, now))
    lots = [i for i in known.intents if i.proposal.purpose is Purpose.ENTRY]
    legs = [
        leg
        for entry in (*lots, *(each.intent for each in entries))
        for leg in _legs(entry, strangers, known.install_id, now)
    ]
    return (*entries, *legs)


def _entries(
    strangers: Mapping[str, OrderFact], known: Known, since: Instant, now: Instant
) -> Iterator[Adopted]:
    for fact in strangers.values():
        instrument = known.instruments.get(fact.symbol)
        signal_id = _signal_of(fact, known, since, now)
        if instrument is None or signal_id is None:
            continue
        row = known.rows.get(fact.symbol) or WatchlistRow(fact.symbol)
        yield _adopted(
            _entry(fact, instrument, row, signal_id), fact, known.install_id, now, signal_id
        )


def _signal_of(fact: OrderFact, known: Known, since: Instant, now: Instant) -> str | None:
    """The signal of the bar, of a strategy of ours or of the owner's, whose entry bears this id. Live bars begin on the hour."""
    own = {row.preset for row in known.rows.values()} - SHELF.keys()
    backs = {each.key: 2 * each.timeframe for each in SHELF.values()}
    for key, back in (backs | dict.fromkeys(sorted(own), BARS_BACK)).items():
        bar = since.floor(HOUR) - back
        while bar < now:
            signal_id = digest(fact.symbol, key, str(bar.micros))
            if client_oid(known.install_id, entry_key(signal_id)) == fact.client_oid:
                return signal_id
            bar += HOUR
    return None


def _entry(fact: OrderFact, instrument: Instrument, row: WatchlistRow, signal_id: str) -> Proposal:
    """The distances were frozen in rows that are lost: they are those of the watchlist as it is now."""
    rate = fact.value / fact.filled if fact.filled else fact.limit or Decimal(0)
    preset = SHELF.get(row.preset)
    declared = (preset.stop, preset.target) if preset else (None, None)
    stop = stop_distance(row, declared[0], rate, NOT_KEPT)
    target = target_distance(row, declared[1], rate, stop)
    protection = None
    if isinstance(stop.size, Decimal) and isinstance(target.size, Decimal):
        protection = Protection(stop.size, target.size, "restored", "restored", row.trailing_pct)
    return Proposal(
        key=entry_key(signal_id),
        purpose=Purpose.ENTRY,
        instrument=instrument,
        side=fact.side,
        type=OrderType.LIMIT,
        tif=TimeInForce.IMMEDIATE_OR_CANCEL,
        quantity=Quantity(fact.quantity, instrument.base),
        funding=_funding(row),
        limit=_price(fact.limit, instrument),
        protection=protection,
    )


def _funding(row: WatchlistRow) -> Funding:
    return Margin(row.leverage) if row.trade_on_margin else Spot()


def _legs(
    entry: Intent, strangers: Mapping[str, OrderFact], install_id: str, now: Instant
) -> Iterator[Adopted]:
    for count in range(COUNTED_MAX):
        at = now + count * TICK
        exit_key, stop_key = f"exit:{entry.id}:{count}", f"protect:{entry.id}:{count}"
        sale = strangers.get(client_oid(install_id, exit_key))
        if sale is not None:
            wish = _leg(entry, sale, exit_key, Purpose.REDUCE, OrderType.MARKET)
            yield _adopted(wish, sale, install_id, at)
        stop = strangers.get(client_oid(install_id, stop_key))
        if stop is not None and stop.trigger is not None:
            yield from _pair(entry, stop, stop_key, strangers, install_id, at)


def _pair(  # noqa: PLR0913, PLR0917 - one stop, and where its target may be found
    entry: Intent,
    stop: OrderFact,
    key: str,
    strangers: Mapping[str, OrderFact],
    install_id: str,
    at: Instant,
) -> Iterator[Adopted]:
    """The stop, and behind it its target when the exchange tells of one."""
    wish = _leg(entry, stop, key, Purpose.PROTECT, OrderType.STOP_LOSS)
    alone = _adopted(wish, stop, install_id, at)
    other = strangers.get(target_of(alone.intent).client_oid)
    if other is None or other.limit is None:
        yield alone
        return
    target = _price(other.limit, wish.instrument)
    led = _adopted(replace(wish, target=target), stop, install_id, at)
    yield led
    yield Adopted(target_of(led.intent), other, led.verdict)


def _leg(entry: Intent, fact: OrderFact, key: str, purpose: Purpose, kind: OrderType) -> Proposal:
    wish = entry.proposal
    return Proposal(
        key=key,
        purpose=purpose,
        instrument=wish.instrument,
        side=Side.SELL,
        type=kind,
        tif=TimeInForce.GOOD_TILL_CANCEL,
        quantity=Quantity(fact.quantity, wish.instrument.base),
        funding=wish.funding,
        trigger=_price(fact.trigger, wish.instrument),
        lot_id=entry.id,
    )


def _price(rate: Decimal | None, instrument: Instrument) -> Price | None:
    return None if rate is None else Price(rate, instrument.base, instrument.quote)


def _adopted(
    wish: Proposal, fact: OrderFact, install_id: str, now: Instant, signal_id: str | None = None
) -> Adopted:
    """An intent of unknown outcome, of which the exchange's word is the first evidence."""
    why = "The books were restored from before this order: its verdict is lost, and the exchange has it."
    said = Objection(RULE, RULE, fact.client_oid, "an intent in the books", why)
    verdict = Blocked(wish, now, (said,))
    intent = Intent(
        id=digest(install_id, wish.key),
        client_oid=fact.client_oid,
        proposal=wish,
        verdict_id=verdict.id,
        state=State.UNKNOWN,
        created_at=now,
        updated_at=now,
        signal_id=signal_id,
    )
    return Adopted(intent, fact, verdict)


def facts_of(found: Sequence[Adopted]) -> tuple[OrderFact, ...]:
    """What the exchange said of them."""
    return tuple(each.fact for each in found)
