"""The trader: the only code that asks the exchange to act, and only for what the judge approved.

One transaction writes verdict, intent, reservation and send attempt; then those bytes are sent, with the nonce that was written.
Nothing is signed twice, nothing is sent under a second id, and a lost answer is kept as what it is: unknown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

import structlog

from interlock.account import Mode, Standing, Tenure
from interlock.desk.instruments import Instruments
from interlock.errors import BrokenInvariant, LeaseLost, NotSent, Refused, StoreTrouble
from interlock.orders.evidence import Answer, OrderFact
from interlock.orders.intent import Attempt, Intent, Request, target_of
from interlock.orders.ruling import Ruling
from interlock.orders.wishes import Market, Occasion, Terms, question_of, wish, wish_entry
from interlock.ports import Books, Clock, Exchange, MarketFile
from interlock.risk.judge import judge
from interlock.risk.limits import Limits
from interlock.strategy.contract import Declares
from interlock.strategy.proposal import Proposal
from interlock.strategy.signal import Signal
from interlock.strategy.throttle import ThrottleState
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, Known, Unknown

_log = structlog.get_logger("trader")

CREATES_MAX: Final = 4
OFF_GRID: Final = frozenset({213, 308})

Throttles = Mapping[str, ThrottleState]
Rule = Callable[[Standing, Throttles], Ruling]
Doubt = Callable[[Instant], str | None]
"""Why the certificate of this installation admits no entry of LIVE; None when it does."""
NOT_NEEDED: Final = "not needed"


def unread(now: Instant) -> str:
    """Nobody gave the desk a certificate to read."""
    return f"none was read by {now}"


@dataclass(slots=True)
class Trader:
    """Turns wishes into judged, durable, sent requests. `sending` are the intents whose request is on its way right now.

    `doubt` is asked before each order of LIVE; it keeps entries back and nothing else.
    """

    books: Books
    market: MarketFile
    exchange: Exchange
    clock: Clock
    instruments: Instruments
    limits: Limits
    tenure: Tenure
    doubt: Doubt = unread
    sending: set[str] = field(default_factory=set)

    def is_sending(self, intent_id: str) -> bool:
        """Whether a request of this intent is on its way in this process, so that nobody else asks about it."""
        return intent_id in self.sending

    async def decide(self, signal: Signal, row: WatchlistRow, preset: Declares) -> Ruling:
        """A signal ends in exactly one of an intent, an exit or a block; an intent is sent at once."""
        market, terms = self._market(signal.symbol), self._terms()

        def ruling(standing: Standing, throttles: Throttles) -> Ruling:
            # Read anew under the lock: what the owner switched off since the signal was made stays off.
            occasion = Occasion(signal, self._row_now(row), preset, market)
            return wish_entry(occasion, standing, throttles, terms)

        return await self._rule(ruling)

    async def serve(self, proposal: Proposal) -> Ruling:
        """An order that serves a lot: judged, written, sent."""
        market, terms = self._market(proposal.symbol), self._terms()
        return await self._rule(lambda standing, _: wish(proposal, market, standing, terms))

    async def again(self, intent: Intent, attempts: tuple[Attempt, ...]) -> None:
        """The same request once more, under the same id, judged again; a few times, then only time and evidence help."""
        creates = sum(1 for attempt in attempts if attempt.request is Request.CREATE)
        if creates >= CREATES_MAX or self.exchange.shut_until() is not None:
            return
        terms = self._terms()
        market, standing = self._market(intent.proposal.symbol), self.books.standing(terms.now)
        verdict = judge(question_of(intent.proposal, market, standing, terms))
        attempt = self.books.further_attempt(self.tenure.epoch, terms.now, intent.id, verdict)
        if attempt is not None:
            await self._send(intent, attempt)

    async def cancel(self, intent: Intent) -> None:
        """Asks the exchange to let go of an order; only its own word later says that it did."""
        attempt = self.books.cancel_attempt(self.tenure.epoch, self.clock.now(), intent.id)
        if attempt is not None:
            await self._send(intent, attempt)

    async def cancel_foreign(self, fact: OrderFact) -> None:
        """Asks the exchange to let go of an order that nobody here asked for, with a nonce of our own."""
        nonce = self.books.nonce(self.tenure.epoch, self.clock.now())
        answer = await self.exchange.cancel_foreign(fact, nonce)
        _log.warning("cancelled by policy", order_id=fact.order_id, answer=type(answer).__name__)

    async def _rule(self, rule: Rule) -> Ruling:
        written, attempt = self.books.rule(self.tenure.epoch, self.clock.now(), rule)
        if written.alert is not None:
            self.clock.nudge("herald").set()
        if written.exits:
            self.clock.nudge("guardian").set()
        if written.intent is not None and attempt is not None:
            await self._send(written.intent, attempt)
        return written

    async def _send(self, intent: Intent, attempt: Attempt) -> None:
        """Sends these bytes, unless they may not leave any more, and writes down what came back."""
        left: list[Instant] = []
        asked = partial(self._must_leave, intent, attempt, left)
        legs = {intent.id, target_of(intent).id} if intent.is_pair else {intent.id}
        self.sending |= legs
        try:
            if attempt.request is Request.CREATE:
                answer = await self.exchange.place(intent, attempt.nonce, asked)
            else:
                answer = await self.exchange.cancel(intent, attempt.nonce, asked)
            after = self._answered(replace(attempt, left_at=left[-1] if left else None), answer)
        finally:
            self.sending -= legs
        refusal = answer.code if isinstance(answer, Refused) else None
        if refusal in OFF_GRID:
            # The next order stands on the grid as it is now, under a key of its own: nothing is rounded anew.
            self.instruments.doubt()
            self.clock.nudge("updater").set()
        _log.info(
            "answered",
            request=attempt.request,
            purpose=intent.proposal.purpose,
            symbol=intent.proposal.symbol,
            client_oid=intent.client_oid,
            state=after.state,
            refusal=refusal,
            at=str(self.clock.now()),
        )
        for who in ("listener", "settler"):
            self.clock.nudge(who).set()

    def _must_leave(self, intent: Intent, attempt: Attempt, left: list[Instant]) -> None:
        """The last question, in the step that writes the first byte: who leads and what the owner wants may have changed."""
        now = self.clock.now()
        if not self.books.may_send(attempt, now, intent.proposal.purpose):
            raise NotSent(f"Attempt {attempt.n} of {attempt.intent_id} may not leave any more.")
        left.append(now)

    def _answered(self, attempt: Attempt, answer: Answer) -> Intent:
        """What came back, written down. When it cannot be, only a new start reads the order as unknown, and asks what became of it."""
        try:
            return self.books.answered(attempt, answer, self.clock.now())
        except LeaseLost:
            raise
        except StoreTrouble as error:
            text = f"The answer to {attempt.intent_id} could not be written: {error}"
            raise BrokenInvariant(text) from error

    def _terms(self) -> Terms:
        now = self.clock.now()
        why = self.doubt(now) if self.tenure.venue is Mode.LIVE else NOT_NEEDED
        is_sure = why is None
        return Terms(
            self.tenure.install_id, self.tenure.epoch, self.limits, now, is_sure, why or ""
        )

    def _row_now(self, row: WatchlistRow) -> WatchlistRow:
        """The row as it stands; one that is gone is a deleted one."""
        rows = (now for now in self.books.watchlist() if now.symbol == row.symbol)
        return next(rows, replace(row, is_deleted=True))

    def _market(self, symbol: str) -> Market:
        tick = self.market.ticks().get(symbol)
        known = Known(tick, tick.at) if tick else Unknown(f"no price of {symbol} was read")
        return Market(self.instruments.get(symbol), known)
