"""PayPal's own library against the fake: whoever wrote it knows PayPal, and nothing of us."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from paypalserversdk.configuration import Configuration, Environment, Server
from paypalserversdk.exceptions.error_exception import ErrorException
from paypalserversdk.http.auth.o_auth_2 import ClientCredentialsAuthCredentials
from paypalserversdk.models.amount_with_breakdown import AmountWithBreakdown
from paypalserversdk.models.capture_request import CaptureRequest
from paypalserversdk.models.checkout_payment_intent import CheckoutPaymentIntent
from paypalserversdk.models.money import Money
from paypalserversdk.models.order_request import OrderRequest
from paypalserversdk.models.purchase_unit_request import PurchaseUnitRequest
from paypalserversdk.models.refund_request import RefundRequest
from paypalserversdk.paypal_serversdk_client import PaypalServersdkClient

from tests.fakes.paypal.fake import PaypalFake


@pytest.fixture
def sdk(paypal_fake: PaypalFake, monkeypatch) -> Iterator[PaypalServersdkClient]:
    monkeypatch.setattr(
        Configuration, "environments", {Environment.SANDBOX: {Server.DEFAULT: paypal_fake.base_url}}, raising=True
    )
    keys = ClientCredentialsAuthCredentials(
        o_auth_client_id=paypal_fake.client_id, o_auth_client_secret=paypal_fake.client_secret
    )
    return PaypalServersdkClient(client_credentials_auth_credentials=keys, timeout=20, max_retries=0)


def order(intent: CheckoutPaymentIntent) -> OrderRequest:
    unit = PurchaseUnitRequest(amount=AmountWithBreakdown(currency_code="USD", value="100.00"), custom_id="mine")
    return OrderRequest(intent=intent, purchase_units=[unit])


async def test_a_token_an_order_its_capture_and_refunds(sdk, paypal_fake):
    make = {"body": order(CheckoutPaymentIntent.CAPTURE), "paypal_request_id": "one"}
    made = (await asyncio.to_thread(sdk.orders.create_order, make)).body
    again = (await asyncio.to_thread(sdk.orders.create_order, make)).body
    assert (made.id, made.status) == (again.id, "CREATED")
    with pytest.raises(ErrorException) as refusal:
        await asyncio.to_thread(sdk.orders.capture_order, {"id": made.id})
    assert refusal.value.details[0].issue == "ORDER_NOT_APPROVED"
    paypal_fake.pay(made.id)
    collected = (
        await asyncio.to_thread(sdk.orders.capture_order, {"id": made.id, "prefer": "return=representation"})
    ).body
    (capture,) = collected.purchase_units[0].payments.captures
    assert (collected.status, capture.status, capture.amount.value) == ("COMPLETED", "COMPLETED", "100.00")
    give = {"capture_id": capture.id, "body": RefundRequest(amount=Money(currency_code="USD", value="30.00"))}
    refund = (await asyncio.to_thread(sdk.payments.refund_captured_payment, give)).body
    assert (refund.status, refund.amount.value) == ("COMPLETED", "30.00")
    kept = (await asyncio.to_thread(sdk.payments.get_captured_payment, {"capture_id": capture.id})).body
    assert kept.status == "PARTIALLY_REFUNDED"
    fetched = (await asyncio.to_thread(sdk.orders.get_order, {"id": made.id})).body
    assert fetched.purchase_units[0].payments.refunds[0].id == refund.id
    assert paypal_fake.served.calls("POST", "/v1/oauth2/token") == 1


async def test_an_authorisation_is_captured_in_part_and_another_voided(sdk, paypal_fake):
    reserved = []
    for _ in range(2):
        made = (await asyncio.to_thread(sdk.orders.create_order, {"body": order(CheckoutPaymentIntent.AUTHORIZE)})).body
        paypal_fake.pay(made.id)
        done = (await asyncio.to_thread(sdk.orders.authorize_order, {"id": made.id})).body
        reserved.append(done.purchase_units[0].payments.authorizations[0])
    part = CaptureRequest(amount=Money(currency_code="USD", value="60.00"), final_capture=True)
    first, second = (one.id for one in reserved)
    take = {"authorization_id": first, "body": part}
    capture = (await asyncio.to_thread(sdk.payments.capture_authorized_payment, take)).body
    assert (capture.status, capture.amount.value, capture.final_capture) == ("COMPLETED", "60.00", True)
    await asyncio.to_thread(sdk.payments.void_payment, {"authorization_id": second})
    for wanted, one in (("CAPTURED", first), ("VOIDED", second)):
        kept = (await asyncio.to_thread(sdk.payments.get_authorized_payment, {"authorization_id": one})).body
        assert kept.status == wanted
    with pytest.raises(ErrorException):
        await asyncio.to_thread(sdk.payments.capture_authorized_payment, {"authorization_id": second})


async def test_the_report_shows_what_was_collected_and_given_back(sdk, paypal_fake):
    make = {"body": order(CheckoutPaymentIntent.CAPTURE), "paypal_request_id": "one"}
    made = (await asyncio.to_thread(sdk.orders.create_order, make)).body
    paypal_fake.pay(made.id)
    await asyncio.to_thread(sdk.orders.capture_order, {"id": made.id})
    paypal_fake.refund_by_hand(made.id, "30.00")
    today = datetime.now(UTC)
    asked = {
        "start_date": (today - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "end_date": (today + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    report = (await asyncio.to_thread(sdk.transaction_search.search_transactions, asked)).body
    rows = [one.transaction_info for one in report.transaction_details]
    assert [(one.transaction_event_code, one.transaction_amount.value) for one in rows] == [
        ("T0006", "100.00"),
        ("T1107", "-30.00"),
    ]
    assert (rows[0].paypal_reference_id, rows[0].custom_field) == (made.id, "mine")
