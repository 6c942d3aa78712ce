"""Scenario files are read strictly and played on time; what a file gets wrong is told before anything begins."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from interlock.simulator.engine import Engine
from interlock.simulator.front.serve import ServeOptions
from interlock.simulator.scenes.play import Play
from interlock.simulator.scenes.scene import BadScenario, Scene, find, read
from interlock.simulator.scenes.words import WORDS, Stage
from interlock.values import Instant
from tests.rooms.simulator.person import BTC, FALLING, START, Person, exchange
from tests.rooms.simulator.sockets import STEPPING, WALL, World, run

HEAD = 'title = "A"\nproves = "B"\n'


def scene(*steps: str, head: str = HEAD) -> Scene:
    return read(head + "".join(f"[[step]]\n{step}\n" for step in steps), "mine.toml")


def played(engine: Engine, *steps: str) -> Play:
    return Play(scene(*steps), Stage(engine))


def done_at(play: Play) -> list[int | None]:
    """Seconds after the first, None where it was not done."""
    rows = [step["at_us"] for step in play.row()["steps"]]
    first = min(at for at in rows if at is not None)
    return [None if at is None else (at - first) // 1_000_000 for at in rows]


def transfer(amount: str) -> str:
    return f'transfer = {{ currency = "USDT", amount = "{amount}" }}'


# -- when


def test_steps_happen_at_their_times_in_the_order_of_the_file() -> None:
    engine = exchange()
    play = played(
        engine,
        f'after = "90s"\n{transfer("1")}',
        transfer("2"),
        f'after = "1.5m"\n{transfer("4")}',
        f'after = "1h"\n{transfer("8")}',
    )

    assert engine.next_event() == engine.now + timedelta(seconds=90)
    engine.advance(engine.now + timedelta(minutes=2))

    assert done_at(play) == [90, 0, 90, None]
    assert Person(engine).held("USDT") == 10007


def test_a_scene_plays_alike_in_one_step_and_in_many() -> None:
    seen = []
    for steps in (1, 7, 100):
        engine = exchange(FALLING, balances={"USDT": "10000", "BTC": "1"})
        Person(engine).buy(price="49000")
        play = played(
            engine, f'on = "fill"\nafter = "10m"\n{transfer("1")}', f'after = "2h"\n{transfer("2")}'
        )
        for n in range(1, steps + 1):
            engine.advance(START + timedelta(hours=4) * n / steps)
        seen.append((play.row(), engine.books()))

    assert seen[0] == seen[1] == seen[2]
    at, last = (step["at_us"] for step in seen[0][0]["steps"])
    filled = seen[0][1]["fills"][0]["create_time"]
    assert (at // 1000 - filled, last) == (600_000, (START + timedelta(hours=2)).micros)


@pytest.mark.parametrize(
    ("cue", "after_each"),
    [
        ('on = "accept"', ["1", "1", "1"]),
        ('on = "accept"\nnth = 2', ["0", "1", "1"]),
        ('on = "fill"', ["0", "0", "1"]),
        ('on = "private/create-order"\nnth = 3', ["0", "0", "1"]),
    ],
)
def test_a_step_waits_for_what_it_names(cue: str, after_each: list[str]) -> None:
    person = Person(exchange(balances={"USDT": "10000"}))
    played(person.engine, f"{cue}\n{transfer('1')}")

    seen = []
    for price in ("49000", "48000", "50100"):
        person.buy(price=price)
        seen.append(str(int(Decimal(person.engine.books()["opening"]["USDT"]) - 10000)))

    assert seen == after_each


def test_what_waits_for_a_request_happens_before_it_is_answered() -> None:
    person = Person(exchange())
    played(person.engine, f'on = "private/user-balance"\n{transfer("1")}')

    row = person.ask("user-balance")["result"]["data"][0]

    assert row["total_cash_balance"] == "10001"


def test_a_step_brings_about_another() -> None:
    engine = exchange()
    order = f'instrument_name = "{BTC}", side = "BUY", type = "MARKET", notional = "100"'
    play = played(
        engine,
        f'hand = {{ method = "private/create-order", params = {{ {order} }} }}',
        f'on = "fill"\n{transfer("5")}',
    )

    assert done_at(play) == [0, 0]


def test_a_step_that_cannot_be_done_is_told_and_the_rest_goes_on() -> None:
    engine = exchange()
    play = played(engine, transfer("-20000"), transfer("1"))

    first, second = play.row()["steps"]
    assert "more than can be taken out" in first["error"]
    assert second["error"] is None
    assert Person(engine).held("USDT") == 10001


# -- what a file may say


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("title = 1", "mine.toml: Expected `str`"),
        ("title = ", "mine.toml: Invalid value"),
        ('title = "A"', "mine.toml: Object missing required field `proves`"),
        (HEAD + "stp = 1", "unknown field `stp`"),
        (HEAD + "step = []\n[setup]\nsed = 1", r"unknown field `sed` - at `\$.setup`"),
        (HEAD + '[[step]]\nafter = "90s"', "mine.toml: step 1 says nothing"),
        (HEAD + "[[step]]\nhalt = {}", "step 1: halt: Object missing required field `symbol`"),
        (HEAD + '[[step]]\nhalt = { symbol = "A", x = 1 }', "step 1: halt knows no x"),
        (HEAD + '[[step]]\narm = { fault = "refuse", conut = 1 }', "step 1: arm knows no conut"),
        (HEAD + '[[step]]\nhold = { symbol = "A" }', "step 1 says hold"),
        (HEAD + "[[step]]\nfreeze = {}\nthaw = {}", "step 1 says freeze, thaw"),
        (HEAD + '[[step]]\nafter = "90"\nfreeze = {}', "step 1: after is a time"),
        (HEAD + "[[step]]\nafter = 90\nfreeze = {}", "step 1: after is a time"),
        (HEAD + '[[step]]\non = "order"\nfreeze = {}', "step 1: on is accept, fill or a method"),
        (HEAD + '[[step]]\non = "fill"\nnth = 0\nfreeze = {}', "step 1: nth counts from 1"),
        (HEAD + "[[step]]\nnth = 2\nfreeze = {}", "step 1: nth counts what `on` names"),
    ],
)
def test_what_a_file_gets_wrong_is_told_with_its_name_and_the_key(text: str, told: str) -> None:
    with pytest.raises(BadScenario, match=told) as wrong:
        read(text, "mine.toml")

    assert "--scenarios" in wrong.value.remedy


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ('halt = { symbol = "ETH_USDT" }', "mine: step 2: symbol names ETH_USDT"),
        ('on = "private/get-oder"\nfreeze = {}', "mine: step 2: on names private/get-oder"),
        ('stream = { fault = "drop" }', "mine: step 2: in process there are no sockets"),
    ],
)
def test_what_cannot_be_on_this_exchange_is_told_before_it_begins(step: str, told: str) -> None:
    engine = exchange()

    with pytest.raises(BadScenario, match=told):
        played(engine, transfer("1"), step)
    assert Person(engine).held("USDT") == 10000


def test_a_name_that_is_neither_shipped_nor_a_file_is_told() -> None:
    with pytest.raises(BadScenario, match="lost_after_accept"):
        find("lost_after_acept")


def test_a_file_of_ones_own_is_read(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(HEAD + "[[step]]\nfreeze = {}\n", encoding="utf-8")

    assert (find(str(path)).name, find(str(path)).title) == ("own", "A")


def test_every_word_of_the_control_port_can_be_said_in_a_file() -> None:
    async def test(world: World) -> None:
        for word in WORDS:
            url = f"{world.at.control}/control/{word}"
            async with world.session.post(url, data=b"[]") as reply:
                assert reply.status == 400
                assert "The body is not what this asks for" in (await reply.json())["error"]

    run(test)
    for word in WORDS:
        with pytest.raises(BadScenario, match=f"step 1: {word}: "):
            scene(f"{word} = 7")


# -- how it begins


def test_what_a_scene_sets_up_takes_the_place_of_the_options() -> None:
    setup = """
[setup]
seed = 7
start = 2024-03-05T06:00:00Z
balances = { USDT = "50", BTC = "2" }
ladders = { BTC_USDT = [[0, "0.5"], [3, "1.5"]] }
"""
    options = replace(STEPPING, scene=scene("freeze = {}", head=HEAD + setup), seed=1)

    async def test(world: World) -> None:
        assert world.at.api_key == "sim-key-000007"
        books = await world.look("books")
        assert books["balances"] == {"BTC": "2", "USDT": "50"}
        assert books["now_us"] == Instant.of_iso("2024-03-05T06:00:00").micros
        book = (await world.public("get-book", instrument_name=BTC, depth="9"))["data"][0]
        assert [level[1] for level in book["asks"]] == ["0.50000", "1.50000"]

    run(test, options)


def test_on_the_wall_clock_a_scene_plays_by_itself() -> None:
    async def test(world: World) -> None:
        async with world.session.ws_connect(world.at.ws_market) as connection:
            await asyncio.wait_for(connection.receive(), timeout=5)
        step = (await world.look("scenario"))["steps"][0]
        assert step["told"] == {"close": 1}

    closing = scene('after = "300ms"\nstream = { fault = "close", socket = "market" }')
    run(test, replace(WALL, scene=closing))


def test_without_a_scene_nothing_is_played() -> None:
    async def test(world: World) -> None:
        assert await world.look("scenario") == {}

    run(test)


# -- what the control port does at once


def test_what_is_done_by_hand_is_told_on_the_stream_at_once() -> None:
    async def test(world: World) -> None:
        async with world.user() as client:
            await client.subscribe("user.order")
            order = {"instrument_name": BTC, "side": "BUY", "type": "LIMIT"}
            params = order | {"price": "40000", "quantity": "0.001"}
            told = await world.control("hand", method="private/create-order", params=params)
            (row,) = (await client.hear())["result"]["data"]
            assert row["order_id"] == told["result"]["order_id"]
            await world.control("delist", symbol=BTC)
            (row,) = (await client.hear())["result"]["data"]
            assert row["status"] == "CANCELED"

    run(test)


def test_a_process_that_rests_hears_that_something_was_done_by_hand() -> None:
    async def test(world: World) -> None:
        await world.control("register", process="test")
        now = (await world.look("state"))["now_us"]
        await world.control("idle", process="test", until_us=now + 1_000_000)
        await world.control("transfer", currency="USDT", amount="5")
        told = await world.control("idle", process="test", until_us=now + 2_000_000)
        assert told["stirred"]
        told = await world.control("idle", process="test", until_us=now + 3_000_000)
        assert not told["stirred"]

    run(test)


@pytest.mark.parametrize("options", [STEPPING, WALL])
def test_a_market_that_is_listed_no_more_ends_its_subscriptions_and_nothing_else(
    options: ServeOptions,
) -> None:
    async def test(world: World) -> None:
        async with world.market() as client:
            await client.subscribe(f"ticker.{BTC}", f"trade.{BTC}", f"book.{BTC}.10")
            for _ in range(3):
                await client.hear()
            await world.control("delist", symbol=BTC, remove=True)
            await (world.step(1) if options.stepping else asyncio.sleep(0.2))
            shown = await world.look("streams")
            assert shown["listeners"][0]["channels"] == []
            await client.say("subscribe", id=99, params={"channels": [f"ticker.{BTC}"]})
            while (answer := await client.hear())["id"] != 99:
                pass
            assert answer["code"] == 40003

    run(test, options)


def test_a_word_that_cannot_be_done_is_refused_in_words() -> None:
    async def test(world: World) -> None:
        for word, body in (
            ("resume", {"symbol": BTC}),
            ("halt", {"symbol": "ETH_USDT"}),
            ("transfer", {"currency": "USDT", "amount": "-10001"}),
            ("transfer", {"currency": "USDT", "amount": "0"}),
            ("grid", {"symbol": BTC, "tick": "0"}),
            ("halt", {"symbol": BTC, "for": "1h"}),
            ("hand", {"method": "private/user-balance"}),
        ):
            url = f"{world.at.control}/control/{word}"
            async with world.session.post(url, json=body) as reply:
                assert reply.status == 400
                assert (await reply.json())["remedy"]

    run(test)
