"""The practice contract: lists and sums, each in a database of its own, where everything that is there counts."""

from datetime import timedelta

from tests.builders import make_service
from tests.support.bookings import start_at
from tests.support.practice import appointed, changed, pay, recorded, started


async def test_services_are_told_by_their_kind_with_exact_prices(practice):
    course = await make_service(practice.owner, practice.practitioner, service_type="course", price_minor=45_050)
    await make_service(practice.owner, practice.practitioner, is_active=False)
    everything = (await practice.anybody.get("/services/")).json()
    assert [one["price"] for one in everything] == ["450.50", "80.00"]
    consulting = await practice.anybody.get("/services?service_type=consulting")
    assert [one["id"] for one in consulting.json()] == [str(practice.service)]
    assert consulting.headers["x-total-count"] == "1"
    training = (await practice.anybody.get("/services/?service_type=training")).json()
    assert [(one["id"], one["service_type"]) for one in training] == [(str(course), "training")]
    assert set(training[0]) >= {"id", "title", "description", "service_type", "price", "duration_minutes", "is_active"}
    assert (await practice.anybody.get("/services/?service_type=massage")).status_code == 422


async def test_lists_hold_ones_own_and_everything_for_an_owner_by_status_and_time(practice):
    owner, stranger = await practice.sign_up(role="owner"), await practice.sign_up()
    first, second = await appointed(practice), await appointed(practice, appointment_time=start_at(14))
    missed = await practice.booked(start_at(15))
    await practice.shift(missed, timedelta(days=3, hours=23))
    await practice.act(missed, "no-show", practice.host)
    await practice.act(first, "cancel")

    async def seen(who, query=""):
        return [one["id"] for one in (await who.client.get(f"/appointments/{query}")).json()]

    assert await seen(practice.client) == [second["id"], first["id"], missed["id"]]
    assert await seen(owner) == await seen(practice.client) == await seen(practice.host)
    assert await seen(stranger) == []
    assert await seen(owner, "?status=no_show") == [missed["id"]]
    assert await seen(owner, "?status=cancelled") == [first["id"]]
    assert await seen(owner, "?status=scheduled") == [second["id"]]
    assert await seen(owner, "?status=completed") == []
    after = start_at(13).replace("+", "%2B")
    assert await seen(owner, f"?from={after}") == [second["id"]]
    assert await seen(owner, f"?to={after}") == [first["id"], missed["id"]]
    assert (await owner.client.get(f"/appointments/?from={after}&to={after}")).status_code == 422


async def test_another_s_payment_is_refused_with_row_level_security_off_too(practice):
    """Either lock is enough: the role that sees everything reads, and the API still says no."""
    begun = await started(practice)
    stranger = await practice.sign_up()
    await practice.superuser.execute("CREATE POLICY open_door ON payments FOR SELECT TO moorage_web USING (true)")
    assert (await stranger.client.get(f"/payments/{begun['payment_id']}")).status_code == 403
    assert (await stranger.client.get("/payments/")).json() == []


async def test_lists_are_filtered_by_status_method_and_time(practice):
    owner, other = await practice.sign_up(role="owner"), await practice.sign_up()
    paid, waiting = await started(practice), await started(practice, amount="5.00")
    theirs = await started(practice, other)
    await pay(practice, paid["payment_id"])

    async def seen(query="", who=practice.client):
        answer = await who.client.get(f"/payments/{query}")
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()]

    assert await seen() == [waiting["payment_id"], paid["payment_id"]]
    assert set(await seen(who=owner)) == {one["payment_id"] for one in (paid, waiting, theirs)}
    assert await seen("?status=completed") == [paid["payment_id"]]
    assert await seen("?status=pending") == [waiting["payment_id"]]
    assert await seen("?status=refunded") == []
    assert len(await seen("?payment_method=sandbox")) == 2
    assert await seen("?payment_method=cash") == []
    assert await seen("?from=2100-01-01T00:00:00Z") == []
    assert len(await seen("?to=2100-01-01T00:00:00Z&limit=1")) == 1
    rows = (await owner.client.get("/payments/summary")).json()
    assert all(set(row) == {"payment_method", "status", "payment_count", "total_amount", "currency"} for row in rows)
    assert {(row["status"], row["payment_count"], row["total_amount"]) for row in rows} == {
        ("completed", 1, "20.00"),
        ("pending", 2, "25.00"),
    }
    assert (await other.client.get("/payments/summary")).status_code == 403


async def test_every_change_is_in_the_audit_and_the_summary(practice):
    owner = await practice.sign_up(role="owner")
    noted = await recorded(practice, practice.client, payment_method="zelle")
    await changed(owner, noted, status="completed")
    rows = await practice.superuser.fetch("SELECT old_status, new_status FROM payment_audit ORDER BY no")
    assert [tuple(row) for row in rows] == [(None, "pending"), ("pending", "succeeded")]
    summary = (await owner.client.get("/payments/summary")).json()
    assert summary == [
        {
            "payment_method": "zelle",
            "status": "completed",
            "payment_count": 1,
            "total_amount": "20.00",
            "currency": "USD",
        }
    ]
    methods = await practice.client.client.get("/payments/?payment_method=zelle&status=completed")
    assert [one["id"] for one in methods.json()] == [noted["id"]]
