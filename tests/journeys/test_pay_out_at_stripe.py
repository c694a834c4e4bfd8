"""Practitioners paid out by Stripe Connect: accounts that they open there, transfers, and what comes back."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import pytest_asyncio

from moorage.journeys.audit_books import audit
from moorage.journeys.complete import release_due_earnings
from moorage.journeys.reconcile import reconcile
from tests.builders.money import balance
from tests.support.bookings import start_at
from tests.support.far_side import settle
from tests.support.stripe import paying_at_stripe

NET = 7_600
REQUEST, CONNECT = "/api/v1/practitioner/payouts/request/", "/api/v1/practitioner/connect/"


@pytest.fixture
def settings(settings, stripe_town):
    return paying_at_stripe(settings, stripe_town)


@pytest_asyncio.fixture
async def shop(practice_at_stripe, stripe_fake):
    """A practice whose practitioner has 76.00 available, from a booking that was paid at Stripe."""
    shop = practice_at_stripe
    booking = await shop.book(start_at(9))
    await settle(shop, stripe_fake)
    await shop.pay(booking)
    await settle(shop, stripe_fake)
    await shop.superuser.execute("UPDATE earnings SET available_at = now() - interval '1 minute'")
    await release_due_earnings(shop.house)
    # Stripe has the fee of what it collected, and pays out no more than there is.
    stripe_fake.state.available["usd"] = 8_000
    return shop


async def connected(shop, stripe_fake) -> str:
    """The practitioner's account at Stripe, which may be paid."""
    opened = [(await shop.host.client.post(CONNECT, json={"country": "US"})).json()["data"] for _ in range(2)]
    assert opened[0]["account"] == opened[1]["account"]
    assert (opened[0]["provider"], opened[0]["can_be_paid"], bool(opened[0]["missing"])) == ("stripe", False, True)
    assert opened[0]["url"].startswith(stripe_fake.state.base_url)
    stripe_fake.onboard(opened[0]["account"])
    await settle(shop, stripe_fake, copies=2)
    assert await shop.superuser.fetchval("SELECT can_be_paid FROM payees")
    return opened[0]["account"]


async def paid_out(shop, stripe_fake) -> dict:
    answer = await shop.host.client.post(REQUEST)
    assert answer.status_code == 201, answer.text
    await settle(shop, stripe_fake)
    return answer.json()["data"]


async def books(shop) -> tuple[int, int, str]:
    """(available, in transit, the payout's status)."""
    codes = [f"{account}:{shop.practitioner.id}" for account in ("earnings_available", "payout_in_transit")]
    available, in_transit = [await balance(shop.superuser, code) for code in codes]
    return available, in_transit, await shop.superuser.fetchval("SELECT status FROM payouts")


async def parked(shop) -> int:
    count: int = await shop.superuser.fetchval("SELECT count(*) FROM webhook_events WHERE status = 'parked'")
    return count


async def test_case_24_a_transfer_that_is_reversed_is_available_again_once(shop, stripe_fake):
    account = await connected(shop, stripe_fake)
    payout = await paid_out(shop, stripe_fake)
    assert await books(shop) == (0, 0, "paid")
    transfer = next(stripe_fake.state.of("transfer"))
    assert (transfer["amount"], transfer["destination"], transfer["id"]) == (NET, account, payout["reference"])
    stripe_fake.reverse_transfer(transfer["id"], 1_000)
    stripe_fake.reverse_transfer(transfer["id"])
    stripe_fake.deliveries.queue.reverse()
    await settle(shop, stripe_fake, copies=3)
    assert await books(shop) == (NET, 0, "failed")
    assert await audit(shop.house) == []


async def test_until_the_account_can_be_paid_a_payout_is_sent_by_hand(shop):
    assert (await shop.host.client.post(CONNECT, json={"country": "US"})).status_code == 200
    payout = (await shop.host.client.post(REQUEST)).json()["data"]
    assert (payout["method"], payout["status"]) == ("manual", "requested")


@pytest.mark.parametrize("fault", ["lost_before", "lost_after"])
async def test_a_transfer_whose_answer_was_lost_is_made_once(shop, stripe_fake, fault):
    await connected(shop, stripe_fake)
    stripe_fake.served.fault(fault, path="/v1/transfers")
    answer = await shop.host.client.post(REQUEST)
    assert (answer.status_code, answer.json()["data"]["status"]) == (201, "requested")
    await shop.superuser.execute("UPDATE provider_operations SET next_at = now() - interval '1 minute'")
    await settle(shop, stripe_fake)
    assert await books(shop) == (0, 0, "paid")
    assert len(list(stripe_fake.state.of("transfer"))) == 1


async def test_what_stripe_has_not_is_not_sent(shop, stripe_fake):
    await connected(shop, stripe_fake)
    stripe_fake.state.available["usd"] = NET - 1
    payout = await paid_out(shop, stripe_fake)
    assert (payout["status"], payout["failure_code"]) == ("failed", "insufficient_funds")
    assert (await books(shop))[:2] == (NET, 0)


async def test_what_the_payees_bank_refuses_stays_theirs_and_they_are_told(shop, stripe_fake):
    account = await connected(shop, stripe_fake)
    await paid_out(shop, stripe_fake)
    stripe_fake.refuse_payout(account)
    await settle(shop, stripe_fake, copies=2)
    assert await books(shop) == (0, 0, "paid")
    assert await shop.superuser.fetchval("SELECT count(*) FROM mails WHERE cause LIKE 'payee_refused:%'") == 1


async def test_events_of_other_accounts_and_transfers_of_nobody_are_parked(shop, stripe_fake):
    account = await connected(shop, stripe_fake)
    await paid_out(shop, stripe_fake)
    transfer = next(stripe_fake.state.of("transfer"))
    stripe_fake.state.emit("transfer.created", transfer, account="acct_other")
    stripe_fake.state.emit("transfer.created", {**transfer, "amount": 1})
    stripe_fake.state.emit("transfer.created", {**transfer, "currency": "eur"})
    stripe_fake.state.emit("transfer.created", {**transfer, "destination": "acct_other"})
    stripe_fake.state.emit("transfer.created", {**transfer, "id": "tr_other", "metadata": {}})
    stripe_fake.state.emit("account.updated", stripe_fake.state.get("account", account), account="acct_other")
    await settle(shop, stripe_fake)
    assert await parked(shop) == 6
    assert await books(shop) == (0, 0, "paid")


async def test_a_reversal_that_nobody_told_is_found_by_reconciling(shop, stripe_fake):
    await connected(shop, stripe_fake)
    payout = await paid_out(shop, stripe_fake)
    stripe_fake.reverse_transfer(payout["reference"])
    stripe_fake.deliveries.queue.clear()
    now = datetime.now(UTC)
    period = now - timedelta(hours=1), now + timedelta(minutes=1)
    found = await reconcile(shop.house, shop.house.gateways["stripe"], *period, fix=True)
    assert [(one.difference.movement, one.outcome) for one in found.found] == [("transfer", "fixed")]
    assert UUID(payout["id"]) == found.found[0].difference.our_id
    assert await books(shop) == (NET, 0, "failed")
