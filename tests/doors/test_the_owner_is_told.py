"""The platform with a messenger and without one, on the simulator's stepping clock: time goes on with exactly the passes that run."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from interlock.evidence.picture import Picture
from interlock.rehearsal.script import BY_TARGET, ROW
from interlock.settings import Settings, read
from interlock.simulator.front.serve import Addresses, ServeOptions, serving
from interlock.values import Instant
from interlock.wiring.acts import prepare
from interlock.wiring.roles import Platform, platform
from tests.fakes.notify import TAKEN, Server, listening, says
from tests.rehearsal.sweep import quietly

START = Instant.of_iso(BY_TARGET.start)
OPTIONS = ServeOptions(
    start=START, days=1, stepping=True, candles=("binance_XRP-USDT_1h",), depth={}
)
TOKEN = "7123456789:AAF4k3_t0k3n-of-the-real-length-00000"  # noqa: S105 - clearly fake
ALWAYS = ["updater", "settler", "monitor", "guardian", "auditor", "steward", "sealer"]


@pytest.fixture(autouse=True)
def _quiet() -> None:
    quietly()


def settings_of(at: Addresses, folder: Path, **telegram: str) -> Settings:
    told = {f"INTERLOCK__TELEGRAM__{name.upper()}": value for name, value in telegram.items()}
    return read(
        {
            "INTERLOCK__DATA": str(folder),
            "INTERLOCK__MODE": "SIM",
            "INTERLOCK__EXCHANGE__REST_URL": at.rest,
            "INTERLOCK__EXCHANGE__API_KEY": at.api_key,
            "INTERLOCK__EXCHANGE__API_SECRET": at.api_secret,
            "INTERLOCK__SIM__CONTROL": at.control,
            **told,
        }
    )


async def work(ours: Platform, until: Callable[[Picture], bool]) -> Picture:
    """The desk works until the books show it, or for ten seconds."""
    day = asyncio.create_task(ours.desk.day.work(ours.desk.passes))
    try:
        async with asyncio.timeout(10):
            while True:
                await asyncio.sleep(0.05)
                picture = ours.books.picture(ours.clock.now())
                if day.done() or until(picture):
                    return picture
    finally:
        day.cancel()
        with suppress(asyncio.CancelledError):
            await day


def is_told(picture: Picture) -> bool:
    """A lot has closed and nothing waits to be said: both were written in one transaction."""
    is_closed = any(lot.closed_at for lot in picture.lots)
    return is_closed and picture.delivery.oldest_unsent is None


def test_the_owner_hears_of_signals_and_lots_and_the_token_is_in_no_file(tmp_path: Path) -> None:
    server = Server(says(200, TAKEN))

    async def within() -> None:
        async with serving(OPTIONS) as served, listening(server) as base:
            settings = settings_of(
                served.addresses,
                tmp_path,
                enabled="true",
                api_base=base,
                bot_token=TOKEN,
                chat_id="-100",
            )
            prepare(settings, [ROW], START - timedelta(hours=1), "test")
            async with platform(settings) as ours:
                assert [one.name for one in ours.desk.passes] == [*ALWAYS, "herald"]
                picture = await work(ours, is_told)
                assert picture.delivery.last_send_ok

    asyncio.run(within())
    assert {path for path, _ in server.heard} == {f"/bot{TOKEN}/sendMessage"}
    kinds = [body["text"].split()[0] for _, body in server.heard]
    assert {"BUY", "Created:", "Bought", "Protected:", "Sold"} <= set(kinds)
    assert "SIM" in json.dumps(server.heard[0][1])
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert TOKEN.encode() not in kept


@pytest.mark.parametrize("missing", ["enabled", "bot_token", "chat_id"])
def test_without_a_whole_messenger_time_goes_on_and_what_was_to_be_said_waits(
    tmp_path: Path, missing: str
) -> None:
    given = {"enabled": "true", "bot_token": TOKEN, "chat_id": "-100"}
    given.pop(missing)

    async def within() -> None:
        async with serving(OPTIONS) as served:
            settings = settings_of(served.addresses, tmp_path, **given)
            prepare(settings, [ROW], START - timedelta(hours=1), "test")
            async with platform(settings) as ours:
                assert [one.name for one in ours.desk.passes] == ALWAYS
                picture = await work(ours, lambda p: bool(p.lots))
                assert picture.lots
                assert picture.delivery.last_send_ok is None
                waiting = ours.books.undelivered(ours.clock.now(), 10)
                assert [m.topic for m in waiting][:3] == ["SIGNAL", "ORDER", "LOT"]

    asyncio.run(within())
