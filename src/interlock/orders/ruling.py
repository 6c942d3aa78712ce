"""A ruling is all that one transaction writes about one wish: the signal, what the throttle said, the verdict, and the intent.

It is made by a pure function of the standing, inside the transaction that locks the account, so that what is judged is what is sent.
"""

from dataclasses import dataclass

from interlock.orders.intent import Intent
from interlock.risk.verdict import Verdict
from interlock.strategy.signal import Signal
from interlock.strategy.throttle import ThrottleState


@dataclass(frozen=True, slots=True)
class Ruling:
    """What became of one wish. Every emitted signal ends in exactly one of an intent, an exit, or a block code.

    `emitted` says that the throttle let the signal through; `block` is a stored reason code; `exits` are the lots that the
    signal closes; `throttle` is the state to keep when the signal was emitted.
    """

    signal: Signal | None = None
    emitted: bool = False
    throttle: ThrottleState | None = None
    verdict: Verdict | None = None
    intent: Intent | None = None
    exits: tuple[str, ...] = ()
    block: str | None = None
    alert: str | None = None
