"""The look commands against a running platform: tables, one line of JSON, exit codes, and no traceback for anybody."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from interlock.account import Kill
from interlock.cli import EXITS, VERBS, exit_code
from interlock.errors import (
    BadInput,
    BrokenInvariant,
    LeaseLost,
    NotAuthorised,
    NotSent,
    StoreTrouble,
    Unreachable,
)
from interlock.evidence.timeline import OrderRecord, Step
from interlock.values import Unknown
from tests.doors.serving import Served, free_port, served
from tests.fakes.goods import NOW, entry, intent
from tests.fakes.scene import scene
from tests.fakes.shown import ShownBooks

LOOKS = ("status", "orders", "positions", "balance", "watchlist")
HEAVY = ("nicegui", "fastapi", "uvicorn", "aiohttp", "sqlalchemy", "starlette", "alembic", "httpx")
Done = subprocess.CompletedProcess[str]


def interlock(environ: Mapping[str, str], *words: str) -> Done:
    """The command, in a process of its own that has this environment alone."""
    line = [str(Path(sys.executable).with_name("interlock")), *words]
    return subprocess.run(
        line, env=dict(environ), capture_output=True, text=True, timeout=30, check=False
    )


def last_line(done: Done) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1], parse_float=Decimal)
    return found


@pytest.fixture(scope="module")
def books() -> ShownBooks:
    return scene()[0]


@pytest.fixture(scope="module")
def here(books: ShownBooks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(books, scene()[1], tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture
def nobody(tmp_path: Path) -> dict[str, str]:
    """An environment in which no platform runs."""
    return {"INTERLOCK__DATA": str(tmp_path), "INTERLOCK__API__PORT": str(free_port())}


@pytest.mark.parametrize("verb", LOOKS)
def test_each_look_is_a_table_or_one_line_of_json_that_is_dated(here: Served, verb: str) -> None:
    table, line = interlock(here.environ, verb), interlock(here.environ, verb, "--json")

    assert (table.returncode, line.returncode) == (0, 0)
    assert "as of 2024-03-01T12:00:00" in table.stdout
    assert last_line(line)["as_of"] == NOW.iso()
    assert len(line.stdout.splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    [("status",), ("why", "BTC_USDT"), ("probe", "BTC_USDT", "--value", "1"), ("health",)],
)
def test_without_a_platform_there_is_one_clear_line_and_exit_3(
    nobody: dict[str, str], words: tuple[str, ...]
) -> None:
    done = interlock(nobody, *words)

    assert done.returncode == 3
    assert done.stdout == ""
    port = nobody["INTERLOCK__API__PORT"]
    remedy = "Start it with `interlock run` (or `interlock demo`), and ask again."
    assert done.stderr == f"Nobody answers on 127.0.0.1:{port}. {remedy}\n"


@pytest.mark.parametrize(
    "words",
    [
        ("orders", "--limit", "0"),
        ("orders", "--limit", "x"),
        ("status", "--nonsense"),
        ("why",),
        ("nonsense",),
        (),
    ],
)
def test_bad_usage_is_exit_2(here: Served, words: tuple[str, ...]) -> None:
    done = interlock(here.environ, *words)

    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [("status",), ("config",)])
def test_a_bad_setting_is_one_line_with_its_name_and_exit_2(words: tuple[str, ...]) -> None:
    done = interlock({"INTERLOCK__API__PORT": "eighty"}, *words)

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("INTERLOCK__API__PORT must be")


def test_why_tells_the_record_of_a_decision(here: Served) -> None:
    table = interlock(here.environ, "why", "SOL_USDT")
    line = interlock(here.environ, "why", "SOL_USDT", "--at", "2024-03-01T12:00:00+00:00", "--json")

    assert "The trade takes more of the equity than allowed." in table.stdout
    assert last_line(line)["verdict"]["objections"][0]["rule"] == "C"
    assert interlock(here.environ, "why", "DOGE_USDT").returncode == 2
    assert interlock(here.environ, "why", "SOL_USDT", "--at", "soon").returncode == 2


def test_probe_says_allowed_with_0_and_blocked_with_1(here: Served) -> None:
    good = interlock(
        here.environ, "probe", "BTC_USDT", "--price", "50000", "--quantity", "0.01", "--json"
    )
    bad = interlock(here.environ, "probe", "BTC_USDT", "--value", "500", "--leverage", "10")

    assert (good.returncode, last_line(good)) == (0, {"allowed": True})
    assert bad.returncode == 1
    assert "blocked" in bad.stdout
    assert interlock(here.environ, "probe", "BTC_USDT", "--value", "1e400").returncode == 2
    assert interlock(here.environ, "probe", "btc", "--value", "1").returncode == 2


def test_health_is_the_seeds_json_and_guard_is_one_word(here: Served) -> None:
    line = interlock(here.environ, "health", "--json")
    guard = interlock(here.environ, "health", "--guard")

    assert (line.returncode, last_line(line)["global_status"]) == (0, "PASS")
    assert (guard.returncode, guard.stdout, guard.stderr) == (0, "PASS\n", "")


def test_guard_fails_on_anything_but_a_pass(nobody: dict[str, str], tmp_path: Path) -> None:
    books, market = scene()
    with served(replace(books, breaker="open"), market, tmp_path) as warned:
        assert interlock(warned.environ, "health", "--guard").returncode == 1
    with served(replace(books, down=True), market, tmp_path) as dark:
        guard, line = (interlock(dark.environ, "health", word) for word in ("--guard", "--json"))
        assert (guard.returncode, guard.stdout) == (1, "FAIL\n")
        assert (line.returncode, last_line(line)["db_status"]) == (1, "down")

    absent = interlock(nobody, "health", "--guard")
    assert (absent.returncode, absent.stdout, absent.stderr) == (1, "FAIL\n", "")


def test_an_engaged_kill_switch_and_unknown_figures_are_seen_in_status(tmp_path: Path) -> None:
    books, market = scene()
    books.kill(kill=Kill("owner", "[red]a walk[/]", NOW))
    with served(replace(books, figures=Unknown("40101")), market, tmp_path) as running:
        done = interlock(running.environ, "status")

    assert "engaged by owner: [red]a walk[/]" in done.stdout
    assert "40101" in done.stdout


def test_config_shows_sources_and_no_secret(tmp_path: Path) -> None:
    env = {
        "INTERLOCK__DATA": str(tmp_path),
        "EXCHANGE_CUSTOM_API_KEY": "hunter2",
        "DISABLE_AUTH": "1",
    }

    table, line = interlock(env, "config"), interlock(env, "config", "--json")

    rows = {row["name"]: row for row in last_line(line)["settings"]}
    key = rows["INTERLOCK__EXCHANGE__API_KEY"]
    assert (key["value"], key["source"]) == ("***", "EXCHANGE_CUSTOM_API_KEY")
    assert "hunter2" not in table.stdout + table.stderr + line.stdout + line.stderr
    assert "DISABLE_AUTH is set and no longer does anything." in table.stdout


def test_what_answers_on_the_port_but_is_no_platform_is_told(
    nobody: dict[str, str], here: Served
) -> None:
    foreign = {**nobody, "INTERLOCK__API__PORT": str(here.port)}

    done = interlock(foreign, "status")

    assert done.returncode == 3
    assert "401" in done.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadInput("x"), 2),
        (Unreachable("x"), 3),
        (NotSent("x"), 3),
        (LeaseLost("x"), 3),
        (NotAuthorised(40101, "x"), 4),
        (TimeoutError("x"), 5),
        (StoreTrouble("x"), 1),
        (BrokenInvariant("x"), 1),
    ],
)
def test_every_error_has_its_exit_code(error: BaseException, code: int) -> None:
    assert exit_code(error) == code
    assert {code for _, code in EXITS} == {2, 3, 4, 5}


def test_a_look_does_not_wait_for_what_it_does_not_use() -> None:
    modules = sorted(
        {
            VERBS[verb].split(":", maxsplit=1)[0]
            for verb in (*LOOKS, "why", "probe", "health", "config")
        }
    )
    program = f"import sys, {', '.join(modules)}; print(*(m for m in {HEAVY} if m in sys.modules))"

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == ""


def test_an_order_is_shown_line_by_line_with_its_evidence(here: Served, books: ShownBooks) -> None:
    asked = intent(entry())
    step = Step(asked.id, 1, NOW, "ACKED", "answer", "ACKED, order [7]")
    books.records["abcd"] = OrderRecord(asked, None, None, (), (step,), (), None, ())

    shown = interlock(here.environ, "orders", "show", "abcd")
    said = last_line(interlock(here.environ, "orders", "show", "abcd", "--json"))

    assert shown.returncode == 0
    assert "ENTRY BUY 0.001 BTC_USDT LIMIT at 50000" in shown.stdout
    assert "ACKED, order [7]" in shown.stdout
    assert [line["event"] for line in said["timeline"]] == ["written", "acknowledged"]
    unknown = interlock(here.environ, "orders", "show", "never-heard-of")
    assert unknown.returncode == 2
    assert "No order of ours bears this name." in unknown.stderr
    assert interlock(here.environ, "orders", "hide", "abcd").returncode == 2
