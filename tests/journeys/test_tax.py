"""Tax on our own sales: in the price, by the one rate that applies, and given back with the money."""

import dataclasses

from moorage.domains.invoicing.policy import InvoicingTerms
from moorage.journeys.bill_balance import bill_balance
from moorage.journeys.record_manual_payment import ManualPayment, record_manual_payment
from moorage.journeys.refund_payment import refund_payment
from moorage.journeys.set_tax_rate import TaxRate, apply_tax_settings, set_tax_rate
from moorage.journeys.start_payment import PaymentStart, start_payment
from moorage.journeys.start_subscription import SubscriptionStart, start_subscription
from moorage.kernel.db import SYSTEM, Actor
from moorage.kernel.ids import uuid7
from tests.builders import make_service


async def taxed(shop, *, is_house: bool = True) -> None:
    """20 % apply from now on; the practitioner is the business itself, or somebody of their own."""
    house = dataclasses.replace(shop.house, invoicing=InvoicingTerms(tax_country="GB", tax_region="Scotland"))
    table = await set_tax_rate(house, TaxRate("GB", "", "VAT", 2_000, inclusive=True))
    assert [rate.applies for rate in table] == [True]
    await shop.db.execute("UPDATE practitioners SET is_house = $1", is_house)


async def test_a_booking_of_the_business_itself_is_taxed_and_its_refund_untaxed(shop):
    await taxed(shop)
    held = await shop.paid()
    assert (await shop.balance("sales"), await shop.balance("tax_payable")) == (6_667, 1_333)
    assert await shop.value("SELECT tax_minor FROM payments WHERE id = $1", held.payment_id) == 1_333
    back = await refund_payment(shop.house, SYSTEM, held.payment_id, 3_000, reason="other", refund_id=uuid7())
    assert back.tax_minor == 500
    assert (await shop.balance("sales"), await shop.balance("tax_payable")) == (4_167, 833)
    await refund_payment(shop.house, SYSTEM, held.payment_id, None, reason="other", refund_id=uuid7())
    await shop.settle()
    assert (await shop.balance("sales"), await shop.balance("tax_payable")) == (0, 0)
    assert await shop.audit() == []


async def test_each_period_of_a_subscription_is_taxed(shop):
    await taxed(shop)
    start = SubscriptionStart(uuid7(), ["price_month_2000_usd"], shop.client_id)
    started = await start_subscription(shop.house, Actor(user_id=shop.client_id), start)
    assert started.payment.tax_minor == 333
    confirm = {"payment_method": "pm_card_visa"}
    await shop.town.api.post(f"/intents/{started.payment.provider_ref}/confirm", json=confirm)
    [there] = (await shop.town.api.get("/subscriptions")).json()["data"]
    await shop.town.api.post(f"/subscriptions/{there['id']}/renew", json={})
    for _ in range(3):
        await shop.settle()
        await shop.due_now()
    assert (await shop.balance("sales"), await shop.balance("tax_payable")) == (3_334, 666)
    assert await shop.audit() == []


async def test_what_a_practitioner_earns_is_theirs_to_tax(shop):
    await taxed(shop, is_house=False)
    await shop.paid()
    assert (await shop.balance("tax_payable"), await shop.balance("commission")) == (0, 400)
    assert await shop.audit() == []


async def test_the_balance_of_a_booking_is_billed_with_its_tax_and_cash_counts_as_well(shop):
    await taxed(shop)
    service = await make_service(shop.db, shop.practitioner, price_minor=20_000, deposit_bps=2_500)
    held = await shop.hold(service=service)
    deposit = ManualPayment(uuid7(), 5_000, "USD", "cash", purpose="booking_deposit", purpose_id=held.id)
    await record_manual_payment(shop.house, SYSTEM, deposit)
    invoice = await bill_balance(shop.house, SYSTEM, held.id, invoice_id=uuid7())
    assert (invoice.gross_minor, invoice.tax_minor) == (15_000, 2_500)
    rest = ManualPayment(uuid7(), 15_000, "USD", "check", purpose="booking_balance", purpose_id=held.id)
    await record_manual_payment(shop.house, SYSTEM, rest)
    assert await shop.balance("tax_payable") == 833 + 2_500
    assert await shop.value("SELECT status FROM invoices") == "paid"
    await shop.settle()
    assert await shop.audit() == []


async def test_a_payer_sees_the_tax_before_they_pay_and_without_a_rate_there_is_none(shop):
    async def started():
        start = PaymentStart(uuid7(), uuid7(), 1_200, "USD", payer_email="ann@example.com")
        return (await start_payment(shop.house, SYSTEM, start)).payment.tax_minor

    assert await started() == 0
    await taxed(shop)
    assert await started() == 200
    [page] = await shop.db.fetch("SELECT checkout_url FROM payments WHERE tax_minor = 200")
    assert "with 2.00 USD of tax" in (await shop.town.payer.get(page["checkout_url"])).text
    cash = ManualPayment(uuid7(), 1_200, "USD", "cash", payer_email="ann@example.com")
    await record_manual_payment(shop.house, SYSTEM, cash)
    assert (await shop.balance("sales"), await shop.balance("tax_payable")) == (1_000, 200)
    assert await apply_tax_settings(shop.house) is None  # the settings of this shop name no country
    assert await started() == 0
    await shop.settle()
    assert await shop.audit() == []
