"""A payment by Stripe's embedded form on our own page, in a real browser under the page's own policy."""

import pytest

from moorage.journeys.process_events import process_due_events
from moorage.journeys.start_payment import PaymentStart, start_payment
from moorage.kernel.db import SYSTEM
from moorage.kernel.ids import uuid7
from moorage.wiring.secrets import access_tokens
from tests.support.browser import in_chromium, narrow_page
from tests.support.stripe import paying_at_stripe

pytestmark = in_chromium


@pytest.fixture
def settings(settings, stripe_town):
    return paying_at_stripe(settings, stripe_town)


async def test_a_payer_pays_by_stripes_form_after_a_refusal_and_a_challenge(practice_at_stripe, stripe_fake, browser):
    shop = practice_at_stripe
    start = PaymentStart(uuid7(), uuid7(), 4_000, "USD", description="Soup", return_url=f"{shop.town.base_url}/back")
    await start_payment(shop.house, SYSTEM, start)
    key = access_tokens(shop.town.settings).link_key(f"pay:{start.payment_id}")
    async with narrow_page(browser, script=True) as page:
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
    assert [text for text in page.complaints if "Content Security" in text or "Refused" in text] == []
    status = await shop.superuser.fetchval("SELECT status FROM payments WHERE id = $1", start.payment_id)
    assert status == "succeeded"
