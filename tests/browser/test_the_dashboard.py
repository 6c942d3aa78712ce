"""The dashboard in a real browser: what it shows, what it survives, and whom it never asks."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from interlock.account import Kill, Mode
from tests.doors.serving import Served, free_port, served, wait_until
from tests.fakes.goods import NOW
from tests.fakes.scene import scene
from tests.fakes.shown import ShownBooks

pytestmark = pytest.mark.host

CHROMIUM = "/usr/bin/chromium"
PROGRAM = (
    "from interlock.dashboard.server import run; from interlock.settings import read; run(read())"
)
EVIL = (
    "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>{{7*7}}"
)
PHONE = 390
DESK = 1440


@dataclass(slots=True)
class Visit:
    """One visitor's page, with everything that it asked for and complained about."""

    page: Page
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def text(self) -> str:
        return self.page.inner_text("body")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@contextmanager
def dashboard(at: Served) -> Iterator[int]:
    """The dashboard's process beside this API; its port."""
    port = free_port()
    environ = {**at.environ, "INTERLOCK__DASHBOARD__PORT": str(port)}
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], env=environ)
    try:
        wait_until(lambda: answers(port), 20)
        yield port
    finally:
        process.terminate()
        assert process.wait(15) == 0


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/").status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def visit(browser: Browser, port: int, width: int = DESK, scheme: str = "dark") -> Iterator[Visit]:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type] # one of the two words that playwright knows
    )
    page = context.new_page()
    seen = Visit(page)
    page.on("request", lambda request: seen.asked.append(request.url))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.on(
        "console", lambda said: seen.complaints.append(said.text) if said.type == "error" else None
    )
    page.goto(f"http://127.0.0.1:{port}/")
    expect(page.locator(".notice")).not_to_have_class("notice stale")
    yield seen
    context.close()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def port(data: Path) -> Iterator[int]:
    """A dashboard over the whole scene."""
    books, market = scene()
    with served(books, market, data) as api, dashboard(api) as at:
        yield at


def test_the_first_look_shows_mode_health_money_and_why(browser: Browser, port: int) -> None:
    with visit(browser, port) as seen:
        page = seen.page

        expect(page).to_have_title("Interlock")
        expect(page.locator(".badge.mode-sim")).to_have_text("SIM")
        expect(page.locator(".notice")).to_have_text(
            "Proceed: an entry would be judged on its merit."
        )
        expect(page.locator(".lamp .bulb.good")).to_have_count(6)
        expect(page.locator(".lamp .caption")).to_have_text(
            ["System", "Market", "Updater", "Monitor", "Telegram", "Trade"]
        )
        expect(page.locator(".of-positions .chip.good")).to_have_text(["PROTECTED", "PROTECTED"])
        expect(page.locator(".of-orders tbody tr")).to_have_count(5)
        expect(page.locator(".chart canvas")).to_be_visible()
        for told in ("$10,241.37", "+$122.42", "2024-03-01 12:00 UTC", "RSI 37.44 is below 40"):
            assert told in seen.text()
        assert (
            "The trade takes more of the equity than allowed. (found 12.4, limit 10)" in seen.text()
        )


def test_nobody_else_is_asked_and_nothing_is_complained_of(browser: Browser, port: int) -> None:
    with visit(browser, port) as seen:
        seen.page.wait_for_timeout(2500)

        hosts = {urlsplit(url).netloc for url in seen.asked if urlsplit(url).scheme != "data"}
        assert hosts == {f"127.0.0.1:{port}"}
        assert seen.complaints == []


@pytest.mark.parametrize("width", [PHONE, 768, DESK])
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_it_fits_the_width_in_the_dark_and_by_day(
    browser: Browser, port: int, width: int, scheme: str
) -> None:
    with visit(browser, port, width, scheme) as seen:
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        is_dark = seen.page.evaluate("document.body.classList.contains('body--dark')")
        assert is_dark is (scheme == "dark")


def test_on_a_phone_every_card_has_the_whole_width(browser: Browser, port: int) -> None:
    with visit(browser, port, PHONE) as seen:
        widths = seen.page.evaluate(
            "[...document.querySelectorAll('.card')].map(card => card.getBoundingClientRect().width)"
        )

        assert min(widths) > 0.9 * PHONE


def test_the_choice_of_night_or_day_and_of_wait_is_the_visitors(
    browser: Browser, port: int
) -> None:
    with visit(browser, port) as seen:
        page = seen.page
        for scheme in ("light", "dark"):
            page.click(".toggle")
            expect(page.locator(f"body.body--{scheme}")).to_be_visible()

        expect(page.locator(".of-decisions tbody tr")).to_have_count(3)
        page.click(".choice")
        expect(page.locator(".of-decisions tbody tr")).to_have_count(4)


def test_a_platform_that_falls_silent_is_told_and_its_last_word_stays_with_its_age(
    browser: Browser, tmp_path: Path
) -> None:
    books, market = scene()
    with served(books, market, tmp_path) as api:
        pass
    with (
        served(books, market, tmp_path, api.port),
        dashboard(api) as port,
        visit(browser, port) as seen,
    ):
        page = seen.page
        books.down = True
        expect(page.locator(".notice.stale")).to_contain_text("The platform answers 503.")
        expect(page.locator(".lamp .bulb.bad")).to_have_count(6)
        assert "$10,241.37" in seen.text()
        books.down = False
        expect(page.locator(".notice.proceed")).to_be_visible()


def test_a_platform_that_is_gone_is_told_and_found_again_with_its_new_token(
    browser: Browser, tmp_path: Path
) -> None:
    books, market = scene()
    first = served(books, market, tmp_path)
    api = first.__enter__()
    with dashboard(api) as port, visit(browser, port) as seen:
        page = seen.page
        first.__exit__(None, None, None)
        expect(page.locator(".notice.stale")).to_contain_text("The platform does not answer")
        expect(page.locator(".notice.stale")).to_contain_text("old.")
        expect(page.locator(".of-positions .chip.good")).to_have_text(["PROTECTED", "PROTECTED"])
        expect(page.locator(".of-positions .stamp.stale")).to_be_visible(timeout=10_000)
        with served(books, market, tmp_path, api.port):
            expect(page.locator(".notice.proceed")).to_be_visible(timeout=10_000)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda b: b.kill(kill=Kill("owner", EVIL, NOW)), "KILLED by owner"),
        (lambda b: b.kill(mode=Mode.OFF), "Danger: no entry. the trading mode is OFF"),
    ],
)
def test_danger_is_told_and_what_people_wrote_is_text(
    browser: Browser, tmp_path: Path, change: Callable[[ShownBooks], None], said: str
) -> None:
    books, market = scene()
    made = replace(books.decisions[1].signal, strategy=EVIL)
    books.decisions = (replace(books.decisions[1], signal=made),)

    change(books)
    with (
        served(books, market, tmp_path) as api,
        dashboard(api) as port,
        visit(browser, port) as seen,
    ):
        assert said in seen.text()
        assert "{{7*7}}" in seen.text()
        assert "49" not in seen.page.inner_text(".of-decisions tbody")
        expect(seen.page).to_have_title("Interlock")
        assert seen.page.locator("img[src=x]").count() == 0


@pytest.mark.parametrize("host", ["evil.test", "127.0.0.1:1", "localhost"])
def test_a_foreign_name_sees_nothing(port: int, host: str) -> None:
    reply = httpx.get(f"http://127.0.0.1:{port}/", headers={"Host": host})

    assert reply.status_code == 421
    assert "Interlock" not in reply.text


def test_a_foreign_page_may_not_open_the_socket(port: int) -> None:
    """Fault K5."""
    path = f"http://127.0.0.1:{port}/_nicegui_ws/socket.io/?EIO=4&transport=polling"

    assert httpx.get(path, headers={"Origin": "http://evil.test"}).status_code == 421


def test_the_page_carries_the_headers_of_its_port(port: int) -> None:
    """Faults K19, K20."""
    headers = httpx.get(f"http://127.0.0.1:{port}/").headers

    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "connect-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert not {"server", "x-powered-by", "access-control-allow-origin"} & set(headers)
