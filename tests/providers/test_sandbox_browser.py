"""The payment page in a real browser, with script switched off: by keyboard, on a narrow screen, in light and dark."""

from playwright.async_api import Page

from moorage.kernel.ids import uuid7
from tests.support.browser import CONTRAST, in_chromium, no_sideways_scroll, pressed
from tests.support.sandbox import Town

pytestmark = in_chromium


async def opened(town: Town, page: Page) -> str:
    asked = town.request()
    made = await town.gateway.create(asked, key=str(uuid7()))
    await page.goto(town.page(asked.payment_id))
    return made.reference


async def typed(page: Page, number: str) -> None:
    """Fill the card form and send it by keyboard alone."""
    for text in (number, "12/34", "123", "Anna Lee"):
        await page.keyboard.press("Tab")
        await page.keyboard.type(text)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


async def test_a_card_is_paid_by_keyboard_alone(town: Town, page: Page):
    reference = await opened(town, page)
    assert await no_sideways_scroll(page)
    await typed(page, "4242 4242 4242 4242")
    assert page.url == f"{town.base_url}/back"
    assert (await town.gateway.fetch(reference)).status == "succeeded"
    assert not [text for text in page.complaints if "Content Security" in text or "Refused" in text]


async def test_a_mistake_is_told_and_put_right(town: Town, page: Page):
    reference = await opened(town, page)
    await typed(page, "4242 4242 4242 4241")
    assert await page.get_by_role("alert").is_visible()
    assert await no_sideways_scroll(page)
    await page.get_by_role("link", name="Check the card number").click()
    number = page.get_by_label("Card number")
    assert await number.get_attribute("aria-invalid") == "true"
    assert await number.input_value() == ""
    await number.fill("4242424242424242")
    await page.get_by_label("Security code").fill("123")
    await page.get_by_label("Expiry date").fill("12/34")
    await pressed(page, "Pay £72.00")
    assert page.url == f"{town.base_url}/back"
    assert (await town.gateway.fetch(reference)).status == "succeeded"


async def test_the_banks_check_is_approved(town: Town, page: Page):
    reference = await opened(town, page)
    await typed(page, "4000 0027 6000 3184")
    assert await page.get_by_role("heading", name="Approve the payment").is_visible()
    assert await no_sideways_scroll(page)
    await pressed(page, "Approve the bank")
    assert page.url == f"{town.base_url}/back"
    assert (await town.gateway.fetch(reference)).status == "succeeded"


async def test_a_declined_wallet_is_followed_by_an_approved_one(town: Town, page: Page):
    reference = await opened(town, page)
    await pressed(page, "Decline in the wallet")
    assert "declined" in await page.get_by_role("alert").inner_text()
    await pressed(page, "Approve £72.00 in the wallet")
    assert page.url == f"{town.base_url}/back"
    assert (await town.gateway.fetch(reference)).status == "succeeded"


async def test_the_page_turns_by_itself_when_what_it_waits_for_is_there(town: Town, page: Page):
    asked = town.request()
    await page.goto(town.page(asked.payment_id))
    assert await page.get_by_text("being prepared").is_visible()
    await town.gateway.create(asked, key="one")
    await page.get_by_role("heading", name="Pay by card").wait_for()


async def test_text_is_readable_and_targets_are_large_enough(town: Town, page: Page):
    """WCAG 2.2 AA, 1.4.3: text at 4.5 to 1; and our own 44 px."""
    await opened(town, page)
    assert await page.evaluate(CONTRAST) >= 4.5
    heights = await page.evaluate("[...document.querySelectorAll('button, input, summary')].map(e => e.offsetHeight)")
    assert min(heights) >= 44
