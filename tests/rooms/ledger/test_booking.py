"""What the world may rely on when an execution moves a lot: it is closed when nothing sellable is left, and guarded while anything is."""

from dataclasses import replace
from decimal import Decimal

from interlock.ledger.booking import booked, lot_id_of
from interlock.orders.intent import intend
from interlock.risk.verdict import Approved
from tests.promises.wishes import NOON, entry, fill, sale

ENTRY = intend(Approved(entry(), NOON), "install", NOON)
SALE = intend(Approved(sale(ENTRY.id), NOON), "install", NOON)


def test_an_entry_moves_its_own_lot_and_an_exit_the_one_it_names() -> None:
    assert lot_id_of(ENTRY) == lot_id_of(SALE) == ENTRY.id
    manual = replace(SALE, proposal=replace(SALE.proposal, lot_id=None))
    assert lot_id_of(manual) is None
    assert booked(fill(manual, "t", "0.01"), manual, None) is None


def test_an_entry_never_closes_its_lot_however_small_its_first_fill() -> None:
    lot = booked(fill(ENTRY, "t", "0.00001"), ENTRY, None)

    assert lot is not None
    assert lot.closed_at is None
    assert lot.is_dust(ENTRY.proposal.instrument)


def test_dust_is_left_behind_and_a_late_fill_of_the_entry_opens_the_lot_again() -> None:
    lot = booked(fill(ENTRY, "a", "0.01"), ENTRY, None)
    sold = booked(fill(SALE, "b", "0.00999"), SALE, lot)
    assert sold is not None
    assert sold.closed_at == fill(SALE, "b", "0.00999").at

    crumb = booked(fill(ENTRY, "c", "0.00001"), ENTRY, sold)
    again = booked(fill(ENTRY, "d", "0.005"), ENTRY, sold)

    assert crumb is not None
    assert crumb.closed_at == sold.closed_at
    assert again is not None
    assert (again.closed_at, again.remaining) == (None, Decimal("0.00501"))
