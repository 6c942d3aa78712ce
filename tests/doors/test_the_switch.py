"""The kill switch from the command line: durable at once, with who, why and when, whether or not the platform runs."""

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from interlock.account import Mode
from interlock.desk.guardian import BREAKER
from interlock.evidence.incident import Incident
from interlock.evidence.requests import What
from interlock.risk.limits import Limits
from interlock.store.books import RowBooks
from interlock.store.files import open_books
from interlock.store.standing import DISARMED
from interlock.values import Instant
from tests.fakes.goods import NOW
from tests.promises.wishes import armed, journal_of, reading

PROGRAM = str(Path(sys.executable).with_name("interlock"))


def books(folder: Path) -> RowBooks:
    return open_books(folder, limits=Limits(), bound=Mode.SIM, enabled=True)


def interlock(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {"INTERLOCK__DATA": str(folder), "INTERLOCK__API__PORT": "1", "USER": "owner"}
    return subprocess.run(
        [PROGRAM, *words], env=environ, capture_output=True, text=True, timeout=30, check=False
    )


def test_a_kill_is_durable_at_once_and_says_who_and_why_though_no_engine_runs(
    tmp_path: Path,
) -> None:
    books(tmp_path).open(Mode.SIM, NOW)

    done = interlock(tmp_path, "kill", "--why", "the market is mad")

    assert done.returncode == 3
    assert "engaged by" in done.stdout
    assert "No engine runs" in done.stderr
    assert [asked.what for asked in books(tmp_path).requests()] == [What.KILL]
    kill = books(tmp_path).standing(NOW).switches.kill
    assert kill is not None
    assert kill.why == "the market is mad"
    assert kill.who


def test_arming_needs_a_reason_and_clears_switch_and_breaker(tmp_path: Path) -> None:
    ours = books(tmp_path)
    ours.open(Mode.SIM, NOW)
    found = [Incident(mark, "FAIL", "look at it", NOW) for mark in (BREAKER, DISARMED)]
    ours.note(NOW, incidents=found)
    assert ours.standing(NOW).breaker == ours.standing(NOW).disarmed == "look at it"
    interlock(tmp_path, "kill")

    assert interlock(tmp_path, "arm").returncode == 2
    shown = interlock(tmp_path, "arm", "--why", "looked at it")
    assert shown.returncode == 0
    assert "look at it -> closed" in shown.stdout
    assert ours.standing(NOW).switches.kill is not None, "the first step changes nothing"
    code = shown.stdout.split()[-1]
    assert interlock(tmp_path, "arm", "--confirm", "000000").returncode == 2
    assert interlock(tmp_path, "arm", "--confirm", code).returncode == 0
    assert interlock(tmp_path, "arm", "--confirm", code).returncode == 2, "a code is used once"
    assert ours.requests() == (), "what was asked under the kill switch is over"
    after = ours.standing(NOW + timedelta(seconds=1))
    assert after.switches.kill is None
    assert (after.breaker, after.disarmed) == (None, None)


def test_books_of_sim_are_armed_in_one_step_with_yes_and_books_of_live_are_not(
    tmp_path: Path,
) -> None:
    sim, live = tmp_path / "sim", tmp_path / "live"
    books(sim).open(Mode.SIM, NOW)
    books(live).open(Mode.LIVE, NOW)
    for folder in (sim, live):
        interlock(folder, "kill")

    assert interlock(sim, "arm", "--yes", "--why", "a drill").returncode == 0
    assert books(sim).switches().kill is None
    refused = interlock(live, "arm", "--yes", "--why", "a drill")
    assert refused.returncode == 2
    assert "two steps" in refused.stderr
    assert books(live).switches().kill is not None


def test_a_pause_is_durable_needs_a_reason_and_ends_by_resume_alone(tmp_path: Path) -> None:
    ours = books(tmp_path)
    ours.open(Mode.SIM, NOW)

    assert interlock(tmp_path, "pause").returncode == 2
    assert interlock(tmp_path, "pause", "--why", "lunch").returncode == 0
    assert interlock(tmp_path, "arm", "--yes", "--why", "looked").returncode == 0
    paused = books(tmp_path).switches().pause
    assert paused is not None
    assert paused.why == "lunch"
    assert interlock(tmp_path, "resume", "--why", "back").stdout == "entering is not paused\n"
    assert books(tmp_path).switches().pause is None
    assert [change.why for change in journal_of(ours, "pause")] == ["lunch", "back"]


def test_the_latch_of_the_day_is_cleared_by_its_own_word_and_never_while_the_loss_is_too_large(
    tmp_path: Path,
) -> None:
    ours, now = books(tmp_path), Instant(time.time_ns() // 1000)
    armed(ours, now)
    ours.account_read(now, reading(now, "9000"))
    interlock(tmp_path, "kill")

    refused = interlock(tmp_path, "arm", "--daily-loss", "--why", "please")
    assert refused.returncode == 2
    assert "it would latch again at once" in refused.stderr
    assert interlock(tmp_path, "arm", "--daily-loss").returncode == 2

    ours.account_read(now, reading(now, "9900"))
    cleared = interlock(tmp_path, "arm", "--daily-loss", "--why", "it was a spike")
    assert (cleared.returncode, cleared.stdout) == (0, "daily loss cleared\n")
    after = ours.standing(now)
    assert after.day is not None
    assert after.day.latched_at is None
    assert after.switches.kill is not None
    (kept,) = journal_of(ours, "daily_loss")
    assert kept.why == "it was a spike"
    again = interlock(tmp_path, "arm", "--daily-loss", "--why", "it was a spike")
    assert again.stdout == "daily loss was not latched today\n"


def test_books_that_do_not_exist_yet_are_not_made_by_a_switch(tmp_path: Path) -> None:
    done = interlock(tmp_path, "kill")

    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_a_row_that_could_never_trade_is_refused_and_nothing_is_saved(tmp_path: Path) -> None:
    assert interlock(tmp_path, "watch", "BTC_USDT", "--trade", "--amount", "60").returncode == 0

    done = interlock(tmp_path, "watch", "BTC_USDT", "--amount", "100.01")

    assert done.returncode == 2
    assert "MAX_USD_PER_ORDER" in done.stderr
    (row,) = books(tmp_path).watchlist()
    assert (row.trade_amount_usd, row.version) == (Decimal(60), 1)


def test_an_edit_keeps_what_it_does_not_name_and_does_not_end_a_running_tenure(
    tmp_path: Path,
) -> None:
    interlock(tmp_path, "watch", "BTC_USDT", "--trade", "--amount", "60", "--stop-pct", "2")
    epoch = books(tmp_path).standing(NOW).epoch
    interlock(tmp_path, "watch", "BTC_USDT", "--amount", "70")

    (row,) = books(tmp_path).watchlist()
    assert (row.trade_amount_usd, row.sl_percentage, row.trade_enabled) == (
        Decimal(70),
        Decimal(2),
        True,
    )
    assert books(tmp_path).standing(NOW).epoch == epoch


def test_a_stop_follows_when_the_row_says_so_and_stays_when_it_says_zero(tmp_path: Path) -> None:
    interlock(tmp_path, "watch", "BTC_USDT", "--alert", "--trailing-pct", "1.5")
    assert books(tmp_path).watchlist()[0].trailing_pct == Decimal("1.5")
    assert interlock(tmp_path, "watch", "BTC_USDT", "--trailing-pct", "51").returncode == 2
    interlock(tmp_path, "watch", "BTC_USDT", "--trailing-pct", "0")

    assert books(tmp_path).watchlist()[0].trailing_pct is None


def test_an_entry_spends_an_amount_or_a_share_and_naming_one_lets_go_of_the_other(
    tmp_path: Path,
) -> None:
    interlock(tmp_path, "watch", "BTC_USDT", "--trade", "--amount", "60")
    both = interlock(tmp_path, "watch", "BTC_USDT", "--amount", "60", "--share-pct", "2")
    interlock(tmp_path, "watch", "BTC_USDT", "--share-pct", "2")
    (row,) = books(tmp_path).watchlist()

    assert both.returncode == 2
    assert (row.trade_amount_usd, row.trade_share_pct) == (None, Decimal(2))


def test_the_mode_is_bounded_by_the_environment(tmp_path: Path) -> None:
    interlock(tmp_path, "watch", "BTC_USDT", "--alert")

    assert interlock(tmp_path, "mode", "LIVE").returncode != 0
    assert interlock(tmp_path, "mode", "sideways").returncode == 2
    assert books(tmp_path).standing(NOW).switches.mode is Mode.OFF


def test_a_mute_says_who_and_why_is_journalled_and_needs_a_reason(tmp_path: Path) -> None:
    ours = books(tmp_path)
    ours.open(Mode.SIM, NOW)

    assert interlock(tmp_path, "mute").returncode == 2
    assert interlock(tmp_path, "mute", "--why", "asleep").returncode == 0
    mute = ours.picture(NOW).delivery.mute
    assert mute is not None
    assert mute.why == "asleep"
    assert interlock(tmp_path, "unmute", "--why", "awake").returncode == 0
    assert ours.picture(NOW).delivery.mute is None

    with closing(sqlite3.connect(tmp_path / "books.sqlite")) as file:
        asked = "SELECT field, old, new, why FROM settings_changes WHERE subject = 'messenger'"
        assert file.execute(asked).fetchall() == [
            ("mute", "off", "on", "asleep"),
            ("mute", "on", "off", "awake"),
        ]
