"""The watch: while a schedule is performed every commit, every byte that leaves, every order accepted and every word said is looked at.

What it finds begins with the id of the promise that was broken. It reads the durable books, the exchange's own books and the bytes; it
never asks a life what it remembers, and it changes nothing.
"""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from interlock.account import Margin
from interlock.errors import InterlockError
from interlock.orders.intent import PREFIX, Attempt, Intent, Request
from interlock.orders.life import State
from interlock.rehearsal.commits import Commits, is_shut
from interlock.rehearsal.leavings import left
from interlock.rehearsal.store import DictGround, dict_books
from interlock.rehearsal.world import World
from interlock.risk.verdict import Approved
from interlock.store.intent_rows import INTENTS
from interlock.store.records import ATTEMPTS, OUTBOX, VERDICTS
from interlock.strategy.proposal import OrderType, Proposal, Purpose

KEPT: Final = 40
VERDICT_AGE_MAX: Final = timedelta(seconds=2)
ACTS: Final = ("create-", "cancel-", "amend-", "close-")
# The published limits (protocol 7): so many within so many microseconds, of each method.
LIMITS: Final = {
    "private/create-order": (15, 100_000),
    "private/cancel-order": (15, 100_000),
    "private/cancel-all-orders": (15, 100_000),
    "private/get-order-detail": (30, 100_000),
    "private/get-trades": (1, 1_000_000),
    "private/get-order-history": (1, 1_000_000),
}
PRIVATE: Final = (3, 100_000)
PUBLIC: Final = (100, 1_000_000)
_JSON: Final = msgspec.json.Decoder(float_hook=Decimal)
Asked = tuple[str, str, str, Decimal, Decimal | None, Decimal | None, str, Decimal | None]


@dataclass(slots=True)
class Watch:
    """`world.Watcher` over a dictionary store."""

    world: World
    ground: DictGround
    commits: Commits = field(init=False)
    told: list[str] = field(default_factory=list)
    _found: dict[str, None] = field(default_factory=dict)
    _seen: int = 0
    _epoch: int = 0
    _reached: dict[str, deque[int]] = field(default_factory=lambda: defaultdict(deque))

    def __post_init__(self) -> None:
        self.commits = Commits(self.world, self.ground.tables, self.wrong)
        self.ground.witness = self.commits.see

    def wrong(self, text: str) -> None:
        """Keeps what was seen to be wrong, once."""
        if len(self._found) < KEPT:
            self._found[text] = None

    def violations(self) -> list[str]:
        """What was seen to be wrong, in the order in which it was seen, and what is wrong with what is left."""
        left_behind = left(self.world, self.ground.tables, self.told)
        return [*self._found, *left_behind, *self._torn()]

    def _torn(self) -> list[str]:
        """I20: the journal holds against its seals, and orders and ledger against the journal."""
        try:
            journal = dict_books(self.ground).verify_journal(self.commits.head)
        except InterlockError as error:
            return [f"I20: orders and ledger cannot be rebuilt: {error}"]
        return [f"I20: {each}" for each in journal.wrong if journal.sealed]

    # -- bytes

    def leaves(self, path: str, body: bytes) -> None:
        """I2, I3, I9, I12: what acts was written down, judged and is still wanted when its first byte leaves."""
        if not path.rpartition("/")[2].startswith(ACTS):
            return
        said = _JSON.decode(body)
        nonce, params = int(said["nonce"]), said["params"]
        if nonce in self.commits.sent:
            self.wrong(f"I2: the nonce {nonce} was sent twice")
        self.commits.sent.add(nonce)
        known = self.commits.nonces.get(nonce)
        sent = self.commits.get(ATTEMPTS, *known) if known else None
        if sent is None:
            self._unwritten(path, nonce, params)
            return
        if int(said["id"]) != nonce:
            self.wrong(f"I2: the request {said['id']} bears the nonce {nonce}")
        attempt = sent.attempt
        intent = self.commits.get(INTENTS, attempt.intent_id)
        assert intent is not None
        self._by_whom(attempt)
        if attempt.outcome is not None:
            self.wrong(f"I2: {intent.client_oid} leaves again after {attempt.outcome}")
        if ("create-" in path) is not (attempt.request is Request.CREATE):
            self.wrong(f"I2: {path} leaves under an attempt to {attempt.request}")
        if attempt.request is Request.CREATE:
            self._as_judged(intent, sent.verdict_id, params)

    def _unwritten(self, path: str, nonce: int, params: dict[str, Any]) -> None:
        """Only a cancel of somebody else's order has no attempt; its nonce is one of ours all the same."""
        is_foreign = "cancel-" in path and "client_oid" not in params
        if not is_foreign or nonce > self.commits.account().last_nonce:
            self.wrong(f"I2: ORPHAN: {path} leaves with nonce {nonce}, which nobody wrote down")

    def _by_whom(self, attempt: Attempt) -> None:
        epoch = self.commits.account().epoch
        is_new = self.commits.replaced_in == self.world.loop.steps
        if attempt.epoch != epoch and not is_new:
            self.wrong(f"I9: bytes of epoch {attempt.epoch} leave in epoch {epoch}")
        if attempt.epoch < self._epoch:
            self.wrong(f"I9: epoch {attempt.epoch} sends after epoch {self._epoch}")
        self._epoch = max(self._epoch, attempt.epoch)

    def _as_judged(self, intent: Intent, verdict_id: str | None, params: dict[str, Any]) -> None:
        oid = intent.client_oid
        judged = self.commits.get(VERDICTS, verdict_id) if verdict_id else None
        if judged is None or not isinstance(judged.verdict, Approved):
            self.wrong(f"I3: {oid} leaves without an approval")
            return
        age = self.world.now() - self.commits.judged.get(judged.id, judged.at)
        # A clock that stands still makes nothing older: nobody on that host could know.
        known = self.world.clock.now() - judged.at if self.world.clock else age
        if min(age, abs(known)) > VERDICT_AGE_MAX:
            self.wrong(f"I3: {oid} leaves {age.total_seconds()} s after it was judged")
        if heard(params) != meant(judged.verdict.proposal, intent, self._other(intent)):
            self.wrong(f"I3: {oid} leaves otherwise than it was judged")
        is_entry = intent.proposal.purpose is Purpose.ENTRY
        # Within one turn of the loop nothing waits between the last look and the first byte.
        is_under_way = self.commits.shut_in == self.world.loop.steps
        if is_entry and is_shut(self.commits.account()) and not is_under_way:
            self.wrong(f"I12: the entry {oid} leaves though entering is shut")

    def _other(self, intent: Intent) -> str:
        """The id of the target beside a stop that leads a pair."""
        legs = (each for each in self.commits.all(INTENTS) if each.leader == intent.id)
        return next((each.client_oid for each in legs), "")

    def reaches(self, path: str) -> None:
        """I19: no window of any method holds more than was published."""
        method, now = path.partition("?")[0], self.world.engine.now.micros
        usual = PUBLIC if method.startswith("public/") else PRIVATE
        most, window = LIMITS.get(method, usual)
        times = self._reached[method]
        while times and now - times[0] >= window:
            times.popleft()
        times.append(now)
        if len(times) > most:
            self.wrong(f"I19: {method} was asked {len(times)} times within {window} us")

    # -- the exchange

    def looks(self) -> None:
        """I1, I2, I5: whatever the exchange accepts was written down, once, and not given up."""
        accepts, _ = self.world.engine.truth
        while self._seen < len(accepts):
            accept = accepts[self._seen]
            self._seen += 1
            if accept.parent_id is None and accept.client_oid.startswith(PREFIX):
                self._accepted(accept.client_oid, accept.nonce)

    def _accepted(self, oid: str, nonce: int | None) -> None:
        commits = self.commits
        if oid in commits.accepted:
            self.wrong(f"I1: DUP: {oid} was accepted twice")
        commits.accepted.add(oid)
        intent = commits.get(INTENTS, commits.oids.get(oid, ""))
        if intent is None:
            self.wrong(f"I1: {oid} was accepted and has no intent")
            return
        known = commits.nonces.get(nonce or 0)
        sent = commits.get(ATTEMPTS, *known) if known else None
        if sent is None or sent.attempt.intent_id != (intent.leader or intent.id):
            self.wrong(f"I2: ORPHAN: {oid} was accepted with a nonce that nobody wrote down for it")
        if intent.state in (State.NOT_PLACED, State.REJECTED):
            self.wrong(f"I5: ABANDONED_BUT_LIVE: {oid} was accepted and is {intent.state}")

    # -- words

    def tells(self, text: str) -> None:
        """I13: what the owner hears is durable when they hear it."""
        said = text.rpartition("\n")[0]
        self.told.append(said)
        if not self.is_kept(said):
            self.wrong(f"I13: the owner hears what is not written: {said[:60]}")

    def is_kept(self, said: str) -> bool:
        """Whether the outbox has a message of these words."""
        place = OUTBOX.columns.index("text")
        rows = self.ground.tables.get(OUTBOX.name, {}).values()
        return any(row[place] == said for row in rows)


def heard(params: dict[str, Any]) -> list[Asked]:
    """What the bytes ask for, order by order."""
    legs = params.get("order_list", [params])
    return sorted(map(_leg, legs), key=lambda leg: leg[0])


def meant(judged: Proposal, intent: Intent, other: str) -> list[Asked]:
    """What was approved, in the same words; a stop with a target is two orders."""
    instrument, funding = judged.instrument, judged.funding
    leverage = funding.leverage if isinstance(funding, Margin) else None
    limit = judged.limit.rate if judged.limit else None
    trigger = judged.trigger.rate if judged.trigger else None
    side, size = judged.side.value, judged.quantity.size
    mode = "MARGIN" if isinstance(funding, Margin) else "SPOT"
    oid, symbol = intent.client_oid, instrument.symbol
    own: Asked = (oid, symbol, f"{side} {judged.type}", size, limit, trigger, mode, leverage)
    if judged.target is None:
        return [own]
    word = f"{side} {OrderType.LIMIT}"
    leg: Asked = (other, symbol, word, size, judged.target.rate, None, mode, leverage)
    return sorted([own, leg], key=lambda each: each[0])


def _leg(said: dict[str, Any]) -> Asked:
    return (
        said.get("client_oid", ""),
        said["instrument_name"],
        f"{said['side']} {said['type']}",
        Decimal(said["quantity"]),
        _number(said.get("price")),
        _number(said.get("ref_price")),
        said["spot_margin"],
        _number(said.get("leverage")),
    )


def _number(said: str | None) -> Decimal | None:
    return None if said is None else Decimal(said)
