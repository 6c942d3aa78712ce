"""Signals, orders and rulings of a small market, for whoever keeps books: one coin, one minute, one lot step."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from interlock.account import AccountReading, Balance, Mode, Spot, Standing, Tenure
from interlock.orders.evidence import Absent, Evidence, Fill, OrderFact, Source
from interlock.orders.intent import Attempt, Intent, intend
from interlock.orders.life import State
from interlock.orders.ruling import Ruling
from interlock.ports import Books
from interlock.risk.verdict import Approved, Blocked, Objection
from interlock.store.books import RowBooks
from interlock.store.records import CHANGES, Change
from interlock.strategy.proposal import OrderType, Proposal, Protection, Purpose, TimeInForce
from interlock.strategy.signal import Decision, Flag, Signal
from interlock.strategy.throttle import ThrottleState
from interlock.values import Instant, Instrument, Price, Quantity, Side, Unknown

NOON = Instant.of_iso("2024-03-01T12:00:00")
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
BTC = Instrument(
    symbol="BTC_USDT",
    base="BTC",
    quote="USDT",
    price_tick=Decimal("0.01"),
    lot=Decimal("0.0001"),
    tradable=True,
    margin_buy=True,
    max_leverage=Decimal(10),
    min_notional=Decimal(1),
)
HOSTILE = Objection("KILL", "KILL_SWITCH_ON", "engaged", "clear", "The kill switch is engaged.")

Throttles = Mapping[str, ThrottleState]
Judgement = Callable[[Standing, Throttles], Ruling]


def signal(
    bar: Instant = NOON, decision: Decision = Decision.BUY, symbol: str = "BTC_USDT"
) -> Signal:
    return Signal(
        symbol=symbol,
        strategy="trend-dip",
        bar=bar,
        ends=bar + HOUR,
        decision=decision,
        index=100,
        close=Decimal("50000.5"),
        flags=(Flag("rsi_low", holds=True, because="RSI 28 is below 30."),),
        values={"rsi": 28.25, "atr": Unknown("too few bars")},
        stop_distance=Decimal(1000),
        target_distance=Unknown("ATR is not known"),
    )


def entry(key: str = "entry", instrument: Instrument = BTC, size: str = "0.01") -> Proposal:
    return Proposal(
        key=key,
        purpose=Purpose.ENTRY,
        instrument=instrument,
        side=Side.BUY,
        type=OrderType.LIMIT,
        tif=TimeInForce.IMMEDIATE_OR_CANCEL,
        quantity=Quantity(Decimal(size), instrument.base),
        funding=Spot(),
        limit=Price(Decimal(50000), instrument.base, instrument.quote),
        protection=Protection(Decimal(1000), Decimal(2000), "preset", "mode"),
    )


def stop(lot_id: str, key: str = "stop", size: str = "0.01") -> Proposal:
    return replace(
        entry(key, size=size),
        purpose=Purpose.PROTECT,
        side=Side.SELL,
        type=OrderType.STOP_LOSS,
        tif=TimeInForce.GOOD_TILL_CANCEL,
        limit=None,
        trigger=Price(Decimal(49000), "BTC", "USDT"),
        lot_id=lot_id,
        protection=None,
    )


def sale(lot_id: str, key: str = "sale", size: str = "0.01") -> Proposal:
    return replace(
        stop(lot_id, key, size), purpose=Purpose.REDUCE, type=OrderType.MARKET, trigger=None
    )


def approve(
    proposal: Proposal, tenure: Tenure, at: Instant, said: Signal | None = None
) -> Judgement:
    """A judgement that approves the order, whatever the standing says."""

    def ruling(_standing: Standing, _throttles: Throttles) -> Ruling:
        verdict = Approved(proposal, at)
        intent = intend(verdict, tenure.install_id, at, signal_id=said.id if said else None)
        return Ruling(signal=said, emitted=said is not None, verdict=verdict, intent=intent)

    return ruling


def block(proposal: Proposal, at: Instant, said: Signal) -> Judgement:
    def ruling(_standing: Standing, _throttles: Throttles) -> Ruling:
        return Ruling(signal=said, emitted=True, verdict=Blocked(proposal, at, (HOSTILE,)))

    return ruling


def ask(
    books: Books, tenure: Tenure, proposal: Proposal, at: Instant = NOON
) -> tuple[Intent, Attempt]:
    """The order, written and about to be sent."""
    ruled, attempt = books.rule(tenure.epoch, at, approve(proposal, tenure, at))
    assert ruled.intent is not None
    assert attempt is not None
    return ruled.intent, attempt


def fact(
    intent: Intent, state: State, filled: str = "0", source: Source = Source.ORDER_DETAIL
) -> OrderFact:
    """The exchange's word about an order, as it was asked for."""
    wish = intent.proposal
    trigger = wish.trigger.rate if wish.trigger else None
    size = Decimal(filled)
    return OrderFact(
        client_oid=intent.client_oid,
        order_id=intent.order_id or f"order-of-{wish.key}",
        symbol=wish.symbol,
        side=wish.side,
        type=wish.type,
        state=state,
        quantity=wish.quantity.size,
        filled=size,
        value=size * 50000,
        trigger=trigger,
        source=source,
        as_of=NOON + SECOND,
    )


def fill(
    intent: Intent, trade_id: str, size: str, at: Instant = NOON + SECOND, fee: str = "0"
) -> Fill:
    """An execution of it at 50,000; a buy's fee is in base, a sale's in quote."""
    wish = intent.proposal
    is_buy = wish.side is Side.BUY
    return Fill(
        trade_id=trade_id,
        order_id=intent.order_id or f"order-of-{wish.key}",
        client_oid=intent.client_oid,
        symbol=wish.symbol,
        side=wish.side,
        quantity=Decimal(size),
        price=Decimal(50000),
        fee=Decimal(fee),
        fee_currency=wish.instrument.base if is_buy else wish.instrument.quote,
        is_maker=False,
        at=at,
    )


def look(intent: Intent, source: Source, at: Instant) -> Absent:
    return Absent(intent.client_oid, source, at)


def reading(at: Instant, equity: str = "10000", **held: str) -> AccountReading:
    """A wallet; without a word about it, ten thousand dollars."""
    totals = {c: Decimal(t) for c, t in (held or {"USDT": equity}).items()}
    balances = {c: Balance(c, t, t) for c, t in totals.items()}
    return AccountReading(balances, Decimal(equity), Decimal(0), at)


def journal_of(books: RowBooks, field: str) -> list[Change]:
    """What the journal keeps of one setting, oldest first."""
    with books._ground.look() as rows:  # noqa: SLF001 - people read the journal, no program of ours does
        return [change for change in rows.find(CHANGES) if change.field == field]


def armed(books: Books, at: Instant = NOON) -> Tenure:
    """The books opened in SIM with the mode selected and the wallet read: an entry is admitted."""
    tenure = books.open(Mode.SIM, at)
    books.switch("owner", "test", at, mode=Mode.SIM, kill=None)
    books.account_read(at, reading(at))
    return tenure


def learn(
    books: Books, tenure: Tenure, at: Instant, *words: OrderFact | Fill | Absent
) -> tuple[Intent, ...]:
    """One round of evidence."""
    evidence = Evidence(
        facts=tuple(w for w in words if isinstance(w, OrderFact)),
        fills=tuple(w for w in words if isinstance(w, Fill)),
        absences=tuple(w for w in words if isinstance(w, Absent)),
    )
    return books.learn(tenure.epoch, at, evidence)


def bought(books: Books, tenure: Tenure, key: str = "entry", size: str = "0.01") -> Intent:
    """A filled entry, and with it a lot."""
    intent, _ = ask(books, tenure, entry(key, size=size))
    learn(
        books, tenure, NOON, fact(intent, State.FILLED, size), fill(intent, f"trade-of-{key}", size)
    )
    return state_of(books, intent)


def state_of(books: Books, intent: Intent) -> Intent:
    """The intent as the books have it now."""
    return next(i for i in books.picture(NOON, limit=1000).intents if i.id == intent.id)
