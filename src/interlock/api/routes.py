"""The routes: each answers from memory alone, with the instant as of which it is true; none waits for the exchange, none writes."""

import asyncio
from dataclasses import dataclass, replace
from itertools import islice
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from interlock.account import Mode, Standing
from interlock.api import views
from interlock.api.answer import answer, problem
from interlock.api.facts import Instruments, facts
from interlock.api.memory import Memory, Snapshot
from interlock.api.observe import TROUBLE, covers, observe
from interlock.api.timeline import order_timeline
from interlock.errors import BadInput, StoreTrouble
from interlock.health.observations import nothing_seen
from interlock.health.seed_json import Json, seed_json
from interlock.health.verdict import SystemHealth, assess
from interlock.risk import probe as risk_probe
from interlock.risk.limits import Limits
from interlock.risk.question import Facts
from interlock.settings import Settings
from interlock.values import Instant, Known, check_symbol
from interlock.wiring.certified import doubt_of

Limit = Annotated[int, Query(ge=1, le=200)]
ROWS_ON_THE_PAGE = 16
LOOK_S = 0.1
SILENT = frozenset({"WAIT", "SUPPRESSED"})


@dataclass(frozen=True, slots=True)
class Routes:
    """What the routes answer from."""

    memory: Memory
    settings: Settings
    instruments: Instruments
    limits: Limits
    patience_s: float

    # -- open without a token
    async def live(self) -> Response:
        """The process answers; nothing is touched."""
        return answer({"status": "ok"})

    async def ready(self) -> Response:
        """Whether the books can be read."""
        try:
            self.memory.snapshot()
        except StoreTrouble as error:
            return answer({"status": "not_ready", "why": [type(error).__name__]}, 503)
        return answer({"status": "ready"})

    async def system(self) -> Response:
        """The seed's health JSON: 200 whenever the books answer, 503 with the same keys when they do not."""
        health, body = self._health()
        return answer(body, 200 if health.database_up else 503)

    async def probe(self, request: Request) -> Response:
        """Whether the risk guard would allow this entry now; nothing is signed, sent or written."""
        asked = risk_probe.read(await request.body())
        now, standing = await self._refreshed(asked)
        known = self._facts(asked) if isinstance(asked, risk_probe.ProbeRequest) else None
        status, body = risk_probe.answer(asked, standing, self.limits, now, known)
        return answer(body, status)

    # -- with the read token
    async def status(self) -> Response:
        """Mode, kill switch, engine, equity, and whether an entry could be made; on one page."""
        shown = self.memory.snapshot()
        return _dated(shown, self._status(shown))

    async def dashboard(self) -> Response:
        """Everything that the dashboard shows, of one instant."""
        shown = self.memory.snapshot()
        return _dated(
            shown,
            {
                "status": self._status(shown),
                "portfolio": views.portfolio(shown),
                "positions": self._positions(shown),
                "orders": _orders(shown, None, ROWS_ON_THE_PAGE),
                "decisions": _decisions(shown, None, ROWS_ON_THE_PAGE, acted=True),
                "all_decisions": _decisions(shown, None, ROWS_ON_THE_PAGE),
                "watchlist": _watchlist(shown),
            },
        )

    async def orders(self, symbol: str | None = None, limit: Limit = 100) -> Response:
        """What was sent to the exchange, newest first, with the runbook's words."""
        shown = self.memory.snapshot()
        return _listed(shown, "orders", _orders(shown, symbol, limit))

    async def order(self, named: str, request: Request) -> Response:
        """The timeline of one order, named by one of its ids or the beginning of one."""
        try:
            record = self.memory.books.order_record(named)
        except BadInput as error:
            return problem(422, "bad_input", str(error), _id(request))
        if record is None:
            return problem(404, "no_order", "No order of ours bears this name.", _id(request))
        shown = self.memory.snapshot()
        return _dated(shown, order_timeline(record, shown.as_of))

    async def intents(self, symbol: str | None = None, limit: Limit = 100) -> Response:
        """What was asked for, newest first, with all that it was made of."""
        shown = self.memory.snapshot()
        asked = (i for i in shown.picture.intents if symbol in (None, i.proposal.symbol))
        return _listed(
            shown, "intents", [views.intent_row(i, shown.as_of) for i in islice(asked, limit)]
        )

    async def decisions(self, symbol: str | None = None, limit: Limit = 100) -> Response:
        """What was decided, newest first, with because and objections."""
        shown = self.memory.snapshot()
        return _listed(shown, "decisions", _decisions(shown, symbol, limit))

    async def why(self, symbol: str, request: Request, at: str | None = None) -> Response:
        """The decision about a symbol that was in force at an instant, or the newest one."""
        try:
            moment = Instant.of_iso(at.replace(" ", "+")) if at else None
            decided = self.memory.books.decided(check_symbol(symbol), moment)
        except (BadInput, ValueError):
            reason = "Ask for a symbol such as BTC_USDT, and an ISO 8601 time."
            return problem(422, "bad_input", reason, _id(request))
        if decided is None:
            return problem(
                404, "no_decision", "Nothing was decided about it by then.", _id(request)
            )
        shown = self.memory.snapshot()
        return _dated(shown, views.decision(decided, shown.as_of))

    async def positions(self) -> Response:
        """Every open lot with its protection."""
        shown = self.memory.snapshot()
        return _listed(shown, "positions", self._positions(shown))

    async def portfolio(self) -> Response:
        """Balances, equity and its series, the day's profit."""
        shown = self.memory.snapshot()
        return _dated(shown, views.portfolio(shown))

    async def watchlist(self) -> Response:
        """Every watched symbol with its price, and what was last decided."""
        shown = self.memory.snapshot()
        return _listed(shown, "watchlist", _watchlist(shown))

    def _status(self, shown: Snapshot) -> views.Json:
        health, _ = self._judge(shown)
        return views.status(shown, health)

    def _positions(self, shown: Snapshot) -> list[views.Json]:
        now, ticks = shown.as_of, shown.ticks
        found = covers(shown, self.settings)
        return [views.position(each, ticks.get(each.lot.symbol), now) for each in found]

    async def _refreshed(
        self, asked: risk_probe.ProbeRequest | risk_probe.ProbeErrors
    ) -> tuple[Instant, Standing]:
        """The standing now; where it needs figures that have grown old, the engine's next reading is waited for, a little."""
        for _ in range(round(self.patience_s / LOOK_S)):
            now = self.memory.clock.now()
            standing = self.memory.standing(now)
            is_known = isinstance(standing.figures, Known)
            if not is_known or not risk_probe.needs_a_fresh_record(
                asked, standing, self.limits, now
            ):
                return now, standing
            await asyncio.sleep(LOOK_S)
        now = self.memory.clock.now()
        return now, self.memory.standing(now)

    def _facts(self, asked: risk_probe.ProbeRequest) -> Facts | None:
        """What scope ORDER needs besides; scope GUARD looks at none of it."""
        if asked.scope is not risk_probe.Scope.ORDER:
            return None
        decided = self.memory.books.decided(asked.symbol, None)
        shown = self.memory.snapshot()
        known = facts(asked.symbol, shown, decided, self.instruments)
        if shown.picture.switches.venue is not Mode.LIVE:
            return known
        why = doubt_of(self.settings, shown.as_of)
        return replace(known, certified=why is None, doubt=why or "")

    def _health(self) -> tuple[SystemHealth, Json]:
        """The verdicts and how the seed writes them; books that cannot be read are a verdict too."""
        try:
            return self._judge(self.memory.snapshot())
        except StoreTrouble as error:
            return self._judge_rest(error)

    def _judge_rest(self, error: StoreTrouble) -> tuple[SystemHealth, Json]:
        """A database that says nothing is down; one that answers is judged by the tables that stand, or has failed as a whole."""
        is_up = False
        try:
            is_up = bool(self.memory.books.table_names())
            shown = self.memory.rest()
        except StoreTrouble:
            return self._unseen(error, database_up=is_up)
        return (
            self._judge(shown) if shown.picture.missing else self._unseen(error, database_up=True)
        )

    def _judge(self, shown: Snapshot) -> tuple[SystemHealth, Json]:
        """What cannot even be judged has failed, and is told as that."""
        try:
            health = assess(observe(shown, self.settings), shown.as_of)
            return health, seed_json(health)
        except TROUBLE as error:
            return self._unseen(error, database_up=True)

    def _unseen(self, error: Exception, *, database_up: bool) -> tuple[SystemHealth, Json]:
        limits, cap = self.settings.health_limits(), self.settings.risk.max_leverage
        seen = nothing_seen(limits, cap, type(error).__name__, database_up=database_up)
        health = assess(seen, self.memory.clock.now())
        return health, seed_json(health)


def _orders(shown: Snapshot, symbol: str | None, limit: int) -> list[views.Json]:
    asked = (i for i in shown.picture.intents if symbol in (None, i.proposal.symbol))
    return [views.order(each, shown.as_of) for each in islice(asked, limit)]


def _decisions(
    shown: Snapshot, symbol: str | None, limit: int, *, acted: bool = False
) -> list[views.Json]:
    """The newest decisions; those that `acted` alone leave out what was a WAIT or kept silent."""
    made = (d for d in shown.picture.decisions if symbol in (None, d.signal.symbol))
    made = (d for d in made if not acted or d.outcome not in SILENT)
    return [views.decision(each, shown.as_of) for each in islice(made, limit)]


def _watchlist(shown: Snapshot) -> list[views.Json]:
    decisions, now, ticks = shown.picture.decisions, shown.as_of, shown.ticks
    rows = (row for row in shown.picture.watchlist if not row.is_deleted)
    return [views.watched(row, ticks.get(row.symbol), decisions, now) for row in rows]


def _dated(shown: Snapshot, body: views.Json) -> Response:
    return answer({"as_of": shown.as_of.iso(), **body})


def _listed(shown: Snapshot, name: str, rows: list[views.Json]) -> Response:
    return _dated(shown, {"count": len(rows), name: rows})


def _id(request: Request) -> str:
    return str(request.scope.get("correlation_id", ""))
