"""What is written is what is read back, for every shape that the books keep."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.account import Lot, Margin, Spot
from interlock.errors import BadInput
from interlock.orders.intent import intend
from interlock.risk.verdict import Approved, Blocked, Verdict
from interlock.store.codec import dumps, flat, loads
from interlock.store.intent_rows import INTENTS
from interlock.store.records import DECISIONS, LOTS, VERDICTS, Decision, Judged
from interlock.strategy.proposal import Proposal
from interlock.strategy.signal import Signal
from interlock.values import Instant, Unknown
from tests.promises.wishes import HOSTILE, NOON, entry, sale, signal, stop

decimals = st.decimals(allow_nan=False, allow_infinity=False, places=12)
WISHES = [entry(), stop("lot"), sale("lot")]


@dataclass(frozen=True, slots=True)
class Older:
    """A thing as an earlier version wrote it."""

    name: str


@dataclass(frozen=True, slots=True)
class Newer:
    """The same thing with a field that came later."""

    name: str
    colour: str = "grey"


@pytest.mark.parametrize("wish", WISHES)
def test_an_order_comes_back_as_it_was(wish: Proposal) -> None:
    approved = Approved(wish, NOON)
    intent = intend(approved, "install", NOON)

    assert INTENTS.thing(INTENTS.cells(intent)) == intent
    judged = Judged(approved.id, NOON, approved)
    assert VERDICTS.thing(VERDICTS.cells(judged)) == judged


@pytest.mark.parametrize("funding", [Spot(), Margin(Decimal("2.5")), Margin(None)])
def test_a_lot_comes_back_with_its_funding(funding: Spot | Margin) -> None:
    one = Decimal(1)
    lot = Lot("id", "A_USD", "A", "USD", funding, NOON, one, one, one, one, Decimal("1E-8"))

    assert LOTS.thing(LOTS.cells(lot)) == lot


def test_what_is_unknown_comes_back_as_unknown() -> None:
    decision = Decision(signal(), NOON, "BLOCKED", "X", None, None, ("a", "b"))

    assert DECISIONS.thing(DECISIONS.cells(decision)) == decision


def test_a_union_is_read_by_the_name_of_its_member() -> None:
    blocked = Blocked(None, NOON, (HOSTILE,))

    assert loads(Verdict, dumps(blocked)) == blocked
    assert loads(Verdict, dumps(Approved(entry(), NOON))) == Approved(entry(), NOON)


@given(decimals)
def test_money_is_text_without_exponent_and_exact(amount: Decimal) -> None:
    text = dumps(amount)

    assert "E" not in text
    assert "e" not in text
    assert loads(Decimal, text) == amount


@given(
    st.dictionaries(st.text(max_size=5), st.floats(allow_nan=False) | st.builds(Unknown, st.text()))
)
def test_indicator_values_come_back_bit_by_bit(values: Mapping[str, float | Unknown]) -> None:
    text = dumps(dict(values))

    assert loads(Mapping[str, float | Unknown], text) == values


def test_an_older_row_is_read_with_the_default_of_a_field_that_came_later() -> None:
    assert loads(Newer, dumps(Older("door"))) == Newer("door")


@pytest.mark.parametrize("text", ['"NaN"', '"Infinity"', "1.5", "true", "[]"])
def test_what_is_no_money_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        loads(Decimal, text)


def test_what_has_no_stored_form_is_refused() -> None:
    with pytest.raises(BadInput):
        dumps(object())
    with pytest.raises(BadInput):
        loads(Instant, None)


def test_a_flat_table_names_a_column_for_each_field_and_each_derived_cell() -> None:
    table = flat("doors", Newer, key=("name",), clock="name", derived={"n": lambda d: len(d.name)})

    assert table.columns == ("name", "colour", "n")
    assert table.cells(Newer("door")) == ("door", "grey", 4)
    assert table.thing(("door", "red", 4)) == Newer("door", "red")


def test_a_signal_comes_back_with_its_because() -> None:
    said = cast("Signal", loads(Signal, dumps(signal())))

    assert said == signal()
    assert said.id == signal().id
