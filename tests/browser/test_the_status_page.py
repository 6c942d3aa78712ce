"""The simulator's status page in a real browser: nothing is loaded but the page, nothing runs in it, and it fits a small window."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.foreign.test_ccxt_rest import simulated

CHROMIUM = "/usr/bin/chromium"

pytestmark = pytest.mark.host


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def control() -> Iterator[str]:
    with simulated() as at:
        yield at["control"]


@pytest.mark.parametrize(
    ("scheme", "ground"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(18, 22, 27)")]
)
def test_the_page_loads_nothing_else_and_follows_the_eye(
    browser: Browser, control: str, scheme: str, ground: str
) -> None:
    page = browser.new_page(
        viewport={"width": 390, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(control)

    assert page.locator("h2").all_inner_texts()[0].upper() == "PRICES"
    assert page.locator("td", has_text="BTC_USDT").count() >= 1
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert {url.rstrip("/") for url in asked} <= {
        control,
        f"{control.rsplit('/', 1)[0]}/favicon.ico",
    }
    assert [text for text in said if "favicon" not in text] == []
