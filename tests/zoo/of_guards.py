"""Bugs of the guards: what cannot be known admits, a cap forgets what is in flight, a switch is read too early or stops too much."""

from typing import Final

from interlock.rehearsal.schedule import Act
from tests.zoo.bug import Bug, Ground, Patch

GUARD: Final = "interlock.risk.guard"
STANDING: Final = "interlock.store.standing"
PATH: Final = "interlock.store.order_path"

GUARDS: Final = (
    Bug(
        11,
        "a leverage that nobody named is ten",
        (
            Patch(
                "interlock.protocol.crypto_com.orders",
                '            raise BadInput("A margin order without a leverage cannot be said.")\n',
                '            return {"spot_margin": "MARGIN", "leverage": "10"}\n',
            ),
        ),
        ("I4",),
        hunted_by="tests/rooms/protocol/test_orders.py::test_a_margin_order_without_a_leverage_is_not_said",
    ),
    Bug(
        13,
        "with the equity unknown spot is allowed before any check",
        (
            Patch(
                GUARD,
                "    if isinstance(asked.figures, Unknown):\n",
                "    if isinstance(asked.figures, Unknown) and not isinstance(asked.funding, Margin):\n"
                "        return Said(MISSING, limit)\n"
                "    if isinstance(asked.figures, Unknown):\n",
            ),
        ),
        ("I4",),
        hunted_by="tests/rooms/risk/test_every_rule.py::test_what_cannot_be_seen_has_not_passed",
    ),
    Bug(
        14,
        "the platform is ready although nobody knows the account",
        (
            Patch(
                "interlock.health.readiness",
                '    if isinstance(seen, Unknown):\n        yield f"the account is unknown: {seen.why}"\n'
                "    elif seen.trouble is not None or seen.last_ok is None:\n",
                "    if isinstance(seen, Unknown) or seen.last_ok is None:\n        return\n    if seen.trouble is not None:\n",
            ),
        ),
        ("I15",),
        hunted_by="tests/rooms/health/test_the_seeds_json.py::test_every_reason_that_forbids_an_entry_is_told",
        alone=True,
    ),
    Bug(
        30,
        "what is of unknown outcome does not count as exposure",
        (
            Patch(
                "interlock.account.standing",
                '        reserved = sum((i.reserved for i in orders if i.purpose == "ENTRY"), Decimal(0))\n',
                '        sure = [i for i in orders if i.state != "UNKNOWN"]\n'
                '        reserved = sum((i.reserved for i in sure if i.purpose == "ENTRY"), Decimal(0))\n',
            ),
        ),
        ("I11",),
        hunted_by="tests/rooms/account/test_what_is_committed.py::test_an_entry_in_flight_is_committed_whatever_is_known_of_it",
        alone=True,
    ),
    Bug(
        32,
        "what has no price is worth nothing",
        (
            Patch(
                "interlock.risk.room_rules",
                '        reason = f"What {asked.base} is worth is not known."\n'
                '        return Said(MISSING, limit, "PORTFOLIO_VALUE_CAP", reason)\n',
                '        return Said("0", limit)\n',
            ),
        ),
        ("I4",),
        hunted_by="tests/rooms/risk/test_every_rule.py::test_what_cannot_be_seen_has_not_passed",
    ),
    Bug(
        35,
        "the row under which an entry was decided holds although its owner changed it since",
        (
            Patch(
                "interlock.desk.trader",
                "            occasion = Occasion(signal, self._row_now(row), preset, market)\n",
                "            occasion = Occasion(signal, row, preset, market)\n",
            ),
        ),
        ("I3",),
        hunted_by="tests/rooms/desk/test_trader.py::test_a_row_that_was_switched_off_after_the_signal_was_made_is_not_traded",
    ),
    Bug(
        38,
        "a day opens with the newest record of the account, however old it is",
        (
            Patch(
                STANDING,
                "DAY_OPEN_AGE_MAX: Final = timedelta(minutes=15)\n",
                "DAY_OPEN_AGE_MAX: Final = timedelta(days=1)\n",
            ),
        ),
        ("I4",),
        hunted_by="tests/promises/test_books_wallet.py::test_a_day_opens_with_the_last_reading_up_to_midnight_if_it_is_young",
    ),
    Bug(
        43,
        "the kill switch is read once in each life, and not in the transaction of the attempt",
        (
            Patch(
                STANDING,
                "    return account.switches(terms.bound, enabled=terms.enabled)\n",
                "    return READ.setdefault(account.epoch, account.switches(terms.bound, enabled=terms.enabled))\n",
            ),
            Patch(
                STANDING,
                "@dataclass(frozen=True, slots=True)\nclass Terms:\n",
                "READ: dict[int, Switches] = {}\n\n\n@dataclass(frozen=True, slots=True)\nclass Terms:\n",
            ),
            Patch(
                PATH,
                "    switches = account.switches(terms.bound, enabled=terms.enabled)\n    is_ours",
                "    switches = switches_of(account, terms)\n    is_ours",
            ),
            Patch(
                PATH,
                "from interlock.store.standing import DISARMED, RANK, Terms, opened_account, standing_of\n",
                "from interlock.store.standing import DISARMED, RANK, Terms, opened_account, standing_of, switches_of\n",
            ),
        ),
        ("I12",),
        ground=Ground(acts=(Act(5.0, "kill"),)),
        alone=True,
    ),
    Bug(
        52,
        "the kill switch stops stops as well",
        (
            Patch(
                PATH,
                "    is_admitted = purpose is not Purpose.ENTRY or _admits_entry(switches)\n",
                "    is_admitted = _admits_entry(switches)\n",
            ),
        ),
        ("I17",),
        ground=Ground(acts=(Act(11.0, "kill"),)),
        alone=True,
    ),
    Bug(
        69,
        "an order of unknown outcome keeps no entry of its symbol back",
        (
            Patch(
                "interlock.risk.permission_rules",
                '    count = sum(i.state == "UNKNOWN" for i in unknown)\n',
                '    return Said("0", "0")\n    count = sum(i.state == "UNKNOWN" for i in unknown)\n',
            ),
        ),
        ("I4",),
        hunted_by="tests/rooms/risk/test_lattice.py::test_no_single_no_pair_and_no_triple_of_troubles_makes_the_others_good",
        alone=True,
    ),
    Bug(
        70,
        "prices too old for an entry are ready for one",
        (
            Patch(
                "interlock.health.readiness",
                "    elif stale:\n        yield f\"prices are too old for an entry: {', '.join(stale)}\"\n",
                "",
            ),
        ),
        ("I15",),
        hunted_by="tests/rooms/health/test_the_seeds_json.py::test_a_price_too_old_for_an_entry_blocks_its_symbol_while_the_light_is_still_green",
    ),
)
"""Whether we may."""
