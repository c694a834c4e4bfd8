"""Services by the marketplace contract: every documented call, over HTTP."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.builders import make_category, make_location, make_practitioner, make_service, make_session

BODY = {
    "title": "Prenatal massage",
    "description": "An hour for two.",
    "service_type": "session",
    "category": "massage",
    "price": "80.00",
    "currency": "GBP",
    "duration_minutes": 60,
}


@pytest.fixture
async def seller(sign_up, owner):
    """A verified practitioner who is signed in."""
    person = await sign_up()
    person_practitioner = await make_practitioner(owner, user_id=person.user_id, zone="Europe/London")
    return person, person_practitioner


async def test_a_service_is_offered_and_read_back_by_anybody(api, seller):
    person, practitioner = seller
    answer = await person.client.post("/api/v1/services/", json=BODY)
    assert answer.status_code == 201, answer.text
    made = answer.json()["data"]
    assert made["price"] == "80.00"
    assert made["category"] == "massage"
    assert made["slot_interval_minutes"] == 60
    assert made["practitioner_id"] == str(practitioner.id)
    assert made["timezone"] == "Europe/London"
    assert made["cancellation"] == {"free_until_hours": 24, "late_fee_percent": 100}
    read = await api.get(f"/api/v1/services/{made['id']}/")
    assert read.json()["data"] == made


async def test_everything_the_contract_names_is_kept(seller, owner):
    person, practitioner = seller
    location_id = await make_location(owner, practitioner)
    body = BODY | {
        "service_type": "workshop",
        "currency": "JPY",
        "price": "9000",
        "max_participants": 12,
        "buffer_before_minutes": 10,
        "buffer_after_minutes": 20,
        "slot_interval_minutes": 30,
        "slot_alignment": "compact",
        "min_notice_minutes": 120,
        "horizon_days": 730,
        "daily_limit": 3,
        "price_options": [{"name": "Adult", "price": "9000"}, {"name": "Child", "price": "4500"}],
        "deposit_amount": "4500",
        "cancellation": {"free_until_hours": 48, "late_fee_percent": 50},
        "is_virtual": False,
        "location_id": str(location_id),
    }
    made = (await person.client.post("/api/v1/services/", json=body)).json()["data"]
    for name, value in body.items():
        assert made[name] == value, name
    assert made["deposit_percent"] is None
    assert made["location"]["city"] == "Lisbon"


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"price": 80}, "invalid_type", "/price"),
        ({"price": 80.5}, "invalid_type", "/price"),
        ({"price": True}, "invalid_type", "/price"),
        ({"price": "-1"}, "invalid_amount", "/price"),
        ({"price": "0"}, "invalid_amount", "/price"),
        ({"price": "0.00"}, "invalid_amount", "/price"),
        ({"price": "10.005"}, "invalid_amount", "/price"),
        ({"price": "1e3"}, "invalid_amount", "/price"),
        ({"price": "9223372036854775808"}, "invalid_amount", "/price"),
        ({"price": " 80"}, "invalid_amount", "/price"),
        ({"currency": "EURO"}, "invalid_currency", "/currency"),
        ({"currency": "eur"}, "invalid_currency", "/currency"),
        ({"currency": "XXX"}, "invalid_currency", "/currency"),
        ({"currency": "JPY", "price": "80.00"}, "invalid_amount", "/price"),
        ({"category": "no-such"}, "unknown_category", "/category"),
        ({"duration_minutes": 0}, "out_of_range", "/duration_minutes"),
        ({"duration_minutes": "60"}, "invalid_type", "/duration_minutes"),
        ({"duration_minutes": 60.0}, "invalid_type", "/duration_minutes"),
        ({"max_participants": True}, "invalid_type", "/max_participants"),
        ({"horizon_days": 731}, "out_of_range", "/horizon_days"),
        ({"service_type": "lecture"}, "invalid_choice", "/service_type"),
        ({"title": "  "}, "required", "/title"),
        ({"discount": "5.00"}, "unknown_field", "/discount"),
        ({"commission_rate": "0"}, "unknown_field", "/commission_rate"),
        ({"deposit_percent": 20, "deposit_amount": "10.00"}, "invalid_deposit", "/deposit_amount"),
        ({"deposit_amount": "80.01"}, "invalid_deposit", "/deposit_amount"),
        ({"deposit_amount": "0.00"}, "invalid_deposit", "/deposit_amount"),
        ({"deposit_percent": 101}, "out_of_range", "/deposit_percent"),
        ({"price_options": [{"name": "A", "price": "5.001"}]}, "invalid_amount", "/price_options/0/price"),
        (
            {"price_options": [{"name": "A", "price": "5.00"}, {"name": "a", "price": "6.00"}]},
            "duplicate_option",
            "/price_options",
        ),
        ({"min_notice_minutes": 1440, "horizon_days": 1}, "notice_beyond_horizon", "/min_notice_minutes"),
        ({"location_id": "01890000-0000-7000-8000-000000000000"}, "unknown_location", "/location_id"),
    ],
)
async def test_what_makes_no_sense_is_refused(seller, change, code, pointer):
    person, _ = seller
    answer = await person.client.post("/api/v1/services/", json=BODY | change)
    assert answer.status_code == 422, answer.text
    errors = answer.json()["errors"]
    assert errors["code"] == code
    assert [field["pointer"] for field in errors["fields"]] == [pointer]


async def test_only_practitioners_offer_services(api, sign_up):
    assert (await api.post("/api/v1/services/", json=BODY)).status_code == 401
    answer = await (await sign_up()).client.post("/api/v1/services/", json=BODY)
    assert answer.status_code == 403


async def test_a_change_keeps_what_it_leaves_out(seller):
    person, _ = seller
    made = (await person.client.post("/api/v1/services/", json=BODY | {"deposit_percent": 20})).json()["data"]
    url = f"/api/v1/services/{made['id']}/"
    changed = (await person.client.put(url, json={"price": "95.00", "deposit_amount": "15.00"})).json()["data"]
    assert changed["price"] == "95.00"
    assert (changed["deposit_percent"], changed["deposit_amount"]) == (None, "15.00")
    same = {name: changed[name] for name in made} | {
        name: made[name] for name in ("price", "deposit_percent", "deposit_amount", "updated_at")
    }
    assert same == made
    whole = await person.client.put(url, json=BODY)
    assert whole.status_code == 200
    assert whole.json()["data"]["price"] == "80.00"


async def test_another_currency_needs_its_prices(seller):
    person, _ = seller
    made = (await person.client.post("/api/v1/services/", json=BODY)).json()["data"]
    url = f"/api/v1/services/{made['id']}/"
    answer = await person.client.put(url, json={"currency": "JPY"})
    assert answer.json()["errors"]["code"] == "prices_needed"
    answer = await person.client.put(url, json={"currency": "JPY", "price": "9000"})
    assert answer.json()["data"]["price"] == "9000"
    answer = await person.client.put(url, json={"service_type": "course"})
    assert answer.json()["errors"]["code"] == "service_type_fixed"


async def test_a_service_belongs_to_its_practitioner(seller, sign_up, owner):
    person, _ = seller
    made = (await person.client.post("/api/v1/services/", json=BODY)).json()["data"]
    url = f"/api/v1/services/{made['id']}/"
    other = await sign_up()
    await make_practitioner(owner, user_id=other.user_id)
    plain = await sign_up()
    for method in ("put", "delete"):
        assert (await _send(other, method, url)).status_code == 404
        assert (await _send(plain, method, url)).status_code == 403
    assert (await person.client.get(url)).json()["data"]["title"] == BODY["title"]


async def _send(person, method, url):
    body = {"json": {"title": "Mine now"}} if method == "put" else {}
    return await person.client.request(method, url, **body)


async def test_a_service_that_nobody_booked_is_deleted(seller):
    person, _ = seller
    made = (await person.client.post("/api/v1/services/", json=BODY)).json()["data"]
    url = f"/api/v1/services/{made['id']}/"
    answer = await person.client.delete(url)
    assert (answer.status_code, answer.json()["data"]) == (200, None)
    assert (await person.client.get(url)).status_code == 404
    assert (await person.client.delete(url)).status_code == 404


async def test_an_inactive_service_is_its_practitioners_alone(api, seller):
    person, practitioner = seller
    made = (await person.client.post("/api/v1/services/", json=BODY)).json()["data"]
    url = f"/api/v1/services/{made['id']}/"
    await person.client.put(url, json={"is_active": False})
    assert (await api.get(url)).status_code == 404
    assert (await api.get("/api/v1/services/")).json()["data"]["count"] == 0
    assert (await api.get(f"/api/v1/practitioners/{practitioner.id}/services/")).json()["data"]["count"] == 0
    assert (await person.client.get(url)).json()["data"]["is_active"] is False
    own = await person.client.get(f"/api/v1/practitioners/{practitioner.id}/services/")
    assert own.json()["data"]["count"] == 1


async def test_categories_are_listed_by_name(api):
    data = (await api.get("/api/v1/services/categories/")).json()["data"]
    assert {"doula", "yoga", "massage", "private-chef"} <= {one["slug"] for one in data}
    assert [one["name"] for one in data] == sorted(one["name"] for one in data)


@pytest.fixture
async def shelf(owner):
    """Four services of two practitioners."""
    lisbon = await make_practitioner(owner, display_name="Ana")
    porto = await make_practitioner(owner, display_name="Bea")
    hall = await make_location(owner, lisbon)
    await make_location(owner, porto, city="Porto", lat=41.15, lng=-8.61)
    yoga, chef = await make_category(owner, "yoga"), await make_category(owner, "private-chef")
    made = {
        "flow": await make_service(owner, lisbon, title="Morning flow", category_id=yoga, location_id=hall),
        "retreat": await make_service(
            owner,
            lisbon,
            title="Weekend retreat",
            description="Slow yoga by the sea",
            category_id=yoga,
            service_type="workshop",
            price_minor=25_000,
            duration_minutes=240,
        ),
        "dinner": await make_service(
            owner, porto, title="Dinner at home", category_id=chef, price_minor=12_000, currency="JPY"
        ),
        "call": await make_service(
            owner, porto, title="Menu call", category_id=chef, is_virtual=True, price_minor=2_000
        ),
    }
    return {"lisbon": lisbon, "porto": porto, "hall": hall, "names": {str(id_): name for name, id_ in made.items()}}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ordering=price", ["call", "flow", "retreat", "dinner"]),  # 20.00, 80.00, 250.00 and 12000 whole units
        ("ordering=-price", ["dinner", "retreat", "flow", "call"]),
        ("ordering=title", ["dinner", "call", "flow", "retreat"]),
        ("ordering=-duration_minutes,title", ["retreat", "dinner", "call", "flow"]),
        ("category=yoga&ordering=id", ["flow", "retreat"]),
        ("category=YOGA&ordering=id", ["flow", "retreat"]),
        ("category=nothing", []),
        ("service_type=workshop", ["retreat"]),
        ("price_min=80&price_max=250.00&ordering=price", ["flow", "retreat"]),
        ("price_min=100&currency=JPY", ["dinner"]),
        ("practitioner={porto}&ordering=id", ["dinner", "call"]),
        ("location=lisbon&ordering=id", ["flow", "retreat"]),
        ("location=Porto", ["dinner"]),
        ("location={hall}", ["flow"]),
        ("is_virtual=true", ["call"]),
        ("search=yoga", ["retreat"]),
        ("search=SLOW sea", ["retreat"]),
        ("search=morn", ["flow"]),
        ("search=morn sea", []),
        ("search=%21%21", []),
        ("search=%27 %26 | %3A%2A", []),
        ("page_size=1&page=2&ordering=price", ["flow"]),
    ],
)
async def test_lists_take_filters(api, shelf, query, found):
    query = query.format(porto=shelf["porto"].id, hall=shelf["hall"])
    answer = await api.get(f"/api/v1/services/?{query}")
    assert answer.status_code == 200, answer.text
    assert [shelf["names"][one["id"]] for one in answer.json()["data"]["results"]] == found


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("price_min=ten", "invalid_amount"),
        ("price_min=20&price_max=10", "invalid_range"),
        ("currency=euro", "invalid_currency"),
        ("practitioner=7", "invalid_id"),
        ("service_type=lecture", "invalid_choice"),
        ("ordering=secret", "invalid_ordering"),
        ("ordering=--price", "invalid_ordering"),
        ("page=0", "invalid_limit"),
        ("page_size=101", "invalid_limit"),
        ("is_virtual=perhaps", "invalid_type"),
    ],
)
async def test_filters_that_make_no_sense_are_refused(api, query, code):
    answer = await api.get(f"/api/v1/services/?{query}")
    assert (answer.status_code, answer.json()["errors"]["code"]) == (422, code)


async def test_a_page_links_to_its_neighbours(api, shelf):
    first = (await api.get("/api/v1/services/?page_size=3&ordering=title")).json()["data"]
    assert (first["count"], first["previous"], len(first["results"])) == (4, None, 3)
    second = (await api.get(first["next"])).json()["data"]
    assert (second["count"], second["next"], len(second["results"])) == (4, None, 1)
    assert (await api.get(second["previous"])).json()["data"]["results"] == first["results"]
    beyond = (await api.get("/api/v1/services/?page=9")).json()["data"]
    assert (beyond["count"], beyond["results"]) == (4, [])


async def test_services_of_unverified_practitioners_are_not_listed(api, sign_up, owner):
    person = await sign_up()
    pending = await make_practitioner(owner, user_id=person.user_id, verification_status="pending", verified_at=None)
    service_id = await make_service(owner, pending)
    assert (await api.get("/api/v1/services/")).json()["data"]["count"] == 0
    assert (await api.get(f"/api/v1/services/{service_id}/")).status_code == 404
    assert (await api.get(f"/api/v1/practitioners/{pending.id}/services/")).status_code == 404
    assert (await person.client.get(f"/api/v1/services/{service_id}/")).status_code == 200


async def test_a_service_with_bookings_is_withdrawn_and_what_is_booked_stays(api, seller, sign_up, owner, superuser):
    person, practitioner = seller
    service_id = await make_service(
        owner, practitioner, service_type="workshop", max_participants=4, horizon_days=365, title="Evening circle"
    )
    url = f"/api/v1/services/{service_id}/"
    start = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0)
    dates = {"sessions": [start.isoformat(), (start + timedelta(days=1)).isoformat()]}
    (first, second) = (await person.client.post(f"{url}schedule/", json=dates)).json()["data"]
    client = await sign_up()
    body = {"service_id": str(service_id), "session_id": first["id"]}
    booked = await client.client.post("/api/v1/bookings/", json=body)
    assert booked.status_code == 201, booked.text
    spots = [one["available_spots"] for one in (await api.get(f"{url}schedule/")).json()["data"]["results"]]
    assert spots == [3, 4]

    answer = await person.client.delete(url)
    assert (answer.status_code, answer.json()["data"]["is_active"]) == (200, False)
    assert (await api.get(url)).status_code == 404
    kept = await superuser.fetch("SELECT id, status FROM sessions ORDER BY starts_at")
    assert [(str(row["id"]), row["status"]) for row in kept] == [
        (first["id"], "scheduled"),
        (second["id"], "cancelled"),
    ]
    claimed = await superuser.fetch("SELECT session_id FROM claims WHERE active")
    assert [str(row["session_id"]) for row in claimed] == [first["id"]]
    # The client still sees what they booked, and of whom.
    booking = await client.client.get(f"/api/v1/bookings/{booked.json()['data']['id']}/")
    assert booking.status_code == 200
    assert booking.json()["data"]["service_id"] == str(service_id)
    assert (await client.client.get("/api/v1/bookings/upcoming/")).json()["data"]["count"] == 1
    refused = await client.client.post("/api/v1/bookings/", json=body)
    assert refused.status_code in {404, 409}


async def test_an_expired_hold_gives_its_place_back_at_once(api, seller, sign_up, owner, superuser):
    _, practitioner = seller
    service_id = await make_service(owner, practitioner, service_type="workshop", max_participants=4, horizon_days=365)
    session_id = await make_session(owner, service_id, datetime.now(UTC) + timedelta(days=3))
    client = await sign_up()
    body = {"service_id": str(service_id), "session_id": str(session_id), "participants": [{}, {}]}
    assert (await client.client.post("/api/v1/bookings/", json=body)).status_code == 201
    url = f"/api/v1/services/{service_id}/schedule/"
    assert (await api.get(url)).json()["data"]["results"][0]["available_spots"] == 2
    await superuser.execute("UPDATE bookings SET hold_expires_at = now() - interval '1 second'")
    assert (await api.get(url)).json()["data"]["results"][0]["available_spots"] == 4


async def test_withdrawing_while_clients_book_leaves_all_or_nothing(seller, sign_up, owner, superuser):
    person, practitioner = seller
    clients = [await sign_up() for _ in range(6)]
    for _ in range(3):
        service_id = await make_service(owner, practitioner, service_type="workshop", max_participants=4)
        start = datetime.now(UTC) + timedelta(days=3)
        session_id = await make_session(owner, service_id, start)
        body = {"service_id": str(service_id), "session_id": str(session_id)}
        booked = [client.client.post("/api/v1/bookings/", json=body) for client in clients]
        withdrawn, *answers = await asyncio.gather(person.client.delete(f"/api/v1/services/{service_id}/"), *booked)
        assert withdrawn.status_code == 200, withdrawn.text
        assert {answer.status_code for answer in answers} <= {201, 404, 409}, [one.text for one in answers]
        made = await superuser.fetchval("SELECT count(*) FROM bookings WHERE service_id = $1", service_id)
        assert made == sum(answer.status_code == 201 for answer in answers)
        assert (withdrawn.json()["data"] is None) is (made == 0)
        await superuser.execute("DELETE FROM claims")  # the next round is at the same time


@pytest.mark.parametrize(
    "text", ["%00", "a%00b", "%ED%A0%80", "%FF%FE", "%E2%80%AE", "%5Cu0000", "%5C", "%25", "%27", "a%0Ab"]
)
@pytest.mark.parametrize("name", ["search", "location", "category", "ordering"])
async def test_no_text_in_the_query_is_a_fault_of_ours(api, name, text):
    for path in ("services", "practitioners"):
        answer = await api.get(f"/api/v1/{path}/?{name}={text}&city={text}")
        assert answer.status_code in {200, 400, 422}, (path, answer.text)
