"""What the simulated exchange bears: orders a second in process, signed requests a second over HTTP, memory with everything listed.

Each figure is taken in a fresh process, and a rate is the best of several runs: others on the machine only make it slower. What runs in
process is counted by the processor's time, what goes over HTTP by the wall's.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.figure import Figure
from interlock.protocol.crypto_com.signing import signature
from interlock.simulator.config import ApiKey, Config, demo_key
from interlock.simulator.engine import Engine
from interlock.simulator.front.serve import collect_seldom
from interlock.simulator.market.listing import Listed, listing
from interlock.simulator.recordings import Series, between, load
from interlock.simulator.rest.requests import Call
from interlock.values import Instant, Secret

START: Final = Instant.of_iso("2024-03-01T00:00:00+00:00")
BTC: Final = "BTC_USDT"
KEY: Final = demo_key(0)
RUNS: Final = 5
ORDERS: Final = 20_000
MANY: Final = 100_000
OPEN: Final = 100
SIGNED: Final = 4_000
CLIENTS: Final = 8
DEAR: Final = Decimal(100_000)
PLENTY: Final = Decimal(10) ** 12


def exchange() -> list[Figure]:
    """Every figure of the exchange."""
    found = {name: _best(name) for name in ("resting", "taking", "signed", "http")}
    found |= {name: _apart(name) for name in ("listed", "full")}
    notes = {
        "resting": (
            "orders in process",
            "1/s",
            f"limits, {OPEN} open, one cancelled for each placed; aim: 20,000",
        ),
        "taking": ("orders executed in process", "1/s", "at market, one execution each"),
        "signed": ("signed orders in process", "1/s", "bytes in, bytes out, signature proven"),
        "http": (
            "signed requests over HTTP",
            "1/s",
            f"{CLIENTS} connections, one core; aim: 1,500",
        ),
        "listed": ("memory, all listed", "MB", "930 instruments, 577 of them with a month of bars"),
        "full": ("memory, 100,000 orders", "MB", "the same, with 50,000 executions"),
    }
    return [Figure(name, found[key], unit, note) for key, (name, unit, note) in notes.items()]


def _best(name: str) -> float:
    return max(_apart(name) for _ in range(RUNS))


def _apart(name: str) -> float:
    """What is measured in a process of its own."""
    words = [sys.executable, __file__, name]
    return float(subprocess.run(words, capture_output=True, check=True).stdout)


# ---------------------------------------------------------------- in process


def engine(*symbols: str) -> Engine:
    """An exchange at START with plenty of everything; every symbol walks the bars of bitcoin."""
    collect_seldom()
    month = between(
        load("binance_BTC-USDT_1h"), START.ms - 48 * 3_600_000, START.ms + 30 * 86_400_000
    )
    instruments = listing().instruments
    coins = {name for s in symbols for name in (instruments[s].base, instruments[s].quote)}
    return Engine(
        Config(
            start=START,
            replay={symbol: _as(month, symbol) for symbol in symbols},
            keys=(KEY,),
            balances=dict.fromkeys(sorted(coins), PLENTY),
            depth=dict.fromkeys(symbols, PLENTY),
        )
    )


def _as(series: Series, symbol: str) -> Series:
    return replace(series, symbol=symbol)


def _limit(n: int) -> dict[str, object]:
    price = str(40_000 + n % 1000)
    order: dict[str, object] = {
        "instrument_name": BTC,
        "side": "BUY",
        "type": "LIMIT",
        "quantity": "0.01",
    }
    return order | {"price": price, "client_oid": f"bench-{n}"}


def _market(n: int, symbol: str = BTC) -> dict[str, object]:
    side = "BUY" if n % 2 == 0 else "SELL"
    order: dict[str, object] = {
        "instrument_name": symbol,
        "side": side,
        "type": "MARKET",
        "quantity": "1",
    }
    return order | {"client_oid": f"bench-{n}"}


def _called(place: Engine, name: str, params: dict[str, object]) -> object:
    return place.command(Call(f"private/{name}", params, START.ms, KEY), "127.0.0.1")


def resting_rate() -> float:
    """Limits placed a second while so many are open; the oldest is cancelled for each new one, which counts as part of it."""
    place = engine(BTC)
    for n in range(OPEN):
        _called(place, "create-order", _limit(n))
    began = time.process_time()
    for n in range(OPEN, OPEN + ORDERS):
        _called(place, "create-order", _limit(n))
        _called(place, "cancel-order", {"client_oid": f"bench-{n - OPEN}"})
    return ORDERS / (time.process_time() - began)


def taking_rate() -> float:
    """Market orders executed a second."""
    place = engine(BTC)
    began = time.process_time()
    for n in range(ORDERS):
        _called(place, "create-order", _market(n))
    return ORDERS / (time.process_time() - began)


def signed_rate() -> float:
    """Signed market orders, answered in bytes."""
    place = engine(BTC)
    asked = [_signed("private/create-order", _market(n), START.ms, KEY) for n in range(ORDERS)]
    began = time.process_time()
    for path, body in asked:
        place.handle("POST", path, body)
    return ORDERS / (time.process_time() - began)


def _signed(method: str, params: dict[str, object], nonce: int, key: ApiKey) -> tuple[str, bytes]:
    sig = signature(key.secret, method, "1", key.key, params, str(nonce))
    envelope = {"id": 1, "method": method, "params": params}
    envelope |= {"api_key": key.key, "sig": sig, "nonce": nonce}
    return f"/exchange/v1/{method}", msgspec.json.encode(envelope)


# ---------------------------------------------------------------- memory


def bare_memory() -> float:
    """Everything listed, every spot pair with a replay."""
    place = engine(*_pairs())
    place.tell("public/get-tickers", {})
    return _resident_mb()


def full_memory() -> float:
    """The same after so many orders all over the pairs: half of them executed, half of them rested and withdrawn."""
    pairs, instruments = _pairs(), listing().instruments
    place = engine(*pairs)
    place.tell("public/get-tickers", {})
    whole = [symbol for symbol in pairs if _admits_one(instruments[symbol])]
    for n in range(MANY // 2):
        _called(place, "create-order", _market(n, whole[n // 2 % len(whole)]))
        _called(place, "create-order", _limit(MANY + n))
        _called(place, "cancel-order", {"client_oid": f"bench-{MANY + n}"})
    if place.counts() != {"orders": MANY, "fills": MANY // 2}:
        raise SystemExit(f"Not so many orders: {place.counts()}.")
    return _resident_mb()


def _admits_one(listed: Listed) -> bool:
    """Whether one of it, at the price of bitcoin, is an order."""
    return listed.lot <= 1 and (listed.value_max is None or listed.value_max > DEAR)


def _pairs() -> list[str]:
    return sorted(name for name, each in listing().instruments.items() if each.tradable)


def _resident_mb() -> float:
    """What this process holds in memory now."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


# ---------------------------------------------------------------- over HTTP


def http_rate() -> float:
    """Signed requests answered a second by `interlock simulate`, one process on one core: orders, details, balances in turn."""
    program = [str(Path(sys.executable).with_name("interlock")), "simulate"]
    with subprocess.Popen(program, stdout=subprocess.PIPE) as place:
        try:
            line = place.stdout.readline() if place.stdout else b""
            return asyncio.run(_asked(msgspec.json.decode(line, type=dict[str, str])))
        finally:
            place.terminate()


async def _asked(at: dict[str, str]) -> float:
    """Several connections, each asking again as soon as it was answered."""
    host, _, port = at["rest"].removeprefix("http://").partition("/")[0].partition(":")
    key = ApiKey(at["api_key"], Secret(at["api_secret"]))
    asked = iter([_frame(host, *_turn(n, key)) for n in range(SIGNED)])
    began = time.perf_counter()
    done = await asyncio.gather(*(_ask(host, int(port), asked) for _ in range(CLIENTS)))
    return sum(done) / (time.perf_counter() - began)


def _turn(n: int, key: ApiKey) -> tuple[str, bytes]:
    """The n-th request: an order that rests, its detail, its cancel, the balance."""
    nonce, own = time.time_ns() // 1_000_000, {"client_oid": f"bench-{n // 4}"}
    limit: dict[str, object] = _limit(0) | own | {"quantity": "0.0001"}
    turns: tuple[tuple[str, dict[str, object]], ...] = (
        ("create-order", limit),
        ("get-order-detail", dict(own)),
        ("cancel-order", dict(own)),
        ("user-balance", {}),
    )
    name, params = turns[n % 4]
    return _signed(f"private/{name}", params, nonce, key)


def _frame(host: str, path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def _ask(host: str, port: int, asked: Iterator[bytes]) -> int:
    reads, writes = await asyncio.open_connection(host, port)
    answered = 0
    for frame in asked:
        writes.write(frame)
        head = await reads.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reads.readexactly(length)
        answered += b"200 OK" in head
    writes.close()
    return answered


MEASURES: Final = {
    "resting": resting_rate,
    "taking": taking_rate,
    "signed": signed_rate,
    "http": http_rate,
    "listed": bare_memory,
    "full": full_memory,
}


def main() -> int:
    """Measures one thing, or each in a process of its own: a line for the eye, and JSON as the last line."""
    if len(sys.argv) > 1:
        print(MEASURES[sys.argv[1]]())
        return 0
    figures = exchange()
    for each in figures:
        print(f"{each.name}: {each.value:,.0f} {each.unit}  {each.note}", file=sys.stderr)
    print(json.dumps({each.name: round(each.value) for each in figures}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
