"""Invoices that Stripe hosts besides our own page: made with the invoice, paid at either, never at both for good."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest

from moorage.domains.invoicing.policy import InvoiceLine, Recipient
from moorage.domains.payments.errors import OverpaymentError
from moorage.journeys.accept_quote import accept_quote
from moorage.journeys.audit_books import audit
from moorage.journeys.issue_invoice import read_invoice, void_invoice, write_off_invoice
from moorage.journeys.process_events import process_due_events
from moorage.journeys.reconcile import reconcile
from moorage.journeys.record_manual_payment import ManualPayment, record_manual_payment
from moorage.kernel.db import SYSTEM
from moorage.kernel.errors import InvalidStateError
from moorage.kernel.ids import uuid7
from tests.builders import make_service
from tests.support.bookings import start_at
from tests.support.documents import issue, offer
from tests.support.far_side import settle
from tests.support.stripe import paying_at_stripe

DINNER = (InvoiceLine("Dinner", 2_000, 4, tax_bps=2_000, tax_inclusive=False), InvoiceLine("Goodwill", -600, tax_bps=0))


@pytest.fixture
def settings(settings, stripe_town):
    return paying_at_stripe(settings, stripe_town).model_copy(update={"invoices_hosted_by": "stripe"})


@pytest.fixture
def shop(practice_at_stripe):
    return practice_at_stripe


@pytest.fixture
def there(stripe_fake):
    """What Stripe has of the invoices."""

    def said():
        return [(one["status"], one["total"], one["currency"]) for one in stripe_fake.state.of("invoice")]

    return said


async def pay_there(url):
    async with httpx.AsyncClient(trust_env=False) as payer:
        paid = await payer.post(url, data={"card": "4242424242424242"})
    assert "paid" in paid.text, paid.text


async def payments(shop):
    rows = await shop.superuser.fetch("SELECT status, provider FROM payments ORDER BY created_at, id")
    return [tuple(row) for row in rows]


async def in_cash(shop, invoice):
    await record_manual_payment(
        shop.house,
        SYSTEM,
        ManualPayment(
            payment_id=uuid7(),
            amount_minor=invoice.owed_minor,
            currency=invoice.currency,
            method="cash",
            purpose="invoice" if invoice.booking_id is None else "booking_balance",
            purpose_id=invoice.booking_id or invoice.id,
        ),
    )


async def books_agree(shop):
    since = datetime.now(UTC) - timedelta(hours=1)
    found = await reconcile(shop.house, shop.house.gateways["stripe"], since, since + timedelta(hours=2))
    assert found.found == []
    assert await audit(shop.house) == []


async def billed(shop):
    """A confirmed booking of 80.00, a quarter paid, its balance billed through the API."""
    shop.service = await make_service(shop.owner, shop.practitioner, deposit_bps=2_500)
    booking = await shop.book(start_at(10))
    body = {"payment_id": booking["payment"]["id"], "payment_method": "pm_card_visa"}
    assert (await shop.client.client.post("/api/v1/payments/confirm/", json=body)).status_code == 200
    host = await shop.sign_up(role="admin")
    answer = await host.client.post("/api/stripe/invoices", json={"booking_id": booking["id"], "days_until_due": 7})
    assert answer.status_code == 201, answer.text
    again = await host.client.post("/api/stripe/invoices", json={"booking_id": booking["id"], "days_until_due": 7})
    assert again.json() == answer.json()
    return booking, answer.json()


async def test_an_invoice_is_paid_at_stripe_and_counted_once(shop, stripe_fake, there):
    client = Recipient(shop.client.user_id, shop.client.email, "Ann Lee")
    invoice = await issue(shop, *DINNER, recipient=client)
    assert there() == [("open", 9_000, "gbp")]
    assert [one["metadata"]["moorage_user"] for one in stripe_fake.state.of("customer")] == [str(client.user_id)]
    mail = await shop.superuser.fetchval("SELECT body_text FROM mails WHERE cause LIKE 'invoice_issued:%'")
    assert invoice.hosted_url in mail
    assert shop.house.links.path(invoice) in mail
    going = await shop.anybody.post(f"{shop.house.links.path(invoice)}/pay", data={})
    sent_on = await shop.anybody.get(going.headers["location"])
    assert sent_on.headers.get("location", sent_on.text).count(invoice.hosted_url)
    begun = await shop.anybody.post(f"{shop.house.links.path(invoice)}/pay", data={"provider": "sandbox"})
    await settle(shop, stripe_fake)
    assert (begun.status_code, there()) == (303, [("open", 9_000, "gbp")])  # beginning to pay here stops nothing there
    await pay_there(invoice.hosted_url)
    stripe_fake.deliveries.queue.reverse()
    await settle(shop, stripe_fake, copies=2)
    paid = await read_invoice(shop.house, invoice.id)
    assert (paid.status, paid.paid_minor, paid.hosted_url) == ("paid", 9_000, None)
    assert await payments(shop) == [("succeeded", "stripe"), ("canceled", "sandbox")]
    row = await shop.superuser.fetchrow("SELECT * FROM payments WHERE provider = 'stripe'")
    assert (row["status"], row["purpose"], row["provider_ref"][:3]) == ("succeeded", "invoice", "in_")
    assert row["tax_minor"] == 1_600
    assert await shop.superuser.fetchval("SELECT count(*) FROM invoice_payments") == 1
    await books_agree(shop)


async def test_the_balance_of_a_booking_is_asked_for_at_stripe(shop, stripe_fake, there):
    booking, bill = await billed(shop)
    assert bill["hosted_invoice_url"].startswith(stripe_fake.state.base_url)
    assert (bill["number"], there()) == ("INV-00001", [("open", 6_000, "usd")])
    (seen,) = (await shop.client.client.get("/api/stripe/invoices")).json()["items"]
    assert seen["hosted_invoice_url"] == bill["hosted_invoice_url"]
    assert (await shop.read(booking["id"]))["payment"]["status"] == "succeeded"  # of the deposit
    async with httpx.AsyncClient(trust_env=False) as payer:
        await payer.post(bill["hosted_invoice_url"], data={"card": "4000000000000002"})
    await settle(shop, stripe_fake)
    assert await payments(shop) == [("succeeded", "stripe"), ("failed", "stripe")]
    await pay_there(bill["hosted_invoice_url"])
    await settle(shop, stripe_fake)
    assert await payments(shop) == [("succeeded", "stripe"), ("succeeded", "stripe")]
    (seen,) = (await shop.client.client.get("/api/stripe/invoices")).json()["items"]
    assert seen["status"] == "paid"
    assert not seen["hosted_invoice_url"].startswith(stripe_fake.state.base_url)
    paid = await read_invoice(shop.house, UUID(bill["id"]))
    assert (paid.status, (await shop.read(booking["id"]))["status"]) == ("paid", "confirmed")
    await books_agree(shop)


@pytest.mark.parametrize("way", ["cash", "void", "written off"])
async def test_an_invoice_that_ended_here_is_voided_at_stripe(shop, stripe_fake, there, way):
    _, bill = await billed(shop)
    invoice = await read_invoice(shop.house, UUID(bill["id"]))
    if way == "cash":
        await in_cash(shop, invoice)
    elif way == "void":
        await void_invoice(shop.house, SYSTEM, invoice.id, "billed twice")
    else:
        await write_off_invoice(shop.house, SYSTEM, invoice.id)
    await settle(shop, stripe_fake)
    assert there() == [("void", 6_000, "usd")]
    assert ("canceled", "stripe") in await payments(shop)
    assert (await read_invoice(shop.house, invoice.id)).hosted_url is None
    await books_agree(shop)


async def test_what_is_paid_here_and_at_stripe_at_once_goes_back_once(shop, stripe_fake, there):
    invoice = await issue(shop)
    await in_cash(shop, invoice)
    await pay_there(invoice.hosted_url)  # nobody has told Stripe yet
    await settle(shop, stripe_fake, copies=2)
    assert there() == [("paid", 9_999, "gbp")]
    assert sorted(await payments(shop)) == [("refunded", "stripe"), ("succeeded", "manual")]
    assert [one["amount"] for one in stripe_fake.state.of("refund")] == [9_999]
    assert (await read_invoice(shop.house, invoice.id)).status == "paid"
    await books_agree(shop)


async def test_cash_and_stripes_word_at_once_leave_one_of_them(shop, stripe_fake):
    bills = [await issue(shop) for _ in range(6)]
    for bill in bills:
        await pay_there(bill.hosted_url)
    await stripe_fake.deliveries.deliver()
    came = await asyncio.gather(
        process_due_events(shop.house), *(in_cash(shop, bill) for bill in bills), return_exceptions=True
    )
    assert all(isinstance(one, (OverpaymentError, InvalidStateError)) for one in came if isinstance(one, Exception)), (
        came
    )
    await settle(shop, stripe_fake)
    kept = "SELECT count(*), sum(amount_minor - refunded_minor) FROM payments WHERE succeeded_at IS NOT NULL"
    paid, minor = await shop.superuser.fetchrow(kept)
    assert (minor, paid >= 6) == (6 * 9_999, True)
    assert {(await read_invoice(shop.house, bill.id)).status for bill in bills} == {"paid"}
    await books_agree(shop)


async def test_an_invoice_that_stripe_refuses_is_paid_on_our_own_page(shop, stripe_fake, there):
    await shop.superuser.execute(  # deleted at Stripe
        "INSERT INTO provider_customers (id, provider, provider_ref, user_id) VALUES ($1, 'stripe', 'cus_gone', $2)",
        uuid7(),
        shop.client.user_id,
    )
    invoice = await issue(shop, recipient=Recipient(shop.client.user_id, shop.client.email, "Ann Lee"))
    await settle(shop, stripe_fake)
    assert (invoice.number, invoice.status, invoice.hosted_url, there()) == ("INV-00001", "open", None, [])
    mail = await shop.superuser.fetchval("SELECT body_text FROM mails WHERE cause LIKE 'invoice_issued:%'")
    assert f"See and pay it here:\n{shop.house.public_url}{shop.house.links.path(invoice)}" in mail
    page = await shop.anybody.get(shop.house.links.path(invoice))
    assert "Pay £99.99" in page.text
    going = await shop.anybody.post(f"{shop.house.links.path(invoice)}/pay", data={"provider": "stripe"})
    assert going.headers["location"].startswith("/pay/")
    session = next(iter(stripe_fake.state.of("checkout.session")))
    stripe_fake.pay(session["id"])
    await settle(shop, stripe_fake)
    assert (await read_invoice(shop.house, invoice.id)).status == "paid"
    await books_agree(shop)


@pytest.mark.parametrize(
    ("fault", "path"), [("lost_after", "/finalize"), ("500_before", "/invoices"), ("lost_before", "/customers")]
)
async def test_an_invoice_whose_making_was_not_answered_is_made_once(shop, stripe_fake, there, fault, path):
    stripe_fake.served.fault(fault, path=path)
    quote = await offer(shop)
    accepted = await accept_quote(shop.house, SYSTEM, quote.id, invoice_id=uuid7(), link=shop.house.links.of(quote))
    assert accepted.invoice.hosted_url is None
    await shop.superuser.execute("UPDATE provider_operations SET next_at = now() - interval '1 minute'")
    await settle(shop, stripe_fake)
    assert there() == [("open", 50_000, "gbp")]
    invoice = await read_invoice(shop.house, accepted.invoice.id)
    await pay_there(invoice.hosted_url)
    await settle(shop, stripe_fake)
    assert (await read_invoice(shop.house, invoice.id)).status == "paid"
    await books_agree(shop)
