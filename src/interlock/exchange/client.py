"""The Crypto.com client: each need of the desk as one request, each answer as a fact or a typed error.

A request that acts carries exactly the nonce it was given, as its id too, and is never sent again from here. A question takes its
nonce from the time at which it is asked, and what it learns is as old as that. While the exchange shuts us out nothing private leaves.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, TypeVar
from urllib.parse import urlencode

from interlock.account import AccountReading, FeeRate, Transfer
from interlock.errors import (
    BadInput,
    Circumstances,
    NotAuthorised,
    NotSent,
    Refused,
    Unreachable,
)
from interlock.exchange.budget import Budget
from interlock.exchange.pausing import Pausing
from interlock.exchange.windows import RETENTION, Pause, Reader, Window
from interlock.market import Bar, Tick
from interlock.orders.evidence import Absent, Answer, Fill, OrderFact
from interlock.orders.intent import Intent
from interlock.ports import Gate, Reply, Transport, open_gate
from interlock.protocol.crypto_com import (
    account,
    instruments,
    market,
    orders,
    trades,
    transfers,
)
from interlock.protocol.crypto_com.codes import ORDER_NOT_KNOWN
from interlock.protocol.crypto_com.outcome import answer
from interlock.protocol.crypto_com.self_test import signs_as_documented
from interlock.protocol.crypto_com.wire import Asked, Rows, result_of, signed_body
from interlock.values import Instant, Instrument, Secret

Fact = TypeVar("Fact")
HIDDEN: Final = b"***"
SECRET_MIN: Final = 8  # what is shorter is no secret, and could be a part of true words
DATE_STEP: Final = timedelta(seconds=1)
# A verdict is two seconds old at most when its order leaves; a question may wait for its turn.
ACT_PATIENCE: Final = timedelta(milliseconds=500)
PATIENCE: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Credentials:
    """The key by which the exchange knows us, and the secret that signs."""

    api_key: Secret
    api_secret: Secret


def hidden(said: bytes, credentials: Credentials) -> bytes:
    """What was said without our key and our secret: who echoes them must not get them into books, logs and messages."""
    for secret in (credentials.api_key, credentials.api_secret):
        words = secret.reveal().encode()
        if len(words) >= SECRET_MIN:
            said = said.replace(words, HIDDEN)
    return said


async def sleep(span: timedelta) -> None:
    """Lets the time between two pages pass."""
    await asyncio.sleep(span.total_seconds())  # det-ok: within one question


def offset(date: Instant | None, asked_at: Instant, answered_at: Instant) -> timedelta | None:
    """The least by which the server's clock is ahead of ours, when it wrote `date` (whole seconds, cut) between these two instants."""
    if date is None:
        return None
    least, most = date - answered_at, date + DATE_STEP - asked_at
    return max(least, timedelta(0)) if most > timedelta(0) else most


class CryptoComExchange:
    """`ports.Exchange` on a transport. `now` dates questions, `pause` waits between the pages of one list.

    `budget` keeps the exchange's limits; a starved question raises Starved, a starved act is NotSent.
    `skipped` names, by method, the rows of the newest answer that could not be read (instruments, tickers, candlesticks).
    """

    def __init__(
        self,
        transport: Transport,
        credentials: Credentials,
        now: Callable[[], Instant],
        pause: Pause = sleep,
        budget: Budget | None = None,
    ) -> None:
        self._transport = transport
        self._credentials = credentials
        self._now = now
        self._pause = pause
        self._pausing = Pausing(now)
        self._budget = budget or Budget(pause)
        self.skipped: dict[str, tuple[str, ...]] = {}

    async def instruments(self) -> tuple[Instrument, ...]:
        """Every spot instrument in USD or USDT, with the minimum notional of its base where one is named."""
        risk = instruments.order_limits(await self._public(instruments.RISK_PARAMETERS))
        limits = {own.base: own for own in self._kept(instruments.RISK_PARAMETERS, risk)}
        listed = await self._public(instruments.INSTRUMENTS)
        return self._kept(instruments.INSTRUMENTS, instruments.instruments(listed, limits))

    async def ticks(self) -> tuple[Tick, ...]:
        """The newest prices of all symbols."""
        return self._kept(market.TICKERS, market.ticks(await self._public(market.TICKERS)))

    async def bars(self, symbol: str, span: timedelta, end: Instant, count: int) -> tuple[Bar, ...]:
        """Up to 300 bars that had closed by `end` on the exchange's own clock too, ascending."""
        asked = Asked(market.CANDLESTICK)
        reply = await self._get(asked.method, market.bars_params(symbol, span, end, count))
        closed_by = min(end, reply.date) if reply.date else end
        rows = market.bars(result_of(reply, asked), symbol, span, closed_by)
        return self._kept(market.CANDLESTICK, rows)[-count:]

    async def account(self) -> AccountReading:
        """The wallet now."""
        asked_at = self._now()
        reply, result = await self._told(account.BALANCE, {})
        reading = account.account(result, asked_at)
        return replace(reading, clock_offset=offset(reply.date, asked_at, self._now()))

    async def fee_rate(self) -> FeeRate:
        """What a spot trade costs."""
        return account.fee_rate(await self._private(account.FEE_RATE, {}))

    async def place(self, intent: Intent, nonce: int, gate: Gate = open_gate) -> Answer:
        """Asks for the order, or the pair, with exactly this nonce; an order that cannot be said is not sent."""
        try:
            params = orders.create_params(intent)
        except BadInput as error:
            return NotSent(f"The order was not sent: {error}")
        return await self._act(
            Asked(orders.create_method(intent), nonce, intent.client_oid), params, gate
        )

    async def cancel(self, intent: Intent, nonce: int, gate: Gate = open_gate) -> Answer:
        """Asks to cancel the order at the endpoint of its kind, or its pair; only its state, read back, says that it is cancelled."""
        asked = Asked(orders.cancel_method(intent), nonce, intent.client_oid)
        return await self._act(asked, orders.cancel_params(intent), gate)

    async def cancel_foreign(self, fact: OrderFact, nonce: int) -> Answer:
        """Asks to cancel an order that is not ours, by its order id, at the endpoint where it was listed; a pair by the id of its list."""
        if fact.list_id is not None:
            return await self._act(Asked(orders.CANCEL_PAIR, nonce), {"list_id": fact.list_id})
        advanced = fact.source in orders.ADVANCED
        method = orders.method(orders.CANCEL, advanced=advanced)
        return await self._act(Asked(method, nonce), {"order_id": fact.order_id})

    async def order(self, intent: Intent) -> OrderFact | Absent:
        """The order by its client_oid at the detail endpoint of its kind; Absent when it is not known there."""
        advanced = intent.is_advanced
        where, asked_at = orders.source(orders.DETAIL, advanced=advanced), self._now()
        method = orders.method(orders.DETAIL, advanced=advanced)
        try:
            result = await self._private(method, {"client_oid": intent.client_oid})
        except Refused as error:
            if error.code in ORDER_NOT_KNOWN:
                return Absent(intent.client_oid, where, asked_at)
            raise
        fact = orders.order(result, asked_at, where)
        if fact.order_id == intent.order_id:
            # Whoever amends an order by hand renames it; the exchange's own id says that it is this one.
            return replace(fact, client_oid=intent.client_oid)
        if fact.client_oid != intent.client_oid:
            raise Unreachable(f"Order {intent.client_oid} was asked for, and another came.")
        return fact

    async def open_orders(self, *, advanced: bool) -> tuple[OrderFact, ...]:
        """The complete list of open orders of one class."""
        where, asked_at = orders.source(orders.OPEN, advanced=advanced), self._now()
        result = await self._private(orders.method(orders.OPEN, advanced=advanced), {})
        return orders.orders(result, asked_at, where).whole()

    async def history(self, since: Instant, *, advanced: bool) -> tuple[OrderFact, ...]:
        """Orders of one class that ended since; Unreachable when they could not be read to the end."""
        where, asked_at = orders.source(orders.HISTORY, advanced=advanced), self._now()
        method = orders.method(orders.HISTORY, advanced=advanced)

        async def page(window: Window) -> tuple[OrderFact, ...]:
            result = await self._private(method, window.params(orders.PAGE))
            return orders.orders(result, asked_at, where).whole()

        found = await Reader(page, self._pause, orders.PAGE, RETENTION).whole(since, asked_at)
        return tuple({fact.order_id: fact for fact in found}.values())

    async def fills(self, since: Instant) -> tuple[Fill, ...]:
        """Executions since, oldest first, complete, each trade id once; Unreachable when that cannot be had."""

        async def page(window: Window) -> tuple[Fill, ...]:
            return trades.fills(
                await self._private(trades.TRADES, window.params(trades.PAGE))
            ).whole()

        found = await Reader(page, self._pause, trades.PAGE, trades.WINDOW_MAX).whole(
            since, self._now()
        )
        by_id = {fill.trade_id: fill for fill in found}
        return tuple(sorted(by_id.values(), key=lambda fill: (fill.at, fill.trade_id)))

    async def transfers(self, since: Instant) -> tuple[Transfer, ...]:
        """What came or went without an order since, oldest first, complete; Unreachable when that cannot be had."""

        async def page(window: Window) -> tuple[Transfer, ...]:
            asked = window.params(transfers.PAGE)
            return transfers.transfers(await self._private(transfers.TRANSACTIONS, asked)).whole()

        found = await Reader(page, self._pause, transfers.PAGE, trades.WINDOW_MAX).whole(
            since, self._now()
        )
        by_id = {each.id: each for each in found}
        return tuple(sorted(by_id.values(), key=lambda each: (each.at, each.id)))

    def shut_until(self) -> Instant | None:
        """Until when nothing that acts leaves, because the exchange does not accept us."""
        return self._pausing.acts_until()

    async def _act(
        self, asked: Asked, params: Mapping[str, object], gate: Gate = open_gate
    ) -> Answer:
        """One request that acts: whatever is heard of it becomes a value; what does not leave was refused by nobody."""
        shut = self._pausing.acts_until()
        if shut is not None:
            return NotSent(f"Not sent: the exchange does not accept us, asked again at {shut}.")
        try:
            reply = await self._post(asked, params, ACT_PATIENCE, gate)
        except (NotSent, Unreachable) as silence:
            return answer(silence, asked)
        heard = answer(reply, asked)
        if isinstance(heard, NotAuthorised):
            self._pausing.refused(heard, act=True)
        return heard

    async def _private(self, method: str, params: Mapping[str, object]) -> bytes:
        return (await self._told(method, params))[1]

    async def _told(self, method: str, params: Mapping[str, object]) -> tuple[Reply, bytes]:
        """A signed question: the whole reply, and its result; while we are shut out, the refusal that still stands."""
        shut = self._pausing.why_not()
        if shut is not None:
            raise shut.with_traceback(None)
        asked = Asked(method, self._now().ms)
        reply = await self._post(asked, params, PATIENCE)
        try:
            return reply, result_of(reply, asked)
        except NotAuthorised as error:
            error.circumstances = self._circumstances(method, reply)
            self._pausing.refused(error, act=False)
            raise

    def _circumstances(self, method: str, reply: Reply) -> Circumstances:
        return Circumstances(
            method=method,
            status=reply.status,
            offset=reply.date - self._now() if reply.date else None,
            fingerprint=self._credentials.api_key.fingerprint(),
            signer_works=signs_as_documented(),
        )

    async def _public(self, method: str) -> bytes:
        return result_of(await self._get(method, {}), Asked(method))

    async def _post(
        self,
        asked: Asked,
        params: Mapping[str, object],
        patience: timedelta,
        gate: Gate = open_gate,
    ) -> Reply:
        key = self._credentials
        body = signed_body(key.api_key, key.api_secret, asked.method, params, asked.id or 0)
        async with self._budget.turn(asked.method, patience):
            return await self._heard("POST", asked.method, body, gate)

    async def _get(self, method: str, params: Mapping[str, str | int]) -> Reply:
        path = f"{method}?{urlencode(params)}" if params else method
        async with self._budget.turn(method, PATIENCE):
            return await self._heard("GET", path, b"")

    async def _heard(self, verb: str, path: str, body: bytes, gate: Gate = open_gate) -> Reply:
        """The answer without our key and our secret."""
        reply = await self._transport.request(verb, path, body, gate)
        return replace(reply, body=hidden(reply.body, self._credentials))

    def _kept(self, method: str, rows: Rows[Fact]) -> tuple[Fact, ...]:
        self.skipped[method] = rows.skipped
        return rows.facts
