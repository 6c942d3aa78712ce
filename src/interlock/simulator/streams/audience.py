"""Everybody who listens, and what is passed on to them. Nothing is remembered for those who are away.

What happened between two connections is not said again; who may not ask any more is told nothing more and is shown the door.
"""

from typing import Any, Final

from interlock.simulator.answers import Refusal
from interlock.simulator.config import ApiKey
from interlock.simulator.engine import Engine
from interlock.simulator.rest.requests import NO_ID
from interlock.simulator.streams import wire
from interlock.simulator.streams.account import AccountNews
from interlock.simulator.streams.channels import Channel, Socket, Topic
from interlock.simulator.streams.faults import (
    NOW,
    Disturbance,
    StreamFaults,
    must_be_possible,
)
from interlock.simulator.streams.listener import Listener
from interlock.simulator.streams.market import Feed, feed_of

SHUT_OUT: Final = 1000

Told = tuple[bytes, str]
"""A frame, and the channel that it is news of."""


class Audience:
    """The listeners of both sockets."""

    def __init__(self, engine: Engine) -> None:
        self._engine: Final = engine
        self._account: Final = AccountNews(engine)
        self._feeds: Final[dict[Channel, Feed]] = {}
        self.listeners: Final[list[Listener]] = []
        self.faults: Final = StreamFaults()

    def admitted(self, listener: Listener) -> ApiKey | None:
        """The key of a listener as its settings stand now; None when it has none that is admitted."""
        if listener.key is None:
            return None
        try:
            return self._engine.access.key(listener.key.key, listener.source)
        except Refusal:
            return None

    def subscribe(self, listener: Listener, channel: Channel, request_id: int) -> list[Told]:
        """It listens from now on; what it is told first. The first word about orders answers the request."""
        if listener.socket is Socket.USER:
            rows = self._account.first(channel)
        else:
            feed = self._feeds.get(channel) or feed_of(channel, self._engine.tell)
            self._feeds[channel] = feed
            rows = feed.first(self._engine.now)
        listener.channels[channel.name] = channel
        answers = channel.topic in {Topic.ORDER, Topic.ADVANCED}
        return [(wire.told(row, request_id if answers else NO_ID), row["channel"]) for row in rows]

    def unsubscribe(self, listener: Listener, name: str) -> None:
        """It listens no more to the channel of this name."""
        listener.channels.pop(name, None)
        self._close_feeds()

    def leave(self, listener: Listener) -> None:
        """It is gone."""
        self.listeners.remove(listener)
        self._close_feeds()

    def pass_on(self) -> None:
        """Tells everybody what has happened since this was last done."""
        events = self._account.fresh(wanted=any(each.key for each in self.listeners))
        for listener in self.listeners:
            if listener.key is not None and self.admitted(listener) is None:
                listener.key = None
                listener.outbox.close(SHUT_OUT)
        for topic, symbol, row in self._account.told(events):
            self._tell_account(topic, symbol, row)
        for channel, feed in tuple(self._feeds.items()):
            self._tell_market(channel, feed)

    def disturb(self, asked: Disturbance) -> int:
        """Lets something go wrong; how many listeners it meets at once, or how many news it will."""
        must_be_possible(asked)
        if asked.fault not in NOW:
            self.faults.arm(asked)
            return asked.count
        met = [each for each in self.listeners if asked.socket in {None, each.socket}]
        for listener in met:
            self.faults.count(asked.fault)
            if asked.fault == "close":
                listener.outbox.close(asked.code)
            else:
                listener.outbox.stall(asked.seconds)
        return len(met)

    def row(self) -> dict[str, object]:
        """Who listens to what, how many bytes wait for each, and which faults have taken effect."""
        listening = [
            {
                "socket": each.socket,
                "source": each.source,
                "authenticated": each.key is not None,
                "channels": list(each.channels),
                "waiting_bytes": each.outbox.waiting,
            }
            for each in self.listeners
        ]
        return {"listeners": listening, "faults_fired": dict(sorted(self.faults.fired.items()))}

    def _tell_account(self, topic: Topic, symbol: str | None, row: dict[str, Any]) -> None:
        frame = wire.told(row)
        for listener in self.listeners:
            if listener.key is not None and listener.hears(topic, symbol):
                listener.tell(frame, row["channel"])

    def _tell_market(self, channel: Channel, feed: Feed) -> None:
        """The news of one channel: none while they stand still, and none any more when its instrument is not listed any more."""
        if self._engine.floor.is_still(channel.symbol or ""):
            return
        try:
            rows = feed.news(self._engine.now)
        except Refusal:
            self._end(channel)
            return
        for row in rows:
            frame = wire.told(row)
            for listener in self.listeners:
                if listener.channels.get(channel.name) == channel:
                    listener.tell(frame, row["channel"])

    def _end(self, channel: Channel) -> None:
        for listener in self.listeners:
            if listener.channels.get(channel.name) == channel:
                del listener.channels[channel.name]
        self._close_feeds()

    def _close_feeds(self) -> None:
        wanted = {
            channel
            for listener in self.listeners
            if listener.socket is Socket.MARKET
            for channel in listener.channels.values()
        }
        for channel in [each for each in self._feeds if each not in wanted]:
            del self._feeds[channel]
