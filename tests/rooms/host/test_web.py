"""The host's own questions to the web: two sources for one address, and an exchange that is there or is not. Real HTTP."""

import time
from datetime import timedelta

import pytest

from interlock.host.egress import Source, agreed, egress
from interlock.host.public_api import PublicLook, connectivity, public_look
from interlock.host.web import Page, get
from interlock.values import Instant, Known, Unknown
from tests.fakes.web import Says, Web

SOON = timedelta(seconds=0.3)
NOBODY = "http://127.0.0.1:9"
AT = Instant(0)


def told(*answers: str | None) -> tuple[Source, ...]:
    return tuple(
        Source(f"https://{n}.test", Known(a, AT) if a else Unknown("silent"))
        for n, a in enumerate(answers)
    )


def why(found: object) -> str:
    assert isinstance(found, Unknown), found
    return found.why


def test_two_sources_tell_the_address_each_asked_once_as_curl_would() -> None:
    with Web({"/a": Says(b"203.0.113.7\n"), "/b": Says(b"203.0.113.7")}) as web:
        found = egress((web.url("/a"), web.url("/b")), source_address="127.0.0.9")

        assert agreed(found) == "203.0.113.7"
        assert sorted(web.asked) == [("/a", "127.0.0.9"), ("/b", "127.0.0.9")]
        assert all(agent.startswith("curl/") for agent in web.agents)


NO_ADDRESS = "no address"


@pytest.mark.parametrize(
    ("says", "because"),
    [
        (Says(b"<html>203.0.113.7</html>"), NO_ADDRESS),
        (Says(b"203.0.113.7.1"), NO_ADDRESS),
        (Says(b""), NO_ADDRESS),
        (Says(b"\xff"), NO_ADDRESS),
        (Says(b"203.0.113.7", status=503), "HTTP 503"),
        (Says(b"203.0.113.7", status=302, headers={"Location": "/good"}), "HTTP 302"),
        (Says(b"203.0.113.7", after_s=1.0), "no answer in 0.3 s"),
        (Says(b"203.0.113.7" + b" " * 2_000_000), "larger"),
    ],
)
def test_a_source_that_tells_no_address_is_unknown_and_the_other_is_still_heard(
    says: Says, because: str
) -> None:
    with Web({"/bad": says, "/good": Says(b"203.0.113.7")}) as web:
        bad, good = egress((web.url("/bad"), web.url("/good")), wait=SOON)

    assert because in why(bad.address)
    assert isinstance(good.address, Known)
    assert isinstance(agreed((bad, good)), Unknown)


def test_nobody_there_is_unknown_in_bounded_time() -> None:
    began = time.monotonic()
    found = egress((NOBODY, "http://nobody.invalid"), wait=SOON)

    assert "refused" in why(found[0].address)
    assert isinstance(found[1].address, Unknown)
    assert time.monotonic() - began < 2


def test_sources_that_disagree_are_told_both_and_no_address_is_chosen() -> None:
    assert "disagree: 203.0.113.7, 203.0.113.8" in why(agreed(told("203.0.113.7", "203.0.113.8")))


def test_one_source_agrees_with_nobody() -> None:
    assert isinstance(agreed(told("203.0.113.7")), Unknown)
    assert isinstance(agreed(()), Unknown)
    assert "silent" in why(agreed(told("203.0.113.7", None)))


@pytest.mark.parametrize(
    "says",
    [
        Says(b'{"code":"10004","msg":"BAD_REQUEST"}', status=400),
        Says(b'{"code":0,"result":{}}'),
        Says(b"[]"),
    ],
)
def test_any_json_is_connectivity(says: Says) -> None:
    with Web({"/time": says}) as web:
        assert isinstance(connectivity(web.url("/time")), Known)


@pytest.mark.parametrize(
    "says",
    [
        Says(b"<html>", status=502),
        Says(b""),
        Says(b"{", status=200),
        Says(b"{}", after_s=1.0),
        Says(b"[" * 100_000),
    ],
)
def test_a_page_or_silence_is_no_connectivity(says: Says) -> None:
    with Web({"/time": says}) as web:
        assert isinstance(connectivity(web.url("/time"), wait=SOON), Unknown)
    assert isinstance(connectivity(NOBODY), Unknown)


def test_the_exchanges_clock_is_compared_with_ours_to_the_second() -> None:
    then = Instant.of_iso("2026-01-01T00:00:00")
    date = {"Date": "Thu, 01 Jan 2026 00:01:01 GMT"}
    with Web({"/v1/public/get-tickers": Says(b'{"code":0}', headers=date)}) as web:
        found = public_look(web.url("/v1"), lambda: then)

    assert isinstance(found, PublicLook)
    assert (found.status, found.code) == (200, "0")
    assert isinstance(found.offset, Known)
    assert found.offset.value == timedelta(seconds=61.5)


def test_an_exchange_that_names_no_time_leaves_the_offset_unknown() -> None:
    nameless = Says(b'{"code":0}', headers={"Date": "yesterday"})
    with Web({"/v1/public/get-tickers": nameless}) as web:
        found = public_look(web.url("/v1"))

    assert isinstance(found, PublicLook)
    assert isinstance(found.offset, Unknown)


def test_an_exchange_that_is_down_is_unknown() -> None:
    with Web({"/v1/public/get-tickers": Says(b'{"code":0}', status=503)}) as web:
        assert isinstance(public_look(web.url("/v1")), Unknown)
    assert isinstance(public_look(NOBODY), Unknown)


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with Web({"/": Says(status=307, headers={"Location": "/else"})}) as web:
        page = get(web.url())

        assert isinstance(page, Page)
        assert page.status == 307
        assert web.asked == [("/", "127.0.0.1")]
