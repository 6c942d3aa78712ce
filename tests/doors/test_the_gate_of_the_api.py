"""Who the API answers: its own names, the holder of the token, bodies of a bearable size; and what every answer carries."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from starlette.routing import Route

from interlock.api import issue
from interlock.api.gate import HEALTH, OPEN
from tests.doors.asking import HERE, TOKEN, Door
from tests.fakes.scene import scene
from tests.fakes.shown import ShownBooks

WRONG = "wrong" * 9
SAMPLE = {"symbol": "BTC_USDT", "named": "abcd"}
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'self'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def door() -> Door:
    return Door(*scene())


def routes(of: Door) -> list[tuple[str, str]]:
    """Every route of the application itself, with its parameters filled in."""
    found = [
        (verb, re.sub(r"{(\w+)}", lambda m: SAMPLE[m[1]], route.path))
        for route in of.app.routes
        if isinstance(route, Route)
        for verb in route.methods or ()
    ]
    assert len(found) == len(of.app.routes)
    return found


def test_every_route_but_the_open_ones_asks_for_the_token() -> None:
    here = door()
    guarded = {path for _, path in routes(here)} - OPEN - {"/api/openapi.json"}

    assert len(guarded) >= 8
    assert {here.ask(path, token=None).status_code for path in guarded} == {401}
    assert {here.ask(path, token=None).status_code for path in OPEN - {"/api/risk/probe"}} == {200}


def test_a_path_that_does_not_exist_is_not_told_apart_without_the_token() -> None:
    assert door().ask("/api/nothing", token=None).status_code == 401
    assert door().ask("/api/nothing").status_code == 404


@pytest.mark.parametrize("token", ["", "x", TOKEN[:-1], TOKEN + "t"])
def test_a_wrong_token_is_refused(token: str) -> None:
    reply = door().ask("/api/orders", token=None, headers={"Authorization": f"Bearer {token}"})

    assert reply.status_code == 401
    assert reply.headers["www-authenticate"] == "Bearer"


def test_a_token_in_the_address_opens_nothing() -> None:
    assert (
        door().ask(f"/api/orders?token={TOKEN}&access_token={TOKEN}", token=None).status_code == 401
    )


def test_the_sixth_wrong_token_in_a_minute_is_throttled_and_the_right_one_never() -> None:
    """Fault K6."""
    here = door()

    statuses = [here.ask("/api/orders", token=WRONG).status_code for _ in range(7)]

    assert statuses == [401] * 5 + [429] * 2
    assert here.ask("/api/orders").status_code == 200
    assert here.ask("/api/orders", token=None).status_code == 401


def test_the_throttle_opens_again_after_a_minute() -> None:
    here = door()
    for _ in range(6):
        here.ask("/api/orders", token=WRONG)
    here.clock.at = type(here.clock.at)(here.clock.at.micros + 61_000_000)

    assert here.ask("/api/orders", token=WRONG).status_code == 401


@pytest.mark.parametrize(
    "host",
    [
        "evil.test",
        "evil.test:8002",
        "127.0.0.1",
        "127.0.0.1:8003",
        "127.0.0.1.nip:8002",
        "",
        "localhost",
    ],
)
def test_a_foreign_name_is_answered_by_nothing(host: str) -> None:
    """Fault K4."""
    reply = door().ask("/api/health/system", host=host)

    assert reply.status_code == 421
    assert "global_status" not in reply.text


@pytest.mark.parametrize("host", [HERE, "localhost:8002", "[::1]:8002", "LOCALHOST:8002"])
def test_our_own_names_are_answered(host: str) -> None:
    assert door().ask("/api/health", host=host).status_code == 200


def test_the_settings_add_names() -> None:
    here = Door(*scene(), {"INTERLOCK__API__HOSTS": "platform.lan:443"})

    assert here.ask("/api/health", host="platform.lan:443").status_code == 200


def test_two_host_headers_and_none_are_refused() -> None:
    here = door()
    for hosts in ([], [HERE, HERE]):
        headers = [(b"host", host.encode()) for host in hosts]
        scope = {"type": "http", "method": "GET", "path": "/api/health", "headers": headers}
        assert asyncio.run(status_of(here, {**scope, "query_string": b"", "root_path": ""})) == 421


async def status_of(here: Door, scope: dict[str, object]) -> int:
    said: list[int] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b""}

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            said.append(int(str(message["status"])))

    await here.app(scope, receive, send)  # type: ignore[arg-type] # a hand-made ASGI exchange
    return said[0]


def test_a_page_of_another_origin_is_refused_and_gets_no_leave_to_read() -> None:
    """Fault K3."""
    here = door()

    foreign = here.ask("/api/health", headers={"Origin": "http://evil.test"})
    ours = here.ask("/api/health", headers={"Origin": f"http://{HERE}"})

    assert (foreign.status_code, ours.status_code) == (421, 200)
    assert "access-control-allow-origin" not in {**foreign.headers, **ours.headers}


@pytest.mark.parametrize("promised", [True, False])
def test_a_body_above_64_kib_is_refused(promised: bool) -> None:  # noqa: FBT001 (a column of the table)
    """Fault K8."""

    async def pieces() -> object:
        for _ in range(9):
            yield b" " * 8192

    content = b" " * 65537 if promised else pieces()
    reply = door().ask("/api/risk/probe", verb="POST", content=content)  # type: ignore[arg-type] # httpx takes a stream too

    assert reply.status_code == 413


def test_a_body_that_promises_too_much_is_refused_before_it_is_read() -> None:
    headers = [(b"host", HERE.encode()), (b"content-length", b"65537")]
    scope = {"type": "http", "method": "POST", "path": "/api/risk/probe", "headers": headers}

    assert asyncio.run(status_of(door(), {**scope, "query_string": b"", "root_path": ""})) == 413


def test_a_body_of_64_kib_is_read() -> None:
    assert door().ask("/api/risk/probe", verb="POST", content=b" " * 65536).status_code == 422


def test_every_answer_and_every_failure_carries_the_headers() -> None:
    """Fault K20."""
    here, broken = door(), Door(ShownBooks(broken=True))
    replies = [
        *(here.ask(path) for _, path in routes(here)),
        here.ask("/api/nothing"),
        here.ask("/api/orders", token=None),
        here.ask("/api/orders?limit=0"),
        here.ask("/api/health", host="evil.test"),
        broken.ask("/api/orders"),
    ]

    for reply in replies:
        assert {name: reply.headers.get(name) for name in HEADERS} == HEADERS
        assert reply.headers["content-type"] == "application/json"
        assert not {"server", "x-powered-by"} & set(reply.headers)


@pytest.mark.parametrize(
    "path", ["/api/orders", "/api/orders?limit=zero", "/api/why/<script>", "/api/nothing"]
)
def test_a_failure_is_small_has_an_id_and_echoes_nothing(path: str) -> None:
    """Faults K17, K18."""
    here = Door(ShownBooks(broken=True))

    reply = here.ask(path, headers={"X-Probe": "hunter2"})

    body = json.loads(reply.content)
    assert reply.status_code in (404, 422, 500)
    assert set(body) == {"error", "reason", "correlation_id"}
    assert re.fullmatch(r"[0-9a-f]{16}", body["correlation_id"])
    assert body["correlation_id"] == reply.headers["x-correlation-id"]
    assert len(reply.content) < 2048
    assert not re.search(r"hunter2|Traceback|/src/|zero|script", reply.text)


def test_the_openapi_document_is_open_in_a_rehearsal_and_behind_the_token_in_live() -> None:
    live = {"INTERLOCK__MODE": "LIVE", "LIVE_TRADING": "true"}

    assert door().ask("/api/openapi.json", token=None).status_code == 200
    assert Door(*scene(), live).ask("/api/openapi.json", token=None).status_code == 401
    assert door().ask("/docs").status_code == 404


def test_the_token_is_for_its_owner_alone_and_new_at_each_start(tmp_path: Path) -> None:
    """Fault K25."""
    path = tmp_path / "api.token"

    first, second = issue(path), issue(path)

    assert first != second
    assert path.read_text(encoding="ascii") == second.reveal()
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(second.reveal()) >= 43


def test_liveness_touches_nothing() -> None:
    here = Door(ShownBooks(broken=True))

    assert {here.ask(path, token=None).status_code for path in HEALTH} == {200}
    assert here.ask("/api/health", token=None).json() == {"status": "ok"}
