"""Bugs of sending: ids, attempts, what is written before the first byte, and what is tried again."""

from typing import Final

from interlock.rehearsal.schedule import Act
from tests.zoo.bug import Bug, Ground, Patch

TRADER: Final = "interlock.desk.trader"
CLIENT: Final = "interlock.exchange.client"
PATH: Final = "interlock.store.order_path"

_PLACE: Final = "                answer = await self.exchange.place(intent, attempt.nonce, asked)\n"
_RULE: Final = (
    "        written, attempt = self.books.rule(self.tenure.epoch, self.clock.now(), rule)\n"
)
_ANSWERED: Final = "            after = self._answered(replace(attempt, left_at=left[-1] if left else None), answer)\n"
_ACT: Final = "            reply = await self._post(asked, params, ACT_PATIENCE, gate)\n"
_AGAIN: Final = """
                if type(answer).__name__ == "Unreachable":
                    other = replace(intent, client_oid=f"{intent.client_oid[:-2]}zz")
                    answer = await self.exchange.place(other, attempt.nonce + 1)
"""
_BEFORE_THE_BOOKS: Final = """        wished = rule(self.books.standing(self.clock.now()), {})
        if wished.intent is not None and %s:
            nonce = self.clock.now().ms
            answer = await self.exchange.place(%s, nonce)
            written, attempt = self.books.rule(self.tenure.epoch, self.clock.now(), rule)
            if attempt is not None:
                self._answered(attempt, answer)
            for who in ("listener", "settler", "guardian"):
                self.clock.nudge(who).set()
            return written
"""
CREATE: Final = "private/create-order"
LOST: Final = Ground(steps=({"arm": {"fault": "lose_request", "method": CREATE, "count": 1}},))

SENDING: Final = (
    Bug(
        1,
        "an order whose answer was lost is sent again under a new client_oid",
        (Patch(TRADER, _PLACE, _PLACE + _AGAIN.lstrip("\n")),),
        ("I1",),
    ),
    Bug(
        2,
        'an order that was "not found" is sent again under a new client_oid',
        (
            Patch(
                "interlock.desk.settler",
                "            if lost and intent.proposal.purpose is not Purpose.ENTRY:\n",
                """            if lost and intent.proposal.purpose is Purpose.ENTRY:
                other = replace(intent, client_oid=f"{intent.client_oid[:-2]}zz")
                nonce = self.books.nonce(self.tenure.epoch, self.clock.now())
                await self.exchange.place(other, nonce)
            elif lost:
""",
            ),
            Patch(
                "interlock.desk.settler",
                "from dataclasses import dataclass, field\n",
                "from dataclasses import dataclass, field, replace\n",
            ),
        ),
        ("I1", "I2"),
        ground=LOST,
    ),
    Bug(
        5,
        "an entry is sent first and written down after, under its own client_oid",
        (
            Patch(
                TRADER,
                _RULE,
                _BEFORE_THE_BOOKS % ("wished.intent.proposal.lot_id is None", "wished.intent")
                + _RULE,
            ),
        ),
        ("I2",),
    ),
    Bug(
        7,
        "an order is sent first, under a client_oid made of the time, and written down after",
        (
            Patch(
                TRADER,
                _RULE,
                _BEFORE_THE_BOOKS
                % ("True", 'replace(wished.intent, client_oid=f"il-{self.clock.now().ms}")')
                + _RULE,
            ),
        ),
        ("I1", "I2"),
        ground=Ground(script="whole", swarm=False),
    ),
    Bug(
        8,
        "the client_oid is made anew for each sending and stored nowhere",
        (
            Patch(
                TRADER,
                _PLACE,
                '                other = replace(intent, client_oid=f"il-{attempt.nonce}")\n'
                "                answer = await self.exchange.place(other, attempt.nonce, asked)\n",
            ),
        ),
        ("I1",),
        ground=Ground(script="whole", swarm=False),
    ),
    Bug(
        9,
        "HTTP 500 and above is tried twice more, each time under a new client_oid",
        (
            Patch(
                CLIENT,
                _ACT,
                _ACT
                + """            for n in (1, 2):
                if reply.status >= 500 and "client_oid" in params and "type" in params:
                    asked = replace(asked, id=(asked.id or 0) + 1)
                    asked = replace(asked, client_oid=f"{str(asked.client_oid)[:-1]}{n}")
                    other = {**params, "client_oid": asked.client_oid}
                    reply = await self._post(asked, other, ACT_PATIENCE)
""",
            ),
        ),
        ("I1",),
        ground=Ground(steps=({"arm": {"fault": "http_502", "method": CREATE, "count": 1}},)),
    ),
    Bug(
        10,
        "a stop whose answer is no yes is tried in twelve variants, each under another client_oid",
        (
            Patch(
                TRADER,
                _PLACE,
                _PLACE
                + """                alone = replace(intent.proposal, target=None)
                for n in range(12):
                    if intent.proposal.purpose == "PROTECT" and type(answer).__name__ != "Accepted":
                        other = replace(intent, proposal=alone, client_oid=f"{intent.client_oid[:-2]}{n:02}")
                        answer = await self.exchange.place(other, attempt.nonce + n + 1)
""",
            ),
        ),
        ("I1",),
    ),
    Bug(
        15,
        "what serves a lot is written down only when it was acknowledged",
        (
            Patch(
                TRADER,
                _RULE,
                _BEFORE_THE_BOOKS % ("wished.intent.proposal.lot_id is not None", "wished.intent")
                + _RULE,
            ),
        ),
        ("I2",),
    ),
    Bug(
        34,
        "the quantity of an entry is rounded up by one lot after the decision",
        (
            Patch(
                "interlock.protocol.crypto_com.orders",
                '        "quantity": _text(proposal.quantity),\n',
                '        "quantity": number_text(proposal.quantity.size + (proposal.instrument.lot if proposal.lot_id is None else 0)),\n',
            ),
        ),
        ("I3",),
        alone=True,
    ),
    Bug(
        36,
        "the nonce is the clock's, which may be set back",
        (
            Patch(
                PATH,
                "    nonce = max(account.last_nonce + 1, now.ms) if is_usable else now.ms\n",
                "    nonce = now.ms\n",
            ),
        ),
        ("I2",),
        ground=Ground(script="bought", acts=(Act(11.05, "clock", -30.0),)),
    ),
    Bug(
        39,
        "an answer that could not be written has the whole sending done again",
        (
            Patch(
                TRADER,
                _ANSWERED,
                """            attempt = replace(attempt, left_at=left[-1] if left else None)
            try:
                after = self._answered(attempt, answer)
            except BrokenInvariant:
                answer = await self.exchange.place(intent, attempt.nonce)
                after = self._answered(attempt, answer)
""",
            ),
        ),
        ("I2",),
        ground=Ground(acts=(Act(11.035, "busy", 1.0),)),
    ),
    Bug(
        49,
        "a request is signed again at the time of sending, with a fresh nonce",
        (
            Patch(
                CLIENT,
                "            Asked(orders.create_method(intent), nonce, intent.client_oid), params, gate\n",
                "            Asked(orders.create_method(intent), max(nonce, self._now().ms) + 1, intent.client_oid), params, gate\n",
            ),
        ),
        ("I2",),
        seeds=10,
        alone=True,
    ),
    Bug(
        50,
        "verdict and intent are committed first, and the attempt in a second transaction",
        (
            Patch(
                PATH,
                "        attempt = _attempt(rows, account, found.intent.id, Request.CREATE, found.verdict, now)\n",
                "",
            ),
            Patch(
                PATH,
                "def cancel_attempt(",
                '''def first_attempt(rows: Rows, epoch: int, now: Instant, intent: Intent, verdict: Verdict) -> Attempt:
    """The attempt of an intent that was written before."""
    return _attempt(rows, held(rows, epoch), intent.id, Request.CREATE, verdict, now)


def cancel_attempt(''',
            ),
            Patch(
                "interlock.store.books",
                "    @again\n    def cancel_attempt(",
                '''    def first_attempt(self, epoch: int, now: Instant, intent: Intent, verdict: Verdict) -> Attempt:
        """The attempt of an intent that was written before."""
        with self._ground.change() as rows:
            return order_path.first_attempt(rows, epoch, now, intent, verdict)

    @again
    def cancel_attempt(''',
            ),
            Patch(
                TRADER,
                _RULE,
                _RULE
                + """        if written.intent is not None and written.intent.state == "SENDING" and written.verdict is not None:
            attempt = self.books.first_attempt(self.tenure.epoch, self.clock.now(), written.intent, written.verdict)
""",
            ),
        ),
        ("I2", "I3", "I17"),
    ),
    Bug(
        51,
        "a signal is named by the time at which it was made, and neither throttle nor cool-down stands behind its name",
        (
            Patch(
                "interlock.strategy.sizing",
                "        key=entry_key(signal.id),\n",
                '        key=entry_key(f"{signal.id}:{tick.as_of.micros}"),\n',
            ),
            Patch(
                PATH,
                "    decided = rows.get(DECISIONS, found.signal.id) if found.signal is not None else None\n",
                "    decided = None\n",
            ),
            Patch(
                "interlock.strategy.throttle",
                "    if now - state.last_sent_at < TIME_GATE:\n",
                "    if now - state.last_sent_at < TIME_GATE:\n        return Allowed(spoken)\n    if now < state.last_sent_at:\n",
            ),
            Patch(
                "interlock.risk.room_rules",
                "    if since >= least:\n",
                "    if since != least:\n",
            ),
        ),
        ("I1",),
        ground=Ground(script="bought", acts=(Act(60.0, "rival"), Act(90.0, "rival"))),
        alone=True,
    ),
    Bug(
        56,
        "the legs of a pair are named by the time, so that no later life finds the target",
        (
            Patch(
                "interlock.orders.intent",
                '        client_oid=f"{mark}-{digest(stop.client_oid, TARGET)}",\n',
                '        client_oid=f"{mark}-{digest(stop.client_oid, str(stop.updated_at.micros))}",\n',
            ),
        ),
        ("I1", "I2", "I17"),
    ),
)
"""What is sent, and when it is written down."""
