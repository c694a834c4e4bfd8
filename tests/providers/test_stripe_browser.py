"""A payment by Stripe's embedded form on our own page, in a real browser under the page's own policy."""

from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from moorage.journeys.process_events import process_due_events
from moorage.journeys.start_payment import PaymentStart, start_payment
from moorage.kernel.db import SYSTEM
from moorage.kernel.ids import uuid7
from moorage.wiring.secrets import access_tokens
from tests.journeys.test_pay_at_stripe import payment, settings, shop  # noqa: F401 - fixtures

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium at /usr/bin/chromium")


async def test_a_payer_pays_by_stripes_form_after_a_refusal_and_a_challenge(shop, stripe_fake):  # noqa: F811
    start = PaymentStart(uuid7(), uuid7(), 4_000, "USD", description="Soup", return_url=f"{shop.town.base_url}/back")
    await start_payment(shop.house, SYSTEM, start)
    key = access_tokens(shop.town.settings).link_key(f"pay:{start.payment_id}")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = await browser.new_page()
        complaints = []
        page.on("console", lambda message: complaints.append(message.text))
        await page.goto(f"{shop.town.base_url}/pay/{start.payment_id}?key={key}")
        await page.get_by_label("Card number").fill("4000 0000 0000 0002")
        await page.get_by_role("button").click()
        await page.get_by_text("Your card was declined").wait_for()
        await page.get_by_label("Card number").fill("4000 0027 6000 3184")
        await page.get_by_role("button").click()
        await page.get_by_role("button", name="Complete authentication").click()
        await page.wait_for_url("**/pay/**")
        await stripe_fake.deliveries.deliver()
        await process_due_events(shop.house)
        await page.wait_for_url("**/back")
        await browser.close()
    assert [text for text in complaints if "Content Security" in text or "Refused" in text] == []
    assert (await payment(shop, start.payment_id))["status"] == "succeeded"
