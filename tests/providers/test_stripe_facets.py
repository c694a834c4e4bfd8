"""What Stripe does for us beside payments: customers, portal, invoices, catalogue, disputes, payees and transfers."""

from datetime import UTC, datetime

import pytest

from moorage.domains.payments.facets import (
    CustomerGateway,
    CustomerRequest,
    Evidence,
    EvidenceGateway,
    HostedInvoiceRequest,
    InvoiceGateway,
    PayeeRequest,
    PortalGateway,
    ProductGateway,
    ProductRequest,
    TransferGateway,
    TransferRequest,
)
from moorage.domains.payments.gateway import OutcomeUnknownError, ProviderDeclinedError
from moorage.domains.payments.gateway_values import Line
from moorage.kernel.ids import uuid7
from tests.fakes.schemas import load, needs_specs

pytestmark = pytest.mark.usefixtures("kept_to_what_stripe_publishes")


@pytest.fixture
async def customer(stripe_town):
    gateway: CustomerGateway = stripe_town.gateway
    return await gateway.create_customer(CustomerRequest(uuid7(), "ann@example.test", "Ann Tester"), key="customer")


async def test_a_customer_is_made_once_and_pays_by_name(stripe_town, customer):
    again = stripe_town.fake.state.objects[customer.reference]
    assert (again["email"], again["metadata"]["moorage_user"]) == ("ann@example.test", str(customer.user_id))
    made = await stripe_town.gateway.create(stripe_town.request(customer=customer.reference), key="intent")
    assert made.ids["customer"] == customer.reference
    session = await stripe_town.gateway.create(
        stripe_town.request(mode="checkout", customer=customer.reference), key="session"
    )
    assert session.ids["customer"] == customer.reference


async def test_the_portal_is_opened_anew_each_time(stripe_town, customer):
    gateway: PortalGateway = stripe_town.gateway
    first = await gateway.open_portal(customer.reference, return_url="https://moorage.test/")
    assert first != await gateway.open_portal(customer.reference, return_url=None)
    with pytest.raises(ProviderDeclinedError):
        await gateway.open_portal("cus_none", return_url=None)


def bill(customer, **changes):
    lines = (Line("Dinner", 5_000, 2), Line("Travel", 1_250))
    facts = {"invoice_id": uuid7(), "payment_id": uuid7(), "customer": customer.reference, "currency": "GBP"}
    return HostedInvoiceRequest(**{**facts, "lines": lines, **changes})


async def test_an_invoice_has_a_number_and_an_address_and_settles_our_payment(stripe_town, customer):
    gateway: InvoiceGateway = stripe_town.gateway
    asked = bill(customer)
    made = await gateway.create_invoice(asked, key="bill")
    assert (made.status, made.amount_minor, made.currency) == ("pending", 11_250, "GBP")
    assert made.checkout_url.startswith(stripe_town.base_url)
    assert (await stripe_town.gateway.find(asked.payment_id)).reference == made.reference
    stripe_town.fake.pay(made.reference)
    assert (await stripe_town.gateway.find(asked.payment_id)).status == "succeeded"
    assert (await stripe_town.gateway.cancel(made.reference, key="late")).status == "succeeded"
    told = [
        event
        for event in await stripe_town.gateway.events_since(made_at(asked.payment_id))
        if event.kind == "payment" and event.intent_status == "succeeded"
    ]
    assert len(told) == 4  # the charge, the intent, and the invoice twice: one payment, by whichever comes first
    assert {(one.payment_id, one.reference, one.amount_minor) for one in told} == {
        (asked.payment_id, made.ids["payment_intent"], 11_250)
    }


async def test_an_invoice_that_broke_off_is_continued_with_the_same_key(stripe_town, customer):
    asked = bill(customer)
    stripe_town.fake.served.fault("lost_after", path="/finalize")
    with pytest.raises(OutcomeUnknownError):
        await stripe_town.gateway.create_invoice(asked, key="bill")
    made = await stripe_town.gateway.create_invoice(asked, key="bill")
    assert (made.status, made.amount_minor) == ("pending", 11_250)
    assert len(list(stripe_town.fake.state.of("invoice"))) == 1


async def test_an_invoice_that_was_voided_takes_no_money(stripe_town, customer):
    asked = bill(customer)
    made = await stripe_town.gateway.create_invoice(asked, key="bill")
    for key in ("void", "again"):
        voided = await stripe_town.gateway.cancel(made.reference, key=key)
        assert (voided.status, voided.amount_minor) == ("canceled", 11_250)
    assert (await stripe_town.gateway.fetch(made.reference)).status == "canceled"
    assert (await stripe_town.gateway.find(asked.payment_id)).status == "canceled"


async def test_a_product_is_mirrored_once_and_a_new_amount_is_a_new_price(stripe_town):
    gateway: ProductGateway = stripe_town.gateway
    wanted = {"product_id": uuid7(), "name": "Massage", "amount_minor": 8_000, "currency": "GBP"}
    first = await gateway.put_product(ProductRequest(**wanted), key="sync-1")
    calls = stripe_town.fake.served.calls("POST")
    again = await gateway.put_product(ProductRequest(**wanted), key="sync-2")
    assert (again.reference, again.price_reference) == (first.reference, first.price_reference)
    assert stripe_town.fake.served.calls("POST") == calls
    dearer = await gateway.put_product(ProductRequest(**{**wanted, "amount_minor": 9_000}), key="sync-3")
    assert (dearer.reference, dearer.amount_minor) == (first.reference, 9_000)
    assert dearer.price_reference != first.price_reference
    (old,) = await gateway.prices([first.price_reference])
    assert (old.active, old.amount_minor) == (False, 8_000)
    gone = await gateway.put_product(
        ProductRequest(**{**wanted, "amount_minor": 9_000, "active": False, "name": "Long massage"}), key="sync-4"
    )
    assert (gone.active, gone.name) == (False, "Long massage")
    with pytest.raises(ProviderDeclinedError):
        await gateway.prices(["price_none"])


async def test_an_amount_that_comes_back_is_in_force_again(stripe_town):
    wanted = {"product_id": uuid7(), "name": "Massage", "currency": "GBP"}
    prices = []
    for amount in (8_000, 9_000, 8_000, 9_000):  # with the same keys, as a catalogue that is synced would
        stripe_town.fake.advance(0.1)
        request = ProductRequest(**wanted, amount_minor=amount, description=f"For {amount}")
        prices.append(await stripe_town.gateway.put_product(request, key=f"sync-{amount}"))
    assert len({price.price_reference for price in prices}) == 4
    active = [price["unit_amount"] for price in stripe_town.fake.state.of("price") if price["active"]]
    assert active == [9_000]
    product = stripe_town.fake.state.objects[prices[0].reference]
    assert product["description"] == "For 9000"


async def test_a_dispute_is_answered_once_and_decided(stripe_town):
    gateway: EvidenceGateway = stripe_town.gateway
    made = await stripe_town.gateway.create(stripe_town.request(), key="intent")
    stripe_town.fake.pay(made.reference)
    opened = stripe_town.fake.dispute(made.reference)["id"]
    state = await gateway.fetch_dispute(opened)
    assert (state.status, state.payment_reference, state.amount_minor) == ("opened", made.reference, 7_200)
    kept = await gateway.submit_evidence(opened, Evidence(note="The guest came."), submit=False, key="keep")
    assert kept.status == "opened"
    handed_in = await gateway.submit_evidence(
        opened, Evidence(customer_email="ann@example.test", refund_policy="None."), submit=True, key="submit"
    )
    assert handed_in.status == "under_review"
    said = stripe_town.fake.state.objects[opened]["evidence"]
    assert (said["uncategorized_text"], said["customer_email_address"]) == ("The guest came.", "ann@example.test")
    assert (await gateway.accept_dispute(opened, key="accept")).status == "lost"
    with pytest.raises(ProviderDeclinedError):
        await gateway.accept_dispute(opened, key="accept again")


async def test_a_payee_is_paid_once_it_is_known_and_the_money_can_come_back(stripe_town):
    gateway: TransferGateway = stripe_town.gateway
    payee = await gateway.create_payee(PayeeRequest(uuid7(), "cook@example.test", "US"), key="payee")
    assert (payee.can_be_paid, bool(payee.missing)) == (False, True)
    url = await gateway.payee_link(payee.reference, return_url="https://m.test/", refresh_url="https://m.test/again")
    assert url.startswith(stripe_town.base_url)
    asked = TransferRequest(uuid7(), payee.reference, 5_000, "GBP")
    with pytest.raises(ProviderDeclinedError) as refusal:
        await gateway.transfer(asked, key="too soon")
    assert refusal.value.facts["failure_code"] == "payee_not_ready"
    stripe_town.fake.onboard(payee.reference)
    assert (await gateway.fetch_payee(payee.reference)).can_be_paid
    with pytest.raises(ProviderDeclinedError) as refusal:
        await gateway.transfer(asked, key="too poor")
    assert refusal.value.facts["failure_code"] == "insufficient_funds"
    made = await stripe_town.gateway.create(stripe_town.request(), key="intent")
    stripe_town.fake.pay(made.reference)
    stripe_town.fake.served.fault("lost_after", path="/v1/transfers")
    with pytest.raises(OutcomeUnknownError):
        await gateway.transfer(asked, key="transfer")
    sent = await gateway.find_transfer(asked.transfer_id)
    assert (await gateway.transfer(asked, key="transfer")).reference == sent.reference
    assert await gateway.find_transfer(uuid7()) is None
    back = await gateway.reverse_transfer(sent.reference, amount_minor=2_000, currency="GBP", key="back")
    assert (back.amount_minor, back.reversed_minor) == (5_000, 2_000)
    with pytest.raises(ProviderDeclinedError):
        await gateway.reverse_transfer(sent.reference, amount_minor=3_001, currency="GBP", key="too much")


@needs_specs("stripe")
async def test_what_the_fake_answers_where_the_schema_is_old_has_the_shape_of_todays_examples(stripe_town, customer):
    made = await stripe_town.gateway.create_invoice(bill(customer), key="bill")
    payee = await stripe_town.gateway.create_payee(PayeeRequest(uuid7(), "cook@example.test", "US"), key="payee")
    today = load("stripe", "fixtures3-2026-08-21.json")["resources"]
    for kind, body in (("invoice", made.raw), ("customer", customer.raw), ("account", payee.raw)):
        for name, value in body.items():
            if name == "payments":  # only where it is expanded, as the fixtures never do
                continue
            assert name in {**today[kind], "type": ""}, f"{kind}.{name}"
            example = today[kind].get(name)
            if value is not None and example is not None:
                assert type(value) is type(example), f"{kind}.{name}"


def made_at(payment_id):
    return datetime.fromtimestamp((payment_id.int >> 80) / 1000, UTC)
