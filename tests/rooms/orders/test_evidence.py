"""Evidence: an absence proves something only by coverage, and each word stays with the order of which it was said."""

from dataclasses import replace
from datetime import timedelta

import pytest

from interlock.orders.evidence import Evidence, Source, proven_absent
from interlock.orders.intent import intend
from interlock.orders.life import State
from interlock.risk.verdict import Approved
from tests.promises.wishes import NOON, entry, fact, fill, look, stop

ENTRY = intend(Approved(entry(), NOON), "install", NOON)
STOP = intend(Approved(stop("lot"), NOON), "install", NOON)


@pytest.mark.parametrize(("seconds", "proven"), [(0, False), (125, False), (126, True)])
def test_two_looks_prove_an_absence_when_no_request_can_arrive_any_more(
    seconds: int,
    proven: bool,  # noqa: FBT001 - a case of the table
) -> None:
    at = NOON + timedelta(seconds=seconds)
    looks = (look(ENTRY, Source.ORDER_DETAIL, at), look(ENTRY, Source.ORDER_HISTORY, at))

    assert proven_absent(looks, NOON.ms) is proven
    assert not proven_absent((looks[0], looks[0]), NOON.ms)
    early = replace(looks[1], asked_at=NOON)
    assert not proven_absent((looks[0], early), NOON.ms)


def test_a_round_of_asking_is_named_by_its_first_order() -> None:
    strangers = replace(fact(ENTRY, State.WORKING), client_oid="")

    assert Evidence().name == "nothing"
    assert Evidence((fact(ENTRY, State.WORKING),)).name == ENTRY.client_oid
    assert Evidence((strangers,)).name == "an order of somebody else"


def test_what_was_said_of_each_order_is_told_alone_and_nothing_is_lost() -> None:
    words = (fact(ENTRY, State.WORKING), fact(STOP, State.WORKING))
    fills = (fill(STOP, "a", "0.01"), fill(ENTRY, "b", "0.01"))
    looks = (look(ENTRY, Source.ORDER_DETAIL, NOON), look(STOP, Source.ORDER_DETAIL, NOON))

    first, second = Evidence(words, fills, looks, is_heard=True).parts()

    assert first == Evidence(words[:1], fills[1:], looks[:1], is_heard=True)
    assert second == Evidence(words[1:], fills[:1], looks[1:], is_heard=True)
