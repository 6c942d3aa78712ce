"""An engine behind the Transport seam, answering at once, whose journal tells of transfers even when the engine's own does not."""

import json
from dataclasses import dataclass, field
from decimal import Decimal

from interlock.errors import Unreachable
from interlock.ports import Gate, Reply, open_gate
from interlock.simulator.engine import Engine
from interlock.values import Instant, number_text

TRANSACTIONS = "private/get-transactions"
OWNERS = ("ONCHAIN_DEPOSIT", "ONCHAIN_WITHDRAWAL", "SUBACCOUNT_TX")


@dataclass(slots=True)
class Journalled:
    """`lost` counts how many further answers are lost after the engine did what it was asked, `swallowed` how many requests before."""

    engine: Engine
    told: list[tuple[Instant, str, Decimal]] = field(default_factory=list)
    lost: int = 0
    swallowed: int = 0
    heard: list[str] = field(default_factory=list)

    def transfer(self, currency: str, amount: Decimal, *, is_told: bool = True) -> None:
        """Moves money past every client; the journal knows of it, unless it is a theft."""
        self.engine.transfer(currency, amount)
        if is_told:
            self.told.append((self.engine.now, currency, amount))

    async def request(self, verb: str, path: str, body: bytes, gate: Gate = open_gate) -> Reply:
        gate()
        self.heard.append(path.partition("?")[0])
        if "create-order" in path and self.swallowed:
            self.swallowed -= 1
            raise Unreachable("the request was lost")
        answer = self.engine.handle(verb, f"/exchange/v1/{path.lstrip('/')}", body)
        if "create-order" in path and self.lost:
            self.lost -= 1
            raise Unreachable("the answer was lost")
        if answer is None:
            raise Unreachable("no answer")
        said = self._with_transfers(answer.body) if path == TRANSACTIONS else answer.body
        return Reply(answer.status, said, self.engine.now)

    def _with_transfers(self, body: bytes) -> bytes:
        said = json.loads(body)
        rows = [r for r in said["result"]["data"] if r["journal_type"] not in OWNERS]
        rows += [_row(n, *each) for n, each in enumerate(self.told)]
        said["result"]["data"] = rows
        return json.dumps(said).encode()


def _row(n: int, at: Instant, currency: str, amount: Decimal) -> dict[str, object]:
    return {
        "journal_type": "ONCHAIN_DEPOSIT" if amount > 0 else "ONCHAIN_WITHDRAWAL",
        "journal_id": f"9000{n}",
        "transaction_qty": number_text(amount),
        "event_timestamp_ms": at.ms,
        "event_timestamp_ns": str(at.micros * 1000),
        "instrument_name": currency,
    }
