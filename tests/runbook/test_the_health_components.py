"""The health matrix on real platforms and a real exchange: one fault each, the lights that it turns, and whether an entry may be made.

Nothing is stubbed. What a running platform would mend at once (a lot without a stop, an outcome that is unknown, an old price) is kept
from mending by a fault of the exchange; half an hour of silence is written into the market's file, since nobody waits so long.
"""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from sqlite3 import connect
from typing import Any

import httpx
import pytest

from interlock.account import Mode
from interlock.errors import Unreachable
from interlock.orders.life import State
from interlock.settings import Settings, read
from interlock.store.books import RowBooks
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant
from interlock.wiring.acts import hush, prepare
from interlock.wiring.adapters import open_books
from tests.doors.serving import free_port
from tests.promises.wishes import ask, entry, fact, fill, learn
from tests.runbook.stack import PROGRAM

FOR_EVER = 10**9
PATIENCE_S = 45.0
MINUTE = timedelta(minutes=1)
BTC, UNPRICED = WatchlistRow("BTC_USDT", alert_enabled=True), WatchlistRow("NOSUCH_USDT")
COMPONENTS = ("market_data", "market_updater", "signal_monitor", "telegram", "trade_system")
KEYS = {
    "global_status": None,
    "timestamp": None,
    "db_status": None,
    "market_data": {"status", "fresh_symbols", "stale_symbols", "max_age_minutes"},
    "market_updater": {"status", "is_running", "last_heartbeat_age_minutes"},
    "signal_monitor": {"status", "is_running", "last_cycle_age_minutes"},
    "telegram": {
        *("status", "enabled", "chat_id_set", "bot_token_set", "run_telegram_env"),
        *("kill_switch_enabled", "last_send_ok"),
    },
    "trade_system": {
        *("status", "open_orders", "max_open_orders", "order_intents_table_exists"),
        "last_check_ok",
    },
    "risk_guard": {"max_leverage", "daily_loss_triggered", "global_trading_enabled"},
}
WELL = "PASS PASS PASS PASS PASS PASS"


@dataclass(frozen=True, slots=True)
class Running:
    """A platform, by its settings, and the control port of its exchange."""

    settings: Settings
    control: str

    def books(self) -> RowBooks:
        return open_books(self.settings)

    def ask(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.settings.api.port}{path}", timeout=10)

    def exchange(self, what: str, **body: object) -> None:
        httpx.post(f"{self.control}/control/{what}", json=body, timeout=10).raise_for_status()

    def shows(
        self, lights: str, *, may_trade: bool, code: int = 200, ready: int | None = None
    ) -> dict[str, Any]:
        """The health as soon as these lights are shown: the five components, then the whole."""
        end, health, answer = time.monotonic() + PATIENCE_S, {}, None
        while time.monotonic() < end:
            try:
                answer = self.ask("/api/health/system")
            except httpx.TransportError:
                time.sleep(0.2)
                continue
            health = answer.json()
            may = health["details"]["ready_to_trade"]["allowed"]
            if (lights_of(health), answer.status_code, may) == (lights, code, may_trade):
                break
            time.sleep(0.1)
        assert answer is not None
        assert (lights_of(health), answer.status_code) == (lights, code)
        assert health["details"]["ready_to_trade"]["allowed"] is may_trade, health["details"]
        self._is_whole(dict(health), ready or code)
        return health

    def _is_whole(self, health: dict[str, Any], code: int) -> None:
        """Every row has the seed's keys and `details`, lives, and is ready unless the books, or a table of them, are gone."""
        assert health.pop("details")
        assert {k: set(v) if isinstance(v, dict) else None for k, v in health.items()} == KEYS
        live = self.ask("/api/health")
        assert (live.status_code, live.json()) == (200, {"status": "ok"})
        assert self.ask("/api/health/ready").status_code == code


def lights_of(health: dict[str, Any]) -> str:
    return " ".join([*(health[name]["status"] for name in COMPONENTS), health["global_status"]])


@contextmanager
def simulator() -> Iterator[dict[str, str]]:
    with subprocess.Popen([PROGRAM, "simulate"], stdout=subprocess.PIPE, env={}) as child:
        assert child.stdout is not None
        try:
            yield json.loads(child.stdout.readline())
        finally:
            child.kill()


@contextmanager
def running(
    exchange: dict[str, str],
    folder: Path,
    rows: list[WatchlistRow],
    seed: Callable[[RowBooks], None] | None = None,
    **more: str,
) -> Iterator[Running]:
    """A platform with these rows and settings, after `seed` wrote into its books; it need not be up yet when the block begins."""
    environ = {
        "INTERLOCK__DATA": str(folder),
        "INTERLOCK__MODE": "SIM",
        "INTERLOCK__API__PORT": str(free_port()),
        "INTERLOCK__EXCHANGE__REST_URL": exchange["rest"],
        "INTERLOCK__EXCHANGE__API_KEY": exchange["api_key"],
        "INTERLOCK__EXCHANGE__API_SECRET": exchange["api_secret"],
        **more,
    }
    settings = read(environ)
    prepare(settings, rows, now(), "a test")
    here = Running(settings, exchange["control"])
    if seed is not None:
        with closing(here.books()) as books:
            seed(books)
    with subprocess.Popen([PROGRAM, "run"], env=environ, stderr=subprocess.DEVNULL) as child:
        try:
            yield here
        finally:
            child.terminate()


def now() -> Instant:
    return Instant(time.time_ns() // 1000)


def with_a_lot(books: RowBooks) -> None:
    """Something was bought, and nothing protects it."""
    tenure, at = books.open(Mode.SIM, now()), now()
    intent, _ = ask(books, tenure, entry("lot"), at)
    told = replace(fact(intent, State.FILLED, "0.01"), as_of=at)
    learn(books, tenure, at, told, fill(intent, "trade", "0.01", at))


def with_an_unknown_outcome(books: RowBooks) -> None:
    """An order was sent, and nobody answered."""
    tenure, at = books.open(Mode.SIM, now()), now()
    _, attempt = ask(books, tenure, entry("unheard"), at)
    books.answered(attempt, Unreachable("no answer"), at)


@pytest.fixture(scope="module")
def exchange() -> Iterator[dict[str, str]]:
    with simulator() as said:
        yield said


def watched(here: Running, *rows: WatchlistRow) -> None:
    """These rows and no others are watched from now on."""
    with closing(here.books()) as books:
        known = {row.symbol: row for row in books.watchlist()}
        for row in rows:
            version = known.pop(row.symbol).version if row.symbol in known else row.version
            books.watch(replace(row, version=version), "a test", now())
        for row in known.values():
            books.watch(replace(row, is_deleted=True), "a test", now())


def test_what_is_watched_who_is_told_and_where_the_books_are_each_turn_their_light(
    exchange: dict[str, str], tmp_path: Path
) -> None:
    with running(exchange, tmp_path, [BTC]) as here:
        here.shows(WELL, may_trade=True)
        watched(here)
        here.shows("WARN PASS PASS PASS PASS WARN", may_trade=False)
        watched(here, BTC, UNPRICED)
        here.shows("WARN PASS PASS PASS PASS WARN", may_trade=False)
        watched(here, UNPRICED)
        here.shows("FAIL PASS PASS PASS PASS WARN", may_trade=False)
        watched(here, BTC)
        here.shows(WELL, may_trade=True)

        hush(here.settings, "a test", "asleep", now(), on=True)
        here.shows("PASS PASS PASS WARN PASS WARN", may_trade=True)
        hush(here.settings, "a test", "awake", now(), on=False)
        here.shows(WELL, may_trade=True)

        with table_gone(tmp_path / "books.sqlite", "order_intents"):
            health = here.shows("PASS PASS PASS PASS FAIL FAIL", may_trade=False, ready=503)
            assert health["trade_system"]["order_intents_table_exists"] is False
        here.shows(WELL, may_trade=True)

        here.exchange("allowlist", addresses=[])
        shut = here.shows(WELL, may_trade=False)
        account = shut["details"]["exchange"]
        assert (account["status"], account["code"]) == ("FAIL", 40101)
        here.exchange("allowlist", addresses=None)

        with file_gone(tmp_path / "books.sqlite") as place:
            for content in (None, b"nothing that anybody could read" * 1000):
                if content is not None:
                    place.write_bytes(content)
                down = here.shows("FAIL FAIL FAIL FAIL FAIL FAIL", may_trade=False, code=503)
                assert down["db_status"] == "down"


@contextmanager
def table_gone(file: Path, name: str) -> Iterator[None]:
    """The table is not there, until the block ends."""
    with closing(connect(file, timeout=10)) as books:
        books.execute("PRAGMA legacy_alter_table = ON")
        books.execute(f"ALTER TABLE {name} RENAME TO {name}_gone")
        books.commit()
        try:
            yield
        finally:
            books.execute(f"ALTER TABLE {name}_gone RENAME TO {name}")
            books.commit()


@contextmanager
def file_gone(file: Path) -> Iterator[Path]:
    """The file is somewhere else, until the block ends."""
    elsewhere = file.rename(file.with_suffix(".elsewhere"))
    try:
        yield file
    finally:
        elsewhere.replace(file)


def test_a_messenger_without_its_token_and_a_monitor_that_stopped_fail_the_whole(
    exchange: dict[str, str], tmp_path: Path
) -> None:
    with ExitStack() as stack:
        speechless = {"INTERLOCK__TELEGRAM__ENABLED": "true", "INTERLOCK__TELEGRAM__CHAT_ID": "42"}
        mute = stack.enter_context(running(exchange, tmp_path / "a", [BTC], None, **speechless))
        at_once = {"INTERLOCK__HEALTH__MONITOR_STALE_MINUTES": "0.0001"}
        still = stack.enter_context(running(exchange, tmp_path / "b", [BTC], None, **at_once))

        health = mute.shows("PASS PASS PASS FAIL PASS FAIL", may_trade=True)
        assert health["telegram"]["bot_token_set"] is False
        health = still.shows("PASS PASS FAIL PASS PASS FAIL", may_trade=True)
        assert health["signal_monitor"]["is_running"] is False


def test_a_naked_lot_fails_the_whole_and_an_unknown_outcome_warns(
    exchange: dict[str, str], tmp_path: Path
) -> None:
    with ExitStack() as stack:
        soon = {"INTERLOCK__TRADING__PROTECTION_DEADLINE_SECONDS": "1"}
        for method in ("private/create-order", "private/advanced/create-order"):
            arm(exchange, "refuse", method, code=40101)
        arm(exchange, "http_502", "private/get-order-detail")
        lot = stack.enter_context(running(exchange, tmp_path / "a", [BTC], with_a_lot, **soon))
        unheard = stack.enter_context(
            running(exchange, tmp_path / "b", [BTC], with_an_unknown_outcome)
        )

        lot.shows("PASS PASS PASS PASS FAIL FAIL", may_trade=False)
        unheard.shows("PASS PASS PASS PASS WARN WARN", may_trade=False)


def arm(exchange: dict[str, str], fault: str, method: str, code: int = 42901) -> None:
    body = {"fault": fault, "method": method, "count": FOR_EVER, "code": code}
    httpx.post(f"{exchange['control']}/control/arm", json=body).raise_for_status()


def test_an_updater_that_died_fails_alone_until_its_prices_are_old_too(tmp_path: Path) -> None:
    with simulator() as exchange, running(exchange, tmp_path, [BTC]) as here:
        here.shows(WELL, may_trade=True)
        arm(exchange, "http_502", "public/get-tickers")
        aged(tmp_path, "heartbeats", "who = 'updater'")
        here.shows("PASS FAIL PASS PASS PASS WARN", may_trade=True)
        aged(tmp_path, "ticks", "symbol = 'BTC_USDT'")
        here.shows("FAIL FAIL PASS PASS PASS WARN", may_trade=False)


def aged(folder: Path, table: str, which: str) -> None:
    """As if this had been written half an hour and a minute ago; what would write it anew does not."""
    with closing(connect(folder / "market.sqlite", timeout=10)) as market:
        older = 31 * MINUTE // timedelta(microseconds=1)
        changed = market.execute(f"UPDATE {table} SET at = at - {older} WHERE {which}")  # noqa: S608 - our own words
        assert changed.rowcount == 1
        market.commit()
