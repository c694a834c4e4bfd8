"""The page of a payment: the provider's own form under a policy for it alone, or on to the provider's page."""

import dataclasses

import pytest

from moorage.domains.invoicing.policy import InvoiceLine, Recipient
from moorage.domains.payments.gateway import ProviderDeclinedError
from moorage.journeys.capture_payment import capture_payment
from moorage.journeys.issue_invoice import NewInvoice, issue_invoice, read_invoice
from moorage.journeys.process_events import process_due_events
from moorage.journeys.receive_event import poll_providers
from moorage.journeys.record_manual_payment import ManualPayment, record_manual_payment
from moorage.journeys.refund_payment import refund_payment
from moorage.journeys.start_payment import PaymentStart, start_payment
from moorage.kernel.db import SYSTEM
from moorage.kernel.errors import InvalidStateError
from moorage.kernel.ids import uuid7
from moorage.wiring.app import build_app
from tests.support.apps import in_process

ANN = Recipient(email="ann@example.com", name="Ann")


@pytest.fixture
def by(house, settings):
    """`by(gateway)`: the House with this gateway alone, and somebody who asks it."""

    def told(gateway):
        terms = dataclasses.replace(house.terms, default_provider=gateway.name)
        own = dataclasses.replace(house, gateways={gateway.name: gateway}, terms=terms)
        return own, in_process(build_app(settings, own))

    return told


async def start(house, client, currency):
    """An invoice of 72.00 whose customer presses the button; the invoice, and the payment's page."""
    new = NewInvoice(uuid7(), ANN, currency, [InvoiceLine("Work", 7_200, tax_bps=0)])
    invoice = await issue_invoice(house, SYSTEM, new)
    going = await client.post(f"{house.links.path(invoice)}/pay")
    assert going.status_code == 303, going.text
    return invoice, going.headers["location"]


async def start_here(house, tokens, currency, tax_bps=0):
    """A payment of an invoice for a page of ours, as a contract's client may start it; the invoice, and that page."""
    new = NewInvoice(uuid7(), ANN, currency, [InvoiceLine("Work", 7_200, tax_bps=tax_bps)])
    invoice = await issue_invoice(house, SYSTEM, new)
    back = f"{house.public_url}{house.links.path(invoice)}"
    asked = PaymentStart(uuid7(), uuid7(), 7_200, currency, "invoice", invoice.id, return_url=back)
    await start_payment(house, SYSTEM, asked)
    return invoice, f"/pay/{asked.payment_id}?key={tokens.link_key(f'pay:{asked.payment_id}')}"


async def test_squares_form_is_let_in_alone_and_its_token_is_charged(by, square, square_fake, tokens):
    house, client = by(square)
    invoice, address = await start_here(house, tokens, "GBP", tax_bps=2_000)
    shown = await client.get(address)
    assert "Includes £12.00 of tax." in shown.text
    assert '<script src="https://sandbox.web.squarecdn.com/v1/square.js"></script>' in shown.text
    assert f'data-account="{square.capabilities.page_account}"' in shown.text
    assert "script-src 'self' https://sandbox.web.squarecdn.com " in shown.headers["content-security-policy"]
    declined = await client.post(address, data={"token": "cnon:card-nonce-declined"})
    assert (declined.status_code, "declined" in declined.text) == (422, True)
    await client.post(address, data={"token": "cnon:card-nonce-ok"})
    assert (await client.get(address)).status_code == 303
    assert (await read_invoice(house, invoice.id)).status == "paid"


async def test_razorpays_form_is_let_in_alone_and_what_it_says_is_settled(by, razorpay, razorpay_fake, tokens):
    house, client = by(razorpay)
    invoice, address = await start_here(house, tokens, "INR")
    shown = await client.get(address)
    (order,) = razorpay_fake.books.orders
    assert f'data-reference="{order}"' in shown.text
    assert '<script src="https://checkout.razorpay.com/v1/checkout.js"></script>' in shown.text
    policy = dict(part.strip().split(" ", 1) for part in shown.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"].startswith("'self' https://checkout.razorpay.com ")
    assert {host for part in policy.values() for host in part.split() if "razorpay.com" not in host} == {
        "'none'",
        "'self'",
    }
    script = await client.get("/static/pay_razorpay.js")
    assert (script.status_code, script.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    told = razorpay_fake.pay(order)
    forged = await client.post(address, data={"token": f"{told.partition(':')[0]}:{'0' * 64}"})
    assert forged.status_code == 422
    await client.post(address, data={"token": told})
    done = await client.get(address)
    assert done.headers["location"] == f"{house.public_url}{house.links.path(invoice)}"
    assert (await read_invoice(house, invoice.id)).status == "paid"


async def test_a_payer_is_sent_on_to_the_providers_own_page_without_a_redirect(by, square, square_fake):
    house, client = by(square)
    _, address = await start(house, client, "GBP")
    shown = await client.get(address)
    wait, url = shown.headers["refresh"].split("; url=")
    assert (shown.status_code, wait, url.startswith("http")) == (200, "0", True)
    assert url in shown.text.replace("&amp;", "&")
    assert "'self'; form-action 'self'" in shown.headers["content-security-policy"]


async def test_a_payer_waits_for_the_providers_page_and_is_shown_no_form_meanwhile(by, square, square_fake):
    house, client = by(square)
    square_fake.served.fault("lost_after", path="/v2/online-checkout/payment-links")
    _, address = await start(house, client, "GBP")
    shown = await client.get(address)
    assert (shown.status_code, shown.headers["refresh"]) == (200, "2")
    assert "squarecdn.com" not in shown.text + shown.headers["content-security-policy"]


async def test_a_payment_that_was_stopped_says_so_and_the_wrong_key_opens_nothing(by, square, square_fake):
    house, client = by(square)
    invoice, first = await start(house, client, "GBP")
    await client.post(f"{house.links.path(invoice)}/pay")  # starts over
    async with house.database.transaction(SYSTEM) as db:
        await db.execute("SELECT record_payment_status(id, 'canceled', 'test') FROM payments ORDER BY no LIMIT 1")
    over = await client.get(first)
    assert (over.status_code, "nothing was taken" in over.text) == (410, True)
    for path in (first[:-1] + ("0" if first[-1] != "0" else "1"), first.partition("?")[0]):
        assert (await client.get(path)).status_code == 404
        assert (await client.post(path)).status_code == 404


async def test_a_button_pressed_before_the_form_has_loaded_is_told_so(by, square, square_fake, tokens):
    house, client = by(square)
    _, address = await start_here(house, tokens, "GBP")
    for form in ({"token": ""}, {}):
        pressed = await client.post(address, data=form)
        assert (pressed.status_code, "has not loaded" in pressed.text, "<form" in pressed.text) == (422, True, True)


async def test_of_money_on_its_way_nobody_says_that_nothing_was_taken(by, square, square_fake, tokens):
    house, client = by(square)
    _, address = await start_here(house, tokens, "GBP")
    async with house.database.transaction(SYSTEM) as db:
        await db.execute(
            """SELECT settle_payment(id, 'processing', 7200, 'GBP', provider_ref, NULL, NULL, 'test', $1, now())
                 FROM payments""",
            {"expires_at": "2020-01-01T00:00:00Z"},
        )
    shown = await client.get(address)
    assert (shown.status_code, "being processed" in shown.text, shown.headers.get("refresh")) == (200, True, "2")


@pytest.mark.parametrize(
    ("refund", "word"), [(None, "<h1>Paid"), (200, "2.00 of it was given back"), (7_200, "Given back")]
)
async def test_a_payment_without_a_way_back_says_what_became_of_it(by, square, tokens, refund, word):
    house, client = by(square)
    asked = PaymentStart(uuid7(), uuid7(), 7_200, "GBP")
    await start_payment(house, SYSTEM, asked)
    address = f"/pay/{asked.payment_id}?key={tokens.link_key(f'pay:{asked.payment_id}')}"
    await client.post(address, data={"token": "cnon:card-nonce-ok"})
    if refund is not None:
        await refund_payment(house, SYSTEM, asked.payment_id, refund, reason="other", refund_id=uuid7())
    assert word in (await client.get(address)).text


async def test_whoever_pays_an_invoice_for_the_second_time_is_told_that_it_comes_back(by, square, square_fake, tokens):
    house, client = by(square)
    invoice, address = await start_here(house, tokens, "GBP")
    by_hand = ManualPayment(uuid7(), 7_200, "GBP", "cash", purpose="invoice", purpose_id=invoice.id)
    async with house.database.reading(SYSTEM) as db:
        card = await db.fetchval("SELECT id FROM payments")
        order = await db.fetchval("SELECT provider_ref FROM payments")
    # The card is charged at the provider while somebody counts the cash.
    await square.confirm(order, payment_method="cnon:card-nonce-ok", key="of-the-payer")
    await record_manual_payment(house, SYSTEM, by_hand)
    await poll_providers(house)
    await process_due_events(house)
    shown = await client.get(f"{house.links.path(invoice)}?payment={card}")
    assert "£72.00 was not needed any more" in shown.text
    assert "was not needed" not in (await client.get(f"{house.links.path(invoice)}?payment={by_hand.payment_id}")).text
    assert (await client.get(address)).status_code == 303


async def test_a_decline_at_paypal_is_told_on_the_invoice_and_paid_another_way(by, paypal, paypal_fake):
    house, client = by(paypal)
    invoice, _ = await start(house, client, "GBP")
    async with house.database.reading(SYSTEM) as db:
        payment_id = await db.fetchval("SELECT id FROM payments")
    (order,) = paypal_fake.books.orders
    paypal_fake.pay(order, "declined")
    await poll_providers(house)
    await process_due_events(house)
    waiting = await client.get(f"{house.links.path(invoice)}?payment={payment_id}")
    assert ("On its way" in waiting.text, "<form" in waiting.text) == (True, False)
    with pytest.raises(ProviderDeclinedError):
        await capture_payment(house, SYSTEM, payment_id)
    back = await client.get(f"{house.links.path(invoice)}?payment={payment_id}")
    assert ("did not go through" in back.text, "<form" in back.text, "refresh" in back.headers) == (True, True, False)
    again = await client.post(f"{house.links.path(invoice)}/pay")
    assert again.headers["location"].startswith("/pay/")


async def test_whose_money_is_reserved_has_nothing_to_wait_for(by, square, square_fake, tokens):
    house, client = by(square)
    asked = PaymentStart(uuid7(), uuid7(), 7_200, "GBP", capture="manual", provider="square")
    await start_payment(house, SYSTEM, asked)
    address = f"/pay/{asked.payment_id}?key={tokens.link_key(f'pay:{asked.payment_id}')}"
    await client.post(address, data={"token": "cnon:card-nonce-ok"})
    shown = await client.get(address)
    assert (shown.status_code, "<h1>Reserved" in shown.text, "refresh" in shown.headers) == (200, True, False)


async def test_what_paypal_refused_for_good_is_started_anew_and_not_sent_back_there(by, paypal, paypal_fake, tokens):
    house, client = by(paypal)
    invoice, address = await start_here(house, tokens, "GBP")
    (order,) = paypal_fake.books.orders
    paypal_fake.pay(order, "refused")
    async with house.database.reading(SYSTEM) as db:
        payment_id = await db.fetchval("SELECT id FROM payments")
    with pytest.raises(InvalidStateError):
        await capture_payment(house, SYSTEM, payment_id)
    shown = await client.get(address)
    assert (shown.status_code, "Your payment did not go through" in shown.text) == (410, True)
    assert order not in shown.text
    again = await client.post(f"{house.links.path(invoice)}/pay")
    assert again.headers["location"] != address


async def test_a_payer_chooses_among_the_providers_that_take_the_amount(
    house, settings, razorpay, razorpay_fake, square
):
    terms = dataclasses.replace(house.terms, default_provider="square")
    own = dataclasses.replace(house, gateways={"razorpay": razorpay, "square": square}, terms=terms)
    client = in_process(build_app(settings, own))
    invoice = await issue_invoice(own, SYSTEM, NewInvoice(uuid7(), ANN, "GBP", [InvoiceLine("Work", 7_200, tax_bps=0)]))
    shown = (await client.get(house.links.path(invoice))).text
    assert shown.index('value="square"') < shown.index('value="razorpay"')
    assert 'value="square" checked' in shown
    going = await client.post(f"{house.links.path(invoice)}/pay", data={"provider": "razorpay"})
    assert going.status_code == 303
    async with own.database.reading(SYSTEM) as db:
        assert await db.fetchval("SELECT provider FROM payments") == "razorpay"
    assert (await client.post(f"{house.links.path(invoice)}/pay", data={"provider": "nobody"})).status_code == 422
