"""Pages in a real browser: Chromium on a narrow screen, without script unless a test says otherwise."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

CHROMIUM = Path("/usr/bin/chromium")
in_chromium = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"needs Chromium at {CHROMIUM}")


@pytest_asyncio.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all tests of this process."""
    async with (
        async_playwright() as playwright,
        await playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"]) as browser,
    ):
        yield browser


@pytest_asyncio.fixture(params=["light", "dark"])
async def page(request: Any, browser: Browser) -> AsyncIterator[Page]:
    """An empty page, once in each of the two schemes."""
    async with narrow_page(browser, request.param) as page:
        yield page


@contextlib.asynccontextmanager
async def narrow_page(
    browser: Browser, scheme: Literal["light", "dark"] = "light", *, script: bool = False
) -> AsyncIterator[Page]:
    """A page 320 px wide. `page.asked` are the addresses it asked, `page.complaints` what its console said."""
    screen = {"width": 320, "height": 640}
    async with await browser.new_context(java_script_enabled=script, viewport=screen, color_scheme=scheme) as context:
        page: Any = await context.new_page()
        page.asked, page.complaints = [], []
        page.on("request", lambda asked: page.asked.append(asked.url))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        yield page


async def pressed(page: Page, button: str) -> None:
    """Press a button that leads elsewhere."""
    async with page.expect_navigation():
        await page.get_by_role("button", name=button).click()


async def no_sideways_scroll(page: Page) -> bool:
    """Whether everything fits into the width of the screen."""
    fits: bool = await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    return fits


CONTRAST = """
(() => {
  const light = c => { const v = c.match(/[0-9.]+/g).map(Number).slice(0, 3).map(x => x / 255)
    .map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
    return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; };
  const behind = e => { for (; e; e = e.parentElement) { const b = getComputedStyle(e).backgroundColor;
    if (b !== 'rgba(0, 0, 0, 0)') return b; } return 'rgb(255, 255, 255)'; };
  return Math.min(...[...document.querySelectorAll('body *')]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) && e.offsetHeight)
    .map(e => { const a = light(getComputedStyle(e).color), b = light(behind(e));
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); }));
})()
"""
