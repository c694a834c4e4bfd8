"""Lists of services by the marketplace contract: filters, pages, search, and who is not shown."""

import pytest

from tests.builders import make_category, make_location, make_practitioner, make_service


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
        ("category=yoga&ordering=title", ["flow", "retreat"]),
        ("category=YOGA&ordering=title", ["flow", "retreat"]),
        ("category=nothing", []),
        ("service_type=workshop", ["retreat"]),
        ("price_min=80&price_max=250.00&ordering=price", ["flow", "retreat"]),
        ("price_min=100&currency=JPY", ["dinner"]),
        ("practitioner={porto}&ordering=title", ["dinner", "call"]),
        ("location=lisbon&ordering=title", ["flow", "retreat"]),
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


async def test_a_list_may_be_ordered_by_ids(api, shelf):
    listed = (await api.get("/api/v1/services/?ordering=id")).json()["data"]["results"]
    # Ids of one millisecond are in no order that anybody could foresee.
    assert [one["id"] for one in listed] == sorted(shelf["names"])


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


@pytest.mark.parametrize(
    "text", ["%00", "a%00b", "%ED%A0%80", "%FF%FE", "%E2%80%AE", "%5Cu0000", "%5C", "%25", "%27", "a%0Ab"]
)
@pytest.mark.parametrize("name", ["search", "location", "category", "ordering"])
async def test_no_text_in_the_query_is_a_fault_of_ours(api, name, text):
    for path in ("services", "practitioners"):
        answer = await api.get(f"/api/v1/{path}/?{name}={text}&city={text}")
        assert answer.status_code in {200, 400, 422}, (path, answer.text)
