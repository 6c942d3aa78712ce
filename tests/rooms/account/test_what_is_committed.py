"""What counts as committed: whatever may cost money, known or not."""

from decimal import Decimal

import pytest

from interlock.account import InFlight, Margin, Spot
from interlock.account.funding import Funding
from interlock.values import Side
from tests.rooms.making import standing


@pytest.mark.parametrize("state", ["SENDING", "UNKNOWN", "ACKED", "WORKING", "CANCELLING"])
@pytest.mark.parametrize("funding", [Spot(), Margin(Decimal(3))])
def test_an_entry_in_flight_is_committed_whatever_is_known_of_it(
    state: str, funding: Funding
) -> None:
    flies = InFlight(
        "i-1", "XRP_USDT", "XRP", Side.BUY, "ENTRY", funding, Decimal(100), state, None
    )
    stood = standing(in_flight=(flies,))
    margin = Decimal(100) if isinstance(funding, Margin) else Decimal(0)

    assert stood.committed() == Decimal(100)
    assert (stood.margin_committed(), stood.margin_in_flight()) == (margin, margin)
    assert stood.open_positions("XRP") == 1
