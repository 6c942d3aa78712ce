"""Every answer and frame that the exchange was recorded to give is given here too, in the same shape; what differs is argued on a page."""

import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from interlock.simulator import recordings
from tests.foreign import ours, recorded
from tests.foreign.differences import differences
from tests.foreign.recorded import Bodies

PAGE: Final = Path(__file__).parents[2] / "docs" / "simulator_differences.md"
ROW: Final = re.compile(r"\| (.+?) \| (.+?) \| (.+) \|")
THEIRS: Final = recorded.answers() | recorded.frames()
PRICES: Final = frozenset({"limit_price", "avg_price", "traded_price"})
TICKS: Final = {"CRO_USD": 5, "XRP_USDT": 5, "BTC_USDT": 2}


@cache
def answered() -> Bodies:
    return ours.answers() | ours.frames()


def argued() -> list[tuple[str, str, str]]:
    """Recording, difference and reason of each row of the page."""
    rows = [ROW.fullmatch(line) for line in PAGE.read_text(encoding="utf-8").splitlines()]
    found = [(row[1], row[2], row[3]) for row in rows if row is not None]
    return found[1:]


def is_like(text: str, pattern: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) is not None


@pytest.mark.parametrize("name", THEIRS)
def test_an_answer_has_the_recorded_shape_or_the_difference_is_argued(name: str) -> None:
    found = differences(THEIRS[name], answered()[name])

    unargued = [
        each
        for each in found
        if not any(is_like(name, row[0]) and is_like(each, row[1]) for row in argued())
    ]
    assert unargued == []


def test_every_argued_difference_is_still_one() -> None:
    found = [(n, each) for n in THEIRS for each in differences(THEIRS[n], answered()[n])]

    settled = [
        row
        for row in argued()
        if not any(is_like(n, row[0]) and is_like(each, row[1]) for n, each in found)
    ]
    assert settled == []
    assert len(argued()) > 20


def test_nothing_recorded_is_left_out() -> None:
    assert sum(map(len, THEIRS.values())) == 166
    assert {path.stem for path in (recorded.HERE / "recorded").iterdir()} == {
        *recorded.RESULTS,
        "user_balance",
        "order_lifecycles",
        "balance_lag_sequence",
        "docstyle_payloads_jkorf",
        "ws_messages",
        # Those two are compared where codes and signatures are.
        "error_codes",
        "signing_vectors",
    }


def test_the_limits_that_were_recorded_are_those_that_are_served() -> None:
    served = ours.person().get("get-risk-parameters")["result"]

    assert served == recordings.risk_parameters()
    assert {"update_timestamp_ms", "base_currency_config"} <= served.keys()


def prices(value: object) -> list[tuple[str, str]]:
    """Each price of an order or a trade below here, and its instrument."""
    match value:
        case dict():
            own = [
                (value["instrument_name"], value[name])
                for name in PRICES & value.keys()
                if "instrument_name" in value and Decimal(value[name])
            ]
            return own + [price for inner in value.values() for price in prices(inner)]
        case list():
            return [price for inner in value for price in prices(inner)]
        case _:
            return []


@pytest.mark.parametrize("bodies", [THEIRS, None], ids=["theirs", "ours"])
def test_a_price_has_the_decimals_of_its_tick(bodies: Bodies | None) -> None:
    found = [price for each in (bodies or answered()).values() for price in prices(each)]

    odd = [(name, text) for name, text in found if len(text.partition(".")[2]) != TICKS[name]]
    assert len(found) > 30
    assert odd == []


def test_a_difference_of_each_kind_is_seen() -> None:
    theirs: list[Any] = [{"a": 1, "b": "x", "c": [{"d": None}], "e": {"f": 1}}, {"a": 1, "b": "y"}]
    same: list[Any] = [{"a": 2, "b": "", "c": [{"d": None}], "e": {"f": 0}}, {"a": 3, "b": "z"}]

    assert differences(theirs, same) == []
    assert differences(theirs, [{"b": 1, "a": 1, "c": [{}], "e": {"f": 1, "g": 1}}]) == [
        ": another order of fields",
        "b: number for text",
        "c: always",
        "c[].d: missing",
        "e.g: extra",
        "e: always",
    ]
