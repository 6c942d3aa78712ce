"""The auditor: every night, and when asked, compares our books with the exchange's own word, and says PASS or FAIL.

A comparison that could not be made has failed. Nothing is repaired here: what differs is said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from interlock.evidence.proof import CheckRow, Complete, proof
from interlock.ledger.book import wallet
from interlock.orders.evidence import OrderFact
from interlock.orders.life import State
from interlock.ports import AuditRun, Books, Clock, Exchange, Incident
from interlock.protection.plan import View, is_protected
from interlock.reconcile.drift import Drift, drift
from interlock.reconcile.orphans import orphans
from interlock.strategy.proposal import Purpose
from interlock.values import Instant, Unknown

DAY: Final = timedelta(days=1)
LOOK_BACK: Final = timedelta(days=6)  # one window of the exchange holds seven
AT: Final = timedelta(hours=3, minutes=15)
AUDIT: Final = "audit"
STEPS: Final = ("portfolio", "executions", "orders", "unknown_outcomes", "protection")


@dataclass(slots=True)
class Auditor:
    """One audit. `threshold_pct` is the drift that is still admitted, in percent of the wallet's value."""

    exchange: Exchange
    books: Books
    clock: Clock
    threshold_pct: Decimal
    install_id: str
    name: str = "auditor"
    backstop: float = 3600.0

    async def once(self) -> Instant:
        """Audits when it is a quarter past three and this day has no audit; due at the next quarter past three."""
        now = self.clock.now()
        today = now.floor(DAY) + AT
        last = self.books.picture(now, limit=1).audits
        if now >= today and (not last or last[0].at < today):
            await self.audit()
        return today if now < today else today + DAY

    async def audit(self) -> AuditRun:
        """Every check, made now, in order; stored, and returned."""
        listed = [
            *await self.exchange.open_orders(advanced=False),
            *await self.exchange.open_orders(advanced=True),
        ]
        rows = (
            await self._portfolio(),
            await self._executions(),
            self._orders(listed),
            self._unknown_outcomes(),
            self._protection(listed),
        )
        now = self.clock.now()
        run = AuditRun(now, isinstance(proof(rows, STEPS), Complete), rows)
        failed = [row for row in rows if not row.holds]
        found = tuple(_incident(failed, now) for _ in failed[:1])
        self.books.note(now, audit=run, incidents=found, closed=() if failed else (AUDIT,))
        self.clock.nudge("herald").set()
        return run

    async def _portfolio(self) -> CheckRow:
        """Our ledger's wallet against the exchange's, at the same prices."""
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
        text = (
            f"drift_pct={found.pct:.4f} threshold_pct={self.threshold_pct} exact={found.exact()} "
            f"largest={worst.currency}:{worst.difference:f}"
        )
        passed = found.pct <= self.threshold_pct
        return CheckRow("portfolio", passed=passed, compared=len(found.rows), found=text)

    async def _executions(self) -> CheckRow:
        """Every execution of the last week that the exchange knows is booked, once, and none that it does not know."""
        entries = self.books.entries()
        if not entries:
            return CheckRow("executions", passed=False, compared=0, found="the books are empty")
        # What was there before our books began is in their opening balance.
        since = max(entries[0].at, self.clock.now() - LOOK_BACK)
        theirs = {fill.trade_id for fill in await self.exchange.fills(since) if fill.at > since}
        ours = {fill.trade_id for fill in self.books.fills() if fill.at > since}
        missing, extra = len(theirs - ours), len(ours - theirs)
        text = f"booked={len(ours)} missing={missing} unknown_to_the_exchange={extra}"
        passed = missing == 0 and extra == 0
        return CheckRow("executions", passed=passed, compared=len(ours | theirs) + 1, found=text)

    def _orders(self, listed: Sequence[OrderFact]) -> CheckRow:
        """Every open order at the exchange that bears our mark belongs to an intent of ours."""
        intents = self.books.picture(self.clock.now(), limit=100_000).intents
        strangers = orphans(self.install_id, listed, intents)
        text = f"listed={len(listed)} orphans={len(strangers)}"
        return CheckRow("orders", passed=not strangers, compared=len(listed) + 1, found=text)

    def _unknown_outcomes(self) -> CheckRow:
        """No order has an outcome that nobody knows."""
        live = [intent for intent, _ in self.books.live_intents()]
        unknown = [i for i in live if i.state in (State.UNKNOWN, State.SENDING)]
        text = f"live={len(live)} unresolved={len(unknown)}"
        return CheckRow("unknown_outcomes", passed=not unknown, compared=len(live) + 1, found=text)

    def _protection(self, listed: Sequence[OrderFact]) -> CheckRow:
        """Every open lot is covered by stops that the exchange lists right now."""
        ids = {fact.client_oid for fact in listed}
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


def _incident(failed: Sequence[CheckRow], now: Instant) -> Incident:
    """The first step that failed, with what it found, and how many others did."""
    first, others = failed[0], len(failed) - 1
    more = f" {others} more failed." if others else ""
    return Incident(AUDIT, "FAIL", f"The audit failed at {first.step}: {first.found}.{more}", now)
