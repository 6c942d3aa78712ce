"""An intent: born with nothing done, known by ids that every life of the process makes anew, and so are both legs of a pair."""

from dataclasses import replace

from interlock.orders.intent import client_oid, intend, target_of
from interlock.risk.verdict import Approved
from interlock.strategy.proposal import OrderType
from interlock.values import Price
from tests.promises.wishes import NOON, entry, stop

TARGET = Price(entry().limit.rate * 2, "BTC", "USDT")  # type: ignore[union-attr] # an entry of `wishes` has its limit
LEADER = intend(Approved(replace(stop("lot"), target=TARGET), NOON), "abcdefghij", NOON)


def test_an_intent_is_born_with_nothing_done() -> None:
    born = intend(Approved(entry(), NOON), "abcdefghij", NOON)

    assert born.filled == born.value == 0


def test_an_id_bears_the_mark_of_its_installation_and_is_short_enough_for_the_exchange() -> None:
    oid = client_oid("abcdefghij", "a key")

    assert oid.startswith("ilabcdef-")
    assert len(oid) <= 36
    assert client_oid("abcdefxxxx", "a key") != oid


def test_the_target_of_a_pair_is_an_order_of_its_own_under_the_same_mark() -> None:
    target = target_of(LEADER)

    assert target == target_of(LEADER)
    assert target.client_oid.startswith("ilabcdef-")
    assert len({target.id, LEADER.id}) == len({target.client_oid, LEADER.client_oid}) == 2
    assert target.proposal.key != LEADER.proposal.key
    assert target.leader == LEADER.id
    assert (target.proposal.type, target.proposal.limit) == (OrderType.LIMIT, TARGET)
    assert (target.proposal.trigger, target.proposal.target) == (None, None)
    assert target.proposal.quantity == LEADER.proposal.quantity
