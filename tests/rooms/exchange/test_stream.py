"""The user stream: on the real sockets of the simulator, and on a line that says whatever it likes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import NotAuthorised, NotSent, Unreachable
from interlock.exchange.aiohttp_line import dials
from interlock.exchange.client import Credentials
from interlock.exchange.stream import UserStream
from interlock.orders.evidence import Heard
from interlock.orders.life import State
from interlock.settings import read
from interlock.simulator.streams.terms import StreamTerms
from interlock.values import Instant, Secret
from interlock.wiring.adapters import hears
from tests.rooms.simulator.sockets import START_MS, STEPPING, World, run

NOW = Instant.of_ms(START_MS)
KEY, SECRET = Secret("the-key-of-ours"), Secret("the-secret-of-ours")


async def no_pause(span: timedelta) -> None:
    """Nobody counts here."""


@asynccontextmanager
async def listening(world: World, secret: str | None = None) -> AsyncIterator[UserStream]:
    """Our stream, on the simulator's real socket."""
    credentials = Credentials(Secret(world.at.api_key), Secret(secret or world.at.api_secret))
    woken = asyncio.Event()
    stream = UserStream(dials(world.at.ws_user), credentials, lambda: NOW, no_pause, woken.set)
    try:
        yield stream
    finally:
        await stream.close()


def test_orders_and_executions_are_heard_in_order_before_the_proof_is() -> None:
    async def trading(world: World) -> None:
        async with listening(world) as stream:
            await stream.open()
            stream.take()
            await world.order("BUY", "0.01", client_oid="ours")
            await stream.prove()
            heard = stream.take()

        states = [f.state for f in heard.evidence.facts if f.client_oid == "ours"]
        assert states[-1] is State.FILLED
        assert (
            sum(fill.quantity for fill in heard.evidence.fills) == heard.evidence.facts[-1].filled
        )
        assert heard.is_wallet_moved
        assert heard.evidence.is_heard
        assert heard.gaps == ()

    run(trading)


def test_its_beats_are_answered_and_the_line_stays() -> None:
    """Fault D5."""

    async def waiting(world: World) -> None:
        async with listening(world) as stream:
            await stream.open()
            await asyncio.sleep(0.6)
            await stream.prove()
            assert stream.is_open()
            assert stream.take().gaps == ()

    run(waiting, replace(STEPPING, streams=StreamTerms(heartbeat_s=0.1, answer_s=0.1)))


@pytest.mark.parametrize("code", [1000, 1006, 1013])
def test_a_line_that_is_closed_is_a_gap_and_can_be_opened_anew(code: int) -> None:
    async def cut(world: World) -> None:
        async with listening(world) as stream:
            await stream.open()
            await world.control("stream", fault="close", code=code)
            with pytest.raises(Unreachable):
                await stream.prove()
            assert not stream.is_open()
            assert len(stream.take().gaps) == 1
            await stream.open()
            await stream.prove()
            assert stream.take().gaps == ()

    run(cut)


def test_who_is_refused_is_told_the_same_for_a_minute_and_nobody_dials() -> None:
    async def refused(world: World) -> None:
        async with listening(world, "wrong") as stream:
            for _ in range(2):
                with pytest.raises(NotAuthorised):
                    await stream.open()
                assert not stream.is_open()
            assert (await world.look("streams"))["listeners"] == []

    run(refused)


def test_where_nobody_stands_nothing_was_sent() -> None:
    async def nobody() -> None:
        with pytest.raises(NotSent):
            await dials("ws://127.0.0.1:9/exchange/v1/user")()

    asyncio.run(nobody())


@pytest.mark.parametrize(
    ("named", "is_heard"),
    [
        ({}, True),
        ({"REST_URL": "http://127.0.0.1:9/exchange/v1"}, False),
        ({"REST_URL": "http://127.0.0.1:9/exchange/v1", "WS_USER_URL": "ws://127.0.0.1:9/u"}, True),
    ],
)
def test_our_key_goes_to_no_stream_of_another_house(
    named: dict[str, str], *, is_heard: bool
) -> None:
    environ = {f"INTERLOCK__EXCHANGE__{key}": value for key, value in named.items()}

    assert hears(read(environ)) is is_heard


@dataclass
class Talker:
    """A line that does what it is told, then says these frames, and then nothing more until it is hung up."""

    frames: list[bytes]
    refusal: int = 0
    said: list[dict[str, object]] = field(default_factory=list)
    queue: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)

    async def say(self, frame: bytes) -> None:
        said = json.loads(frame)
        self.said.append(said)
        code = 0 if said["method"] in {"public/auth", "subscribe"} else self.refusal
        answer = {"id": said["id"], "method": said["method"], "code": code}
        self.queue.put_nowait(json.dumps(answer).encode())
        if said["method"] == "subscribe":
            for each in self.frames:
                self.queue.put_nowait(each)

    async def hear(self) -> bytes:
        frame = await self.queue.get()
        if frame is None:
            raise Unreachable("hung up")
        return frame

    async def hang_up(self) -> None:
        self.queue.put_nowait(None)


def heard_of(*frames: bytes, refusal: int = 0) -> tuple[Heard, bool]:
    """What is heard of these frames, and whether the line still stood after a proof."""

    async def once() -> tuple[Heard, bool]:
        talker = Talker(list(frames), refusal)

        async def dial() -> Talker:
            return talker

        stream = UserStream(dial, Credentials(KEY, SECRET), lambda: NOW, no_pause, lambda: None)
        await stream.open()
        await stream.prove()
        is_open, heard = stream.is_open(), stream.take()
        await stream.close()
        return heard, is_open

    return asyncio.run(once())


@given(st.lists(st.binary(), max_size=4))
def test_whatever_is_said_the_line_stands_and_what_cannot_be_read_is_a_gap(
    said: list[bytes],
) -> None:
    """Fault D11."""
    heard, is_open = heard_of(*said)

    assert is_open
    assert len(heard.gaps) == len(said)


def test_a_proof_that_is_refused_proves_as_well_unless_we_are_not_let_in() -> None:
    assert heard_of(refusal=40002) == (Heard(), True)
    with pytest.raises(NotAuthorised):
        heard_of(refusal=40101)


def test_a_refusal_that_nobody_waits_for_is_a_gap() -> None:
    heard, _ = heard_of(b'{"id":-1,"method":"subscribe","code":40003,"message":"invalid channel"}')

    assert len(heard.gaps) == 1


def test_our_key_and_our_secret_are_in_nothing_that_is_heard() -> None:
    words = f"{KEY.reveal()} {SECRET.reveal()}"
    heard, _ = heard_of(
        json.dumps({"id": 9, "method": "ERROR", "code": 40001, "message": words}).encode()
    )

    assert len(heard.gaps) == 1
    assert KEY.reveal() not in str(heard)
    assert SECRET.reveal() not in str(heard)


def test_news_keep_their_order_whatever_stands_between_them() -> None:
    def order(status: str) -> bytes:
        row = {
            "order_id": "7",
            "client_oid": "o",
            "instrument_name": "BTC_USDT",
            "side": "BUY",
            "status": status,
            "quantity": "1",
            "cumulative_quantity": "0",
            "cumulative_value": "0",
            "create_time": START_MS,
        }
        result = {"channel": "user.order", "data": [row]}
        return json.dumps({"id": -1, "method": "subscribe", "code": 0, "result": result}).encode()

    beat = b'{"id":5,"method":"public/heartbeat","code":0}'
    heard, _ = heard_of(order("ACTIVE"), beat, order("CANCELED"))

    assert [fact.state for fact in heard.evidence.facts] == [State.WORKING, State.CANCELLED]
