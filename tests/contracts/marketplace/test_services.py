"""A service by the marketplace contract: offered, changed, deleted, refused."""

import pytest

from tests.builders import make_location, make_practitioner

BODY = {
    "title": "Prenatal massage",
    "description": "An hour for two.",
    "service_type": "session",
    "category": "massage",
    "price": "80.00",
    "currency": "GBP",
    "duration_minutes": 60,
}


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
        ({"minimum_amount": "-1"}, "invalid_amount", "/minimum_amount"),
        ({"minimum_amount": "5.001"}, "invalid_amount", "/minimum_amount"),
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


async def test_by_options_a_booking_may_cost_a_minimum(seller):
    person, _ = seller
    body = BODY | {"price_options": [{"name": "adult", "price": "50.00"}], "minimum_amount": "200.00"}
    made = (await person.client.post("/api/v1/services/", json=body | {"deposit_amount": "100.00"})).json()["data"]
    assert (made["minimum_amount"], made["deposit_amount"]) == ("200.00", "100.00")
    url = f"/api/v1/services/{made['id']}/"
    assert (await person.client.put(url, json={"title": "Feast"})).json()["data"]["minimum_amount"] == "200.00"
    assert (
        await person.client.put(url, json={"minimum_amount": "0"})
    ).status_code == 422  # the deposit is more than 50
    changed = (await person.client.put(url, json={"minimum_amount": "150.00"})).json()["data"]
    assert changed["minimum_amount"] == "150.00"


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
