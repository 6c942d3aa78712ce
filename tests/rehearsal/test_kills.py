"""Real kills of the real engine; and their oracle, which must name whatever is wrong with books that were spoilt by hand."""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from interlock.orders.life import State
from interlock.rehearsal.reckoning import (
    Broken,
    Ours,
    corruption,
    left_alone,
    ours_in,
    reckoned,
)
from interlock.rehearsal.script import HEARD, stage
from interlock.rehearsal.venue import Truth
from interlock.store.books import RowBooks
from interlock.store.files import BOOKS_FILE, MARKET_FILE
from interlock.strategy.proposal import Purpose
from tests.rehearsal.killing import killed
from tests.rehearsal.sweep import quietly

FEW = 5
Spoilt = tuple[Ours, Truth]


@pytest.fixture(scope="module")
def whole() -> Spoilt:
    """A lot that was bought, with stop and target at the exchange: our books and the exchange's."""
    quietly()
    world = stage(HEARD)
    world.run()
    books = world.open_books()
    assert isinstance(books, RowBooks)
    return ours_in(books), world.engine.books()


def entry_twice(ours: Ours, truth: Truth) -> Spoilt:
    entry = next(i for i in ours.intents if i.proposal.purpose is Purpose.ENTRY)
    other = replace(entry, id="other", client_oid="il-other")
    (accept,) = (a for a in truth["accepts"] if a["client_oid"] == entry.client_oid)
    truth["accepts"].append(accept | {"client_oid": other.client_oid})
    attempt = next(a for a in ours.attempts if a.intent_id == entry.id)
    attempts = (*ours.attempts, replace(attempt, intent_id="other"))
    return replace(ours, intents=(*ours.intents, other), attempts=attempts), truth


def accepted_twice(ours: Ours, truth: Truth) -> Spoilt:
    truth["accepts"].append(truth["accepts"][0])
    return ours, truth


def never_written(ours: Ours, truth: Truth) -> Spoilt:
    return replace(ours, attempts=ours.attempts[1:]), truth


def another_nonce(ours: Ours, truth: Truth) -> Spoilt:
    truth["accepts"][0]["nonce"] += 1
    return ours, truth


def given_up(ours: Ours, truth: Truth) -> Spoilt:
    gone = replace(ours.intents[0], state=State.NOT_PLACED)
    return replace(ours, intents=(gone, *ours.intents[1:])), truth


def fill_lost(ours: Ours, truth: Truth) -> Spoilt:
    return replace(ours, fills=ours.fills - ours.fills), truth


def fill_made_up(ours: Ours, truth: Truth) -> Spoilt:
    truth["fills"].clear()
    return ours, truth


def fill_twice(ours: Ours, truth: Truth) -> Spoilt:
    return replace(ours, fills=ours.fills + ours.fills), truth


def stop_gone(ours: Ours, truth: Truth) -> Spoilt:
    for order in truth["orders"]:
        if order["order_type"] == "STOP_LOSS":
            order["status"] = "CANCELED"
    return ours, truth


def leg_left(ours: Ours, truth: Truth) -> Spoilt:
    return replace(ours, lots=()), truth


def money_missing(ours: Ours, truth: Truth) -> Spoilt:
    truth["balances"]["USDT"] = "1"
    return ours, truth


def outcome_open(ours: Ours, truth: Truth) -> Spoilt:
    open_end = replace(ours.intents[0], state=State.UNKNOWN)
    return replace(ours, intents=(open_end, *ours.intents[1:])), truth


def intent_lost(ours: Ours, truth: Truth) -> Spoilt:
    return replace(ours, intents=ours.intents[1:]), truth


@pytest.mark.parametrize(
    ("spoil", "broken"),
    [
        (entry_twice, Broken.DUPLICATE),
        (accepted_twice, Broken.DUPLICATE),
        (never_written, Broken.ORPHAN),
        (another_nonce, Broken.ORPHAN),
        (intent_lost, Broken.ORPHAN),
        (given_up, Broken.ABANDONED),
        (fill_lost, Broken.LOST_FILL),
        (fill_made_up, Broken.LOST_FILL),
        (fill_twice, Broken.LOST_FILL),
        (stop_gone, Broken.UNPROTECTED),
        (leg_left, Broken.UNPROTECTED),
        (money_missing, Broken.OTHER),
        (outcome_open, Broken.OTHER),
        (intent_lost, Broken.OTHER),
    ],
)
def test_the_oracle_names_what_is_wrong(
    whole: Spoilt, spoil: Callable[[Ours, Truth], Spoilt], broken: Broken
) -> None:
    ours, truth = spoil(whole[0], copy.deepcopy(whole[1]))

    assert broken in {kind for kind, _ in reckoned(ours, truth).wrong}


def test_books_that_agree_are_found_to_agree(whole: Spoilt) -> None:
    found = reckoned(*whole)

    assert found.wrong == ()
    assert found.accepted == found.intents == 3


def test_a_stop_that_goes_or_an_entry_that_stays_without_an_engine_is_named(whole: Spoilt) -> None:
    truth = whole[1]
    _, bare = stop_gone(whole[0], copy.deepcopy(truth))
    working = copy.deepcopy(truth)
    working["orders"][0] |= {"side": "BUY", "status": "ACTIVE"}

    assert list(left_alone(truth, truth)) == []
    assert [text for text in left_alone(truth, bare) if "stop" in text]
    assert [text for text in left_alone(truth, working) if "entry" in text]


def test_a_file_that_is_not_whole_is_named(tmp_path: Path) -> None:
    for name in (BOOKS_FILE, MARKET_FILE):
        (tmp_path / name).write_bytes(b"no database" * 999)

    assert {kind for kind, _ in corruption(tmp_path)} == {Broken.CORRUPT}


def test_killed_for_real_it_sends_each_order_once_and_loses_nothing() -> None:
    done = killed(FEW)

    assert done["violations"] == []
    assert (done["kills"], done["lives"]) == (FEW, FEW + 1)
    assert done["accepted"] == done["intents"] > 0
    assert done["again"] > 0
