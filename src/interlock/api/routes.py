"""The routes: each answers from memory alone, with the instant as of which it is true; none waits for the exchange, none writes."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from interlock.api import views
from interlock.api.answer import answer, problem
from interlock.api.facts import Instruments, facts
from interlock.api.memory import Memory, Snapshot
from interlock.api.observe import TROUBLE, covers, observe
from interlock.errors import BadInput, StoreTrouble
from interlock.health.observations import nothing_seen
from interlock.health.seed_json import Json, seed_json
from interlock.health.verdict import SystemHealth, assess
from interlock.risk import probe as risk_probe
from interlock.risk.question import Facts
from interlock.settings import Settings
from interlock.values import Instant, check_symbol

Limit = Annotated[int, Query(ge=1, le=200)]
SYMBOL_CHARACTERS_MAX = 40


@dataclass(frozen=True, slots=True)
class Routes:
    """What the routes answer from."""

    memory: Memory
    settings: Settings
    instruments: Instruments

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
        now, limits = self.memory.clock.now(), self.settings.limits()
        standing = self.memory.books.standing(now)
        known = self._facts(asked) if isinstance(asked, risk_probe.ProbeRequest) else None
        status, body = risk_probe.answer(asked, standing, limits, now, known)
        return answer(body, status)

    # -- with the read token
    async def status(self) -> Response:
        """Mode, kill switch, engine, equity, and whether an entry could be made; on one page."""
        shown = self.memory.snapshot()
        health, _ = self._health()
        switches, tenure, kill = (
            shown.picture.switches,
            shown.picture.tenure,
            shown.standing.switches.kill,
        )
        states = [i.state for i in shown.standing.in_flight]
        return _dated(
            shown,
            {
                "mode": switches.mode,
                "bound": switches.bound,
                "venue": switches.venue,
                "kill": {"who": kill.who, "why": kill.why, "at": kill.at.iso()} if kill else None,
                "epoch": tenure.epoch if tenure else None,
                "began_at": tenure.began_at.iso() if tenure else None,
                **views.account(shown),
                "open_positions": shown.standing.open_positions(),
                "orders_in_flight": len(states),
                "unknown_outcomes": states.count("UNKNOWN"),
                "health": health.status,
                "ready_to_trade": health.readiness.allowed,
                "why_not": list(health.readiness.why),
            },
        )

    async def orders(self, symbol: str | None = None, limit: Limit = 100) -> Response:
        """What was sent to the exchange, newest first, with the runbook's words."""
        shown = self.memory.snapshot()
        asked = (i for i in shown.picture.intents if symbol in (None, i.proposal.symbol))
        return _listed(shown, "orders", [views.order(i, shown.as_of) for i in asked][:limit])

    async def intents(self, symbol: str | None = None, limit: Limit = 100) -> Response:
        """What was asked for, newest first, with all that it was made of."""
        shown = self.memory.snapshot()
        asked = (i for i in shown.picture.intents if symbol in (None, i.proposal.symbol))
        return _listed(shown, "intents", [views.intent_row(i, shown.as_of) for i in asked][:limit])

    async def decisions(self, symbol: str | None = None, limit: Limit = 100) -> Response:
        """What was decided, newest first, with because and objections."""
        shown = self.memory.snapshot()
        made = (d for d in shown.picture.decisions if symbol in (None, d.signal.symbol))
        return _listed(shown, "decisions", [views.decision(d, shown.as_of) for d in made][:limit])

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
        now, ticks = shown.as_of, shown.ticks
        rows = [
            views.position(c, ticks.get(c.lot.symbol), now) for c in covers(shown, self.settings)
        ]
        return _listed(shown, "positions", rows)

    async def portfolio(self) -> Response:
        """Balances, equity and its series, the day's profit."""
        shown = self.memory.snapshot()
        return _dated(shown, views.portfolio(shown))

    async def watchlist(self) -> Response:
        """Every watched symbol with its price, and what was last decided."""
        shown = self.memory.snapshot()
        picture, now = shown.picture, shown.as_of
        rows = [
            views.watched(row, shown.ticks.get(row.symbol), picture.decisions, now)
            for row in picture.watchlist
            if not row.is_deleted
        ]
        return _listed(shown, "watchlist", rows)

    def _facts(self, asked: risk_probe.ProbeRequest) -> Facts | None:
        """What scope ORDER needs besides; scope GUARD looks at none of it."""
        if asked.scope is not risk_probe.Scope.ORDER:
            return None
        decided = self.memory.books.decided(asked.symbol, None)
        return facts(asked.symbol, self.memory.snapshot(), decided, self.instruments)

    def _health(self) -> tuple[SystemHealth, Json]:
        """The verdicts and how the seed writes them; what cannot even be judged has failed, and is told as that."""
        try:
            shown = self.memory.snapshot()
        except StoreTrouble as error:
            return self._unseen(error, database_up=False)
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


def _dated(shown: Snapshot, body: dict[str, object]) -> Response:
    return answer({"as_of": shown.as_of.iso(), **body})


def _listed(shown: Snapshot, name: str, rows: list[dict[str, object]]) -> Response:
    return _dated(shown, {"count": len(rows), name: rows})


def _id(request: Request) -> str:
    return str(request.scope.get("correlation_id", ""))
