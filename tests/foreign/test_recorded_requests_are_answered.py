"""Every request that ccxt was once recorded to send verifies here, and is answered as the exchange would answer it now."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from interlock.simulator.config import ApiKey, Config
from interlock.simulator.engine import Engine
from interlock.simulator.recordings import Series
from interlock.values import Instant, Secret

HERE: Final = Path(__file__).parent / "exchange"
FILE: Final = json.loads((HERE / "ccxt_recorded_requests.json").read_bytes())
KEY: Final = ApiKey(FILE["api_key"], Secret(FILE["secret"]))
HOUR_MS: Final = 3_600_000
REST: Final[list[dict[str, Any]]] = [r for r in FILE["records"] if r["transport"] == "REST"]
# What names an order or a position that is not there, or orders what is no longer taken, is refused by name.
REFUSED: Final = {
    "private/get-order-detail": {40401},
    "private/cancel-order": {212},
    "private/amend-order": {212},
    "private/close-position": {201},
    # One asks from years ago until now: more than seven days.
    "private/get-trades": {0, 40004},
    "private/create-order": {0, 140001, 208, 416, 43003, 43004},
}


def engine(record: dict[str, Any]) -> Engine:
    """An exchange that stands at the time of the request."""
    sent = json.loads(record["raw_body"]) if record["raw_body"] else {}
    start = Instant.of_ms(int(sent.get("nonce", 1_795_336_205_000)))
    opens = start.ms // HOUR_MS * HOUR_MS - 24 * HOUR_MS + HOUR_MS * np.arange(48, dtype=np.int64)
    column = np.full(48, 50000.0)
    series = Series("BTC_USDT", HOUR_MS, opens, column, column, column, column, column)
    held = {"USDT": Decimal(1_000_000), "BTC": Decimal(100)}
    return Engine(Config(start=start, replay={"BTC_USDT": series}, keys=(KEY,), balances=held))


@pytest.mark.parametrize("record", REST, ids=[f"{r['variant']}-{r['case']}"[:80] for r in REST])
def test_a_recorded_request_verifies_and_is_answered(record: dict[str, Any]) -> None:
    body = (record["raw_body"] or "").encode()

    answer = engine(record).handle(record["http_method"], record["path"], body)

    assert answer is not None
    read = json.loads(answer.body)
    method = record["path"].partition("?")[0].removeprefix("/exchange/v1/")
    assert int(read["code"]) in REFUSED.get(method, {0}), read
