"""Invoices, quotes and the portal as their customers see them: by link, on the real server, paid at the sandbox."""

import json
import re
from datetime import UTC, datetime, timedelta

from moorage.domains.invoicing.policy import InvoiceLine, Recipient
from moorage.journeys.accept_quote import withdraw_quote
from moorage.journeys.dun_invoices import dun_invoices
from moorage.journeys.issue_invoice import (
    read_invoice,
    void_invoice,
    write_off_invoice,
)
from moorage.journeys.mail_receipt import mail_receipt
from moorage.journeys.pay_invoice import PayerChoice, pay_invoice
from moorage.journeys.record_manual_payment import ManualPayment, bounce_manual_payment, record_manual_payment
from moorage.journeys.refund_payment import refund_payment
from moorage.kernel.db import SYSTEM
from moorage.kernel.ids import uuid7
from tests.support.documents import CARD, issue, offer, paid_on_the_page


async def test_an_invoice_is_seen_paid_and_kept_as_a_receipt(shop):
    invoice = await issue(shop, note="With <thanks>")
    payer = shop.town.payer
    shown = await payer.get(shop.house.links.path(invoice))
    assert shown.status_code == 200
    for text in ("INV-00001", "£99.99", "£16.67", "£83.32", "Ann &lt;b&gt;Lee", "With &lt;thanks&gt;", "Due on"):
        assert text in shown.text
    back = await paid_on_the_page(shop, f"{shop.house.links.path(invoice)}/pay")
    assert back.startswith(f"{shop.house.links.path(invoice)}?payment=")
    waiting = await payer.get(back)
    assert ("On its way" in waiting.text, waiting.headers.get("refresh")) == (True, "2")
    await shop.settle()
    done = await payer.get(back)
    assert ("Paid on" in done.text, "refresh" in done.headers, "<form" in done.text) == (True, False, False)
    assert (await read_invoice(shop.house, invoice.id)).status == "paid"
    assert await shop.db.fetchval("SELECT account_balance('tax_payable', 'GBP')") == 1_667
    payload = await shop.value("SELECT payload FROM pgqueuer WHERE entrypoint = 'mail_receipt'")
    for _ in range(2):
        await mail_receipt(shop.house, json.loads(payload))
    body = await shop.value("SELECT body_text FROM mails WHERE cause LIKE 'invoice_paid:%'")
    assert f"{shop.house.links.path(invoice)}.pdf" in body
    subjects = {row[0] for row in await shop.db.fetch("SELECT subject FROM mails WHERE recipient = 'ann@example.com'")}
    assert subjects == {"Invoice INV-00001 from Moorage", "Paid: invoice INV-00001"}
    assert await shop.audit() == []


async def test_a_refund_is_shown_on_the_invoice_and_reverses_its_tax(shop):
    invoice = await issue(shop)
    await paid_on_the_page(shop, f"{shop.house.links.path(invoice)}/pay")
    await shop.settle()
    payment = await shop.db.fetchval("SELECT payment_id FROM invoice_payments")
    await refund_payment(shop.house, SYSTEM, payment, 3_333, reason="other", refund_id=uuid7())
    await shop.settle()
    assert "£33.33 of it was given back" in (await shop.town.payer.get(shop.house.links.path(invoice))).text
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
    answer = await shop.town.payer.get(f"{shop.house.links.path(invoice)}.pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-")
    assert answer.content == (await shop.town.payer.get(f"{shop.house.links.path(invoice)}.pdf")).content


async def test_a_declined_card_is_told_where_the_payer_comes_back(shop):
    invoice = await issue(shop)
    going = await shop.town.payer.post(f"{shop.house.links.path(invoice)}/pay")
    page = (await shop.town.payer.get(going.headers["location"])).headers["location"]
    declined = {**CARD, "number": "4000 0000 0000 0002"}
    assert (await shop.town.payer.post(page, data=declined)).status_code == 402
    await shop.settle()
    payment = await shop.value("SELECT id FROM payments")
    shown = await shop.town.payer.get(f"{shop.house.links.path(invoice)}?payment={payment}")
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
    shown = await payer.get(shop.house.links.path(invoice))
    assert ("Void" in shown.text, "<form" in shown.text) == (True, False)
    assert (await payer.post(f"{shop.house.links.path(invoice)}/pay")).headers["location"] == shop.house.links.path(
        invoice
    )
    expired = await offer(shop, expires_at=datetime.now(UTC) - timedelta(hours=1))
    withdrawn = await offer(shop)
    await withdraw_quote(house, SYSTEM, withdrawn.id)
    for quote, word in ((expired, "Expired"), (withdrawn, "Withdrawn")):
        for answer in (
            await payer.get(shop.house.links.path(quote)),
            await payer.post(f"{shop.house.links.path(quote)}/accept"),
        ):
            assert (answer.status_code, word in answer.text, "<form" in answer.text) == (410, True, False)


async def test_no_other_site_posts_these_forms_and_the_pages_load_nothing_from_elsewhere(shop):
    invoice, quote = await issue(shop), await offer(shop)
    for path in (
        f"{shop.house.links.path(invoice)}/pay",
        f"{shop.house.links.path(quote)}/accept",
        f"{shop.house.links.path(quote)}/decline",
        "/portal",
    ):
        answer = await shop.town.payer.post(path, headers={"origin": "https://evil.example"})
        assert (answer.status_code, "This came from another site" in answer.text) == (403, True), path
    for path in (shop.house.links.path(invoice), shop.house.links.path(quote), "/portal"):
        answer = await shop.town.payer.get(path)
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
        assert re.findall(r'(?:src|href|action)="(?!/)[^"]*"', answer.text) == []
        assert answer.headers["cache-control"] == "no-store"


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


async def test_case_27_a_check_for_an_invoice_that_bounces_is_owed_again(shop):
    invoice = await issue(shop)
    check = ManualPayment(uuid7(), 9_999, "GBP", "check", purpose="invoice", purpose_id=invoice.id)
    await record_manual_payment(shop.house, SYSTEM, check)
    assert "Paid on" in (await shop.town.payer.get(shop.house.links.path(invoice))).text
    for _ in range(2):
        await bounce_manual_payment(shop.house, SYSTEM, check.payment_id)
    shown = (await shop.town.payer.get(shop.house.links.path(invoice))).text
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
    await paid_on_the_page(shop, f"{shop.house.links.path(invoice)}/pay")
    await shop.settle()
    assert (await read_invoice(shop.house, invoice.id)).status == "paid"
