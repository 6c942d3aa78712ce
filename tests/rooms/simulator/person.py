"""Someone with a key at the simulated exchange, and markets made by hand: what the tests of this room share."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np

from interlock.protocol.crypto_com.signing import signature
from interlock.simulator.config import ApiKey, Config, demo_key
from interlock.simulator.engine import Engine
from interlock.simulator.recordings import Series
from interlock.simulator.switches import AS_SEEN, Switches
from interlock.values import Instant

START = Instant.of_iso("2024-03-01T00:00:00+00:00")
HOUR_MS = 3_600_000
BTC, COIN = "BTC_USDT", "BTC"


def bars(*rows: tuple[float, float, float, float], volume: float = 1000.0) -> Series:
    """Hourly bars of BTC_USDT from two hours before START on: open, high, low, close."""
    table = np.array(rows, dtype=np.float64)
    opens = START.ms - 2 * HOUR_MS + HOUR_MS * np.arange(len(rows), dtype=np.int64)
    columns = [*(np.ascontiguousarray(table[:, n]) for n in range(4)), np.full(len(rows), volume)]
    return Series(BTC, HOUR_MS, opens, *columns)


FLAT = (50000.0, 50000.0, 50000.0, 50000.0)
QUIET = bars(*[FLAT] * 48)
# Two quiet hours, then up, then a fall through 49,000 in the third third of the second hour.
FALLING = bars(
    FLAT,
    FLAT,
    (50000.0, 51000.0, 49900.0, 50500.0),
    (50500.0, 50600.0, 48000.0, 48500.0),
    (48500.0, 52000.0, 48000.0, 51000.0),
    *[(51000.0, 51000.0, 51000.0, 51000.0)] * 20,
)


def exchange(  # noqa: PLR0913 - each says what one test is about
    series: Series = QUIET,
    *,
    balances: Mapping[str, str] | None = None,
    depth: str | None = None,
    keys: tuple[ApiKey, ...] = (demo_key(0),),
    seed: int = 0,
    ladder: tuple[tuple[int, str], ...] = (),
    switches: Switches = AS_SEEN,
    rate_limits: bool = False,
    margin: bool = False,
) -> Engine:
    """An engine at START with 10,000 USDT, unless said otherwise; `depth` is what the best level of BTC_USDT holds.

    `ladder` gives it more levels: ticks away from the best, and base there.
    """
    held = {currency: Decimal(text) for currency, text in (balances or {"USDT": "10000"}).items()}
    thin = {BTC: Decimal(depth)} if depth is not None else {}
    return Engine(
        Config(
            start=START,
            replay={series.symbol: series},
            keys=keys,
            balances=held,
            depth=thin,
            switches=switches,
            rate_limits=rate_limits,
            ladders={BTC: tuple((n, Decimal(text)) for n, text in ladder)} if ladder else {},
            seed=seed,
            margin=margin,
        )
    )


class Person:
    """Signs and asks. `last` is the status of the last answer, None when none came."""

    def __init__(self, engine: Engine, key: ApiKey | None = None) -> None:
        self.engine = engine
        self.key = key or demo_key(0)
        self.count = 0
        self.last: int | None = None

    def signed(
        self,
        method: str,
        params: Mapping[str, object],
        /,
        at_ms: object = None,
        **changes: object,
    ) -> bytes:
        """The body of a request, signed as sent: now, or at another time."""
        self.count += 1
        nonce = self.engine.now.ms if at_ms is None else at_ms
        sig = signature(self.key.secret, method, str(self.count), self.key.key, params, str(nonce))
        body = {
            "id": self.count,
            "method": method,
            "params": dict(params),
            "api_key": self.key.key,
            "sig": sig,
            "nonce": nonce,
        }
        return json.dumps(body | changes).encode()

    def ask(self, method: str, /, **params: object) -> dict[str, Any]:
        """The whole answer to a private request; empty when none came."""
        return self.send(
            "POST", f"/exchange/v1/private/{method}", self.signed(f"private/{method}", params)
        )

    def get(self, path: str) -> dict[str, Any]:
        """The whole answer to a public request."""
        return self.send("GET", f"/exchange/v1/public/{path}", b"")

    def send(self, verb: str, path: str, body: bytes) -> dict[str, Any]:
        answer = self.engine.handle(verb, path, body)
        self.last = answer.status if answer is not None else None
        parsed: dict[str, Any] = json.loads(answer.body) if answer is not None else {}
        return parsed

    def buy(self, quantity: str = "0.001", **params: object) -> dict[str, Any]:
        """A limit buy at 50,100, good till cancelled, unless said otherwise."""
        return self.order("BUY", quantity, **({"price": "50100"} | params))

    def sell(self, quantity: str = "0.001", **params: object) -> dict[str, Any]:
        """A limit sale at 49,900, good till cancelled, unless said otherwise."""
        return self.order("SELL", quantity, **({"price": "49900"} | params))

    def order(self, side: str, quantity: str, **params: object) -> dict[str, Any]:
        asked = {
            "instrument_name": BTC,
            "side": side,
            "type": "LIMIT",
            "quantity": quantity,
            "client_oid": f"oid-{self.count}",
        }
        return self.ask("create-order", **(asked | params))

    def stop(self, ref_price: str, quantity: str = "0.001", **params: object) -> dict[str, Any]:
        """A stop-loss that sells."""
        asked = {
            "instrument_name": BTC,
            "side": "SELL",
            "type": "STOP_LOSS",
            "quantity": quantity,
            "ref_price": ref_price,
            "client_oid": f"oid-{self.count}",
        }
        return self.ask("advanced/create-order", **(asked | params))

    def detail(self, created: Mapping[str, Any], *, advanced: bool = False) -> dict[str, Any]:
        """The order that a create answered with."""
        method = "advanced/get-order-detail" if advanced else "get-order-detail"
        row: dict[str, Any] = self.ask(method, order_id=created["result"]["order_id"])["result"]
        return row

    def held(self, currency: str) -> Decimal:
        """What the books hold of a currency."""
        return self._amount("balances", currency)

    def reserved(self, currency: str) -> Decimal:
        """What the books reserve of a currency."""
        return self._amount("reserved", currency)

    def pledged(self, currency: str) -> Decimal:
        """What the books promise to margin orders of a currency."""
        return self._amount("pledged", currency)

    def on_margin(
        self, side: str, quantity: str, leverage: str, **params: object
    ) -> dict[str, Any]:
        """A margin order at market, unless said otherwise."""
        asked = {"type": "MARKET", "spot_margin": "MARGIN", "leverage": leverage}
        return self.order(side, quantity, **(asked | params))

    def wealth(self) -> dict[str, Any]:
        """The one row of user-balance."""
        row: dict[str, Any] = self.ask("user-balance")["result"]["data"][0]
        return row

    def _amount(self, which: str, currency: str) -> Decimal:
        return Decimal(self.engine.books()[which].get(currency, "0"))
