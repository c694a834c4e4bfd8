"""Invoices and quotes of a shop, and a payer who follows their links as a browser without script would."""

import re
from urllib.parse import urlsplit

from moorage.domains.invoicing.policy import InvoiceLine, Recipient
from moorage.journeys.accept_quote import NewQuote, make_quote
from moorage.journeys.issue_invoice import (
    NewInvoice,
    issue_invoice,
)
from moorage.kernel.db import SYSTEM
from moorage.kernel.ids import uuid7

ANN = Recipient(email="ann@example.com", name="Ann <b>Lee</b>", address="1 Quay\nBath")
CARD = {"action": "card", "number": "4242 4242 4242 4242", "expiry": "12/34", "cvc": "123", "name": "Ann Lee"}


async def issue(shop, *lines, recipient=ANN, **about):
    lines = lines or (InvoiceLine("Dinner for eight", 9_999, tax_bps=2_000),)
    return await issue_invoice(shop.house, SYSTEM, NewInvoice(uuid7(), recipient, "GBP", lines, **about))


async def offer(shop, *lines, booking=None, recipient=ANN, currency="GBP", **about):
    lines = lines or (InvoiceLine("Wedding", 50_000),)
    new = NewQuote(uuid7(), recipient, currency, lines, booking_id=booking, **about)
    return await make_quote(shop.house, SYSTEM, new)


async def paid_on_the_page(shop, path, **form):
    """Post a page's form, follow to the sandbox's page, pay by card; where the payer ends up."""
    payer = shop.town.payer
    going = await payer.post(path, data=form)
    assert going.status_code == 303, going.text
    assert going.headers["location"].startswith("/pay/")
    going = await payer.get(going.headers["location"])
    page = urlsplit(going.headers["location"])
    paid = await payer.post(f"{page.path}?{page.query}", data=CARD)
    assert paid.status_code == 303, paid.text
    back = urlsplit(paid.headers["location"])
    return f"{back.path}?{back.query}"


async def portal_of(shop) -> str:
    """Ask for the link on the page; the path that was mailed."""
    email = await shop.value("SELECT email FROM users WHERE id = $1", shop.client_id)
    asked = await shop.town.payer.post("/portal", data={"email": email})
    assert (asked.status_code, "on its way" in asked.text) == (200, True)
    body = await shop.value("SELECT body_text FROM mails WHERE recipient = $1 AND cause LIKE 'portal:%'", email)
    return re.search(r"/portal/\S+", body)[0]
