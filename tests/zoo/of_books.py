"""Bugs of the books: executions lost, doubled or booked with another figure."""

from typing import Final

from tests.zoo.bug import Bug, Ground, Patch

ASKING: Final = "interlock.desk.asking"
LEARN: Final = "interlock.store.learning"
BOOK: Final = "interlock.ledger.book"
RECORDS: Final = "interlock.store.records"

BOOKS: Final = (
    Bug(
        3,
        "an execution that is told twice is booked twice",
        (
            Patch(
                LEARN,
                "        if known is not None:\n            # Its time",
                "        if known is not None and self.now.micros < 0:\n            # Its time",
            ),
        ),
        ("I7", "I8"),
    ),
    Bug(
        4,
        "executions that were missed are not asked for again",
        (
            Patch(
                ASKING,
                "        owing = self._owing(intents, facts)\n",
                "        owing: list[Intent] = []\n",
            ),
        ),
        ("I6",),
    ),
    Bug(
        18,
        "an execution is marked as seen in one transaction, and booked in another",
        (
            Patch(
                "interlock.store.books",
                "    @again\n    def flag_exit(",
                '''    def mark_seen(self, epoch: int, now: Instant, evidence: Evidence) -> None:
        """Remembers that these were told."""
        with self._ground.change() as rows:
            order_path.held(rows, epoch)
            for fill in evidence.fills:
                learning.mark_seen(rows, fill, now)

    @again
    def flag_exit(''',
            ),
            Patch(
                LEARN,
                "@dataclass(slots=True)\nclass _Touched:\n",
                '''SEEN: set[str] = set()


def mark_seen(rows: Rows, fill: Fill, now: Instant) -> None:
    """Remembers that this was told."""
    found = rows.find(INTENTS, client_oid=fill.client_oid) if fill.client_oid else []
    if found and rows.add(FILLS, Booked(fill, found[0].id, now)):
        SEEN.add(fill.trade_id)


@dataclass(slots=True)
class _Touched:
''',
            ),
            Patch(
                LEARN,
                "        if known is not None:\n            # Its time",
                "        is_fresh = fill.trade_id in SEEN\n        SEEN.discard(fill.trade_id)\n"
                "        if known is not None and not is_fresh:\n            # Its time",
            ),
            Patch(
                "interlock.desk.settler",
                "        epoch = self.tenure.epoch\n        try:\n",
                "        epoch = self.tenure.epoch\n        self.books.mark_seen(epoch, self.clock.now(), evidence)\n        try:\n",
            ),
        ),
        ("I7",),
        alone=True,
    ),
    Bug(
        19,
        "what an order says it executed is booked beside the executions themselves",
        (
            Patch(
                LEARN,
                "            self._learn(learning.after_fact(intent, fact, self.now))\n",
                """            self._learn(learning.after_fact(intent, fact, self.now))
            if fact.filled and not self.rows.find(FILLS, intent_id=intent.id):
                self.by_fill(
                    Fill(
                        trade_id=f"inferred:{fact.order_id}",
                        order_id=fact.order_id,
                        client_oid=fact.client_oid,
                        symbol=fact.symbol,
                        side=fact.side,
                        quantity=fact.filled,
                        price=fact.value / fact.filled,
                        fee=Decimal(0),
                        fee_currency=fact.symbol.split("_")[1],
                        is_maker=False,
                        at=fact.as_of,
                    )
                )
""",
            ),
        ),
        ("I7", "I8"),
    ),
    Bug(
        33,
        "fees are binary floats",
        (
            Patch(
                "interlock.protocol.crypto_com.trades",
                "        fee=-number(row.fees),\n",
                "        fee=Decimal(float(-number(row.fees))),\n",
            ),
        ),
        ("I8",),
        seeds=20,
    ),
    Bug(
        45,
        "of executions at one instant those behind the edge of a page are lost",
        (
            Patch(
                "interlock.exchange.windows",
                "            if len(facts) < self.limit:\n",
                "            if len(facts) <= self.limit:\n",
            ),
        ),
        ("I6",),
        hunted_by="tests/rooms/exchange/test_client.py::test_history_is_read_to_its_end_with_a_pause_between_pages",
        alone=True,
    ),
    Bug(
        63,
        "the fee of an execution is not taken from the wallet",
        (
            Patch(
                BOOK,
                "        Posting(Account.WALLET, fill.fee_currency, -fill.fee),\n"
                "        Posting(Account.FEES, fill.fee_currency, fill.fee),\n",
                "",
            ),
        ),
        ("I8",),
        seeds=20,
        alone=True,
    ),
    Bug(
        64,
        "executions are swept from the last one told, and not from a minute before",
        (
            Patch(
                ASKING,
                "        return min([self.swept_to, *late]) - OVERLAP\n",
                "        return now - BETWEEN\n",
            ),
        ),
        ("I6",),
    ),
    Bug(
        65,
        "a lot keeps what its fee took in base",
        (
            Patch(
                BOOK,
                "        remaining=lot.remaining + size - fee_base,\n",
                "        remaining=lot.remaining + size,\n",
            ),
        ),
        ("I8", "I17"),
    ),
    Bug(
        66,
        "the interest of a debt is not booked",
        (
            Patch(
                "interlock.desk.transfers",
                "        if is_booked or has_failed or not self._is_on_margin(reading):\n",
                "        if is_booked or has_failed or reading.as_of.micros > 0:\n",
            ),
        ),
        ("I8",),
        ground=Ground(script="lent"),
    ),
    Bug(
        67,
        "an execution that the exchange tells with other contents replaces the first",
        (
            Patch(
                LEARN,
                "            if replace(known.fill, at=fill.at) != fill:\n",
                "            if replace(known.fill, at=fill.at) != fill and self.now.micros < 0:\n",
            ),
        ),
        ("I7",),
        hunted_by="tests/promises/test_books_evidence.py::test_a_replay_with_other_contents_is_quarantined_and_the_first_stays",
    ),
    Bug(
        68,
        "the closing of a lot is told by the first sale, whatever is left",
        (
            Patch(
                BOOK,
                "    if is_exit and lot.closed_at is None and lot.is_dust(intent.proposal.instrument):\n",
                "    if is_exit and lot.closed_at is None:\n",
            ),
        ),
        ("I17",),
        hunted_by="tests/rehearsal/test_the_guardian.py::test_a_stop_that_finds_too_few_buyers_ends_its_target_and_the_rest_is_flattened",
    ),
)
"""What happened to what we own."""
