"""Practitioners by the marketplace contract: every documented call, over HTTP."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.builders import make_category, make_hours, make_location, make_practitioner, make_service, make_session

APPLICATION = {
    "display_name": "Nia Rivers",
    "timezone": "Europe/London",
    "bio": "Birth doula in south London.",
    "specializations": ["Doula", "Prenatal yoga"],
    "certifications": ["Doula UK"],
    "locations": [
        {"city": "London", "country": "GB", "lat": 51.47, "lng": -0.07, "is_primary": False, "is_virtual": False},
        {"city": "Online", "country": "GB", "is_primary": True, "is_virtual": True},
    ],
}
PRIVATE = {"stripe_account_id", "commission_rate", "verification_reason"}


async def test_an_application_is_seen_by_its_applicant_until_it_is_verified(api, sign_up):
    person = await sign_up()
    answer = await person.client.post("/api/v1/practitioners/apply/", json=APPLICATION)
    assert answer.status_code == 201, answer.text
    applied = answer.json()["data"]
    assert applied["verification_status"] == "pending"
    assert applied["specializations"] == ["Doula", "Prenatal yoga"]
    assert [(place["city"], place["is_primary"]) for place in applied["locations"]] == [
        ("Online", True),
        ("London", False),
    ]
    url = f"/api/v1/practitioners/{applied['id']}/"
    assert (await api.get(url)).status_code == 404
    assert (await (await sign_up()).client.get(url)).status_code == 404
    assert (await person.client.get(url)).json()["data"] == applied
    assert (await api.get("/api/v1/practitioners/")).json()["data"]["count"] == 0


async def test_an_administrator_verifies_and_the_practitioner_is_told(api, sign_up, superuser):
    person, admin = await sign_up(), await sign_up(admin=True)
    applied = (await person.client.post("/api/v1/practitioners/apply/", json=APPLICATION)).json()["data"]
    url = f"/api/v1/practitioners/{applied['id']}/"
    waiting = await admin.client.get("/api/v1/practitioners/?verification_status=pending")
    assert [one["id"] for one in waiting.json()["data"]["results"]] == [applied["id"]]
    answer = await admin.client.post(f"{url}verify/", json={"reason": "Papers seen"})
    assert (answer.status_code, answer.json()["data"]["verification_status"]) == (200, "verified")
    public = (await api.get(url)).json()["data"]
    assert public["verification_status"] == "verified"
    assert not PRIVATE & public.keys()
    assert (await admin.client.post(f"{url}verify/")).json()["errors"]["code"] == "already_decided"
    mail = await superuser.fetchrow("SELECT recipient, subject, body_text FROM mails WHERE cause LIKE 'practitioner_%'")
    assert (mail["recipient"], mail["subject"]) == (person.email, "You are verified")
    assert "Papers seen" in mail["body_text"]
    row = await superuser.fetchrow("SELECT actor_id, action, subject_id, details FROM audit_log")
    assert (row["actor_id"], row["action"]) == (admin.user_id, "practitioner.verified")
    assert str(row["subject_id"]) == applied["id"]


async def test_who_was_rejected_may_apply_again(sign_up):
    person, admin = await sign_up(), await sign_up(admin=True)
    applied = (await person.client.post("/api/v1/practitioners/apply/", json=APPLICATION)).json()["data"]
    again = await person.client.post("/api/v1/practitioners/apply/", json=APPLICATION)
    assert (again.status_code, again.json()["errors"]["code"]) == (409, "already_applied")
    url = f"/api/v1/practitioners/{applied['id']}/"
    rejected = await admin.client.post(f"{url}reject/", json={"reason": "No papers"})
    assert rejected.json()["data"]["verification_reason"] == "No papers"
    again = await person.client.post("/api/v1/practitioners/apply/", json=APPLICATION | {"bio": "With papers."})
    assert again.status_code == 201, again.text
    assert (again.json()["data"]["id"], again.json()["data"]["verification_status"]) == (applied["id"], "pending")


async def test_decisions_are_an_administrators(api, sign_up, owner):
    practitioner = await make_practitioner(owner)
    person = await sign_up()
    for verb in ("verify", "reject"):
        url = f"/api/v1/practitioners/{practitioner.id}/{verb}/"
        assert (await api.post(url)).status_code == 401
        assert (await person.client.post(url)).status_code == 403
    admin = await sign_up(admin=True)
    missing = "/api/v1/practitioners/01890000-0000-7000-8000-000000000000/verify/"
    assert (await admin.client.post(missing)).status_code == 404
    assert (await person.client.get("/api/v1/practitioners/?verification_status=pending")).status_code == 403


async def test_a_practitioner_edits_their_own_profile(api, sign_up, owner):
    person = await sign_up()
    practitioner = await make_practitioner(owner, user_id=person.user_id)
    kept = await make_location(owner, practitioner, city="Faro")
    await make_location(owner, practitioner, city="Lagos")
    url = f"/api/v1/practitioners/{practitioner.id}/"
    change = {
        "bio": "Back from leave.",
        "timezone": "Europe/Lisbon",
        "locations": [
            {"city": "Beja", "country": "PT", "is_primary": True},
            {"id": str(kept), "city": "Faro", "country": "PT", "address": "Rua 1"},
        ],
    }
    answer = await person.client.put(url, json=change)
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert (data["display_name"], data["bio"], data["timezone"]) == ("Pia Harbour", "Back from leave.", "Europe/Lisbon")
    assert [place["city"] for place in data["locations"]] == ["Beja", "Faro"]
    assert data["locations"][1]["id"] == str(kept)
    assert data["commission_rate"] is None
    other = await sign_up()
    await make_practitioner(owner, user_id=other.user_id)
    assert (await other.client.put(url, json=change)).status_code == 404
    assert (await (await sign_up()).client.put(url, json=change)).status_code == 403
    assert (await api.put(url, json=change)).status_code == 401


async def test_another_practitioners_location_cannot_be_taken(sign_up, owner):
    person = await sign_up()
    mine = await make_practitioner(owner, user_id=person.user_id)
    theirs = await make_location(owner, await make_practitioner(owner))
    body = {"locations": [{"id": str(theirs), "city": "Faro", "country": "PT"}]}
    answer = await person.client.put(f"/api/v1/practitioners/{mine.id}/", json=body)
    assert (answer.status_code, answer.json()["errors"]["code"]) == (422, "unknown_location")


async def test_terms_are_an_administrators(sign_up, owner, superuser):
    person, admin = await sign_up(), await sign_up(admin=True)
    practitioner = await make_practitioner(owner, user_id=person.user_id, stripe_account_id="acct_1")
    url = f"/api/v1/practitioners/{practitioner.id}/"
    for name, value in (("commission_rate", "0.00"), ("is_featured", True), ("stripe_account_id", "acct_2")):
        answer = await person.client.put(url, json={name: value})
        assert (answer.status_code, answer.json()["errors"]["code"]) == (422, "unknown_field"), name
    answer = await admin.client.put(url, json={"commission_rate": "4.5", "is_featured": True})
    assert (answer.json()["data"]["commission_rate"], answer.json()["data"]["is_featured"]) == ("4.50", True)
    assert (await admin.client.put(url, json={"bio": "Mine"})).status_code == 403
    assert (await admin.client.put(url, json={"commission_rate": "101"})).status_code == 422
    own = (await person.client.get(url)).json()["data"]
    assert (own["stripe_account_id"], own["commission_rate"]) == ("acct_1", "4.50")
    other = (await (await sign_up()).client.get(url)).json()["data"]
    assert not PRIVATE & other.keys()
    assert await superuser.fetchval("SELECT count(*) FROM audit_log WHERE action = 'practitioner.terms'") == 1


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"timezone": "Mars/Olympus"}, "invalid_timezone", "/timezone"),
        ({"display_name": " "}, "required", "/display_name"),
        ({"display_name": None}, "invalid_type", "/display_name"),
        ({"specializations": ["x" * 81]}, "too_long", "/specializations/0"),
        ({"specializations": ["yoga"] * 31}, "too_long", "/specializations"),
        ({"verification_status": "verified"}, "unknown_field", "/verification_status"),
        ({"bio": "4242 4242 4242 4242"}, "card_data_not_allowed", "/bio"),
        ({"locations": [{"city": "A", "country": "B", "lat": 1.5}]}, "lat_with_lng", "/locations"),
        ({"locations": [{"city": "A", "country": "B", "lat": 91, "lng": 0}]}, "out_of_range", "/locations/0/lat"),
        (
            {"locations": [{"city": name, "country": "B", "is_primary": True} for name in "AB"]},
            "one_primary_location",
            "/locations",
        ),
    ],
)
async def test_an_application_that_makes_no_sense_is_refused(sign_up, change, code, pointer):
    person = await sign_up()
    answer = await person.client.post("/api/v1/practitioners/apply/", json=APPLICATION | change)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"]["code"] == code
    assert answer.json()["errors"]["fields"][0]["pointer"] == pointer


@pytest.fixture
async def town(owner):
    """Ana in Lisbon (yoga, featured), Bea in Porto (chef) and Cai at a distance (doula), and somebody unverified."""
    ana = await make_practitioner(
        owner, display_name="Ana Silva", specializations=["Yoga", "Breathwork"], bio="Slow flow", is_featured=True
    )
    await make_location(owner, ana, city="Lisbon", is_primary=True)
    bea = await make_practitioner(owner, display_name="Bea Costa", specializations=["Private chef"])
    await make_location(owner, bea, city="Porto", lat=41.1496, lng=-8.6109)
    cai = await make_practitioner(owner, display_name="Cai Nuñez", specializations=["Doula"])
    await make_location(owner, cai, city="Suva", lat=-18.1416, lng=178.4419, is_virtual=True)
    hidden = await make_practitioner(owner, display_name="Dot", verification_status="pending", specializations=["Yoga"])
    await make_location(owner, hidden, city="Lisbon")
    yoga, chef = await make_category(owner, "yoga"), await make_category(owner, "private-chef")
    await make_service(owner, ana, title="Prenatal hour", category_id=yoga, price_minor=3000)
    await make_service(owner, ana, title="Retreat", category_id=yoga, price_minor=90_000, is_active=False)
    await make_service(owner, bea, title="Dinner", category_id=chef, price_minor=20_000)
    await make_service(owner, bea, title="Menu call", category_id=chef, price_minor=1000, is_virtual=True)
    await make_service(owner, hidden, title="Prenatal hour", category_id=yoga)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Ana Silva", "Cai Nuñez", "Bea Costa"]),
        ("ordering=display_name", ["Ana Silva", "Bea Costa", "Cai Nuñez"]),
        ("ordering=-price", ["Cai Nuñez", "Ana Silva", "Bea Costa"]),  # without a price: after every price
        ("specialization=yoga", ["Ana Silva"]),
        ("specialization=YOG", []),
        ("category=private-chef", ["Bea Costa"]),
        ("city=LISBON", ["Ana Silva"]),
        ("near=38.72,-9.14&radius_km=10", ["Ana Silva"]),
        ("near=38.72,-9.14&radius_km=400", ["Ana Silva", "Bea Costa"]),
        ("near=41.2,-8.6&radius_km=400", ["Bea Costa", "Ana Silva"]),
        ("near=-18.2,-179.9&radius_km=200", ["Cai Nuñez"]),  # over the date line
        ("near=89,0&radius_km=50", []),
        ("near=0,0&radius_km=20040&ordering=display_name", ["Ana Silva", "Bea Costa", "Cai Nuñez"]),
        ("is_virtual=true&ordering=display_name", ["Bea Costa", "Cai Nuñez"]),
        ("is_virtual=false", ["Ana Silva"]),
        ("is_featured=true", ["Ana Silva"]),
        ("is_featured=false&ordering=display_name", ["Bea Costa", "Cai Nuñez"]),
        ("price_min=25&price_max=30.00", ["Ana Silva"]),
        ("price_min=31&price_max=199", []),  # of one and the same service
        ("category=private-chef&price_max=50", ["Bea Costa"]),
        ("price_max=500&currency=EUR", []),
        ("rating_min=1", []),
        ("search=ana", ["Ana Silva"]),
        ("search=slow silv", ["Ana Silva"]),
        ("search=prenatal", ["Ana Silva"]),  # a service of hers
        ("search=retreat", []),  # inactive
        ("search=nuñez doula", ["Cai Nuñez"]),
        ("page_size=1&page=2&ordering=display_name", ["Bea Costa"]),
    ],
)
async def test_the_list_takes_filters(api, town, query, found):
    answer = await api.get(f"/api/v1/practitioners/?{query}")
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert [one["display_name"] for one in data["results"]] == found
    assert data["count"] == (len(found) if "page" not in query else 3)
    assert all(not PRIVATE & one.keys() for one in data["results"])


async def test_somebody_free_for_that_long_in_that_window_is_found(api, owner):
    early = await make_practitioner(owner, display_name="Early")
    await make_hours(owner, early, start="06:00", minutes=180)
    late = await make_practitioner(owner, display_name="Late", specializations=["Yoga"])
    await make_hours(owner, late, start="08:00", minutes=600)
    busy = await make_practitioner(owner, display_name="Busy")
    await make_hours(owner, busy, start="08:00", minutes=600)
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=3)
    service_id = await make_service(owner, busy, service_type="workshop", duration_minutes=540)
    await make_session(owner, service_id, day.replace(hour=8, minute=30))

    async def found(start, end, minutes, more="", zone="Z"):
        window = f"available_from={day:%Y-%m-%d}T{start}:00{zone}&available_to={day:%Y-%m-%d}T{end}:00{zone}"
        answer = await api.get(
            f"/api/v1/practitioners/?{window}&duration_minutes={minutes}&ordering=display_name{more}"
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["count"] == len(answer.json()["data"]["results"])
        return [one["display_name"] for one in answer.json()["data"]["results"]]

    assert await found("06:00", "10:00", 60) == ["Early", "Late"]
    assert await found("06:00", "10:00", 30) == ["Busy", "Early", "Late"]
    assert await found("06:00", "10:00", 150) == ["Early"]
    assert await found("09:00", "18:00", 90) == ["Late"]
    assert await found("09:00", "17:30", 90, "&specialization=doula") == []
    assert await found("08:00", "11:00", 90, zone="+02:00") == ["Early"]  # the + arrives as a space
    assert await found("18:00", "23:00", 30) == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("near=lisbon", "invalid_point"),
        ("near=91,0", "invalid_point"),
        ("radius_km=5", "invalid_point"),
        ("near=1,1&radius_km=nan", "invalid_type"),
        ("near=1,1&radius_km=0", "out_of_range"),
        ("ordering=distance", "invalid_ordering"),
        ("price_min=-1", "invalid_amount"),
        ("rating_min=6", "out_of_range"),
        ("available_from=2026-12-01T10:00:00Z", "invalid_range"),
        ("available_from=2026-12-01T10:00:00Z&available_to=2026-12-01T09:00:00Z", "invalid_range"),
        ("available_from=2026-12-01T10:00:00Z&available_to=2036-12-01T09:00:00Z", "invalid_range"),
        ("available_from=2026-12-01T10:00:00&available_to=2026-12-01T12:00:00Z", "offset_required"),
        ("available_from=2026-12-01T10:00:00Z&available_to=2026-12-01T12:00:00Z&duration_minutes=0", "out_of_range"),
        ("search=" + "x" * 201, "too_long"),
    ],
)
async def test_filters_that_make_no_sense_are_refused(api, query, code):
    answer = await api.get(f"/api/v1/practitioners/?{query}")
    assert (answer.status_code, answer.json()["errors"]["code"]) == (422, code), answer.text
