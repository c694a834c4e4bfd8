"""The reference at `/docs`: what it says of a call, and how it looks and works in a browser without script."""

import pytest
from playwright.async_api import Page

from moorage.pages.reference_view import call_of, kind_of, marked
from moorage.web.openapi import operations
from moorage.wiring.openapi_snapshot import promised
from tests.support.browser import in_chromium, no_sideways_scroll


@pytest.fixture(scope="module")
def calls():
    document = promised()
    return {op["operationId"]: call_of(document, path, method, op) for path, method, op in operations(document)}


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


@in_chromium
async def test_nothing_scrolls_sideways_and_nobody_else_is_asked(live_server: str, page: Page):
    await page.goto(f"{live_server}/docs")
    assert await no_sideways_scroll(page)
    await page.locator("a[href$='#bookings_create']").click()
    assert await page.locator("#bookings_create").is_visible(), "a link to a call opens it"
    assert await no_sideways_scroll(page)
    await page.goto(f"{live_server}/docs/errors#slot_unavailable")
    assert await no_sideways_scroll(page)
    assert {url.split("/")[2] for url in page.asked} == {live_server.split("/")[2]}
    assert page.complaints == []


@in_chromium
async def test_a_call_opens_by_keyboard(live_server: str, page: Page):
    await page.goto(f"{live_server}/docs/operations/operations")
    summary = page.locator("summary", has_text="/health").last
    await summary.focus()
    await page.keyboard.press("Enter")
    assert await page.locator("#health").is_visible()
    assert (await summary.bounding_box())["height"] >= 44
