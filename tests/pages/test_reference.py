"""The reference at `/docs`: what it says of a call, and how it looks and works in a browser without script."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from moorage.pages.reference_view import call_of, kind_of, marked
from moorage.web.openapi import operations
from moorage.wiring.openapi_snapshot import promised

CHROMIUM = Path("/usr/bin/chromium")
in_browser = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium at /usr/bin/chromium")


@pytest.fixture(scope="module")
def calls():
    document = promised()
    return {op["operationId"]: call_of(document, path, method, op) for path, method, op in operations(document)}


@pytest_asyncio.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(params=["light", "dark"])
async def page(request, browser: Browser) -> AsyncIterator[Page]:
    context = await browser.new_context(
        java_script_enabled=False, viewport={"width": 320, "height": 640}, color_scheme=request.param
    )
    page = await context.new_page()
    page.asked, page.complaints = [], []
    page.on("request", lambda asked: page.asked.append(asked.url))
    page.on("console", lambda message: page.complaints.append(message.text))
    yield page
    await context.close()


def test_a_call_is_shown_with_what_to_send_in_words(calls):
    call = calls["bookings_create"]
    assert [field.name for field in call.members if field.required] == ["service_id"]
    assert "participants[].email" in [field.name for field in call.members]
    assert next(field.kind for field in call.members if field.name == "service_id") == "string (uuid)"
    assert any("slot_unavailable" in refusal.codes for refusal in call.refusals)


def test_a_call_comes_with_a_line_for_the_shell(calls):
    assert calls["health"].curl == "curl http://localhost/health"
    curl = calls["bookings_cancel"].curl
    assert curl.startswith("curl -X POST http://localhost/api/v1/bookings/0197f0a2-5c1e-7d3a-9b4e-2f6c8a1d5e70/cancel/")
    assert "-H 'Authorization: Bearer TOKEN'" in curl
    assert "service_id=" in calls["practitioners_availability"].curl


def test_types_are_told_with_their_limits():
    assert kind_of({"type": "integer", "minimum": 1, "maximum": 9}, {}) == "integer, from 1, up to 9"
    assert kind_of({"anyOf": [{"enum": ["a", "b"]}, {"type": "null"}]}, {}) == "one of a, b, or null"
    assert kind_of({"type": "array", "items": {"$ref": "#/components/schemas/X"}}, {"X": {"type": "string"}}) == (
        "list of string"
    )


def test_what_a_docstring_says_is_text_and_not_markup():
    assert marked("<b> `a < b`") == "&lt;b&gt; <code>a &lt; b</code>"


@in_browser
async def test_nothing_scrolls_sideways_and_nobody_else_is_asked(live_server: str, page: Page):
    await page.goto(f"{live_server}/docs#bookings_create")
    assert await page.locator("#bookings_create").is_visible(), "a link to a call opens it"
    assert await no_sideways_scroll(page)
    assert {url.split("/")[2] for url in page.asked} == {live_server.split("/")[2]}
    assert page.complaints == []


@in_browser
async def test_a_call_opens_by_keyboard(live_server: str, page: Page):
    await page.goto(f"{live_server}/docs")
    summary = page.locator("summary", has_text="/health").last
    await summary.focus()
    await page.keyboard.press("Enter")
    assert await page.locator("#health").is_visible()
    assert (await summary.bounding_box())["height"] >= 44


async def no_sideways_scroll(page: Page) -> bool:
    return await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
