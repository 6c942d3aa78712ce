"""Fault coverage: a counter for each id of the catalogue that a rehearsal can produce, moved where the fault really takes effect.

What was only armed, drawn or asked for counts nothing. `RULES` says what each counter counts; a long run in which one of them stayed
below its floor has proven less than it says.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from interlock.rehearsal.catalogue import CATALOGUE

FLOOR: Final = 50
SEEDS_MIN: Final = 10_000

RULES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "A1": "the process died right before the one transaction of an order",
        "A2": "it died within it, everything written and nothing committed",
        "A3": "it was down when a bar closed, and the late entry was blocked as stale",
        "A4": "it died after the commit, before the request reached the exchange",
        "A6": "it died after the exchange took the request, before the answer was read",
        "A7": "it died with the answer read and not committed",
        "A8": "it died after the answer was committed, or with a message said and not noted",
        "A9": "it died with executions told and not booked",
        "A10": "it died within the transaction that books them",
        "A11": "a cancel was done, or lost, and its answer never came",
        "A12": "it died before its first settling pass had ended",
        "A14": "the kill switch was thrown and the process died in the same moment",
        "A16": "it died in its recovery twice or more in a row",
        "A18": "the process stood still for five minutes",
        "A21": "a pass raised, and went on",
        "B1": "no way led out of the host when a request was to leave",
        "B3": "a request to create never arrived, and nobody said so",
        "B4": "an order was accepted and its answer lost",
        "B5": "an order was accepted later, after its sender had given up",
        "B7": "the answer to a request that acts ended in its middle",
        "B8": "the answer to a request that acts was, or was called, a page",
        "B9": "a create was refused with 306 under HTTP 500",
        "B10": "a gateway answered a request that acts with 502",
        "B11": "a request that acts was answered with 50001",
        "B12": "a request that acts was answered with 40801",
        "B13": "a request was answered with 42901",
        "B14": "a first create was answered with 204",
        "B15": "a further create was answered with 204",
        "B17": "an answer was typed otherwise",
        "B18": "a create was refused, and the refusal carried an order_id",
        "B19": "an order was acknowledged and rejected afterwards",
        "B25": "a cancel was accepted and its order filled all the same",
        "B26": "a cancel was answered with 212 or 316",
        "B27": "it died while a stop was being replaced or taken away for a sale",
        "C1": "a detail was answered with 40401 though the order existed",
        "C2": "orders or executions were shown as they had stood before",
        "C3": "a list left out an order that was open",
        "C5": "the process was away for more than the seven days of a window",
        "C6": "a recovery asked an endpoint of one question a second more than once",
        "C7": "an execution came by REST before what was heard of it was booked",
        "C10": "an order of ours was executed in part, and its rest ended",
        "C12": "a person traded by hand, and it is booked as foreign",
        "C13": "the owner moved money, and it is booked",
        "C14": "the margin was called, or an order refused for it",
        "D1": "news came after later ones",
        "D2": "news came twice",
        "D3": "a line stood and said nothing for a minute or longer",
        "D4": "the exchange closed a line whose heartbeat was not answered in time",
        "D7": "a line was closed with 1013, or nobody answered a call of the socket",
        "D8": "an answer on the socket did not come",
        "D9": "the socket refused us at its door",
        "D11": "a frame could not be read",
        "D12": "an order was executed while no line stood",
        "E1": "a private request was answered with 40101",
        "E2": "a request was refused for its address, with 40101 or 40103",
        "E3": "a request was refused for a revoked key",
        "E4": "a request that acts was refused for a key that may only look",
        "E5": "a request was answered with 40102",
        "E6": "our clock went back while a life went on",
        "E7": "our clock went an hour ahead, or more",
        "E9": "an order was executed within two minutes of the end of the day",
        "E10": "two requests that act bore nonces of one millisecond, each its own",
        "E11": "the key was replaced while an order was open",
        "E12": "our clock stood still",
        "F1": "an entry was blocked for data that were too old",
        "F4": "the price jumped by half or more",
        "F6": "a life read prices of the future: our clock was behind",
        "F7": "a market was delisted or halted under a platform that watches it",
        "F8": "a create was refused with 308 or 213",
        "F9": "an entry was blocked for its size, or its grid, after the lot had changed",
        "F13": "a request met maintenance",
        "F14": "one market of several stood still",
        "G1": "an entry was blocked for unknown equity",
        "G5": "one of several entries was blocked for room that another had taken",
        "G6": "the owner lowered what may be bought while a request was on its way",
        "G7": "the kill switch was thrown while a request was on its way",
        "G8": "two orders or more were unknown at once",
        "G11": "a lot was bare when the process went down, or for longer than the deadline",
        "H1": "the store refused a transaction",
        "N2": "a process found that another had taken the lease",
        "N5": "another writer used our key",
        "N12": "a life began while the clocks disagreed",
        "J1": "the messenger did not answer",
        "J2": "the messenger asked to wait",
        "J5": "the messenger's answer was lost",
    }
)
"""What is counted, by id."""


def below_floor(marks: Mapping[str, int], floor: int = FLOOR) -> dict[str, int]:
    """The ids whose fault took effect less often than that, and how often it did."""
    return {name: marks.get(name, 0) for name in RULES if marks.get(name, 0) < floor}


def must_be_covered(seeds: int, marks: Mapping[str, int], floor: int = FLOOR) -> list[str]:
    """What a run proves less than it says; nothing is demanded of a short one."""
    if seeds < SEEDS_MIN:
        return []
    missing = below_floor(marks, floor).items()
    return [f"BAR-3: fault {name} took effect {n} times, not {floor}" for name, n in missing]


def shown(marks: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """Every fault that is marked, with what it is and how often it struck."""
    return [(name, CATALOGUE[name], marks.get(name, 0)) for name in RULES]
