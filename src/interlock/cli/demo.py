"""`interlock demo`: simulator, platform and dashboard as processes of their own, on real candles, with no key and no internet.

The simulator keeps the truth. With `--kills` the platform dies by SIGKILL while an order is in flight, and starts again on the same folder.
"""

import asyncio
import hashlib
import json
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, Self

import httpx
import typer
from rich.console import Console

from interlock.cli.demo_figures import EVERYTHING, ExchangeTruth, figures, worth
from interlock.cli.demo_screen import Screen
from interlock.cli.processes import Child, Ear, answers, wait_until_ready
from interlock.errors import BadSettings, BrokenInvariant
from interlock.host.facts import own_rss_max_mb, port_is_free
from interlock.settings import Settings, read
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant
from interlock.wiring.acts import prepare
from interlock.wiring.adapters import open_books
from interlock.wiring.looks import audit

START: Final = Instant.of_iso("2024-02-29T00:00:00")
DAYS_MAX: Final = 30
AFTER_THE_LAST_BAR: Final = timedelta(seconds=30)
READY_S: Final = 30.0
LOOK_S: Final = 0.1
PACE_S_PER_HOUR: Final = 0.25
DEATHS_MAX: Final = 50
CREATES: Final = ("private/create-order", "private/advanced/create-oco")
SYMBOLS: Final = ("BTC_USDT", "ETH_USDT", "SOL_USDT", "XRP_USDT")

_console = Console(stderr=True)


Days = Annotated[int, typer.Option(min=1, max=DAYS_MAX, help="Simulated days to walk.")]
Kills = Annotated[int, typer.Option(min=0, max=DEATHS_MAX, help="SIGKILLs, an order in flight.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same trades.")]


def demo(
    *,
    days: Days = DAYS_MAX,
    kills: Kills = 0,
    seed: Seed = 0,
    once: Annotated[bool, typer.Option("--once", help="End with a summary.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The summary as JSON.")] = False,
) -> None:
    """Watch the whole platform trade a month of real prices against the built-in exchange."""
    began = time.monotonic()
    show = Show(read(), days, kills, seed, once=once)
    try:
        with show:
            show.run()
            summary = show.summary()
    except KeyboardInterrupt:
        _console.print("stopped; the books are in", str(show.folder), highlight=False)
        raise typer.Exit(0) from None
    summary["elapsed_s"] = round(time.monotonic() - began, 1)
    summary["agree"] = holds(summary)
    _say(summary, as_json=as_json)
    raise typer.Exit(0 if summary["agree"] else 1)


def holds(summary: dict[str, Any]) -> bool:
    """Whether both sides agree: orders equal intents, no lost execution, no drift, audit PASS, every entry protected or closed."""
    return bool(
        summary["intents_sent"] == summary["exchange_orders"]
        and summary["duplicate_orders"] == 0
        and summary["fills"] == summary["fills_booked"]
        and summary["ledger_drift_pct"] == 0
        and summary["audit"] == "PASS"
        and summary["unprotected_positions"] == 0
    )


@dataclass(slots=True)
class Show:
    """One demo: its folder, its children, and what is asked of the simulator's control port."""

    settings: Settings
    days: int
    kills: int
    seed: int
    once: bool
    folder: Path = Path()
    killed: int = 0
    armed: bool = False
    control: str = ""
    equity_start: float = 0.0
    health: str = "unknown"
    child_settings: Settings = field(default_factory=Settings)
    children: dict[str, Child] = field(default_factory=dict)
    recoveries: list[float] = field(default_factory=list)
    _ear: Ear = field(default_factory=Ear)
    _closing: ExitStack = field(default_factory=ExitStack)
    _http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=10))

    def __enter__(self) -> Self:
        self._check_ports()
        self.folder = self._fresh_folder()
        signal.signal(signal.SIGTERM, _interrupt)
        self._closing.callback(self._ear.close)
        self._closing.callback(self._stop_all)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def run(self) -> None:
        """Starts everything and watches until the horizon (with `--once`) or for ever."""
        env = self._start_simulator()
        self._prepare(env)
        self.equity_start = worth(self._truth())
        told = {**env, "NOTIFY_SOCKET": self._ear.address}
        self._start("platform", ("run", "all"), told, self._ear.hears_ready)
        self._start("dashboard", ("run", "dashboard"), env, lambda: answers(self._page()))
        if not self.once:
            self._post("pace", {"seconds_per_hour": PACE_S_PER_HOUR})
        with Screen(_console, self._api(""), self._page(), self.folder, self.days) as screen:
            self._watch(screen)

    def summary(self) -> dict[str, Any]:
        """The figures, taken when the clock stands at the horizon and the platform has stopped."""
        self.health = self._health()
        for child in self.children.values():
            child.is_alive()
        self.children["platform"].stop()
        asyncio.run(audit(self.child_settings))
        books = open_books(self.child_settings)
        picture = books.picture(START, limit=EVERYTHING)
        truth = self._truth()
        largest = max([own_rss_max_mb(), *(c.rss_max_mb for c in self.children.values())])
        return {
            **figures(books, truth, picture),
            "equity_start": self.equity_start,
            "equity_end": worth(truth),
            "kills": self.killed,
            "recovery_p99_s": _p99(self.recoveries),
            "lives": self.children["platform"].lives,
            "health": self.health,
            "days": self.days,
            "seed": self.seed,
            "folder": str(self.folder),
            "max_rss_mb": round(largest, 1),
        }

    # -- starting

    def _check_ports(self) -> None:
        for name, port in (
            ("api", self.settings.api.port),
            ("dashboard", self.settings.dashboard.port),
        ):
            if not port_is_free("127.0.0.1", port):
                raise BadSettings(
                    f"Port {port} is taken: set INTERLOCK__{name.upper()}__PORT to a free one."
                )

    def _fresh_folder(self) -> Path:
        """Each demo has books of its own, since its market begins anew."""
        is_ours = self.settings.source("data") != "default"
        try:
            if is_ours:
                self.settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
            parent = str(self.settings.data) if is_ours else None
            return Path(tempfile.mkdtemp(prefix="interlock-demo-", dir=parent))
        except OSError as error:
            raise BadSettings(
                f"The data folder {self.settings.data} cannot be used: {error.strerror}."
            ) from error

    def _start_simulator(self) -> dict[str, str]:
        arguments = (
            *("simulate", "--stepping", "--port", "0", "--seed", str(self.seed)),
            *("--start", START.iso(), "--days", str(self.days + 1)),
        )
        child = Child("simulator", arguments, {}, self.folder / "simulator.log")
        self.children["simulator"] = child.start()
        said = child.first_line()
        self.control = said["control"]
        # A little past midnight, so that the last bar is decided too.
        end = START + timedelta(days=self.days) + AFTER_THE_LAST_BAR
        self._post("horizon", {"until_us": end.micros})
        return {
            "INTERLOCK__DATA": str(self.folder),
            "INTERLOCK__MODE": "SIM",
            "INTERLOCK__API__PORT": str(self.settings.api.port),
            "INTERLOCK__DASHBOARD__PORT": str(self.settings.dashboard.port),
            "INTERLOCK__EXCHANGE__REST_URL": said["rest"],
            "INTERLOCK__EXCHANGE__WS_USER_URL": said["ws_user"],
            "INTERLOCK__EXCHANGE__API_KEY": said["api_key"],
            "INTERLOCK__EXCHANGE__API_SECRET": said["api_secret"],
            "INTERLOCK__SIM__CONTROL": said["control"],
        }

    def _prepare(self, env: dict[str, str]) -> None:
        """Books of venue SIM with a watchlist that trades daily: the owner's first evening, done for them."""
        self.child_settings = read(env)
        rows = [
            WatchlistRow(
                symbol=symbol,
                preset="intraday-aggressive",
                alert_enabled=True,
                buy_alert_enabled=True,
                sell_alert_enabled=True,
                trade_enabled=True,
                trade_amount_usd=Decimal(100),
                sl_percentage=Decimal(2),
                tp_percentage=Decimal(3),
            )
            for symbol in SYMBOLS
        ]
        prepare(self.child_settings, rows, START - timedelta(hours=1), who="demo")

    def _start(
        self,
        name: str,
        arguments: tuple[str, ...],
        env: dict[str, str],
        is_ready: Callable[[], bool],
    ) -> None:
        child = Child(name, arguments, env, self.folder / f"{name}.log")
        self.children[name] = child.start()
        wait_until_ready(child, is_ready, READY_S)

    def _stop_all(self) -> None:
        for name in ("dashboard", "platform", "simulator"):
            if name in self.children:
                self.children[name].stop()
        self._http.close()

    # -- watching

    def _watch(self, screen: Screen) -> None:
        """Looks a few times a second; kills when it is time to, restarts who died, ends at the horizon."""
        while True:
            state = self._state()
            walked = state["now_us"] - state["start_us"]
            share = walked / max(1, state["horizon_us"] - state["start_us"])
            screen.show(state, share, self.killed)
            self._kill_when_due(state, share)
            self._revive()
            if state["at_horizon"] and self.once:
                return
            time.sleep(LOOK_S)

    def _kill_when_due(self, state: dict[str, Any], share: float) -> None:
        """First the simulator is told to keep an answer; once it does, an order is in flight, and the platform dies."""
        if self.armed and state["held"] > 0:
            self._kill_platform()
            self.armed = False
        if self.killed < self.kills and not self.armed and share >= self.killed / (self.kills + 2):
            method = CREATES[self.killed % len(CREATES)]
            self._post("arm", {"fault": "hold_answer", "method": method, "count": 1})
            self.armed = True

    def _kill_platform(self) -> None:
        platform = self.children["platform"]
        platform.kill()
        self.killed += 1
        self._recover(platform)

    def _revive(self) -> None:
        """A process that somebody else killed is started again, as a service manager would."""
        for name, child in self.children.items():
            if child.is_alive():
                continue
            if name == "simulator" or child.lives >= DEATHS_MAX:
                raise BrokenInvariant(f"The {name} ended: {child.last_words()}")
            if name == "platform":
                self._recover(child)
            else:
                child.start()

    def _recover(self, platform: Child) -> None:
        """Starting is recovery; how long it took, from the start of the process to its word that it is ready, is told."""
        platform.start()
        self.recoveries.append(wait_until_ready(platform, self._ear.hears_ready, READY_S))

    # -- asking

    def _api(self, path: str) -> str:
        return f"http://127.0.0.1:{self.settings.api.port}{path}"

    def _page(self) -> str:
        return f"http://127.0.0.1:{self.settings.dashboard.port}/"

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = self._http.get(f"{self.control}/control/state").json()
        return state

    def _post(self, what: str, body: dict[str, object]) -> None:
        self._http.post(f"{self.control}/control/{what}", json=body).raise_for_status()

    def _health(self) -> str:
        try:
            answer: dict[str, Any] = self._http.get(self._api("/api/health/system")).json()
        except httpx.TransportError:
            return "unreachable"
        return str(answer["global_status"])

    def _truth(self) -> ExchangeTruth:
        """The exchange's own books and prices, over HTTP."""
        books = self._http.get(f"{self.control}/control/books").json()
        rest = self.child_settings.exchange.rest_url
        tickers = self._http.get(f"{rest}/public/get-tickers").json()["result"]["data"]
        return exchange_truth(books, tickers)


def exchange_truth(books: dict[str, Any], tickers: list[dict[str, Any]]) -> ExchangeTruth:
    """What the control port and the tickers say, as values."""
    prices = {row["i"].split("_")[0]: Decimal(row["a"]) for row in tickers}
    stable = dict.fromkeys(("USD", "USDT"), Decimal(1))
    live = {"ACTIVE", "PENDING", "NEW"}
    stops = (o for o in books["orders"] if o["order_type"] == "STOP_LOSS" and o["status"] in live)
    return ExchangeTruth(
        accepted=tuple(a["client_oid"] for a in books["accepts"] if a["parent_id"] is None),
        fills=len(books["fills"]),
        trades=_digest(books["fills"]),
        wallet={currency: Decimal(size) for currency, size in books["balances"].items()},
        prices=prices | stable,
        live_stops=frozenset(order["client_oid"] for order in stops),
    )


def _p99(spans: Sequence[float]) -> float | None:
    """The 99th percentile in seconds, of fewer than a hundred the longest; None of none."""
    return round(sorted(spans)[-1 - len(spans) // 100], 2) if spans else None


def _digest(fills: list[dict[str, Any]]) -> str:
    """A hash over every execution but for our ids, which are the installation's own: equal for the same seed."""
    trades = [{name: row[name] for name in sorted(row) if name != "client_oid"} for row in fills]
    return hashlib.sha256(json.dumps(trades).encode()).hexdigest()[:16]


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _say(summary: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(summary) + "\n")
        return
    for name, value in summary.items():
        _console.print(f"[bold]{name:>24}[/]  {value}", highlight=False)
    verdict = "[green]both sides agree[/]" if holds(summary) else "[red]they do not agree[/]"
    _console.print(f"{'':>24}  {verdict}")
