"""Mutants that no test can kill, because they change nothing that anybody could see; each with its argument."""

from collections.abc import Mapping
from typing import Final

_CACHE: Final = "How many texts of limits are remembered changes how often they are made, and not what they say."
_DIGITS: Final = "No figure of an order has two hundred digits: with one more every product and quotient is the same."
_RANK: Final = "Ranks are only compared: LIVE stays the highest."
_BOUND: Final = (
    "How many words of strangers are kept bounds the memory: one more is as good a bound."
)
_MINUTE: Final = "The least of a minute and of so many seconds: from the sixth failure on it is the minute either way."
_SAME: Final = "The same state again was answered before this is asked."
_BIRTH: Final = "An order of which no birth is told sorts before every other either way."
_QUOTED: Final = "How much of a nonsense is quoted in its error decides nothing."
_UNLISTED: Final = "A code of that many digits stands in no class, and proves nothing either way."
_TOLD: Final = "A person widens the first stage, and no count does: of how many orders it is to be is told, and decides nothing."
EQUIVALENT: Final[Mapping[str, str]] = {
    "risk.finding.module: 256 -> 257": _CACHE,
    "risk.finding.module: 256 -> 257 (2)": _CACHE,
    "risk.permission_rules.table: 2 -> 3": _RANK,
    "orders.evidence.table: 500 -> 501": _BOUND,
    "protection.plan._pause: 6 -> 7": _MINUTE,
    "orders.life._is_older_word: order.index(to) < order.index(now) -> order.index(to) <= order.index(now)": _SAME,
    "protocol.crypto_com.orders._Order: 0 -> 1": _BIRTH,
    "protocol.crypto_com.orders._side: 20 -> 21": _QUOTED,
    "protocol.crypto_com.outcome._code: abs(value) < 10 ** DIGITS_MAX -> abs(value) <= 10 ** DIGITS_MAX": _UNLISTED,
    "protocol.crypto_com.outcome._code: len(text) <= DIGITS_MAX -> len(text) < DIGITS_MAX": _UNLISTED,
    "protocol.crypto_com.outcome._code: 10 -> 11": _UNLISTED,
    "risk.finding.table: 200 -> 201": _DIGITS,
    "risk.finding.table: 200 -> 201 (2)": _DIGITS,
    "risk.finding.table: 200 -> 201 (3)": _DIGITS,
    "risk.flow_rules.table: 20 -> 21": _TOLD,
}
