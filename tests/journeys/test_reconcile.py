"""Reconciliation: what a provider moved and we did, compared for a time; each difference is kept once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from moorage.journeys.compare_books import Difference
from moorage.journeys.reconcile import reconcile, reconcile_daily
from moorage.kernel.db import SYSTEM
from tests.support.shop import Held, Shop


async def reconciled(shop: Shop, *, fix: bool = False):
    now = datetime.now(UTC)
    return await reconcile(shop.house, shop.town.gateway, now - timedelta(hours=1), now + timedelta(hours=1), fix=fix)


def kinds(found) -> set[tuple[str, str]]:
    differences: list[Difference] = [one.difference for one in found]
    return {(one.kind, one.movement) for one in differences}


async def paid_unheard(shop: Shop, method: str = "pm_card_visa") -> Held:
    """Paid and given back in part at the provider, and no word of it reaches us."""
    held = await shop.ready()
    reference = await shop.value("SELECT provider_ref FROM payments WHERE id = $1", held.payment_id)
    await shop.town.api.post(f"/intents/{reference}/confirm", json={"payment_method": method})
    await shop.town.api.post("/refunds", json={"intent": reference, "amount_minor": 1_000, "currency": "USD"})
    return held


async def test_case_29_one_missing_one_extra_one_different_are_three_findings_once(shop: Shop):
    missing, changed, extra = await shop.ready(), await shop.paid(), await shop.hold()
    reference = await shop.value("SELECT provider_ref FROM payments WHERE id = $1", missing.payment_id)
    await shop.town.api.post(f"/intents/{reference}/confirm", json={"payment_method": "pm_card_visa"})
    await shop.db.execute(
        "UPDATE sandbox.charges SET amount_minor = 7999 FROM sandbox.intents i WHERE i.id = intent_id"
        " AND i.client_reference = $1",
        changed.payment_id,
    )
    async with shop.house.database.transaction(SYSTEM) as db:
        await db.execute(
            "SELECT settle_payment($1, 'succeeded', 8000, 'USD', 'pi_none', NULL, NULL, 'test', NULL, now())",
            extra.payment_id,
        )
    first, again = await reconciled(shop), await reconciled(shop)
    three = {("missing_here", "charge"), ("different", "charge"), ("missing_there", "charge")}
    assert [(kinds(one.found), len(one.found), one.new) for one in (first, again)] == [(three, 3, 3), (three, 3, 0)]
    fixed = await reconciled(shop, fix=True)
    outcomes = {one.difference.kind: one.outcome for one in fixed.found}
    assert outcomes["missing_here"] == "fixed"
    assert "decide by hand" in outcomes["different"]
    assert "does not know it" in outcomes["missing_there"]
    assert await shop.status(missing) == ("confirmed", "succeeded")
    resolved = await shop.db.fetch("SELECT kind FROM reconciliation_findings WHERE resolved_at IS NOT NULL")
    assert [row["kind"] for row in resolved] == ["missing_here"]


async def test_what_was_never_heard_of_is_settled_from_the_providers_list(shop: Shop):
    held = await paid_unheard(shop)
    fixed = await reconciled(shop, fix=True)
    assert (kinds(fixed.found), fixed.open) == ({("missing_here", "charge"), ("missing_here", "refund")}, [])
    assert await shop.status(held) == ("confirmed", "partially_refunded")
    disputed = await paid_unheard(shop, "pm_card_disputed")
    await shop.town.sandbox.ripen()
    assert (await reconciled(shop, fix=True)).open == []
    assert (await shop.status(disputed))[1] == "disputed"
    assert (await reconciled(shop)).found == []
    await shop.settle()  # the late events find all of it done
    assert await shop.audit() == []


async def test_each_day_that_is_over_is_compared_once_and_told(shop: Shop):
    await shop.db.execute("UPDATE users SET role = 'admin' WHERE id = $1", shop.practitioner.user_id)
    now = datetime.now(UTC)
    await paid_unheard(shop)
    today, later = (replace(shop.house, clock=lambda days=days: now + timedelta(days=days)) for days in (0, 2))
    assert await reconcile_daily(today) == 0  # it was yesterday that was compared
    assert await reconcile_daily(later) == 2
    assert await reconcile_daily(later) == 0
    assert await shop.value("SELECT count(*) FROM mails WHERE cause LIKE 'reconciled:sandbox:%'") == 1
