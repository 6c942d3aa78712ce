"""The report of a real backtest in a real browser: one file, nothing asked of anybody, in light and dark, on a desk and on a phone."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

pytestmark = pytest.mark.host

CHROMIUM = "/usr/bin/chromium"
INTERLOCK = str(Path(sys.executable).with_name("interlock"))
PHONE = 390
PATIENCE_MS = 90_000


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    words = ("--symbol", "BTC_USDT", "--symbol", "ETH_USDT", "--from", "2023-01-01")
    command = [INTERLOCK, "backtest", *words, "--report", str(folder / "run.html")]
    subprocess.run(command, env={"INTERLOCK__DATA": str(folder)}, check=True)
    return folder / "run.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@contextmanager
def opened(
    browser: Browser, report: Path, width: int, scheme: str
) -> Iterator[tuple[Page, list[str]]]:
    """The page when it has drawn itself, and every address it asked for and trouble it had."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type] # one of the two words that playwright knows
    )
    context.set_default_timeout(PATIENCE_MS)
    page, seen = context.new_page(), list[str]()
    page.on("request", lambda request: seen.append(request.url))
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on("console", lambda said: seen.append(said.text) if said.type == "error" else None)
    page.goto(report.as_uri())
    expect(page.locator("html")).to_have_attribute("data-ready", "yes", timeout=PATIENCE_MS)
    yield page, [each for each in seen if not each.startswith(("data:", "blob:"))]
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, PHONE])
def test_it_draws_itself_asks_nobody_and_fits(
    browser: Browser, report: Path, width: int, scheme: str
) -> None:
    with opened(browser, report, width, scheme) as (page, seen):
        assert seen == [report.as_uri()]
        assert page.locator("html").get_attribute("data-theme") == scheme
        assert page.locator("#equity .scatterlayer .trace").count() >= 2
        assert page.locator("#prices .boxlayer .trace").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_click_on_a_trade_shows_its_bars_and_another_dresses_the_page(
    browser: Browser, report: Path
) -> None:
    with opened(browser, report, 1440, "light") as (page, _):
        expect(page.locator("#resolution")).to_contain_text("bars to a candle")

        page.locator("#trades tr", has_text="ETH_USDT").first.click()

        expect(page.locator("#resolution")).to_contain_text("single bars")
        assert "ETH_USDT" in page.locator("#lane option:checked").inner_text()
        assert page.locator("#prices .scatterlayer .points path").count() >= 2
        assert page.locator("#why").inner_text()

        page.locator("#theme").click()

        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
