"""Whatever instant the platform dies at, the owner heard of every lot that opened or closed and of every incident, at least once."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from interlock.rehearsal.judge import violations
from interlock.rehearsal.script import BY_TARGET, NO_PAIRS, stage
from interlock.rehearsal.world import World
from tests.fakes.notify import Phone
from tests.rehearsal.sweep import quietly
from tests.rehearsal.test_on_sqlite import on_sqlite

REFUSED = replace(BY_TARGET, name="a refused stop", hours=0.2, arms=NO_PAIRS)
STRIDE = 11


@pytest.fixture(autouse=True)
def _quiet() -> None:
    quietly()


def told(world: World, phone: Phone) -> World:
    """The world in which every stop is refused, so that a lot opens, an incident opens, and the lot is sold; and somebody hears of it."""
    world.engine.arm("refuse", "private/advanced/create-order", 10**9, 140001)
    world.notifier = phone
    return world


def lived(phone: Phone, *crashes: int) -> World:
    world = told(stage(REFUSED, crashes=frozenset(crashes)), phone)
    world.run()
    return world


def unheard(world: World, phone: Phone) -> list[str]:
    """What the books know and the owner does not."""
    now = world.now()
    picture = world.open_books().picture(now, limit=1000)
    opened, closed = Counter[str](), Counter[str]()
    for lot in picture.lots:
        opened[f"Bought {lot.bought.normalize():f} {lot.base} "] += 1
        closed[f"Sold {lot.sold.normalize():f} {lot.base} "] += lot.closed_at is not None
    incidents = Counter(f"{each.severity} {each.fingerprint}: " for each in picture.incidents)
    owed = opened + closed + incidents
    silent = [words for words, n in owed.items() if len(set(phone.heard(words))) < n]
    return silent + [message.text for message in world.open_books().undelivered(now, 100)]


def test_an_undisturbed_life_says_everything_exactly_once() -> None:
    phone = Phone()
    world = lived(phone)

    kinds = [text.split()[0] for text in phone.said]
    assert unheard(world, phone) == []
    words = "BUY Created: Bought Cancelled: Failed: WARN FAIL Created: Sold Over:"
    assert kinds == words.split()
    assert violations(world) == []


def test_a_death_at_any_seam_of_the_messenger_may_repeat_a_message_and_loses_none() -> None:
    seams = lived(Phone()).seams.names
    ours = [n for n, name in enumerate(seams) if name.split()[0] in {"say", "books.heard"}]
    repeated = 0
    for number in ours:
        phone = Phone()
        world = lived(phone, number)

        assert (seams[number], unheard(world, phone), world.lives) == (seams[number], [], 2)
        assert violations(world) == []
        repeated += len(phone.said) - len(set(phone.said))

    assert len(ours) >= 4 * 5
    assert repeated >= 4, "between hearing and keeping lies a death, and it repeats the message"


def test_a_death_at_any_other_seam_loses_no_message_either() -> None:
    seams = lived(Phone()).seams.names
    for number in range(0, len(seams), STRIDE):
        phone = Phone()
        world = lived(phone, number)

        assert (seams[number], unheard(world, phone)) == (seams[number], [])


def test_a_messenger_that_fails_and_asks_for_patience_changes_no_trade() -> None:
    well, ill = Phone(), Phone(fails=3, waits=2)
    first, second = lived(well), lived(ill)

    assert unheard(second, ill) == []
    assert violations(second) == []
    trades = [[fill.trade_id for fill in w.open_books().fills()] for w in (first, second)]
    assert trades[0] == trades[1]
    assert trades[0]


def test_the_trace_with_a_messenger_is_the_same_on_a_real_file(tmp_path: Path) -> None:
    phones = Phone(), Phone()
    real = told(on_sqlite(REFUSED, tmp_path), phones[0])
    fake = told(stage(REFUSED), phones[1])

    assert real.run() == fake.run()
    assert phones[0].said == phones[1].said
    assert phones[0].said
