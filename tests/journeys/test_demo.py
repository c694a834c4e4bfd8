"""The demo: seeded once, through the product's own verbs, into an empty database only."""

from datetime import timedelta

import pytest

from moorage.journeys.demo import pay_for_booking, seed
from moorage.journeys.demo_documents import seed_documents
from tests.builders import make_user


async def test_an_empty_database_becomes_a_small_marketplace(house, api, superuser):
    facts = await seed(house)
    assert set(facts.emails) == {"owner", "practitioner", "client"}
    assert (len(facts.practitioners), len(facts.services)) == (4, 9)
    assert facts.client_has_booking
    listed = (await api.get("/api/v1/practitioners/")).json()["data"]
    assert {one["id"] for one in listed["results"]} == set(facts.practitioners)
    assert listed["results"][0]["id"] == facts.practitioners[0]  # featured
    services = (await api.get("/api/v1/services/")).json()["data"]["results"]
    assert {one["service_type"] for one in services} == {"session", "workshop", "course"}
    for one in services:
        dates = (await api.get(f"/api/v1/services/{one['id']}/schedule/")).json()["data"]["count"]
        assert (dates == 0) is (one["service_type"] == "session")
    booking = await superuser.fetchrow("SELECT * FROM bookings")
    assert (booking["status"], str(booking["service_id"])) == ("pending", facts.services[0])
    # The caterer is the business itself; the others sell on its marketplace.
    house_names = await superuser.fetch("SELECT display_name FROM practitioners WHERE is_house")
    assert [row[0] for row in house_names] == ["Harbour Kitchen"]
    assert timedelta(0) < booking["starts_at"] - house.clock() < timedelta(days=2)


async def test_seeding_again_changes_nothing(house, superuser):
    first = await seed(house)
    tables = ("users", "practitioners", "services", "sessions", "bookings", "payments", "audit_log", "mails")
    before = [await superuser.fetchval(f"SELECT count(*) FROM {table}") for table in tables]
    assert await seed(house) == first
    assert [await superuser.fetchval(f"SELECT count(*) FROM {table}") for table in tables] == before


async def test_its_client_has_an_invoice_and_a_quote_once(house, api, superuser):
    await seed(house)
    first = await seed_documents(house)
    assert await seed_documents(house) == first
    assert await superuser.fetchval("SELECT count(*) FROM invoices") == 1
    for what, text in (("invoice", "£507.00"), ("quote", "£384.00")):
        assert text in (await api.get(first[what].removeprefix(house.public_url))).text


async def test_somebodys_own_database_is_left_alone(house, owner, superuser):
    await make_user(owner)
    facts = await seed(house)
    assert (facts.emails, facts.services) == ({}, [])
    assert await superuser.fetchval("SELECT count(*) FROM users") == 1


@pytest.mark.parametrize("table", ["practitioners", "services"])
async def test_an_interrupted_start_is_continued(house, superuser, table):
    first = await seed(house)
    await superuser.execute("DELETE FROM bookings; DELETE FROM claims; DELETE FROM sessions; DELETE FROM services")
    if table == "practitioners":
        await superuser.execute("DELETE FROM practitioners WHERE display_name = 'Ama Mensah'")
    again = await seed(house)
    assert (len(again.practitioners), len(again.services)) == (4, 9)
    assert again.practitioners[:2] == first.practitioners[:2]


async def test_without_a_held_time_nothing_is_paid(house, superuser):
    await pay_for_booking(house)
    await seed(house)
    await superuser.execute(
        "UPDATE bookings SET starts_at = now() - interval '2 days', ends_at = now() - interval '1 day'"
    )
    await pay_for_booking(house)
    assert [tuple(row) for row in await superuser.fetch("SELECT status FROM bookings")] == [("pending",)]
    calls = await superuser.fetch("SELECT kind, status FROM provider_operations")
    assert [tuple(row) for row in calls] == [("create", "planned")]
