"""The hosted invoice in a real browser without script: seen on a narrow screen, and paid on the sandbox's page."""

import dataclasses
import socket
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, Page

from moorage.domains.invoicing.policy import InvoiceLine, Recipient
from moorage.journeys.accept_quote import NewQuote, make_quote
from moorage.journeys.issue_invoice import NewInvoice, issue_invoice, read_invoice
from moorage.journeys.portal_link import make_portal_link
from moorage.journeys.process_events import process_due_events
from moorage.journeys.receive_event import poll_providers
from moorage.journeys.start_payment import PaymentStart, start_payment
from moorage.kernel.db import SYSTEM
from moorage.kernel.ids import uuid7
from moorage.wiring.app import build_app
from tests.support.apps import listening
from tests.support.browser import CONTRAST, in_chromium, narrow_page, no_sideways_scroll, pressed

pytestmark = in_chromium

ANN = Recipient(email="ann@example.com", name="Ann Lee", address="1 Quay\nBath")
LINES = [
    InvoiceLine("Dinner for eight with a rather long description of every course", 9_999, tax_bps=2_000),
    InvoiceLine("Travel", 1_250, quantity=2, tax_bps=725, tax_inclusive=False),
]


@pytest_asyncio.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    async with narrow_page(browser, "dark") as page:
        yield page


async def is_fit_for_all(page: Page) -> bool:
    """Nothing scrolls sideways, text has its contrast, what is pressed is large enough, fields have labels."""
    heights = await page.evaluate(
        "[...document.querySelectorAll('button, input:not([type=hidden]), textarea, .file, label.choice')]"
        ".filter(e => !e.closest('label.choice') || e.matches('label.choice')).map(e => e.offsetHeight)"
    )
    unnamed = await page.evaluate(
        "[...document.querySelectorAll('input:not([type=hidden]), textarea')].filter(e => !e.labels.length).length"
    )
    return (
        await no_sideways_scroll(page)
        and await page.evaluate(CONTRAST) >= 4.5
        and min(heights, default=44) >= 44
        and unnamed == 0
    )


async def test_an_invoice_is_paid_on_the_sandboxs_page(shop, page: Page):
    invoice = await issue_invoice(shop.house, SYSTEM, NewInvoice(uuid7(), ANN, "GBP", LINES))
    await page.goto(f"{shop.town.base_url}{shop.house.links.path(invoice)}")
    assert await is_fit_for_all(page)
    await pressed(page, "Pay £126.80")
    assert "/sandbox/pay/" in page.url
    for label, text in (
        ("Card number", "4242 4242 4242 4242"),
        ("Expiry date", "12/34"),
        ("Security code", "123"),
        ("Name on the card", "Ann Lee"),
    ):
        await page.get_by_label(label).fill(text)
    await pressed(page, "Pay £126.80")
    assert page.url.startswith(f"{shop.town.base_url}{shop.house.links.path(invoice)}?payment=")
    await shop.settle()
    await page.get_by_text("Paid on").first.wait_for()  # the page looks again by itself
    assert await is_fit_for_all(page)
    assert (await read_invoice(shop.house, invoice.id)).status == "paid"
    assert page.complaints == []


async def test_a_quote_is_accepted_and_every_page_is_fit_for_all(shop, page: Page):
    quote = await make_quote(shop.house, SYSTEM, NewQuote(uuid7(), ANN, "GBP", LINES))
    base = shop.town.base_url
    portal = await make_portal_link(shop.house, "ann@example.com")
    for address in (
        f"{base}{shop.house.links.path(quote)}?decline=1",
        portal,
        f"{base}/portal",
        f"{base}{shop.house.links.path(quote)}",
    ):
        await page.goto(address)
        assert await is_fit_for_all(page), address
    await page.get_by_label("I order this").check()
    await pressed(page, "Accept the quote")
    assert "/i/" in page.url
    await page.goto(portal)
    assert await page.get_by_role("link", name="INV-00001", exact=True).is_visible()
    assert await is_fit_for_all(page)
    assert page.complaints == []


async def test_a_card_is_paid_in_stripes_form_on_our_page(house, settings, tokens, browser: Browser, stripe_town):
    """With the fake's stand-in for Stripe.js: its script, frame and requests come from Stripe's origin alone."""
    listener = socket.create_server(("127.0.0.1", 0))
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    own = dataclasses.replace(house, gateways={"stripe": stripe_town.gateway}, public_url=base)
    told = settings.model_copy(update={"base_url": base})
    invoice = await issue_invoice(own, SYSTEM, NewInvoice(uuid7(), ANN, "GBP", LINES))
    start = PaymentStart(uuid7(), uuid7(), invoice.owed_minor, "GBP", "invoice", invoice.id, provider="stripe")
    await start_payment(own, SYSTEM, dataclasses.replace(start, return_url=f"{base}{own.links.path(invoice)}"))
    async with listening(build_app(told, own), told, listener), narrow_page(browser, script=True) as page:
        await page.goto(f"{base}/pay/{start.payment_id}?key={tokens.link_key(f'pay:{start.payment_id}')}")
        await page.get_by_label("Card number").fill("4000 0000 0000 0002")
        await page.get_by_role("button", name="Pay £126.80").click()
        await page.get_by_role("alert").wait_for()
        await page.get_by_label("Card number").fill("4242 4242 4242 4242")
        await page.get_by_role("button", name="Pay £126.80").click()
        await page.wait_for_url("**back=1")
        assert await page.get_by_role("status").is_visible()
        await poll_providers(own)
        await process_due_events(own)
        await page.wait_for_url(f"{base}{own.links.path(invoice)}")  # the page looks again by itself
        assert await page.get_by_text("Paid on").first.is_visible()
    assert page.complaints == []
