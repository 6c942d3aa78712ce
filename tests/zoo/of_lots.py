"""Bugs of protection: lots without their stop, stops for more than is held, sales that cannot be done."""

from typing import Final

from tests.zoo.bug import Bug, Ground, Patch

PLAN: Final = "interlock.protection.plan"
VIEW: Final = "interlock.protection.view"
GUARDIAN: Final = "interlock.desk.guardian"

LOTS: Final = (
    Bug(
        53,
        "a lot that only lacked its stop is sold at a restart, because the time of being down counts",
        (
            Patch(
                GUARDIAN,
                "            since=max(self._bare.setdefault(lot.id, now), able_at),\n",
                "            since=lot.opened_at,\n",
            ),
        ),
        ("I17",),
        hunted_by="tests/rehearsal/test_the_guardian.py::test_an_exchange_that_was_deaf_for_minutes_costs_no_lot_its_deadline",
    ),
    Bug(
        71,
        "a stop is as large as what was asked for, not as what was bought",
        (
            Patch(
                VIEW,
                "    left = max(ZERO, view.lot.sellable(view.instrument) - covered)\n",
                "    asked = [i for i in view.legs if i.proposal.purpose is Purpose.ENTRY]\n"
                "    size = asked[0].proposal.quantity.size if asked else view.lot.bought\n"
                "    left = max(ZERO, size - covered)\n",
            ),
        ),
        ("I17",),
        ground=Ground(script="bought", swarm=False),
    ),
    Bug(
        72,
        "a stop that was acknowledged protects, whether or not the exchange lists it",
        (
            Patch(
                VIEW,
                "    return leg.confirmed_at is not None and leg.state in (State.ACKED, State.WORKING)\n",
                "    return leg.state in (State.ACKED, State.WORKING)\n",
            ),
        ),
        ("I17",),
        hunted_by="tests/rooms/protection/test_plan.py::test_a_listed_stop_for_all_of_it_is_protection_and_an_acknowledged_one_is_not",
    ),
    Bug(
        73,
        "a lot is sold before its legs are gone",
        (
            Patch(
                PLAN,
                "    if view.live_stops or view.live_targets:\n        return _cancel_legs(view)\n    purpose",
                "    purpose",
            ),
        ),
        ("I17",),
        ground=Ground(script="left"),
    ),
    Bug(
        74,
        "legs that outlived their lot are left alone",
        (
            Patch(
                GUARDIAN,
                "        if not self._orphans():\n            return True\n",
                "        if self._orphans is not None:\n            return True\n",
            ),
            Patch(
                "interlock.reconcile.ours_and_listed",
                "        and intent.client_oid in there\n",
                "        and intent.client_oid not in there\n",
            ),
        ),
        ("I17",),
        hunted_by="tests/rehearsal/test_the_guardian.py::test_the_legs_of_a_lot_that_is_closed_are_cancelled_and_those_of_an_open_one_never",
    ),
    Bug(
        75,
        "a sale whose executions are not booked yet is made again",
        (
            Patch(
                PLAN,
                "    if owes_executions(view):\n",
                "    if owes_executions(view) and view.now.micros < 0:\n",
            ),
        ),
        ("I17",),
        hunted_by="tests/rooms/protection/test_plan.py::test_the_first_execution_of_a_target_sells_what_remains_once_it_is_booked",
    ),
    Bug(
        78,
        "a lot whose stop is refused is not sold",
        (
            Patch(
                GUARDIAN,
                "                self._close(view.lot, reason)\n",
                "                _log.warning(reason)\n",
            ),
        ),
        ("I17",),
        ground=Ground(
            steps=tuple(
                {"arm": {"fault": "refuse", "method": method, "code": 140001, "count": 3}}
                for method in ("private/advanced/create-oco", "private/advanced/create-order")
            )
        ),
    ),
)
"""What each lot still needs."""
