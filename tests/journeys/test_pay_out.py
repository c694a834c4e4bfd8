"""A practitioner is paid out: asked for, sent, arrived or back, whatever is lost, repeated or late in between."""

import asyncio
import dataclasses
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import pytest_asyncio

from moorage.domains.payouts.policy import PayoutTerms, payday
from moorage.journeys import pay_out
from moorage.journeys.complete import release_due_earnings
from moorage.journeys.follow_payouts import follow_payouts
from moorage.journeys.pay_out import pay_out_weekly
from moorage.journeys.provider_calls import carry_out
from moorage.journeys.reconcile import reconcile
from moorage.kernel.db import Actor
from moorage.kernel.ids import uuid7
from tests.builders.money import post
from tests.support.shop import Shop

NET = 7_600
REQUEST, CONNECT = "/api/v1/practitioner/payouts/request/", "/api/v1/practitioner/connect/"


@pytest_asyncio.fixture
async def till(shop: Shop) -> Shop:
    """A shop whose practitioner has one hour's earning available, and an account at the sandbox."""
    await earn(shop)
    made = await shop.seller.post(CONNECT, json={"country": "US"})
    assert made.status_code == 200, made.text
    confirmed = await shop.town.payer.post(made.json()["data"]["url"])
    assert (confirmed.status_code, confirmed.headers["location"]) == (303, f"{shop.town.base_url}/")
    await shop.settle()
    assert await shop.value("SELECT can_be_paid FROM payees")
    return shop


async def earn(shop: Shop) -> None:
    await shop.paid()
    await shop.db.execute("UPDATE earnings SET available_at = now() - interval '1 minute' WHERE status = 'pending'")
    await release_due_earnings(shop.house)


async def books(shop: Shop) -> tuple[int, int]:
    """(available, in transit)."""
    practitioner = shop.practitioner.id
    codes = (f"earnings_available:{practitioner}", f"payout_in_transit:{practitioner}")
    available, in_transit = [await shop.balance(code) for code in codes]
    return available, in_transit


async def requested(shop: Shop, **body: str) -> dict:
    answer = await shop.seller.post(REQUEST, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


async def resolve(shop: Shop, payout: dict, status: str) -> None:
    reference = await shop.value("SELECT id FROM sandbox.payouts WHERE client_reference = $1", UUID(payout["id"]))
    done = await shop.town.api.post(f"/payouts/{reference}/resolve", json={"status": status})
    assert done.status_code == 200, done.text


async def status_of(shop: Shop, payout: dict) -> object:
    return await shop.value("SELECT status FROM payouts WHERE id = $1", UUID(payout["id"]))


async def test_a_payout_is_sent_and_has_left_the_books_when_it_is_there(till: Shop):
    payout = await requested(till)
    assert (payout["status"], payout["amount"], payout["provider"]) == ("in_transit", "76.00", "sandbox")
    assert await books(till) == (0, NET)
    await resolve(till, payout, "paid")
    await till.settle()
    assert await status_of(till, payout) == "paid"
    assert await books(till) == (0, 0)
    assert await till.balance("clearing:sandbox") == 8_000 - NET
    assert await till.value("SELECT status FROM earnings") == "paid"
    assert await till.audit() == []


async def test_case_24_a_payout_that_was_paid_and_came_back_is_available_once(till: Shop):
    payout = await requested(till)
    await resolve(till, payout, "paid")
    told = await till.webhooks()
    await resolve(till, payout, "failed")
    told += await till.webhooks()
    await till.deliver(*reversed(told), at_once=3)  # each several times, the last first
    await till.settle()
    assert await status_of(till, payout) == "failed"
    assert await books(till) == (NET, 0)
    assert await till.value("SELECT reversed_minor FROM sandbox.transfers") == NET
    assert await till.value("SELECT status FROM earnings") == "available"
    assert await till.value("SELECT count(*) FROM ledger_transactions WHERE kind = 'payout_returned'") == 1
    assert await till.audit() == []
    again = await requested(till)
    assert (again["status"], again["amount"]) == ("in_transit", "76.00")


@pytest.mark.parametrize(("operation", "fault"), [("transfer", "error_after"), ("payout", "error_before")])
async def test_a_payout_whose_answer_was_lost_is_sent_once(till: Shop, operation, fault):
    await till.town.behave(**{fault: {"next_calls": 1, "operations": [operation]}})
    payout = await requested(till)
    assert payout["status"] == "requested"
    assert await books(till) == (0, NET)
    await till.due_now()
    await till.settle()
    assert await status_of(till, payout) in {"in_transit", "paid"}  # the sandbox's banks take a second
    assert await till.value("SELECT sum(amount_minor) FROM sandbox.transfers") == NET
    assert await till.value("SELECT sum(amount_minor) FROM sandbox.payouts") == NET
    assert await till.audit() == []


async def test_a_call_whose_maker_died_is_taken_up(till: Shop):
    payout, planned = uuid7(), uuid7()
    await till.db.execute(
        "SELECT request_payout($1, $2, $3, NULL, 'USD', 50, '{sandbox}')", payout, planned, till.practitioner.id
    )
    await till.db.execute("SELECT claim_payout_call($1, interval '20 s')", planned)  # and then the power went
    assert await carry_out(till.house, planned) == "not_due"
    await till.due_now()
    await till.settle()
    assert await till.value("SELECT status FROM payouts") in {"in_transit", "paid"}
    outcomes = await asyncio.gather(*(carry_out(till.house, planned) for _ in range(4)))
    assert outcomes == ["not_due"] * 4
    assert await till.value("SELECT count(*) FROM sandbox.transfers") == 1


async def test_what_was_moved_and_could_not_be_paid_on_is_taken_back(till: Shop):
    payout, planned = uuid7(), uuid7()
    request = "SELECT request_payout($1, $2, $3, NULL, 'USD', 50, '{sandbox}')"
    await till.db.execute(request, payout, planned, till.practitioner.id)
    account = await till.value("SELECT id FROM sandbox.accounts")
    body = {"account": account, "amount_minor": NET, "currency": "USD", "client_reference": str(payout)}
    moved = await till.town.api.post("/transfers", json=body)
    await till.db.execute("UPDATE provider_operations SET status = 'answered' WHERE id = $1", planned)
    refused = "SELECT record_payout($1, 'failed', $2, 'USD', $3, $4, '{}', 0, 'not_sent')"
    await till.db.execute(refused, payout, NET, account, moved.json()["id"])
    await till.settle()
    assert await till.value("SELECT reversed_minor FROM sandbox.transfers") == NET
    assert await books(till) == (NET, 0)
    await till.due_now()
    await till.settle()
    assert await till.value("SELECT count(*) FROM webhook_events WHERE status = 'received'") == 0
    assert await till.audit() == []


async def test_a_payout_that_the_provider_refuses_is_available_again_at_once(till: Shop):
    await till.db.execute("UPDATE users SET role = 'admin' WHERE id = $1", till.client_id)
    await till.db.execute("UPDATE sandbox.charges SET refunded_minor = 1000")  # its balance there is too small
    payout = await requested(till)
    assert (payout["status"], payout["failure_code"]) == ("failed", "insufficient_balance")
    assert await till.value("SELECT count(*) FROM mails WHERE cause LIKE 'payout_refused:%'") == 1
    assert await books(till) == (NET, 0)


async def test_an_event_of_another_amount_or_nobodys_is_parked(till: Shop):
    payout = await requested(till)
    await resolve(till, payout, "paid")
    await till.webhooks()
    body = {"object": "payout", "id": "po_x", "account": "acct_x", "status": "paid", "currency": "USD"}
    for number, (reference, amount) in enumerate([(payout["id"], NET + 1), (payout["id"], NET), (None, NET)]):
        data = body | {"client_reference": reference, "amount_minor": amount}
        event = {"id": f"evt_{number}", "type": "payout.paid", "livemode": False, "data": data}
        await till.deliver(json.dumps(event).encode())
    await till.settle()
    assert await till.value("SELECT count(*) FROM webhook_events WHERE status = 'parked'") == 3
    assert await status_of(till, payout) == "in_transit"


async def test_to_an_account_that_was_closed_nothing_is_sent(till: Shop):
    account = await till.value("SELECT id FROM sandbox.accounts")
    closed = await till.town.api.post(f"/accounts/{account}/resolve", json={"can_be_paid": False})
    assert closed.status_code == 200, closed.text
    payout = await requested(till)  # its closing has not been told yet
    assert (payout["status"], payout["failure_code"]) == ("failed", "payee_not_ready")
    await till.settle()
    by_hand = await requested(till)
    assert (by_hand["method"], await books(till)) == ("manual", (0, NET))


async def test_what_is_on_its_way_for_long_is_asked_about(till: Shop):
    payout = await requested(till)
    await resolve(till, payout, "paid")
    await till.webhooks()  # lost on the way
    assert await follow_payouts(till.house) == 0
    await till.db.execute("UPDATE payouts SET created_at = now() - interval '2 hours'")
    assert [await follow_payouts(till.house) for _ in range(2)] == [1, 0]
    assert await status_of(till, payout) == "paid"


async def test_what_was_never_told_is_found_by_reconciling(till: Shop):
    payout = await requested(till)
    await resolve(till, payout, "paid")
    await till.settle()
    transfer = await till.value("SELECT id FROM sandbox.transfers")
    await resolve(till, payout, "failed")
    await till.town.api.post(f"/transfers/{transfer}/reverse", json={"amount_minor": NET})
    await till.webhooks()  # lost on the way
    assert [one.check for one in await till.audit()] == ["transfer_is_in_our_books"]
    now, gateway = datetime.now(UTC), till.house.gateways["sandbox"]
    found = await reconcile(till.house, gateway, now - timedelta(hours=1), now + timedelta(minutes=1), fix=True)
    assert [(one.difference.movement, one.outcome) for one in found.found] == [("transfer", "fixed")]
    assert await books(till) == (NET, 0)
    assert await till.audit() == []


async def test_what_is_available_is_paid_out_once_a_week(till: Shop):
    await earn(till)
    thursday = datetime(2026, 3, 5, 12, tzinfo=UTC)

    def on(day: datetime):
        return dataclasses.replace(till.house, clock=lambda: day, payouts=PayoutTerms(50, weekly=True, weekday=0))

    assert await pay_out_weekly(on(thursday)) == 0  # begun in the middle of a week
    assert [await pay_out_weekly(on(thursday + timedelta(days=days))) for days in (3, 4, 4, 6)] == [0, 1, 0, 0]
    row = await till.db.fetchrow("SELECT amount_minor, week::text, method FROM payouts")
    assert tuple(row) == (2 * NET, "2026-03-09", "provider")
    await till.settle()
    assert sum(await books(till)) in {2 * NET, 0}  # on its way, or there
    off = dataclasses.replace(on(thursday + timedelta(days=30)), payouts=PayoutTerms(weekly=False))
    assert await pay_out_weekly(off) == 0


async def test_a_week_that_was_broken_off_goes_on_where_it_was(till: Shop):
    other = f"earnings_available:{till.practitioner.id}"
    await post(till.db, {"clearing:sandbox": 6_000, other: -6_000}, currency="EUR")
    await till.db.execute("INSERT INTO payout_weeks (week) VALUES ('2000-01-03')")
    ids = iter([uuid7(), uuid7()])  # enough for one payout
    with pytest.raises(RuntimeError):
        await pay_out_weekly(dataclasses.replace(till.house, ids=lambda: next(ids)))
    paid_out = "SELECT string_agg(currency, ' ' ORDER BY created_at) FROM payouts"
    assert await till.value(paid_out) == "EUR"
    assert [await pay_out_weekly(till.house) for _ in range(2)] == [1, 0]
    assert await till.value(paid_out) == "EUR USD"


def test_the_payday_is_a_day_of_the_businesss_own_week():
    late_sunday = datetime(2026, 3, 8, 23, 30, tzinfo=UTC)
    assert payday(late_sunday, 0, "UTC").isoformat() == "2026-03-02"
    assert payday(late_sunday, 0, "Europe/Berlin").isoformat() == "2026-03-09"
    assert payday(late_sunday, 4, "UTC").isoformat() == "2026-03-06"


async def test_without_an_account_a_person_is_asked_to_send_it(shop: Shop):
    await earn(shop)
    await shop.db.execute("UPDATE users SET role = 'admin' WHERE id = $1", shop.client_id)
    payout = await requested(shop, amount="60")
    assert (payout["status"], payout["method"]) == ("requested", "manual")
    assert await shop.value("SELECT count(*) FROM mails WHERE cause LIKE 'payout_by_hand:%'") == 1
    admin = Actor(shop.client_id)
    for _ in range(2):
        row = await pay_out.mark_paid(shop.house, admin, UUID(payout["id"]), "bank transfer of the 3rd")
        assert (row.status, row.note) == ("paid", "bank transfer of the 3rd")
    assert (await shop.balance("bank"), await books(shop)) == (-6_000, (1_600, 0))
    for _ in range(2):
        row = await pay_out.mark_failed(shop.house, admin, UUID(payout["id"]), "account closed")
        assert row.status == "failed"
    assert (await shop.balance("bank"), await books(shop)) == (0, (NET, 0))
    assert await shop.audit() == []
