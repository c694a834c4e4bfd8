"""Payments that are started for what is owed or for a free amount, over the sandbox, and given back."""

import asyncio

import pytest

from moorage.domains.payments.errors import AmountMismatchError, RefundExceedsPaymentError
from moorage.domains.payments.gateway_values import Line
from moorage.journeys import try_providers as provider_tests
from moorage.journeys.capture_payment import cancel_payment
from moorage.journeys.refund_payment import refund_payment
from moorage.journeys.start_payment import PaymentStart, start_payment
from moorage.kernel.db import ANONYMOUS, SYSTEM, Actor
from moorage.kernel.errors import ForbiddenError, InvalidStateError, NotFoundError
from moorage.kernel.ids import uuid7
from tests.builders import make_user
from tests.support.shop import Shop


def asked(amount_minor: int = 2_500, **facts) -> PaymentStart:
    return PaymentStart(uuid7(), uuid7(), amount_minor, facts.pop("currency", "USD"), **facts)


async def paid_by_card(shop: Shop, start: PaymentStart, method: str = "pm_card_visa") -> None:
    reference = await shop.value("SELECT provider_ref FROM payments WHERE id = $1", start.payment_id)
    await shop.town.api.post(f"/intents/{reference}/confirm", json={"payment_method": method})
    await shop.settle()


async def give_back(shop: Shop, actor: Actor, start: PaymentStart, amount_minor: int | None = None, **facts):
    facts = {"reason": "customer_request", "refund_id": uuid7(), **facts}
    return await refund_payment(shop.house, actor, start.payment_id, amount_minor, **facts)


async def test_a_guest_pays_a_free_amount_and_it_is_sold_at_once(shop: Shop):
    lines = (Line("Soup", 1_000, 2), Line("Bread", 500))
    start = asked(lines=lines, mode="checkout", payer_email="guest@example.org", metadata={"order": "7"})
    started = await start_payment(shop.house, ANONYMOUS, start)
    assert started.payment.provider_ref.startswith("pi_")
    assert (started.payment.status, started.payment.metadata) == ("pending", {"order": "7"})
    assert (await shop.town.payer.get(started.checkout_url)).status_code == 200
    for again in await asyncio.gather(*(start_payment(shop.house, ANONYMOUS, start) for _ in range(4))):
        assert again.payment.provider_ref == started.payment.provider_ref
    await paid_by_card(shop, start)
    assert (await shop.balance("sales"), await shop.balance("clearing:sandbox")) == (2_500, 2_500)
    refund = await give_back(shop, SYSTEM, start, 1_000, notes="cold")
    assert (refund.status, refund.notes, refund.amount_minor) == ("succeeded", "cold", 1_000)
    rest = uuid7()
    for _ in range(2):
        assert (await give_back(shop, SYSTEM, start, refund_id=rest)).amount_minor == 1_500
    assert (await shop.balance("sales"), await shop.balance("clearing:sandbox")) == (0, 0)
    with pytest.raises(RefundExceedsPaymentError):
        await give_back(shop, SYSTEM, start)
    assert await shop.audit() == []


async def test_a_booking_takes_what_it_owes_and_no_more(shop: Shop):
    held = await shop.ready()
    mine = {"payer_id": shop.client_id}
    for start, refusal in (
        (asked(8_001, purpose="booking_balance", purpose_id=held.id, **mine), AmountMismatchError),
        (asked(7_999, purpose="booking_full", purpose_id=held.id, **mine), AmountMismatchError),
        (asked(8_000, purpose="booking_full", purpose_id=held.id, currency="EUR", **mine), AmountMismatchError),
        (asked(8_000, purpose="booking_full", purpose_id=uuid7(), **mine), NotFoundError),
        (asked(8_000, purpose="invoice", purpose_id=uuid7(), **mine), NotFoundError),
        (asked(8_000, lines=(Line("Hour", 7_999),), **mine), AmountMismatchError),
        (asked(8_000, payer_id=uuid7()), ForbiddenError),
    ):
        with pytest.raises(refusal):
            await start_payment(shop.house, shop.actor, start)
    start = asked(8_000, purpose="booking_full", purpose_id=held.id, payer_id=shop.client_id)
    await asyncio.gather(*(start_payment(shop.house, shop.actor, start) for _ in range(4)))
    assert await shop.value("SELECT count(*) FROM payments") == 2
    await paid_by_card(shop, start)
    assert await shop.value("SELECT status FROM bookings WHERE id = $1", held.id) == "confirmed"
    assert (await shop.status(held))[1] == "canceled"  # the first attempt cannot collect any more
    admin = Actor(await make_user(shop.db, role="admin"))
    once = uuid7()
    await asyncio.gather(*(give_back(shop, admin, start, 3_000, refund_id=once) for _ in range(4)))
    assert (await give_back(shop, admin, start, 3_000, refund_id=once)).status == "succeeded"
    assert await shop.value("SELECT refunded_minor FROM bookings WHERE id = $1", held.id) == 3_000
    with pytest.raises(ForbiddenError):
        await give_back(shop, shop.actor, start, 1)
    with pytest.raises(InvalidStateError):
        await cancel_payment(shop.house, shop.actor, start.payment_id)
    assert await shop.audit() == []


async def test_what_was_not_paid_is_cancelled_by_its_payer_once_and_for_all(shop: Shop):
    start = asked(payer_id=shop.client_id)
    await start_payment(shop.house, shop.actor, start)
    stranger = Actor(await make_user(shop.db))
    with pytest.raises(NotFoundError):
        await cancel_payment(shop.house, stranger, start.payment_id)
    for _ in range(2):
        assert (await cancel_payment(shop.house, shop.actor, start.payment_id)).status == "canceled"


async def test_a_provider_that_does_not_answer_leaves_a_payment_that_is_found_out_about(shop: Shop):
    await shop.town.behave(error_after={"next_calls": 1, "operations": ["create"]})
    start = asked()
    started = await start_payment(shop.house, SYSTEM, start)
    assert started.payment.provider_ref is None
    assert started.checkout_url is not None  # the sandbox's can be told ahead
    await shop.due_now()
    await shop.settle()
    assert (await start_payment(shop.house, SYSTEM, start)).payment.provider_ref is not None
    assert await shop.value("SELECT count(*) FROM sandbox.intents") == 1


async def test_each_provider_is_tested_with_a_payment_that_is_cancelled_again(shop: Shop):
    (made,) = await provider_tests.try_payments(shop.house, shop.actor)
    account = await shop.house.gateways["sandbox"].test_connection()
    assert (made.ok, made.account, made.reference[:3]) == (True, account, "pi_")
    assert await shop.value("SELECT status FROM payments WHERE id = $1", made.payment_id) == "canceled"
    await shop.town.behave(error_before={"percent": 100, "operations": ["create"]})
    (broken,) = await provider_tests.try_payments(shop.house, shop.actor)
    assert (broken.ok, broken.error) == (False, "outcome_unknown")
