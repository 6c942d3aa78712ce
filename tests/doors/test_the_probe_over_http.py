"""The probe as the seed asks it, over HTTP: the seed's bodies, its exact answers, and never a 500."""

import json
from dataclasses import replace
from typing import Any

import pytest

from interlock.account import Kill
from interlock.values import Unknown
from tests.doors.asking import Door
from tests.fakes.goods import NOW
from tests.fakes.scene import scene
from tests.fakes.shown import ShownBooks

PROBE = "/api/risk/probe"
SPOT = b'{"symbol":"BTC_USDT","side":"BUY","price":50000,"quantity":0.01,"is_margin":false,"trade_on_margin_from_watchlist":false}'
MARGIN = (
    b'{"symbol":"BTC_USDT","side":"BUY","price":50000,"quantity":0.01,'
    b'"is_margin":true,"leverage":10,"trade_on_margin_from_watchlist":true}'
)
UNKNOWN_FIGURES = (
    b'{"allowed":false,"reason":"Provide account_equity, total_margin_exposure, daily_loss_pct'
    b' for probe when exchange unavailable","reason_code":"RISK_GUARD_BLOCKED"}'
)
FAILED = {"allowed": False, "reason": "risk guard unavailable", "reason_code": "RISK_GUARD_BLOCKED"}


def probe(here: Door, content: bytes) -> tuple[int, Any]:
    reply = here.ask(PROBE, verb="POST", content=content, token=None)
    return reply.status_code, json.loads(reply.content)


def test_the_seeds_spot_probe_is_allowed_and_its_margin_probe_blocked_by_leverage() -> None:
    here = Door(ShownBooks())

    assert probe(here, SPOT) == (200, {"allowed": True})
    status, body = probe(here, MARGIN)
    assert (status, body["allowed"], body["reason_code"]) == (400, False, "RISK_GUARD_BLOCKED")
    assert body["objections"][0]["rule"] == "B"


@pytest.mark.parametrize("content", [SPOT, MARGIN])
def test_unknown_figures_give_the_exact_body_for_both(content: bytes) -> None:
    here = Door(ShownBooks(figures=Unknown("40101")))

    reply = here.ask(PROBE, verb="POST", content=content, token=None)

    assert (reply.status_code, reply.content) == (400, UNKNOWN_FIGURES)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"{}", b'{"symbol":"BTC_USDT","price":NaN}', b"\xff"]
)
def test_bad_input_is_422(content: bytes) -> None:
    status, body = probe(Door(ShownBooks()), content)

    assert status == 422
    assert body["allowed"] is False


def test_a_get_is_405() -> None:
    assert Door(ShownBooks()).ask(PROBE, token=None).status_code == 405


@pytest.mark.parametrize("trouble", ["down", "broken"])
@pytest.mark.parametrize("content", [SPOT, MARGIN])
def test_an_internal_failure_is_503_and_never_allowed(trouble: str, content: bytes) -> None:
    books = replace(ShownBooks(), **{trouble: True})  # type: ignore[arg-type] # each of these names is a flag of ShownBooks

    assert probe(Door(books), content) == (503, FAILED)


def test_the_kill_switch_comes_before_the_unknown_figures() -> None:
    books = ShownBooks(figures=Unknown("40101"))
    books.kill(kill=Kill("owner", "a walk", NOW))

    status, body = probe(Door(books), SPOT)

    assert status == 400
    assert body["objections"][0]["rule"] == "A"


def test_scope_order_lists_every_rule_and_blocks_what_is_not_at_hand() -> None:
    wide = SPOT[:-1] + b',"scope":"order"}'

    status, body = probe(Door(*scene()), wide)

    assert status == 400
    assert "INSTRUMENT_UNKNOWN" in [o["rule"] for o in body["objections"]]
    assert len(body["rules"]) > len(body["objections"])


def test_a_probe_changes_nothing() -> None:
    here = Door(*scene())
    before = here.body("/api/status")
    for content in (SPOT, MARGIN, b"{"):
        probe(here, content)

    assert here.body("/api/status") == before
