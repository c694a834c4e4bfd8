"""Stripe's events in the core's words: which have an effect on the books, and which are only kept."""

import copy
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from moorage.kernel.ids import uuid7
from moorage.providers.stripe.events import to_event
from tests.fakes.schemas import load, needs_specs

PAYMENT = uuid7()
METADATA = {"moorage_payment": str(PAYMENT)}
OURS = {"moorage_refund": str(uuid7())}
INTENT = {
    "id": "pi_1",
    "object": "payment_intent",
    "amount": 10_000,
    "amount_received": 0,
    "currency": "usd",
    "latest_charge": "ch_1",
    "metadata": METADATA,
    "payment_method_types": ["card"],
    "status": "requires_payment_method",
}
CHARGE = {
    "id": "ch_1",
    "object": "charge",
    "amount": 10_000,
    "amount_captured": 10_000,
    "captured": True,
    "currency": "usd",
    "metadata": METADATA,
    "payment_intent": "pi_1",
    "payment_method_details": {"type": "card"},
    "status": "succeeded",
}
SESSION = {
    "id": "cs_1",
    "object": "checkout.session",
    "amount_total": 10_000,
    "currency": "usd",
    "metadata": METADATA,
    "mode": "payment",
    "payment_intent": "pi_1",
    "payment_status": "unpaid",
    "status": "open",
}
REFUND = {
    "id": "re_1",
    "object": "refund",
    "amount": 4_000,
    "charge": "ch_1",
    "currency": "usd",
    "metadata": {},
    "payment_intent": "pi_1",
    "status": "succeeded",
}
DISPUTE = {
    "id": "dp_1",
    "object": "dispute",
    "amount": 10_000,
    "charge": "ch_1",
    "currency": "usd",
    "evidence_details": {"due_by": 1_800_000_000},
    "payment_intent": "pi_1",
    "status": "needs_response",
}


def event(kind, thing, **changes):
    body = {"id": "evt_1", "object": "event", "type": kind, "livemode": False, "data": {"object": thing}, **changes}
    return to_event(body)


@pytest.mark.parametrize(
    ("kind", "changes", "status", "needs_capture"),
    [
        ("payment_intent.succeeded", {"status": "succeeded", "amount_received": 10_000}, "succeeded", False),
        ("payment_intent.processing", {"status": "processing"}, "processing", False),
        ("payment_intent.requires_action", {"status": "requires_action"}, "requires_action", False),
        ("payment_intent.canceled", {"status": "canceled"}, "canceled", False),
        ("payment_intent.payment_failed", {"last_payment_error": {"code": "card_declined"}}, "failed", False),
        (
            "payment_intent.amount_capturable_updated",
            {"status": "requires_capture", "amount_capturable": 10_000},
            "processing",
            True,
        ),
    ],
)
def test_an_intents_event_tells_its_state(kind, changes, status, needs_capture):
    told = event(kind, {**INTENT, **changes})
    assert (told.kind, told.payment_id, told.reference) == ("payment", PAYMENT, "pi_1")
    assert (told.intent_status, told.needs_capture) == (status, needs_capture)
    assert (told.amount_minor, told.currency, told.live) == (10_000, "USD", False)
    assert told.ids == {"payment_intent": "pi_1", "charge": "ch_1"}


def test_case_2_a_charges_event_is_about_the_same_payment_as_the_intents():
    told = event("charge.succeeded", CHARGE)
    assert (told.kind, told.payment_id, told.reference, told.intent_status) == ("payment", PAYMENT, "pi_1", "succeeded")


def test_a_charge_that_only_reserves_collects_nothing_yet():
    told = event("charge.succeeded", {**CHARGE, "captured": False, "amount_captured": 0})
    assert (told.intent_status, told.needs_capture, told.amount_minor) == ("processing", True, 10_000)


def test_the_booking_of_the_fee_is_named_once_the_charge_is_collected():
    told = event("charge.updated", {**CHARGE, "balance_transaction": "txn_1"})
    assert (told.intent_status, told.ids["balance_transaction"]) == ("succeeded", "txn_1")
    refused = event("charge.updated", {**CHARGE, "status": "failed", "captured": False})
    assert refused.kind == "other"


def test_case_14_a_capture_in_part_tells_what_was_collected():
    assert event("charge.captured", {**CHARGE, "amount_captured": 6_000}).amount_minor == 6_000
    part = {**INTENT, "status": "succeeded", "amount_received": 6_000}
    assert event("payment_intent.succeeded", part).amount_minor == 6_000


def test_a_declined_card_says_why():
    error = {"code": "card_declined", "decline_code": "insufficient_funds"}
    told = event("payment_intent.payment_failed", {**INTENT, "last_payment_error": error})
    assert told.failure_code == "insufficient_funds"


@pytest.mark.parametrize(
    ("kind", "changes", "status"),
    [
        ("checkout.session.completed", {"status": "complete", "payment_status": "paid"}, "succeeded"),
        ("checkout.session.completed", {"status": "complete"}, "processing"),
        ("checkout.session.async_payment_succeeded", {"status": "complete", "payment_status": "paid"}, "succeeded"),
        ("checkout.session.async_payment_failed", {"status": "complete"}, "failed"),
        ("checkout.session.expired", {"status": "expired"}, "canceled"),
    ],
)
def test_a_sessions_event_tells_its_payments_state(kind, changes, status):
    told = event(kind, {**SESSION, **changes})
    assert (told.kind, told.payment_id, told.reference, told.intent_status) == ("payment", PAYMENT, "cs_1", status)
    assert told.ids == {"checkout_session": "cs_1", "payment_intent": "pi_1"}
    assert told.amount_minor == 10_000


def test_a_session_for_a_subscription_pays_its_first_period_where_it_is_ours():
    paid = {"mode": "subscription", "payment_intent": None, "status": "complete", "payment_status": "paid"}
    billed = {"invoice": "in_1", "subscription": "sub_1"}
    told = event("checkout.session.completed", {**SESSION, **paid, **billed})
    assert (told.kind, told.payment_id, told.intent_status) == ("payment", PAYMENT, "succeeded")
    assert told.ids == {"checkout_session": "cs_1", **billed}
    for other in ({**paid, "metadata": {}}, {"mode": "setup"}):
        assert event("checkout.session.completed", {**SESSION, **other}).kind == "other"


@pytest.mark.parametrize("kind", ["created", "updated", "deleted", "paused", "resumed"])
def test_a_subscriptions_event_names_what_to_ask_about(kind):
    told = event(f"customer.subscription.{kind}", {"id": "sub_1", "object": "subscription", "status": "active"})
    assert (told.kind, told.reference) == ("subscription", "sub_1")


@pytest.mark.parametrize("kind", ["paid", "payment_succeeded", "payment_failed", "voided", "marked_uncollectible"])
def test_an_invoice_of_a_subscription_is_one_of_its_periods_in_old_versions_of_the_api_too(kind):
    invoice = {"id": "in_1", "object": "invoice", "metadata": METADATA}
    now = {"parent": {"type": "subscription_details", "subscription_details": {"subscription": "sub_1"}}}
    for of in (now, {"subscription": "sub_1"}):
        told = event(f"invoice.{kind}", {**invoice, **of})
        assert (told.kind, told.reference, told.payment_id) == ("period", "in_1", None)


@pytest.mark.parametrize(
    ("kind", "changes", "status"),
    [
        ("refund.created", {"status": "pending"}, "pending"),
        ("refund.updated", {}, "succeeded"),
        ("refund.failed", {"status": "failed", "failure_reason": "lost_or_stolen_card"}, "failed"),
        ("charge.refund.updated", {"status": "canceled"}, "failed"),
    ],
)
def test_case_16_a_refunds_event_tells_its_state(kind, changes, status):
    ours = uuid7()
    told = event(kind, {**REFUND, "metadata": {"moorage_refund": str(ours)}, **changes})
    assert (told.kind, told.refund_id, told.refund_reference, told.refund_status) == ("refund", ours, "re_1", status)
    assert (told.reference, told.amount_minor) == ("pi_1", 4_000)


def test_case_17_a_refund_made_in_the_dashboard_carries_no_id_of_ours():
    told = event("refund.created", REFUND)
    assert (told.kind, told.refund_id, told.payment_id) == ("refund", None, None)
    assert told.ids == {"payment_intent": "pi_1", "charge": "ch_1"}


def test_a_refund_that_moved_no_money_may_be_a_release():
    assert event("refund.created", {**REFUND, "balance_transaction": None}).may_be_release
    for real in ({"balance_transaction": "txn_1"}, {}, {"balance_transaction": None, "metadata": OURS}):
        assert not event("refund.created", {**REFUND, **real}).may_be_release


def test_a_refunded_charge_counts_where_it_lists_its_refunds():
    assert event("charge.refunded", {**CHARGE, "amount_refunded": 4_000}).kind == "other"
    listed = {"data": [{**REFUND, "metadata": None}]}
    told = event("charge.refunded", {**CHARGE, "amount_refunded": 4_000, "refunds": listed})
    assert (told.kind, told.refund_reference, told.amount_minor, told.payment_id) == ("refund", "re_1", 4_000, PAYMENT)


@pytest.mark.parametrize(
    ("kind", "status", "told_status"),
    [
        ("charge.dispute.created", "needs_response", "opened"),
        ("charge.dispute.created", "warning_needs_response", "opened"),
        ("charge.dispute.updated", "under_review", "under_review"),
        ("charge.dispute.closed", "won", "won"),
        ("charge.dispute.closed", "warning_closed", "won"),
        ("charge.dispute.closed", "lost", "lost"),
    ],
)
def test_a_disputes_event_tells_its_state(kind, status, told_status):
    told = event(kind, {**DISPUTE, "status": status})
    assert (told.kind, told.dispute_status, told.dispute_reference) == ("dispute", told_status, "dp_1")
    assert (told.reference, told.amount_minor, told.currency) == ("pi_1", 10_000, "USD")
    assert told.evidence_due_at.year == 2027


@pytest.mark.parametrize(
    "kind",
    [
        "payment_intent.created",
        "charge.failed",
        "customer.created",
        "customer.subscription.trial_will_end",
        "payout.paid",
        "payout.failed",
        "invoice.payment_failed",
        "something.nobody.has.heard.of",
    ],
)
def test_what_has_no_effect_on_the_books_is_only_kept(kind):
    told = event(kind, {"id": "x_1", "object": "thing"})
    assert (told.kind, told.event_type) == ("other", kind)


def test_an_invoice_that_we_made_settles_its_payment_and_no_other_does():
    invoice = {"id": "in_1", "status": "paid", "amount_paid": 9_999, "currency": "usd", "metadata": METADATA}
    payments = {"data": [{"payment": {"type": "payment_intent", "payment_intent": "pi_9"}}]}
    told = event("invoice.payment_succeeded", {**invoice, "payments": payments})
    assert (told.kind, told.payment_id, told.reference, told.amount_minor) == ("payment", PAYMENT, "pi_9", 9_999)
    assert told.ids == {"invoice": "in_1", "payment_intent": "pi_9"}
    assert event("invoice.payment_succeeded", {**invoice, "metadata": {}}).kind == "other"


def test_another_account_and_another_mode_are_told():
    told = event("payment_intent.succeeded", {**INTENT, "status": "succeeded"}, account="acct_2", livemode=True)
    assert (told.account, told.live) == ("acct_2", True)


def test_somebody_elses_word_in_place_of_our_id_is_none():
    told = event(
        "payment_intent.succeeded", {**INTENT, "status": "succeeded", "metadata": {"moorage_payment": "order 7"}}
    )
    assert (told.kind, told.payment_id) == ("payment", None)


async def test_case_7_a_genuine_event_that_cannot_be_understood_is_taken_and_fails_in_processing(stripe_town):
    fake, gateway = stripe_town.fake, stripe_town.gateway
    poisoned = {**INTENT, "status": "melted"}
    body = json.dumps(
        {"id": "evt_p", "object": "event", "type": "payment_intent.succeeded", "data": {"object": poisoned}}
    ).encode()
    taken = gateway.verify(fake.sign(body), body, now=datetime.now(UTC))
    assert (taken.event_id, taken.kind) == ("evt_p", "other")
    with pytest.raises(KeyError):
        gateway.parse(body)


@needs_specs("stripe")
@pytest.mark.parametrize(
    ("kind", "resource"),
    [
        ("payment_intent.payment_failed", "payment_intent"),
        ("charge.succeeded", "charge"),
        ("charge.refunded", "charge"),
        ("refund.updated", "refund"),
        ("charge.dispute.created", "dispute"),
        ("invoice.payment_succeeded", "invoice"),
        ("payout.paid", "payout"),
    ],
)
def test_todays_own_examples_are_understood(kind, resource):
    thing = copy.deepcopy(load("stripe", "fixtures3-2026-08-21.json")["resources"][resource])
    assert event(kind, {**thing, "metadata": METADATA}).event_type == kind


@needs_specs("stripe")
def test_todays_own_example_of_a_session_is_understood():
    thing = load("stripe", "fixtures3-2026-08-21.json")["resources"]["checkout.session"]
    paid = {"status": "complete", "payment_status": "paid", "amount_total": 500, "currency": "jpy"}
    told = event("checkout.session.completed", {**thing, **paid, "metadata": METADATA, "total_details": None})
    assert (told.payment_id, told.amount_minor, told.intent_status) == (UUID(str(PAYMENT)), 500, "succeeded")
