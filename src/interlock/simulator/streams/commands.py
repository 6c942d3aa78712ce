"""What a client may say on a socket, and what comes of it: who it is, what it listens to, and orders as on REST but without signature.

A connection that asked for it takes its orders along when it ends, and when it stops listening to its account: only those that came
through it, and never those that REST made.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from interlock.simulator.answers import UNAUTHORISED, Refusal
from interlock.simulator.books.events import OrderChanged
from interlock.simulator.engine import MESSAGES, UNKNOWN_METHOD, Engine
from interlock.simulator.faults import Silence
from interlock.simulator.rest.requests import Call, Envelope, authenticate, digits
from interlock.simulator.streams import wire
from interlock.simulator.streams.audience import Audience, Told
from interlock.simulator.streams.channels import Socket, channel_of
from interlock.simulator.streams.listener import Listener
from interlock.simulator.streams.terms import StreamTerms
from interlock.simulator.streams.wire import BAD_REQUEST, Said

TOO_MANY: Final = 40107
BAD_ARGUMENT: Final = 40004
CONNECTION: Final = "CONNECTION"
DELTAS: Final = "SNAPSHOT_AND_UPDATE"
# The documented spelling, and the one that a widespread client sends.
BOOK_TYPE: Final = ("book_subscription_type", "bookSubscriptionType")
BATCH: Final = "private/batch-order-request"
BATCH_MAX: Final = 10
DOINGS: Final = ("create-", "amend-", "cancel-", "close-")


@dataclass(slots=True)
class Heard:
    """What comes of one frame: its answer, and then the first news of what was subscribed."""

    answers: list[bytes] = field(default_factory=list)
    firsts: list[Told] = field(default_factory=list)


class Commands:
    """The commands of both sockets."""

    def __init__(self, engine: Engine, audience: Audience, terms: StreamTerms) -> None:
        self._engine: Final = engine
        self._audience: Final = audience
        self._terms: Final = terms
        self._both: Final[Mapping[str, Callable[[Listener, Said], Heard]]] = MappingProxyType(
            {
                "public/respond-heartbeat": self._echo,
                "subscribe": self._subscribe,
                "unsubscribe": self._unsubscribe,
            }
        )
        self._user: Final[Mapping[str, Callable[[Listener, Said], Heard]]] = MappingProxyType(
            {
                "public/auth": self._authenticate,
                "private/set-cancel-on-disconnect": self._set_cancel,
                "private/get-cancel-on-disconnect": self._get_cancel,
                BATCH: self._batch,
            }
        )

    def obey(self, listener: Listener, frame: str) -> Heard:
        """Does what the frame says, or words the refusal."""
        try:
            said = wire.said(frame)
        except Refusal as refusal:
            return Heard([wire.not_understood(refusal)])
        try:
            return self._act(said.method, listener)(listener, said)
        except Refusal as refusal:
            return Heard([wire.refused(said, refusal)])

    def _act(self, method: str, listener: Listener) -> Callable[[Listener, Said], Heard]:
        found = self._both.get(method)
        if found is None and listener.socket is Socket.USER:
            is_doing = method.rpartition("/")[2].startswith(DOINGS)
            found = self._user.get(method) or (self._order if is_doing else None)
        if found is None:
            raise Refusal(UNKNOWN_METHOD)
        return found

    # -- who it is

    def _authenticate(self, listener: Listener, said: Said) -> Heard:
        envelope = Envelope(said.method, {}, said.id or "", said.nonce, said.api_key, said.sig)
        call = authenticate(envelope, self._engine.access, listener.source, self._engine.now)
        listener.key = call.key
        return Heard([wire.done(said)])

    def _echo(self, listener: Listener, said: Said) -> Heard:
        listener.echo(said.id)
        return Heard()

    # -- what it listens to

    def _subscribe(self, listener: Listener, said: Said) -> Heard:
        if listener.socket is Socket.USER and self._audience.admitted(listener) is None:
            raise Refusal(UNAUTHORISED)
        deltas = any(said.params.get(name) == DELTAS for name in BOOK_TYPE)
        symbols = self._engine.symbols
        try:
            channels = [
                channel_of(name, listener.socket, symbols, with_deltas=deltas)
                for name in wire.channels_of(said)
            ]
        except Refusal as refusal:
            raise Refusal(int(self._engine.config.switches.bad_channel_code)) from refusal
        names = {*listener.channels, *(channel.name for channel in channels)}
        if listener.socket is Socket.MARKET and len(names) > self._terms.subscriptions_max:
            raise Refusal(TOO_MANY)
        firsts = [
            told
            for channel in channels
            for told in self._audience.subscribe(listener, channel, said.answered_as)
        ]
        return Heard([wire.done(said)], firsts)

    def _unsubscribe(self, listener: Listener, said: Said) -> Heard:
        for name in wire.channels_of(said):
            self._audience.unsubscribe(listener, name)
        if listener.socket is Socket.USER:
            self.disconnected(listener)
        return Heard([wire.done(said)])

    # -- what it orders

    def _order(self, listener: Listener, said: Said) -> Heard:
        result = self._commanded(listener, said)
        if isinstance(result, Silence):
            return Heard()
        return Heard([wire.done(said, result, MESSAGES.get(said.method.rpartition("/")[2]))])

    def _commanded(self, listener: Listener, said: Said) -> object:
        key = self._audience.admitted(listener)
        if key is None:
            raise Refusal(UNAUTHORISED)
        nonce = digits(said.nonce)
        now_ms = self._engine.now.ms
        call = Call(said.method, said.params, int(nonce) if nonce else now_ms, key)
        before = self._engine.events.count
        result = self._engine.command(call, listener.source)
        listener.orders.extend(self._made(since=before))
        return result

    def _batch(self, listener: Listener, said: Said) -> Heard:
        """Cancels and then orders of one instrument, at most ten together, each for itself."""
        symbol = said.params.get("instrument_name")
        found = {
            name: [_of(leg, symbol) for leg in _listed(said.params.get(name))]
            for name in ("cancels", "creates")
        }
        if not 0 < sum(map(len, found.values())) <= BATCH_MAX:
            raise Refusal(BAD_ARGUMENT)
        done = {
            name: self._ordered(listener, said, f"private/{name[:-1]}-order-list", legs)
            for name, legs in found.items()
            if legs
        }
        if any(isinstance(each, Silence) for each in done.values()):
            return Heard()
        return Heard([wire.done(said, done)])

    def _ordered(self, listener: Listener, said: Said, method: str, legs: list[object]) -> object:
        params = {"contingency_type": "LIST", "order_list": legs}
        return self._commanded(listener, replace(said, method=method, params=params))

    def _made(self, since: int) -> list[str]:
        """The ids of the orders that came into being just now."""
        changed = (e for e in self._engine.events.since(since) if isinstance(e, OrderChanged))
        return [each.order.id for each in changed if each.order.created == self._engine.now]

    def _set_cancel(self, listener: Listener, said: Said) -> Heard:
        if self._audience.admitted(listener) is None:
            raise Refusal(UNAUTHORISED)
        if said.params.get("scope") != CONNECTION:
            raise Refusal(BAD_REQUEST)
        listener.cancels_on_disconnect = True
        return Heard([wire.done(said, {"scope": CONNECTION})])

    def _get_cancel(self, listener: Listener, said: Said) -> Heard:
        if self._audience.admitted(listener) is None:
            raise Refusal(UNAUTHORISED)
        scope = CONNECTION if listener.cancels_on_disconnect else "NONE"
        return Heard([wire.done(said, {"scope": scope})])

    def disconnected(self, listener: Listener) -> None:
        """Cancels the orders that this connection made, if it asked for that."""
        if not listener.cancels_on_disconnect:
            return
        for order_id in listener.orders:
            self._engine.withdraw(order_id)
        listener.orders.clear()


def _listed(value: object) -> list[object]:
    """An optional list."""
    if value is not None and not isinstance(value, list):
        raise Refusal(BAD_ARGUMENT)
    return value or []


def _of(leg: object, symbol: object) -> object:
    """A leg of a batch with the instrument of the batch."""
    return {"instrument_name": symbol, **leg} if isinstance(leg, dict) else leg
