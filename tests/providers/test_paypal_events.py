"""PayPal's events in the core's words, those of the first API too, and those that the fake does not send."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from moorage.domains.payments.gateway import InvalidSignatureError
from moorage.domains.payments.gateway_values import ProviderFee

PAYMENT, REFUND = UUID(int=1), UUID(int=2)
USD = {"currency_code": "USD", "value": "25.00"}
CAPTURE = {
    "id": "CAPTURE1",
    "amount": USD,
    "custom_id": str(PAYMENT),
    "supplementary_data": {"related_ids": {"order_id": "ORDER1"}},
    "seller_receivable_breakdown": {"gross_amount": USD, "paypal_fee": {"currency_code": "USD", "value": "1.36"}},
}
SALE = {
    "id": "SALE1",
    "amount": {"total": "25.00", "currency": "USD"},
    "custom": str(PAYMENT),
    "parent_payment": "PAY-1",
    "transaction_fee": {"value": "1.03", "currency": "USD"},
}
DISPUTE = {
    "dispute_id": "PP-D-1",
    "status": "WAITING_FOR_SELLER_RESPONSE",
    "disputed_transactions": [{"seller_transaction_id": "CAPTURE1", "custom": str(PAYMENT)}],
    "dispute_amount": USD,
    "seller_response_due_date": "2026-12-01T00:00:00Z",
}


def event(event_type: str, resource: dict) -> bytes:
    told = {"id": "WH-1", "event_type": event_type, "create_time": "2026-11-21T08:00:00.000Z", "resource": resource}
    return json.dumps(told).encode()


@pytest.mark.parametrize(
    ("name", "status", "failure"),
    [
        ("COMPLETED", "succeeded", None),
        ("PENDING", "processing", None),
        ("DENIED", "failed", "capture_declined"),
        ("DECLINED", "failed", "capture_declined"),
    ],
)
async def test_a_capture_tells_the_payments_state_and_its_fee(paypal, name, status, failure):
    told = paypal.parse(event(f"PAYMENT.CAPTURE.{name}", CAPTURE | {"status": name}))
    assert (told.kind, told.intent_status, told.failure_code) == ("payment", status, failure)
    assert (told.payment_id, told.reference, told.ids) == (PAYMENT, "ORDER1", {"capture": "CAPTURE1"})
    assert (told.amount_minor, told.currency, told.fee_minor) == (2_500, "USD", 136)


async def test_an_older_capture_tells_its_order_by_a_link(paypal):
    older = {name: value for name, value in CAPTURE.items() if name != "supplementary_data"}
    up = {"rel": "up", "href": "https://api.paypal.com/v2/checkout/orders/ORDER1"}
    assert paypal.parse(event("PAYMENT.CAPTURE.COMPLETED", {**older, "links": [up]})).reference == "ORDER1"
    assert paypal.parse(event("PAYMENT.CAPTURE.COMPLETED", older)).reference is None


@pytest.mark.parametrize(("name", "status", "waits"), [("CREATED", "processing", True), ("VOIDED", "canceled", False)])
async def test_an_authorisation_waits_to_be_collected(paypal, name, status, waits):
    told = paypal.parse(event(f"PAYMENT.AUTHORIZATION.{name}", CAPTURE | {"id": "AUTH1", "status": name}))
    assert (told.intent_status, told.needs_capture, told.ids) == (status, waits, {"authorization": "AUTH1"})


async def test_an_approval_taken_back_cancels(paypal):
    resource = {"order_id": "ORDER1", "purchase_units": [{"custom_id": str(PAYMENT), "amount": USD}]}
    told = paypal.parse(event("CHECKOUT.PAYMENT-APPROVAL.REVERSED", resource))
    assert (told.intent_status, told.reference, told.payment_id, told.amount_minor) == (
        "canceled",
        "ORDER1",
        PAYMENT,
        2_500,
    )


@pytest.mark.parametrize(
    ("name", "state", "status"),
    [("COMPLETED", "completed", "succeeded"), ("DENIED", "denied", "failed"), ("PENDING", "pending", "processing")],
)
async def test_a_sale_of_the_first_api_is_ours_by_our_own_id(paypal, name, state, status):
    told = paypal.parse(event(f"PAYMENT.SALE.{name}", SALE | {"state": state}))
    assert (told.kind, told.intent_status, told.payment_id, told.reference) == ("payment", status, PAYMENT, None)
    assert (told.amount_minor, told.currency, told.fee_minor, told.ids) == (2_500, "USD", 103, {"sale": "SALE1"})
    stranger = paypal.parse(event(f"PAYMENT.SALE.{name}", SALE | {"state": state, "custom": "of a shop before us"}))
    assert (stranger.payment_id, stranger.reference) == (None, "PAY-1")


async def test_a_refund_of_the_first_api_names_its_sale(paypal):
    told = paypal.parse(event("PAYMENT.SALE.REFUNDED", SALE | {"id": "R1", "sale_id": "SALE1", "state": "completed"}))
    assert (told.kind, told.refund_status, told.payment_id, told.ids) == (
        "refund",
        "succeeded",
        PAYMENT,
        {"sale": "SALE1"},
    )


@pytest.mark.parametrize(
    ("event_type", "status", "told_status"),
    [
        ("PAYMENT.CAPTURE.REFUNDED", "COMPLETED", "succeeded"),
        ("PAYMENT.CAPTURE.REVERSED", "COMPLETED", "succeeded"),
        ("PAYMENT.REFUND.PENDING", "PENDING", "pending"),
        ("PAYMENT.REFUND.FAILED", "FAILED", "failed"),
    ],
)
async def test_a_refund_says_whose_it_is(paypal, event_type, status, told_status):
    up = {"rel": "up", "href": "https://api.paypal.com/v2/payments/captures/CAPTURE1"}
    resource = {"id": "R1", "status": status, "amount": USD, "custom_id": f"{PAYMENT}.{REFUND}", "links": [up]}
    told = paypal.parse(event(event_type, resource))
    assert (told.kind, told.refund_status, told.payment_id, told.refund_id) == ("refund", told_status, PAYMENT, REFUND)
    assert told.fees == ()
    fee = {"seller_payable_breakdown": {"paypal_fee": {"currency_code": "USD", "value": "0.37"}}}
    assert paypal.parse(event(event_type, {**resource, **fee})).fees == (ProviderFee("R1", -37, "USD"),)
    by_hand = paypal.parse(event(event_type, {**resource, "custom_id": "thanks"}))
    assert (by_hand.payment_id, by_hand.refund_id, by_hand.ids) == (None, None, {"capture": "CAPTURE1"})


@pytest.mark.parametrize(
    ("name", "changes", "status"),
    [
        ("CREATED", {}, "opened"),
        ("UPDATED", {"status": "UNDER_REVIEW"}, "under_review"),
        ("UPDATED", {"status": "WAITING_FOR_BUYER_RESPONSE"}, "opened"),
        ("RESOLVED", {"status": "RESOLVED", "dispute_outcome": {"outcome_code": "RESOLVED_SELLER_FAVOUR"}}, "won"),
        ("RESOLVED", {"status": "RESOLVED", "dispute_outcome": {"outcome_code": "CANCELED_BY_BUYER"}}, "won"),
        ("RESOLVED", {"status": "RESOLVED", "dispute_outcome": {"outcome_code": "RESOLVED_BUYER_FAVOUR"}}, "lost"),
        ("RESOLVED", {"status": "RESOLVED", "dispute_outcome": {"outcome_code": "ACCEPTED"}}, "lost"),
    ],
)
async def test_a_dispute_tells_its_state_and_until_when_to_answer(paypal, name, changes, status):
    told = paypal.parse(event(f"CUSTOMER.DISPUTE.{name}", DISPUTE | changes))
    assert (told.kind, told.dispute_status, told.payment_id) == ("dispute", status, PAYMENT)
    assert (told.dispute_reference, told.ids, told.amount_minor) == ("PP-D-1", {"capture": "CAPTURE1"}, 2_500)
    assert told.evidence_due_at == datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize("name", ["PAYMENT.PAYOUTS-ITEM.SUCCEEDED", "BILLING.SUBSCRIPTION.CREATED", "SOMETHING.NEW"])
async def test_what_means_nothing_to_us_is_kept_without_effect(paypal, name):
    told = paypal.parse(event(name, {}))
    assert (told.kind, told.event_type) == ("other", name)


@pytest.mark.parametrize("body", [b"[]", b"{}", b"{", event("PAYMENT.CAPTURE.COMPLETED", {}), b"\xff"])
async def test_what_is_no_event_is_refused(paypal, body):
    with pytest.raises(InvalidSignatureError):
        paypal.parse(body)
