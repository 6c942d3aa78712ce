"""The probe as the seed asks it, over HTTP: the seed's bodies, its exact answers, and never a 500."""

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

import pytest
from typing_extensions import override

from interlock.account import Kill, Mode, Standing, Tenure
from interlock.evidence.picture import Decided
from interlock.risk.guard import RULES
from interlock.risk.order_rules import ORDER_RULES
from interlock.values import Instant, Known, Unknown
from tests.doors.asking import Door
from tests.fakes.goods import NOW
from tests.fakes.scene import scene
from tests.fakes.shown import ShownBooks, ShownMarket
from tests.rooms import making
from tests.rooms.risk.probe_rows import BASE, FIGURES, HOSTILE, ROWS, SOUND, Row, U, recorded

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


# ---------------------------------------------------------------- the truth table, end to end

CAPS: Final = {
    "12-6.66": {"RISK_MAX_LEVERAGE": "10"},
    "12-6.67": {"RISK_MAX_LEVERAGE": "10"},
    "12-equal": {"RISK_MIN_LIQUIDATION_BUFFER_PCT": "25"},
}


@dataclass(slots=True)
class Told(ShownBooks):
    """Books whose standing is that of a row of the table."""

    told: Standing = field(default_factory=lambda: SOUND)

    @override
    def standing(self, now: Instant) -> Standing:
        del now
        return self.told


def at_row(books: ShownBooks, name: str = "", **more: Any) -> Door:  # noqa: ANN401 (what a door is made of)
    here = Door(books, environ=CAPS.get(name), **more)
    here.clock.at = making.NOW
    return here


def body(row: Row) -> bytes:
    said = {name: value for name, value in (BASE | row.change).items() if name not in row.without}
    return json.dumps(said).encode()


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_the_truth_table(row: Row) -> None:
    reply = at_row(Told(told=row.standing), row.name).ask(
        PROBE, verb="POST", content=body(row), token=None
    )

    if row.rules is None:
        assert (reply.status_code, reply.content) == (400, U)
    elif not row.rules:
        assert (reply.status_code, reply.content) == (200, b'{"allowed":true}')
    else:
        told = json.loads(reply.content)
        assert reply.status_code == 400
        assert list(told) == ["allowed", "reason", "reason_code", "objections"]
        assert tuple(each["rule"] for each in told["objections"]) == row.rules
        figures = [text for o in told["objections"] for text in (o["found"], o["limit"])]
        assert not row.found or figures == row.found.split()


def test_row_18_a_probe_sets_no_latch() -> None:
    here = at_row(Told())

    assert probe(here, json.dumps(BASE | {"daily_loss_pct": 5}).encode())[0] == 400
    assert probe(here, json.dumps(BASE).encode()) == (200, {"allowed": True})


@dataclass(slots=True)
class Refreshing(Told):
    """Books whose engine reads the wallet while somebody waits for it."""

    @override
    def standing(self, now: Instant) -> Standing:
        del now
        self.commits += 1
        return recorded("10000") if self.commits > 2 else recorded("10000", age=121)


def test_row_29_a_record_that_is_too_old_is_waited_for_and_then_used() -> None:
    asked = json.dumps({n: v for n, v in BASE.items() if n not in FIGURES}).encode()

    assert probe(at_row(Refreshing()), asked) == (200, {"allowed": True})


def test_rows_34_to_43_and_48_name_the_field() -> None:
    here = at_row(Told())
    for _, name, text in HOSTILE:
        whole = json.dumps({key: each for key, each in BASE.items() if key != name})
        status, said = probe(here, f'{whole[:-1]},"{name}":{text}}}'.encode())
        assert (status, said["allowed"], said["errors"][0]["field"]) == (422, False, name)


def test_rows_38_to_41_what_is_missing_is_named() -> None:
    for without in (["symbol"], ["side"], ["price", "quantity"]):
        asked = {name: value for name, value in BASE.items() if name not in without}
        status, said = probe(at_row(Told()), json.dumps(asked).encode())
        assert (status, [e["field"] for e in said["errors"]]) == (422, without)


def known_market(**switches: Any) -> Door:  # noqa: ANN401 (the switches of the account)
    """Everything is at hand, so that scope ORDER judges as the desk would."""
    told = making.standing(switches=replace(making.SWITCHES, **switches))
    decided = Decided(making.signal(), making.NOW, "BLOCKED", None, None, None)
    books = Told(
        told=told,
        tenure=Tenure(making.EPOCH, "abcdef", Mode.SIM, making.NOW),
        watchlist=(making.row(),),
        decisions=(decided,),
    )
    market = ShownMarket({"BTC_USDT": making.tick()})
    return at_row(books, market=market, instruments=lambda _: Known(making.BTC, making.NOW))


ORDER: Final = json.dumps(BASE | {"scope": "order", "quantity": 0.00199, "price": 50150}).encode()


def test_row_47_scope_order_lists_every_rule_of_both_scopes_and_objects_to_mode_off_alone() -> None:
    names = [name for name, _ in RULES] + [rule.name for rule in ORDER_RULES]
    status, said = probe(known_market(), ORDER)
    assert (status, said["allowed"], [r["rule"] for r in said["rules"]]) == (200, True, names)

    status, said = probe(known_market(mode=Mode.OFF), ORDER)

    assert (status, said["allowed"], said["reason_code"]) == (400, False, "RISK_GUARD_BLOCKED")
    assert said["objections"] == [{"rule": "TRADING_MODE_OFF", "found": "OFF", "limit": "SIM"}]
    assert [r["rule"] for r in said["rules"]] == names
    failed = [r for r in said["rules"] if not r["passed"]]
    assert [(r["rule"], r["remedy"]) for r in failed] == [
        ("MODE", "Select the mode of these books: `interlock mode SIM` or `LIVE`.")
    ]


@dataclass(slots=True)
class Counted(Told):
    """Books that count how often their standing is read."""

    looks: int = 0

    @override
    def standing(self, now: Instant) -> Standing:
        self.looks += 1
        return self.told


def test_the_standing_is_read_again_after_a_commit_and_four_times_a_second_and_not_per_probe() -> (
    None
):
    books = Counted()
    here = at_row(books)
    sound = json.dumps(BASE).encode()
    assert [probe(here, sound)[0] for _ in range(3)] == [200] * 3
    assert books.looks == 1

    books.commits += 1
    books.told = making.standing(switches=replace(making.SWITCHES, enabled=False))
    assert probe(here, sound)[0] == 400
    assert books.looks == 2
    for _ in range(3):
        here.clock.at += timedelta(milliseconds=250)
        probe(here, sound)
    assert books.looks == 5
