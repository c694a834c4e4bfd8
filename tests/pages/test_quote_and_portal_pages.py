"""Quotes and the portal as their customers see them: by link, on the real server."""

import pytest

from moorage.domains.invoicing.policy import InvoiceLine, Recipient
from moorage.journeys.accept_quote import NewQuote, accept_quote, make_quote
from moorage.journeys.bill_balance import bill_balance
from moorage.journeys.issue_invoice import (
    NewInvoice,
    issue_invoice,
    read_invoice,
)
from moorage.kernel.db import SYSTEM, Actor
from moorage.kernel.errors import ForbiddenError
from moorage.kernel.ids import uuid7
from tests.builders import make_service
from tests.support.documents import ANN, issue, offer, paid_on_the_page, portal_of


async def test_case_28_a_quote_accepted_twice_on_its_page_becomes_one_invoice(shop):
    quote = await offer(shop)
    shown = await shop.town.payer.get(shop.house.links.path(quote))
    assert ("Accept the quote" in shown.text, "I order this for £500.00" in shown.text) == (True, True)
    places = {
        (await shop.town.payer.post(f"{shop.house.links.path(quote)}/accept")).headers["location"] for _ in range(2)
    }
    assert len(places) == 1
    assert await shop.db.fetchval("SELECT count(*) FROM invoices") == 1
    assert "£500.00" in (await shop.town.payer.get(places.pop())).text
    assert "Accepted on" in (await shop.town.payer.get(shop.house.links.path(quote))).text


async def test_a_quote_is_declined_after_asking_again(shop):
    quote = await offer(shop)
    assert "Decline this quote?" in (await shop.town.payer.get(f"{shop.house.links.path(quote)}?decline=1")).text
    assert (
        await shop.town.payer.post(f"{shop.house.links.path(quote)}/decline", data={"reason": "Too dear"})
    ).status_code == 303
    assert "Declined on" in (await shop.town.payer.get(shop.house.links.path(quote))).text
    assert await shop.db.fetchval("SELECT decline_reason FROM quotes") == "Too dear"


async def test_the_deposit_is_paid_and_the_balance_billed_and_paid_by_its_invoice(shop):
    service = await make_service(shop.db, shop.practitioner, price_minor=20_000, deposit_bps=2_500)
    held = await shop.hold(service=service)
    link = await portal_of(shop)
    back = await paid_on_the_page(shop, f"{link}/pay", booking=str(held.id))
    waiting = await shop.town.payer.get(back)
    assert ("being confirmed" in waiting.text, waiting.headers.get("refresh")) == (True, "2")
    await shop.settle()
    assert "refresh" not in (await shop.town.payer.get(back)).headers
    assert (await shop.status(held))[0] == "confirmed"
    billed = await bill_balance(shop.house, SYSTEM, held.id, invoice_id=uuid7(), days_until_due=3)
    assert (billed.gross_minor, billed.owed_minor, billed.booking_id) == (15_000, 15_000, held.id)
    again = await bill_balance(shop.house, SYSTEM, held.id, invoice_id=uuid7())
    assert again.id == billed.id
    await paid_on_the_page(shop, f"{shop.house.links.path(billed)}/pay")
    await shop.settle()
    assert (await read_invoice(shop.house, billed.id)).status == "paid"
    assert await shop.value("SELECT paid_minor FROM bookings WHERE id = $1", held.id) == 20_000
    assert "Paid on" in (await shop.town.payer.get(shop.house.links.path(billed))).text
    shown = (await shop.town.payer.get(link)).text
    assert ("INV-00001" in shown, "Receipt" in shown, shown.count("$50.00") == 1) == (True, True, True)
    assert await shop.audit() == []


async def test_a_quote_for_a_booking_becomes_its_price_and_replaces_what_was_billed(shop):
    held = await shop.paid()
    with pytest.raises(ForbiddenError):
        await bill_balance(shop.house, shop.actor, held.id, invoice_id=uuid7())
    quote = await offer(shop, InvoiceLine("More guests", 30_000), booking=held.id, currency="USD")
    accepted = await accept_quote(shop.house, shop.actor, quote.id, invoice_id=uuid7())
    assert (accepted.invoice, accepted.quote.status) == (None, "accepted")
    assert await shop.value("SELECT total_minor FROM bookings WHERE id = $1", held.id) == 30_000
    going = await shop.town.payer.post(f"{shop.house.links.path(quote)}/bill")
    assert "$220.00" in (await shop.town.payer.get(going.headers["location"])).text
    cheaper = await offer(shop, InvoiceLine("Fewer guests", 20_000), booking=held.id, currency="USD")
    await accept_quote(shop.house, SYSTEM, cheaper.id, invoice_id=uuid7(), link=shop.house.links.of(cheaper))
    await bill_balance(shop.house, SYSTEM, held.id, invoice_id=uuid7())
    rows = await shop.db.fetch("SELECT status, gross_minor, void_reason FROM invoices ORDER BY no")
    assert [tuple(row) for row in rows] == [("void", 22_000, "replaced"), ("open", 12_000, None)]
    assert await shop.audit() == []


async def test_only_administrators_write_invoices_and_quotes(shop):
    for person in (shop.actor, Actor(None)):
        with pytest.raises(ForbiddenError):
            await issue_invoice(
                shop.house, person, NewInvoice(uuid7(), ANN, "GBP", [InvoiceLine("Work", 100, tax_bps=0)])
            )
        with pytest.raises(ForbiddenError):
            await make_quote(shop.house, person, NewQuote(uuid7(), ANN, "GBP", [InvoiceLine("Work", 100)]))


async def test_the_portal_shows_what_is_somebodys_and_nothing_else(shop):
    await shop.paid()
    await issue(shop, recipient=Recipient(user_id=shop.client_id))
    await issue(shop, InvoiceLine("Secret", 7_777, tax_bps=0))
    link = await portal_of(shop)
    shown = (await shop.town.payer.get(link)).text
    for text, is_there in (("$80.00", True), ("£99.99", True), ("£77.77", False), ("Booking full", True)):
        assert (text in shown) == is_there, text
    stranger = await shop.hold()
    await shop.db.execute("UPDATE bookings SET client_id = $1 WHERE id = $2", shop.practitioner.user_id, stranger.id)
    assert (await shop.town.payer.post(f"{link}/pay", data={"booking": str(stranger.id)})).status_code == 404
    await shop.db.execute("UPDATE portal_links SET expires_at = now() - interval '1 minute'")
    assert (await shop.town.payer.get(link)).status_code == 410
    assert (await shop.town.payer.post(f"{link}/pay")).status_code == 410


async def test_nobody_learns_from_the_portal_whom_we_know(shop):
    answers = {(await shop.town.payer.post("/portal", data={"email": "who@example.com"})).status_code}
    assert answers == {200}
    assert await shop.value("SELECT count(*) FROM mails WHERE recipient = 'who@example.com'") == 0
    email = await shop.value("SELECT email FROM users WHERE id = $1", shop.client_id)
    for _ in range(7):
        await shop.town.payer.post("/portal", data={"email": email})
    assert await shop.value("SELECT count(*) FROM mails WHERE cause LIKE 'portal:%'") == 5
    wrong = await shop.town.payer.post("/portal", data={"email": "not an address"})
    assert (wrong.status_code, 'aria-invalid="true"' in wrong.text) == (422, True)
