"""The payment page's form in a real browser where the provider's own script is stood in for, or does not come."""

import dataclasses
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page

from moorage.journeys.start_payment import PaymentStart, start_payment
from moorage.kernel.db import SYSTEM
from moorage.kernel.ids import uuid7
from moorage.wiring.app import build_app
from tests.support.apps import listening
from tests.support.browser import CONTRAST, in_chromium, narrow_page, no_sideways_scroll, pressed

pytestmark = in_chromium

RAZORPAY = """
window.Razorpay = function (asked) {
  const failing = {};
  this.on = (name, act) => { failing[name] = act; };
  this.open = () => { window.opened = (window.opened ?? 0) + 1; window.checkout = { asked, failing }; };
};
"""
SQUARE = """
window.Square = { payments: () => ({ card: async () => ({
  attach: async (place) => { document.querySelector(place).textContent = "Card"; },
  tokenize: async () => { if (window.broken) throw new Error("offline");
    return { status: "OK", token: "cnon:card-nonce-ok" }; },
}) }) };
"""


@pytest.fixture
def form(house, settings, tokens, browser: Browser):
    """`form(gateway, currency)`: a narrow page, and the address of a payment of 72.00 to open on it."""

    @asynccontextmanager
    async def opened(gateway, currency: str) -> AsyncIterator[tuple[Page, str]]:
        listener = socket.create_server(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        own = dataclasses.replace(house, gateways={gateway.name: gateway}, public_url=base)
        told = settings.model_copy(update={"base_url": base})
        start = PaymentStart(uuid7(), uuid7(), 7_200, currency, description="Soup", provider=gateway.name)
        await start_payment(own, SYSTEM, start)
        async with listening(build_app(told, own), told, listener), narrow_page(browser, script=True) as page:
            yield page, f"{base}/pay/{start.payment_id}?key={tokens.link_key(f'pay:{start.payment_id}')}"

    return opened


async def stand_in(page: Page, script: str | None) -> None:
    """Answer what is asked of anybody else with this script, or with nothing."""

    async def answer(route) -> None:
        if route.request.url.startswith("http://127.0.0.1:"):
            await route.continue_()
        elif script is None:
            await route.abort()
        else:
            await route.fulfill(body=script, content_type="text/javascript")

    await page.route("**/*", answer)


async def test_razorpays_form_whose_script_does_not_come_says_so(form, razorpay, razorpay_fake):
    async with form(razorpay, "INR") as (page, address):
        await says_that_it_has_not_loaded(page, address)


async def test_squares_form_whose_script_does_not_come_says_so(form, square, square_fake):
    async with form(square, "GBP") as (page, address):
        await says_that_it_has_not_loaded(page, address)


async def says_that_it_has_not_loaded(page: Page, address: str) -> None:
    await stand_in(page, None)
    await page.goto(address)
    await pressed(page, "Pay")
    assert "has not loaded" in await page.get_by_role("alert").inner_text()
    assert await page.get_by_role("button", name="Pay").is_enabled()
    assert await no_sideways_scroll(page)
    assert await page.evaluate(CONTRAST) >= 4.5


async def test_razorpays_checkout_opens_once_and_a_refusal_is_said(form, razorpay, razorpay_fake):
    async with form(razorpay, "INR") as (page, address):
        await stand_in(page, RAZORPAY)
        await page.goto(address)
        pay = page.get_by_role("button", name="Pay")
        await pay.press("Enter")
        assert await pay.is_disabled()
        assert await page.evaluate("[opened, checkout.asked.amount, checkout.asked.currency]") == [1, "7200", "INR"]
        await page.evaluate("checkout.asked.modal.ondismiss()")
        assert await pay.is_enabled()
        await pay.dblclick()
        assert await page.evaluate("opened") == 2
        await page.evaluate("checkout.failing['payment.failed']({ error: { description: 'Declined by your bank' } })")
        assert await page.get_by_role("alert").inner_text() == "Declined by your bank"
        assert await pay.is_enabled()
        (order,) = razorpay_fake.books.orders
        payment, _, signature = razorpay_fake.pay(order).partition(":")
        async with page.expect_navigation():
            await page.evaluate(
                "([id, signature]) => checkout.asked.handler("
                "{ razorpay_payment_id: id, razorpay_signature: signature })",
                [payment, signature],
            )
        assert await page.get_by_role("heading", name="Paid").is_visible()
        await page.go_back()
        assert await page.get_by_role("heading", name="Paid").is_visible()


async def test_squares_form_that_breaks_is_not_left_without_a_word(form, square, square_fake):
    async with form(square, "GBP") as (page, address):
        await stand_in(page, SQUARE)
        await page.goto(address)
        pay = page.get_by_role("button", name="Pay")
        await page.get_by_text("Card", exact=True).wait_for()
        await page.evaluate("window.broken = true")
        await pay.click()
        assert "Load this page again" in await page.get_by_role("alert").inner_text()
        await page.evaluate("window.broken = false")
        async with page.expect_navigation():
            await pay.dblclick()
        assert await page.get_by_role("heading", name="Paid").is_visible()
        assert len(square_fake.books.payments) == 1
