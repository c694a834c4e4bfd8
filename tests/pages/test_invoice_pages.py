"""Invoices, quotes and the portal as their customers see them: by link, on the real server, paid at the sandbox."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from moorage.domains.invoicing.policy import InvoiceLine, Recipient
from moorage.journeys.accept_quote import NewQuote, accept_quote, make_quote, withdraw_quote
from moorage.journeys.bill_balance import bill_balance
from moorage.journeys.dun_invoices import dun_invoices
from moorage.journeys.issue_invoice import (
    NewInvoice,
    issue_invoice,
    read_invoice,
    void_invoice,
    write_off_invoice,
)
from moorage.journeys.pay_invoice import PayerChoice, pay_invoice
from moorage.journeys.record_manual_payment import ManualPayment, bounce_manual_payment, record_manual_payment
from moorage.journeys.refund_payment import refund_payment
from moorage.kernel.db import SYSTEM, Actor
from moorage.kernel.errors import ForbiddenError
from moorage.kernel.ids import uuid7
from tests.builders import make_service

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


async def test_an_invoice_is_seen_paid_and_kept_as_a_receipt(shop):
    invoice = await issue(shop, note="With <thanks>")
    payer = shop.town.payer
    shown = await payer.get(f"/i/{invoice.link}")
    assert shown.status_code == 200
    for text in ("INV-00001", "£99.99", "£16.67", "£83.32", "Ann &lt;b&gt;Lee", "With &lt;thanks&gt;", "Due on"):
        assert text in shown.text
    back = await paid_on_the_page(shop, f"/i/{invoice.link}/pay")
    assert back.startswith(f"/i/{invoice.link}?payment=")
    waiting = await payer.get(back)
    assert ("On its way" in waiting.text, waiting.headers.get("refresh")) == (True, "2")
    await shop.settle()
    done = await payer.get(back)
    assert ("Paid on" in done.text, "refresh" in done.headers, "<form" in done.text) == (True, False, False)
    assert (await read_invoice(shop.house, invoice.id)).status == "paid"
    assert await shop.db.fetchval("SELECT account_balance('tax_payable', 'GBP')") == 1_667
    subjects = {row[0] for row in await shop.db.fetch("SELECT subject FROM mails WHERE recipient = 'ann@example.com'")}
    assert subjects == {"Invoice INV-00001 from Moorage", "Paid: invoice INV-00001"}
    assert await shop.audit() == []


async def test_a_refund_is_shown_on_the_invoice_and_reverses_its_tax(shop):
    invoice = await issue(shop)
    await paid_on_the_page(shop, f"/i/{invoice.link}/pay")
    await shop.settle()
    payment = await shop.db.fetchval("SELECT payment_id FROM invoice_payments")
    await refund_payment(shop.house, SYSTEM, payment, 3_333, reason="other", refund_id=uuid7())
    await shop.settle()
    assert "£33.33 of it was given back" in (await shop.town.payer.get(f"/i/{invoice.link}")).text
    assert await shop.db.fetchval("SELECT account_balance('tax_payable', 'GBP')") == 1_111
    assert [row[0] for row in await shop.db.fetch("SELECT kind FROM invoice_events ORDER BY no")] == [
        "drafted",
        "issued",
        "paid",
        "refunded",
    ]
    assert await shop.audit() == []


async def test_the_pdf_says_what_the_page_says_whatever_was_written(shop):
    hostile = Recipient(email="eve@example.com", name='#read("/etc/passwd") $x$ \\ ] *Eve*')
    invoice = await issue(shop, InvoiceLine('#panic("no") [', 1_200), recipient=hostile)
    answer = await shop.town.payer.get(f"/i/{invoice.link}.pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-")
    assert answer.content == (await shop.town.payer.get(f"/i/{invoice.link}.pdf")).content


async def test_a_declined_card_is_told_where_the_payer_comes_back(shop):
    invoice = await issue(shop)
    going = await shop.town.payer.post(f"/i/{invoice.link}/pay")
    page = (await shop.town.payer.get(going.headers["location"])).headers["location"]
    declined = {**CARD, "number": "4000 0000 0000 0002"}
    assert (await shop.town.payer.post(page, data=declined)).status_code == 402
    await shop.settle()
    payment = await shop.value("SELECT id FROM payments")
    shown = await shop.town.payer.get(f"/i/{invoice.link}?payment={payment}")
    assert ("did not go through" in shown.text, "Pay £99.99" in shown.text) == (True, True)
    assert "refresh" not in shown.headers


async def test_links_that_open_nothing_are_404_and_over_ones_say_so(shop):
    payer, house = shop.town.payer, shop.house
    for path in ("/i/nothing", "/i/nothing.pdf", "/q/nothing", "/portal/nothing", f"/pay/{uuid7()}?key=x", "/pay/x"):
        assert (await payer.get(path)).status_code == 404, path
    for path in ("/i/nothing/pay", "/q/nothing/accept", "/q/nothing/decline", "/q/nothing/bill", "/portal/nothing/pay"):
        assert (await payer.post(path)).status_code == 404, path
    invoice = await issue(shop)
    await void_invoice(house, SYSTEM, invoice.id, "written twice")
    shown = await payer.get(f"/i/{invoice.link}")
    assert ("Void" in shown.text, "<form" in shown.text) == (True, False)
    assert (await payer.post(f"/i/{invoice.link}/pay")).headers["location"] == f"/i/{invoice.link}"
    expired = await offer(shop, expires_at=datetime.now(UTC) - timedelta(hours=1))
    withdrawn = await offer(shop)
    await withdraw_quote(house, SYSTEM, withdrawn.id)
    for quote, word in ((expired, "Expired"), (withdrawn, "Withdrawn")):
        for answer in (await payer.get(f"/q/{quote.link}"), await payer.post(f"/q/{quote.link}/accept")):
            assert (answer.status_code, word in answer.text, "<form" in answer.text) == (410, True, False)


async def test_no_other_site_posts_these_forms_and_the_pages_load_nothing_from_elsewhere(shop):
    invoice, quote = await issue(shop), await offer(shop)
    for path in (f"/i/{invoice.link}/pay", f"/q/{quote.link}/accept", f"/q/{quote.link}/decline", "/portal"):
        answer = await shop.town.payer.post(path, headers={"origin": "https://evil.example"})
        assert answer.status_code == 403, path
    for path in (f"/i/{invoice.link}", f"/q/{quote.link}", "/portal"):
        answer = await shop.town.payer.get(path)
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
        assert re.findall(r'(?:src|href|action)="(?!/)[^"]*"', answer.text) == []
        assert answer.headers["cache-control"] == "no-store"


async def test_case_28_a_quote_accepted_twice_on_its_page_becomes_one_invoice(shop):
    quote = await offer(shop)
    shown = await shop.town.payer.get(f"/q/{quote.link}")
    assert ("Accept the quote" in shown.text, "I order this for £500.00" in shown.text) == (True, True)
    places = {(await shop.town.payer.post(f"/q/{quote.link}/accept")).headers["location"] for _ in range(2)}
    assert len(places) == 1
    assert await shop.db.fetchval("SELECT count(*) FROM invoices") == 1
    assert "£500.00" in (await shop.town.payer.get(places.pop())).text
    assert "Accepted on" in (await shop.town.payer.get(f"/q/{quote.link}")).text


async def test_a_quote_is_declined_after_asking_again(shop):
    quote = await offer(shop)
    assert "Decline this quote?" in (await shop.town.payer.get(f"/q/{quote.link}?decline=1")).text
    assert (await shop.town.payer.post(f"/q/{quote.link}/decline", data={"reason": "Too dear"})).status_code == 303
    assert "Declined on" in (await shop.town.payer.get(f"/q/{quote.link}")).text
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
    await paid_on_the_page(shop, f"/i/{billed.link}/pay")
    await shop.settle()
    assert (await read_invoice(shop.house, billed.id)).status == "paid"
    assert await shop.value("SELECT paid_minor FROM bookings WHERE id = $1", held.id) == 20_000
    assert "Paid on" in (await shop.town.payer.get(f"/i/{billed.link}")).text
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
    going = await shop.town.payer.post(f"/q/{quote.link}/bill")
    assert "$220.00" in (await shop.town.payer.get(going.headers["location"])).text
    cheaper = await offer(shop, InvoiceLine("Fewer guests", 20_000), booking=held.id, currency="USD")
    await accept_quote(shop.house, SYSTEM, cheaper.id, invoice_id=uuid7(), link=cheaper.link)
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


async def test_reminders_come_before_on_and_after_the_due_date_once_each(shop):
    now = datetime.now(UTC)
    await issue(shop, due_at=now + timedelta(days=2))
    seen = [await dun_invoices(shop.house), await dun_invoices(shop.house)]
    for days in (2, 7, 30):
        await shop.db.execute("UPDATE invoices SET due_at = due_at - make_interval(days => $1)", days)
        seen.append(await dun_invoices(shop.house))
    assert seen == [1, 0, 1, 1, 0]
    mails = await shop.db.fetch("SELECT subject FROM mails WHERE cause LIKE 'invoice_reminder:%' ORDER BY created_at")
    assert [row[0].partition(":")[0] for row in mails] == ["Due soon", "Due today", "Overdue"]


async def test_of_reminders_that_were_missed_only_the_last_is_sent(shop):
    await issue(shop, due_at=datetime.now(UTC) - timedelta(days=30))
    assert [await dun_invoices(shop.house), await dun_invoices(shop.house)] == [1, 0]


async def test_two_who_pay_one_invoice_at_once_pay_it_once(shop):
    invoice = await issue(shop)
    choices = [PayerChoice(uuid7(), uuid7(), shop.town.base_url, shop.town.base_url) for _ in range(2)]
    for choice in choices:
        await pay_invoice(shop.house, invoice.id, choice)
    statuses = [await shop.value("SELECT status FROM payments WHERE id = $1", choice.payment_id) for choice in choices]
    await shop.settle()
    assert statuses[1] == "pending"
    assert await shop.value("SELECT status FROM payments WHERE id = $1", choices[0].payment_id) == "canceled"
    over = await shop.town.payer.get(f"/pay/{choices[0].payment_id}?key=wrong")
    assert over.status_code == 404


async def portal_of(shop) -> str:
    """Ask for the link on the page; the path that was mailed."""
    email = await shop.value("SELECT email FROM users WHERE id = $1", shop.client_id)
    asked = await shop.town.payer.post("/portal", data={"email": email})
    assert (asked.status_code, "on its way" in asked.text) == (200, True)
    body = await shop.value("SELECT body_text FROM mails WHERE recipient = $1 AND cause LIKE 'portal:%'", email)
    return re.search(r"/portal/\S+", body)[0]


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


async def test_case_27_a_check_for_an_invoice_that_bounces_is_owed_again(shop):
    invoice = await issue(shop)
    check = ManualPayment(uuid7(), 9_999, "GBP", "check", purpose="invoice", purpose_id=invoice.id)
    await record_manual_payment(shop.house, SYSTEM, check)
    assert "Paid on" in (await shop.town.payer.get(f"/i/{invoice.link}")).text
    for _ in range(2):
        await bounce_manual_payment(shop.house, SYSTEM, check.payment_id)
    shown = (await shop.town.payer.get(f"/i/{invoice.link}")).text
    assert ("Pay £99.99" in shown, "Paid on" in shown) == (True, False)
    again = ManualPayment(uuid7(), 9_999, "GBP", "cash", purpose="invoice", purpose_id=invoice.id)
    await record_manual_payment(shop.house, SYSTEM, again)
    assert (await read_invoice(shop.house, invoice.id)).status == "paid"
    assert await shop.db.fetchval("SELECT account_balance('tax_payable', 'GBP')") == 1_667
    assert await shop.audit() == []


async def test_what_was_written_off_is_reminded_of_no_more_and_may_still_be_paid(shop):
    invoice = await issue(shop, due_at=datetime.now(UTC) - timedelta(days=30))
    assert (await write_off_invoice(shop.house, SYSTEM, invoice.id)).status == "uncollectible"
    assert await dun_invoices(shop.house) == 0
    await paid_on_the_page(shop, f"/i/{invoice.link}/pay")
    await shop.settle()
    assert (await read_invoice(shop.house, invoice.id)).status == "paid"
