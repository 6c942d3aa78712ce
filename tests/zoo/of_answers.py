"""Bugs of answers: what was heard is taken for more than it proves, or what was not heard for anything at all."""

from typing import Final

from interlock.rehearsal.schedule import Act
from tests.zoo.bug import Bug, Ground, Patch

TRADER: Final = "interlock.desk.trader"
LEARNING: Final = "interlock.orders.learning"
OUTCOME: Final = "interlock.protocol.crypto_com.outcome"
EVIDENCE: Final = "interlock.orders.evidence"
ASKING: Final = "interlock.desk.asking"
LIFE: Final = "interlock.orders.life"

CREATE: Final = "private/create-order"
PAIR: Final = "private/advanced/create-oco"

ANSWERS: Final = (
    Bug(
        6,
        "the horizon of an absence counts from the signal, not from the last sending",
        (
            Patch(
                LEARNING,
                "    if is_open and nonces and proven_absent(tuple(looks), max(nonces)):\n",
                "    if is_open and nonces and proven_absent(tuple(looks), intent.created_at.ms):\n",
            ),
        ),
        ("I5",),
        ground=Ground(
            script="bought",
            steps=(
                {"arm": {"fault": "lose_request", "method": PAIR, "count": 1}},
                *(
                    {
                        "on": CREATE,
                        "arm": {"fault": "http_502_before", "method": look, "seconds": 100},
                    }
                    for look in (
                        "private/advanced/get-open-orders",
                        "private/advanced/get-order-detail",
                    )
                ),
                {
                    "on": CREATE,
                    "after": "20s",
                    "arm": {"fault": "accept_late", "method": PAIR, "count": 3, "by_seconds": 55},
                },
            ),
            swarm=False,
        ),
    ),
    Bug(
        12,
        "an order older than five minutes that the exchange never named has failed",
        (
            Patch(
                LEARNING,
                "    unanswered = any(attempt.outcome is None for attempt in attempts)\n",
                """    unanswered = any(attempt.outcome is None for attempt in attempts)
    is_old = (now - intent.created_at).total_seconds() > 300
    if intent.state is State.UNKNOWN and intent.order_id is None and is_old:
        return replace(intent, state=State.NOT_PLACED, updated_at=now)
""",
            ),
        ),
        ("I5",),
        ground=Ground(
            script="bought",
            steps=(
                {"arm": {"fault": "lose_answer", "method": CREATE, "count": 1}},
                {"on": "accept", "key": {"revoked": True}},
            ),
            acts=(Act(335.0, "rival"),),
            swarm=False,
        ),
    ),
    Bug(
        16,
        "whatever goes wrong while placing means that the order failed",
        (
            Patch(
                LEARNING,
                "            return _moved_if_waiting(intent, State.UNKNOWN, now)\n",
                "            return _moved_if_waiting(intent, State.NOT_PLACED, now)\n",
            ),
        ),
        ("I5",),
    ),
    Bug(
        17,
        "an order that was not found four times is lost",
        (
            Patch(
                LEARNING,
                "    if is_open and nonces and proven_absent(tuple(looks), max(nonces)):\n",
                "    if is_open and nonces and len(looks) >= 4:\n",
            ),
        ),
        ("I5",),
    ),
    Bug(
        20,
        "what is missing from the list of open orders is cancelled",
        (
            Patch(
                ASKING,
                "        looks = [listed.get(i.client_oid) or await self.exchange.order(i) for i in intents]\n",
                """        looks = [
            listed.get(i.client_oid) or _gone(i, now) or await self.exchange.order(i) for i in intents
        ]
""",
            ),
            Patch(
                ASKING,
                "@dataclass(frozen=True, slots=True)\nclass Scope:\n",
                '''def _gone(intent: Intent, now: Instant) -> OrderFact | None:
    """The word that nobody said."""
    wish = intent.proposal
    if intent.order_id is None or not intent.is_advanced:
        return None
    return OrderFact(
        client_oid=intent.client_oid,
        order_id=intent.order_id,
        symbol=wish.symbol,
        side=wish.side,
        type=wish.type,
        state=State.CANCELLED,
        quantity=wish.quantity.size,
        filled=intent.filled,
        value=intent.value,
        trigger=None,
        source=Source.ADVANCED_OPEN_ORDERS,
        as_of=now,
    )


@dataclass(frozen=True, slots=True)
class Scope:
''',
            ),
        ),
        ("I10",),
        ground=Ground(
            steps=(
                {
                    "arm": {
                        "fault": "lag",
                        "method": "private/advanced/get-open-orders",
                        "count": 2,
                        "by_seconds": 8,
                    }
                },
            )
        ),
    ),
    Bug(
        24,
        "every HTTP 500 and above is a definite refusal",
        (
            Patch(
                OUTCOME,
                "    found, words = _judge(heard, asked)\n    if words is None:\n",
                """    found, words = _judge(heard, asked)
    if heard.status >= 500:
        return refusal(heard.status, "it failed")
    if words is None:
""",
            ),
        ),
        ("I5",),
    ),
    Bug(
        25,
        "every HTTP 400 is a definite refusal, 50001 among them",
        (
            Patch(
                OUTCOME,
                "    if definite:\n",
                "    if definite or status == 400:\n",
            ),
        ),
        ("I5",),
        ground=Ground(
            steps=({"arm": {"fault": "refuse_after", "method": CREATE, "code": 50001, "count": 1}},)
        ),
    ),
    Bug(
        26,
        "204, an id that was seen before, is a refusal",
        (
            Patch(
                OUTCOME,
                "    if words.code in SEEN_BEFORE:\n        return Class.SEEN_BEFORE\n",
                "    if words.code in SEEN_BEFORE:\n        return Class.DEFINITE_REJECT\n",
            ),
            Patch(
                "interlock.store.order_path",
                "        case Refused(code=code) if code in codes.SEEN_BEFORE:\n",
                "        case Refused(code=code) if code in codes.SEEN_BEFORE and False:\n",
            ),
        ),
        ("I5",),
        ground=Ground(
            steps=({"arm": {"fault": "refuse_after", "method": CREATE, "code": 204, "count": 1}},)
        ),
    ),
    Bug(
        27,
        "acknowledged is working, and a rejection that comes later is not heard",
        (
            Patch(
                LEARNING,
                "    state = fact.state\n    if is_child",
                "    state = State.WORKING if fact.state is State.REJECTED else fact.state\n    if is_child",
            ),
        ),
        ("I10",),
        hunted_by="tests/rooms/orders/test_learning.py::test_of_an_order_that_was_heard_to_be_refused_the_answer_tells_why",
    ),
    Bug(
        28,
        "the HTTP status is compared with the list of body codes",
        (
            Patch(
                OUTCOME,
                "    if words.code in GATEWAY_REJECT:\n",
                "    if words.code in GATEWAY_REJECT or status in DEFINITE_REJECT:\n",
            ),
        ),
        ("I5",),
        hunted_by="tests/rooms/protocol/test_outcome.py::test_the_whole_table_of_codes_statuses_and_shapes",
    ),
    Bug(
        29,
        "an answer that echoes another request is taken for ours",
        (
            Patch(
                OUTCOME,
                "    if False in {*echoes, oid}:\n        return None\n",
                "",
            ),
        ),
        ("I5",),
        hunted_by="tests/rooms/protocol/test_outcome.py::test_the_whole_table_of_codes_statuses_and_shapes",
    ),
    Bug(
        44,
        "an older word that comes late overwrites what is known",
        (
            Patch(
                LIFE,
                "    if _is_older_word(now, to):\n        return now\n",
                "    if _is_older_word(now, to):\n        return to\n",
            ),
            Patch(
                LEARNING,
                "    return replace(intent, filled=max(intent.filled, filled), value=max(intent.value, value))\n",
                "    return replace(intent, filled=filled, value=value)\n",
            ),
        ),
        ("I10",),
    ),
    Bug(
        57,
        "an absence proves something after thirty seconds",
        (
            Patch(
                EVIDENCE,
                "HORIZON: Final = timedelta(seconds=60 + 5 + 60)\n",
                "HORIZON: Final = timedelta(seconds=30)\n",
            ),
        ),
        ("I5",),
        alone=True,
    ),
    Bug(
        58,
        "one endpoint that does not know an order proves that it is absent",
        (
            Patch(
                EVIDENCE,
                "    return len({look.source for look in looks if look.asked_at > after}) >= LOOKS_MIN\n",
                "    return any(look.asked_at > after for look in looks)\n",
            ),
        ),
        ("I5",),
        hunted_by="tests/promises/test_books_evidence.py::test_silence_proves_absence_by_coverage_alone",
    ),
    Bug(
        59,
        "a cancel that was answered with yes is done",
        (
            Patch(
                LEARNING,
                "    if attempt.request is Request.CANCEL:\n        return Learnt(intent)\n",
                """    if attempt.request is Request.CANCEL:
        if isinstance(answer, Accepted) and intent.state is State.CANCELLING:
            return Learnt(replace(intent, state=State.CANCELLED, updated_at=now))
        return Learnt(intent)
""",
            ),
        ),
        ("I5",),
        hunted_by="tests/rooms/orders/test_learning.py::test_the_answer_to_a_cancel_says_nothing_of_the_order",
    ),
    Bug(
        61,
        "an end that hears another end moves there",
        (
            Patch(
                LIFE,
                '        raise BrokenInvariant(f"An order proven absent was seen as {to}.")\n    return now\n',
                '        raise BrokenInvariant(f"An order proven absent was seen as {to}.")\n    return to\n',
            ),
        ),
        ("I10",),
        hunted_by="tests/rooms/orders/test_learning.py::test_whatever_is_said_figures_rise_and_ends_stay",
        alone=True,
    ),
    Bug(
        62,
        "a word about another order that bears our id is taken for ours",
        (
            Patch(
                LEARNING,
                "    if not is_child and intent.order_id not in (None, fact.order_id):\n",
                "    if not is_child and intent.order_id is not None and now.micros < 0:\n",
            ),
        ),
        ("I10",),
        hunted_by="tests/promises/test_books_evidence.py::test_a_second_order_under_one_id_is_an_incident_and_freezes_its_symbol",
    ),
)
"""What an answer, a look and a silence are worth."""
