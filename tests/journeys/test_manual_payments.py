"""Money by hand: recorded once, confirming what it pays for, given back by hand, and void when it bounces."""

import asyncio

import pytest

from moorage.domains.payments.errors import NotByHandError, OverpaymentError
from moorage.journeys.cancel_and_refund import cancel_booking
from moorage.journeys.capture_payment import cancel_payment
from moorage.journeys.record_manual_payment import (
    ManualPayment,
    bounce_manual_payment,
    complete_manual_payment,
    record_manual_payment,
)
from moorage.journeys.refund_payment import complete_manual_refund, refund_payment
from moorage.kernel.db import SYSTEM, Actor
from moorage.kernel.errors import ForbiddenError
from moorage.kernel.ids import uuid7
from tests.builders import make_service, make_user
from tests.support.shop import PRICE, Shop


def of_booking(shop: Shop, held, amount_minor: int, method="cash", **facts) -> ManualPayment:
    facts = {"purpose": "booking_balance", "purpose_id": held.id, "payer_id": shop.client_id, **facts}
    return ManualPayment(uuid7(), amount_minor, "USD", method, **facts)


async def booking(shop: Shop, held):
    row = await shop.db.fetchrow("SELECT status, paid_minor, refunded_minor FROM bookings WHERE id = $1", held.id)
    return tuple(row)


async def test_case_26_a_deposit_a_new_price_and_the_rest_in_cash(shop: Shop):
    service = await make_service(shop.db, shop.practitioner, price_minor=20_000, deposit_bps=2_500)
    held = await shop.hold(service=service)
    assert await shop.value("SELECT due_now_minor FROM bookings WHERE id = $1", held.id) == 5_000
    await record_manual_payment(shop.house, SYSTEM, of_booking(shop, held, 5_000, purpose="booking_deposit"))
    assert await booking(shop, held) == ("confirmed", 5_000, 0)
    assert (await shop.status(held))[1] == "canceled"  # nobody pays the deposit online as well
    await shop.db.execute("UPDATE bookings SET total_minor = 18000 WHERE id = $1", held.id)
    with pytest.raises(OverpaymentError, match=r"130\.00 USD is owed"):
        await record_manual_payment(shop.house, SYSTEM, of_booking(shop, held, 13_001))
    rest = of_booking(shop, held, 13_000)
    await asyncio.gather(*(record_manual_payment(shop.house, SYSTEM, rest) for _ in range(2)))
    assert await booking(shop, held) == ("confirmed", 18_000, 0)
    assert await shop.balance("clearing:manual") == 18_000
    assert await shop.audit() == []


async def test_case_26_what_is_more_than_owed_is_credit_where_asked_for(shop: Shop):
    held = await shop.hold()
    extra = of_booking(shop, held, PRICE + 1, "check", status="pending", excess="credit")
    for _ in range(2):
        assert (await record_manual_payment(shop.house, SYSTEM, extra)).amount_minor == PRICE
    await complete_manual_payment(shop.house, SYSTEM, extra.payment_id)
    accounts = ("clearing:manual", f"credit:{shop.client_id}")
    assert await booking(shop, held) == ("confirmed", PRICE, 0)
    assert [await shop.balance(code) for code in accounts] == [PRICE + 1, 1]
    await bounce_manual_payment(shop.house, SYSTEM, extra.payment_id)
    assert await booking(shop, held) == ("confirmed", 0, 0)
    assert [await shop.balance(code) for code in accounts] == [0, 0]
    assert await shop.audit() == []


async def test_case_27_a_check_bounces_and_what_it_paid_is_owed_again(shop: Shop):
    held = await shop.hold()
    check = of_booking(shop, held, PRICE, "check", status="pending")
    admin = Actor(await make_user(shop.db, role="admin"))
    assert (await record_manual_payment(shop.house, shop.actor, check)).status == "pending"
    with pytest.raises(ForbiddenError):
        await complete_manual_payment(shop.house, shop.actor, check.payment_id)
    for _ in range(2):
        assert (await complete_manual_payment(shop.house, admin, check.payment_id)).status == "succeeded"
    assert await booking(shop, held) == ("confirmed", PRICE, 0)
    assert await shop.balance("commission") == 400
    for _ in range(2):
        bounced = await bounce_manual_payment(shop.house, admin, check.payment_id, "no cover")
        assert (bounced.status, bounced.succeeded_at) == ("failed", None)
    assert await booking(shop, held) == ("confirmed", 0, 0)
    earned = f"earnings_pending:{shop.practitioner.id}"
    assert [await shop.balance(code) for code in ("clearing:manual", "commission", earned)] == [0, 0, 0]
    last = await shop.db.fetchrow(
        "SELECT change_reason, provider_data FROM payment_audit WHERE payment_id = $1 ORDER BY no DESC",
        check.payment_id,
    )
    assert tuple(last) == ("bounced", '{"reason": "no cover", "receipt": "void"}')
    with pytest.raises(OverpaymentError):
        await record_manual_payment(shop.house, admin, of_booking(shop, held, PRICE + 1))
    await record_manual_payment(shop.house, admin, of_booking(shop, held, PRICE))
    assert await booking(shop, held) == ("confirmed", PRICE, 0)
    assert await shop.audit() == []


async def test_what_was_only_noted_is_cancelled_without_a_call(shop: Shop):
    for stop in ("by its payer", "with its booking"):
        held = await shop.hold()
        check = of_booking(shop, held, PRICE, "check", status="pending")
        await record_manual_payment(shop.house, shop.actor, check)
        if stop == "by its payer":
            assert (await cancel_payment(shop.house, shop.actor, check.payment_id)).status == "canceled"
        else:
            await cancel_booking(shop.house, held.id, by=shop.client_id, reason=None)
        assert await shop.value("SELECT status FROM payments WHERE id = $1", check.payment_id) == "canceled"
    assert await shop.value("SELECT count(*) FROM provider_operations WHERE provider = 'manual'") == 0


async def test_money_by_hand_goes_back_by_hand(shop: Shop):
    admin = Actor(await make_user(shop.db, role="admin"))
    held = await shop.hold()
    cash = of_booking(shop, held, PRICE)
    await record_manual_payment(shop.house, admin, cash)
    given = await refund_payment(
        shop.house, admin, cash.payment_id, 1_000, reason="customer_request", refund_id=uuid7()
    )
    assert given.status == "succeeded"
    await cancel_booking(shop.house, held.id, by=shop.practitioner.user_id, reason=None)
    asked = "SELECT id FROM refunds WHERE payment_id = $1 AND status = 'pending' AND amount_minor = 7000"
    rest = await shop.value(asked, cash.payment_id)
    assert await shop.value("SELECT count(*) FROM mails WHERE cause LIKE 'refund_by_hand:%'") == 1
    for _ in range(2):
        assert (await complete_manual_refund(shop.house, admin, rest)).status == "succeeded"
    assert await shop.balance("clearing:manual") == 0
    online = await shop.paid()
    with pytest.raises(NotByHandError):
        await bounce_manual_payment(shop.house, admin, online.payment_id)
    assert await shop.audit() == []
