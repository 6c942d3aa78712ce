"""The auditor: every night, and when asked, compares our books with the exchange's own word, and says PASS or FAIL.

A comparison that could not be made has failed, and keeps no other from being made. Nothing is repaired here: what differs is said.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from interlock.errors import InterlockError, NotAuthorised, Refused
from interlock.evidence.incident import Incident
from interlock.evidence.proof import AuditRun, CheckRow, Complete, proof
from interlock.ledger.book import wallet
from interlock.orders.evidence import OrderFact
from interlock.orders.intent import Intent
from interlock.ports import Books, Clock, Exchange
from interlock.protection.view import View, is_protected
from interlock.reconcile.drift import Drift, drift
from interlock.reconcile.intents import (
    Difference,
    history_gaps,
    not_live,
    to_look_up,
    unresolved,
)
from interlock.reconcile.orphans import orphans
from interlock.strategy.proposal import Purpose
from interlock.values import Instant, Unknown

DAY: Final = timedelta(days=1)
LOOK_BACK: Final = timedelta(days=6)  # one window of the exchange holds seven
GLANCE: Final = timedelta(hours=1)
GRACE: Final = timedelta(minutes=5)
AT: Final = timedelta(hours=3, minutes=15)
AUDIT: Final = "audit"
ORDER_STEPS: Final = ("executions", "orders", "unknown_outcomes", "history", "protection")
STEPS: Final = ("portfolio", *ORDER_STEPS)
# The exchange answers one question for a history a second.
BETWEEN: Final = timedelta(milliseconds=1100)
SHOWN_MAX: Final = 5
# What an answer, or a row of the books, that cannot be read raises.
TROUBLE: Final = (
    InterlockError,
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    TypeError,
    ValueError,
)

SHUT_OUT: Final = frozenset({"40101", "40103", "40104"})

Pause = Callable[[timedelta], Awaitable[None]]
Check = Callable[[], Awaitable[CheckRow]]


@dataclass(slots=True)
class Auditor:
    """One audit. `threshold_pct` is the drift that is still admitted, in percent of the wallet's value.

    An order whose outcome is unknown for longer than `grace` is unresolved. `pause` waits between two questions of one kind.
    """

    exchange: Exchange
    books: Books
    clock: Clock
    threshold_pct: Decimal
    install_id: str
    pause: Pause
    grace: timedelta = GRACE
    name: str = "auditor"
    backstop: float = 3600.0

    async def once(self) -> Instant:
        """Audits when it is a quarter past three and this day has no audit of the desk; due at the next quarter past three."""
        now = self.clock.now()
        today = now.floor(DAY) + AT
        audits = self.books.picture(now).audits
        is_made = any(run.at >= today and _is_ours(run) for run in audits)
        if now >= today and not is_made:
            await self.audit()
        return today if now < today else today + DAY

    async def audit(self) -> AuditRun:
        """Every check, made now, in order; stored, and returned."""
        rows = await self._made(STEPS)
        now = self.clock.now()
        run = AuditRun(now, isinstance(proof(rows, STEPS), Complete), rows)
        failed = [row for row in rows if not row.holds]
        found = tuple(_incident(failed, now) for _ in failed[:1])
        self.books.note(now, audit=run, incidents=found, closed=() if failed else (AUDIT,))
        self.clock.nudge("herald").set()
        return run

    async def portfolio(self) -> CheckRow:
        """Our ledger's wallet against the exchange's, at the same prices."""
        return (await self._made(("portfolio",)))[0]

    async def orders(self) -> tuple[CheckRow, ...]:
        """Our orders, executions and stops against the exchange's lists."""
        return await self._made(ORDER_STEPS)

    async def _made(self, steps: Sequence[str]) -> tuple[CheckRow, ...]:
        """A row for each step. An exchange that shuts us out is not asked again."""
        checks: Mapping[str, Check] = {
            "portfolio": self._portfolio,
            "executions": self._executions,
            "orders": self._orders,
            "unknown_outcomes": self._unknown_outcomes,
            "history": self._history,
            "protection": self._protection,
        }
        rows: list[CheckRow] = []
        shut_out = False
        for step in steps:
            row = _unasked(rows[-1], step) if shut_out else await self._look(step, checks[step])
            shut_out = shut_out or row.code in SHUT_OUT
            rows.append(row)
        return tuple(rows)

    @staticmethod
    async def _look(step: str, check: Check) -> CheckRow:
        """The row of a check; one that could not look has failed, with the code by which the exchange refused."""
        try:
            return await check()
        except NotAuthorised as error:
            found = f"code={error.code} message={error.message} {error.remedy}"
            return CheckRow(step, passed=False, compared=0, found=found, code=str(error.code))
        except TROUBLE as error:
            code = str(error.code) if isinstance(error, Refused) else type(error).__name__
            found = f"could not look: {type(error).__name__}: {error}"
            return CheckRow(step, passed=False, compared=0, found=found, code=code)

    async def _portfolio(self) -> CheckRow:
        reading = await self.exchange.account()
        theirs = {b.currency: b.total for b in reading.balances.values()}
        prices = {tick.symbol.split("_")[0]: tick.last for tick in await self.exchange.ticks()}
        stable = dict.fromkeys(("USD", "USDT"), Decimal(1))
        found = drift(wallet(self.books.entries()), theirs, prices | stable)
        if isinstance(found, Unknown):
            return CheckRow("portfolio", passed=False, compared=0, found=found.why)
        return self._drifted(found)

    def _drifted(self, found: Drift) -> CheckRow:
        worst = max(found.rows, key=lambda row: abs(row.difference))
        limit, compared = self.threshold_pct, len(found.rows)
        text = (
            f"drift_pct={found.pct:.4f} threshold_pct={limit} compared={compared} exact={found.exact()} "
            f"largest={worst.currency}:{worst.difference:f}"
        )
        passed = found.pct <= limit
        return CheckRow(
            "portfolio", passed=passed, compared=compared, found=text, threshold=str(limit)
        )

    async def _executions(self) -> CheckRow:
        """Every execution of the last week that the exchange knows is booked, once, and none that it does not know."""
        since = self._since(LOOK_BACK)
        if isinstance(since, Unknown):
            return CheckRow("executions", passed=False, compared=0, found=since.why)
        theirs = {fill.trade_id for fill in await self.exchange.fills(since) if fill.at > since}
        ours = {fill.trade_id for fill in self.books.fills() if fill.at > since}
        missing, extra = len(theirs - ours), len(ours - theirs)
        text = f"booked={len(ours)} missing={missing} unknown_to_the_exchange={extra}"
        passed = missing == 0 and extra == 0
        return CheckRow("executions", passed=passed, compared=len(ours | theirs) + 1, found=text)

    async def _orders(self) -> CheckRow:
        """Every open order at the exchange that bears our mark belongs to an intent of ours, and each of our live ones is there."""
        listed = await self._open()
        strangers = orphans(self.install_id, listed, self._intents())
        asked = to_look_up(self._live(), listed)
        looks = [(intent, await self.exchange.order(intent)) for intent in asked]
        differences = not_live(looks, self.clock.now(), self.grace)
        found = [f"listed={len(listed)}", f"orphans={len(strangers)}", *_shown(differences)]
        is_one = not strangers and not differences
        compared = len(listed) + len(asked) + 1
        return CheckRow("orders", passed=is_one, compared=compared, found=" ".join(found))

    async def _unknown_outcomes(self) -> CheckRow:
        """No order has had an outcome that nobody knows for longer than the grace."""
        live = self._live()
        late = unresolved(live, self.clock.now(), self.grace)
        found = " ".join([f"live={len(live)}", f"unresolved={len(late)}", *_shown(late)])
        return CheckRow("unknown_outcomes", passed=not late, compared=len(live) + 1, found=found)

    async def _history(self) -> CheckRow:
        """What the exchange says has ended has ended here, and the other way round, in a wide window and in a narrow one."""
        told = 0
        gaps: list[Difference] = []
        every = self._intents()
        for span in (LOOK_BACK, GLANCE):
            since = self._since(span)
            if isinstance(since, Unknown):
                return CheckRow("history", passed=False, compared=0, found=since.why)
            for advanced in (False, True):
                facts = await self.exchange.history(since, advanced=advanced)
                intents = [i for i in every if i.is_advanced is advanced]
                strangers = orphans(self.install_id, facts, every)
                gaps += [Difference(s.client_oid, "ended there, unknown here") for s in strangers]
                gaps += history_gaps(intents, facts, since, self.clock.now())
                told += len(facts)
            if span is LOOK_BACK:
                await self.pause(BETWEEN)
        found = " ".join([f"told={told}", f"gaps={len(gaps)}", *_shown(gaps)])
        return CheckRow("history", passed=not gaps, compared=told + 1, found=found)

    async def _protection(self) -> CheckRow:
        """Every open lot is covered by stops that the exchange lists right now."""
        ids = {fact.client_oid for fact in await self._open()}
        lots = self.books.open_lots()
        naked = 0
        for lot, legs in lots:
            seen = tuple(i for i in legs if i.client_oid in ids or i.id == lot.id)
            entry = next(i for i in legs if i.proposal.purpose is Purpose.ENTRY)
            now = self.clock.now()
            view = View(lot, seen, entry.proposal.instrument, None, now, now, DAY)
            naked += not is_protected(view)
        text = f"lots={len(lots)} unprotected={naked}"
        return CheckRow("protection", passed=naked == 0, compared=len(lots) + 1, found=text)

    async def _open(self) -> tuple[OrderFact, ...]:
        """Both complete lists of open orders."""
        return (
            *await self.exchange.open_orders(advanced=False),
            *await self.exchange.open_orders(advanced=True),
        )

    def _since(self, span: timedelta) -> Instant | Unknown:
        """From when the exchange is asked: what was there before our books began is in their opening balance."""
        entries = self.books.entries()
        if not entries:
            return Unknown("the books are empty")
        return max(entries[0].at, self.clock.now() - span)

    def _live(self) -> list[Intent]:
        return [intent for intent, _ in self.books.live_intents()]

    def _intents(self) -> tuple[Intent, ...]:
        return self.books.picture(self.clock.now(), limit=100_000).intents


def _is_ours(run: AuditRun) -> bool:
    """Whether the desk made it: the host's nightly audit has other steps."""
    return any(row.step == STEPS[0] for row in run.rows)


def _unasked(shut_out: CheckRow, step: str) -> CheckRow:
    """The row of a check that was not made, for the reason of the one before."""
    return replace(shut_out, step=step, found="not asked: shut out")


def _shown(differences: Sequence[Difference]) -> list[str]:
    return [f"{each.client_oid}: {each.why}" for each in differences[:SHOWN_MAX]]


def _incident(failed: Sequence[CheckRow], now: Instant) -> Incident:
    """The first step that failed, with what it found, and how many others did."""
    first, others = failed[0], len(failed) - 1
    more = f" {others} more failed." if others else ""
    return Incident(AUDIT, "FAIL", f"The audit failed at {first.step}: {first.found}.{more}", now)
