"""The user stream in a rehearsal: whatever is lost, repeated, late or cut on its way, and wherever we die, the books are the exchange's."""

from dataclasses import replace
from datetime import timedelta

import pytest

from interlock.orders.evidence import Ear
from interlock.orders.intent import Intent
from interlock.rehearsal.judge import violations
from interlock.rehearsal.line import HOME
from interlock.rehearsal.script import HEARD, HEARD_TO_FIRE, SYMBOL, Script, stage
from interlock.rehearsal.world import World
from interlock.simulator.rest.requests import Call
from interlock.simulator.streams.faults import Disturbance
from tests.rehearsal.sweep import quietly

STRIDE = 173
# The entry of this script is sent some milliseconds after the bar has closed.
ENTERED = timedelta(seconds=11.06)

ORDER, TRIGGER, TRADE, ANY = "user.order", "user.advance.order", "user.trade", "*"
CHAOS: dict[str, tuple[Disturbance, ...]] = {
    "undisturbed": (),
    "dropped": (
        Disturbance("drop", ORDER, 2),
        Disturbance("drop", TRADE),
        Disturbance("drop", TRIGGER),
    ),
    "duplicated": (Disturbance("duplicate", ANY, 40),),
    "reordered": (Disturbance("reorder", ORDER, 2), Disturbance("reorder", TRADE)),
    "late": (Disturbance("delay", ORDER, 3, 7.0), Disturbance("delay", TRADE, 2, 13.0)),
    "all lost": (Disturbance("drop", ANY, 1000),),
}


@pytest.fixture(autouse=True)
def _quiet() -> None:
    quietly()


def listening(
    script: Script, *faults: Disturbance, seed: int = 0, crash: int | None = None
) -> World:
    world = stage(script, seed, frozenset() if crash is None else frozenset({crash}))
    world.sockets.disturb(*faults)
    return world


def cut(world: World, after: timedelta, *, refuses: int = 0) -> World:
    """The line is cut once, and nobody answers some calls after it."""

    def cutting() -> None:
        world.sockets.refuses = refuses
        world.sockets.disturb(Disturbance("close", code=1006))

    world.after, world.meanwhile = after, cutting
    return world


def asked(world: World, *methods: str) -> int:
    requests: dict[str, int] = world.engine.books()["requests"]
    return sum(requests.get(f"private/{method}", 0) for method in methods)


def entries(world: World) -> list[Intent]:
    intents = world.open_books().picture(world.now(), limit=1000).intents
    return [intent for intent in intents if intent.proposal.purpose == "ENTRY"]


@pytest.mark.parametrize("faults", CHAOS.values(), ids=list(CHAOS))
@pytest.mark.parametrize("script", [HEARD, HEARD_TO_FIRE], ids=lambda script: script.name)
def test_whatever_happens_to_the_news_the_books_are_the_exchanges(
    script: Script, faults: tuple[Disturbance, ...]
) -> None:
    world = listening(script, *faults)
    world.run()

    assert violations(world) == []
    assert world.lives == 1
    fired: dict[str, int] = world.sockets.audience.faults.fired
    assert set(fired) == {fault.fault for fault in faults}


@pytest.mark.parametrize("refuses", [0, 3])
@pytest.mark.parametrize("ms", [-40, 0, 8, 16, 24, 4000])
def test_a_line_that_is_cut_around_an_entry_is_a_gap_that_rest_closes(
    ms: int, refuses: int
) -> None:
    world = cut(listening(HEARD), ENTERED + timedelta(milliseconds=ms), refuses=refuses)
    world.run()

    assert violations(world) == []
    how = world.open_books().picture(world.now()).listening
    assert how is not None
    assert how.ear is Ear.WHOLE
    assert how.since > world.start + ENTERED
    assert world.seams.names.count("dialled") == 2
    assert world.seams.names.count("dial") == 2 + refuses


@pytest.mark.parametrize("name", [*CHAOS, "cut"])
def test_a_death_at_any_seam_beside_a_disturbed_stream_loses_nothing(name: str) -> None:
    faults = CHAOS.get(name, ())

    def life(crash: int | None = None) -> World:
        world = listening(HEARD, *faults, crash=crash)
        return world if name in CHAOS else cut(world, ENTERED + timedelta(milliseconds=8))

    whole = life()
    whole.run()
    names = whole.seams.names
    for number in range(sorted([*CHAOS, "cut"]).index(name), len(names), STRIDE):
        world = life(number)
        world.run()

        assert (number, names[number], violations(world), world.lives) == (
            number,
            names[number],
            [],
            2,
        )


@pytest.mark.parametrize("seed", range(1, 7))
def test_every_interleaving_hears_the_same(seed: int) -> None:
    worlds = [
        listening(HEARD_TO_FIRE, Disturbance("reorder", ORDER, 3), seed=seed) for _ in range(2)
    ]

    assert len({world.run() for world in worlds}) == 1
    assert violations(worlds[0]) == []


def test_a_whole_stream_books_an_entry_without_a_question_about_it() -> None:
    heard, alone = listening(HEARD), stage(replace(HEARD, listens=False))
    heard.run()
    alone.run()

    assert asked(heard, "get-order-detail") == 0
    assert asked(alone, "get-order-detail") > 0
    (ours,), (theirs,) = entries(heard), entries(alone)
    assert (ours.state, ours.filled, ours.value) == (theirs.state, theirs.filled, theirs.value)


def test_silence_is_a_dead_line_although_it_stands() -> None:
    world = listening(HEARD)
    world.after = timedelta(seconds=60)
    world.meanwhile = lambda: world.sockets.disturb(Disturbance("stall", seconds=100))
    world.run()

    assert violations(world) == []
    assert world.seams.names.count("dialled") >= 2


def test_a_line_that_breaks_again_and_again_is_dialled_ever_more_rarely() -> None:
    world = listening(HEARD)

    def cutting() -> None:
        world.sockets.disturb(Disturbance("close", code=1013))
        world.loop.call_later(0.2, cutting)

    world.after, world.meanwhile = timedelta(seconds=5), cutting
    world.run()

    assert violations(world) == []
    assert 6 <= world.seams.names.count("dial") <= 16


def test_a_key_that_is_refused_is_tried_on_the_socket_once_a_minute() -> None:
    world = listening(HEARD)
    world.engine.access.change(revoked=True, permission=None)
    world.run()

    assert 3 <= world.seams.names.count("dial") <= 7


def by_hand(world: World) -> None:
    """Somebody buys with the same account."""
    world.catch_up()
    wish = {"instrument_name": SYMBOL, "side": "BUY", "type": "MARKET", "quantity": "10"}
    call = Call(
        "private/create-order", {**wish, "client_oid": "by-hand"}, world.now().ms, world.key
    )
    world.engine.command(call, HOME)
    world.pass_on()


def test_news_of_a_strangers_order_are_parked_until_they_are_asked_about() -> None:
    world = listening(HEARD)
    waited: list[int] = []

    def buy() -> None:
        by_hand(world)
        world.loop.call_later(0.02, lambda: waited.append(len(world.open_books().parked())))

    world.after, world.meanwhile = timedelta(seconds=120), buy
    world.run()

    theirs = [fill for fill in world.open_books().fills() if fill.client_oid == "by-hand"]
    assert waited[0] > 0
    assert len(theirs) == 1
    assert world.open_books().parked() == ()
    assert violations(world) == []


def test_what_happened_while_nobody_listened_is_asked_for() -> None:
    world = listening(HEARD)

    def alone() -> None:
        world.sockets.refuses = 3
        world.sockets.disturb(Disturbance("close", code=1006))
        world.loop.call_later(1.0, lambda: by_hand(world))

    world.after, world.meanwhile = timedelta(seconds=120), alone
    world.run()

    assert "by-hand" in {fill.client_oid for fill in world.open_books().fills()}
    assert violations(world) == []
